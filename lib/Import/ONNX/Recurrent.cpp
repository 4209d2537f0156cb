//===- Recurrent.cpp - ONNX RNN, GRU and LSTM -------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The length of the sequence is fixed, so that a layer is its steps, one after the other. Both
// directions of a bidirectional layer take a step at the same time: states are (D, N, H), and every
// op serves D directions. What depends on X alone is one matrix product for all steps.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Arithmetic.h"
#include "lib/Import/ONNX/Moves.h"
#include "lib/Import/ONNX/Operators.h"

#include "dialects/Train/MatMulOp.h"

#include "onnx/onnx_pb.h"
#include "llvm/ADT/StringExtras.h"

#include <array>
#include <map>

using namespace mlir;
using namespace slp;
using namespace slp::import_onnx;

/// Each step becomes 10 to 50 ops of the training step.
static constexpr int64_t maxSteps = 4096;

namespace {
/// A function of gates or states, with the numbers it takes.
struct Function {
  std::string name; // in small letters
  double alpha = 0, beta = 0;
  bool operator==(const Function &other) const {
    return name == other.name && alpha == other.alpha && beta == other.beta;
  }
};

/// What a step hands to the next one; null is zero.
struct State {
  Value hidden, cell;
};

/// One node. Functions that build give null for null operands that mean zero; an error is kept in
/// `isFailed`.
class Recurrence {
public:
  Recurrence(Node &node, int64_t gates, unsigned functions, bool hasCell)
      : node(node), gates(gates), numFunctions(functions), hasCell(hasCell) {}

  using Step = llvm::function_ref<State(Recurrence &, Value x, State before)>;
  /// Checks the node, builds all steps with `step`, which gets the projection of X (D, N, G*H), and
  /// sets the outputs. With `keepsBias` the projection of gate `gates - 1` lacks the bias of R.
  LogicalResult import(Step step, bool keepsBias);

  /// Sums, differences and products; zero is absent. `b` of a difference is not.
  Value plus(Value a, Value b);
  Value minus(Value a, Value b);
  Value times(Value a, Value b);
  /// state (D, N, H) times the transpose of gates [first, first + count) of R.
  Value recur(Value state, int64_t first, int64_t count);
  /// Gates [first, first + count) of `x` (D, N, ...).
  Value gatesOf(Value x, int64_t first, int64_t count);
  /// Function `k` of the node, of a clipped `x`.
  Value activate(unsigned k, Value x);
  Value scaled(Value x, double scale, double offset);
  /// The bias of R of the last gate (D, 1, H); null if there is none.
  Value lastBias() { return keptBias; }
  /// Peephole weights `k` (D, 1, H).
  Value peephole(int64_t k);

  Node &node;

private:
  LogicalResult readFunctions();
  LogicalResult check();
  Value initial(unsigned input);
  Value project(bool keepsBias);
  Value apply(const Function &function, Value x);
  Value checked(Value value) {
    isFailed |= !value;
    return value;
  }
  Value along(Value x, int64_t axis, int64_t first, int64_t count, int64_t step = 1) {
    return x ? checked(sliceAlong(node, x, axis, {first, step, count})) : x;
  }
  Value moved(Value x, ArrayRef<int64_t> perm) { return checked(transpose(node, x, perm)); }
  Value reshaped(Value x, ArrayRef<int64_t> shape) { return x ? node.reshape(x, shape) : x; }
  /// (D, T, ...) with the steps of the second direction from the last to the first.
  Value turned(Value x);

  int64_t gates;
  unsigned numFunctions;
  bool hasCell;
  int64_t steps = 0, batch = 0, inputs = 0, hidden = 0, directions = 1;
  bool isReverse = false, isBatchFirst = false, isFailed = false;
  std::vector<Function> functions; // of the first direction, then of the second
  Value weights, keptBias;         // R, and what the projection lacks
  std::map<std::pair<int64_t, int64_t>, Value> recurrent; // first and number of gates: of R
  std::array<Value, 3> peepholes;
};
} // namespace

//===----------------------------------------------------------------------------------------===//
// What the node says
//===----------------------------------------------------------------------------------------===//

/// The numbers that a function takes, as the operator of its name has them; nothing if there is no
/// such function.
static std::optional<std::array<std::optional<double>, 2>> defaultsOf(StringRef name) {
  using Numbers = std::array<std::optional<double>, 2>;
  if (llvm::is_contained({"relu", "sigmoid", "softplus", "softsign", "tanh"}, name))
    return Numbers{};
  if (name == "affine" || name == "scaledtanh")
    return Numbers{1.0, name == "affine" ? 0.0 : 1.0};
  if (name == "hardsigmoid")
    return Numbers{0.2, 0.5};
  if (name == "leakyrelu")
    return Numbers{0.01};
  if (name == "elu" || name == "thresholdedrelu")
    return Numbers{1.0};
  return std::nullopt;
}

LogicalResult Recurrence::readFunctions() {
  std::vector<std::string> names;
  if (const onnx::AttributeProto *given = node.attribute("activations"))
    names.assign(given->strings().begin(), given->strings().end());
  if (names.empty())
    for (int64_t d = 0; d < directions; ++d)
      for (unsigned k = 0; k < numFunctions; ++k)
        names.push_back(k == 0 && gates > 1 ? "Sigmoid" : "Tanh");
  if (names.size() != size_t(directions * numFunctions))
    return node.fail("expected " + Twine(directions * numFunctions) + " activations, found " +
                     Twine(names.size()));
  SmallVector<double> alphas = node.numbers("activation_alpha"),
                      betas = node.numbers("activation_beta");
  ArrayRef<double> alpha = alphas, beta = betas;
  for (const std::string &name : names) {
    Function function = {StringRef(name).lower()};
    auto numbers = defaultsOf(function.name);
    if (!numbers)
      return node.fail("activation \"" + name + "\" is not supported");
    // Each function that takes a number has the next one of the list, or its default.
    auto next = [](std::optional<double> absent, ArrayRef<double> &given) {
      if (!absent || given.empty())
        return absent.value_or(0);
      double first = given.front();
      given = given.drop_front();
      return first;
    };
    function.alpha = next((*numbers)[0], alpha);
    function.beta = next((*numbers)[1], beta);
    functions.push_back(function);
  }
  return success();
}

LogicalResult Recurrence::check() {
  std::string direction = node.string("direction", "forward");
  isReverse = direction == "reverse";
  directions = direction == "bidirectional" ? 2 : 1;
  isBatchFirst = node.integer("layout", 0) != 0;
  ArrayRef<int64_t> x = node.shape(0), r = node.shape(2);
  if (x.size() != 3 || r.size() != 3)
    return node.fail("expected X and R of rank 3, found " + printShape(x) + " and " +
                     printShape(r));
  steps = x[isBatchFirst ? 1 : 0];
  batch = x[isBatchFirst ? 0 : 1];
  inputs = x[2];
  hidden = r[2];
  if (steps > maxSteps)
    return node.fail("sequences of more than " + Twine(maxSteps) +
                     " steps are not unrolled, found " + Twine(steps));
  if (node.integer("hidden_size", hidden) != hidden)
    return node.fail("expected hidden_size " + Twine(hidden) + " as R has, found " +
                     Twine(node.integer("hidden_size", 0)));
  auto expect = [&](unsigned input, ArrayRef<int64_t> shape) -> LogicalResult {
    if (!node.hasInput(input) || node.shape(input) == shape)
      return success();
    return node.fail("expected input \"" + node.inputName(input) + "\" of " + printShape(shape) +
                     ", found " + printShape(node.shape(input)));
  };
  SmallVector<int64_t> state = {directions, batch, hidden};
  if (isBatchFirst)
    std::swap(state[0], state[1]);
  if (failed(expect(1, {directions, gates * hidden, inputs})) ||
      failed(expect(2, {directions, gates * hidden, hidden})) ||
      failed(expect(3, {directions, 2 * gates * hidden})) || failed(expect(5, state)) ||
      (hasCell && (failed(expect(6, state)) || failed(expect(7, {directions, 3 * hidden})))))
    return failure();
  if (node.hasInput(4)) {
    std::optional<SmallVector<int64_t>> lengths = node.constant(4);
    if (!lengths || llvm::any_of(*lengths, [&](int64_t length) { return length != steps; }))
      return node.fail(
          "sequences of different lengths are not supported, expected sequence_lens \"" +
          node.inputName(4) + "\" of " + Twine(steps) + " alone");
  }
  return readFunctions();
}

//===----------------------------------------------------------------------------------------===//
// What the steps are made of
//===----------------------------------------------------------------------------------------===//

Value Recurrence::plus(Value a, Value b) {
  if (!a || !b)
    return a ? a : b;
  return checked(buildBroadcast<train::AddOp>(node, a, b));
}

Value Recurrence::minus(Value a, Value b) {
  return a ? checked(buildBroadcast<train::SubOp>(node, a, b)) : scaled(b, -1, 0);
}

Value Recurrence::times(Value a, Value b) {
  return a && b ? checked(buildBroadcast<train::MulOp>(node, a, b)) : Value();
}

Value Recurrence::scaled(Value x, double scale, double offset) {
  return checked(affine(node, x, scale, offset));
}

Value Recurrence::recur(Value state, int64_t first, int64_t count) {
  if (!state)
    return state;
  Value &r = recurrent[{first, count}];
  if (!r)
    r = along(weights, 1, first * hidden, count * hidden);
  if (isFailed)
    return nullptr;
  auto product = node.create<train::MatMulOp>(
      {state, r}, node.builder.getNamedAttr("transpose_b", node.builder.getUnitAttr()));
  return checked(product ? product.getY() : Value());
}

Value Recurrence::gatesOf(Value x, int64_t first, int64_t count) {
  return along(x, 2, first * hidden, count * hidden);
}

Value Recurrence::peephole(int64_t k) {
  Value &p = peepholes[k];
  if (!p)
    p = along(reshaped(checked(operand(node, 7)), {directions, 1, 3 * hidden}), 2, k * hidden,
              hidden);
  return p;
}

Value Recurrence::apply(const Function &function, Value x) {
  Number alpha = {"alpha", function.alpha}, beta = {"beta", function.beta};
  StringRef name = function.name;
  if (name == "affine")
    return affine(node, x, function.alpha, function.beta);
  if (name == "elu")
    return build<train::EluOp>(node, x, {alpha, {"gamma", 1}});
  if (name == "hardsigmoid")
    return build<train::HardSigmoidOp>(node, x, {alpha, beta});
  if (name == "leakyrelu")
    return build<train::LeakyReluOp>(node, x, {alpha});
  if (name == "relu")
    return build<train::ReluOp>(node, x);
  if (name == "scaledtanh")
    return affine(node, build<train::TanhOp>(node, affine(node, x, function.beta, 0)),
                  function.alpha, 0);
  if (name == "sigmoid")
    return build<train::SigmoidOp>(node, x);
  if (name == "softplus")
    return build<train::SoftplusOp>(node, x);
  if (name == "softsign")
    return build<train::SoftsignOp>(node, x);
  if (name == "thresholdedrelu")
    return build<train::ThresholdedReluOp>(node, x, {alpha});
  return build<train::TanhOp>(node, x);
}

Value Recurrence::activate(unsigned k, Value x) {
  if (double bound = node.number("clip", 0); bound > 0)
    x = clip(node, x, -bound, bound);
  const Function &first = functions[k];
  if (directions == 1 || first == functions[numFunctions + k])
    return checked(apply(first, x));
  Value parts[] = {apply(first, along(x, 0, 0, 1)),
                   apply(functions[numFunctions + k], along(x, 0, 1, 1))};
  return checked(concat(node, parts, 0));
}

Value Recurrence::turned(Value x) {
  ArrayRef<int64_t> shape = shapeOf(x);
  SmallVector<SliceRange> back;
  for (int64_t size : shape)
    back.push_back({0, 1, size});
  back[0] = {1, 1, 1};
  back[1] = {steps - 1, -1, steps};
  Value parts[] = {along(x, 0, 0, 1), checked(slice(node, x, back))};
  return checked(concat(node, parts, 0));
}

/// A state as the node gives it; null if it has none, or if it is zero and a later step has
/// another.
Value Recurrence::initial(unsigned input) {
  if (!node.hasInput(input))
    return nullptr;
  std::optional<SmallVector<double>> known = node.floats(input);
  if (known && steps > 1 && llvm::all_of(*known, [](double value) { return value == 0; }))
    return nullptr;
  Value state = checked(operand(node, input));
  return isBatchFirst && state ? moved(state, {1, 0, 2}) : state;
}

/// X W' + bias for all steps: (D, T, N, G*H), the second direction from the last step on.
Value Recurrence::project(bool keepsBias) {
  int64_t width = gates * hidden;
  Value x = checked(operand(node, 0)), w = checked(operand(node, 1)), bias;
  if (isFailed)
    return nullptr;
  if (isBatchFirst)
    x = moved(x, {1, 0, 2});
  SmallVector<Value> operands = {reshaped(x, {steps * batch, inputs}),
                                 reshaped(w, {directions * width, inputs})};
  if (node.hasInput(3)) {
    Value both = reshaped(checked(operand(node, 3)), {directions, 2, gates, hidden});
    Value ofW = along(both, 1, 0, 1), ofR = along(both, 1, 1, 1);
    if (keepsBias) {
      keptBias = reshaped(along(ofR, 2, gates - 1, 1), {directions, 1, hidden});
      Value rest = plus(along(ofW, 2, 0, gates - 1), along(ofR, 2, 0, gates - 1));
      Value parts[] = {rest, along(ofW, 2, gates - 1, 1)};
      bias = checked(concat(node, parts, 2));
    } else {
      bias = plus(ofW, ofR);
    }
    if (isFailed)
      return nullptr;
    operands.push_back(reshaped(bias, {directions * width}));
  }
  auto product = node.create<train::MatMulOp>(
      operands, node.builder.getNamedAttr("transpose_b", node.builder.getUnitAttr()));
  if (!checked(product ? product.getY() : Value()))
    return nullptr;
  if (directions == 1)
    return reshaped(product.getY(), {1, steps, batch, width});
  Value all = moved(reshaped(product.getY(), {steps, batch, 2, width}), {2, 0, 1, 3});
  return steps == 1 ? all : turned(all);
}

LogicalResult Recurrence::import(Step step, bool keepsBias) {
  if (failed(check()))
    return failure();
  Value projection = project(keepsBias);
  weights = checked(operand(node, 2));
  State state;
  state.hidden = initial(5);
  if (hasCell)
    state.cell = initial(6);
  SmallVector<Value> all(steps);
  for (int64_t t = 0; t < steps && !isFailed; ++t) {
    int64_t at = isReverse ? steps - 1 - t : t;
    Value x = reshaped(along(projection, 1, at, 1), {directions, batch, gates * hidden});
    state = step(*this, x, state);
    all[at] = state.hidden;
  }
  if (isFailed)
    return failure();
  SmallVector<Value> outputs(hasCell ? 3 : 2);
  if (node.hasOutput(0)) {
    for (Value &hiddenAt : all)
      hiddenAt = reshaped(hiddenAt, {directions, 1, batch, hidden});
    Value y = checked(concat(node, all, 1));
    if (directions == 2 && steps > 1 && y)
      y = turned(y);
    outputs[0] =
        y ? moved(y, isBatchFirst ? ArrayRef<int64_t>{2, 1, 0, 3} : ArrayRef<int64_t>{1, 0, 2, 3})
          : y;
  }
  auto last = [&](Value value) { return isBatchFirst ? moved(value, {1, 0, 2}) : value; };
  if (node.hasOutput(1))
    outputs[1] = last(state.hidden);
  if (hasCell && node.hasOutput(2))
    outputs[2] = last(state.cell);
  return isFailed ? failure() : node.setOutputs(outputs);
}

//===----------------------------------------------------------------------------------------===//
// The three kinds of steps
//===----------------------------------------------------------------------------------------===//

static LogicalResult importRNN(Node &node) {
  auto step = [](Recurrence &r, Value x, State before) -> State {
    return {r.activate(0, r.plus(x, r.recur(before.hidden, 0, 1))), nullptr};
  };
  return Recurrence(node, /*gates=*/1, /*functions=*/1, /*hasCell=*/false).import(step, false);
}

/// Gates z (update), r (reset), h (new).
static LogicalResult importGRU(Node &node) {
  bool resetsProduct = node.integer("linear_before_reset", 0) != 0;
  auto step = [&](Recurrence &r, Value x, State before) -> State {
    Value old = before.hidden;
    Value fromOld = r.recur(old, 0, resetsProduct ? 3 : 2);
    Value gates = r.activate(0, r.plus(r.gatesOf(x, 0, 2), r.gatesOf(fromOld, 0, 2)));
    Value update = r.gatesOf(gates, 0, 1), reset = r.gatesOf(gates, 1, 1);
    Value memory = resetsProduct ? r.times(reset, r.plus(r.gatesOf(fromOld, 2, 1), r.lastBias()))
                                 : r.recur(r.times(reset, old), 2, 1);
    Value fresh = r.activate(1, r.plus(r.gatesOf(x, 2, 1), memory));
    // (1 - z) h + z old, as h + z (old - h)
    return {r.plus(fresh, r.times(update, r.minus(old, fresh))), nullptr};
  };
  return Recurrence(node, 3, 2, false).import(step, resetsProduct);
}

/// Gates i (input), o (output), f (forget), c (new).
static LogicalResult importLSTM(Node &node) {
  bool isCoupled = node.integer("input_forget", 0) != 0, peeps = node.hasInput(7);
  auto step = [&](Recurrence &r, Value x, State before) -> State {
    Value all = r.plus(x, r.recur(before.hidden, 0, 4)), input, output, forget;
    if (peeps) {
      auto gate = [&](int64_t k, Value cell) {
        return r.activate(0, r.plus(r.gatesOf(all, k, 1), r.times(r.peephole(k), cell)));
      };
      input = gate(0, before.cell);
      forget = isCoupled ? Value() : gate(2, before.cell);
    } else {
      Value gates = r.activate(0, r.gatesOf(all, 0, 3));
      input = r.gatesOf(gates, 0, 1);
      output = r.gatesOf(gates, 1, 1);
      forget = isCoupled ? Value() : r.gatesOf(gates, 2, 1);
    }
    if (isCoupled)
      forget = r.scaled(input, -1, 1);
    Value fresh = r.activate(1, r.gatesOf(all, 3, 1));
    Value cell = r.plus(r.times(forget, before.cell), r.times(input, fresh));
    if (peeps)
      output = r.activate(0, r.plus(r.gatesOf(all, 1, 1), r.times(r.peephole(1), cell)));
    return {r.times(output, r.activate(2, cell)), cell};
  };
  return Recurrence(node, 4, 3, true).import(step, false);
}

void slp::import_onnx::addRecurrentOperators(OperatorTable &table) {
  AttributeRule direction = {"direction", AttributeKind::string,
                             "forward, reverse or bidirectional",
                             [](const onnx::AttributeProto &attribute) {
                               const std::string &s = attribute.s();
                               return s == "forward" || s == "reverse" || s == "bidirectional";
                             }};
  std::vector<AttributeRule> common = {{"activation_alpha", AttributeKind::numbers, ""},
                                       {"activation_beta", AttributeKind::numbers, ""},
                                       {"activations", AttributeKind::strings, ""},
                                       {"clip", AttributeKind::number, ""},
                                       direction,
                                       {"hidden_size", AttributeKind::integer, ""},
                                       {"layout", AttributeKind::integer, ""},
                                       {"output_sequence", AttributeKind::integer, ""}};
  auto with = [&](AttributeRule more) {
    std::vector<AttributeRule> all = common;
    all.push_back(std::move(more));
    return all;
  };
  const char *notes = "unrolled; sequence_lens: a constant, all of them the length of X";
  table["RNN"] = {"fww|wcf", 2, common, importRNN, notes, "1, 7, 14, 22"};
  table["GRU"] = {"fww|wcf", 2,     with({"linear_before_reset", AttributeKind::integer, ""}),
                  importGRU, notes, "1, 3, 7, 14, 22"};
  table["LSTM"] = {"fww|wcffw", 3,     with({"input_forget", AttributeKind::integer, ""}),
                   importLSTM,  notes, "1, 7, 14, 22"};
}
