//===- Import.cpp - from an ONNX file to train IR ---------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Reads the file, checks every node against the operator table, then builds @step node by node. A
// node that fails leaves its outputs undefined; nodes that read those are passed over in silence,
// so that one run reports all that is wrong once.
//
//===----------------------------------------------------------------------------------------===//

#include "slp/Import/ONNX.h"

#include "lib/Import/ONNX/ModelFile.h"
#include "lib/Import/ONNX/Operators.h"
#include "lib/Import/ONNX/Tensors.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Verifier.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace slp;
using namespace slp::import_onnx;

namespace {
class Importer {
public:
  Importer(ModuleOp module, StringRef path, const ModelFile &file, const ImportOptions &options)
      : module(module), file(file), proto(file.model.graph()), options(options),
        fileName(llvm::sys::path::filename(path)),
        graph{OpBuilder(module.getContext()), path.str(), 0, {}, {}, {}, {}, {}} {}

  LogicalResult run();

private:
  LogicalResult checkVersion();
  LogicalResult importInputs();
  LogicalResult collectInitializers();
  LogicalResult importNodes();
  LogicalResult importNode(const Operator &op, Node &node);
  LogicalResult resolveInput(const Node &node, unsigned i, char kind, StringRef type);
  LogicalResult readInitializer(const std::string &name);
  FailureOr<RankedTensorType> inputType(const onnx::ValueInfoProto &input);
  LogicalResult checkOutputs();
  LogicalResult appendLoss();
  LogicalResult finish();

  Value addArgument(Type type, StringRef name) {
    unsigned at = step.getNumArguments();
    Builder &b = graph.builder;
    (void)step.insertArgument(
        at, type,
        b.getDictionaryAttr(b.getNamedAttr(train::getArgNameAttrName(), b.getStringAttr(name))),
        NameLoc::get(b.getStringAttr(name)));
    return step.getArgument(at);
  }

  ModuleOp module;
  const ModelFile &file;
  const onnx::GraphProto &proto;
  const ImportOptions &options;
  std::string fileName;
  Graph graph;
  func::FuncOp step;
  llvm::StringMap<int> initializers; // name to index in the file
  llvm::StringSet<> undefined;       // outputs of nodes that failed
};
} // namespace

LogicalResult Importer::run() {
  OpBuilder &b = graph.builder;
  module->setAttr("slp.stage", b.getStringAttr("import"));
  module->setAttr("train.model", b.getStringAttr(fileName));
  b.setInsertionPointToEnd(module.getBody());
  step = func::FuncOp::create(b, NameLoc::get(b.getStringAttr("step")), "step",
                              b.getFunctionType({}, {}));
  b.setInsertionPointToStart(step.addEntryBlock());
  if (failed(checkVersion()) || failed(collectInitializers()) || failed(importInputs()) ||
      failed(importNodes()))
    return failure();
  return finish();
}

LogicalResult Importer::checkVersion() {
  for (const onnx::OperatorSetIdProto &set : file.model.opset_import())
    if (set.domain().empty() || set.domain() == "ai.onnx")
      graph.opset = set.version();
  if (graph.opset >= 7)
    return success();
  return graph.error() << "expected ONNX operator set 7 or later, found "
                       << (graph.opset ? std::to_string(graph.opset) : "none");
}

LogicalResult Importer::collectInitializers() {
  for (auto [i, tensor] : llvm::enumerate(proto.initializer()))
    if (!initializers.try_emplace(tensor.name(), i).second)
      return graph.error() << "initializer \"" << tensor.name() << "\" is defined twice";
  return success();
}

FailureOr<RankedTensorType> Importer::inputType(const onnx::ValueInfoProto &input) {
  auto error = [&] { return graph.error() << "input \"" << input.name() << "\": "; };
  const onnx::TypeProto::Tensor &tensor = input.type().tensor_type();
  Builder &b = graph.builder;
  Type element;
  if (tensor.elem_type() == onnx::TensorProto::FLOAT)
    element = b.getF32Type();
  else if (tensor.elem_type() == onnx::TensorProto::INT64 ||
           tensor.elem_type() == onnx::TensorProto::INT32)
    element = b.getI32Type(); // labels: classes fit
  else
    return error() << "expected a tensor of FLOAT, or labels of INT64 or INT32, found data type "
                   << tensor.elem_type();
  if (!tensor.has_shape())
    return error() << "expected a shape, found none";
  SmallVector<int64_t> shape;
  for (auto [i, dim] : llvm::enumerate(tensor.shape().dim())) {
    int64_t size = dim.has_dim_value() ? dim.dim_value() : 0;
    if (i == 0 && options.batch)
      size = options.batch;
    if (i == 0 && !dim.has_dim_value() && !size)
      return error() << "the batch is symbolic (\"" << dim.dim_param() << "\"): give --batch=N";
    if (size < 1)
      return error() << "expected a size of at least 1 in dimension " << i << ", found "
                     << (dim.has_dim_value() ? std::to_string(size)
                                             : "\"" + dim.dim_param() + "\"");
    shape.push_back(size);
  }
  int64_t elements = 1;
  for (int64_t size : shape)
    if (llvm::MulOverflow(elements, size, elements) || elements > int64_t(1) << 40)
      return error() << "impossible size " << printShape(shape);
  if (element.isInteger() && shape.size() != 1)
    return error() << "expected labels of rank 1, found " << printShape(shape);
  return RankedTensorType::get(shape, element);
}

LogicalResult Importer::importInputs() {
  for (const onnx::ValueInfoProto &input : proto.input()) {
    if (initializers.count(input.name()))
      continue; // IR version 3 lists them as inputs too
    FailureOr<RankedTensorType> type = inputType(input);
    if (failed(type))
      return failure();
    if (graph.values.count(input.name()))
      return graph.error() << "input \"" << input.name() << "\" is defined twice";
    graph.values[input.name()] = addArgument(*type, input.name());
  }
  return success();
}

/// Makes the initializer a state and its value, or a constant, when a node first reads it.
LogicalResult Importer::readInitializer(const std::string &name) {
  int index = initializers.lookup(name);
  const onnx::TensorProto &tensor = proto.initializer(index);
  auto error = [&](StringRef message) {
    return graph.error() << "initializer \"" << name << "\": " << message;
  };
  if (tensor.data_type() == onnx::TensorProto::INT64) {
    Result<SmallVector<int64_t>> integers = integersOf(tensor);
    if (!integers)
      return error(integers.message());
    graph.constants[name] = integers.take();
    return success();
  }
  OpBuilder &b = graph.builder;
  Result<RankedTensorType> type = floatTypeOf(tensor, b);
  if (!type)
    return error(type.message());
  DataSlice slice = file.bytes ? file.slices[index] : DataSlice();
  Result<Attribute> init = initialValueOf(tensor, *type, file, slice, fileName);
  if (!init)
    return error(init.message());
  Location loc = NameLoc::get(b.getStringAttr(name));
  OpBuilder atModule(step);
  auto state = train::StateOp::create(atModule, loc, b.getStringAttr(name), TypeAttr::get(*type),
                                      *init, num_ir::RoundingAttr());
  auto read = train::ReadOp::create(b, loc, *type, FlatSymbolRefAttr::get(state.getSymNameAttr()));
  read->setAttr(train::getNamesAttrName(), b.getStrArrayAttr({name}));
  graph.values[name] = read.getResult();
  return success();
}

/// Finds the tensor that input `i` names and checks that it is of the kind the operator wants.
LogicalResult Importer::resolveInput(const Node &node, unsigned i, char kind, StringRef type) {
  std::string name = node.inputName(i).str();
  if (kind == '-')
    return node.fail(Twine(type) + ": input \"" + name + "\" is not supported, expected none");
  bool isKnown =
      graph.values.count(name) || graph.constants.count(name) || graph.padded.count(name);
  if (!isKnown && initializers.count(name)) {
    if (failed(readInitializer(name)))
      return failure();
  } else if (!isKnown) {
    return node.fail("input \"" + name +
                     "\" is not an output of an earlier node, an input or an initializer");
  }
  if (kind == 'c') {
    if (graph.constants.count(name))
      return success();
    return node.fail(Twine(type) + ": expected input \"" + name + "\" to be a constant of INT64");
  }
  if (graph.padded.count(name)) {
    if (kind == 'p')
      return success();
    return node.fail(Twine(type) + " of a padded tensor is not supported, expected AveragePool");
  }
  Value value = graph.values.lookup(name);
  Type wanted = kind == 'l' ? Type(graph.builder.getI32Type()) : graph.builder.getF32Type();
  if (value && cast<RankedTensorType>(value.getType()).getElementType() == wanted)
    return success();
  return node.fail(Twine(type) + ": expected input \"" + name + "\" to be " +
                   (kind == 'l' ? "labels (INT64 or INT32)" : "a tensor of FLOAT"));
}

LogicalResult Importer::importNode(const Operator &op, Node &node) {
  std::string kinds = op.inputs;
  llvm::erase(kinds, '|');
  for (unsigned i = 0; i < node.numInputs(); ++i)
    if (!node.inputName(i).empty() && failed(resolveInput(node, i, kinds[i], node.operatorName())))
      return failure();
  return op.import(node);
}

LogicalResult Importer::importNodes() {
  bool isFine = true;
  llvm::StringMap<std::string> definedBy;
  for (auto [index, nodeProto] : llvm::enumerate(proto.node())) {
    std::string name = nodeProto.name().empty() ? nodeProto.op_type() + "_" + std::to_string(index)
                                                : nodeProto.name();
    const Operator *op = checkNode(graph, nodeProto, name);
    bool isDone = op != nullptr;
    for (const std::string &output : nodeProto.output()) {
      if (output.empty())
        continue;
      auto [other, isNew] = definedBy.try_emplace(output, name);
      if (!isNew || graph.values.count(output) || initializers.count(output)) {
        graph.error() << "node \"" << name << "\": output \"" << output << "\" is defined twice"
                      << (isNew ? "" : ", first by node \"" + other->second + "\"");
        isDone = isFine = false;
      }
    }
    bool isPassedOver = llvm::any_of(
        nodeProto.input(), [&](const std::string &input) { return undefined.contains(input); });
    if (isDone && !isPassedOver) {
      Node node(graph, nodeProto, name);
      isDone = succeeded(importNode(*op, node));
    }
    if (isDone && !isPassedOver)
      continue;
    isFine = false;
    for (const std::string &output : nodeProto.output())
      undefined.insert(output);
  }
  return success(isFine);
}

/// `--loss`: a loss after the graph's one output, against an argument `labels`.
LogicalResult Importer::appendLoss() {
  if (options.loss != "softmax-cross-entropy")
    return graph.error() << "loss " << options.loss
                         << " is not supported, expected softmax-cross-entropy";
  if (graph.loss)
    return graph.error() << "the graph has a loss of its own, so that --loss=" << options.loss
                         << " does not fit";
  if (proto.output_size() != 1)
    return graph.error() << "--loss=" << options.loss << " expects a graph of one output, found "
                         << proto.output_size();
  if (graph.values.count("labels"))
    return graph.error() << "--loss=" << options.loss
                         << " adds an input \"labels\", which the graph has already";
  const std::string &name = proto.output(0).name();
  Value logits = graph.values.lookup(name);
  OpBuilder &b = graph.builder;
  if (shapeOf(logits).size() != 2 || !cast<ShapedType>(logits.getType()).getElementType().isF32())
    return graph.error() << "output \"" << name << "\": expected logits of rank 2, found "
                         << printShape(shapeOf(logits));
  Value labels =
      addArgument(RankedTensorType::get(shapeOf(logits).front(), b.getI32Type()), "labels");
  Location loc = NameLoc::get(b.getStringAttr("loss"));
  auto loss = train::createInferred<train::CrossEntropyOp>(b, loc, {logits, labels}, {},
                                                           {b.getF32Type(), b.getF32Type()});
  loss->setAttr(train::getNamesAttrName(), b.getStrArrayAttr({"loss", "loss/losses"}));
  graph.loss = loss.getLoss();
  graph.logits = logits;
  return success();
}

/// Every output is made by a node, with the shape that the file declares (the batch may differ).
LogicalResult Importer::checkOutputs() {
  if (proto.output_size() == 0)
    return graph.error() << "the graph has no output";
  for (const onnx::ValueInfoProto &output : proto.output()) {
    auto error = [&] { return graph.error() << "output \"" << output.name() << "\": "; };
    Value value = graph.values.lookup(output.name());
    if (!value)
      return error() << "not defined by any node, or not a tensor of FLOAT";
    const onnx::TypeProto::Tensor &declared = output.type().tensor_type();
    if (!declared.has_shape())
      continue;
    ArrayRef<int64_t> shape = shapeOf(value);
    bool fits = shape.size() == size_t(declared.shape().dim_size());
    for (size_t i = options.batch ? 1 : 0; fits && i < shape.size(); ++i) {
      const onnx::TensorShapeProto::Dimension &dim = declared.shape().dim(i);
      fits = !dim.has_dim_value() || dim.dim_value() == shape[i];
    }
    if (fits)
      continue;
    SmallVector<std::string> sizes;
    for (const onnx::TensorShapeProto::Dimension &dim : declared.shape().dim())
      sizes.push_back(dim.has_dim_value() ? std::to_string(dim.dim_value()) : dim.dim_param());
    return error() << "expected the declared shape " << llvm::join(sizes, "x") << ", found "
                   << printShape(shape);
  }
  return success();
}

LogicalResult Importer::finish() {
  if (failed(checkOutputs()))
    return failure();
  if (!options.loss.empty() && failed(appendLoss()))
    return failure();

  // (loss, logits), or what the graph says; a result is named as the graph names it.
  SmallVector<std::pair<std::string, Value>> results;
  auto nameOf = [&](Value value, StringRef otherwise) -> std::string {
    for (const onnx::ValueInfoProto &output : proto.output())
      if (graph.values.lookup(output.name()) == value)
        return output.name();
    return otherwise.str();
  };
  if (graph.loss) {
    results = {{nameOf(graph.loss, "loss"), graph.loss},
               {nameOf(graph.logits, "logits"), graph.logits}};
  } else {
    for (const onnx::ValueInfoProto &output : proto.output())
      results.push_back({output.name(), graph.values.lookup(output.name())});
  }
  OpBuilder &b = graph.builder;
  SmallVector<Value> values = llvm::to_vector(llvm::make_second_range(results));
  func::ReturnOp::create(b, step.getLoc(), values);
  step.setFunctionType(b.getFunctionType(step.getArgumentTypes(), ValueRange(values).getTypes()));
  for (auto [i, result] : llvm::enumerate(results))
    step.setResultAttr(i, train::getArgNameAttrName(), b.getStringAttr(result.first));
  return verify(module);
}

OwningOpRef<ModuleOp> slp::importONNX(MLIRContext &context, StringRef path,
                                      const ImportOptions &options) {
  context.loadDialect<func::FuncDialect, train::TrainDialect>();
  auto unknown = UnknownLoc::get(&context);
  if (llvm::sys::fs::is_directory(path)) {
    emitError(unknown) << path << ": expected a file, found a directory";
    return nullptr;
  }
  Result<std::unique_ptr<ModelFile>> file = Error{};
  if (path.ends_with(".onnxtxt")) {
    auto text = llvm::MemoryBuffer::getFile(path, /*IsText=*/true);
    file = text ? parseTextModel((*text)->getBuffer().str())
                : Result<std::unique_ptr<ModelFile>>(Error{text.getError().message()});
  } else {
    file = readBinaryModel(path);
  }
  if (!file) {
    emitError(unknown) << path << ": " << file.message();
    return nullptr;
  }
  OwningOpRef<ModuleOp> module = ModuleOp::create(unknown);
  if (failed(Importer(*module, path, **file, options).run()))
    return nullptr;
  return module;
}
