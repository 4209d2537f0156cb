//===- FormsTest.cpp - one network in four forms ----------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// test/models/forms holds the same small networks, with the same parameters, as a forward graph, as
// a TrainingInfoProto, as ONNX Runtime's artifacts and as a step in ordinary operators. Each is
// trained for a few steps by the reference in FP32: losses and all parameters must be those of
// PyTorch (test/data/forms), and those of the forward graph under our own autodiff. The files are
// made by tools/scripts/make-forms.py, which knows nothing of this compiler.
//
//===----------------------------------------------------------------------------------------===//

#include "slp/Autodiff/Passes.h"
#include "slp/Emit/InitialValues.h"
#include "slp/Import/ONNX.h"
#include "slp/Reference/Evaluator.h"
#include "slp/Transforms/Train/Passes.h"

#include "dialects/Train/TrainDialect.h"
#include "dialects/Train/TrainState.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "gtest/gtest.h"

#include <cmath>

using namespace mlir;
using namespace slp;
using namespace slp::reference;

namespace {

const std::string models = SLP_TEST_DIR "/models/forms/";

/// A file and what it is compared with.
struct Case {
  std::string network, form, optimizer;
};

void PrintTo(const Case &c, std::ostream *os) { *os << c.network << "." << c.form; }

/// The file of form (a): its loss is in the file where no option can say it.
std::string forwardOf(const std::string &network) {
  return network + (network == "layer" ? ".loss" : ".forward");
}

/// What a run leaves: the loss and the parameters after each step.
struct Trace {
  std::vector<float> losses;
  std::vector<NamedTensors> parameters;
};

llvm::json::Value readJson(const std::string &path) {
  auto text = llvm::MemoryBuffer::getFile(path);
  if (!text)
    return nullptr;
  llvm::Expected<llvm::json::Value> parsed = llvm::json::parse((*text)->getBuffer());
  return parsed ? *parsed : llvm::json::Value(nullptr);
}

Tensor tensorOf(const llvm::json::Object &object) {
  SmallVector<int64_t> shape;
  for (const llvm::json::Value &size : *object.getArray("shape"))
    shape.push_back(*size.getAsInteger());
  Tensor tensor(shape);
  for (auto [i, value] : llvm::enumerate(*object.getArray("data")))
    tensor.values[i] = float(*value.getAsNumber());
  return tensor;
}

NamedTensors tensorsOf(const llvm::json::Object &object) {
  NamedTensors tensors;
  for (const auto &[name, value] : object)
    tensors[name.str()] = tensorOf(*value.getAsObject());
  return tensors;
}

/// FP32 sums in another order: an error counts against the largest element.
void expectClose(const Tensor &found, const Tensor &expected, const std::string &what) {
  ASSERT_EQ(found.values.size(), expected.values.size()) << what;
  float largest = 0;
  for (float value : expected.values)
    largest = std::max(largest, std::fabs(value));
  for (size_t i = 0; i < found.values.size(); ++i)
    ASSERT_NEAR(found.values[i], expected.values[i], 1e-7f + 1e-5f * largest)
        << what << " element " << i;
}

void expectClose(const Trace &found, const Trace &expected, const std::string &what) {
  ASSERT_EQ(found.losses.size(), expected.losses.size());
  for (size_t step = 0; step < expected.losses.size(); ++step) {
    std::string where = what + ", step " + std::to_string(step + 1);
    EXPECT_NEAR(found.losses[step], expected.losses[step], 1e-5f * expected.losses[step]) << where;
    for (const auto &[name, tensor] : expected.parameters[step]) {
      auto it = found.parameters[step].find(name);
      ASSERT_NE(it, found.parameters[step].end()) << where << ": there is no " << name;
      expectClose(it->second, tensor, where + ": " + name);
    }
  }
}

class Forms : public ::testing::TestWithParam<Case> {
protected:
  /// Imports and differentiates a model and runs the steps of `data`.
  void train(const Case &c, const llvm::json::Object &data, Trace &trace) {
    DialectRegistry registry;
    registry.insert<func::FuncDialect, train::TrainDialect>();
    registerGradients(registry);
    MLIRContext context(registry);
    std::string error;
    ScopedDiagnosticHandler handler(&context, [&](Diagnostic &d) { error += d.str() + "\n"; });
    ImportOptions options;
    if (c.form == "forward")
      options.loss = "softmax-cross-entropy";
    if (c.form == "training_model") {
      options.params = models + forwardOf(c.network) + ".onnx"; // its parameters are inputs
      options.optimizerModel = models + "optimizer_model-" + c.optimizer + ".onnx";
      options.batch = tensorOf(*data.getArray("inputs")->front().getAsObject()->getObject("image"))
                          .shape.front();
    }
    OwningOpRef<ModuleOp> module =
        importONNX(context, models + c.network + "." + c.form + ".onnx", options);
    ASSERT_TRUE(module) << error;
    PassManager pm(&context);
    pm.addPass(createTrainRecognizeBackward());
    pm.addPass(createTrainDifferentiate());
    ASSERT_TRUE(succeeded(pm.run(*module))) << error;

    std::string folder = models;
    auto readFile = [](const train::State &state) { return readInitialValues(state, models); };
    FailureOr<Evaluator> evaluator = Evaluator::create(*module, readFile);
    ASSERT_TRUE(succeeded(evaluator)) << error;
    Hyper hyper;
    hyper.learningRate = float(*data.getNumber("learning_rate"));
    auto numbers = module->getOperation()->getAttrOfType<DictionaryAttr>("train.hyper");
    auto take = [&](StringRef name, float &number) {
      auto value = numbers ? numbers.getAs<FloatAttr>(name) : FloatAttr();
      if (value)
        number = value.getValue().convertToFloat();
    };
    take("lr", hyper.learningRate);
    take("momentum", hyper.momentum);
    take("beta1", hyper.momentum);
    take("beta2", hyper.beta2);
    take("epsilon", hyper.epsilon);
    take("weight-decay", hyper.weightDecay);
    for (const llvm::json::Value &step : *data.getArray("inputs")) {
      auto observe = [&](StringRef name, const Tensor &values, OpResult) {
        if (name == "loss")
          trace.losses.push_back(values.values[0]);
      };
      hyper.run = float(trace.parameters.size() + 1);
      hyper.correction1 = float(1 / (1 - std::pow(double(hyper.momentum), hyper.run)));
      hyper.correction2 = float(1 / (1 - std::pow(double(hyper.beta2), hyper.run)));
      evaluator->setHyper(hyper);
      ASSERT_TRUE(succeeded(evaluator->run("step", tensorsOf(*step.getAsObject()), observe)))
          << error;
      trace.parameters.push_back(evaluator->states());
    }
  }
};

TEST_P(Forms, TrainAsPyTorchDoes) {
  Case c = GetParam();
  llvm::json::Value json = readJson(SLP_TEST_DIR "/data/forms/" + c.network + ".json");
  const llvm::json::Object *data = json.getAsObject();
  ASSERT_TRUE(data);
  Trace expected;
  for (const llvm::json::Value &step : *data->getObject("optimizers")->getArray(c.optimizer)) {
    expected.losses.push_back(float(*step.getAsObject()->getNumber("loss")));
    expected.parameters.push_back(tensorsOf(*step.getAsObject()->getObject("parameters")));
  }
  Trace found;
  ASSERT_NO_FATAL_FAILURE(train(c, *data, found));
  expectClose(found, expected, "against PyTorch");
  std::string form = forwardOf(c.network).substr(c.network.size() + 1);
  if (c.optimizer != "sgd" || c.form == form)
    return;
  Trace forward;
  ASSERT_NO_FATAL_FAILURE(train({c.network, form, "sgd"}, *data, forward));
  expectClose(found, forward, "against the forward graph");
}

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const char *network : {"mlp", "cnn", "norm", "strided"})
    for (const char *form : {"forward", "standard", "training_model", "step"})
      all.push_back({network, form, "sgd"});
  for (const char *form : {"forward", "standard", "training_model"})
    all.push_back({"pooled", form, "sgd"});
  for (const char *network : {"sequence", "joined", "volume", "places"})
    for (const char *form : {"forward", "standard", "training_model"})
      all.push_back({network, form, "sgd"});
  for (const char *form : {"loss", "standard", "training_model"})
    all.push_back({"layer", form, "sgd"});
  for (const char *form : {"standard-parts", "standard-initialized"})
    all.push_back({"mlp", form, "sgd"});
  for (const char *optimizer : {"momentum", "nesterov", "adagrad", "adam"})
    all.push_back({"mlp", std::string("standard-") + optimizer, optimizer});
  for (const char *optimizer : {"adamw", "adamw-mode-1"})
    all.push_back({"mlp", "training_model", optimizer});
  return all;
}

INSTANTIATE_TEST_SUITE_P(Networks, Forms, ::testing::ValuesIn(cases()), [](const auto &info) {
  std::string name = info.param.network + "_" + info.param.form + "_" + info.param.optimizer;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

} // namespace
