//===- RandomTask.cpp - small steps of one or two ops, drawn at random ------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "RandomTask.h"

#include <random>
#include <vector>

using Shape = std::vector<int64_t>;

namespace {

class Generator {
public:
  explicit Generator(uint32_t seed) : random(seed) {}
  std::string run();

private:
  int64_t draw(int64_t low, int64_t high) {
    return low + int64_t(random() % uint32_t(high - low + 1));
  }
  /// An argument of the function; returns its value.
  std::string argument(const Shape &shape, const std::string &element);
  std::string state(const std::string &name, const Shape &shape);
  /// An op with the results `types`; returns its first value. Each result is one of the function.
  std::string op(const std::string &name, const std::string &operands,
                 const std::string &attributes, const std::string &operandTypes,
                 const std::vector<std::string> &types, bool returned = true);
  /// FP8, or a compressed format.
  std::string stored();
  void mac(const std::string &name, const std::string &operands, const std::string &attributes,
           const std::string &operandTypes, const Shape &result);

  void convolution();
  void matmul();
  void elementwise();
  void pool();
  void biasGradient();
  void update();

  std::mt19937 random;
  std::string states, arguments, body;
  std::string results, resultTypes, returnTypes; // lists: values, types with names, types
  int values = 0;
};

std::string typeOf(const Shape &shape, const std::string &element) {
  std::string text = "tensor<";
  for (int64_t extent : shape)
    text += std::to_string(extent) + "x";
  return text + element + ">";
}

std::string arrayOf(const Shape &values) {
  std::string text = "array<i64";
  for (size_t i = 0; i < values.size(); ++i)
    text += (i ? ", " : ": ") + std::to_string(values[i]);
  return text + ">";
}

const std::string fp8 = "!num.float<5, 2, 15, reserved, flush>";
const std::string fp16 = "!num.float<5, 10, 15, reserved, gradual>";
const std::string mixed = "!num.mixed<" + fp8 + ", " + fp16 + ">";
const std::string rounding = "rounding = #num.rounding<nearest_even>";
const std::string accumulate = "accumulate = #num.accumulate<dot = 8, format = f32, rounding = "
                               "nearest_even, across = none>";

} // namespace

std::string Generator::argument(const Shape &shape, const std::string &element) {
  std::string name = "a" + std::to_string(values++);
  arguments += (arguments.empty() ? "%" : ", %") + name + ": " + typeOf(shape, element) +
               " {train.name = \"" + name + "\"}";
  return "%" + name;
}

std::string Generator::op(const std::string &name, const std::string &operands,
                          const std::string &attributes, const std::string &operandTypes,
                          const std::vector<std::string> &types, bool returned) {
  std::string first, list, names, typeList;
  for (size_t i = 0; i < types.size(); ++i) {
    std::string value = "v" + std::to_string(values++), separator = i ? ", " : "";
    first = i ? first : "%" + value;
    list += separator + "%" + value;
    names += separator + "\"" + value + "\"";
    typeList += separator + types[i];
    if (!returned)
      continue;
    results += (results.empty() ? "%" : ", %") + value;
    resultTypes +=
        (resultTypes.empty() ? "" : ", ") + types[i] + " {train.name = \"" + value + "\"}";
    returnTypes += (returnTypes.empty() ? "" : ", ") + types[i];
  }
  body += "  " + list + " = train." + name + " " + operands + " {train.names = [" + names + "]" +
          attributes + "} : (" + operandTypes + ") -> (" + typeList + ")\n";
  return first;
}

std::string Generator::stored() {
  switch (draw(0, 3)) {
  case 0:
    return "!num.mixed<" + fp8 + ", " + fp8 + ">";
  case 1:
    return "!num.mixed<" + fp16 + ", " + fp16 + ">";
  default:
    return fp8;
  }
}

/// A MAC op, whose result is rounded while it drains, or classified, with a histogram that all
/// cores share, or stored as it is.
void Generator::mac(const std::string &name, const std::string &operands,
                    const std::string &attributes, const std::string &operandTypes,
                    const Shape &result) {
  bool rounded = draw(0, 2) != 0, classified = rounded && draw(0, 3) == 0;
  std::string type = typeOf(result, "f32");
  std::string value =
      op(name, operands, ", " + accumulate + attributes, operandTypes, {type}, !rounded);
  if (classified)
    op("classify", value + ", " + argument({1}, "f32"), ", low = 1.0e-4 : f32, " + rounding,
       type + ", tensor<1xf32>", {typeOf(result, mixed), "tensor<128xi32>"});
  else if (rounded)
    op("round", value, ", " + rounding, type, {typeOf(result, stored())});
}

void Generator::convolution() {
  int64_t groups = draw(0, 3) ? 1 : 2, n = draw(1, 3), k = draw(1, 3), stride = draw(1, 2);
  int64_t ci = draw(1, 12), co = draw(1, 12), pad = draw(0, k - 1);
  int64_t h = draw(k, 7), w = draw(k, 7);
  int64_t oh = (h + 2 * pad - k) / stride + 1, ow = (w + 2 * pad - k) / stride + 1;
  Shape x = {n, groups * ci, h, w}, weight = {groups * co, ci, k, k}, y = {n, groups * co, oh, ow};
  std::string window = ", strides = " + arrayOf({stride, stride}) +
                       ", pads = " + arrayOf({pad, pad, pad, pad}) +
                       ", group = " + std::to_string(groups) + " : i64";
  switch (draw(0, 2)) {
  case 0: {
    std::string operands = argument(x, fp8) + ", " + argument(weight, fp8);
    std::string types = typeOf(x, fp8) + ", " + typeOf(weight, fp8);
    if (draw(0, 1)) {
      operands += ", " + argument({groups * co}, fp16);
      types += ", " + typeOf({groups * co}, fp16);
    }
    return mac("conv", operands, window, types, y);
  }
  case 1:
    return mac("conv_bp", argument(y, fp8) + ", " + argument(weight, fp8),
               window + ", input_shape = " + arrayOf(x),
               typeOf(y, fp8) + ", " + typeOf(weight, fp8), x);
  default:
    return mac("conv_wg", argument(x, fp8) + ", " + argument(y, fp8),
               window + ", kernel = " + arrayOf({k, k}), typeOf(x, fp8) + ", " + typeOf(y, fp8),
               weight);
  }
}

void Generator::matmul() {
  int64_t m = draw(1, 12), n = draw(1, 20), k = draw(1, 40);
  bool ta = draw(0, 1), tb = draw(0, 1);
  Shape a = ta ? Shape{k, m} : Shape{m, k}, b = tb ? Shape{n, k} : Shape{k, n};
  mac("matmul", argument(a, fp8) + ", " + argument(b, fp8),
      std::string(ta ? ", transpose_a" : "") + (tb ? ", transpose_b" : ""),
      typeOf(a, fp8) + ", " + typeOf(b, fp8), {m, n});
}

void Generator::elementwise() {
  Shape shape = {draw(1, 4), draw(1, 6), draw(1, 5), draw(1, 5)};
  std::string element = stored(), type = typeOf(shape, element);
  // The host writes no compressed tensor: the step rounds what it gets.
  auto operand = [&] {
    if (element == fp8)
      return argument(shape, fp8);
    return op("round", argument(shape, fp16), ", " + rounding, typeOf(shape, fp16), {type});
  };
  std::string x = operand();
  if (draw(0, 1))
    x = op("relu", x, ", " + rounding, type, {type});
  std::string y = operand();
  op(draw(0, 1) ? "relu_grad" : "add", x + ", " + y, ", " + rounding, type + ", " + type, {type});
}

void Generator::pool() {
  int64_t k = draw(1, 3), stride = draw(1, 3), n = draw(1, 3), c = draw(1, 6);
  int64_t h = draw(k, 8), w = draw(k, 8);
  Shape x = {n, c, h, w}, y = {n, c, (h - k) / stride + 1, (w - k) / stride + 1};
  std::string attributes = ", kernel = " + arrayOf({k, k}) +
                           ", strides = " + arrayOf({stride, stride}) + ", " + rounding;
  if (draw(0, 1))
    op("max_pool", argument(x, fp8), attributes, typeOf(x, fp8), {typeOf(y, fp8), typeOf(y, "i8")});
  else
    op("avg_pool", argument(x, fp8), attributes, typeOf(x, fp8), {typeOf(y, fp8)});
}

void Generator::biasGradient() {
  Shape dy = {draw(1, 4), draw(1, 9), draw(1, 6), draw(1, 6)};
  op("bias_grad", argument(dy, fp8), "", typeOf(dy, fp8), {typeOf({dy[1]}, "f32")});
}

std::string Generator::state(const std::string &name, const Shape &shape) {
  states += "train.state @" + name + " : " + typeOf(shape, fp16) + " {" + rounding + "}\n";
  body += "  %" + name + " = train.read @" + name + " {train.names = [\"" + name +
          "\"]} : " + typeOf(shape, fp16) + "\n";
  return "%" + name;
}

void Generator::update() {
  Shape shape = {draw(1, 12), draw(1, 20)};
  std::string type = typeOf(shape, fp16);
  std::string operands = state("w", shape) + ", " + state("m", shape);
  operands += ", " + argument(shape, "f32");
  std::string next = op("sgd", operands, ", loss_scale = 1.0 : f32, " + rounding,
                        type + ", " + type + ", " + typeOf(shape, "f32"), {type, type}, false);
  std::string second = "%v" + std::to_string(values - 1);
  body += "  train.write @w, " + next + " : " + type + "\n";
  body += "  train.write @m, " + second + " : " + type + "\n";
}

std::string Generator::run() {
  switch (draw(0, 9)) {
  default:
    convolution();
    break;
  case 5:
  case 6:
    matmul();
    break;
  case 7:
    draw(0, 1) ? elementwise() : update();
    break;
  case 8:
    pool();
    break;
  case 9:
    biasGradient();
    break;
  }
  return "module attributes {slp.stage = \"precision\"} {\n" + states + "func.func @step(" +
         arguments + ") -> (" + resultTypes + ") {\n" + body + "  return" +
         (results.empty() ? "" : " " + results + " : " + returnTypes) + "\n}\n}\n";
}

std::string slp::makeRandomTask(uint32_t seed) { return Generator(seed).run(); }
