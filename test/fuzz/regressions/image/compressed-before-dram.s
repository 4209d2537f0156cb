.image 9
.chip small
.model m
.batch 1
.loss_scale 1
.tensor @t role=temp, format=coded8, bias=0, shape=[256], strides=[1], address=64, bytes=256
.descriptor @s space=dram, format=coded8, rank=1, slots=1, slotBytes=0, base=64, rounding=chip, bias=0, stream=1048576, extent=[256, 1, 1, 1, 1], tile=[256, 1, 1, 1, 1], stride=[1, 0, 0, 0, 0], origin=[0, 0, 0, 0, 0], coreStride=[0, 0, 0, 0, 0]
.descriptor @d space=spm, format=coded8, rank=1, slots=1, slotBytes=0, base=0, rounding=chip, bias=0, stream=0, extent=[256, 1, 1, 1, 1], tile=[256, 1, 1, 1, 1], stride=[1, 0, 0, 0, 0], origin=[0, 0, 0, 0, 0], coreStride=[0, 0, 0, 0, 0]
.entry step
  mask md=m0, cores=1
  desc dd=d0, src=@d, slot=r0 ; coded8 in spm
  desc dd=d1, src=@s, slot=r0 ; coded8 in dram, tensor t
  ld dst=d0, src=d1, mask=m0
  halt
