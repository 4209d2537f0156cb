//===- Inputs.cpp - what the graph is given at every step -------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Sizes are fixed here: --batch and --bind give values to symbolic dimensions; an input that --bind
// or --params names is no input any more.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Importer.h"

#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace slp;
using namespace slp::import_onnx;
using Dimension = onnx::TensorShapeProto::Dimension;

Value Importer::addArgument(Type type, StringRef name) {
  unsigned at = step.getNumArguments();
  Builder &b = graph.builder;
  (void)step.insertArgument(
      at, type,
      b.getDictionaryAttr(b.getNamedAttr(train::getArgNameAttrName(), b.getStringAttr(name))),
      NameLoc::get(b.getStringAttr(name)));
  return step.getArgument(at);
}

//===----------------------------------------------------------------------------------------===//
// --bind
//===----------------------------------------------------------------------------------------===//

/// "3", "-1.5" or "[1, 2, 3]" as a constant of `type`.
static Result<Constant> parseValues(StringRef text, int32_t type) {
  auto bad = [&](StringRef what) {
    return Error{("expected " + what + " of " + typeName(type) + ", found \"" + text + "\"").str()};
  };
  bool isList = text.consume_front("[");
  if (isList && !text.consume_back("]"))
    return bad("a list that ends in ]");
  SmallVector<StringRef> parts;
  if (isList)
    text.split(parts, ',', /*MaxSplit=*/-1, /*KeepEmpty=*/!text.trim().empty());
  else
    parts.push_back(text);
  Constant c;
  c.type = type;
  if (isList)
    c.shape.push_back(parts.size());
  for (StringRef part : parts) {
    part = part.trim();
    double number = 0;
    int64_t integer = 0;
    if (c.isFloating()) {
      if (part.getAsDouble(number))
        return bad("numbers");
      c.numbers.push_back(roundToType(number, type));
      continue;
    }
    if (part == "true" || part == "false")
      integer = part == "true";
    else if (part.getAsInteger(10, integer))
      return bad("numbers");
    if (!fitsType(integer, type))
      return bad("numbers");
    c.integers.push_back(integer);
  }
  return c;
}

/// The constant under another type; nothing if an element does not fit it.
static std::optional<Constant> convert(const Constant &c, int32_t type) {
  if (c.type == type)
    return c;
  if (c.isFloating() != isFloatingType(type))
    return std::nullopt;
  Constant result = c;
  result.type = type;
  for (double &value : result.numbers)
    value = roundToType(value, type);
  for (int64_t value : result.integers)
    if (!fitsType(value, type))
      return std::nullopt;
  return result;
}

/// Gives `dim` the size `size`; false if it has another one.
bool Importer::bindDimension(const Dimension &dim, int64_t size) {
  if (dim.has_dim_value())
    return dim.dim_value() == size;
  if (dim.dim_param().empty())
    return true;
  return dimensions.try_emplace(dim.dim_param(), size).first->second == size;
}

LogicalResult Importer::bindInput(const onnx::ValueInfoProto &input, StringRef value) {
  auto error = [&](const Twine &message) {
    return graph.error() << "--bind=" << input.name() << "=" << value << ": " << message;
  };
  const onnx::TypeProto::Tensor &declared = input.type().tensor_type();
  int32_t type = declared.elem_type();
  if (elementBytes(type) == 0)
    return error("an input of " + typeName(type) + " is not supported");
  bool isFile = value.ends_with(".npy") || value.ends_with(".pb");
  Result<Constant> given = isFile ? readTensorFile(value.str()) : parseValues(value, type);
  if (!given)
    return error(given.message());
  std::optional<Constant> constant = convert(*given, type);
  if (!constant)
    return error("expected elements of " + typeName(type) + ", found " + typeName(given->type));
  if (declared.has_shape()) {
    auto &dims = declared.shape().dim();
    if (!isFile && constant->shape.empty() && dims.size() == 1)
      constant->shape.push_back(1); // a number for a list of one
    bool fits = constant->shape.size() == size_t(dims.size());
    for (int i = 0; fits && i < dims.size(); ++i)
      fits = bindDimension(dims.Get(i), constant->shape[i]);
    if (!fits)
      return error("the shape " + printShape(constant->shape) +
                   " does not fit what the graph declares");
  }
  graph.folded += constant->size();
  if (graph.folded > maxConstantElements)
    return error("constants of more than " + Twine(maxConstantElements) +
                 " elements in all are not supported");
  graph.constants[input.name()] = std::make_shared<const Constant>(std::move(*constant));
  return success();
}

/// --bind: the sizes of symbolic dimensions first, so that inputs can be checked against them.
LogicalResult Importer::applyBinds() {
  llvm::StringMap<const onnx::ValueInfoProto *> inputs;
  llvm::StringSet<> symbols;
  for (const onnx::ValueInfoProto &input : proto.input()) {
    inputs[input.name()] = &input;
    for (const Dimension &dim : input.type().tensor_type().shape().dim())
      if (!dim.dim_param().empty())
        symbols.insert(dim.dim_param());
  }
  bool isFine = true;
  std::vector<std::pair<const onnx::ValueInfoProto *, StringRef>> ofInputs;
  for (const std::string &bind : options.binds) {
    auto [name, value] = StringRef(bind).split('=');
    auto input = inputs.find(name);
    if (input != inputs.end()) {
      ofInputs.push_back({input->second, value});
      continue;
    }
    int64_t size = 0;
    if (!symbols.contains(name))
      graph.error() << "--bind=" << bind << ": the graph has no input and no symbolic dimension \""
                    << name << "\"";
    else if (value.getAsInteger(10, size) || size < 1)
      graph.error() << "--bind=" << bind << ": expected a size of at least 1, found \"" << value
                    << "\"";
    else if (dimensions.try_emplace(name, size).first->second == size)
      continue;
    else
      graph.error() << "--bind=" << bind << ": the dimension has another size already";
    isFine = false;
  }
  for (auto [input, value] : ofInputs)
    isFine &= succeeded(bindInput(*input, value));
  return success(isFine);
}

//===----------------------------------------------------------------------------------------===//
// Arguments
//===----------------------------------------------------------------------------------------===//

/// --batch replaces the first dimension of the first input, and of all inputs that share it: by
/// size, by name, or because theirs is symbolic too.
void Importer::applyBatch() {
  if (!options.batch)
    return;
  bool isFirst = true;
  for (const onnx::ValueInfoProto &input : proto.input()) {
    const onnx::TypeProto::Tensor &tensor = input.type().tensor_type();
    if (!isArgument(input.name()) || tensor.shape().dim_size() == 0)
      continue;
    const Dimension &first = tensor.shape().dim(0);
    if (isFirst && first.has_dim_value())
      fileBatch = first.dim_value();
    else if (!first.has_dim_value() && !first.dim_param().empty())
      dimensions.try_emplace(first.dim_param(), options.batch);
    isFirst = false;
  }
}

bool Importer::isArgument(const std::string &name) {
  return !sources.contains(name) && !graph.constants.count(name) &&
         !plan.parameters.contains(name) && !plan.absent.contains(name);
}

/// f32 for floating types and bools, i32 for integers; null for all others.
static Type argumentElement(int32_t type, Builder &b) {
  if (isFloatingType(type) || type == onnx::TensorProto::BOOL)
    return b.getF32Type();
  return elementBytes(type) ? Type(b.getI32Type()) : Type();
}

FailureOr<RankedTensorType> Importer::inputType(const onnx::ValueInfoProto &input) {
  auto error = [&] { return graph.error() << "input \"" << input.name() << "\": "; };
  const onnx::TypeProto::Tensor &tensor = input.type().tensor_type();
  if (!input.type().has_tensor_type())
    return error() << "expected a tensor; sequences, maps and optionals are not supported";
  Type element = argumentElement(tensor.elem_type(), graph.builder);
  if (!element)
    return error() << "expected a tensor of a floating type, an integer type or BOOL, found "
                   << typeName(tensor.elem_type());
  if (!tensor.has_shape())
    return error() << "expected a shape, found none";
  SmallVector<int64_t> shape;
  for (auto [i, dim] : llvm::enumerate(tensor.shape().dim())) {
    int64_t size = dim.has_dim_value() ? dim.dim_value() : 0;
    auto bound = dimensions.find(dim.dim_param());
    bool isOpen = !dim.has_dim_value() && bound == dimensions.end();
    if (i == 0 && options.batch && (isOpen || (fileBatch && size == *fileBatch)))
      size = options.batch;
    else if (!dim.has_dim_value() && bound != dimensions.end())
      size = bound->second;
    else if (isOpen && i == 0)
      return error() << "the batch is symbolic (\"" << dim.dim_param() << "\"): give --batch=N";
    else if (isOpen && !dim.dim_param().empty())
      return error() << "dimension " << i << " is symbolic (\"" << dim.dim_param()
                     << "\"): give --bind=" << dim.dim_param() << "=N";
    if (size < 1)
      return error() << "expected a size of at least 1 in dimension " << i << ", found "
                     << (dim.has_dim_value() ? std::to_string(size) : "none");
    shape.push_back(size);
  }
  int64_t elements = 1;
  for (int64_t size : shape)
    if (llvm::MulOverflow(elements, size, elements) || elements > int64_t(1) << 40)
      return error() << "impossible size " << printShape(shape);
  return RankedTensorType::get(shape, element);
}

/// A graph input that --params has values for: its shape is the file's, which has to fit.
LogicalResult Importer::checkParameter(const onnx::ValueInfoProto &input) {
  const onnx::TensorProto *header = sources.header(input.name());
  if (!header || !input.type().tensor_type().has_shape())
    return success(); // readInitializer reports why it cannot be read
  auto &dims = input.type().tensor_type().shape().dim();
  bool fits = dims.size() == header->dims_size();
  for (int i = 0; fits && i < dims.size(); ++i)
    fits = bindDimension(dims.Get(i), header->dims(i));
  if (fits)
    return success();
  return graph.error() << "input \"" << input.name() << "\": --params has a value of shape "
                       << printShape({header->dims().data(), size_t(header->dims_size())})
                       << ", which does not fit what the graph declares";
}

LogicalResult Importer::importInputs() {
  if (failed(applyBinds()))
    return failure();
  for (const onnx::ValueInfoProto &input : proto.input())
    if (sources.inParams(input.name()) && failed(checkParameter(input)))
      return failure();
  applyBatch();
  for (const onnx::ValueInfoProto &input : proto.input()) {
    if (plan.absent.contains(input.name()))
      continue;
    bool isHere = sources.contains(input.name()) && !sources.inParams(input.name());
    if (plan.parameters.contains(input.name()) && !isHere) {
      if (failed(readParameterInput(input)))
        return failure();
      continue;
    }
    if (!isArgument(input.name()))
      continue; // IR version 3 lists initializers as inputs too
    FailureOr<RankedTensorType> type = inputType(input);
    if (failed(type))
      return failure();
    if (graph.values.count(input.name()))
      return graph.error() << "input \"" << input.name() << "\" is defined twice";
    graph.values[input.name()] = addArgument(*type, input.name());
  }
  return success();
}
