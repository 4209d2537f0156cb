// RUN: slp-opt %s --split-input-file --verify-diagnostics --chip-insert-semaphores

// The load engine would have to wait for the middle of the vector unit's work and come again.
func.func @comes_back() {
  chip.task "x" "train.x" "fp" cores(1) {
    %v = chip.view @x : memref<f32, #chip.space<dram>>
    // expected-error @below {{is used by engine load between uses of another engine}}
    %a = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<shared>>
    chip.load %v to %a : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
    chip.run "v.relu" outs(%a) ins(%a) : (memref<f32, #chip.space<shared>>), (memref<f32, #chip.space<shared>>)
    chip.load %v to %a : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
  }
  return
}
chip.tensor @x : memref<f32, #chip.space<dram>> {role = #chip.role<input>}

// -----

// Two engines that alternate inside a loop, with the buffer outside of it.
func.func @in_turns_within_a_loop() {
  chip.task "x" "train.x" "fp" cores(1) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c4 = arith.constant 4 : index
    %v = chip.view @x : memref<f32, #chip.space<dram>>
    // expected-error @below {{is used by engine vector between uses of another engine}}
    %a = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<shared>>
    scf.for %i = %c0 to %c4 step %c1 {
      chip.load %v to %a : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
      chip.run "v.relu" outs(%a) ins(%a) : (memref<f32, #chip.space<shared>>), (memref<f32, #chip.space<shared>>)
    }
  }
  return
}
chip.tensor @x : memref<f32, #chip.space<dram>> {role = #chip.role<input>}

// -----

func.func @too_many() {
  // expected-error @below {{needs more than 64 semaphores}}
  chip.task "x" "train.x" "fp" cores(1) {
    %v = chip.view @x : memref<f32, #chip.space<dram>>
    %0 = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<shared>>
    chip.load %v to %0 : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
    chip.run "v.relu" outs(%0) ins(%0) : (memref<f32, #chip.space<shared>>), (memref<f32, #chip.space<shared>>)
    %1 = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<shared>>
    chip.load %v to %1 : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
    chip.run "v.relu" outs(%1) ins(%1) : (memref<f32, #chip.space<shared>>), (memref<f32, #chip.space<shared>>)
    %2 = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<shared>>
    chip.load %v to %2 : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
    chip.run "v.relu" outs(%2) ins(%2) : (memref<f32, #chip.space<shared>>), (memref<f32, #chip.space<shared>>)
    %3 = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<shared>>
    chip.load %v to %3 : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
    chip.run "v.relu" outs(%3) ins(%3) : (memref<f32, #chip.space<shared>>), (memref<f32, #chip.space<shared>>)
    %4 = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<shared>>
    chip.load %v to %4 : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
    chip.run "v.relu" outs(%4) ins(%4) : (memref<f32, #chip.space<shared>>), (memref<f32, #chip.space<shared>>)
    %5 = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<shared>>
    chip.load %v to %5 : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
    chip.run "v.relu" outs(%5) ins(%5) : (memref<f32, #chip.space<shared>>), (memref<f32, #chip.space<shared>>)
    %6 = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<shared>>
    chip.load %v to %6 : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
    chip.run "v.relu" outs(%6) ins(%6) : (memref<f32, #chip.space<shared>>), (memref<f32, #chip.space<shared>>)
    %7 = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<shared>>
    chip.load %v to %7 : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
    chip.run "v.relu" outs(%7) ins(%7) : (memref<f32, #chip.space<shared>>), (memref<f32, #chip.space<shared>>)
    %8 = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<shared>>
    chip.load %v to %8 : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
    chip.run "v.relu" outs(%8) ins(%8) : (memref<f32, #chip.space<shared>>), (memref<f32, #chip.space<shared>>)
    %9 = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<shared>>
    chip.load %v to %9 : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
    chip.run "v.relu" outs(%9) ins(%9) : (memref<f32, #chip.space<shared>>), (memref<f32, #chip.space<shared>>)
    %10 = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<shared>>
    chip.load %v to %10 : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
    chip.run "v.relu" outs(%10) ins(%10) : (memref<f32, #chip.space<shared>>), (memref<f32, #chip.space<shared>>)
    %11 = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<shared>>
    chip.load %v to %11 : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
    chip.run "v.relu" outs(%11) ins(%11) : (memref<f32, #chip.space<shared>>), (memref<f32, #chip.space<shared>>)
    %12 = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<shared>>
    chip.load %v to %12 : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
    chip.run "v.relu" outs(%12) ins(%12) : (memref<f32, #chip.space<shared>>), (memref<f32, #chip.space<shared>>)
    %13 = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<shared>>
    chip.load %v to %13 : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
    chip.run "v.relu" outs(%13) ins(%13) : (memref<f32, #chip.space<shared>>), (memref<f32, #chip.space<shared>>)
    %14 = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<shared>>
    chip.load %v to %14 : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
    chip.run "v.relu" outs(%14) ins(%14) : (memref<f32, #chip.space<shared>>), (memref<f32, #chip.space<shared>>)
    %15 = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<shared>>
    chip.load %v to %15 : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
    chip.run "v.relu" outs(%15) ins(%15) : (memref<f32, #chip.space<shared>>), (memref<f32, #chip.space<shared>>)
    %16 = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<shared>>
    chip.load %v to %16 : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
    chip.run "v.relu" outs(%16) ins(%16) : (memref<f32, #chip.space<shared>>), (memref<f32, #chip.space<shared>>)
    %17 = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<shared>>
    chip.load %v to %17 : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
    chip.run "v.relu" outs(%17) ins(%17) : (memref<f32, #chip.space<shared>>), (memref<f32, #chip.space<shared>>)
    %18 = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<shared>>
    chip.load %v to %18 : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
    chip.run "v.relu" outs(%18) ins(%18) : (memref<f32, #chip.space<shared>>), (memref<f32, #chip.space<shared>>)
    %19 = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<shared>>
    chip.load %v to %19 : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
    chip.run "v.relu" outs(%19) ins(%19) : (memref<f32, #chip.space<shared>>), (memref<f32, #chip.space<shared>>)
    %20 = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<shared>>
    chip.load %v to %20 : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
    chip.run "v.relu" outs(%20) ins(%20) : (memref<f32, #chip.space<shared>>), (memref<f32, #chip.space<shared>>)
    %21 = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<shared>>
    chip.load %v to %21 : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
    chip.run "v.relu" outs(%21) ins(%21) : (memref<f32, #chip.space<shared>>), (memref<f32, #chip.space<shared>>)
    %22 = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<shared>>
    chip.load %v to %22 : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
    chip.run "v.relu" outs(%22) ins(%22) : (memref<f32, #chip.space<shared>>), (memref<f32, #chip.space<shared>>)
    %23 = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<shared>>
    chip.load %v to %23 : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
    chip.run "v.relu" outs(%23) ins(%23) : (memref<f32, #chip.space<shared>>), (memref<f32, #chip.space<shared>>)
    %24 = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<shared>>
    chip.load %v to %24 : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
    chip.run "v.relu" outs(%24) ins(%24) : (memref<f32, #chip.space<shared>>), (memref<f32, #chip.space<shared>>)
    %25 = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<shared>>
    chip.load %v to %25 : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
    chip.run "v.relu" outs(%25) ins(%25) : (memref<f32, #chip.space<shared>>), (memref<f32, #chip.space<shared>>)
    %26 = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<shared>>
    chip.load %v to %26 : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
    chip.run "v.relu" outs(%26) ins(%26) : (memref<f32, #chip.space<shared>>), (memref<f32, #chip.space<shared>>)
    %27 = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<shared>>
    chip.load %v to %27 : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
    chip.run "v.relu" outs(%27) ins(%27) : (memref<f32, #chip.space<shared>>), (memref<f32, #chip.space<shared>>)
    %28 = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<shared>>
    chip.load %v to %28 : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
    chip.run "v.relu" outs(%28) ins(%28) : (memref<f32, #chip.space<shared>>), (memref<f32, #chip.space<shared>>)
    %29 = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<shared>>
    chip.load %v to %29 : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
    chip.run "v.relu" outs(%29) ins(%29) : (memref<f32, #chip.space<shared>>), (memref<f32, #chip.space<shared>>)
    %30 = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<shared>>
    chip.load %v to %30 : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
    chip.run "v.relu" outs(%30) ins(%30) : (memref<f32, #chip.space<shared>>), (memref<f32, #chip.space<shared>>)
    %31 = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<shared>>
    chip.load %v to %31 : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
    chip.run "v.relu" outs(%31) ins(%31) : (memref<f32, #chip.space<shared>>), (memref<f32, #chip.space<shared>>)
    %32 = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<shared>>
    chip.load %v to %32 : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
    chip.run "v.relu" outs(%32) ins(%32) : (memref<f32, #chip.space<shared>>), (memref<f32, #chip.space<shared>>)
  }
  return
}
chip.tensor @x : memref<f32, #chip.space<dram>> {role = #chip.role<input>}
