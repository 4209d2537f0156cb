// A diagnostic is what is wrong and where; the operation, which may be a whole module, is printed on demand.
// RUN: not slp-opt %s --convert-train-to-chip=target=no-such-chip 2>&1 | FileCheck %s
// RUN: not slp-opt %s --convert-train-to-chip=target=no-such-chip --mlir-print-op-on-diagnostic 2>&1 | FileCheck %s --check-prefix=OP

// CHECK: diagnostics.mlir:[[@LINE+4]]:1: error: {{.*}}no-such-chip
// CHECK-NOT: see current operation
// CHECK-NOT: func.func
// OP: see current operation
module attributes {slp.stage = "precision"} {
  func.func @step(%x: tensor<2xf32> {train.name = "x"}) {
    return
  }
}
