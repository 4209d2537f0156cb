//===- RandomNest.cpp - steps of one op, drawn at random --------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "RandomNest.h"

using namespace slp;

using Shape = std::vector<int64_t>;

const char *slp::toString(NestKind kind) {
  switch (kind) {
  case NestKind::convFp:
    return "convolution, FP";
  case NestKind::convBp:
    return "convolution, BP";
  case NestKind::convWg:
    return "convolution, WG";
  case NestKind::matmul:
    return "matrix product";
  case NestKind::vector:
    return "vector";
  }
  return "";
}

namespace {

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

class Generator {
public:
  Generator(uint32_t seed, const std::string &chip, int64_t most) : random(seed), most(most) {
    bool isLnpu = chip == "lnpu";
    std::string specials = isLnpu ? "reserved" : "none", nearest = "nearest_even";
    fp8 = "!num.float<5, 2, 15, " + specials + (isLnpu ? ", flush>" : ", gradual>");
    fp16 = "!num.float<5, 10, 15, " + specials + ", gradual>";
    sum = isLnpu ? "f32" : fp16;
    std::string direction = isLnpu ? "nearest_even" : "half_away";
    rounding = ", rounding = #num.rounding<" + direction + ">";
    accumulate = ", accumulate = #num.accumulate<dot = 8, format = " + sum +
                 ", rounding = " + direction + ", across = " + (isLnpu ? "none" : fp16) + ">";
  }
  std::string run(NestKind kind);

private:
  int64_t draw(int64_t low, int64_t high) {
    return low + int64_t(random() % uint32_t(high - low + 1));
  }
  std::string argument(const Shape &shape, const std::string &element);
  std::string state(const std::string &name, const std::string &type);
  void op(const std::string &name, const std::string &operands, const std::string &attributes,
          const std::string &operandTypes, const std::vector<std::string> &types,
          bool isReturned = true);
  void mac(const std::string &name, const std::string &operands, const std::string &attributes,
           const std::string &operandTypes, const Shape &result);
  void convolution(NestKind kind);
  void matmul();
  void vector();
  void pool();
  void update();

  std::mt19937 random;
  int64_t most;
  std::string fp8, fp16, sum, rounding, accumulate;
  std::string states, arguments, body, results, resultTypes, returnTypes;
  int values = 0;
};

} // namespace

/// The first is an argument, whose first dimension is the batch; others are states.
std::string Generator::argument(const Shape &shape, const std::string &element) {
  std::string name = "a" + std::to_string(values++);
  if (!arguments.empty())
    return state(name, typeOf(shape, element));
  arguments += (arguments.empty() ? "%" : ", %") + name + ": " + typeOf(shape, element) +
               " {train.name = \"" + name + "\"}";
  return "%" + name;
}

std::string Generator::state(const std::string &name, const std::string &type) {
  states += "train.state @" + name + " : " + type + " {" + rounding.substr(2) + "}\n";
  body += "  %" + name + " = train.read @" + name + " {train.names = [\"" + name +
          "\"]} : " + type + "\n";
  return "%" + name;
}

void Generator::op(const std::string &name, const std::string &operands,
                   const std::string &attributes, const std::string &operandTypes,
                   const std::vector<std::string> &types, bool isReturned) {
  std::string list, names, typeList;
  for (size_t i = 0; i < types.size(); ++i) {
    std::string value = "v" + std::to_string(values++), separator = i ? ", " : "";
    list += separator + "%" + value;
    names += separator + "\"" + value + "\"";
    typeList += separator + types[i];
    if (!isReturned)
      continue;
    std::string comma = results.empty() ? "" : ", ";
    results += comma + "%" + value;
    resultTypes += comma + types[i] + " {train.name = \"" + value + "\"}";
    returnTypes += comma + types[i];
  }
  body += "  " + list + " = train." + name + " " + operands + " {train.names = [" + names + "]" +
          attributes + "} : (" + operandTypes + ") -> (" + typeList + ") loc(\"" + name + "\")\n";
}

void Generator::mac(const std::string &name, const std::string &operands,
                    const std::string &attributes, const std::string &operandTypes,
                    const Shape &result) {
  bool isRounded = draw(0, 2) != 0;
  op(name, operands, accumulate + attributes, operandTypes, {typeOf(result, sum)}, !isRounded);
  std::string value = "%v" + std::to_string(values - 1);
  if (isRounded)
    op("round", value, rounding, typeOf(result, sum), {typeOf(result, fp8)});
}

void Generator::convolution(NestKind kind) {
  int64_t groups = draw(0, 5) ? 1 : 2, n = draw(1, 12), k = draw(1, 3), stride = draw(1, 2);
  int64_t ci = draw(1, most), co = draw(1, most), pad = draw(0, k - 1);
  int64_t h = draw(std::max<int64_t>(k, 4), 28),
          w = draw(0, 1) ? h : draw(std::max<int64_t>(k, 4), 28);
  int64_t oh = (h + 2 * pad - k) / stride + 1, ow = (w + 2 * pad - k) / stride + 1;
  Shape x = {n, groups * ci, h, w}, weight = {groups * co, ci, k, k}, y = {n, groups * co, oh, ow};
  std::string window = ", strides = " + arrayOf({stride, stride}) +
                       ", pads = " + arrayOf({pad, pad, pad, pad}) +
                       ", group = " + std::to_string(groups) + " : i64";
  const std::string &element = sum == "f32" && draw(0, 3) == 0 ? fp16 : fp8; // lnpu has both
  if (kind == NestKind::convFp)
    return mac("conv", argument(x, element) + ", " + argument(weight, element), window,
               typeOf(x, element) + ", " + typeOf(weight, element), y);
  if (kind == NestKind::convBp)
    return mac("conv_bp", argument(y, element) + ", " + argument(weight, element),
               window + ", input_shape = " + arrayOf(x),
               typeOf(y, element) + ", " + typeOf(weight, element), x);
  mac("conv_wg", argument(x, element) + ", " + argument(y, element),
      window + ", kernel = " + arrayOf({k, k}), typeOf(x, element) + ", " + typeOf(y, element),
      weight);
}

void Generator::matmul() {
  int64_t m = draw(1, 3 * most), n = draw(1, 3 * most), k = draw(1, 8 * most);
  bool ta = draw(0, 1), tb = draw(0, 1);
  Shape a = ta ? Shape{k, m} : Shape{m, k}, b = tb ? Shape{n, k} : Shape{k, n};
  mac("matmul", argument(a, fp8) + ", " + argument(b, fp8),
      std::string(ta ? ", transpose_a" : "") + (tb ? ", transpose_b" : ""),
      typeOf(a, fp8) + ", " + typeOf(b, fp8), {m, n});
}

void Generator::pool() {
  int64_t k = draw(2, 3), stride = draw(1, 3), n = draw(1, 8), c = draw(1, most);
  int64_t h = draw(k, 24), w = draw(k, 24);
  Shape x = {n, c, h, w}, y = {n, c, (h - k) / stride + 1, (w - k) / stride + 1};
  std::string attributes =
      ", kernel = " + arrayOf({k, k}) + ", strides = " + arrayOf({stride, stride}) + rounding;
  if (draw(0, 1))
    op("max_pool", argument(x, fp8), attributes, typeOf(x, fp8), {typeOf(y, fp8), typeOf(y, "i8")});
  else
    op("avg_pool", argument(x, fp8), attributes, typeOf(x, fp8), {typeOf(y, fp8)});
}

void Generator::update() {
  Shape shape = {draw(1, 4 * most), draw(1, 8 * most)};
  std::string type = typeOf(shape, fp16);
  op("sgd", state("w", type) + ", " + state("m", type) + ", " + argument(shape, "f32"),
     ", loss_scale = 1.0 : f32" + rounding, type + ", " + type + ", " + typeOf(shape, "f32"),
     {type, type}, /*isReturned=*/false);
  body += "  train.write @w, %v" + std::to_string(values - 2) + " : " + type + "\n";
  body += "  train.write @m, %v" + std::to_string(values - 1) + " : " + type + "\n";
}

void Generator::vector() {
  Shape shape = {draw(1, 12), draw(1, most), draw(1, 24), draw(1, 24)};
  std::string type = typeOf(shape, fp8);
  switch (draw(0, 3)) {
  case 0:
    return op(draw(0, 1) ? "relu_grad" : "add", argument(shape, fp8) + ", " + argument(shape, fp8),
              rounding, type + ", " + type, {type});
  case 1:
    return pool();
  case 2:
    return op("bias_grad", argument(shape, fp8), "", type, {typeOf({shape[1]}, "f32")});
  default:
    return update();
  }
}

std::string Generator::run(NestKind kind) {
  if (kind == NestKind::matmul)
    matmul();
  else if (kind == NestKind::vector)
    vector();
  else
    convolution(kind);
  return "module attributes {slp.stage = \"precision\"} {\n" + states + "func.func @step(" +
         arguments + ") -> (" + resultTypes + ") {\n" + body + "  return" +
         (results.empty() ? "" : " " + results + " : " + returnTypes) + "\n}\n}\n";
}

std::string slp::makeRandomNest(NestKind kind, uint32_t seed, const std::string &chip,
                                int64_t most) {
  return Generator(seed, chip, most).run(kind);
}
