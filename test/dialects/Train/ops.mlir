// RUN: slp-opt %s | slp-opt | FileCheck %s
// RUN: slp-opt %s --mlir-print-op-generic | slp-opt | FileCheck %s
// RUN: slp-opt %s --emit-bytecode | slp-opt | FileCheck %s

!fp8 = !num.float<5, 2, 15, reserved, flush>
#rne = #num.rounding<nearest_even>
#acc = #num.accumulate<dot = 8, format = f32, rounding = nearest_even, across = f32>

// CHECK: train.state @in.file : tensor<2x2xf32> {init = #train.file<"m.onnx", offset = 8, length = 16, type = 1, checksum = 7>}
train.state @in.file : tensor<2x2xf32> {init = #train.file<"m.onnx", offset = 8, length = 16, type = 1, checksum = 7>}
// CHECK: train.state @inline : tensor<2xf32> {init = dense<[1.000000e+00, 2.000000e+00]> : tensor<2xf32>}
train.state @inline : tensor<2xf32> {init = dense<[1.0, 2.0]> : tensor<2xf32>}
// CHECK: train.state @zero : tensor<2x!num_e5m2> {rounding = #num.rounding<nearest_even>}
train.state @zero : tensor<2x!fp8> {rounding = #rne}

// CHECK-LABEL: @states
func.func @states() {
  // CHECK: %[[V:.*]] = train.read @inline {train.names = ["inline"]} : tensor<2xf32>
  %0 = train.read @inline {train.names = ["inline"]} : tensor<2xf32>
  // CHECK: train.write @inline, %[[V]] : tensor<2xf32>
  train.write @inline, %0 : tensor<2xf32>
  return
}

// CHECK-LABEL: @masked_convolutions
func.func @masked_convolutions(%x: tensor<2x9x6x6xf32>, %w: tensor<12x9x3x3xf32>, %y: tensor<2x12x4x4xf32>, %gate: tensor<2x2x4x4xf32>,
                               %groups: tensor<2x2x3x3xf32>) {
  // CHECK: train.conv %{{.*}}, %{{.*}} init %{{.*}} gate %{{.*}} groups %{{.*}} : (
  %0 = train.conv %x, %w init %y gate %gate groups %groups
    : (tensor<2x9x6x6xf32>, tensor<12x9x3x3xf32>, tensor<2x12x4x4xf32>, tensor<2x2x4x4xf32>, tensor<2x2x3x3xf32>) -> tensor<2x12x4x4xf32>
  // CHECK: train.conv_bp %{{.*}}, %{{.*}} gate %{{.*}} {input_shape
  %1 = train.conv_bp %y, %w gate %gate {input_shape = array<i64: 2, 9, 6, 6>}
    : (tensor<2x12x4x4xf32>, tensor<12x9x3x3xf32>, tensor<2x2x4x4xf32>) -> tensor<2x9x6x6xf32>
  // CHECK: train.conv_wg %{{.*}}, %{{.*}} groups %{{.*}} {kernel
  %2 = train.conv_wg %x, %y groups %groups {kernel = array<i64: 3, 3>}
    : (tensor<2x9x6x6xf32>, tensor<2x12x4x4xf32>, tensor<2x2x3x3xf32>) -> tensor<12x9x3x3xf32>
  return
}

// CHECK-LABEL: @convolutions
func.func @convolutions(%x: tensor<2x4x6x6xf32>, %w: tensor<6x2x3x3xf32>, %b: tensor<6xf32>, %dy: tensor<2x6x2x6xf32>) {
  // CHECK: train.conv {{.*}} {dilations = array<i64: 2, 1>, group = 2 : i64, pads = array<i64: 0, 1, 1, 1>, strides = array<i64: 2, 1>}
  %0 = train.conv %x, %w, %b {strides = array<i64: 2, 1>, pads = array<i64: 0, 1, 1, 1>, dilations = array<i64: 2, 1>, group = 2}
    : (tensor<2x4x6x6xf32>, tensor<6x2x3x3xf32>, tensor<6xf32>) -> tensor<2x6x2x6xf32>
  // CHECK: train.conv_bp {{.*}} input_shape = array<i64: 2, 4, 6, 6>{{.*}}phase = #train.phase<bp>
  %1 = train.conv_bp %dy, %w {strides = array<i64: 2, 1>, pads = array<i64: 0, 1, 1, 1>, dilations = array<i64: 2, 1>, group = 2,
      input_shape = array<i64: 2, 4, 6, 6>, phase = #train.phase<bp>}
    : (tensor<2x6x2x6xf32>, tensor<6x2x3x3xf32>) -> tensor<2x4x6x6xf32>
  // CHECK: train.conv_wg {{.*}} kernel = array<i64: 3, 3>{{.*}}phase = #train.phase<wg>
  %2 = train.conv_wg %x, %dy {strides = array<i64: 2, 1>, pads = array<i64: 0, 1, 1, 1>, dilations = array<i64: 2, 1>, group = 2,
      kernel = array<i64: 3, 3>, phase = #train.phase<wg>}
    : (tensor<2x4x6x6xf32>, tensor<2x6x2x6xf32>) -> tensor<6x2x3x3xf32>
  // A transposed convolution whose last two rows no window of the convolution reads.
  // CHECK: train.conv_bp {{.*}} input_shape = array<i64: 2, 4, 8, 6>, pads = array<i64: 0, 1, -1, 1>
  %3 = train.conv_bp %dy, %w {strides = array<i64: 2, 1>, pads = array<i64: 0, 1, -1, 1>, dilations = array<i64: 2, 1>, group = 2,
      input_shape = array<i64: 2, 4, 8, 6>}
    : (tensor<2x6x2x6xf32>, tensor<6x2x3x3xf32>) -> tensor<2x4x8x6xf32>
  return
}

// CHECK-LABEL: @products
func.func @products(%batch: tensor<2x3x4xf32>, %a: tensor<3x4xf32>, %b: tensor<4x5xf32>, %bt: tensor<5x4xf32>, %c: tensor<5xf32>,
                    %q: tensor<3x4x!fp8>, %r: tensor<4x5x!fp8>) {
  // CHECK: train.matmul %{{.*}}, %{{.*}} : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
  %0 = train.matmul %a, %b : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
  // CHECK: train.matmul %{{.*}}, %{{.*}}, %{{.*}} {transpose_b}
  %1 = train.matmul %a, %bt, %c {transpose_b} : (tensor<3x4xf32>, tensor<5x4xf32>, tensor<5xf32>) -> tensor<3x5xf32>
  // CHECK: train.matmul %{{.*}}, %{{.*}} {accumulate = #num_dot8_f32}
  %2 = train.matmul %q, %r {accumulate = #acc} : (tensor<3x4x!fp8>, tensor<4x5x!fp8>) -> tensor<3x5xf32>
  // CHECK: train.matmul %{{.*}}, %{{.*}} {transpose_a} : (tensor<2x3x4xf32>, tensor<2x3x4xf32>) -> tensor<2x4x4xf32>
  %3 = train.matmul %batch, %batch {transpose_a} : (tensor<2x3x4xf32>, tensor<2x3x4xf32>) -> tensor<2x4x4xf32>
  return
}

// CHECK-LABEL: @elementwise
func.func @elementwise(%x: tensor<2x3x4x4xf32>, %b: tensor<3xf32>) {
  // CHECK: train.round {{.*}} {rounding = #num.rounding<nearest_even>}
  %0 = train.round %x {rounding = #rne} : (tensor<2x3x4x4xf32>) -> tensor<2x3x4x4x!fp8>
  // CHECK: train.relu %{{.*}} : (tensor<2x3x4x4xf32>) -> tensor<2x3x4x4xf32>
  %1 = train.relu %x : (tensor<2x3x4x4xf32>) -> tensor<2x3x4x4xf32>
  // CHECK: train.relu_grad
  %2 = train.relu_grad %x, %1 {phase = #train.phase<bp>} : (tensor<2x3x4x4xf32>, tensor<2x3x4x4xf32>) -> tensor<2x3x4x4xf32>
  // CHECK: train.add
  %3 = train.add %1, %2 : (tensor<2x3x4x4xf32>, tensor<2x3x4x4xf32>) -> tensor<2x3x4x4xf32>
  // CHECK: train.bias_add
  %4 = train.bias_add %x, %b : (tensor<2x3x4x4xf32>, tensor<3xf32>) -> tensor<2x3x4x4xf32>
  // CHECK: train.bias_grad
  %5 = train.bias_grad %x {phase = #train.phase<wg>} : (tensor<2x3x4x4xf32>) -> tensor<3xf32>
  // CHECK: train.reshape
  %6 = train.reshape %x : (tensor<2x3x4x4xf32>) -> tensor<6x16xf32>
  return
}

// Functions of one element, and their gradients.
// CHECK-LABEL: @functions
func.func @functions(%x: tensor<2x3xf32>) {
  // CHECK: train.abs %
  %0 = train.abs %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK: train.sign %
  %1 = train.sign %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK: train.floor %
  %2 = train.floor %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK: train.ceil %
  %3 = train.ceil %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK: train.round_even %
  %4 = train.round_even %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK: train.round_even %{{.*}} {straight_through}
  %straight = train.round_even %x {straight_through} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK: train.logical_not %
  %5 = train.logical_not %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK: train.sqrt %
  %6 = train.sqrt %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK: train.reciprocal %
  %7 = train.reciprocal %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK: train.exp %
  %8 = train.exp %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK: train.log %
  %9 = train.log %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK: train.tanh %
  %10 = train.tanh %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK: train.sigmoid %
  %11 = train.sigmoid %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK: train.erf %
  %12 = train.erf %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK: train.gelu %
  %13 = train.gelu %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK: train.gelu_tanh %
  %14 = train.gelu_tanh %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK: train.hard_swish %
  %15 = train.hard_swish %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK: train.softplus %
  %16 = train.softplus %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK: train.softsign %
  %17 = train.softsign %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK: train.affine %{{.*}} {offset = 1.000000e+00 : f32, scale = 2.000000e+00 : f32}
  %18 = train.affine %x {scale = 2.0 : f32, offset = 1.0 : f32} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK: train.power %{{.*}} {exponent = 3.000000e+00 : f32}
  %19 = train.power %x {exponent = 3.0 : f32} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK: train.hard_sigmoid %{{.*}} {alpha = 2.500000e-01 : f32, beta = 5.000000e-01 : f32}
  %20 = train.hard_sigmoid %x {alpha = 0.25 : f32, beta = 0.5 : f32} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK: train.leaky_relu %{{.*}} {alpha = 1.250000e-01 : f32}
  %21 = train.leaky_relu %x {alpha = 0.125 : f32} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK: train.clip %{{.*}} {max = 6.000000e+00 : f32, min = 0.000000e+00 : f32}
  %22 = train.clip %x {min = 0.0 : f32, max = 6.0 : f32} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK: train.elu %{{.*}} {alpha = 1.000000e+00 : f32, gamma = 1.000000e+00 : f32}
  %23 = train.elu %x {alpha = 1.0 : f32, gamma = 1.0 : f32} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK: train.celu %{{.*}} {alpha = 2.000000e+00 : f32}
  %24 = train.celu %x {alpha = 2.0 : f32} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK: train.thresholded_relu %{{.*}} {alpha = 1.000000e+00 : f32}
  %25 = train.thresholded_relu %x {alpha = 1.0 : f32} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK: train.shrink %{{.*}} {bias = 2.500000e-01 : f32, lambda = 5.000000e-01 : f32}
  %26 = train.shrink %x {lambda = 0.5 : f32, bias = 0.25 : f32} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK: train.abs_grad %
  %27 = train.abs_grad %x, %x {phase = #train.phase<bp>} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK: train.sqrt_grad %
  %28 = train.sqrt_grad %x, %x {phase = #train.phase<bp>} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK: train.reciprocal_grad %
  %29 = train.reciprocal_grad %x, %x {phase = #train.phase<bp>} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK: train.tanh_grad %
  %30 = train.tanh_grad %x, %x {phase = #train.phase<bp>} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK: train.sigmoid_grad %
  %31 = train.sigmoid_grad %x, %x {phase = #train.phase<bp>} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK: train.erf_grad %
  %32 = train.erf_grad %x, %x {phase = #train.phase<bp>} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK: train.gelu_grad %
  %33 = train.gelu_grad %x, %x {phase = #train.phase<bp>} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK: train.gelu_tanh_grad %
  %34 = train.gelu_tanh_grad %x, %x {phase = #train.phase<bp>} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK: train.hard_swish_grad %
  %35 = train.hard_swish_grad %x, %x {phase = #train.phase<bp>} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK: train.softplus_grad %
  %36 = train.softplus_grad %x, %x {phase = #train.phase<bp>} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK: train.softsign_grad %
  %37 = train.softsign_grad %x, %x {phase = #train.phase<bp>} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK: train.prelu_grad %
  %38 = train.prelu_grad %x, %x {phase = #train.phase<bp>} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK: train.power_grad %
  %39 = train.power_grad %x, %x {exponent = 3.0 : f32, phase = #train.phase<bp>} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK: train.hard_sigmoid_grad %
  %40 = train.hard_sigmoid_grad %x, %x {alpha = 0.25 : f32, beta = 0.5 : f32, phase = #train.phase<bp>} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK: train.leaky_relu_grad %
  %41 = train.leaky_relu_grad %x, %x {alpha = 0.125 : f32, phase = #train.phase<bp>} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK: train.clip_grad %
  %42 = train.clip_grad %x, %x {min = 0.0 : f32, max = 6.0 : f32, phase = #train.phase<bp>} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK: train.elu_grad %
  %43 = train.elu_grad %x, %x {alpha = 1.0 : f32, gamma = 1.0 : f32, phase = #train.phase<bp>} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK: train.celu_grad %
  %44 = train.celu_grad %x, %x {alpha = 2.0 : f32, phase = #train.phase<bp>} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK: train.thresholded_relu_grad %
  %45 = train.thresholded_relu_grad %x, %x {alpha = 1.0 : f32, phase = #train.phase<bp>} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK: train.shrink_grad %
  %46 = train.shrink_grad %x, %x {lambda = 0.5 : f32, bias = 0.25 : f32, phase = #train.phase<bp>} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// Operands of extent 1 serve all coordinates.
// CHECK-LABEL: @broadcast
func.func @broadcast(%a: tensor<2x1x4xf32>, %b: tensor<1x3x4xf32>, %s: tensor<1x1x1xf32>) {
  // CHECK: train.add %
  %0 = train.add %a, %b : (tensor<2x1x4xf32>, tensor<1x3x4xf32>) -> tensor<2x3x4xf32>
  // CHECK: train.sub %
  %1 = train.sub %a, %b : (tensor<2x1x4xf32>, tensor<1x3x4xf32>) -> tensor<2x3x4xf32>
  // CHECK: train.mul %
  %2 = train.mul %a, %b : (tensor<2x1x4xf32>, tensor<1x3x4xf32>) -> tensor<2x3x4xf32>
  // CHECK: train.div %
  %3 = train.div %a, %b : (tensor<2x1x4xf32>, tensor<1x3x4xf32>) -> tensor<2x3x4xf32>
  // CHECK: train.pow %
  %4 = train.pow %a, %b : (tensor<2x1x4xf32>, tensor<1x3x4xf32>) -> tensor<2x3x4xf32>
  // CHECK: train.max %
  %5 = train.max %a, %b : (tensor<2x1x4xf32>, tensor<1x3x4xf32>) -> tensor<2x3x4xf32>
  // CHECK: train.min %
  %6 = train.min %a, %b : (tensor<2x1x4xf32>, tensor<1x3x4xf32>) -> tensor<2x3x4xf32>
  // CHECK: train.max_share %
  %7 = train.max_share %a, %b : (tensor<2x1x4xf32>, tensor<1x3x4xf32>) -> tensor<2x3x4xf32>
  // CHECK: train.prelu %
  %8 = train.prelu %a, %b : (tensor<2x1x4xf32>, tensor<1x3x4xf32>) -> tensor<2x3x4xf32>
  // CHECK: train.prelu_slope %
  %9 = train.prelu_slope %a, %b : (tensor<2x1x4xf32>, tensor<1x3x4xf32>) -> tensor<2x3x4xf32>
  // CHECK: train.equal %
  %10 = train.equal %a, %b : (tensor<2x1x4xf32>, tensor<1x3x4xf32>) -> tensor<2x3x4xf32>
  // CHECK: train.less %
  %11 = train.less %a, %b : (tensor<2x1x4xf32>, tensor<1x3x4xf32>) -> tensor<2x3x4xf32>
  // CHECK: train.less %{{.*}} {straight_through = 2.000000e+00 : f32}
  %gate = train.less %a, %b {straight_through = 2.0 : f32} : (tensor<2x1x4xf32>, tensor<1x3x4xf32>) -> tensor<2x3x4xf32>
  // CHECK: train.less_equal %
  %12 = train.less_equal %a, %b : (tensor<2x1x4xf32>, tensor<1x3x4xf32>) -> tensor<2x3x4xf32>
  // CHECK: train.logical_and %
  %13 = train.logical_and %a, %b : (tensor<2x1x4xf32>, tensor<1x3x4xf32>) -> tensor<2x3x4xf32>
  // CHECK: train.logical_or %
  %14 = train.logical_or %a, %b : (tensor<2x1x4xf32>, tensor<1x3x4xf32>) -> tensor<2x3x4xf32>
  // CHECK: train.logical_xor %
  %15 = train.logical_xor %a, %b : (tensor<2x1x4xf32>, tensor<1x3x4xf32>) -> tensor<2x3x4xf32>
  // CHECK: train.select %
  %16 = train.select %s, %a, %b : (tensor<1x1x1xf32>, tensor<2x1x4xf32>, tensor<1x3x4xf32>) -> tensor<2x3x4xf32>
  return
}

// CHECK-LABEL: @windows
func.func @windows(%x: tensor<2x3x5x5xf32>) {
  // CHECK: train.max_pool {{.*}} {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>} : (tensor<2x3x5x5xf32>) -> (tensor<2x3x2x2xf32>, tensor<2x3x2x2xi8>)
  %y, %i = train.max_pool %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>}
    : (tensor<2x3x5x5xf32>) -> (tensor<2x3x2x2xf32>, tensor<2x3x2x2xi8>)
  // CHECK: train.max_pool_grad
  %0 = train.max_pool_grad %y, %i {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, input_shape = array<i64: 2, 3, 5, 5>, phase = #train.phase<bp>}
    : (tensor<2x3x2x2xf32>, tensor<2x3x2x2xi8>) -> tensor<2x3x5x5xf32>
  // CHECK: train.max_pool_take
  %3 = train.max_pool_take %x, %i {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, phase = #train.phase<bp>}
    : (tensor<2x3x5x5xf32>, tensor<2x3x2x2xi8>) -> tensor<2x3x2x2xf32>
  // Windows that leave the input, and none that begins beyond it.
  // CHECK: train.max_pool {{.*}} {ceil_mode, kernel = array<i64: 2, 2>, strides = array<i64: 2, 3>}
  %z, %j = train.max_pool %x {ceil_mode, kernel = array<i64: 2, 2>, strides = array<i64: 2, 3>}
    : (tensor<2x3x5x5xf32>) -> (tensor<2x3x3x2xf32>, tensor<2x3x3x2xi8>)
  // CHECK: train.avg_pool {{.*}} {count_include_pad, kernel = array<i64: 3, 3>, pads = array<i64: 1, 1, 1, 1>}
  %1 = train.avg_pool %x {kernel = array<i64: 3, 3>, pads = array<i64: 1, 1, 1, 1>, count_include_pad}
    : (tensor<2x3x5x5xf32>) -> tensor<2x3x5x5xf32>
  // CHECK: train.avg_pool_grad
  %2 = train.avg_pool_grad %1 {kernel = array<i64: 3, 3>, pads = array<i64: 1, 1, 1, 1>, count_include_pad, input_shape = array<i64: 2, 3, 5, 5>, phase = #train.phase<bp>}
    : (tensor<2x3x5x5xf32>) -> tensor<2x3x5x5xf32>
  return
}

// CHECK-LABEL: @losses
// CHECK-SAME: {train.name = "image"}
// CHECK-SAME: -> (tensor<f32> {train.name = "loss"})
func.func @losses(%x: tensor<2x5xf32> {train.name = "image"}, %labels: tensor<2xi32>) -> (tensor<f32> {train.name = "loss"}) {
  // CHECK: train.softmax
  %0 = train.softmax %x : (tensor<2x5xf32>) -> tensor<2x5xf32>
  // CHECK: train.softmax_grad
  %1 = train.softmax_grad %x, %0 {phase = #train.phase<bp>} : (tensor<2x5xf32>, tensor<2x5xf32>) -> tensor<2x5xf32>
  // CHECK: train.cross_entropy
  %loss, %losses = train.cross_entropy %x, %labels : (tensor<2x5xf32>, tensor<2xi32>) -> (tensor<f32>, tensor<2xf32>)
  // CHECK: train.cross_entropy_grad {{.*}} {loss_scale = 1.280000e+02 : f32, phase = #train.phase<bp>}
  %2 = train.cross_entropy_grad %x, %labels {loss_scale = 128.0 : f32, phase = #train.phase<bp>}
    : (tensor<2x5xf32>, tensor<2xi32>) -> tensor<2x5xf32>
  // CHECK: %[[MASK:.*]], %{{.*}}, %{{.*}} = train.keep %{{.*}} : (tensor<2xf32>) -> (tensor<2xf32>, tensor<2xi32>, tensor<1xi32>)
  %mask, %kept, %count = train.keep %losses : (tensor<2xf32>) -> (tensor<2xf32>, tensor<2xi32>, tensor<1xi32>)
  // CHECK: train.drop %{{.*}}, %[[MASK]] {phase = #train.phase<bp>, train.kept_only, train.over_kept}
  %3 = train.drop %2, %mask {phase = #train.phase<bp>, train.kept_only, train.over_kept} : (tensor<2x5xf32>, tensor<2xf32>) -> tensor<2x5xf32>
  return %loss : tensor<f32>
}

// CHECK-LABEL: @update
func.func @update(%w: tensor<4xf32>, %v: tensor<4x!fp8>, %dw: tensor<4xf32>) {
  // CHECK: train.sgd {{.*}} {phase = #train.phase<up>, rounding = #num.rounding<nearest_even>}
  %w2, %v2 = train.sgd %w, %v, %dw {phase = #train.phase<up>, rounding = #rne}
    : (tensor<4xf32>, tensor<4x!fp8>, tensor<4xf32>) -> (tensor<4xf32>, tensor<4x!fp8>)
  return
}

// CHECK-LABEL: @updates
func.func @updates(%w: tensor<4xf32>, %m: tensor<4xf32>, %v: tensor<4xf32>, %dw: tensor<4xf32>) {
  // CHECK: %[[SUM:.*]] = train.square_sum %{{.*}} {loss_scale = 8.000000e+00 : f32, micro_batches = 2 : i64}
  %sum = train.square_sum %dw {loss_scale = 8.0 : f32, micro_batches = 2 : i64} : (tensor<4xf32>) -> tensor<f32>
  // CHECK: train.square_sum %{{.*}}, %[[SUM]]
  %total = train.square_sum %dw, %sum : (tensor<4xf32>, tensor<f32>) -> tensor<f32>
  // CHECK: %[[FACTOR:.*]] = train.clip_factor
  %factor = train.clip_factor %total : (tensor<f32>) -> tensor<f32>
  // CHECK: train.adagrad %{{.*}}, %[[FACTOR]] {decay_scale = 0.000000e+00 : f32, lr_scale = 5.000000e-01 : f32}
  %w1, %h1 = train.adagrad %w, %v, %dw, %factor {lr_scale = 0.5 : f32, decay_scale = 0.0 : f32}
    : (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<f32>) -> (tensor<4xf32>, tensor<4xf32>)
  // CHECK: train.adam %{{.*}} {decoupled}
  %w2, %m2, %v2 = train.adam %w, %m, %v, %dw {decoupled}
    : (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
  // CHECK: train.accumulate
  %acc = train.accumulate %m, %dw : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  // CHECK: train.drain
  %zero, %all = train.drain %acc, %dw : (tensor<4xf32>, tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>)
  return
}

// CHECK-LABEL: @groups
func.func @groups(%w: tensor<12x8x3x3xf32>, %groups: tensor<2x1x3x3xf32>, %means: tensor<2x1x3x3xf32>, %numbers: tensor<3xf32>, %f: tensor<f32>) {
  // CHECK: %[[PULL:.*]], %{{.*}}, %{{.*}} = train.group_pull
  %pull, %mean, %norm = train.group_pull %groups, %w, %numbers {phase = #train.phase<up>}
    : (tensor<2x1x3x3xf32>, tensor<12x8x3x3xf32>, tensor<3xf32>) -> (tensor<2x1x3x3xf32>, tensor<2x1x3x3xf32>, tensor<2x1x3x3xf32>)
  // CHECK: train.sgd %{{.*}}, %{{.*}}, %{{.*}} pull %[[PULL]] {phase = #train.phase<up>}
  %w1, %v1 = train.sgd %w, %w, %w pull %pull {phase = #train.phase<up>}
    : (tensor<12x8x3x3xf32>, tensor<12x8x3x3xf32>, tensor<12x8x3x3xf32>, tensor<2x1x3x3xf32>) -> (tensor<12x8x3x3xf32>, tensor<12x8x3x3xf32>)
  // CHECK: train.adam %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} pull %[[PULL]] {phase = #train.phase<up>}
  %w2, %m2, %v2 = train.adam %w, %w, %w, %w, %f pull %pull {phase = #train.phase<up>}
    : (tensor<12x8x3x3xf32>, tensor<12x8x3x3xf32>, tensor<12x8x3x3xf32>, tensor<12x8x3x3xf32>, tensor<f32>, tensor<2x1x3x3xf32>) -> (tensor<12x8x3x3xf32>, tensor<12x8x3x3xf32>, tensor<12x8x3x3xf32>)
  // CHECK: train.group_refresh
  %groups1, %means1 = train.group_refresh %groups, %means, %w, %numbers {phase = #train.phase<up>}
    : (tensor<2x1x3x3xf32>, tensor<2x1x3x3xf32>, tensor<12x8x3x3xf32>, tensor<3xf32>) -> (tensor<2x1x3x3xf32>, tensor<2x1x3x3xf32>)
  return
}

// CHECK-LABEL: @previews
func.func @previews(%x: tensor<4xf32>, %v: tensor<4xf32>, %h: tensor<4xf32>, %dx: tensor<4xf32>, %r: tensor<f32>, %t: tensor<i32>) {
  // CHECK: train.preview_adagrad {{.*}} {decay_factor = 2.500000e-01 : f32, epsilon = 1.000000e+00 : f32, norm_coefficient = 5.000000e-01 : f32}
  %x1, %h1 = train.preview_adagrad %x, %h, %dx, %r, %t {norm_coefficient = 0.5 : f32, decay_factor = 0.25 : f32, epsilon = 1.0 : f32}
    : (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<f32>, tensor<i32>) -> (tensor<4xf32>, tensor<4xf32>)
  // CHECK: train.preview_momentum {{.*}} {alpha = 5.000000e-01 : f32, beta = 2.500000e-01 : f32, nesterov, norm_coefficient = 0.000000e+00 : f32} : (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<f32>)
  %x2, %v2 = train.preview_momentum %x, %v, %dx, %r {norm_coefficient = 0.0 : f32, alpha = 0.5 : f32, beta = 0.25 : f32, nesterov}
    : (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<f32>) -> (tensor<4xf32>, tensor<4xf32>)
  // CHECK: train.preview_adam {{.*}} norm_coefficient_post = 1.250000e-01 : f32}
  %x3, %v3, %h3 = train.preview_adam %x, %v, %h, %dx, %r, %t
    {norm_coefficient = 0.0 : f32, alpha = 0.5 : f32, beta = 0.25 : f32, epsilon = 1.0 : f32, norm_coefficient_post = 0.125 : f32}
    : (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<f32>, tensor<i32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
  return
}

// CHECK-LABEL: @forms
func.func @forms(%loss: tensor<f32>, %x: tensor<2x4xf32>, %w: tensor<2xf32>) {
  // CHECK: %[[DW:.*]] = train.derivative of %{{.*}} by %{{.*}} hold %{{.*}} : (tensor<f32>, tensor<2xf32>, tensor<2x4xf32>) -> tensor<2xf32>
  %dw = train.derivative of %loss by %w hold %x : (tensor<f32>, tensor<2xf32>, tensor<2x4xf32>) -> tensor<2xf32>
  // CHECK: train.gradient @inline, %[[DW]] : tensor<2xf32>
  train.gradient @inline, %dw : tensor<2xf32>
  return
}

// CHECK-LABEL: @scale
func.func @scale(%state: tensor<4xf32>) {
  // CHECK: train.clear_saturations {phase = #train.phase<bp>}
  train.clear_saturations {phase = #train.phase<bp>}
  // CHECK: train.seed {{.*}}: () -> tensor<f32>
  %seed = train.seed {loss_scale = 4.0 : f32} : () -> tensor<f32>
  // CHECK: %[[COUNT:.*]] = train.saturations
  %count = train.saturations {phase = #train.phase<up>} : () -> tensor<1xf32>
  // CHECK: train.loss_scale_update %{{.*}}, %[[COUNT]] {interval = 100 : i64}
  %next, %factor = train.loss_scale_update %state, %count {interval = 100 : i64} : (tensor<4xf32>, tensor<1xf32>) -> (tensor<4xf32>, tensor<f32>)
  return
}

// CHECK-LABEL: @mixing
func.func @mixing(%x: tensor<8xf32>, %t: tensor<1xf32>, %control: tensor<4xf32>, %loss: tensor<f32>) {
  // CHECK: %{{.*}}, %[[H:.*]] = train.classify
  %y, %histogram = train.classify %x, %t {low = 0.5 : f32, rounding = #rne}
    : (tensor<8xf32>, tensor<1xf32>) -> (tensor<8x!num.mixed<<5, 2, 15, reserved, flush>, <5, 10, 15, reserved, gradual>>>, tensor<128xi32>)
  // CHECK: train.threshold %{{.*}}, %[[H]]
  %t2 = train.threshold %t, %histogram, %control : (tensor<1xf32>, tensor<128xi32>, tensor<4xf32>) -> tensor<1xf32>
  // CHECK: train.share_target
  %c2 = train.share_target %control, %loss {period = 64 : i64, improvement = 0.5 : f32, growth = 1.25 : f32, largest = 0.5 : f32}
    : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  return
}

// CHECK-LABEL: @moves
func.func @moves(%x: tensor<2x3xf32>, %table: tensor<2x3x4xf32>, %i: tensor<5xi32>) {
  // CHECK: train.constant dense<2.000000e+00> : tensor<1x3xf32>
  %two = train.constant dense<2.0> : tensor<1x3xf32>
  // CHECK: train.expand %{{.*}} {shape = array<i64: 2, 3>}
  %0 = train.expand %two {shape = array<i64: 2, 3>} : (tensor<1x3xf32>) -> tensor<2x3xf32>
  // CHECK: train.transpose %{{.*}} {perm = array<i64: 1, 0>}
  %1 = train.transpose %x {perm = array<i64: 1, 0>} : (tensor<2x3xf32>) -> tensor<3x2xf32>
  // CHECK: train.slice %{{.*}} {sizes = array<i64: 1, 2>, starts = array<i64: 0, 2>, steps = array<i64: 1, -1>}
  %2 = train.slice %x {starts = array<i64: 0, 2>, sizes = array<i64: 1, 2>, steps = array<i64: 1, -1>} : (tensor<2x3xf32>) -> tensor<1x2xf32>
  // CHECK: train.concat %{{.*}}, %{{.*}} {axis = 0 : i64}
  %3 = train.concat %x, %two {axis = 0 : i64} : (tensor<2x3xf32>, tensor<1x3xf32>) -> tensor<3x3xf32>
  // CHECK: train.pad %{{.*}} {high = array<i64: 1, 0>, low = array<i64: 0, -1>, value = 5.000000e-01 : f32}
  %4 = train.pad %x {low = array<i64: 0, -1>, high = array<i64: 1, 0>, value = 0.5 : f32} : (tensor<2x3xf32>) -> tensor<3x2xf32>
  // CHECK: train.gather
  %5 = train.gather %table, %i : (tensor<2x3x4xf32>, tensor<5xi32>) -> tensor<2x5x4xf32>
  // CHECK: train.scatter_add %{{.*}}, %{{.*}} {rows = 3 : i64}
  %6 = train.scatter_add %5, %i {rows = 3 : i64} : (tensor<2x5x4xf32>, tensor<5xi32>) -> tensor<2x3x4xf32>
  return
}

// CHECK-LABEL: @integers
func.func @integers(%i: tensor<5xi32>) {
  // CHECK: %[[F:.*]] = train.to_float %{{.*}} : (tensor<5xi32>) -> tensor<5xf32>
  %0 = train.to_float %i : (tensor<5xi32>) -> tensor<5xf32>
  // CHECK: train.to_integer %[[F]] : (tensor<5xf32>) -> tensor<5xi32>
  %1 = train.to_integer %0 : (tensor<5xf32>) -> tensor<5xi32>
  return
}

// CHECK-LABEL: @reductions
func.func @reductions(%x: tensor<4x8x5xf32>) {
  // CHECK: %[[MEAN:.*]] = train.reduce_mean %{{.*}} {axes = array<i64: 0, 2>} : (tensor<4x8x5xf32>) -> tensor<1x8x1xf32>
  %mean = train.reduce_mean %x {axes = array<i64: 0, 2>} : (tensor<4x8x5xf32>) -> tensor<1x8x1xf32>
  // CHECK: %[[VAR:.*]] = train.variance %{{.*}}, %[[MEAN]] {axes = array<i64: 0, 2>}
  %var = train.variance %x, %mean {axes = array<i64: 0, 2>} : (tensor<4x8x5xf32>, tensor<1x8x1xf32>) -> tensor<1x8x1xf32>
  // CHECK: train.statistics %{{.*}} : (tensor<4x8x5xf32>) -> (tensor<1x8x1xf32>, tensor<1x8x1xf32>)
  %statistics:2 = train.statistics %x : (tensor<4x8x5xf32>) -> (tensor<1x8x1xf32>, tensor<1x8x1xf32>)
  // CHECK: train.variance_grad %[[VAR]], %{{.*}}, %[[MEAN]] {count = 20 : i64}
  %0 = train.variance_grad %var, %x, %mean {count = 20 : i64} : (tensor<1x8x1xf32>, tensor<4x8x5xf32>, tensor<1x8x1xf32>) -> tensor<4x8x5xf32>
  // CHECK: train.spread %[[MEAN]] {divisor = 2.000000e+01 : f32, shape = array<i64: 4, 8, 5>}
  %1 = train.spread %mean {divisor = 20.0 : f32, shape = array<i64: 4, 8, 5>} : (tensor<1x8x1xf32>) -> tensor<4x8x5xf32>
  // CHECK: train.reduce_sum
  %2 = train.reduce_sum %x {axes = array<i64: 1>} : (tensor<4x8x5xf32>) -> tensor<4x1x5xf32>
  // CHECK: train.reduce_sum_square
  %3 = train.reduce_sum_square %x {axes = array<i64: 1>} : (tensor<4x8x5xf32>) -> tensor<4x1x5xf32>
  // CHECK: train.reduce_sum_abs
  %4 = train.reduce_sum_abs %x {axes = array<i64: 1>} : (tensor<4x8x5xf32>) -> tensor<4x1x5xf32>
  // CHECK: train.reduce_max
  %5 = train.reduce_max %x {axes = array<i64: 1>} : (tensor<4x8x5xf32>) -> tensor<4x1x5xf32>
  // CHECK: train.reduce_min
  %6 = train.reduce_min %x {axes = array<i64: 1>} : (tensor<4x8x5xf32>) -> tensor<4x1x5xf32>
  // CHECK: train.reduce_prod
  %7 = train.reduce_prod %x {axes = array<i64: 1>} : (tensor<4x8x5xf32>) -> tensor<4x1x5xf32>
  return
}

// CHECK-LABEL: @normalizations
func.func @normalizations(%x: tensor<4x8xf32>, %c: tensor<1x8xf32>) {
  // CHECK: train.normalize %{{.*}} {axes = array<i64: 0>, epsilon = 5.000000e-01 : f32}
  %0 = train.normalize %x, %c, %c, %c, %c {axes = array<i64: 0>, epsilon = 0.5 : f32}
    : (tensor<4x8xf32>, tensor<1x8xf32>, tensor<1x8xf32>, tensor<1x8xf32>, tensor<1x8xf32>) -> tensor<4x8xf32>
  // CHECK: %[[SUM:.*]], %[[PRODUCTS:.*]] = train.normalize_sums
  %sum, %products = train.normalize_sums %x, %x, %c, %c {axes = array<i64: 0>, epsilon = 0.5 : f32}
    : (tensor<4x8xf32>, tensor<4x8xf32>, tensor<1x8xf32>, tensor<1x8xf32>) -> (tensor<1x8xf32>, tensor<1x8xf32>)
  // CHECK: train.normalize_grad %{{.*}}, %[[SUM]], %[[PRODUCTS]] {count = 4 : i64
  %1 = train.normalize_grad %x, %x, %c, %c, %sum, %products {count = 4 : i64, epsilon = 0.5 : f32}
    : (tensor<4x8xf32>, tensor<4x8xf32>, tensor<1x8xf32>, tensor<1x8xf32>, tensor<1x8xf32>, tensor<1x8xf32>) -> tensor<4x8xf32>
  // CHECK: train.normalize_fixed_grad
  %2 = train.normalize_fixed_grad %x, %c, %c {epsilon = 0.5 : f32} : (tensor<4x8xf32>, tensor<1x8xf32>, tensor<1x8xf32>) -> tensor<4x8xf32>
  // CHECK: train.moving_average %{{.*}} {momentum = 7.500000e-01 : f32}
  %3 = train.moving_average %c, %c {momentum = 0.75 : f32} : (tensor<1x8xf32>, tensor<1x8xf32>) -> tensor<1x8xf32>
  // CHECK: train.dropout %{{.*}} {ratio = 2.500000e-01 : f32, seed = 3 : i32, stream = 7 : i32}
  %4 = train.dropout %x {ratio = 0.25 : f32, seed = 3 : i32, stream = 7 : i32} : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// CHECK-LABEL: @likelihoods
func.func @likelihoods(%x: tensor<4x8xf32>, %labels: tensor<4xi32>, %weights: tensor<8xf32>) {
  // CHECK: %[[Y:.*]] = train.log_softmax
  %0 = train.log_softmax %x : (tensor<4x8xf32>) -> tensor<4x8xf32>
  // CHECK: train.log_softmax_grad %{{.*}}, %[[Y]]
  %1 = train.log_softmax_grad %x, %0 : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  // CHECK: %[[L:.*]], %{{.*}} = train.nll %[[Y]], %{{.*}}, %{{.*}} {ignore = 2 : i32}
  %losses, %shares = train.nll %0, %labels, %weights {ignore = 2 : i32} : (tensor<4x8xf32>, tensor<4xi32>, tensor<8xf32>) -> (tensor<4xf32>, tensor<4xf32>)
  // CHECK: train.nll_grad %[[L]], %{{.*}} {classes = 8 : i64}
  %2 = train.nll_grad %losses, %labels {classes = 8 : i64} : (tensor<4xf32>, tensor<4xi32>) -> tensor<4x8xf32>
  return
}
