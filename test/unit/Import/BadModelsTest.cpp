//===- BadModelsTest.cpp - one clear line for each bad model ----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Property: every file of test/models/bad is refused with exactly the messages below, and every one
// of them is below.
//
//===----------------------------------------------------------------------------------------===//

#include "ImportModel.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

#include <map>

using namespace slp;

namespace {

const std::string page = " (see docs/onnx-support.md)\n";
const std::string list = " is not supported (supported operators: docs/onnx-support.md)\n";

/// File name to what follows "bad/FILE: ", one message a line.
const std::map<std::string, std::vector<std::string>> &expectedMessages() {
  static const std::map<std::string, std::vector<std::string>> messages = {
      {"add-shapes.onnx",
       {"node \"the_Add\": expected operands of one rank and equal sizes or 1, found "
        "'tensor<4x3xf32>', 'tensor<1x4xf32>'\n"}},
      {"attribute-missing.onnx",
       {"node \"the_MaxPool\": expected 2 values of kernel_shape, found 0\n"}},
      {"attribute-type.onnx",
       {"node \"the_Conv\": attribute kernel_shape: expected INTS, found STRING\n"}},
      {"conv-3d-depth.onnx",
       {"node \"the_Conv\": expected a depth of at least 3 with its padding, found 2\n"}},
      {"conv-4d.onnx",
       {"node \"the_Conv\": expected a convolution in one to three dimensions (input and weights "
        "of rank 3 to 5), found input 2x2x3x3x3x3, weights 4x2x3x3x3x3\n"}},
      {"conv-auto-pad.onnx",
       {"node \"the_Conv\": attribute auto_pad = \"SAME_MIDDLE\" is not supported, expected "
        "NOTSET, VALID, SAME_UPPER or SAME_LOWER" +
        page}},
      {"conv-channels.onnx",
       {"node \"the_Conv\": expected weights for 2 input channels, found 3\n"}},
      {"conv-group.onnx",
       {"node \"the_Conv\": expected a group that divides the 2 input and 4 output channels, found "
        "3\n"}},
      {"conv-kernel-shape.onnx",
       {"node \"the_Conv\": expected kernel_shape 3x3 as the weights have, found 5x5\n"}},
      {"conv-kernel-too-large.onnx",
       {"node \"the_Conv\": expected an input of at least the kernel's size, found 6x6 for a "
        "kernel "
        "of 7x7\n"}},
      {"conv-stride-zero.onnx",
       {"node \"the_Conv\": expected 2 strides of at least 1, found 0x1\n"}},
      {"einsum-rank.onnx",
       {"node \"the_Einsum\": attribute equation: operand 1 is 6x6, which does not fit \"jkl\"\n"}},
      {"einsum-result.onnx",
       {"node \"the_Einsum\": attribute equation: expected indices of the operands, each once, as "
        "the result, found \"iik\"\n"}},
      {"einsum-sizes.onnx",
       {"node \"the_Einsum\": attribute equation: an index of \"jk\" has the sizes 6 and 5\n"}},
      {"einsum-terms.onnx",
       {"node \"the_Einsum\": attribute equation: expected a term for each of 1 operands, found "
        "\"ij,jk->ik\"\n"}},
      {"empty.onnx", {"not an ONNX model (no graph)\n"}},
      {"gather-elements-outside.onnx",
       {"node \"the_GatherElements\": expected indices of -6 to 5, found 6\n"}},
      {"gemm-bias.onnx",
       {"node \"the_Gemm\": expected operands that broadcast, found 2x5 and 4\n"}},
      {"gemm-inner.onnx", {"node \"the_Gemm\": expected equal inner sizes, found 36 and 35\n"}},
      {"gemm-rank.onnx", {"node \"the_Gemm\": expected two matrices, found 2x3x4 and 4x5\n"}},
      {"initializer-complex.onnx",
       {"initializer \"weight\": a constant of COMPLEX64 is not supported\n"}},
      {"initializer-external.onnx",
       {"initializer \"weight\": external data \"no-such-file.bin\": no such file; "
        "--init=kaiming,SEED fills what is absent\n"}},
      {"initializer-dims-negative.onnx", {"initializer \"weight\": impossible size -3\n"}},
      {"initializer-dims-overflow.onnx", {"initializer \"weight\": impossible size 4294967296\n"}},
      {"initializer-long.onnx", {"initializer \"weight\": expected 72 bytes of data, found 76\n"}},
      {"initializer-short.onnx", {"initializer \"weight\": expected 72 bytes of data, found 68\n"}},
      {"input-dims-negative.onnx",
       {"input \"image\": expected a size of at least 1 in dimension 0, found -4\n"}},
      {"input-dims-overflow.onnx",
       {"input \"image\": impossible size 1099511627776x1099511627776\n"}},
      {"input-integer.onnx",
       {"node \"the_Conv\": Conv: expected input \"image\" to be a tensor of FLOAT\n"}},
      {"max-pool-dilation-zero.onnx",
       {"node \"the_MaxPool\": expected 2 dilations of at least 1, found 0x1\n"}},
      {"max-pool-indices.onnx",
       {"output \"logits\": Indices of a MaxPool are positions in its windows here, which only a "
        "MaxUnpool can read\n"}},
      {"max-unpool-labels.onnx",
       {"node \"the_MaxUnpool\": MaxUnpool: expected input \"indices\" to be the Indices of a "
        "MaxPool\n"}},
      {"name-cycle.onnx",
       {"node \"the_Relu\": the graph has a cycle: the node reads what depends on its output\n"}},
      {"name-dangling-input.onnx",
       {"node \"the_Relu\": input \"imaeg\" is not an output of a node, an input or an "
        "initializer\n"}},
      {"name-dangling-output.onnx",
       {"output \"logits\": not defined by any node, input or initializer\n"}},
      {"name-duplicate-input.onnx", {"input \"image\" is defined twice\n"}},
      {"name-duplicate-initializer.onnx", {"initializer \"weight\" is defined twice\n"}},
      {"name-duplicate-value.onnx",
       {"node \"the_Relu\": output \"hidden\" is defined twice, first by node \"the_Relu\"\n"}},
      {"no-graph.onnx", {"not an ONNX model (no graph)\n"}},
      {"not-onnx.onnx",
       {"not an ONNX model, or truncated (unknown kind of field at byte 0 of 23)\n"}},
      {"operator-custom-domain.onnx", {"node \"the_Relu\": operator com.example.Relu" + list}},
      {"operators-unsupported.onnx",
       {"node \"the_Hardmax\": operator Hardmax" + list,
        "node \"the_Bernoulli\": operator Bernoulli" + list}},
      {"opset-old.onnx", {"expected an ONNX operator set of 1 or later, found 0\n"}},
      {"output-shape.onnx", {"output \"logits\": expected the declared shape 4x5, found 4x3\n"}},
      {"quantize-scale.onnx",
       {"node \"the_QuantizeLinear\": expected positive scales, found -3.000000\n"}},
      {"reshape-computed.onnx",
       {"node \"the_Reshape\": Reshape: expected input \"shape\" to be a constant\n"}},
      {"recurrent-activation.onnx",
       {"node \"the_LSTM\": activation \"Cosine\" is not supported\n"}},
      {"recurrent-activations.onnx", {"node \"the_LSTM\": expected 3 activations, found 2\n"}},
      {"recurrent-direction.onnx",
       {"node \"the_LSTM\": attribute direction = \"backward\" is not supported, expected forward, "
        "reverse or bidirectional" +
        page}},
      {"recurrent-hidden-size.onnx",
       {"node \"the_LSTM\": expected hidden_size 3 as R has, found 4\n"}},
      {"recurrent-lengths.onnx",
       {"node \"the_LSTM\": sequences of different lengths are not supported, expected "
        "sequence_lens \"lengths\" of 5 alone\n"}},
      {"recurrent-steps.onnx",
       {"node \"the_LSTM\": sequences of more than 4096 steps are not unrolled, found 5000\n"}},
      {"recurrent-weights.onnx",
       {"node \"the_LSTM\": expected input \"w\" of 1x12x6, found 1x9x6\n"}},
      {"reshape-count.onnx",
       {"node \"the_Reshape\": expected a shape of 24 elements, found 4x7 for input 4x6\n"}},
      {"resize-crop.onnx",
       {"node \"the_Resize\": attribute coordinate_transformation_mode = \"tf_crop_and_resize\" is "
        "not supported, expected asymmetric, half_pixel, pytorch_half_pixel, half_pixel_symmetric, "
        "tf_half_pixel_for_nn or align_corners\n"}},
      {"scatter-reduction.onnx",
       {"node \"the_ScatterElements\": attribute reduction = \"mul\" is not supported, expected "
        "none or add\n"}},
      {"text-batch-dims.onnxtxt",
       {"node \"GatherND_1\": attribute batch_dims: expected 0 to 1 dimensions of 2x4 and 1x1, "
        "found 9223372036854775807\n"}},
      {"text-integer-scale.onnxtxt",
       {"node \"DequantizeLinear_0\": expected floating scales, found INT32\n"}},
      {"text-nested.onnxtxt", {"not ONNX text: braces nest more than 100 deep\n"}},
      {"text-norm-rows.onnxtxt",
       {"node \"RMSNormalization_1\": needs a constant of 20000000 elements, expected at most "
        "16777216\n"}},
      {"text-pieces.onnxtxt",
       {"node \"Resize_1\": takes elements of an axis in more than 8192 pieces\n"}},
      {"text-positions.onnxtxt",
       {"node \"Trilu_1\": needs 300000 constant positions, expected at most 262144\n"}},
      {"text-operator.onnxtxt", {"node \"Hardmax_0\": operator Hardmax" + list}},
      {"text-resize-long.onnxtxt",
       {"node \"Resize_2\": expected at most 1024 elements along an interpolated dimension, found "
        "2000\n"}},
      {"text-resize-window.onnxtxt",
       {"node \"Resize_2\": expected at most 4096 neighbours of an element, found 5002\n"}},
      {"text-syntax.onnxtxt",
       {"not ONNX text: [ParseError at position (line: 4 column: 1)] Error context: } Expected "
        "character ) not found.\n"}},
      {"truncated.onnx",
       {"not an ONNX model, or truncated (field longer than the file at byte 19 of 741)\n"}},
  };
  return messages;
}

TEST(BadModels, AreRefusedWithOneLineEach) {
  for (const auto &[file, messages] : expectedMessages()) {
    ImportedModel model("bad/" + file);
    EXPECT_FALSE(model.module) << file;
    std::string expected;
    for (const std::string &message : messages)
      expected += "bad/" + file + ": " + message;
    EXPECT_EQ(model.messages(), expected);
  }
}

TEST(BadModels, AreAllExpected) {
  std::error_code code;
  size_t found = 0;
  for (llvm::sys::fs::directory_iterator it(SLP_MODELS_DIR "/bad", code), end; it != end;
       it.increment(code)) {
    ++found;
    EXPECT_TRUE(expectedMessages().count(llvm::sys::path::filename(it->path()).str()))
        << it->path();
  }
  EXPECT_EQ(found, expectedMessages().size());
}

TEST(BadModels, MissingFileAndDirectory) {
  EXPECT_EQ(ImportedModel("absent.onnx").messages(), "absent.onnx: No such file or directory\n");
  EXPECT_EQ(ImportedModel("absent.onnxtxt").messages(),
            "absent.onnxtxt: No such file or directory\n");
  EXPECT_EQ(ImportedModel("ops").messages(), "ops: expected a file, found a directory\n");
}

/// Property: no beginning of a model crashes the importer, and only the whole of it imports.
TEST(BadModels, EveryTruncationIsRefused) {
  auto whole = llvm::MemoryBuffer::getFile(SLP_MODELS_DIR "/ops/conv-basic.onnx");
  ASSERT_TRUE(bool(whole));
  llvm::SmallString<128> path;
  ASSERT_FALSE(llvm::sys::fs::createTemporaryFile("truncated", "onnx", path));
  llvm::StringRef bytes = (*whole)->getBuffer();
  for (size_t length = 0; length < bytes.size(); length += 7) {
    std::error_code code;
    {
      llvm::raw_fd_ostream out(path, code);
      ASSERT_FALSE(code);
      out << bytes.take_front(length);
    }
    mlir::MLIRContext context;
    int errors = 0;
    mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &) { ++errors; });
    EXPECT_FALSE(importONNX(context, path, {})) << length;
    EXPECT_GE(errors, 1) << length;
  }
  llvm::sys::fs::remove(path);
}

} // namespace
