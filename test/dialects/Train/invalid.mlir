// RUN: slp-opt %s --split-input-file --verify-diagnostics

func.func @f(%x: tensor<2xf32>) {
  // expected-error @below {{expected train.names to be one string per result, found ["a", "b"]}}
  %0 = train.relu %x {train.names = ["a", "b"]} : (tensor<2xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @streams(%x: tensor<2xf32>) {
  // expected-error @below {{expected train.streams to be one number of 24 bits per result, found array<i64: 0, 1>}}
  %0 = train.relu %x {train.streams = array<i64: 0, 1>} : (tensor<2xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @large_stream(%x: tensor<2xf32>) {
  // expected-error @below {{expected train.streams to be one number of 24 bits per result, found array<i64: 16777216>}}
  %0 = train.relu %x {train.streams = array<i64: 16777216>} : (tensor<2xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @f(%x: tensor<2xf32>) {
  // expected-error @below {{has an attribute "train.mood", unknown to train}}
  %0 = train.relu %x {train.mood = "good"} : (tensor<2xf32>) -> tensor<2xf32>
  return
}

// -----

// expected-error @below {{expected train.model to be a file name, found 3 : i64}}
module attributes {train.model = 3 : i64} {}

// -----

// expected-error @below {{expected train.precision to be a dictionary, found "fp8"}}
module attributes {train.precision = "fp8"} {}

// -----

// expected-error @below {{expected model_hash to be a hexadecimal number of 64 bits, found "xyz"}}
module attributes {train.precision = {model_hash = "xyz"}} {}

// -----

// expected-error @below {{expected train.name to be a string, found 1 : i64}}
func.func private @f(tensor<2xf32> {train.name = 1})

// -----

// expected-error @below {{has an attribute train.title of a result, unknown to train}}
func.func private @f() -> (tensor<2xf32> {train.title = "y"})

// -----

// expected-error @below {{expected train.role to be labels or targets, found "loss"}}
func.func private @f(tensor<2xf32> {train.role = "loss"})

// -----

// expected-error @below {{expected train.role to be loss or logits, found "labels"}}
func.func private @f() -> (tensor<2xf32> {train.role = "labels"})

// -----

// expected-error @below {{expected train.classes to be a number of at least 1 in i64, found 0 : i64}}
func.func private @f(tensor<2xi32> {train.classes = 0 : i64})

// -----

// expected-error @below {{expected train.ignore to be a label in i32, found -100 : i64}}
func.func private @f(tensor<2xi32> {train.ignore = -100 : i64})

// -----

// expected-error @below {{expected train.places to be numbers of at least 1 in array<i64>, found array<i64: 5, 0>}}
func.func private @f(tensor<2xi32> {train.places = array<i64: 5, 0>})

// -----

// expected-error @below {{expected train.class_axis to be a dimension in i64, found -1 : i64}}
func.func private @f() -> (tensor<2x3xf32> {train.class_axis = -1 : i64})

// -----

// expected-error @below {{expected train.evaluated to be a unit, found true}}
func.func private @f() -> (tensor<f32> {train.evaluated = true})

// -----

// expected-error @below {{has an attribute train.class_axis of an argument, unknown to train}}
func.func private @f(tensor<2x3xf32> {train.class_axis = 1 : i64})

// -----

// expected-error @below {{expected a rounding for a state of 'tensor<2x!num.float<5, 2, 15, none, flush>>'}}
train.state @w : tensor<2x!num.float<5, 2, 15, none, flush>>

// -----

// expected-error @below {{expected no rounding: the state is f32}}
train.state @w : tensor<2xf32> {rounding = #num.rounding<half_away>}

// -----

// expected-error @below {{is a copy of @w, which is not a train.state}}
train.state @c copy_of @w : tensor<2x!num.float<5, 2, 15, none, flush>> {rounding = #num.rounding<nearest_even>}

// -----

train.state @w : tensor<2xf32>
train.state @c copy_of @w : tensor<2x!num.float<5, 2, 15, none, flush>> {rounding = #num.rounding<nearest_even>}
// expected-error @below {{is a copy of @c, which is a copy itself}}
train.state @d copy_of @c : tensor<2x!num.float<5, 2, 15, none, flush>> {rounding = #num.rounding<nearest_even>}

// -----

train.state @w : tensor<2xf32>
// expected-error @below {{expected the shape of what it is a copy of, 'tensor<2xf32>', found 'tensor<3x!num.float<5, 2, 15, none, flush>>'}}
train.state @c copy_of @w : tensor<3x!num.float<5, 2, 15, none, flush>> {rounding = #num.rounding<nearest_even>}

// -----

train.state @w : tensor<2xf32>
// expected-error @below {{is a copy, expected no initial value and no random numbers}}
train.state @c copy_of @w : tensor<2x!num.float<5, 2, 15, none, flush>> {rounding = #num.rounding<stochastic>}

// -----

// expected-error @below {{expected an initial value of #train.file, #train.random or a dense f32 attribute, found 3 : i32}}
train.state @w : tensor<2xf32> {init = 3 : i32}

// -----

// expected-error @below {{expected an initial value of shape 'tensor<2xf32>', found 'tensor<3xf32>'}}
train.state @w : tensor<2xf32> {init = dense<1.0> : tensor<3xf32>}

// -----

// expected-error @below {{expected at most 4096 bytes of inline initial value, found 4100}}
train.state @w : tensor<1025xf32> {init = dense<"0x0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F00000040"> : tensor<1025xf32>}

// -----

func.func @f() {
  // expected-error @below {{names @w, which is not a train.state}}
  %0 = train.read @w : tensor<2xf32>
  return
}

// -----

// expected-note @below {{state defined here}}
train.state @w : tensor<2xf32>
func.func @f() {
  // expected-error @below {{expected the state's type 'tensor<2xf32>', found 'tensor<3xf32>'}}
  %0 = train.read @w : tensor<3xf32>
  return
}

// -----

// expected-note @below {{state defined here}}
train.state @w : tensor<2xf32>
func.func @f(%x: tensor<3xf32>) {
  // expected-error @below {{expected the state's type 'tensor<2xf32>', found 'tensor<3xf32>'}}
  train.write @w, %x : tensor<3xf32>
  return
}

// -----

train.state @w : tensor<2xf32>
func.func @f(%x: tensor<2xf32>) {
  // expected-note @below {{first write here}}
  train.write @w, %x : tensor<2xf32>
  // expected-error @below {{is a second write of @w}}
  train.write @w, %x : tensor<2xf32>
  return
}

// -----

func.func @f(%x: tensor<2xf32>) {
  // expected-error @below {{expected a rounding for a result of 'tensor<2x!num.float<5, 2, 15, none, flush>>'}}
  %0 = train.round %x : (tensor<2xf32>) -> tensor<2x!num.float<5, 2, 15, none, flush>>
  return
}

// -----

func.func @f(%x: tensor<2xf32>) {
  // expected-error @below {{expected no rounding: every result is f32}}
  %0 = train.relu %x {rounding = #num.rounding<half_away>} : (tensor<2xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @f(%a: tensor<2x2xf32>) {
  // expected-error @below {{expected no rounding: the accumulator has its own}}
  %0 = train.matmul %a, %a {rounding = #num.rounding<half_away>} : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error @below {{expected result #0 of type 'tensor<2x3xf32>', found 'tensor<3x2xf32>'}}
  %0 = train.relu %x : (tensor<2x3xf32>) -> tensor<3x2xf32>
  return
}

// -----

func.func @f(%losses: tensor<2x3xf32>) {
  // expected-error @below {{expected losses of rank 1}}
  %0, %1, %2 = train.keep %losses : (tensor<2x3xf32>) -> (tensor<2x3xf32>, tensor<2x3xi32>, tensor<1xi32>)
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %mask: tensor<3xf32>) {
  // expected-error @below {{expected a mask of the images of 'tensor<2x3xf32>', found 'tensor<3xf32>'}}
  %0 = train.drop %x, %mask : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %mask: tensor<2xf32>) {
  // expected-error @below {{expected train.over_kept to be a unit on an op of BP or WG, found unit}}
  %0 = train.drop %x, %mask {train.over_kept} : (tensor<2x3xf32>, tensor<2xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %mask: tensor<2xf32>) {
  // expected-error @below {{has train.kept_only, expected train.over_kept too}}
  %0 = train.drop %x, %mask {phase = #train.phase<bp>, train.kept_only} : (tensor<2x3xf32>, tensor<2xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %l: tensor<2xi32>) {
  // expected-error @below {{expected a power of two as loss_scale, found 3.0}}
  %0 = train.cross_entropy_grad %x, %l {loss_scale = 3.0 : f32} : (tensor<2x3xf32>, tensor<2xi32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2xf32>) {
  // expected-error @below {{expected a power of two as loss_scale, found -2.0}}
  %0, %1 = train.sgd %x, %x, %x {loss_scale = -2.0 : f32} : (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>)
  return
}

// -----

func.func @f(%a: tensor<2x2x!num.float<5, 10, 15, none, gradual>>) {
  // expected-error @below {{expected f32 before precision is assigned, found '!num.float<5, 10, 15, none, gradual>'}}
  %0 = train.matmul %a, %a : (tensor<2x2x!num.float<5, 10, 15, none, gradual>>, tensor<2x2x!num.float<5, 10, 15, none, gradual>>) -> tensor<2x2x!num.float<5, 10, 15, none, gradual>>
  return
}

// -----

func.func @f(%a: tensor<2x2x!num.float<5, 10, 15, none, gradual>>) {
  // expected-error @below {{expected a result in the accumulator's format 'f32', found '!num.float<5, 10, 15, none, gradual>'}}
  %0 = train.matmul %a, %a {accumulate = #num.accumulate<dot = 8, format = f32, rounding = nearest_even, across = f32>} : (tensor<2x2x!num.float<5, 10, 15, none, gradual>>, tensor<2x2x!num.float<5, 10, 15, none, gradual>>) -> tensor<2x2x!num.float<5, 10, 15, none, gradual>>
  return
}

// -----

func.func @f(%x: tensor<4x6x6xf32>, %w: tensor<6x4x3x3xf32>) {
  // expected-error @below {{expected an input of rank 4, found 'tensor<4x6x6xf32>'}}
  %0 = train.conv %x, %w : (tensor<4x6x6xf32>, tensor<6x4x3x3xf32>) -> tensor<2x6x4x4xf32>
  return
}

// -----

func.func @f(%x: tensor<2x4x6x6xf32>, %w: tensor<6x4xf32>) {
  // expected-error @below {{expected weights of rank 4, found 'tensor<6x4xf32>'}}
  %0 = train.conv %x, %w : (tensor<2x4x6x6xf32>, tensor<6x4xf32>) -> tensor<2x6x4x4xf32>
  return
}

// -----

func.func @f(%x: tensor<2x4x6x6xf32>, %w: tensor<6x4x3x3xf32>) {
  // expected-error @below {{expected two strides of at least 1}}
  %0 = train.conv %x, %w {strides = array<i64: 1>} : (tensor<2x4x6x6xf32>, tensor<6x4x3x3xf32>) -> tensor<2x6x4x4xf32>
  return
}

// -----

func.func @f(%x: tensor<2x4x6x6xf32>, %w: tensor<6x4x3x3xf32>) {
  // expected-error @below {{expected two dilations of at least 1}}
  %0 = train.conv %x, %w {dilations = array<i64: 0, 1>} : (tensor<2x4x6x6xf32>, tensor<6x4x3x3xf32>) -> tensor<2x6x4x4xf32>
  return
}

// -----

func.func @f(%x: tensor<2x4x6x6xf32>, %w: tensor<6x4x3x3xf32>) {
  // expected-error @below {{expected four pads, those above and on the left at least 0}}
  %0 = train.conv %x, %w {pads = array<i64: 0, -1, 0, 0>} : (tensor<2x4x6x6xf32>, tensor<6x4x3x3xf32>) -> tensor<2x6x4x4xf32>
  return
}

// -----

func.func @f(%x: tensor<2x4x6x6xf32>, %w: tensor<6x4x3x3xf32>) {
  // expected-error @below {{expected a group that divides the 4 input and 6 output channels, found 3}}
  %0 = train.conv %x, %w {group = 3} : (tensor<2x4x6x6xf32>, tensor<6x4x3x3xf32>) -> tensor<2x6x4x4xf32>
  return
}

// -----

func.func @f(%x: tensor<2x4x6x6xf32>, %w: tensor<6x4x3x3xf32>) {
  // expected-error @below {{expected weights for 2 input channels, found 4}}
  %0 = train.conv %x, %w {group = 2} : (tensor<2x4x6x6xf32>, tensor<6x4x3x3xf32>) -> tensor<2x6x4x4xf32>
  return
}

// -----

func.func @f(%x: tensor<2x4x6x6xf32>, %w: tensor<6x4x3x3xf32>) {
  // expected-error @below {{expected an input of at least the kernel's size, found 6x6 for a kernel of 3x3}}
  %0 = train.conv %x, %w {dilations = array<i64: 3, 1>} : (tensor<2x4x6x6xf32>, tensor<6x4x3x3xf32>) -> tensor<2x6x4x4xf32>
  return
}

// -----

func.func @f(%x: tensor<2x4x6x6xf32>, %w: tensor<6x4x3x3xf32>, %b: tensor<5xf32>) {
  // expected-error @below {{expected a bias of 6 elements, found 'tensor<5xf32>'}}
  %0 = train.conv %x, %w, %b : (tensor<2x4x6x6xf32>, tensor<6x4x3x3xf32>, tensor<5xf32>) -> tensor<2x6x4x4xf32>
  return
}

// -----

func.func @f(%x: tensor<2x4x6x6xf32>, %w: tensor<6x4x3x3xf32>, %b: tensor<6xf32>, %y: tensor<2x6x4x4xf32>) {
  // expected-error @below {{expected a bias or a first value for each result, found both}}
  %0 = train.conv %x, %w, %b init %y : (tensor<2x4x6x6xf32>, tensor<6x4x3x3xf32>, tensor<6xf32>, tensor<2x6x4x4xf32>) -> tensor<2x6x4x4xf32>
  return
}

// -----

func.func @f(%x: tensor<2x4x6x6xf32>, %w: tensor<6x4x3x3xf32>, %y: tensor<2x6x4x3xf32>) {
  // expected-error @below {{expected first values of shape 'tensor<2x6x4x4xf32>', found 'tensor<2x6x4x3xf32>'}}
  %0 = train.conv %x, %w init %y : (tensor<2x4x6x6xf32>, tensor<6x4x3x3xf32>, tensor<2x6x4x3xf32>) -> tensor<2x6x4x4xf32>
  return
}

// -----

func.func @f(%x: tensor<2x4x6x6xf32>, %w: tensor<9x4x3x3xf32>, %d: tensor<2x1x4x4xf32>) {
  // expected-error @below {{expected a gate mask of shape 'tensor<2x2x4x4xf32>', found 'tensor<2x1x4x4xf32>'}}
  %0 = train.conv %x, %w gate %d : (tensor<2x4x6x6xf32>, tensor<9x4x3x3xf32>, tensor<2x1x4x4xf32>) -> tensor<2x9x4x4xf32>
  return
}

// -----

func.func @f(%dy: tensor<2x6x4x4xf32>, %w: tensor<6x9x3x3xf32>, %g: tensor<1x1x3x3xf32>) {
  // expected-error @below {{expected a groups mask of shape 'tensor<1x2x3x3xf32>', found 'tensor<1x1x3x3xf32>'}}
  %0 = train.conv_bp %dy, %w groups %g {input_shape = array<i64: 2, 9, 6, 6>}
    : (tensor<2x6x4x4xf32>, tensor<6x9x3x3xf32>, tensor<1x1x3x3xf32>) -> tensor<2x9x6x6xf32>
  return
}

// -----

func.func @f(%x: tensor<2x4x6x6xf32>, %dy: tensor<2x6x4x4xf32>, %g: tensor<1x1x3x3xf32>) {
  // expected-error @below {{expected no groups of a convolution in 2 groups}}
  %0 = train.conv_wg %x, %dy groups %g {kernel = array<i64: 3, 3>, group = 2}
    : (tensor<2x4x6x6xf32>, tensor<2x6x4x4xf32>, tensor<1x1x3x3xf32>) -> tensor<6x2x3x3xf32>
  return
}

// -----

func.func @f(%dy: tensor<2x6x4x4xf32>, %w: tensor<6x4x3x3xf32>) {
  // expected-error @below {{expected an input shape of rank 4}}
  %0 = train.conv_bp %dy, %w {input_shape = array<i64: 2, 4, 6>} : (tensor<2x6x4x4xf32>, tensor<6x4x3x3xf32>) -> tensor<2x4x6x6xf32>
  return
}

// -----

func.func @f(%dy: tensor<2x6x4x4xf32>, %w: tensor<6x4x3x3xf32>) {
  // expected-error @below {{expected an error of shape 'tensor<2x6x5x4xf32>', found 'tensor<2x6x4x4xf32>'}}
  %0 = train.conv_bp %dy, %w {input_shape = array<i64: 2, 4, 7, 6>} : (tensor<2x6x4x4xf32>, tensor<6x4x3x3xf32>) -> tensor<2x4x7x6xf32>
  return
}

// -----

func.func @f(%x: tensor<2x4x6x6xf32>, %dy: tensor<2x6x4x4xf32>) {
  // expected-error @below {{expected a kernel of two sizes}}
  %0 = train.conv_wg %x, %dy {kernel = array<i64: 3>} : (tensor<2x4x6x6xf32>, tensor<2x6x4x4xf32>) -> tensor<6x4x3x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x4x6x6xf32>, %dy: tensor<2x6x4x4xf32>) {
  // expected-error @below {{expected a group of at least 1, found 0}}
  %0 = train.conv_wg %x, %dy {kernel = array<i64: 3, 3>, group = 0} : (tensor<2x4x6x6xf32>, tensor<2x6x4x4xf32>) -> tensor<6x4x3x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x4x6x6xf32>, %dy: tensor<2x6x4x4xf32>) {
  // expected-error @below {{expected an error of shape 'tensor<2x6x5x4xf32>', found 'tensor<2x6x4x4xf32>'}}
  %0 = train.conv_wg %x, %dy {kernel = array<i64: 2, 3>} : (tensor<2x4x6x6xf32>, tensor<2x6x4x4xf32>) -> tensor<6x4x2x3xf32>
  return
}

// -----

func.func @f(%a: tensor<2x3xf32>, %b: tensor<4x5xf32>) {
  // expected-error @below {{expected equal inner sizes, found 3 and 4}}
  %0 = train.matmul %a, %b : (tensor<2x3xf32>, tensor<4x5xf32>) -> tensor<2x5xf32>
  return
}

// -----

func.func @f(%a: tensor<2x3x4xf32>, %b: tensor<4x5xf32>) {
  // expected-error @below {{expected two matrices or two batches of matrices (rank 2 or 3), found 'tensor<2x3x4xf32>' and 'tensor<4x5xf32>'}}
  %0 = train.matmul %a, %b : (tensor<2x3x4xf32>, tensor<4x5xf32>) -> tensor<2x3x5xf32>
  return
}

// -----

func.func @f(%a: tensor<2x3x4xf32>, %b: tensor<3x4x5xf32>) {
  // expected-error @below {{expected equal batches, found 2 and 3}}
  %0 = train.matmul %a, %b : (tensor<2x3x4xf32>, tensor<3x4x5xf32>) -> tensor<2x3x5xf32>
  return
}

// -----

func.func @f(%a: tensor<2x3x4xf32>, %b: tensor<2x5x6xf32>) {
  // expected-error @below {{expected equal inner sizes, found 4 and 5}}
  %0 = train.matmul %a, %b : (tensor<2x3x4xf32>, tensor<2x5x6xf32>) -> tensor<2x3x6xf32>
  return
}

// -----

func.func @f(%a: tensor<2x3xf32>, %b: tensor<3x5xf32>, %c: tensor<2xf32>) {
  // expected-error @below {{expected a bias of 5 elements, found 'tensor<2xf32>'}}
  %0 = train.matmul %a, %b, %c : (tensor<2x3xf32>, tensor<3x5xf32>, tensor<2xf32>) -> tensor<2x5xf32>
  return
}

// -----

func.func @f(%a: tensor<2x3xf32>, %b: tensor<3x2xf32>) {
  // expected-error @below {{expected operands of one rank and equal sizes or 1, found 'tensor<2x3xf32>', 'tensor<3x2xf32>'}}
  %0 = train.add %a, %b : (tensor<2x3xf32>, tensor<3x2xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @f(%a: tensor<2x3xf32>, %b: tensor<3xf32>) {
  // expected-error @below {{expected operands of one rank and equal sizes or 1, found 'tensor<2x3xf32>', 'tensor<3xf32>'}}
  %0 = train.mul %a, %b : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @f(%a: tensor<2x3xf32>, %b: tensor<1x3xf32>) {
  // expected-error @below {{expected result #0 of type 'tensor<2x3xf32>', found 'tensor<1x3xf32>'}}
  %0 = train.select %a, %b, %b : (tensor<2x3xf32>, tensor<1x3xf32>, tensor<1x3xf32>) -> tensor<1x3xf32>
  return
}

// -----

func.func @f(%a: tensor<2xf32>) {
  // expected-error @below {{requires attribute 'offset'}}
  %0 = train.affine %a {scale = 2.0 : f32} : (tensor<2xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @f(%a: tensor<2xf32>) {
  // expected-error @below {{expected an input of rank 2 or more, found 'tensor<2xf32>'}}
  %0 = train.bias_add %a, %a : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @f(%a: tensor<2x3xf32>, %b: tensor<2xf32>) {
  // expected-error @below {{expected a bias of 3 elements, found 'tensor<2xf32>'}}
  %0 = train.bias_add %a, %b : (tensor<2x3xf32>, tensor<2xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @f(%a: tensor<2x3x4xf32>) {
  // expected-error @below {{expected an error of rank 2 or 4, found 'tensor<2x3x4xf32>'}}
  %0 = train.bias_grad %a : (tensor<2x3x4xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @f(%a: tensor<2x3xf32>) {
  // expected-error @below {{expected the same element type and number of elements, found 'tensor<2x3xf32>' and 'tensor<5xf32>'}}
  %0 = train.reshape %a : (tensor<2x3xf32>) -> tensor<5xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3x4x4xf32>) {
  // expected-error @below {{expected two kernel sizes, strides and dilations of at least 1 and}}
  %0 = train.avg_pool %x {kernel = array<i64: 2>} : (tensor<2x3x4x4xf32>) -> tensor<2x3x2x2xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error @below {{expected an input of rank 4, found rank 2}}
  %0 = train.avg_pool %x {kernel = array<i64: 2, 2>} : (tensor<2x3xf32>) -> tensor<2x3x2x2xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3x4x4xf32>) {
  // expected-error @below {{expected pads smaller than the kernel}}
  %0 = train.avg_pool %x {kernel = array<i64: 2, 2>, pads = array<i64: 2, 0, 0, 0>} : (tensor<2x3x4x4xf32>) -> tensor<2x3x2x2xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3x4x4xf32>) {
  // expected-error @below {{expected an input of at least the kernel's size, found 4x4 for a kernel of 5x2}}
  %0 = train.avg_pool %x {kernel = array<i64: 5, 2>} : (tensor<2x3x4x4xf32>) -> tensor<2x3x2x2xf32>
  return
}

// -----

func.func @f(%x: tensor<1x1x17x17xf32>) {
  // expected-error @below {{expected an index of i32 for a kernel of 272 elements, found 'i8'}}
  %0, %1 = train.max_pool %x {kernel = array<i64: 17, 16>} : (tensor<1x1x17x17xf32>) -> (tensor<1x1x1x2xf32>, tensor<1x1x1x2xi8>)
  return
}

// -----

func.func @f(%x: tensor<2x3x4x4xf32>, %i: tensor<2x3x4x4xi8>) {
  // expected-error @below {{expected an index of shape 'tensor<2x3x3x3xi8>', found 'tensor<2x3x4x4xi8>'}}
  %0 = train.max_pool_take %x, %i {kernel = array<i64: 2, 2>} : (tensor<2x3x4x4xf32>, tensor<2x3x4x4xi8>) -> tensor<2x3x3x3xf32>
  return
}

// -----

func.func @f(%dy: tensor<2x3x2x2xf32>) {
  // expected-error @below {{expected an error of shape 'tensor<2x3x3x3xf32>', found 'tensor<2x3x2x2xf32>'}}
  %0 = train.avg_pool_grad %dy {kernel = array<i64: 2, 2>, input_shape = array<i64: 2, 3, 4, 4>} : (tensor<2x3x2x2xf32>) -> tensor<2x3x4x4xf32>
  return
}

// -----

func.func @f(%dy: tensor<2x3x2x2xf32>, %i: tensor<2x3x2x3xi8>) {
  // expected-error @below {{expected operands of one shape, found 'tensor<2x3x2x2xf32>' and 'tensor<2x3x2x3xi8>'}}
  %0 = train.max_pool_grad %dy, %i {kernel = array<i64: 2, 2>, input_shape = array<i64: 2, 3, 3, 3>} : (tensor<2x3x2x2xf32>, tensor<2x3x2x3xi8>) -> tensor<2x3x3x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3x4xf32>) {
  // expected-error @below {{expected an input of rank 2, found 'tensor<2x3x4xf32>'}}
  %0 = train.softmax %x : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  return
}

// -----

func.func @f(%x: tensor<2xf32>) {
  // expected-error @below {{expected an error of rank 2, found 'tensor<2xf32>'}}
  %0 = train.softmax_grad %x, %x : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %l: tensor<3xi32>) {
  // expected-error @below {{expected 2 labels, found 'tensor<3xi32>'}}
  %0, %1 = train.cross_entropy %x, %l : (tensor<2x3xf32>, tensor<3xi32>) -> (tensor<f32>, tensor<2xf32>)
  return
}

// -----

func.func @f(%x: tensor<2xf32>, %l: tensor<2xi32>) {
  // expected-error @below {{expected logits of rank 2, found 'tensor<2xf32>'}}
  %0, %1 = train.cross_entropy %x, %l : (tensor<2xf32>, tensor<2xi32>) -> (tensor<f32>, tensor<2xf32>)
  return
}

// -----

func.func @f(%x: tensor<2xf32>, %y: tensor<3xf32>) {
  // expected-error @below {{expected operands of one shape, found 'tensor<2xf32>' and 'tensor<3xf32>'}}
  %0, %1 = train.sgd %x, %x, %y : (tensor<2xf32>, tensor<2xf32>, tensor<3xf32>) -> (tensor<2xf32>, tensor<2xf32>)
  return
}

// -----

func.func @f(%x: tensor<2xf32>) {
  // expected-error @below {{expected straight_through to be a finite number above 0, found 0.000000e+00}}
  %0 = train.less %x, %x {straight_through = 0.0 : f32} : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  return
}

// -----

// expected-error @below {{expected train.pull to be two states, of a state, found [@a]}}
train.state @w : tensor<2xf32> {train.pull = [@a]}

// -----

// expected-error @below {{expected train.numbers to be a dictionary of f32, found 1 : i64}}
module attributes {train.numbers = 1 : i64} {
}

// -----

// expected-error @below {{expected train.accumulators to be a unit on an op that computes, found unit}}
train.state @w : tensor<2xf32> {train.accumulators}
