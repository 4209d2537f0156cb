; The three convolutions with gates and weight groups, for asu-fp8: a seed of what masks leave out.
.image 9
.chip asu-fp8
.model masks.onnx
.batch 1
.tensor @x role=input, format=fp8, bias=0, shape=[1, 1, 16, 4, 4], strides=[256, 256, 16, 4, 1], address=0, bytes=256
.tensor @w role=state, format=fp8, bias=0, shape=[1, 16, 16, 1, 1], strides=[256, 16, 1, 1, 1], address=256, bytes=256
.bytes 003c003c3c003c3c003c00003c003c3c003c3c003c00003c003c3c003c3c003c00003c003c3c003c3c003c00003c003c3c003c3c003c00003c003c3c003c3c00
.bytes 3c00003c003c3c003c3c003c00003c003c3c003c3c003c00003c003c3c003c3c003c00003c003c3c003c3c003c00003c003c3c003c3c003c00003c003c3c003c
.bytes 3c003c00003c003c3c003c3c003c00003c003c3c003c3c003c00003c003c3c003c3c003c00003c003c3c003c3c003c00003c003c3c003c3c003c00003c003c3c
.bytes 003c3c003c00003c003c3c003c3c003c00003c003c3c003c3c003c00003c003c3c003c3c003c00003c003c3c003c3c003c00003c003c3c003c3c003c00003c00
.tensor @dy role=input, format=fp8, bias=0, shape=[1, 1, 16, 4, 4], strides=[256, 256, 16, 4, 1], address=512, bytes=256
.tensor @gate role=state, format=fp8, bias=0, shape=[1, 1, 2, 4, 4], strides=[32, 32, 16, 4, 1], address=768, bytes=32
.bytes 003c003c3c003c3c003c00003c003c3c003c3c003c00003c003c3c003c3c003c
.tensor @group role=state, format=fp8, bias=0, shape=[1, 2, 2, 1, 1], strides=[4, 2, 1, 1, 1], address=832, bytes=4
.bytes 003c003c
.descriptor @x-dram space=dram, format=fp8, rank=5, slots=1, slotBytes=0, base=0, rounding=chip, bias=0, stream=0, extent=[1, 1, 16, 4, 4], tile=[1, 1, 16, 4, 4], stride=[256, 256, 16, 4, 1], origin=[0, 0, 0, 0, 0], coreStride=[0, 0, 0, 0, 0]
.descriptor @x space=spm, format=fp8, rank=5, slots=1, slotBytes=0, base=0, rounding=chip, bias=0, stream=0, extent=[1, 1, 16, 4, 4], tile=[1, 1, 16, 4, 4], stride=[256, 256, 16, 4, 1], origin=[0, 0, 0, 0, 0], coreStride=[0, 0, 0, 0, 0]
.descriptor @w-dram space=dram, format=fp8, rank=5, slots=1, slotBytes=0, base=256, rounding=chip, bias=0, stream=0, extent=[1, 16, 16, 1, 1], tile=[1, 16, 16, 1, 1], stride=[256, 16, 1, 1, 1], origin=[0, 0, 0, 0, 0], coreStride=[0, 0, 0, 0, 0]
.descriptor @w space=spm, format=fp8, rank=5, slots=1, slotBytes=0, base=256, rounding=chip, bias=0, stream=0, extent=[1, 16, 16, 1, 1], tile=[1, 16, 16, 1, 1], stride=[256, 16, 1, 1, 1], origin=[0, 0, 0, 0, 0], coreStride=[0, 0, 0, 0, 0]
.descriptor @dy-dram space=dram, format=fp8, rank=5, slots=1, slotBytes=0, base=512, rounding=chip, bias=0, stream=0, extent=[1, 1, 16, 4, 4], tile=[1, 1, 16, 4, 4], stride=[256, 256, 16, 4, 1], origin=[0, 0, 0, 0, 0], coreStride=[0, 0, 0, 0, 0]
.descriptor @dy space=spm, format=fp8, rank=5, slots=1, slotBytes=0, base=512, rounding=chip, bias=0, stream=0, extent=[1, 1, 16, 4, 4], tile=[1, 1, 16, 4, 4], stride=[256, 256, 16, 4, 1], origin=[0, 0, 0, 0, 0], coreStride=[0, 0, 0, 0, 0]
.descriptor @gate-dram space=dram, format=fp8, rank=5, slots=1, slotBytes=0, base=768, rounding=chip, bias=0, stream=0, extent=[1, 1, 2, 4, 4], tile=[1, 1, 2, 4, 4], stride=[32, 32, 16, 4, 1], origin=[0, 0, 0, 0, 0], coreStride=[0, 0, 0, 0, 0]
.descriptor @gate space=spm, format=fp8, rank=5, slots=1, slotBytes=0, base=768, rounding=chip, bias=0, stream=0, extent=[1, 1, 2, 4, 4], tile=[1, 1, 2, 4, 4], stride=[32, 32, 16, 4, 1], origin=[0, 0, 0, 0, 0], coreStride=[0, 0, 0, 0, 0]
.descriptor @group-dram space=dram, format=fp8, rank=5, slots=1, slotBytes=0, base=832, rounding=chip, bias=0, stream=0, extent=[1, 2, 2, 1, 1], tile=[1, 2, 2, 1, 1], stride=[4, 2, 1, 1, 1], origin=[0, 0, 0, 0, 0], coreStride=[0, 0, 0, 0, 0]
.descriptor @group space=spm, format=fp8, rank=5, slots=1, slotBytes=0, base=800, rounding=chip, bias=0, stream=0, extent=[1, 2, 2, 1, 1], tile=[1, 2, 2, 1, 1], stride=[4, 2, 1, 1, 1], origin=[0, 0, 0, 0, 0], coreStride=[0, 0, 0, 0, 0]
.descriptor @y space=acc, format=fp16, rank=5, slots=1, slotBytes=0, base=0, rounding=chip, bias=0, stream=0, extent=[1, 1, 16, 4, 4], tile=[1, 1, 16, 4, 4], stride=[512, 512, 32, 8, 2], origin=[0, 0, 0, 0, 0], coreStride=[0, 0, 0, 0, 0]
.descriptor @dw space=acc, format=fp16, rank=5, slots=1, slotBytes=0, base=0, rounding=chip, bias=0, stream=0, extent=[1, 16, 16, 1, 1], tile=[1, 16, 16, 1, 1], stride=[512, 32, 2, 2, 2], origin=[0, 0, 0, 0, 0], coreStride=[0, 0, 0, 0, 0]
.descriptor @init space=spm, format=fp16, rank=5, slots=1, slotBytes=0, base=804, rounding=chip, bias=0, stream=0, extent=[1, 1, 16, 4, 4], tile=[1, 1, 16, 4, 4], stride=[512, 512, 32, 8, 2], origin=[0, 0, 0, 0, 0], coreStride=[0, 0, 0, 0, 0]
.entry step
  mask md=m0, cores=1
  geom gd=g0, kh=1, kw=1, sh=1, sw=1, pt=0, pl=0, dh=1, dw=1, countPad=0, pb=0, pr=0
  desc dd=d31, src=@x-dram, slot=r0
  desc dd=d0, src=@x, slot=r0
  ld dst=d0, src=d31, mask=m0
  desc dd=d31, src=@w-dram, slot=r0
  desc dd=d1, src=@w, slot=r0
  ld dst=d1, src=d31, mask=m0
  desc dd=d31, src=@dy-dram, slot=r0
  desc dd=d2, src=@dy, slot=r0
  ld dst=d2, src=d31, mask=m0
  desc dd=d31, src=@gate-dram, slot=r0
  desc dd=d3, src=@gate, slot=r0
  ld dst=d3, src=d31, mask=m0
  desc dd=d31, src=@group-dram, slot=r0
  desc dd=d4, src=@group, slot=r0
  ld dst=d4, src=d31, mask=m0
  fence
  desc dd=d5, src=@y, slot=r0
  desc dd=d6, src=@dw, slot=r0
  desc dd=d7, src=@init, slot=r0
  conv.fp acc=d5, x=d0, w=d1, bias=d7, geom=g0, mask=m0, mode=zero, gated=present, gate=d3
  fence
  v.round dst=d7, src=d5, mask=m0
  fence
  conv.fp acc=d5, x=d0, w=d1, bias=d7, geom=g0, mask=m0, mode=bias, gated=present, grouped=present, gate=d3, group=d4
  fence
  conv.bp acc=d5, dy=d2, w=d1, geom=g0, mask=m0, mode=zero, gated=present, grouped=present, gate=d3, group=d4
  fence
  conv.wg acc=d6, x=d0, dy=d2, geom=g0, mask=m0, mode=zero, gated=present, grouped=present, gate=d3, group=d4
  fence
  halt
.entry eval
  halt
