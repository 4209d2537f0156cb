// What an instruction of an engine takes is an error where it is written: the rules are the roles of dialects/Mach.
// RUN: slp-opt %s --split-input-file --verify-diagnostics

func.func @unknown(%a: memref<4xf32, #chip.space<spm>>) {
  // expected-error @below {{custom op 'chip.v.tanh' is unknown}}
  chip.v.tanh(%a, %a) : memref<4xf32, #chip.space<spm>>, memref<4xf32, #chip.space<spm>>
  return
}

// -----

func.func @memory(%a: memref<4xf32, #chip.space<spm>>, %b: memref<4xf32>) {
  // expected-error @below {{'chip.v.relu' op operand `src` is 'memref<4xf32>', expected it in shared, spm or acc}}
  chip.v.relu(%a, %b) : memref<4xf32, #chip.space<spm>>, memref<4xf32>
  return
}

// -----

func.func @accumulator(%a: memref<4x4xf32, #chip.space<spm>>, %b: memref<4x4x!num.float<5, 2, 15, none, gradual>, #chip.space<spm>>) {
  // expected-error @below {{'chip.matmul' op operand `acc` is 'memref<4x4xf32, #chip.space<spm>>', expected it in acc}}
  chip.matmul(%a, %b, %b) mode = zero : memref<4x4xf32, #chip.space<spm>>, memref<4x4x!num.float<5, 2, 15, none, gradual>, #chip.space<spm>>, memref<4x4x!num.float<5, 2, 15, none, gradual>, #chip.space<spm>>
  return
}

// -----

func.func @factor(%a: memref<4x4xf32, #chip.space<acc>>, %b: memref<4x4xf32, #chip.space<spm>>) {
  // expected-error @below {{operand `a` is 'memref<4x4xf32, #chip.space<spm>>', expected a format of the chip}}
  chip.matmul(%a, %b, %b) mode = zero : memref<4x4xf32, #chip.space<acc>>, memref<4x4xf32, #chip.space<spm>>, memref<4x4xf32, #chip.space<spm>>
  return
}

// -----

func.func @rank(%a: memref<4xf32, #chip.space<spm>>) {
  // expected-error @below {{'chip.v.softmax' op operand `dst` is 'memref<4xf32, #chip.space<spm>>', expected 2 dimensions}}
  chip.v.softmax(%a, %a) : memref<4xf32, #chip.space<spm>>, memref<4xf32, #chip.space<spm>>
  return
}

// -----

func.func @ranks(%a: memref<4xf32, #chip.space<spm>>, %b: memref<4x4xf32, #chip.space<spm>>) {
  // expected-error @below {{operand `src` is 'memref<4x4xf32, #chip.space<spm>>', expected 1 dimensions, as `dst` has}}
  chip.v.relu(%a, %b) : memref<4xf32, #chip.space<spm>>, memref<4x4xf32, #chip.space<spm>>
  return
}

// -----

func.func @elements(%a: memref<4x4xf32, #chip.space<spm>>, %b: memref<4xf32, #chip.space<spm>>) {
  // expected-error @below {{operand `labels` is 'memref<4xf32, #chip.space<spm>>', expected i32}}
  chip.v.cross.entropy(%b, %a, %b) : memref<4xf32, #chip.space<spm>>, memref<4x4xf32, #chip.space<spm>>, memref<4xf32, #chip.space<spm>>
  return
}

// -----

func.func @missing(%a: memref<f32, #chip.space<shared>>, %b: memref<8xf32, #chip.space<shared>>) {
  // expected-error @below {{'chip.v.square.sum' op lacks operand `bias`, which is there where `mode` is bias}}
  chip.v.square.sum(%a, %b) mode = bias unscale = 1.0 : memref<f32, #chip.space<shared>>, memref<8xf32, #chip.space<shared>>
  return
}

// -----

func.func @surplus(%a: memref<f32, #chip.space<shared>>, %b: memref<8xf32, #chip.space<shared>>) {
  // expected-error @below {{'chip.v.square.sum' op has an operand `bias`, which is there where `mode` is bias}}
  chip.v.square.sum(%a, %b, %a) mode = zero unscale = 1.0 : memref<f32, #chip.space<shared>>, memref<8xf32, #chip.space<shared>>, memref<f32, #chip.space<shared>>
  return
}

// -----

func.func @flag(%x: memref<4x4xf32, #chip.space<shared>>, %n: memref<4xf32, #chip.space<shared>>, %l: memref<4xi32, #chip.space<shared>>) {
  // expected-error @below {{'chip.v.nll' op lacks operand `weights`, which is there where `weighted` is 1}}
  chip.v.nll(%n, %n, %x, %l) weighted = 1 ignore = -1 : memref<4xf32, #chip.space<shared>>, memref<4xf32, #chip.space<shared>>, memref<4x4xf32, #chip.space<shared>>, memref<4xi32, #chip.space<shared>>
  return
}

// -----

func.func @too_many(%a: memref<f32, #chip.space<shared>>) {
  // expected-error @below {{expected 2 operands, but found 3}}
  "chip.v.relu"(%a, %a, %a) : (memref<f32, #chip.space<shared>>, memref<f32, #chip.space<shared>>, memref<f32, #chip.space<shared>>) -> ()
  return
}

// -----

func.func @function(%a: memref<f32, #chip.space<shared>>) {
  // expected-error @below {{custom op 'chip.v.unary' expected one of affine, power,}}
  chip.v.unary(%a, %a) fn = sinh : memref<f32, #chip.space<shared>>, memref<f32, #chip.space<shared>>
  return
}

// -----

func.func @number(%x: memref<4x4xf32, #chip.space<shared>>, %l: memref<4xi32, #chip.space<shared>>) {
  // expected-error @below {{requires attribute 'scale'}}
  "chip.v.cross.entropy.grad"(%x, %x, %l) <{mode = 0 : i64}> : (memref<4x4xf32, #chip.space<shared>>, memref<4x4xf32, #chip.space<shared>>, memref<4xi32, #chip.space<shared>>) -> ()
  return
}

// -----

func.func @captures(%a: memref<4xf32, #chip.space<spm>>) {
  // expected-error @below {{expected one captured name per result, found 2 for 1}}
  chip.v.relu(%a, %a) {captures = ["a", "b"]} : memref<4xf32, #chip.space<spm>>, memref<4xf32, #chip.space<spm>>
  return
}

// -----

func.func @window(%a: memref<1x1x4x4xf32, #chip.space<spm>>) {
  // expected-error @below {{expected a window of 9 or 11 numbers, found 2}}
  chip.v.avg.pool(%a, %a) geom = [3, 3] : memref<1x1x4x4xf32, #chip.space<spm>>, memref<1x1x4x4xf32, #chip.space<spm>>
  return
}
