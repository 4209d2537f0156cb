// Long lists of a module stand above it, an entry a line.
// RUN: split-file %s %t
// RUN: slp-opt %t/good.mlir | slp-opt | FileCheck %s
// RUN: slp-opt %t/good.mlir --mlir-print-op-generic | slp-opt | FileCheck %s
// RUN: slp-opt %t/good.mlir --emit-bytecode | slp-opt | FileCheck %s
// RUN: not slp-opt %t/twice.mlir 2>&1 | FileCheck %s --check-prefix=TWICE
// RUN: not slp-opt %t/reason.mlir 2>&1 | FileCheck %s --check-prefix=REASON

// CHECK: #elided = #chip.elided<
// CHECK-NEXT: "b \22quoted\22" : "the state b before the step",
// CHECK-NEXT: "a" : "the same memory as b"
// CHECK-NEXT: >
// CHECK: #tensors = #chip.tensors<
// CHECK-NEXT: "conv1/y" : tensor<4x8x!num_e5m2>,
// CHECK-NEXT: "loss" : tensor<f32>
// CHECK-NEXT: >
// CHECK-NEXT: module attributes {slp.elided = #elided, slp.none = #elided1, slp.tensors = #tensors}

//--- good.mlir
module attributes {
  slp.elided = #chip.elided<"b \22quoted\22" : "the state b before the step", "a" : "the same memory as b">,
  slp.none = #chip.elided<>,
  slp.tensors = #chip.tensors<"loss" : tensor<f32>, "conv1/y" : tensor<4x8x!num.float<5, 2, 15, reserved, flush>>>} {
}

//--- twice.mlir
// TWICE: twice.mlir:2:67: error: expected a name of its own for each tensor, found 'x'
module attributes {slp.tensors = #chip.tensors<"x" : tensor<f32>, "x" : tensor<4xf32>>} {
}

//--- reason.mlir
// REASON: error: expected string
module attributes {slp.elided = #chip.elided<"x" : tensor<f32>>} {
}
