//===- OperatorTableTest.cpp - what the operator table says of operators ----------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Properties: a model of test/models/ops of which every operator claims a gradient (`slpc
// --list-ops`) can be differentiated; one in which every operator claims to run on chips becomes
// ops that have a lowering; the versions of the standard's operators are those of libonnx.
//
//===----------------------------------------------------------------------------------------===//

#include "dialects/Train/TrainDialect.h"
#include "dialects/Train/TrainValues.h"
#include "lib/Conversion/TrainToChip/LowerOp.h"
#include "lib/Import/ONNX/Operators.h"
#include "slp/Autodiff/Passes.h"
#include "slp/Import/ONNX.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/PassManager.h"
#include "onnx/defs/schema.h"
#include "onnx/onnx_pb.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "gtest/gtest.h"

#include <map>
#include <set>

using namespace mlir;
using namespace slp;

namespace {

TEST(OperatorTable, GradientsAreThere) {
  const std::string folder = SLP_TEST_DIR "/models/ops";
  std::set<std::string> checked;
  std::error_code code;
  for (llvm::sys::fs::directory_iterator file(folder, code), end; !code && file != end;
       file.increment(code)) {
    if (!llvm::StringRef(file->path()).ends_with(".onnx"))
      continue;
    SCOPED_TRACE(file->path());
    auto bytes = llvm::MemoryBuffer::getFile(file->path());
    onnx::ModelProto model;
    ASSERT_TRUE(bytes && model.ParseFromString((*bytes)->getBuffer().str()));
    std::set<std::string> operators;
    bool claims = true, hasLoss = false;
    for (const onnx::NodeProto &node : model.graph().node()) {
      auto entry = import_onnx::operatorTable().find(import_onnx::keyOf(node));
      if (entry == import_onnx::operatorTable().end())
        continue; // folded
      operators.insert(entry->first);
      claims &= entry->second.hasGradient;
      hasLoss |= llvm::StringRef(node.op_type()).ends_with("Loss");
    }
    DialectRegistry registry;
    registry.insert<func::FuncDialect, train::TrainDialect>();
    registerGradients(registry);
    MLIRContext context(registry);
    std::string error;
    ScopedDiagnosticHandler handler(&context, [&](Diagnostic &d) { error += d.str() + "\n"; });
    ImportOptions options;
    options.batch = 2;
    options.loss = hasLoss ? "" : "softmax-cross-entropy";
    auto module = importONNX(context, file->path(), options);
    if (!module || !claims)
      continue;
    PassManager pm(&context);
    pm.addPass(createTrainDifferentiate());
    EXPECT_TRUE(succeeded(pm.run(*module))) << error;
    EXPECT_TRUE(module->lookupSymbol("step")) << "nothing was trained";
    checked.insert(operators.begin(), operators.end());
  }
  EXPECT_GE(checked.size(), 10u);
}

/// Of all files of a folder of test/models: the operators of those that are imported.
void checkLowerings(const std::string &folder, std::set<std::string> &checked) {
  std::error_code code;
  for (llvm::sys::fs::directory_iterator file(SLP_TEST_DIR "/models/" + folder, code), end;
       !code && file != end; file.increment(code)) {
    if (!llvm::StringRef(file->path()).ends_with(".onnx"))
      continue;
    SCOPED_TRACE(file->path());
    auto bytes = llvm::MemoryBuffer::getFile(file->path());
    onnx::ModelProto model;
    ASSERT_TRUE(bytes && model.ParseFromString((*bytes)->getBuffer().str()));
    std::set<std::string> operators;
    bool claims = true;
    auto look = [&](const onnx::GraphProto &graph) {
      for (const onnx::NodeProto &node : graph.node())
        if (auto entry = import_onnx::operatorTable().find(import_onnx::keyOf(node));
            entry != import_onnx::operatorTable().end()) {
          operators.insert(entry->first);
          claims &= entry->second.hasLowering;
        }
    };
    look(model.graph());
    for (const onnx::TrainingInfoProto &info : model.training_info())
      look(info.algorithm());
    DialectRegistry registry;
    registry.insert<func::FuncDialect, train::TrainDialect>();
    registerGradients(registry);
    MLIRContext context(registry);
    std::string error;
    ScopedDiagnosticHandler handler(&context, [&](Diagnostic &d) { error += d.str() + "\n"; });
    ImportOptions options;
    options.batch = 4;
    options.init = "kaiming,1"; // parameters that are inputs
    auto module = importONNX(context, file->path(), options);
    if (!module)
      continue;
    PassManager pm(&context);
    pm.addPass(createTrainDifferentiate());
    if (failed(pm.run(*module)))
      continue; // another test asks for gradients
    bool isLowered = true;
    module->walk([&](Operation *op) {
      if (!isa<train::TrainDialect>(op->getDialect()) || op->getNumResults() == 0 ||
          train::isRead(op) || train::isReshape(op) || train::isConstant(op))
        return;
      isLowered &= hasLowering(op->getName().getStringRef());
      EXPECT_TRUE(hasLowering(op->getName().getStringRef()) || !claims)
          << op->getName().getStringRef().str();
    });
    EXPECT_EQ(isLowered, claims) << "an operator does not claim a lowering that it has";
    checked.insert(operators.begin(), operators.end());
  }
}

TEST(OperatorTable, LoweringsAreThere) {
  std::set<std::string> checked, missed;
  for (const char *folder : {"ops", "forms", "networks"})
    checkLowerings(folder, checked);
  for (const auto &[name, op] : import_onnx::operatorTable())
    if (op.hasLowering && !checked.count(name))
      missed.insert(name);
  // Most are ONNX Runtime's, which no file here has; slp-conformance runs the others.
  EXPECT_LE(missed.size(), 23u) << llvm::join(missed, ", ");
  EXPECT_GE(checked.size(), 80u);
}

TEST(OperatorTable, VersionsAreTheStandards) {
  std::map<std::string, std::set<int>> known;
  for (const onnx::OpSchema &schema : onnx::OpSchemaRegistry::get_all_schemas_with_history())
    if (!schema.deprecated())
      known[(schema.domain().empty() ? "" : schema.domain() + ".") + schema.Name()].insert(
          schema.SinceVersion());
  const int newest = onnx::OpSchemaRegistry::DomainToVersionRange::Instance().Map().at("").second;
  int checked = 0;
  for (const auto &[name, op] : import_onnx::operatorTable()) {
    auto schema = known.find(name);
    if (schema == known.end())
      continue; // ONNX Runtime's, or newer than libonnx
    std::set<int> claimed;
    llvm::SmallVector<llvm::StringRef> parts;
    llvm::StringRef(op.versions).split(parts, ", ");
    for (llvm::StringRef part : parts) {
      int version = 0;
      ASSERT_FALSE(part.getAsInteger(10, version)) << name << ": " << op.versions;
      if (version <= newest)
        claimed.insert(version);
    }
    EXPECT_EQ(claimed, schema->second) << name;
    ++checked;
  }
  EXPECT_GE(checked, 80);
}

} // namespace
