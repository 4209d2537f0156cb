//===- GradientCases.cpp - small graphs for each op that has a gradient -----------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// One function a family. Numbers are away from kinks, which random ones are; where an op has an
// attribute or an operand that changes its gradient, there is a case of each kind.
//
//===----------------------------------------------------------------------------------------===//

#include "GradientCases.h"

#include "dialects/Train/TrainBuilders.h"
#include "dialects/Train/TrainValues.h"

#include "mlir/AsmParser/AsmParser.h"

using namespace mlir;
using namespace slp;
using namespace slp::reference;

namespace {

using Shape = SmallVector<int64_t>;
using Cases = std::vector<GradientCase>;

/// An op by name; attributes as in the IR ("epsilon = 1.0 : f32").
Operation *make(OpBuilder &b, const std::string &op, ArrayRef<Value> operands,
                const std::string &attributes, ArrayRef<Type> elements = {}) {
  auto dictionary = cast<DictionaryAttr>(parseAttribute("{" + attributes + "}", b.getContext()));
  Type f32 = b.getF32Type();
  return train::createInferred(b, b.getUnknownLoc(), "train." + op, operands, dictionary.getValue(),
                               elements.empty() ? f32 : elements);
}

/// A case of one op, all inputs of which are its operands; `results` FP32 results.
GradientCase single(const std::string &op, std::vector<Input> inputs,
                    const std::string &attributes = "", unsigned results = 1) {
  return {op, std::move(inputs), [=](OpBuilder &b, ArrayRef<Value> x) {
            return make(b, op, x, attributes, SmallVector<Type>(results, b.getF32Type()));
          }};
}

Input held(Input input) {
  input.isHeld = true;
  return input;
}
Input positive(Shape shape) { return {std::move(shape), Draw::positive}; }
Input given(Shape shape, std::vector<double> values) {
  return {std::move(shape), Draw::any, std::move(values)};
}
Input index(std::vector<double> values) {
  return {{int64_t(values.size())}, Draw::any, values, true, true};
}

void addMac(Cases &cases) {
  struct Convolution {
    Shape x, w;
    const char *window;
  };
  // Strides that skip the last rows, more channels than a dot group has, groups, one for each
  // channel, one pixel.
  for (const Convolution &c : {
           Convolution{{2, 3, 5, 5}, {4, 3, 3, 3}, "pads = array<i64: 1, 1, 1, 1>"},
           {{1, 2, 6, 5},
            {3, 2, 3, 2},
            "strides = array<i64: 2, 1>, pads = array<i64: 0, 1, 2, 0>"},
           {{1, 9, 3, 4}, {10, 9, 2, 2}, "strides = array<i64: 1, 2>"},
           {{1, 4, 7, 6},
            {6, 2, 2, 3},
            "strides = array<i64: 3, 2>, pads = array<i64: 2, 1, 0, 3>, "
            "dilations = array<i64: 2, 1>, group = 2"},
           {{2, 3, 4, 4}, {6, 1, 3, 3}, "pads = array<i64: 1, 1, 1, 1>, group = 3"},
           {{1, 2, 5, 5}, {2, 2, 1, 1}, "strides = array<i64: 2, 2>"},
       }) {
    cases.push_back(single("conv", {{c.x}, {c.w}, {{c.w[0]}}}, c.window));
    cases.push_back(single("conv", {{c.x}, {c.w}}, c.window));
  }
  cases.push_back(single("conv_bp", {{{2, 4, 3, 2}}, {{4, 3, 3, 2}}},
                         "input_shape = array<i64: 2, 3, 5, 4>, pads = array<i64: 1, 0, 1, 1>, "
                         "strides = array<i64: 2, 2>"));
  // First values, and masks, which are no variables here.
  Input gate = held(given({1, 2, 2, 2}, {1, 0, 0, 1, 1, 1, 0, 1}));
  Input groups = held(given({2, 2, 2, 2}, {1, 0, 1, 1, 0, 1, 1, 0, 1, 1, 0, 0, 1, 0, 1, 1}));
  std::string window = "strides = array<i64: 1, 2>, operandSegmentSizes = array<i32: ";
  cases.push_back(single("conv", {{{1, 9, 3, 4}}, {{10, 9, 2, 2}}, {{1, 10, 2, 2}}, gate, groups},
                         window + "1, 1, 0, 1, 1, 1>"));
  cases.push_back(single("conv", {{{1, 9, 3, 4}}, {{10, 9, 2, 2}}, {{10}}, groups},
                         window + "1, 1, 1, 0, 0, 1>"));
  cases.push_back(single("conv_bp", {{{1, 10, 2, 2}}, {{10, 9, 2, 2}}, gate, groups},
                         window + "1, 1, 1, 1>, input_shape = array<i64: 1, 9, 3, 4>"));
  for (const char *transposes : {"", "transpose_a", "transpose_b", "transpose_a, transpose_b"}) {
    bool isA = StringRef(transposes).contains("_a"), isB = StringRef(transposes).contains("_b");
    Shape a = isA ? Shape{5, 3} : Shape{3, 5}, b = isB ? Shape{4, 5} : Shape{5, 4};
    cases.push_back(single("matmul", {{a}, {b}, {{4}}}, transposes));
    a.insert(a.begin(), 2);
    b.insert(b.begin(), 2);
    cases.push_back(single("matmul", {{a}, {b}}, transposes));
  }
  cases.push_back(single("matmul", {{{2, 3, 5}}, {{2, 5, 4}}, {{4}}}));
  cases.push_back(single("bias_add", {{{2, 3, 2, 2}}, {{3}}}));
  cases.push_back(single("bias_add", {{{4, 3}}, {{3}}}));
}

void addFunctions(Cases &cases) {
  Shape shape = {5, 8};
  auto add = [&](const char *op, const char *numbers = "", bool isPositive = false) {
    cases.push_back(single(op, {isPositive ? positive(shape) : Input{shape}}, numbers));
  };
  add("affine", "scale = 1.5 : f32, offset = -0.25 : f32");
  add("affine", "scale = 1.0 : f32, offset = 2.0 : f32");
  add("relu");
  add("power", "exponent = 3.0 : f32");
  add("power", "exponent = -1.5 : f32", true);
  add("abs");
  add("sqrt", "", true);
  add("reciprocal", "", true);
  add("exp");
  add("log", "", true);
  add("tanh");
  add("sigmoid");
  add("erf");
  add("gelu");
  cases.back().tolerance = 1e-6; // 1 / sqrt(2) and 1 / sqrt(2 pi) are FP32 numbers
  add("gelu_tanh");
  add("hard_sigmoid", "alpha = 0.75 : f32, beta = 0.5 : f32");
  add("hard_swish");
  add("leaky_relu", "alpha = 0.1 : f32");
  add("clip", "min = -1.0 : f32, max = 0.5 : f32");
  add("elu", "alpha = 1.5 : f32, gamma = 1.05 : f32");
  add("celu", "alpha = 0.75 : f32");
  add("softplus");
  add("softsign");
  add("thresholded_relu", "alpha = 0.5 : f32");
  add("shrink", "lambda = 0.5 : f32, bias = 0.25 : f32");
  // The outer pieces of hard_swish.
  cases.push_back(single("hard_swish", {given({4}, {-5, -3.5, 3.5, 6})}));
  for (const char *op : {"sign", "floor", "ceil", "round_even", "logical_not"}) {
    cases.push_back(single(op, {{shape}}));
    cases.back().hasSlope = false;
  }
}

/// From one type to another, and the steps between.
void addConversions(Cases &cases) {
  auto toInteger = [](OpBuilder &b, Value x) {
    return make(b, "to_integer", x, "", b.getI32Type());
  };
  cases.push_back({"to_integer", {{{5, 8}}}, [=](OpBuilder &b, ArrayRef<Value> x) {
                     return toInteger(b, x[0]);
                   }});
  cases.back().hasSlope = false;
  cases.push_back({"to_float", {{{5, 8}}}, [=](OpBuilder &b, ArrayRef<Value> x) {
                     return make(b, "to_float", toInteger(b, x[0])->getResult(0), "");
                   }});
  cases.back().hasSlope = false;
}

void addFunctionsOfSeveral(Cases &cases) {
  Shape full = {2, 3, 4};
  for (const char *op : {"add", "sub", "mul", "max", "min", "prelu"}) {
    cases.push_back(single(op, {{full}, {full}}));
    cases.push_back(single(op, {{full}, {{1, 3, 1}}}));
    cases.push_back(single(op, {{{1, 1, 4}}, {{2, 3, 1}}}));
  }
  for (const char *op : {"div", "pow"}) {
    cases.push_back(single(op, {positive(full), positive({2, 1, 4})}));
    cases.push_back(single(op, {positive({1, 3, 4}), positive(full)}));
  }
  cases.push_back(single("div", {{full}, positive({1, 1, 1})}));
  std::vector<double> choices;
  for (int i = 0; i < 24; ++i)
    choices.push_back(i % 3 != 0);
  cases.push_back(single("select", {held(given(full, choices)), {full}, {{2, 1, 4}}}));
  for (const char *op :
       {"equal", "less", "less_equal", "logical_and", "logical_or", "logical_xor"}) {
    cases.push_back(single(op, {{full}, {full}}));
    cases.back().hasSlope = false;
  }
}

void addReductions(Cases &cases) {
  for (const char *op : {"reduce_sum", "reduce_mean", "reduce_sum_square", "reduce_sum_abs",
                         "reduce_max", "reduce_min", "reduce_prod"}) {
    cases.push_back(single(op, {{{2, 3, 4}}}, "axes = array<i64: 1>"));
    cases.push_back(single(op, {{{2, 3, 4}}}, "axes = array<i64: 0, 2>"));
  }
  // No zero, one and two.
  cases.push_back(single("reduce_prod", {given({3, 3}, {0.5, -2, 1.5, 2, 0, -0.75, 0, 1.25, 0})},
                         "axes = array<i64: 1>"));
  cases.push_back(single("variance", {{{4, 3}}, {{4, 3}}}, "axes = array<i64: 0, 1>"));
  cases.push_back(single("variance", {{{4, 3}}, {{1, 3}}}, "axes = array<i64: 0>"));
  cases.push_back({"variance", {{{4, 3}}}, [](OpBuilder &b, ArrayRef<Value> x) {
                     Operation *mean = make(b, "reduce_mean", x, "axes = array<i64: 0>");
                     return make(b, "variance", {x[0], mean->getResult(0)}, "axes = array<i64: 0>");
                   }});
  cases.push_back(single("statistics", {{{3, 2, 2, 3}}}, "", 2));
  cases.push_back(single("statistics", {{{5, 2}}}, "", 2));
  cases.push_back(
      single("spread", {{{1, 3, 1}}}, "shape = array<i64: 2, 3, 4>, divisor = 3.0 : f32"));
  cases.push_back(single("spread", {{{2, 3}}}, "shape = array<i64: 2, 3>"));
}

/// normalize by the statistics of x over `axes`, with parameters of shape `parameter`.
GradientCase normalized(Shape x, Shape parameter, const std::string &axes) {
  return {"normalize",
          {{std::move(x)}, {parameter}, {parameter}},
          [=](OpBuilder &b, ArrayRef<Value> in) {
            Operation *mean = make(b, "reduce_mean", in[0], axes);
            Operation *var = make(b, "variance", {in[0], mean->getResult(0)}, axes);
            return make(b, "normalize",
                        {in[0], mean->getResult(0), var->getResult(0), in[1], in[2]},
                        axes + ", epsilon = 0.0078125 : f32");
          }};
}

/// The same by `statistics`.
GradientCase normalizedByChannel(Shape x, Shape parameter, const std::string &axes) {
  return {
      "normalize",
      {{std::move(x)}, {parameter}, {parameter}},
      [=](OpBuilder &b, ArrayRef<Value> in) {
        Operation *both = make(b, "statistics", in[0], "", SmallVector<Type>(2, b.getF32Type()));
        return make(b, "normalize", {in[0], both->getResult(0), both->getResult(1), in[1], in[2]},
                    axes + ", epsilon = 0.0078125 : f32");
      }};
}

/// The same by the mean of squares: the mean is the constant 0.
GradientCase normalizedBySquares(Shape x, Shape statistic, Shape parameter,
                                 const std::string &axes) {
  return {"normalize",
          {{std::move(x)}, {parameter}, {parameter}},
          [=](OpBuilder &b, ArrayRef<Value> in) {
            auto type = RankedTensorType::get(statistic, b.getF32Type());
            Value zero =
                train::createConstant(b, b.getUnknownLoc(), DenseElementsAttr::get(type, 0.0f));
            Operation *var = make(b, "variance", {in[0], zero}, axes);
            return make(b, "normalize", {in[0], zero, var->getResult(0), in[1], in[2]},
                        axes + ", epsilon = 0.0078125 : f32");
          }};
}

void addNorms(Cases &cases) {
  // Batches, rows with a scale for each place, groups of channels.
  cases.push_back(normalized({3, 2, 2, 3}, {1, 2, 1, 1}, "axes = array<i64: 0, 2, 3>"));
  cases.push_back(normalizedByChannel({3, 2, 2, 3}, {1, 2, 1, 1}, "axes = array<i64: 0, 2, 3>"));
  cases.push_back(normalized({4, 5}, {1, 5}, "axes = array<i64: 1>"));
  cases.push_back(normalized({2, 2, 3, 4}, {1, 2, 3, 1}, "axes = array<i64: 2, 3>"));
  cases.push_back(normalized({3, 4}, {3, 4}, "axes = array<i64: 0, 1>"));
  cases.push_back(normalizedBySquares({4, 5}, {4, 1}, {1, 5}, "axes = array<i64: 1>"));
  cases.push_back(normalizedBySquares({2, 3, 4}, {2, 1, 1}, {1, 1, 1}, "axes = array<i64: 1, 2>"));
  cases.push_back(single("normalize",
                         {{{4, 3}}, held({{1, 3}}), held(positive({1, 1})), {{1, 3}}, {{1, 3}}},
                         "epsilon = 0.5 : f32"));
  cases.push_back(
      single("dropout", {{{6, 7}}}, "ratio = 0.375 : f32, seed = 3 : i32, stream = 5 : i32"));
  cases.push_back(
      single("dropout", {{{6, 7}}}, "ratio = 0.375 : f32, seed = 3 : i32, stream = 5 : i32, mask"));
  cases.back().hasSlope = false;
}

void addPools(Cases &cases) {
  auto pool = [](const char *window) {
    return [=](OpBuilder &b, ArrayRef<Value> x) {
      return make(b, "max_pool", x[0], window, {b.getF32Type(), b.getI8Type()});
    };
  };
  const char *plain = "kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>";
  for (const char *window :
       {plain,
        "kernel = array<i64: 3, 2>, strides = array<i64: 2, 1>, pads = array<i64: 1, 0, 1, 1>",
        "kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, dilations = array<i64: 2, 1>, "
        "ceil_mode"}) {
    cases.push_back({"max_pool", {{{2, 2, 6, 5}}}, pool(window)});
    cases.push_back(single("avg_pool", {{{2, 2, 6, 5}}}, window));
    cases.push_back(
        single("avg_pool", {{{2, 2, 6, 5}}}, std::string(window) + ", count_include_pad"));
  }
  // The partial inverse of a max_pool of another tensor.
  cases.push_back({"max_pool_grad",
                   {{{1, 2, 2, 2}}, held({{1, 2, 4, 4}})},
                   [=](OpBuilder &b, ArrayRef<Value> x) {
                     Operation *of = pool(plain)(b, x[1]);
                     return make(b, "max_pool_grad", {x[0], of->getResult(1)},
                                 std::string(plain) + ", input_shape = array<i64: 1, 2, 4, 4>");
                   }});
}

void addMoves(Cases &cases) {
  cases.push_back({"reshape", {{{2, 3, 4}}}, [](OpBuilder &b, ArrayRef<Value> x) -> Operation * {
                     auto type = RankedTensorType::get({3, 8}, b.getF32Type());
                     return train::createReshape(b, b.getUnknownLoc(), type, x[0], train::Phase::fp)
                         .getDefiningOp();
                   }});
  cases.push_back(single("transpose", {{{2, 3, 4}}}, "perm = array<i64: 2, 0, 1>"));
  cases.push_back(single("slice", {{{4, 5}}},
                         "starts = array<i64: 1, 2>, sizes = array<i64: 2, 3>, "
                         "steps = array<i64: 1, 1>"));
  cases.push_back(single("slice", {{{4, 9}}},
                         "starts = array<i64: 3, 0>, sizes = array<i64: 2, 3>, "
                         "steps = array<i64: -3, 4>"));
  cases.push_back(single("slice", {{{3, 7, 8}}},
                         "starts = array<i64: 0, 6, 7>, sizes = array<i64: 3, 4, 3>, "
                         "steps = array<i64: 1, -2, -3>"));
  cases.push_back(single("concat", {{{2, 3}}, {{2, 1}}, {{2, 2}}}, "axis = 1"));
  cases.push_back(single("pad", {{{3, 4}}},
                         "low = array<i64: 2, -1>, high = array<i64: -1, 1>, value = 3.0 : f32"));
  cases.push_back(single("expand", {{{2, 1, 3}}}, "shape = array<i64: 2, 4, 3>"));
  // Twice, from the end, none.
  cases.push_back(single("gather", {{{2, 4, 3}}, index({2, 0, -1, 7, 2})}));
  cases.push_back(single("scatter_add", {{{2, 5, 3}}, index({2, 0, -1, 7, 2})}, "rows = 4"));
}

void addLosses(Cases &cases) {
  Input labels = index({1, 0, 3, 2});
  cases.push_back(single("softmax", {{{4, 5}}}));
  cases.push_back(single("log_softmax", {{{4, 5}}}));
  cases.push_back(single("nll", {{{4, 5}}, labels}, "", 2));
  cases.push_back(single("nll", {{{4, 5}}, labels, held(positive({5}))}, "ignore = 3 : i32", 2));
  // What the rows weigh does not depend on the scores.
  cases.push_back(single("nll", {{{4, 5}}, labels}, "", 2));
  cases.back().result = 1;
  cases.back().hasSlope = false;
  // As the loss of a step, and as a part of another: the mean and the losses of the rows.
  cases.push_back(single("cross_entropy", {{{4, 5}}, labels}, "", 2));
  cases.back().isLoss = true;
  for (unsigned result : {0, 1}) {
    cases.push_back(single("cross_entropy", {{{4, 5}}, labels}, "", 2));
    cases.back().result = result;
  }
}

} // namespace

std::vector<GradientCase> reference::gradientCases() {
  Cases cases;
  addMac(cases);
  addFunctions(cases);
  addConversions(cases);
  addFunctionsOfSeveral(cases);
  addReductions(cases);
  addNorms(cases);
  addPools(cases);
  addMoves(cases);
  addLosses(cases);
  return cases;
}
