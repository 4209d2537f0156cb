// RUN: slp-opt %s --split-input-file --verify-diagnostics --chip-insert-semaphores

// The load engine would have to wait for the middle of the vector unit's work and come again.
func.func @comes_back() {
  chip.task "x" "train.x" "fp" cores(1) {
    %v = chip.view @x : memref<f32, #chip.space<dram>>
    // expected-error @below {{is used by engine shared_load between uses of another engine}}
    %a = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<shared>>
    chip.load %v to %a : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
    chip.v.relu(%a, %a) : memref<f32, #chip.space<shared>>, memref<f32, #chip.space<shared>>
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
      chip.v.relu(%a, %a) : memref<f32, #chip.space<shared>>, memref<f32, #chip.space<shared>>
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
    chip.v.relu(%0, %0) : memref<f32, #chip.space<shared>>, memref<f32, #chip.space<shared>>
    %1 = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<shared>>
    chip.load %v to %1 : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
    chip.v.relu(%1, %1) : memref<f32, #chip.space<shared>>, memref<f32, #chip.space<shared>>
    %2 = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<shared>>
    chip.load %v to %2 : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
    chip.v.relu(%2, %2) : memref<f32, #chip.space<shared>>, memref<f32, #chip.space<shared>>
    %3 = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<shared>>
    chip.load %v to %3 : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
    chip.v.relu(%3, %3) : memref<f32, #chip.space<shared>>, memref<f32, #chip.space<shared>>
    %4 = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<shared>>
    chip.load %v to %4 : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
    chip.v.relu(%4, %4) : memref<f32, #chip.space<shared>>, memref<f32, #chip.space<shared>>
    %5 = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<shared>>
    chip.load %v to %5 : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
    chip.v.relu(%5, %5) : memref<f32, #chip.space<shared>>, memref<f32, #chip.space<shared>>
    %6 = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<shared>>
    chip.load %v to %6 : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
    chip.v.relu(%6, %6) : memref<f32, #chip.space<shared>>, memref<f32, #chip.space<shared>>
    %7 = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<shared>>
    chip.load %v to %7 : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
    chip.v.relu(%7, %7) : memref<f32, #chip.space<shared>>, memref<f32, #chip.space<shared>>
    %8 = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<shared>>
    chip.load %v to %8 : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
    chip.v.relu(%8, %8) : memref<f32, #chip.space<shared>>, memref<f32, #chip.space<shared>>
    %9 = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<shared>>
    chip.load %v to %9 : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
    chip.v.relu(%9, %9) : memref<f32, #chip.space<shared>>, memref<f32, #chip.space<shared>>
    %10 = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<shared>>
    chip.load %v to %10 : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
    chip.v.relu(%10, %10) : memref<f32, #chip.space<shared>>, memref<f32, #chip.space<shared>>
    %11 = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<shared>>
    chip.load %v to %11 : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
    chip.v.relu(%11, %11) : memref<f32, #chip.space<shared>>, memref<f32, #chip.space<shared>>
    %12 = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<shared>>
    chip.load %v to %12 : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
    chip.v.relu(%12, %12) : memref<f32, #chip.space<shared>>, memref<f32, #chip.space<shared>>
    %13 = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<shared>>
    chip.load %v to %13 : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
    chip.v.relu(%13, %13) : memref<f32, #chip.space<shared>>, memref<f32, #chip.space<shared>>
    %14 = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<shared>>
    chip.load %v to %14 : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
    chip.v.relu(%14, %14) : memref<f32, #chip.space<shared>>, memref<f32, #chip.space<shared>>
    %15 = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<shared>>
    chip.load %v to %15 : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
    chip.v.relu(%15, %15) : memref<f32, #chip.space<shared>>, memref<f32, #chip.space<shared>>
    %16 = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<shared>>
    chip.load %v to %16 : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
    chip.v.relu(%16, %16) : memref<f32, #chip.space<shared>>, memref<f32, #chip.space<shared>>
    %17 = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<shared>>
    chip.load %v to %17 : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
    chip.v.relu(%17, %17) : memref<f32, #chip.space<shared>>, memref<f32, #chip.space<shared>>
    %18 = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<shared>>
    chip.load %v to %18 : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
    chip.v.relu(%18, %18) : memref<f32, #chip.space<shared>>, memref<f32, #chip.space<shared>>
    %19 = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<shared>>
    chip.load %v to %19 : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
    chip.v.relu(%19, %19) : memref<f32, #chip.space<shared>>, memref<f32, #chip.space<shared>>
    %20 = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<shared>>
    chip.load %v to %20 : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
    chip.v.relu(%20, %20) : memref<f32, #chip.space<shared>>, memref<f32, #chip.space<shared>>
    %21 = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<shared>>
    chip.load %v to %21 : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
    chip.v.relu(%21, %21) : memref<f32, #chip.space<shared>>, memref<f32, #chip.space<shared>>
    %22 = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<shared>>
    chip.load %v to %22 : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
    chip.v.relu(%22, %22) : memref<f32, #chip.space<shared>>, memref<f32, #chip.space<shared>>
    %23 = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<shared>>
    chip.load %v to %23 : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
    chip.v.relu(%23, %23) : memref<f32, #chip.space<shared>>, memref<f32, #chip.space<shared>>
    %24 = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<shared>>
    chip.load %v to %24 : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
    chip.v.relu(%24, %24) : memref<f32, #chip.space<shared>>, memref<f32, #chip.space<shared>>
    %25 = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<shared>>
    chip.load %v to %25 : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
    chip.v.relu(%25, %25) : memref<f32, #chip.space<shared>>, memref<f32, #chip.space<shared>>
    %26 = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<shared>>
    chip.load %v to %26 : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
    chip.v.relu(%26, %26) : memref<f32, #chip.space<shared>>, memref<f32, #chip.space<shared>>
    %27 = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<shared>>
    chip.load %v to %27 : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
    chip.v.relu(%27, %27) : memref<f32, #chip.space<shared>>, memref<f32, #chip.space<shared>>
    %28 = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<shared>>
    chip.load %v to %28 : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
    chip.v.relu(%28, %28) : memref<f32, #chip.space<shared>>, memref<f32, #chip.space<shared>>
    %29 = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<shared>>
    chip.load %v to %29 : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
    chip.v.relu(%29, %29) : memref<f32, #chip.space<shared>>, memref<f32, #chip.space<shared>>
    %30 = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<shared>>
    chip.load %v to %30 : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
    chip.v.relu(%30, %30) : memref<f32, #chip.space<shared>>, memref<f32, #chip.space<shared>>
    %31 = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<shared>>
    chip.load %v to %31 : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
    chip.v.relu(%31, %31) : memref<f32, #chip.space<shared>>, memref<f32, #chip.space<shared>>
    %32 = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<shared>>
    chip.load %v to %32 : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
    chip.v.relu(%32, %32) : memref<f32, #chip.space<shared>>, memref<f32, #chip.space<shared>>
  }
  return
}
chip.tensor @x : memref<f32, #chip.space<dram>> {role = #chip.role<input>}
