//===- RandomNetwork.cpp - small networks drawn at random -------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "RandomNetwork.h"

#include "slp/Emit/InitialValues.h"

#include <cmath>
#include <random>

using namespace slp;

namespace {

using Shape = std::vector<int64_t>;

std::string typeOf(const Shape &shape) {
  std::string text = "tensor<";
  for (int64_t extent : shape)
    text += std::to_string(extent) + "x";
  return text + "f32>";
}

std::string arrayOf(const Shape &values) {
  std::string text = "array<i64: ";
  for (size_t i = 0; i < values.size(); ++i)
    text += (i ? ", " : "") + std::to_string(values[i]);
  return text + ">";
}

int64_t product(const Shape &shape, size_t from = 0) {
  int64_t result = 1;
  for (size_t i = from; i < shape.size(); ++i)
    result *= shape[i];
  return result;
}

/// Writes ops one below the other; `current` is the value the next layer reads.
class Generator {
public:
  Generator(uint32_t seed, const std::string &fileName, Layers layers)
      : random(seed), fileName(fileName), all(layers == Layers::all),
        isWide(layers == Layers::wide) {}

  RandomNetwork run();

private:
  /// A whole number in [low, high].
  int64_t draw(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(random() % static_cast<uint32_t>(high - low + 1));
  }
  bool chance(int percent) { return draw(1, 100) <= percent; }
  template <typename T> T pick(std::initializer_list<T> values) {
    return values.begin()[draw(0, values.size() - 1)];
  }

  std::string addState(const Shape &shape, int64_t fanIn);
  /// Adds an op with one result, which becomes `current`. `operands` and `types` are lists.
  void addOp(const std::string &op, std::string operands, const std::string &attributes,
             const std::string &types, const Shape &result, const std::string &second = "");

  bool addConv();
  void addWide();
  void addResidual();
  bool addPool();
  void addRelu();
  void addMove();
  void addTranspose();
  void addSlice();
  void addPad();
  void addConcat();
  void addGather();
  void addLabels();
  /// An op of one operand and one result, both of the current shape.
  void addUnary(const std::string &op, const std::string &attributes = "");
  /// An op of `a` and `b` that broadcast to the current shape.
  void addBinary(const std::string &op, const std::string &a, const std::string &aType,
                 const std::string &b, const std::string &bType);
  void addFunction();
  void addBroadcast();
  void addDense(int64_t outputs);
  void addReshape(const Shape &result);
  std::string addRunning(const Shape &stateShape, const std::string &batch, const Shape &batchShape,
                         const std::string &init);
  void addNormalization();
  void addReduction();
  void addDropout();
  bool addTransposed();
  void addProduct();
  std::string addConstant(int64_t n);
  void addLikelihood(int64_t classes);

  std::mt19937 random;
  const std::string fileName;
  const bool all; // draws nothing for layers that plain networks lack
  const bool isWide;
  RandomNetwork network;
  std::string states, body;
  int layers = 0, values = 0;
  std::string current;
  Shape shape;
};

} // namespace

std::string Generator::addState(const Shape &stateShape, int64_t fanIn) {
  std::string name = "p" + std::to_string(values++);
  size_t first = network.weights.size(), count = product(stateShape);
  float scale = std::sqrt(3.0f / static_cast<float>(fanIn));
  for (size_t i = 0; i < count; ++i)
    network.weights.push_back(scale * (static_cast<float>(random() % 2001) - 1000.0f) / 1000.0f);
  llvm::StringRef bytes(reinterpret_cast<const char *>(network.weights.data() + first), 4 * count);
  states += "train.state @" + name + " : " + typeOf(stateShape) + " {init = #train.file<\"" +
            fileName + "\", offset = " + std::to_string(4 * first) +
            ", length = " + std::to_string(4 * count) +
            ", type = 1, checksum = " + std::to_string(checksumOf(bytes)) + ">}\n";
  body += "  %" + name + " = train.read @" + name + " : " + typeOf(stateShape) + "\n";
  return "%" + name;
}

void Generator::addOp(const std::string &op, std::string operands, const std::string &attributes,
                      const std::string &types, const Shape &result, const std::string &second) {
  std::string name = "t" + std::to_string(values++);
  std::string node = op.substr(op.find('.') + 1) + std::to_string(layers++);
  current = "%" + name;
  shape = result;
  body += "  " + current + (second.empty() ? "" : ":2") + " = " + op + " " + operands + " {" +
          attributes + (attributes.empty() ? "" : ", ") + "train.names = [\"" + node + "\"" +
          (second.empty() ? "" : ", \"" + node + "/index\"") + "]} : (" + types + ") -> " +
          (second.empty() ? typeOf(result) : "(" + typeOf(result) + ", " + second + ")") +
          " loc(\"" + node + "\")\n";
  if (!second.empty())
    current += "#0";
}

static int64_t outputSize(int64_t in, int64_t pads, int64_t kernel, int64_t stride,
                          int64_t dilation) {
  int64_t span = in + pads - (kernel - 1) * dilation - 1;
  return span < 0 ? 0 : span / stride + 1;
}

bool Generator::addConv() {
  int64_t group = 1, in = shape[1], out = pick<int64_t>({1, 3, 4, 8, 9, 16, 20});
  if (chance(30)) {
    Shape divisors;
    for (int64_t g = 2; g <= in; ++g)
      if (in % g == 0)
        divisors.push_back(g);
    if (!divisors.empty()) {
      group = divisors[draw(0, divisors.size() - 1)];
      out = group * draw(1, 3);
    }
  }
  Shape kernel = {draw(1, 4), draw(1, 4)}, strides = {draw(1, 3), draw(1, 3)};
  Shape dilations = {chance(20) ? 2 : 1, chance(20) ? 2 : 1};
  Shape pads;
  for (int i = 0; i < 4; ++i)
    pads.push_back(draw(0, kernel[i % 2]));
  Shape result = {shape[0], out,
                  outputSize(shape[2], pads[0] + pads[2], kernel[0], strides[0], dilations[0]),
                  outputSize(shape[3], pads[1] + pads[3], kernel[1], strides[1], dilations[1])};
  if (result[2] < 1 || result[3] < 1 || product(result, 1) > 4000)
    return false;
  Shape weights = {out, in / group, kernel[0], kernel[1]};
  std::string input = current, inputType = typeOf(shape);
  std::string operands = input + ", " + addState(weights, product(weights, 1));
  std::string types = inputType + ", " + typeOf(weights);
  if (chance(60)) {
    operands += ", " + addState({out}, 4);
    types += ", " + typeOf({out});
  }
  addOp("train.conv", operands,
        "strides = " + arrayOf(strides) + ", pads = " + arrayOf(pads) +
            ", dilations = " + arrayOf(dilations) + ", group = " + std::to_string(group) + " : i64",
        types, result);
  return true;
}

/// Convolutions of 16 or 32 channels, a little behind each.
void Generator::addWide() {
  for (int64_t left = draw(2, 3); left > 0; --left) {
    int64_t in = shape[1], out = 16 * draw(1, 2);
    Shape kernel = {pick<int64_t>({1, 3}), pick<int64_t>({1, 2, 3})};
    Shape strides = {draw(1, 2), draw(1, 2)};
    Shape pads = {kernel[0] / 2, kernel[1] / 2, kernel[0] / 2, kernel[1] / 2};
    Shape result = {shape[0], out, outputSize(shape[2], 2 * pads[0], kernel[0], strides[0], 1),
                    outputSize(shape[3], 2 * pads[1], kernel[1], strides[1], 1)};
    Shape weights = {out, in, kernel[0], kernel[1]};
    std::string operands = current + ", " + addState(weights, product(weights, 1));
    std::string types = typeOf(shape) + ", " + typeOf(weights);
    if (chance(60)) {
      operands += ", " + addState({out}, 4);
      types += ", " + typeOf({out});
    }
    addOp("train.conv", operands, "strides = " + arrayOf(strides) + ", pads = " + arrayOf(pads),
          types, result);
    if (chance(40))
      addNormalization();
    if (chance(60))
      addRelu();
    if (chance(20) && shape[2] > 2 && shape[3] > 2)
      addPool();
  }
}

/// x + conv(relu(x)), of one shape.
void Generator::addResidual() {
  std::string skip = current, type = typeOf(shape);
  Shape weights = {shape[1], shape[1], 3, 3}, result = shape;
  addRelu();
  std::string operands = current + ", " + addState(weights, product(weights, 1));
  addOp("train.conv", operands, "pads = array<i64: 1, 1, 1, 1>", type + ", " + typeOf(weights),
        result);
  addOp("train.add", skip + ", " + current, "", type + ", " + type, result);
}

/// A transposed convolution: the result is what a convolution would make the input of.
bool Generator::addTransposed() {
  int64_t group = shape[1] % 2 == 0 && chance(40) ? 2 : 1, in = shape[1];
  int64_t out = group * draw(1, 5);
  Shape kernel = {draw(1, 3), draw(1, 3)}, strides = {draw(1, 3), draw(1, 3)};
  Shape pads = {draw(0, kernel[0] - 1), draw(0, kernel[1] - 1), 0, 0};
  Shape result = {shape[0], out};
  for (int d = 0; d < 2; ++d) {
    // Padding taken away behind, up to a whole stride and beyond.
    pads[d + 2] = draw(0, kernel[d] - 1) - draw(0, strides[d]);
    result.push_back((shape[d + 2] - 1) * strides[d] + kernel[d] - pads[d] - pads[d + 2]);
    if (result.back() < 1)
      return false;
  }
  if (product(result, 1) > 2000)
    return false;
  Shape weights = {in, out / group, kernel[0], kernel[1]};
  std::string operands = current + ", " + addState(weights, in * kernel[0]);
  addOp("train.conv_bp", operands,
        "strides = " + arrayOf(strides) + ", pads = " + arrayOf(pads) +
            ", group = " + std::to_string(group) + " : i64, input_shape = " + arrayOf(result),
        typeOf(shape) + ", " + typeOf(weights), result);
  return true;
}

/// x x^T of each image, channels by pixels: both operands are computed, and gradients of both meet.
void Generator::addProduct() {
  Shape rows = {shape[0], shape[1], product(shape, 2)}, square = {shape[0], shape[1], shape[1]};
  addOp("train.reshape", current, "", typeOf(shape), rows);
  addOp("train.matmul", current + ", " + current, "transpose_b", typeOf(rows) + ", " + typeOf(rows),
        square);
  addOp("train.reshape", current, "", typeOf(square), {shape[0], 1, shape[1], shape[1]});
}

bool Generator::addPool() {
  Shape kernel = {draw(1, 3), draw(1, 3)}, strides = {draw(1, 3), draw(1, 3)}, pads;
  if (chance(15))
    kernel = {shape[2], shape[3]}; // a global pool
  bool padded = chance(40);
  for (int i = 0; i < 4; ++i)
    pads.push_back(padded ? draw(0, std::min<int64_t>(kernel[i % 2] - 1, 2)) : 0);
  Shape result = {shape[0], shape[1],
                  outputSize(shape[2], pads[0] + pads[2], kernel[0], strides[0], 1),
                  outputSize(shape[3], pads[1] + pads[3], kernel[1], strides[1], 1)};
  bool ceilMode = all && chance(30);
  for (int d = 0; ceilMode && d < 2; ++d) {
    int64_t room = shape[d + 2] + pads[d] + pads[d + 2] - kernel[d];
    if (room < 0)
      return false;
    int64_t last = (room + strides[d] - 1) / strides[d];
    result[d + 2] = last + (last * strides[d] < shape[d + 2] + pads[d]);
  }
  if (result[2] < 1 || result[3] < 1)
    return false;
  std::string attributes = (ceilMode ? "ceil_mode, kernel = " : "kernel = ") + arrayOf(kernel) +
                           ", strides = " + arrayOf(strides) + ", pads = " + arrayOf(pads);
  if (chance(50)) {
    std::string index = typeOf(result);
    index.replace(index.size() - 4, 4, "i8>");
    Shape before = shape;
    addOp("train.max_pool", current, attributes, typeOf(shape), result, index);
    if (all && chance(20)) { // and back to where the largest were
      std::string pool = current.substr(0, current.find('#'));
      addOp("train.max_pool_grad", pool + "#0, " + pool + "#1",
            attributes + ", input_shape = " + arrayOf(before), typeOf(result) + ", " + index,
            before);
    }
    return true;
  }
  if (chance(50))
    attributes = "count_include_pad, " + attributes;
  addOp("train.avg_pool", current, attributes, typeOf(shape), result);
  return true;
}

void Generator::addRelu() {
  Shape same = shape;
  addOp("train.relu", current, "", typeOf(shape), same);
}

void Generator::addTranspose() {
  Shape perm = {0, 1, 2, 3}, result;
  for (int64_t d = 3, first = chance(70) ? 1 : 0; d > first; --d)
    std::swap(perm[d], perm[draw(first, d)]);
  for (int64_t from : perm)
    result.push_back(shape[from]);
  Shape back(4);
  for (int64_t d = 0; d < 4; ++d)
    back[perm[d]] = d;
  Shape first = shape;
  addOp("train.transpose", current, "perm = " + arrayOf(perm), typeOf(first), result);
  if (perm[0] != 0 || chance(50)) // images stay in front
    addOp("train.transpose", current, "perm = " + arrayOf(back), typeOf(result), first);
}

void Generator::addSlice() {
  Shape starts = {0}, sizes = {shape[0]}, steps = {1};
  for (int d = 1; d < 4; ++d) {
    int64_t size = draw(1, shape[d]), step = size > 1 ? draw(1, (shape[d] - 1) / (size - 1)) : 1;
    int64_t start = draw(0, shape[d] - 1 - (size - 1) * step);
    bool isReversed = chance(30);
    starts.push_back(isReversed ? start + (size - 1) * step : start);
    sizes.push_back(size);
    steps.push_back(isReversed ? -step : step);
  }
  addOp("train.slice", current,
        "starts = " + arrayOf(starts) + ", sizes = " + arrayOf(sizes) +
            ", steps = " + arrayOf(steps),
        typeOf(shape), sizes);
}

void Generator::addPad() {
  Shape low = {0}, high = {0}, result = {shape[0]};
  for (int d = 1; d < 4; ++d) {
    low.push_back(draw(shape[d] > 2 ? -1 : 0, 2));
    high.push_back(draw(shape[d] > 2 ? -1 : 0, 2));
    result.push_back(shape[d] + low.back() + high.back());
  }
  addOp("train.pad", current,
        "low = " + arrayOf(low) + ", high = " + arrayOf(high) +
            (chance(50) ? ", value = -0.375 : f32" : ""),
        typeOf(shape), result);
}

/// The tensor beside a rectified one, along any dimension but the images.
void Generator::addConcat() {
  std::string one = current, type = typeOf(shape);
  int64_t axis = draw(1, 3);
  Shape result = shape;
  addRelu();
  std::string types = type + ", " + type,
              operands = chance(50) ? one + ", " + current : current + ", " + one;
  result[axis] *= 2;
  addOp("train.concat", operands, "axis = " + std::to_string(axis) + " : i64", types, result);
}

/// One row for each image, chosen by its label.
void Generator::addGather() {
  Shape image = shape, table = {shape[0], product(shape, 2), shape[1]};
  if (shape[1] > 200)
    return;
  addOp("train.reshape", current, "", typeOf(image), table);
  Shape result = {shape[0], image[0], shape[2]};
  addOp("train.gather", current + ", %labels", "",
        typeOf(table) + ", tensor<" + std::to_string(image[0]) + "xi32>", result);
  addOp("train.reshape", current, "", typeOf(result), {result[0], result[1], result[2], 1});
}

/// Times a number that the label of each image gives, by way of integers and back.
void Generator::addLabels() {
  std::string x = current, type = typeOf(shape);
  Shape all = shape, one = {shape[0]}, column(shape.size(), 1);
  column[0] = shape[0];
  std::string integers = "tensor<" + std::to_string(shape[0]) + "xi32>";
  addOp("train.to_float", "%labels", "", integers, one);
  addUnary("affine", std::string("scale = -0.75 : f32, offset = 1.5 : f32") +
                         (chance(50) ? ", train.f32" : ""));
  if (chance(50)) {
    std::string whole = "%t" + std::to_string(values++);
    body += "  " + whole + " = train.to_integer " + current + " : (" + typeOf(one) + ") -> " +
            integers + "\n";
    addOp("train.to_float", whole, "", integers, one);
  }
  addOp("train.reshape", current, "", typeOf(one), column);
  addOp("train.mul", x + ", " + current, chance(50) ? "train.f32" : "",
        type + ", " + typeOf(column), all);
}

void Generator::addMove() {
  switch (draw(0, 5)) {
  case 0:
    return addTranspose();
  case 1:
    return addSlice();
  case 2:
    return addPad();
  case 3:
    return addConcat();
  case 4:
    return addLabels();
  default:
    return addGather();
  }
}

void Generator::addUnary(const std::string &op, const std::string &attributes) {
  Shape same = shape;
  addOp("train." + op, current, attributes, typeOf(shape), same);
}

void Generator::addBinary(const std::string &op, const std::string &a, const std::string &aType,
                          const std::string &b, const std::string &bType) {
  Shape same = shape;
  addOp("train." + op, a + ", " + b, "", aType + ", " + bType, same);
}

/// Some function of one tensor, where it is tame.
void Generator::addFunction() {
  static constexpr const char *functions[][2] = {
      {"tanh", ""},
      {"sigmoid", ""},
      {"erf", ""},
      {"gelu", ""},
      {"gelu_tanh", ""},
      {"hard_sigmoid", "alpha = 0.2 : f32, beta = 0.5 : f32"},
      {"hard_swish", ""},
      {"leaky_relu", "alpha = 0.1 : f32"},
      {"clip", "min = -0.5 : f32, max = 1.5 : f32"},
      {"elu", "alpha = 1.5 : f32, gamma = 1.05 : f32"},
      {"celu", "alpha = 0.75 : f32"},
      {"softplus", ""},
      {"softsign", ""},
      {"thresholded_relu", "alpha = 0.25 : f32"},
      {"shrink", "lambda = 0.25 : f32, bias = 0.125 : f32"},
      {"abs", ""},
      {"power", "exponent = 2.0 : f32"},
      {"affine", "scale = 0.75 : f32, offset = 0.125 : f32"}};
  int64_t kind = draw(0, 23);
  if (kind < 18)
    return addUnary(functions[kind][0], functions[kind][1]);
  // Of numbers that are at least 1.
  addUnary("abs");
  addUnary("affine", "scale = 1.0 : f32, offset = 1.0 : f32");
  static constexpr const char *positive[] = {"sqrt", "log", "reciprocal", "power", "exp", "round"};
  std::string op = positive[kind - 18];
  if (op == "exp")
    addUnary("affine", "scale = -1.0 : f32, offset = 0.0 : f32");
  if (op == "round") { // steps: nothing flows back through them, but beside them
    std::string smooth = current, type = typeOf(shape);
    addUnary(pick<const char *>({"floor", "ceil", "round_even", "sign", "logical_not"}));
    return addBinary("add", smooth, type, current, type);
  }
  addUnary(op, op == "power" ? "exponent = -0.5 : f32" : "");
}

/// A constant of `n` numbers from 0.25 to 1.25.
std::string Generator::addConstant(int64_t n) {
  std::string name = "%c" + std::to_string(values++), list;
  for (int64_t i = 0; i < n; ++i)
    list += (i ? ", " : "") + std::to_string(0.25 + 0.0625 * double(draw(0, 16)));
  body += "  " + name + " = train.constant dense<[" + list + "]> : " + typeOf({n}) + "\n";
  return name;
}

/// A function of the current value and a parameter of one number a channel, or of all.
void Generator::addBroadcast() {
  Shape slope(shape.size(), 1);
  if (chance(70))
    slope[1] = shape[1];
  std::string x = current, type = typeOf(shape), pType = typeOf(slope), p;
  if (all && chance(15)) { // known numbers
    Shape image = shape;
    current = addConstant(product(slope));
    shape = {product(slope)};
    addReshape(slope);
    p = current;
    current = x;
    shape = image;
  } else {
    p = addState(slope, 4);
  }
  switch (draw(0, 7)) {
  case 0:
    return addBinary(pick<const char *>({"add", "sub", "mul"}), x, type, p, pType);
  case 1:
    return addBinary(pick<const char *>({"add", "sub", "mul"}), p, pType, x, type);
  case 2:
    return addBinary(pick<const char *>({"max", "min"}), x, type, p, pType);
  case 3:
    return addBinary("prelu", x, type, p, pType);
  case 4: // x / (1 + |x|)
    addUnary("abs");
    addUnary("affine", "scale = 1.0 : f32, offset = 1.0 : f32");
    return addBinary("div", x, type, current, type);
  case 5: // x * sigmoid(x)
    addUnary("sigmoid");
    return addBinary("mul", x, type, current, type);
  case 6: { // a power of numbers between 0 and 1
    addUnary("sigmoid");
    return addBinary("pow", current, type, p, pType);
  }
  default:
    addBinary(pick<const char *>({"less", "less_equal", "equal"}), x, type, p, pType);
    std::string cond = current;
    if (chance(50)) {
      addBinary(pick<const char *>({"logical_and", "logical_or", "logical_xor"}), cond, type, p,
                pType);
      cond = current;
    }
    Shape same = shape;
    addOp("train.select", cond + ", " + x + ", " + p, "", type + ", " + type + ", " + pType, same);
  }
}

void Generator::addDense(int64_t outputs) {
  int64_t depth = shape[1];
  bool transpose = chance(50);
  Shape weights = transpose ? Shape{outputs, depth} : Shape{depth, outputs};
  std::string input = current, inputType = typeOf(shape);
  std::string operands = input + ", " + addState(weights, depth);
  std::string types = inputType + ", " + typeOf(weights);
  bool addAfter = chance(30), bias = chance(60);
  if (bias && !addAfter) {
    operands += ", " + addState({outputs}, 4);
    types += ", " + typeOf({outputs});
  }
  addOp("train.matmul", operands, transpose ? "transpose_b" : "", types, {shape[0], outputs});
  if (bias && addAfter) {
    std::string product = current, state = addState({outputs}, 4);
    Shape same = shape;
    addOp("train.bias_add", product + ", " + state, "", typeOf(shape) + ", " + typeOf({outputs}),
          same);
  }
}

void Generator::addReshape(const Shape &result) {
  addOp("train.reshape", current, "", typeOf(shape), result);
}

/// A running statistic that follows `batch`; gives the state's name.
std::string Generator::addRunning(const Shape &stateShape, const std::string &batch,
                                  const Shape &batchShape, const std::string &init) {
  std::string name = "r" + std::to_string(values++), type = typeOf(stateShape);
  states += "train.state @" + name + " : " + type + " {init = dense<" + init + "> : " + type +
            ", statistic}\n";
  body += "  %" + name + " = train.read @" + name + " : " + type + "\n";
  current = batch;
  shape = batchShape;
  addReshape(stateShape);
  addOp("train.moving_average", "%" + name + ", " + current,
        "momentum = 7.5e-1 : f32, phase = #train.phase<up>", type + ", " + type, stateShape);
  body += "  train.write @" + name + ", " + current + " : " + type + "\n";
  return name;
}

/// Normalises images by the statistics of the batch, of an image, or by fixed ones.
void Generator::addNormalization() {
  std::string x = current, type = typeOf(shape);
  Shape image = shape, channels = {1, shape[1], 1, 1}, kept = channels;
  bool isBatch = chance(60), isFixed = chance(20);
  Shape axes = {2, 3};
  if (isBatch)
    axes = {0, 2, 3};
  else
    kept[0] = shape[0];
  std::string over = "axes = " + arrayOf(axes);
  std::string mean, var, attributes = "epsilon = 1.0e-3 : f32";
  if (isBatch && chance(80)) {
    addOp("train.statistics", x, "", type, kept, typeOf(kept));
    mean = current;
    var = mean.substr(0, mean.find('#')) + "#1";
  } else {
    addOp("train.reduce_mean", x, over, type, kept);
    mean = current;
    addOp("train.variance", x + ", " + mean, over, type + ", " + typeOf(kept), kept);
    var = current;
  }
  if (!isFixed)
    attributes += ", " + over;
  if (isBatch && !isFixed) {
    std::string first = addRunning({image[1]}, mean, kept, "0.125");
    std::string second = addRunning({image[1]}, var, kept, "0.75");
    attributes += ", running = [@" + first + ", @" + second + "]";
  }
  std::string parameters, types = type + ", " + typeOf(kept) + ", " + typeOf(kept);
  for (int i = 0; i < 2; ++i) {
    current = addState({image[1]}, 4);
    shape = {image[1]};
    addReshape(channels);
    parameters += ", " + current;
    types += ", " + typeOf(channels);
  }
  addOp("train.normalize", x + ", " + mean + ", " + var + parameters, attributes, types, image);
}

/// Sums or averages of images along some of their dimensions.
void Generator::addReduction() {
  Shape axes, result = shape;
  for (int64_t axis : {2, 3})
    if (chance(60) || (axis == 3 && axes.empty())) {
      axes.push_back(axis);
      result[axis] = 1;
    }
  Shape before = shape;
  std::string op = chance(50) ? "reduce_sum" : "reduce_mean";
  if (all && chance(60))
    op = pick<const char *>({"reduce_max", "reduce_min", "reduce_prod", "reduce_sum_abs",
                             "reduce_sum_square", "variance"});
  if (op == "reduce_prod" || op == "reduce_sum_square") // of numbers from 0 to 1
    addUnary("sigmoid");
  std::string x = current, over = "axes = " + arrayOf(axes), type = typeOf(shape);
  if (op == "variance") {
    addOp("train.reduce_mean", x, over, type, result);
    addOp("train.variance", x + ", " + current, over, type + ", " + typeOf(result), result);
  } else {
    addOp("train." + op, x, over, type, result);
  }
  if (all && chance(40))
    addOp("train.expand", current, "shape = " + arrayOf(before), typeOf(result), before);
}

void Generator::addDropout() {
  Shape same = shape;
  addOp("train.dropout", current,
        "ratio = " + std::string(chance(50) ? "2.5e-1" : "5.0e-1") +
            " : f32, seed = " + std::to_string(draw(0, 9)) +
            " : i32, stream = " + std::to_string(draw(1, 99)) + " : i32",
        typeOf(shape), same);
}

/// %loss, the mean of the negative log likelihoods, by weights of the classes or not.
void Generator::addLikelihood(int64_t classes) {
  Shape rows = shape, images = {shape[0]};
  addOp("train.log_softmax", current, "", typeOf(rows), rows);
  std::string operands = current + ", %labels",
              types = typeOf(rows) + ", tensor<" + std::to_string(images[0]) + "xi32>";
  bool isWeighted = chance(50);
  if (isWeighted) {
    operands += ", " + addConstant(classes);
    types += ", " + typeOf({classes});
  }
  addOp("train.nll", operands, "", types, images, typeOf(images));
  std::string rowsOf = current.substr(0, current.find('#'));
  auto reduce = [&](const std::string &op, const std::string &value) {
    addOp(op, value, "axes = array<i64: 0>", typeOf(images), {1});
    return current;
  };
  if (isWeighted) {
    std::string losses = reduce("train.reduce_sum", rowsOf + "#0"),
                shares = reduce("train.reduce_sum", rowsOf + "#1");
    addOp("train.div", losses + ", " + shares, "", typeOf({1}) + ", " + typeOf({1}), {1});
  } else {
    reduce("train.reduce_mean", rowsOf + "#0");
  }
  body += "  %loss = train.reshape " + current + " {train.names = [\"loss\"]} : (" + typeOf({1}) +
          ") -> tensor<f32> loc(\"loss\")\n";
}

RandomNetwork Generator::run() {
  Shape input = {draw(1, 5), pick<int64_t>({1, 2, 3, 8, 9}), draw(3, 12), draw(3, 12)};
  int64_t classes = draw(2, 12);
  shape = input;
  current = "%image";
  if (isWide)
    addWide();
  for (int64_t left = isWide ? draw(0, 1) : draw(1, 4); left > 0; --left) {
    bool added = false;
    int64_t kind = draw(1, 100);
    if (kind <= 55)
      added = all && chance(20) ? addTransposed() : addConv();
    else if (kind <= 75 || shape[1] > 9)
      added = addPool();
    else
      added = (addResidual(), true);
    if (added && chance(30))
      addNormalization();
    if (added && chance(50))
      addRelu();
    else if (added && chance(50))
      addFunction();
    if (added && chance(25))
      addBroadcast();
    if (added && chance(15))
      addDropout();
    if (chance(40) && product(shape, 1) < 3000)
      addMove();
  }
  if (chance(20))
    addReduction();
  if (all && shape[1] > 1 && chance(20))
    addProduct();
  // A graph needs something to train on images, whatever was drawn; a convolution that never fits
  // is left out.
  for (int i = 0; i < 20 && body.find("train.conv") == std::string::npos; ++i)
    addConv();
  addOp("train.reshape", current, "", typeOf(shape), {shape[0], product(shape, 1)});
  if (chance(60)) {
    addDense(draw(1, 24));
    if (chance(15)) {
      Shape same = shape;
      addOp(chance(50) ? "train.softmax" : "train.log_softmax", current, "", typeOf(shape), same);
    } else {
      addRelu();
    }
  }
  addDense(classes);

  std::string batch = std::to_string(shape[0]), logits = current;
  Shape logitsShape = shape;
  bool isLikelihood = all && chance(25);
  if (isLikelihood)
    addLikelihood(classes);
  else
    body += "  %loss:2 = train.cross_entropy " + current + ", %labels {train.names = [\"loss\", " +
            "\"losses\"]} : (" + typeOf(shape) + ", tensor<" + batch +
            "xi32>) -> (tensor<f32>, tensor<" + batch + "xf32>) loc(\"loss\")\n";
  shape = logitsShape;
  body += std::string("  return %loss") + (isLikelihood ? "" : "#0") + ", " + logits +
          " : tensor<f32>, " + typeOf(shape) + "\n";
  network.ir = "module attributes {slp.stage = \"import\", train.model = \"" + fileName +
               "\"} {\n" + states + "func.func @step(%image: " + typeOf(input) +
               " {train.name = \"image\"}, %labels: tensor<" + batch +
               "xi32> {train.name = \"labels\"}) -> (tensor<f32> {train.name = \"loss\"}, " +
               typeOf(shape) + " {train.name = \"logits\"}) {\n" + body + "}\n}\n";
  return std::move(network);
}

void slp::drawTraining(std::mt19937 &random, CompileOptions &options) {
  static constexpr const char *optimizers[] = {"sgd", "sgd", "adagrad", "adam", "adamw"};
  options.optimizer = optimizers[random() % 5];
  options.nesterov = options.optimizer == "sgd" && random() % 2;
  options.clipNorm = random() % 4 == 0;
  if (random() % 4 == 0)
    options.batch = 2, options.microBatch = 1; // two runs of the network a step
  if (random() % 4 == 0)
    options.lossScale = "dynamic:1024:1";
}

RandomNetwork slp::makeRandomNetwork(uint32_t seed, const std::string &fileName, Layers layers) {
  return Generator(seed, fileName, layers).run();
}
