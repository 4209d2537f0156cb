//===- VerifyTest.cpp - every way an image can disagree with itself ---------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "ExampleImage.h"
#include "runtime/isa/ElementBytes.h"
#include "runtime/isa/FormatCoded8.h.inc"
#include "runtime/isa/FormatF32.h.inc"
#include "runtime/isa/FormatFp16.h.inc"
#include "runtime/isa/StructLoop.h.inc"

#include "gtest/gtest.h"

#include <cmath>

using namespace slp;
using namespace slp::image;

namespace {

/// The message for the example after `change`.
template <typename Change> std::string messageAfter(Change change) {
  Image image = exampleImage();
  change(image);
  Status status = verify(image);
  EXPECT_FALSE(status.ok());
  return status.ok() ? "accepted" : status.message();
}

void expectPart(const std::string &message, const std::string &part) {
  EXPECT_NE(message.find(part), std::string::npos) << message;
}

} // namespace

TEST(Verify, AcceptsTheExample) {
  Status status = verify(exampleImage());
  EXPECT_TRUE(status.ok()) << status.message();
  Image plain = exampleImage();
  plain.debug = Debug(); // debug information is optional
  EXPECT_TRUE(verify(plain).ok());
}

TEST(Verify, Header) {
  EXPECT_EQ(messageAfter([](Image &i) { i.chipName = ""; }), "the chip has no name");
  EXPECT_EQ(messageAfter([](Image &i) { i.modelName = "a\nb"; }),
            "the model has a control character in its name");
  expectPart(messageAfter([](Image &i) { i.batch = -1; }), "the batch is -1");
  for (double scale : {0.0, -2.0, 3.0, double(INFINITY), double(NAN)})
    expectPart(messageAfter([&](Image &i) { i.lossScale = scale; }), "expected a power of two");
}

TEST(Verify, MicroBatches) {
  for (int64_t count : {int64_t(0), int64_t(-3), int64_t(1) << 24, INT64_MAX, INT64_MIN})
    expectPart(messageAfter([&](Image &i) { i.microBatches = count; }),
               std::to_string(count) + " micro-batches of 2 samples, expected at least one");
  expectPart(messageAfter([](Image &i) { i.microBatches = 2; }),
             "2 micro-batches, but the image has no entry point accumulate");
  Image image = exampleImage();
  image.entries.push_back({"accumulate", 1});
  image.microBatches = int64_t(1) << 23;
  EXPECT_TRUE(verify(image).ok()) << verify(image).message();
}

TEST(Verify, Numbers) {
  expectPart(messageAfter([](Image &i) { i.numbers = {{"lr", 1}, {"beta1", 0}, {"lr", 2}}; }),
             "two run-time numbers are named 'lr'");
  expectPart(messageAfter([](Image &i) { i.numbers = {{"", 1}}; }), "run-time number has no name");
  for (double value : {double(INFINITY), -double(INFINITY), double(NAN)})
    expectPart(messageAfter([&](Image &i) { i.numbers = {{"lr", value}}; }),
               "expected a finite number");
  Image image = exampleImage();
  image.numbers = {{"lr", 1}, {"beta1", 1}};
  EXPECT_TRUE(verify(image).ok()) << verify(image).message();
}

TEST(Verify, LossScaleState) {
  const char *expected = "expected a state of 4 numbers in f32";
  auto withState = [](mach::Format format, std::vector<int64_t> shape, Role role) {
    return [=](Image &i) {
      Tensor state{"loss_scale", role, format, shape, {}, 2 << 20, 16, {}};
      state.strides.assign(shape.size(), mach::elementBytes(format));
      i.tensors.push_back(state);
      i.lossScaleState = "loss_scale";
    };
  };
  Image image = exampleImage();
  withState(mach::format::f32, {4}, Role::state)(image);
  EXPECT_TRUE(verify(image).ok()) << verify(image).message();
  expectPart(messageAfter([](Image &i) { i.lossScaleState = "nowhere"; }), expected);
  expectPart(messageAfter(withState(mach::format::f32, {4}, Role::temp)), expected);
  expectPart(messageAfter(withState(mach::format::f32, {3}, Role::state)), expected);
  expectPart(messageAfter(withState(mach::format::fp16, {4}, Role::state)), expected);
}

TEST(Verify, Contract) {
  expectPart(messageAfter([](Image &i) { i.batch = 3; }),
             "input 'input.1' has shape [2, 8], expected a first extent of 3, the batch");
  expectPart(messageAfter([](Image &i) { i.contract.loss = "nothing"; }),
             "the loss 'nothing' is no tensor, expected an output");
  expectPart(messageAfter([](Image &i) { i.contract.loss = "velocity"; }),
             "the loss 'velocity' is a tensor, expected an output");
  expectPart(messageAfter([](Image &i) { i.contract.loss = "logits"; }),
             "the loss 'logits' has shape [2, 12], expected one element");
  expectPart(messageAfter([](Image &i) { i.entries.pop_back(); }),
             "the loss of eval 'eval:loss': the image has no entry point eval");
  expectPart(messageAfter([](Image &i) { i.contract.logitsShape = {2, 11}; }),
             "the logits 'logits' are [2, 11], but have shape [2, 12] in memory");
  expectPart(messageAfter([](Image &i) { i.contract.logitsShape = {INT64_MAX, 2, 12}; }),
             "have shape [2, 12] in memory");
  for (int axis : {-2, 3})
    expectPart(messageAfter([&](Image &i) { i.contract.classAxis = axis; }),
               "expected one of 3 dimensions or none");
  expectPart(messageAfter([](Image &i) { i.contract.classAxis = -1; }),
             "the labels 'labels' of logits without a class axis");
  expectPart(messageAfter([](Image &i) { i.contract.classAxis = 2; }),
             "'labels' has shape [2], expected 24 elements");
  expectPart(messageAfter([](Image &i) { i.contract.targets = "input.1"; }),
             "have labels and targets");
  expectPart(messageAfter([](Image &i) {
               i.contract.targets = "input.1";
               i.contract.labels = "";
             }),
             "'input.1' has shape [2, 8], expected 24 elements");
  expectPart(messageAfter([](Image &i) { i.contract.logits = ""; }),
             "labels or targets of logits that are not there");
  expectPart(messageAfter([](Image &i) { i.contract.labelInputs.clear(); }),
             "the labels 'labels' are no label input");
  expectPart(messageAfter([](Image &i) { i.contract.labelInputs[0].tensor = "input.1"; }),
             "the label input 'input.1' is in fp8, expected i32");
  expectPart(messageAfter([](Image &i) { i.contract.labelInputs[0].classes = 0; }),
             "has 0 classes, expected at least 1");
  expectPart(
      messageAfter([](Image &i) { i.contract.labelInputs[0].classes = (int64_t(1) << 31) + 1; }),
      "has 2147483649 classes, expected at least 1 and at most 2147483648");
  expectPart(
      messageAfter([](Image &i) { i.contract.labelInputs.push_back(i.contract.labelInputs[0]); }),
      "the label input 'labels' is there twice");
  auto afterIndex = [&](std::string tensor, std::vector<int64_t> sizes) {
    return messageAfter(
        [&](Image &i) { i.contract.indexInputs[0] = {std::move(tensor), std::move(sizes)}; });
  };
  expectPart(afterIndex("nothing", {7}), "the index input 'nothing' is no tensor");
  expectPart(afterIndex("logits", {7}), "the index input 'logits' is a tensor, expected an input");
  expectPart(afterIndex("input.1", {7}), "the index input 'input.1' is in fp8, expected i32");
  expectPart(afterIndex("labels", {}),
             "the index input 'labels' has 0 sizes, expected a divisor of 1, the elements of a "
             "sample");
  expectPart(afterIndex("labels", {7, 8}), "has 2 sizes, expected a divisor of 1");
  expectPart(afterIndex("labels", {0}), "is of 0 places, expected at least 1");
  expectPart(afterIndex("labels", {(int64_t(1) << 24) + 1}),
             "is of 16777217 places, expected at least 1 and at most 16777216");
  expectPart(
      messageAfter([](Image &i) { i.contract.indexInputs.push_back(i.contract.indexInputs[0]); }),
      "the index input 'labels' is there twice");
  Image image = exampleImage();
  image.contract = Contract();
  EXPECT_TRUE(verify(image).ok()) << verify(image).message();
}

TEST(Verify, Tensors) {
  expectPart(messageAfter([](Image &i) { i.tensors[1].name = "input.1"; }),
             "two tensors are named 'input.1'");
  expectPart(messageAfter([](Image &i) { i.tensors[1].address = 8; }),
             "tensor 'labels' at 8: begins before the end of 'input.1' at 16");
  // Temporaries that are not alive together share bytes; nothing else does.
  auto withTwo = [](Role first, Role second) {
    return [=](Image &i) {
      std::swap(i.tensors[0], i.tensors[1]); // in any order
      Tensor one = i.tensors.back(), other = one;
      one.name = "one", one.role = first, one.address = other.address = uint64_t(1) << 32;
      other.name = "other", other.role = second;
      i.tensors.push_back(one);
      i.tensors.push_back(other);
    };
  };
  Image image = exampleImage();
  withTwo(Role::temp, Role::temp)(image);
  EXPECT_TRUE(verify(image).ok()) << verify(image).message();
  expectPart(messageAfter(withTwo(Role::temp, Role::output)),
             "tensor 'other' at 4294967296: begins before");
  expectPart(messageAfter(withTwo(Role::output, Role::temp)),
             "expected tensors apart, unless both are temporaries");
  expectPart(messageAfter([](Image &i) { i.tensors[0].strides.pop_back(); }),
             "tensor 'input.1': 1 strides for rank 2");
  expectPart(messageAfter([](Image &i) { i.tensors[0].shape[0] = 0; }), "dimension 0 has extent 0");
  expectPart(messageAfter([](Image &i) { i.tensors[0].strides[1] = -1; }), "stride -1");
  expectPart(messageAfter([](Image &i) { i.tensors[0].shape[0] = 3; }),
             "tensor 'input.1': its elements do not fit its 16 bytes");
  expectPart(messageAfter([](Image &i) { i.tensors[0].shape[0] = INT64_MAX; }), "do not fit");
  expectPart(messageAfter([](Image &i) { i.tensors[0].strides[0] = INT64_MAX; }), "do not fit");
  // More elements than bytes, at few addresses or one.
  for (std::vector<int64_t> shape : {std::vector<int64_t>{2, 13},
                                     {int64_t(1) << 48, 2},
                                     {int64_t(1) << 32, int64_t(1) << 32},
                                     {INT64_MAX, INT64_MAX}})
    expectPart(messageAfter([&](Image &i) {
                 i.tensors[7].shape = shape;
                 i.tensors[7].strides = {0, 0};
                 i.contract.logitsShape = {0, 12, 1};
                 i.contract.classAxis = 0;
               }),
               "tensor 'logits': its elements do not fit its 48 bytes");
  // Bitmaps of a compressed tensor lie before its address.
  auto compress = [](Tensor &t) {
    t.format = mach::format::coded8;
    t.bytes = 256;
  };
  expectPart(messageAfter([&](Image &i) {
               compress(i.tensors[0]);
               i.tensors.resize(1);
             }),
             "tensor 'input.1': compressed at 0, expected at least 64, the bytes of its bitmaps");
  expectPart(messageAfter([&](Image &i) { compress(i.tensors[8]); }),
             "tensor 'eval:loss' at 1048704: begins before the end of 'logits' at 1048752");
  expectPart(messageAfter([&](Image &i) {
               compress(i.tensors[8]);
               i.tensors[8].address += 1024;
               i.tensors[8].bytes = 255;
             }),
             "tensor 'eval:loss': its elements do not fit its 255 bytes");
  expectPart(messageAfter([](Image &i) { i.tensors[0].bytes = 0; }), "0 bytes at 0");
  expectPart(messageAfter([](Image &i) { i.tensors.back().address = uint64_t(1) << 48; }),
             "below 2^48");
  expectPart(messageAfter([](Image &i) { i.tensors.back().address = UINT64_MAX; }), "below 2^48");
  expectPart(messageAfter([](Image &i) { i.tensors[0].init.resize(16); }),
             "initial values, expected them for states and constants only");
  expectPart(messageAfter([](Image &i) { i.tensors[2].init.pop_back(); }),
             "15 bytes of initial values, expected 16");
  expectPart(messageAfter([](Image &i) { i.tensors[0].role = Role(6); }), "unknown role 6");
  expectPart(messageAfter([](Image &i) { i.tensors[0].format = mach::Format(16); }),
             "unknown format 16");
  expectPart(messageAfter([](Image &i) {
               i.tensors[0].shape.assign(9, 1);
               i.tensors[0].strides.assign(9, 1);
             }),
             "rank 9");
}

TEST(Verify, Descriptors) {
  expectPart(messageAfter([](Image &i) { i.descriptors[1].name = "x"; }),
             "two descriptors are named 'x'");
  expectPart(messageAfter([](Image &i) { i.descriptors[0].tile.slots = 0; }), "0 slots");
  expectPart(messageAfter([](Image &i) { i.descriptors[0].tile.rank = 6; }), "rank 6");
  expectPart(messageAfter([](Image &i) { i.descriptors[0].tile.slots = 16; }), "'slots' is 16");
  expectPart(messageAfter([](Image &i) { i.descriptors[4].tile.base = 48; }),
             "descriptor 'conv1.weight': begins at dram address 48, where no tensor lies");
}

TEST(Verify, Text) {
  expectPart(messageAfter([](Image &i) { i.text[3] = mach::Word{0xff, 0}; }),
             "instruction 3: no instruction has opcode 255");
  expectPart(messageAfter([](Image &i) { i.text[0].hi = 1; }),
             "instruction 0: halt: reserved bits");
  expectPart(messageAfter([](Image &i) { i.descriptors.resize(2); }),
             "instruction 3: desc names descriptor 2 of 2");
  mach::Loop loop;
  loop.end = 100;
  expectPart(messageAfter([&](Image &i) { i.text[4] = word(loop); }),
             "instruction 4: loop leads to instruction 105, expected one ahead of it below 11");
  loop.end = -2;
  expectPart(messageAfter([&](Image &i) { i.text[4] = word(loop); }), "leads to instruction 3");
}

TEST(Verify, Entries) {
  expectPart(messageAfter([](Image &i) { i.entries[0].pc = 11; }),
             "entry point 'init': instruction 11 of 11");
  expectPart(messageAfter([](Image &i) { i.entries[0].name = "step"; }),
             "two entry points are named 'step'");
}

TEST(Verify, DebugInformation) {
  expectPart(messageAfter([](Image &i) { i.debug.records.pop_back(); }),
             "10 records for 11 instructions");
  expectPart(messageAfter([](Image &i) { i.debug.ops.pop_back(); }), "2 nodes and 1 operations");
  expectPart(messageAfter([](Image &i) { i.debug.records[8].node = 2; }),
             "debug record of instruction 8");
  expectPart(messageAfter([](Image &i) { i.debug.records[8].node = -2; }), "debug record");
  expectPart(messageAfter([](Image &i) { i.debug.records[8].phase = 4; }), "debug record");
  expectPart(messageAfter([](Image &i) { i.debug.records[8].capture[1] = 1; }), "debug record");
  expectPart(messageAfter([](Image &i) { i.debug.captures[0].shape[0] = 0; }), "capture 'y'");
  expectPart(messageAfter([](Image &i) { i.debug.captures[0].masking = Masking(3); }),
             "capture 'y': unknown masking");
  expectPart(messageAfter([](Image &i) { i.debug.captures[0].format = mach::Format(16); }),
             "unknown format");
  expectPart(messageAfter([](Image &i) { i.debug.elided[0].reason = ""; }),
             "the reason of an elided tensor has no name");
}
