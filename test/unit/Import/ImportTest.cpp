//===- ImportTest.cpp - models that compile ---------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Structure only; values are checked in test/unit/Autodiff, against PyTorch.
//
//===----------------------------------------------------------------------------------------===//

#include "ImportModel.h"

#include "dialects/Train/AvgPoolOp.h"
#include "dialects/Train/ConvOp.h"
#include "dialects/Train/CrossEntropyOp.h"
#include "dialects/Train/NllOp.h"
#include "dialects/Train/TrainState.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace slp;
using namespace slp::train;

namespace {

ImportOptions withLoss(int64_t batch = 0) { return {batch, "softmax-cross-entropy"}; }

std::string argName(mlir::func::FuncOp fn, unsigned i) {
  auto name = fn.getArgAttrOfType<mlir::StringAttr>(i, getArgNameAttrName());
  return name ? name.str() : "";
}
std::string resultName(mlir::func::FuncOp fn, unsigned i) {
  auto name = fn.getResultAttrOfType<mlir::StringAttr>(i, getArgNameAttrName());
  return name ? name.str() : "";
}

TEST(Import, DemoNetwork) {
  ImportedModel m("digits-cnn.onnx", withLoss());
  ASSERT_TRUE(m.module) << m.messages();
  EXPECT_EQ(m.module->getOperation()->getAttrOfType<mlir::StringAttr>("slp.stage").str(), "import");
  EXPECT_EQ(m.module->getOperation()->getAttrOfType<mlir::StringAttr>("train.model").str(),
            "digits-cnn.onnx");
  mlir::func::FuncOp step = m.step();
  ASSERT_EQ(step.getNumArguments(), 2u);
  EXPECT_EQ(argName(step, 0), "image");
  EXPECT_EQ(argName(step, 1), "labels");
  ASSERT_EQ(step.getNumResults(), 2u);
  EXPECT_EQ(resultName(step, 0), "loss");
  EXPECT_EQ(resultName(step, 1), "logits");
  EXPECT_EQ(shapeText(step.getResultTypes()[1]), "32x10");

  llvm::SmallVector<State> states = statesOf(*m.module);
  ASSERT_EQ(states.size(), 8u);
  EXPECT_EQ(states[0].name(), "conv1.weight");
  EXPECT_EQ(states[7].name(), "fc2.bias");
  for (const State &state : states) {
    auto init = mlir::dyn_cast<FileAttr>(state.init);
    ASSERT_TRUE(init);
    EXPECT_EQ(init.getPath(), "digits-cnn.onnx");
    EXPECT_EQ(int64_t(init.getLength()), 4 * state.type.getNumElements());
  }
  // Locations are ONNX node names, tensors keep their ONNX names.
  std::vector<ConvOp> convs = m.all<ConvOp>();
  ASSERT_EQ(convs.size(), 2u);
  EXPECT_EQ(mlir::cast<mlir::NameLoc>(convs[0].getLoc()).getName().str(), "/conv1/Conv");
  auto names = convs[0]->getAttrOfType<mlir::ArrayAttr>(getNamesAttrName());
  EXPECT_EQ(mlir::cast<mlir::StringAttr>(names[0]).str(), "/conv1/Conv_output_0");
}

TEST(Import, ForwardOnlyWithoutLoss) {
  ImportedModel m("digits-cnn.onnx");
  ASSERT_TRUE(m.module) << m.messages();
  ASSERT_EQ(m.step().getNumResults(), 1u);
  EXPECT_EQ(resultName(m.step(), 0), "logits");
  EXPECT_TRUE(m.all<CrossEntropyOp>().empty());
}

/// Property: every model of test/models/ops imports with a loss, without an error.
TEST(Import, AllSupportedFeatures) {
  std::error_code code;
  unsigned found = 0;
  for (llvm::sys::fs::directory_iterator it(SLP_MODELS_DIR "/ops", code), end; it != end;
       it.increment(code)) {
    std::string name = llvm::sys::path::filename(it->path()).str();
    ImportOptions options = withLoss(name == "symbolic-batch.onnx" ? 3 : 0);
    if (name.rfind("loss-", 0) == 0 || name == "embedding.onnx")
      options.loss.clear();
    ImportedModel m("ops/" + name, options);
    EXPECT_TRUE(m.module) << m.messages();
    EXPECT_TRUE(m.errors.empty()) << m.messages();
    ++found;
  }
  EXPECT_GT(found, 40u);
}

TEST(Import, LossOfTheGraph) {
  ImportedModel m("ops/loss-in-graph.onnx");
  ASSERT_TRUE(m.module) << m.messages();
  mlir::func::FuncOp step = m.step();
  EXPECT_EQ(argName(step, 1), "labels");
  EXPECT_TRUE(mlir::cast<mlir::RankedTensorType>(step.getArgumentTypes()[1])
                  .getElementType()
                  .isInteger(32));
  ASSERT_EQ(step.getNumResults(), 2u);
  EXPECT_EQ(m.all<NllOp>().size(), 1u); // PyTorch writes an ignore_index

  ImportedModel twice("ops/loss-in-graph.onnx", withLoss());
  EXPECT_FALSE(twice.module);
  EXPECT_EQ(twice.messages(),
            "ops/loss-in-graph.onnx: --loss=softmax-cross-entropy: the graph has a "
            "loss of its own, the output \"loss\", which is trained without "
            "--loss\n");
}

TEST(Import, UnknownLoss) {
  ImportedModel m("digits-cnn.onnx", {0, "hinge"});
  EXPECT_EQ(m.messages(), "digits-cnn.onnx: loss hinge is not supported, expected "
                          "softmax-cross-entropy or mse\n");
}

TEST(Import, Batch) {
  ImportedModel symbolic("ops/symbolic-batch.onnx", withLoss());
  EXPECT_EQ(symbolic.messages(), "ops/symbolic-batch.onnx: input \"image\": the batch is symbolic "
                                 "(\"batch\"): give --batch=N\n");
  ImportedModel bound("ops/symbolic-batch.onnx", withLoss(7));
  ASSERT_TRUE(bound.module) << bound.messages();
  EXPECT_EQ(shapeText(bound.step().getArgumentTypes()[0]), "7x1x6x6");
  EXPECT_EQ(shapeText(bound.step().getArgumentTypes()[1]), "7");
  ImportedModel replaced("digits-cnn.onnx", withLoss(5));
  ASSERT_TRUE(replaced.module) << replaced.messages();
  EXPECT_EQ(shapeText(replaced.step().getResultTypes()[1]), "5x10");
}

TEST(Import, PadBeforeAveragePool) {
  ImportedModel padded("ops/avg-pool-torch-pad.onnx");
  ASSERT_TRUE(padded.module) << padded.messages();
  std::vector<AvgPoolOp> pools = padded.all<AvgPoolOp>();
  ASSERT_EQ(pools.size(), 1u);
  EXPECT_TRUE(pools[0].getCountIncludePad());
  EXPECT_EQ(pools[0].getPads(), llvm::ArrayRef<int64_t>({1, 1, 1, 1}));
}

TEST(Import, TextHoldsSmallValuesInline) {
  ImportedModel m("ops/text-dense.onnxtxt");
  ASSERT_TRUE(m.module) << m.messages();
  for (const State &state : statesOf(*m.module))
    EXPECT_TRUE(mlir::isa<mlir::DenseElementsAttr>(state.init));
}

} // namespace
