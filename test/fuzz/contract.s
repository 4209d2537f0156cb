; A program in fp8 for asu-fp8 whose image says everything of itself that the host may ask: a seed, and what seeds.py damages.
.image 9
.chip asu-fp8
.model contract.onnx
.batch 2
.loss_scale_state scaling
.optimizer sgd
.micro_batches 2
.number lr 0.1
.number momentum 0.5
.tensor @input role=input, format=fp8, bias=0, shape=[2, 8], strides=[8, 1], address=0, bytes=16
.tensor @labels role=input, format=i32, bias=0, shape=[2], strides=[4], address=64, bytes=8
.tensor @weight role=state, format=fp8, bias=1, shape=[8, 8], strides=[8, 1], address=128, bytes=64
.bytes 000102030405060738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f
.bytes 505152535455565758595a5b5c5d5e5f606162636465666768696a6b6c6d6e6f
.tensor @logits role=output, format=fp16, bias=0, shape=[2, 8], strides=[16, 2], address=192, bytes=32
.tensor @loss1 role=output, format=f32, bias=0, shape=[], strides=[], address=256, bytes=4
.tensor @loss2 role=output, format=f32, bias=0, shape=[1], strides=[4], address=320, bytes=4
.tensor @scaling role=state, format=f32, bias=0, shape=[4], strides=[4], address=384, bytes=16
.bytes 00000044000000000000000000000000
.tensor @labelr role=input, format=i32, bias=0, shape=[2], strides=[4], address=448, bytes=8
.tensor @labelt role=input, format=i32, bias=0, shape=[2], strides=[4], address=512, bytes=8
.tensor @index0 role=input, format=i32, bias=0, shape=[2, 2], strides=[8, 4], address=576, bytes=16
.tensor @index1 role=input, format=i32, bias=0, shape=[2, 2], strides=[8, 4], address=640, bytes=16
.loss @loss1
.eval_loss @loss2
.logits @logits shape=[2, 8], class_axis=1
.labels @labels
.label_input @labels classes=8, ignore=-1
.label_input @labelt classes=4, ignore=-1
.index_input @index0 sizes=[4, 3]
.index_input @index1 sizes=[4]
.descriptor @from space=dram, format=fp8, rank=2, slots=1, slotBytes=0, base=0, rounding=chip, bias=0, stream=0, extent=[2, 8, 1, 1, 1], tile=[2, 8, 1, 1, 1], stride=[8, 1, 0, 0, 0], origin=[0, 0, 0, 0, 0], coreStride=[0, 0, 0, 0, 0]
.descriptor @x space=spm, format=fp8, rank=2, slots=1, slotBytes=0, base=0, rounding=chip, bias=0, stream=0, extent=[2, 8, 1, 1, 1], tile=[2, 8, 1, 1, 1], stride=[8, 1, 0, 0, 0], origin=[0, 0, 0, 0, 0], coreStride=[0, 0, 0, 0, 0]
.descriptor @weights space=dram, format=fp8, rank=2, slots=1, slotBytes=0, base=128, rounding=chip, bias=1, stream=0, extent=[8, 8, 1, 1, 1], tile=[8, 8, 1, 1, 1], stride=[8, 1, 0, 0, 0], origin=[0, 0, 0, 0, 0], coreStride=[0, 0, 0, 0, 0]
.descriptor @w space=spm, format=fp8, rank=2, slots=2, slotBytes=0, base=16, rounding=chip, bias=1, stream=0, extent=[8, 8, 1, 1, 1], tile=[8, 8, 1, 1, 1], stride=[8, 1, 0, 0, 0], origin=[0, 0, 0, 0, 0], coreStride=[0, 0, 0, 0, 0]
.descriptor @acc space=acc, format=fp16, rank=2, slots=1, slotBytes=0, base=0, rounding=chip, bias=0, stream=0, extent=[2, 8, 1, 1, 1], tile=[2, 8, 1, 1, 1], stride=[16, 2, 0, 0, 0], origin=[0, 0, 0, 0, 0], coreStride=[0, 0, 0, 0, 0]
.descriptor @y space=spm, format=fp16, rank=2, slots=1, slotBytes=0, base=128, rounding=chip, bias=0, stream=0, extent=[2, 8, 1, 1, 1], tile=[2, 8, 1, 1, 1], stride=[16, 2, 0, 0, 0], origin=[0, 0, 0, 0, 0], coreStride=[0, 0, 0, 0, 0]
.descriptor @to space=dram, format=fp16, rank=2, slots=1, slotBytes=0, base=192, rounding=chip, bias=0, stream=0, extent=[2, 8, 1, 1, 1], tile=[2, 8, 1, 1, 1], stride=[16, 2, 0, 0, 0], origin=[0, 0, 0, 0, 0], coreStride=[0, 0, 0, 0, 0]
.entry init
  halt
.entry accumulate
.entry step
  mask md=m0, cores=1
  li rd=r2, imm=2
  bz rs=r2, target=.done
  loopr rd=r1, step=1, rt=r2, end=.done
  desc dd=d0, src=@from, slot=r0
  desc dd=d1, src=@x, slot=r0
  ld dst=d1, src=d0, mask=m0
  desc dd=d2, src=@weights, slot=r0
  desc dd=d3, src=@w, slot=r0
  rot dd=d3
  ld dst=d3, src=d2, mask=m0
  fence
  desc dd=d4, src=@acc, slot=r0
  matmul acc=d4, a=d1, b=d3, bias=d0, mask=m0, mode=zero
  fence
  desc dd=d5, src=@y, slot=r0
  v.round dst=d5, src=d4, mask=m0
  fence
  desc dd=d6, src=@to, slot=r0
  st dst=d6, src=d5, mask=m0
  fence
.done:
  halt
.entry eval
  halt
