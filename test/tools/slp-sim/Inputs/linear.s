; One dense layer with softmax cross-entropy and SGD, by hand: an image of 8 x 8 pixels goes in as 64 numbers, 10 classes
; come out, 32 images a step, on core 0 of lnpu in fp16. Transfers and engines are ordered by fences, except for the
; weights, which a semaphore orders. Learns the digits of test/data to over 90 %.
.image 9
.chip lnpu
.model linear
.batch 32
.tensor @image role=input, format=f32, bias=0, shape=[32, 64], strides=[256, 4], address=0, bytes=8192
.tensor @labels role=input, format=i32, bias=0, shape=[32], strides=[4], address=8192, bytes=128
.tensor @logits role=output, format=fp16, bias=0, shape=[32, 10], strides=[20, 2], address=8320, bytes=640
.tensor @loss role=output, format=f32, bias=0, shape=[], strides=[], address=8960, bytes=4
.tensor @weight role=state, format=fp16, bias=0, shape=[64, 10], strides=[20, 2], address=9024, bytes=1280
.tensor @velocity role=state, format=fp16, bias=0, shape=[64, 10], strides=[20, 2], address=10304, bytes=1280
.loss @loss
.logits @logits shape=[32, 10], class_axis=1
.labels @labels
.label_input @labels classes=10
.node @fc train.matmul
.node @loss train.cross_entropy
.node @update train.sgd
.descriptor @image space=dram, format=f32, rank=2, slots=1, slotBytes=0, base=0, rounding=chip, bias=0, stream=0, extent=[32, 64, 1, 1, 1], tile=[32, 64, 1, 1, 1], stride=[256, 4, 0, 0, 0], origin=[0, 0, 0, 0, 0], coreStride=[0, 0, 0, 0, 0]
.descriptor @labels space=dram, format=i32, rank=1, slots=1, slotBytes=0, base=8192, rounding=chip, bias=0, stream=0, extent=[32, 1, 1, 1, 1], tile=[32, 1, 1, 1, 1], stride=[4, 0, 0, 0, 0], origin=[0, 0, 0, 0, 0], coreStride=[0, 0, 0, 0, 0]
.descriptor @logits space=dram, format=fp16, rank=2, slots=1, slotBytes=0, base=8320, rounding=chip, bias=0, stream=0, extent=[32, 10, 1, 1, 1], tile=[32, 10, 1, 1, 1], stride=[20, 2, 0, 0, 0], origin=[0, 0, 0, 0, 0], coreStride=[0, 0, 0, 0, 0]
.descriptor @loss space=dram, format=f32, rank=0, slots=1, slotBytes=0, base=8960, rounding=chip, bias=0, stream=0, extent=[1, 1, 1, 1, 1], tile=[1, 1, 1, 1, 1], stride=[0, 0, 0, 0, 0], origin=[0, 0, 0, 0, 0], coreStride=[0, 0, 0, 0, 0]
.descriptor @weight space=dram, format=fp16, rank=2, slots=1, slotBytes=0, base=9024, rounding=chip, bias=0, stream=0, extent=[64, 10, 1, 1, 1], tile=[64, 10, 1, 1, 1], stride=[20, 2, 0, 0, 0], origin=[0, 0, 0, 0, 0], coreStride=[0, 0, 0, 0, 0]
.descriptor @velocity space=dram, format=fp16, rank=2, slots=1, slotBytes=0, base=10304, rounding=chip, bias=0, stream=0, extent=[64, 10, 1, 1, 1], tile=[64, 10, 1, 1, 1], stride=[20, 2, 0, 0, 0], origin=[0, 0, 0, 0, 0], coreStride=[0, 0, 0, 0, 0]
.descriptor @x32 space=spm, format=f32, rank=2, slots=1, slotBytes=0, base=0, rounding=chip, bias=0, stream=0, extent=[32, 64, 1, 1, 1], tile=[32, 64, 1, 1, 1], stride=[256, 4, 0, 0, 0], origin=[0, 0, 0, 0, 0], coreStride=[0, 0, 0, 0, 0]
.descriptor @x space=spm, format=fp16, rank=2, slots=1, slotBytes=0, base=8192, rounding=chip, bias=0, stream=0, extent=[32, 64, 1, 1, 1], tile=[32, 64, 1, 1, 1], stride=[128, 2, 0, 0, 0], origin=[0, 0, 0, 0, 0], coreStride=[0, 0, 0, 0, 0]
.descriptor @xt space=spm, format=fp16, rank=2, slots=1, slotBytes=0, base=8192, rounding=chip, bias=0, stream=0, extent=[64, 32, 1, 1, 1], tile=[64, 32, 1, 1, 1], stride=[2, 128, 0, 0, 0], origin=[0, 0, 0, 0, 0], coreStride=[0, 0, 0, 0, 0]
.descriptor @target space=spm, format=i32, rank=1, slots=1, slotBytes=0, base=12288, rounding=chip, bias=0, stream=0, extent=[32, 1, 1, 1, 1], tile=[32, 1, 1, 1, 1], stride=[4, 0, 0, 0, 0], origin=[0, 0, 0, 0, 0], coreStride=[0, 0, 0, 0, 0]
.descriptor @y space=spm, format=fp16, rank=2, slots=1, slotBytes=0, base=12416, rounding=chip, bias=0, stream=0, extent=[32, 10, 1, 1, 1], tile=[32, 10, 1, 1, 1], stride=[20, 2, 0, 0, 0], origin=[0, 0, 0, 0, 0], coreStride=[0, 0, 0, 0, 0]
.descriptor @w space=spm, format=fp16, rank=2, slots=1, slotBytes=0, base=13056, rounding=chip, bias=0, stream=0, extent=[64, 10, 1, 1, 1], tile=[64, 10, 1, 1, 1], stride=[20, 2, 0, 0, 0], origin=[0, 0, 0, 0, 0], coreStride=[0, 0, 0, 0, 0]
.descriptor @v space=spm, format=fp16, rank=2, slots=1, slotBytes=0, base=14336, rounding=chip, bias=0, stream=0, extent=[64, 10, 1, 1, 1], tile=[64, 10, 1, 1, 1], stride=[20, 2, 0, 0, 0], origin=[0, 0, 0, 0, 0], coreStride=[0, 0, 0, 0, 0]
.descriptor @losses space=spm, format=f32, rank=1, slots=1, slotBytes=0, base=15616, rounding=chip, bias=0, stream=0, extent=[32, 1, 1, 1, 1], tile=[32, 1, 1, 1, 1], stride=[4, 0, 0, 0, 0], origin=[0, 0, 0, 0, 0], coreStride=[0, 0, 0, 0, 0]
.descriptor @mean space=spm, format=f32, rank=0, slots=1, slotBytes=0, base=15744, rounding=chip, bias=0, stream=0, extent=[1, 1, 1, 1, 1], tile=[1, 1, 1, 1, 1], stride=[0, 0, 0, 0, 0], origin=[0, 0, 0, 0, 0], coreStride=[0, 0, 0, 0, 0]
.descriptor @dy space=spm, format=fp16, rank=2, slots=1, slotBytes=0, base=0, rounding=chip, bias=0, stream=0, extent=[32, 10, 1, 1, 1], tile=[32, 10, 1, 1, 1], stride=[20, 2, 0, 0, 0], origin=[0, 0, 0, 0, 0], coreStride=[0, 0, 0, 0, 0]
.descriptor @acc space=acc, format=f32, rank=2, slots=1, slotBytes=0, base=0, rounding=chip, bias=0, stream=0, extent=[32, 10, 1, 1, 1], tile=[32, 10, 1, 1, 1], stride=[40, 4, 0, 0, 0], origin=[0, 0, 0, 0, 0], coreStride=[0, 0, 0, 0, 0]
.descriptor @dw space=acc, format=f32, rank=2, slots=1, slotBytes=0, base=0, rounding=chip, bias=0, stream=0, extent=[64, 10, 1, 1, 1], tile=[64, 10, 1, 1, 1], stride=[40, 4, 0, 0, 0], origin=[0, 0, 0, 0, 0], coreStride=[0, 0, 0, 0, 0]
.entry init
.loc none none
  halt
.entry step
.loc none none
  mask md=m0, cores=1
  desc dd=d0, src=@image, slot=r0
  desc dd=d1, src=@labels, slot=r0
  desc dd=d2, src=@logits, slot=r0
  desc dd=d3, src=@loss, slot=r0
  desc dd=d4, src=@weight, slot=r0
  desc dd=d5, src=@velocity, slot=r0
  desc dd=d6, src=@x32, slot=r0
  desc dd=d7, src=@x, slot=r0
  desc dd=d8, src=@xt, slot=r0
  desc dd=d9, src=@target, slot=r0
  desc dd=d10, src=@y, slot=r0
  desc dd=d11, src=@w, slot=r0
  desc dd=d12, src=@v, slot=r0
  desc dd=d13, src=@losses, slot=r0
  desc dd=d14, src=@mean, slot=r0
  desc dd=d15, src=@dy, slot=r0
  desc dd=d16, src=@acc, slot=r0
  desc dd=d17, src=@dw, slot=r0
  hyper hd=h10, bits=0x3f800000
  hyper hd=h11, bits=0x3d000000
.loc 0 fp
  ld dst=d6, src=d0, mask=m0
  fence
  ld dst=d11, src=d4, mask=m0
  signal engine=load, sem=s0, count=1, mask=m0, bank=cores
  v.round dst=d7, src=d6, mask=m0
  fence
  wait engine=mac, sem=s0, count=1, mask=m0, bank=cores
  matmul acc=d16, a=d7, b=d11, bias=d0, mask=m0, mode=zero
  signal engine=mac, sem=s1, count=1, mask=m0, bank=cores
  wait engine=vector, sem=s1, count=1, mask=m0, bank=cores
  v.round dst=d10, src=d16, mask=m0
  fence
  st dst=d2, src=d10, mask=m0
.loc 1 fp
  ld dst=d9, src=d1, mask=m0
  fence
  v.cross.entropy dst=d13, x=d10, labels=d9, mask=m0
  v.mean dst=d14, src=d13, mask=m0
.loc 1 bp
  v.cross.entropy.grad dst=d15, x=d10, labels=d9, lossScale=d0, mode=absent, scale=h11, mask=m0
  fence
  st dst=d3, src=d14, mask=m0
.loc 0 wg
  matmul acc=d17, a=d8, b=d15, bias=d0, mask=m0, mode=zero
.loc 2 up
  ld dst=d12, src=d5, mask=m0
  fence
  v.sgd w=d11, v=d12, dw=d17, factor=d0, mode=absent, lr=h0, momentum=h1, decay=h2, dampening=h3, unscale=h10, lrScale=h10, decayScale=h10, mask=m0
  fence
  st dst=d4, src=d11, mask=m0
  st dst=d5, src=d12, mask=m0
  halt
.entry eval
.loc none none
  mask md=m0, cores=1
  desc dd=d0, src=@image, slot=r0
  desc dd=d1, src=@labels, slot=r0
  desc dd=d2, src=@logits, slot=r0
  desc dd=d3, src=@loss, slot=r0
  desc dd=d4, src=@weight, slot=r0
  desc dd=d5, src=@velocity, slot=r0
  desc dd=d6, src=@x32, slot=r0
  desc dd=d7, src=@x, slot=r0
  desc dd=d8, src=@xt, slot=r0
  desc dd=d9, src=@target, slot=r0
  desc dd=d10, src=@y, slot=r0
  desc dd=d11, src=@w, slot=r0
  desc dd=d12, src=@v, slot=r0
  desc dd=d13, src=@losses, slot=r0
  desc dd=d14, src=@mean, slot=r0
  desc dd=d15, src=@dy, slot=r0
  desc dd=d16, src=@acc, slot=r0
  desc dd=d17, src=@dw, slot=r0
.loc 0 fp
  ld dst=d6, src=d0, mask=m0
  fence
  ld dst=d11, src=d4, mask=m0
  signal engine=load, sem=s0, count=1, mask=m0, bank=cores
  v.round dst=d7, src=d6, mask=m0
  fence
  wait engine=mac, sem=s0, count=1, mask=m0, bank=cores
  matmul acc=d16, a=d7, b=d11, bias=d0, mask=m0, mode=zero
  signal engine=mac, sem=s1, count=1, mask=m0, bank=cores
  wait engine=vector, sem=s1, count=1, mask=m0, bank=cores
  v.round dst=d10, src=d16, mask=m0
  fence
  st dst=d2, src=d10, mask=m0
.loc none none
  halt
