//===- ExampleImage.cpp - a small image with everything in it ---------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "ExampleImage.h"

#include "runtime/isa/FormatF32.h.inc"
#include "runtime/isa/FormatFp16.h.inc"
#include "runtime/isa/FormatFp8.h.inc"
#include "runtime/isa/FormatI32.h.inc"
#include "runtime/isa/SpaceAcc.h.inc"
#include "runtime/isa/SpaceDram.h.inc"
#include "runtime/isa/SpaceSpm.h.inc"
#include "runtime/isa/StructBz.h.inc"
#include "runtime/isa/StructDesc.h.inc"
#include "runtime/isa/StructFence.h.inc"
#include "runtime/isa/StructHalt.h.inc"
#include "runtime/isa/StructLoop.h.inc"
#include "runtime/isa/StructMask.h.inc"
#include "runtime/isa/StructMatmul.h.inc"
#include "runtime/isa/StructRot.h.inc"

#include <numeric>

namespace slp::image {

mach::TensorTile dramTile(mach::Format format, uint64_t base) {
  mach::TensorTile t;
  t.space = mach::space::dram;
  t.format = format;
  t.rank = 2;
  t.slots = 1;
  t.base = base;
  t.extent = {2, 8, 1, 1, 1};
  t.tile = {1, 8, 1, 1, 1};
  t.stride = {8, 1, 0, 0, 0};
  t.coreStride = {1, 0, 0, 0, 0};
  t.origin = {-1, 0, 0, 0, 0};
  return t;
}

mach::TensorTile coreTile(mach::Format format, mach::Space space) {
  mach::TensorTile t = dramTile(format, 64);
  t.space = space;
  t.slots = 2;
  t.slotBytes = 64;
  return t;
}

mach::Word word(const mach::Instruction &instr) {
  Result<mach::Word> encoded = mach::encode(instr);
  return encoded ? *encoded : mach::Word();
}

std::vector<mach::Word> exampleText(uint64_t xDescriptor) {
  mach::Mask mask;
  mask.cores = 3;
  mach::Desc x, w, acc;
  x.dd = 1, x.src = xDescriptor;
  w.dd = 2, w.src = 1;
  acc.dd = 3, acc.src = 2;
  mach::Loop loop;
  loop.rd = 4, loop.step = 8, loop.trip = 3, loop.end = 4;
  mach::Bz branch;
  branch.rs = 4, branch.target = 1;
  mach::Rot rot;
  rot.dd = 1;
  mach::Matmul matmul;
  matmul.acc = 3, matmul.a = 1, matmul.b = 2;
  return {word(mach::Halt()), word(mask),          word(w),           word(acc),
          word(loop),         word(branch),        word(rot),         word(x),
          word(matmul),       word(mach::Fence()), word(mach::Halt())};
}

Image exampleImage() {
  Image image;
  image.chipName = "lnpu";
  image.chipHash = 0x0123456789abcdef;
  image.ratesHash = 0x00f0e0d0c0b0a090;
  image.chipDescription = "name: lnpu\nstructure:\n  cores: {value: 16, note: 'a \"core\"'}\n";
  image.modelName = "small.onnx";
  image.modelHash = 0xfedcba9876543210;
  image.batch = 2;
  image.lossScale = 1024;
  std::vector<uint8_t> weights(16), biases(8);
  std::iota(weights.begin(), weights.end(), uint8_t(1));
  std::iota(biases.begin(), biases.end(), uint8_t(0xf0));
  image.tensors = {
      {"input.1", Role::input, mach::format::fp8, {2, 8}, {8, 1}, 0, 16, {}},
      {"labels", Role::input, mach::format::i32, {2}, {4}, 64, 8, {}},
      {"conv1.weight", Role::state, mach::format::fp8, {2, 8}, {8, 1}, 128, 16, weights},
      {"conv1.bias", Role::state, mach::format::fp16, {4}, {2}, 192, 8, biases},
      {"velocity", Role::state, mach::format::fp16, {2, 8}, {16, 2}, 256, 32, {}},
      {"far.weight", Role::state, mach::format::fp8, {2, 8}, {8, 1}, 1 << 20, 16, weights},
      {"loss", Role::output, mach::format::f32, {}, {}, (1 << 20) + 64, 4, {}},
      {"logits", Role::output, mach::format::fp16, {2, 12}, {24, 2}, (1 << 20) + 128, 48, {}},
      {"eval:loss", Role::output, mach::format::f32, {1, 1}, {4, 4}, (1 << 20) + 192, 4, {}}};
  image.contract.loss = "loss";
  image.contract.evalLoss = "eval:loss";
  image.contract.logits = "logits";
  image.contract.logitsShape = {2, 12, 1};
  image.contract.classAxis = 1;
  image.contract.labels = "labels";
  image.contract.labelInputs = {{"labels", 12, -100}};
  image.contract.indexInputs = {{"labels", {7}}};
  image.descriptors = {{"x", coreTile(mach::format::fp8, mach::space::spm)},
                       {"w", coreTile(mach::format::fp8, mach::space::spm)},
                       {"acc", coreTile(mach::format::f32, mach::space::acc)},
                       {"half", coreTile(mach::format::fp16, mach::space::spm)},
                       {"conv1.weight", dramTile(mach::format::fp8, 128)}};
  image.text = exampleText(0);
  image.entries = {{"init", 0}, {"step", 1}, {"eval", 1}};
  image.debug.nodes = {"/conv1/Conv", "/fc/Gemm"};
  image.debug.ops = {"train.conv", "train.matmul"};
  image.debug.captures = {{"y", {2, 8}, mach::format::f32, true, Masking::scores}};
  image.debug.elided = {{"z", "folded into y"}};
  image.debug.records.resize(image.text.size());
  image.debug.records[8] = {1, 0, {0, -1, -1}};
  return image;
}

} // namespace slp::image
