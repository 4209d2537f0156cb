; A small program with everything that an image can hold.
.image 9
.chip lnpu
.model small.onnx
.batch 2
.loss_scale 1024
.tensor @input role=input, format=fp8, bias=0, shape=[2, 8], strides=[8, 1], address=0, bytes=16
.tensor @fc.weight role=state, format=fp8, bias=0, shape=[8, 8], strides=[8, 1], address=64, bytes=64
.bytes 000102030405060738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f
.bytes 505152535455565758595a5b5c5d5e5f606162636465666768696a6b6c6d6e6f
.tensor @"velocity; of fc.weight" role=state, format=fp16, bias=0, shape=[8, 8], strides=[16, 2], address=128, bytes=128
.tensor @logits role=output, format=f32, bias=0, shape=[2, 8], strides=[32, 4], address=256, bytes=64
.logits @logits shape=[2, 8], class_axis=none
.node @/fc/Gemm train.matmul
.capture @logits format=f32, accumulator=1, shape=[2, 8]
.elided @fc.weight.transposed "read through strides"
.descriptor @input.dram space=dram, format=fp8, rank=2, slots=1, slotBytes=0, base=0, rounding=chip, bias=0, stream=0, extent=[2, 8, 1, 1, 1], tile=[2, 8, 1, 1, 1], stride=[8, 1, 0, 0, 0], origin=[0, 0, 0, 0, 0], coreStride=[0, 0, 0, 0, 0]
.descriptor @input.spm space=spm, format=fp8, rank=2, slots=1, slotBytes=0, base=0, rounding=chip, bias=0, stream=0, extent=[2, 8, 1, 1, 1], tile=[2, 8, 1, 1, 1], stride=[8, 1, 0, 0, 0], origin=[0, 0, 0, 0, 0], coreStride=[0, 0, 0, 0, 0]
.descriptor @weight.dram space=dram, format=fp8, rank=2, slots=1, slotBytes=0, base=64, rounding=chip, bias=0, stream=0, extent=[8, 8, 1, 1, 1], tile=[8, 8, 1, 1, 1], stride=[8, 1, 0, 0, 0], origin=[0, 0, 0, 0, 0], coreStride=[0, 0, 0, 0, 0]
.descriptor @weight.spm space=spm, format=fp8, rank=2, slots=1, slotBytes=0, base=16, rounding=chip, bias=0, stream=0, extent=[8, 8, 1, 1, 1], tile=[8, 8, 1, 1, 1], stride=[8, 1, 0, 0, 0], origin=[0, 0, 0, 0, 0], coreStride=[0, 0, 0, 0, 0]
.descriptor @acc space=acc, format=f32, rank=2, slots=1, slotBytes=0, base=0, rounding=chip, bias=0, stream=0, extent=[2, 8, 1, 1, 1], tile=[2, 8, 1, 1, 1], stride=[32, 4, 0, 0, 0], origin=[0, 0, 0, 0, 0], coreStride=[0, 0, 0, 0, 0]
.entry init
.loc none none
  halt
.entry step
  mask md=m0, cores=1
  loop rd=r1, step=1, trip=2, end=.done
.loc 0 fp
  desc dd=d0, src=@input.dram, slot=r0
  desc dd=d1, src=@input.spm, slot=r0
  ld dst=d1, src=d0, mask=m0
  desc dd=d2, src=@weight.dram, slot=r0
  desc dd=d3, src=@weight.spm, slot=r0
  ld dst=d3, src=d2, mask=m0
  signal engine=load, sem=s0, count=1, mask=m0, bank=cores
  wait engine=mac, sem=s0, count=1, mask=m0, bank=cores
  desc dd=d4, src=@acc, slot=r0
.captured 0 none
  matmul acc=d4, a=d1, b=d3, bias=d0, mask=m0, mode=zero
.done:
.loc none none
  halt
