//===- BakedBatch.cpp - files that have their batch written into shapes -----------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// An exporter that is not told that the batch is open writes it as a number: Reshape to [1, 64].
// With another --batch such a node fails, or makes one image of several without a word, or its
// result fits nowhere. Here that is found, and said where.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Importer.h"
#include "lib/Import/ONNX/Names.h"
#include "lib/Import/ONNX/ShapeRules.h"

#include "dialects/Train/ReduceSumAbsOpKind.h"
#include "dialects/Train/ReduceSumOpKind.h"
#include "dialects/Train/ReduceSumSquareOpKind.h"
#include "dialects/Train/TrainValues.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>

using namespace mlir;
using namespace slp;
using namespace slp::import_onnx;

static std::string printList(ArrayRef<int64_t> values) {
  std::string text;
  for (int64_t value : values)
    text += (text.empty() ? "" : ", ") + std::to_string(value);
  return "[" + text + "]";
}

/// Whether `value` is computed from an argument of the step.
bool Importer::dependsOnInputs(Value value) {
  SmallVector<Value> open = {value};
  // A value is decided when its operands are; the graph has no cycles.
  while (!open.empty()) {
    Value v = open.back();
    Operation *op = v.getDefiningOp();
    bool isReady = true, depends = !op;
    if (op)
      for (Value operand : op->getOperands()) {
        auto known = ofInputs.find(operand);
        if (known == ofInputs.end()) {
          open.push_back(operand);
          isReady = false;
        } else {
          depends |= known->second;
        }
      }
    if (!isReady)
      continue;
    ofInputs[v] = depends;
    open.pop_back();
  }
  return ofInputs.lookup(value);
}

/// The sizes that a node writes out: the shape of a Reshape or Expand, the ends of a Slice.
static std::optional<SmallVector<int64_t>> writtenSizes(Node &node) {
  StringRef op = node.operatorName();
  if (!node.domain().empty())
    return std::nullopt;
  if (op == "Reshape")
    return node.integersAt("shape", 1);
  if (op == "Expand")
    return node.constant(1);
  if (op == "ConstantOfShape")
    return node.constant(0);
  if (op == "Resize")
    return node.constant(3);
  return std::nullopt;
}

/// Whether the node is a Slice of all `batch` images from the first on.
static bool takesBatch(Node &node, int64_t batch) {
  if (node.operatorName() != "Slice" || !node.domain().empty())
    return false;
  auto starts = node.integersAt("starts", 1), ends = node.integersAt("ends", 2),
       axes = node.integersAt("axes", 3), steps = node.constant(4);
  // A Slice whose lists do not fit each other is refused when it is imported.
  if (!starts || !ends || starts->size() != ends->size() ||
      (steps && steps->size() != starts->size()))
    return false;
  for (size_t i = 0; i < starts->size(); ++i) {
    int64_t axis = axes && i < axes->size() ? (*axes)[i] : int64_t(i);
    if (axis == 0 || axis == -node.rank(0))
      return (*starts)[i] == 0 && (*ends)[i] == batch && (!steps || (*steps)[i] == 1);
  }
  return false;
}

/// The batch for which `sizes` give a Reshape of `x` as many elements as it has for `batch`; 0 if
/// there is none.
static int64_t batchOfCount(ArrayRef<int64_t> sizes, ArrayRef<int64_t> x, int64_t batch) {
  int64_t from = product(x), to = 1;
  for (auto [i, size] : llvm::enumerate(sizes))
    to *= size == 0 && i < x.size() ? x[i] : size;
  bool isWhole = !llvm::is_contained(sizes, -1) && from > 0 && to > 0 && to != from;
  return isWhole && to * batch % from == 0 ? to * batch / from : 0;
}

LogicalResult Importer::checkBatch(Node &node) {
  // Sizes that initializers hold are read with the node; here they are needed before.
  for (unsigned i = 0; i < node.numInputs(); ++i) {
    StringRef name = node.inputName(i);
    const onnx::TensorProto *header =
        !name.empty() && sources.contains(name) ? sources.header(name) : nullptr;
    if (header && header->data_type() == onnx::TensorProto::INT64 && !graph.constants.count(name) &&
        failed(readAsConstant(name)))
      return failure();
  }
  ArrayRef<int64_t> x = node.shape(0);
  Value value = graph.values.lookup(node.inputName(0));
  std::optional<SmallVector<int64_t>> sizes = writtenSizes(node);
  bool isReshape = node.operatorName() == "Reshape" && sizes && value && !x.empty();
  int64_t baked = isReshape ? batchOfCount(*sizes, x, options.batch) : 0;
  bool isResized = fileBatch && *fileBatch != options.batch;
  if (fileBatch && baked != *fileBatch)
    baked = 0;
  bool isWritten = isResized && sizes && !sizes->empty() && sizes->front() == *fileBatch;
  bool isSlice = isResized && value && !x.empty() && takesBatch(node, *fileBatch);
  bool keepsBatch = !x.empty() && x.front() == options.batch;
  bool isResize = node.operatorName() == "Resize"; // which would interpolate between images
  if (keepsBatch && ((isReshape && isWritten && llvm::is_contained(*sizes, -1)) || isSlice ||
                     (isResize && isWritten)))
    baked = *fileBatch;
  if (baked == 0 && !isWritten)
    return success();
  std::string what = isSlice ? "its ends" : "its shape " + printList(*sizes);
  if (baked == 0 || !dependsOnInputs(value)) {
    if (fileBatch) // which an open batch has not
      bakedNodes.push_back("node \"" + node.name() + "\", " + what);
    return success();
  }
  return node.fail(Twine(node.operatorName()) + ": a batch of " + Twine(baked) + " is baked into " +
                   what + ", so that --batch=" + Twine(options.batch) +
                   " does not fit: export with a dynamic batch (PyTorch: dynamic_axes), or compile "
                   "with --batch=" +
                   Twine(baked));
}

/// What `value` is the sum of, in elements; 0 if it is none.
static int64_t summedElements(Value value) {
  Operation *op = train::beforeReshapes(value).getDefiningOp();
  return isOneOf<train::ReduceSumOp, train::ReduceSumSquareOp, train::ReduceSumAbsOp>(op)
             ? product(shapeOf(op->getOperand(0))) / product(shapeOf(op->getResult(0)))
             : 0;
}

/// A division of tensors of the step by the file's batch, or by that many images' elements where
/// those have been added up, or the like: PyTorch's tracing makes a number of `x.shape[0]`.
void Importer::findBakedNumber(Node &node) {
  StringRef op = node.operatorName();
  bool isDiv = op == "Div", isMul = op == "Mul", isRange = op == "Range";
  if (!fileBatch || *fileBatch == options.batch || !node.domain().empty() ||
      !(isDiv || isMul || isRange))
    return;
  auto numberAt = [&](unsigned i) -> std::optional<double> {
    StringRef name = node.inputName(i);
    if (!graph.constants.count(name) && sources.contains(name) &&
        (roleOf(name).role != Role::constant || failed(readAsConstant(name))))
      return std::nullopt;
    const Constant *c = node.known(i);
    return c && c->size() == 1 ? std::optional<double>(c->number(0)) : std::nullopt;
  };
  double batch = *fileBatch;
  auto add = [&](StringRef what, double number) {
    std::string text;
    llvm::raw_string_ostream(text)
        << "node \"" << node.name() << "\" " << what << " " << llvm::format("%g", number);
    bakedNumbers.push_back(text);
  };
  if (isRange) {
    if (std::optional<double> end = numberAt(1); end && *end == batch)
      add("counts to", *end);
    return;
  }
  for (unsigned i : {1, 0}) {
    Value other = graph.values.lookup(node.inputName(1 - i));
    if ((isDiv && i == 0) || !other || !dependsOnInputs(other))
      continue;
    std::optional<double> number = numberAt(i);
    if (!number || *number == 0)
      continue;
    double divisor = isDiv ? *number : 1 / *number;
    double elements = double(summedElements(other)) / double(options.batch) * batch;
    auto isAbout = [](double a, double b) { return std::fabs(a - b) <= 1e-6 * std::fabs(b); };
    bool isBatch = isAbout(divisor, batch) || (isMul && isAbout(*number, batch));
    bool isOne = batch == 1 && !isDiv; // every product by 1 is not meant
    if ((isBatch && !isOne) || (elements > 0 && isAbout(divisor, elements)))
      add(isDiv ? "divides by" : "multiplies by", *number);
  }
}

void Importer::noteBakedNumbers() {
  if (bakedNumbers.empty())
    return;
  constexpr size_t most = 8;
  std::string text = llvm::join(ArrayRef(bakedNumbers).take_front(most), ", ");
  if (bakedNumbers.size() > most)
    text += " and " + std::to_string(bakedNumbers.size() - most) + " more";
  graph.note() << "the file has a batch of " << *fileBatch << ", which --batch=" << options.batch
               << " replaces, but not in numbers: " << text
               << "; if that is the batch, export with a dynamic one (PyTorch: dynamic_axes), or "
                  "compile with --batch="
               << *fileBatch;
}

LogicalResult Importer::checkBatchOf(const NamedValue &output) {
  ArrayRef<int64_t> shape = shapeOf(output.value);
  if (!fileBatch || *fileBatch == options.batch || shape.empty() || shape.front() != *fileBatch ||
      llvm::is_contained(shape, options.batch))
    return success();
  InFlightDiagnostic d = graph.error();
  d << "\"" << output.name << "\" is " << printShape(shape) << " with --batch=" << options.batch
    << ": the file's batch of " << *fileBatch << " is baked into the graph";
  if (!bakedNodes.empty())
    d << ", perhaps into " << bakedNodes.front();
  return d << "; export with a dynamic batch (PyTorch: dynamic_axes), or compile with --batch="
           << *fileBatch;
}

LogicalResult Importer::importBuilt(Node &node, const Operator &op) {
  if (bakedNodes.empty())
    return op.import(node);
  std::string message;
  LogicalResult result = success();
  {
    ScopedDiagnosticHandler handler(module.getContext(), [&](Diagnostic &diagnostic) {
      if (diagnostic.getSeverity() != DiagnosticSeverity::Error)
        return failure();
      message += (message.empty() ? "" : "; ") + diagnostic.str();
      return success();
    });
    result = op.import(node);
  }
  if (!message.empty())
    emitError(graph.builder.getUnknownLoc())
        << message << "; the file's batch of " << *fileBatch << " may be baked into "
        << bakedNodes.front()
        << (bakedNodes.size() > 1 ? " and " + std::to_string(bakedNodes.size() - 1) + " more" : "")
        << ": export with a dynamic batch (PyTorch: dynamic_axes), or compile with --batch="
        << *fileBatch;
  return result;
}
