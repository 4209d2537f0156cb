.image 9
.chip small
.model m
.batch 1
.loss_scale 1
.tensor @t role=state, format=i32, bias=0, shape=[16], strides=[4], address=0, bytes=64
.bytes ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff
.descriptor @x space=spm, format=f32, rank=4, slots=1, slotBytes=0, base=0, rounding=chip, bias=0, stream=0, extent=[1, 1, 8, 8, 1], tile=[1, 1, 8, 8, 1], stride=[256, 256, 32, 4, 0], origin=[0, 0, 0, 0, 0], coreStride=[0, 0, 0, 0, 0]
.descriptor @i space=spm, format=i32, rank=4, slots=1, slotBytes=0, base=1024, rounding=chip, bias=0, stream=0, extent=[1, 1, 4, 4, 1], tile=[1, 1, 4, 4, 1], stride=[64, 64, 16, 4, 0], origin=[0, 0, 0, 0, 0], coreStride=[0, 0, 0, 0, 0]
.descriptor @y space=spm, format=f32, rank=4, slots=1, slotBytes=0, base=2048, rounding=chip, bias=0, stream=0, extent=[1, 1, 4, 4, 1], tile=[1, 1, 4, 4, 1], stride=[64, 64, 16, 4, 0], origin=[0, 0, 0, 0, 0], coreStride=[0, 0, 0, 0, 0]
.descriptor @t space=dram, format=i32, rank=1, slots=1, slotBytes=0, base=0, rounding=chip, bias=0, stream=0, extent=[16, 1, 1, 1, 1], tile=[16, 1, 1, 1, 1], stride=[4, 0, 0, 0, 0], origin=[0, 0, 0, 0, 0], coreStride=[0, 0, 0, 0, 0]
.descriptor @u space=spm, format=i32, rank=1, slots=1, slotBytes=0, base=1024, rounding=chip, bias=0, stream=0, extent=[16, 1, 1, 1, 1], tile=[16, 1, 1, 1, 1], stride=[4, 0, 0, 0, 0], origin=[0, 0, 0, 0, 0], coreStride=[0, 0, 0, 0, 0]
.entry step
  mask md=m0, cores=1
  desc dd=d0, src=@t, slot=r0 ; i32 in dram, tensor t
  desc dd=d1, src=@u, slot=r0 ; i32 in spm
  ld dst=d1, src=d0, mask=m0
  fence
  geom gd=g0, kh=2, kw=2, sh=2, sw=2, pt=0, pl=0, dh=1, dw=1, countPad=0, pb=0, pr=0
  desc dd=d2, src=@x, slot=r0 ; f32 in spm
  desc dd=d3, src=@i, slot=r0 ; i32 in spm
  desc dd=d4, src=@y, slot=r0 ; f32 in spm
  v.max.pool.take dst=d4, index=d3, src=d2, geom=g0, mask=m0
  halt
