.image 9
.chip small
.model m
.batch 1
.loss_scale 1
.tensor @t role=temp, format=f32, bias=0, shape=[16], strides=[4], address=0, bytes=64
.descriptor @d space=spm, format=f32, rank=2, slots=1, slotBytes=0, base=0, rounding=chip, bias=0, stream=0, extent=[3, 0, 1, 1, 1], tile=[3, 4, 1, 1, 1], stride=[16, 4, 0, 0, 0], origin=[0, 0, 0, 0, 0], coreStride=[0, 0, 0, 0, 0]
.entry step
  mask md=m0, cores=1
  desc dd=d0, src=@d, slot=r0 ; f32 in spm
  desc dd=d1, src=@d, slot=r0 ; f32 in spm
  v.softmax dst=d0, src=d1, mask=m0
  halt
