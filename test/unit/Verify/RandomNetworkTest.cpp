//===- RandomNetworkTest.cpp - the networks of the property test are networks -----------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "RandomNetwork.h"

#include "dialects/Train/ConvOp.h"
#include "dialects/Train/TrainState.h"
#include "slp/Reference/Evaluator.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

#include <cmath>

using namespace slp;

TEST(RandomNetwork, DrawsConvolutionsOfAllKinds) {
  mlir::MLIRContext context;
  context.loadDialect<mlir::func::FuncDialect, train::TrainDialect>();
  int strided = 0, grouped = 0, dilated = 0, asymmetric = 0;
  for (uint32_t seed = 1; seed <= 200; ++seed) {
    RandomNetwork network = makeRandomNetwork(seed, "weights.bin");
    auto module = mlir::parseSourceString<mlir::ModuleOp>(network.ir, &context);
    ASSERT_TRUE(module) << "seed " << seed << "\n" << network.ir;
    module->walk([&](train::ConvOp op) {
      strided += op.getStrides()[0] > 1;
      dilated += op.getDilations()[1] > 1;
      grouped += op.getGroup() > 1;
      asymmetric += op.getPads()[0] != op.getPads()[2];
    });
  }
  for (int count : {strided, grouped, dilated, asymmetric})
    EXPECT_GE(count, 20);
}

TEST(RandomNetwork, HasAFiniteLoss) {
  mlir::MLIRContext context;
  context.loadDialect<mlir::func::FuncDialect, train::TrainDialect>();
  for (uint32_t seed = 1; seed <= 20; ++seed) {
    RandomNetwork network = makeRandomNetwork(seed, "weights.bin");
    auto module = mlir::parseSourceString<mlir::ModuleOp>(network.ir, &context);
    ASSERT_TRUE(module);
    auto evaluator = reference::Evaluator::create(*module, [&](const train::State &state) {
      auto file = mlir::cast<train::FileAttr>(state.init);
      auto first = network.weights.begin() + file.getOffset() / 4;
      return mlir::FailureOr<std::vector<float>>(
          std::vector<float>(first, first + file.getLength() / 4));
    });
    ASSERT_TRUE(mlir::succeeded(evaluator));
    reference::NamedTensors inputs;
    auto step = module->lookupSymbol<mlir::func::FuncOp>("step");
    for (mlir::BlockArgument argument : step.getArguments()) {
      auto type = mlir::cast<mlir::RankedTensorType>(argument.getType());
      reference::Tensor tensor(type.getShape());
      for (size_t i = 0; i < tensor.values.size(); ++i)
        tensor[i] = type.getElementType().isInteger(32) ? 0.0f : 0.125f * float(i % 7);
      inputs[step.getArgAttrOfType<mlir::StringAttr>(argument.getArgNumber(),
                                                     train::getArgNameAttrName())
                 .str()] = tensor;
    }
    float loss = NAN;
    ASSERT_TRUE(mlir::succeeded(evaluator->run(
        "step", inputs, [&](llvm::StringRef name, const reference::Tensor &values, mlir::OpResult) {
          if (name == "loss")
            loss = values[0];
        })));
    EXPECT_GT(loss, 0.0f) << "seed " << seed;
    EXPECT_LT(loss, 100.0f) << "seed " << seed;
  }
}
