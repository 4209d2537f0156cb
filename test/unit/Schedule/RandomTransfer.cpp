//===- RandomTransfer.cpp - small chip tasks, drawn at random ---------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "RandomTransfer.h"

#include <algorithm>
#include <random>
#include <vector>

using namespace slp;

using Numbers = std::vector<int64_t>;

namespace {

/// A two-dimensional tensor that is cut along both dimensions, and the tile of one core.
struct Cut {
  Numbers extent, tile, step, coreStride;
};

class Generator {
public:
  explicit Generator(uint32_t seed) : random(seed) {}
  RandomTransfer run();

private:
  int64_t draw(int64_t low, int64_t high) {
    return low + int64_t(random() % uint32_t(high - low + 1));
  }
  std::string element();
  Cut cut(int64_t cores, Numbers extent, size_t split);
  void transfer(RandomTransfer &result);
  void twoStores(RandomTransfer &result);
  void matmul(RandomTransfer &result);
  void moves(RandomTransfer &result);
  std::string program(int64_t cores, const std::string &tensors, const Cut &cut,
                      const std::string &views, const std::string &body,
                      const std::string &tasksBefore = "");

  std::mt19937 random;
};

std::string list(const Numbers &numbers) {
  std::string text = "[";
  for (size_t i = 0; i < numbers.size(); ++i)
    text += (i ? ", " : "") + std::to_string(numbers[i]);
  return text + "]";
}

std::string memref(const Numbers &shape, const std::string &element, const std::string &space) {
  std::string text = "memref<";
  for (int64_t extent : shape)
    text += std::to_string(extent) + "x";
  return text + element + ", #chip.space<" + space + ">>";
}

std::string tensor(const std::string &name, const std::string &role, const Numbers &shape,
                   const std::string &element) {
  return "chip.tensor @" + name + " : " + memref(shape, element, "dram") + " {role = #chip.role<" +
         role + ">}\n";
}

std::string view(const std::string &name, const Numbers &shape, const std::string &element) {
  return "  %" + name + "v = chip.view @" + name + " : " + memref(shape, element, "dram") + "\n";
}

std::string alloc(const std::string &name, const std::string &origin, const Numbers &extents,
                  const Numbers &coreStride, int64_t slots, const std::string &type) {
  return "  %" + name + " = chip.alloc " + origin + " extents " + list(extents) + " core_stride " +
         list(coreStride) + " slots " + std::to_string(slots) + " : " + type + "\n";
}

std::string load(const std::string &name, const std::string &buffer, const Numbers &extents,
                 const std::string &element, const std::string &type) {
  return "  chip.load %" + name + "v to %" + buffer + " : " + memref(extents, element, "dram") +
         ", " + type + "\n";
}

std::string store(const std::string &name, const std::string &buffer, const Numbers &extents,
                  const std::string &element, const std::string &type) {
  return "  chip.store %" + buffer + " to %" + name + "v : " + type + ", " +
         memref(extents, element, "dram") + "\n";
}

std::string move(const std::string &from, const std::string &fromType, const std::string &to,
                 const std::string &toType) {
  return "  chip.move %" + from + " to %" + to + " : " + fromType + ", " + toType + "\n";
}

std::string relu(const std::string &out, const std::string &in, const std::string &type) {
  return "  chip.v.relu(%" + out + ", %" + in + ") : " + type + ", " + type + "\n";
}

const std::string fp8 = "!num.float<5, 2, 15, reserved, flush>";
const std::string fp16 = "!num.float<5, 10, 15, reserved, gradual>";

} // namespace

/// FP8, or a compressed format three times out of four.
std::string Generator::element() {
  switch (draw(0, 3)) {
  case 0:
    return fp8;
  case 1:
    return "!num.mixed<" + fp8 + ", " + fp8 + ">";
  case 2:
    return "!num.mixed<" + fp16 + ", " + fp16 + ">";
  default:
    return "!num.mixed<" + fp8 + ", " + fp16 + ">";
  }
}

/// Tiles that lie side by side; the cores have neighbours along dimension `split`.
Cut Generator::cut(int64_t cores, Numbers extent, size_t split) {
  Cut c;
  c.extent = std::move(extent);
  for (size_t d = 0; d < 2; ++d) {
    int64_t parts = draw(1, 4) * (d == split ? cores : 1);
    c.tile.push_back(std::max<int64_t>(1, c.extent[d] / parts));
    c.coreStride.push_back(d == split && cores > 1 ? c.tile[d] : 0);
    c.step.push_back(c.tile[d] * (d == split ? cores : 1));
  }
  return c;
}

/// The loops of a cut around `body`, whose tiles begin at [%i, %j].
std::string Generator::program(int64_t cores, const std::string &tensors, const Cut &cut,
                               const std::string &views, const std::string &body,
                               const std::string &tasksBefore) {
  std::string text = "module attributes {slp.chip = \"lnpu\", slp.stage = \"tile\", slp.contract = "
                     "{label_inputs = {}}} {\n" +
                     tensors + "func.func @step() {\n" + tasksBefore +
                     "chip.task \"t\" \"train.t\" \"fp\" cores(" + std::to_string(cores) +
                     ") {\n  %c0 = arith.constant 0 : index\n";
  for (int d = 0; d < 2; ++d) {
    std::string n = std::to_string(d);
    text += "  %e" + n + " = arith.constant " + std::to_string(cut.extent[d]) + " : index\n";
    text += "  %s" + n + " = arith.constant " + std::to_string(cut.step[d]) + " : index\n";
  }
  return text + views + "  scf.for %i = %c0 to %e0 step %s0 {\n" +
         "  scf.for %j = %c0 to %e1 step %s1 {\n" + body + "  }\n  }\n}\nreturn\n}\n}\n";
}

/// A task that fills the tensor @x, which the host does not write, from @raw.
static std::string fillTask(const Numbers &extent, const std::string &element) {
  Numbers none(extent.size(), 0);
  std::string raw = memref(extent, fp8, "shared"), type = memref(extent, element, "shared");
  return "chip.task \"fill\" \"train.round\" \"fp\" cores(1) {\n"
         "  %c0 = arith.constant 0 : index\n" +
         view("raw", extent, fp8) + view("x", extent, element) +
         alloc("r", "[%c0, %c0]", extent, none, 1, raw) + load("raw", "r", extent, fp8, raw) +
         alloc("f", "[%c0, %c0]", extent, none, 1, type) + "  chip.v.round(%f, %r) : " + type +
         ", " + raw + "\n" + store("x", "f", extent, element, type) + "}\n";
}

/// Loads tiles, rectifies them and stores them, elsewhere or in place.
void Generator::transfer(RandomTransfer &result) {
  bool usesShared = draw(0, 3) == 0; // where one core alone works
  result.cores = usesShared ? 1 : draw(1, 4);
  Cut c = cut(result.cores, {draw(1, 24), draw(1, 60)}, size_t(draw(0, 1)));
  result.isInPlace = draw(0, 1);
  std::string e = element(), type = memref(c.tile, e, usesShared ? "shared" : "spm");
  result.isCompressed = e != fp8;
  result.meet = c.tile[0] * c.tile[1] != c.extent[0] * c.extent[1];
  int64_t slots = draw(1, 2);
  std::string tensors = tensor("raw", "input", c.extent, fp8) +
                        tensor("x", result.isInPlace ? "output" : "temp", c.extent, e);
  std::string views = view("x", c.extent, e);
  std::string body = alloc("a", "[%i, %j]", c.extent, c.coreStride, slots, type) +
                     load("x", "a", c.extent, e, type);
  std::string out = "a", to = "x";
  if (!result.isInPlace) {
    out = "b", to = "y";
    tensors += tensor("y", "output", c.extent, e);
    views += view("y", c.extent, e);
    body += alloc("b", "[%i, %j]", c.extent, c.coreStride, slots, type);
  }
  body += relu(out, "a", type);
  body += store(to, out, c.extent, e, type);
  result.text = program(result.cores, tensors, c, views, body, fillTask(c.extent, e));
}

/// Each core stores its tile, rectified, and before or after that the tile as it was is stored too:
/// by the same core, whose queue has both in order, or what the tiles of all cover by the shared
/// buffer's queue, which nothing orders with theirs.
void Generator::twoStores(RandomTransfer &result) {
  result.cores = draw(1, 4);
  result.isTwice = true;
  Cut c = cut(result.cores, {draw(1, 24), draw(1, 60)}, size_t(draw(0, 1)));
  std::string e = element();
  result.isCompressed = e != fp8;
  result.meet = c.tile[0] * c.tile[1] != c.extent[0] * c.extent[1];
  int64_t slots = draw(1, 2);
  std::string type = memref(c.tile, e, "spm");
  std::string tensors = tensor("raw", "input", c.extent, fp8) + tensor("x", "temp", c.extent, e) +
                        tensor("y", "output", c.extent, e);
  bool isOfOneQueue = draw(0, 1);
  std::string asItWas = isOfOneQueue ? type : memref(c.step, e, "shared");
  std::string stores[2] = {store("y", "b", c.extent, e, type),
                           store("y", "d", c.extent, e, asItWas)};
  int64_t former = draw(0, 1);
  std::string body = alloc("a", "[%i, %j]", c.extent, c.coreStride, slots, type) +
                     load("x", "a", c.extent, e, type) +
                     alloc("b", "[%i, %j]", c.extent, c.coreStride, slots, type) +
                     "  chip.v.relu(%b, %a) : " + type + ", " + type + "\n" +
                     alloc("d", "[%i, %j]", c.extent, isOfOneQueue ? c.coreStride : Numbers{0, 0},
                           slots, asItWas) +
                     load("x", "d", c.extent, e, asItWas) + stores[former] + stores[1 - former];
  result.text = program(result.cores, tensors, c, view("x", c.extent, e) + view("y", c.extent, e),
                        body, fillTask(c.extent, e));
}

/// A matrix product whose bias lies in the scratchpads, or in the shared buffer for all cores.
void Generator::matmul(RandomTransfer &result) {
  result.cores = draw(1, 4);
  result.isShared = draw(0, 1);
  // What all cores share cannot follow the core: then they share columns and bias.
  size_t split = result.isShared ? 0 : size_t(draw(0, 1));
  Cut c = cut(result.cores, {draw(1, 16), draw(1, 32)}, split);
  int64_t depth = draw(1, 16), slots = draw(1, 2), rows = c.extent[0], columns = c.extent[1];
  std::string e = element();
  result.isCompressed = e != fp8;
  result.meet = c.tile[0] * c.tile[1] != rows * columns;
  Numbers a = {rows, depth}, b = {depth, columns}, bias = {columns};
  std::string aType = memref({c.tile[0], depth}, fp8, "spm");
  std::string bType = memref({depth, c.tile[1]}, fp8, "spm");
  std::string biasType = memref({c.tile[1]}, fp16, result.isShared ? "shared" : "spm");
  std::string accType = memref(c.tile, "f32", "acc"), type = memref(c.tile, e, "spm");
  std::string tensors = tensor("a", "input", a, fp8) + tensor("b", "input", b, fp8) +
                        tensor("bias", "input", bias, fp16) + tensor("y", "output", c.extent, e);
  std::string views =
      view("a", a, fp8) + view("b", b, fp8) + view("bias", bias, fp16) + view("y", c.extent, e);
  std::string body = alloc("at", "[%i, %c0]", a, {c.coreStride[0], 0}, slots, aType) +
                     load("a", "at", a, fp8, aType) +
                     alloc("bt", "[%c0, %j]", b, {0, c.coreStride[1]}, slots, bType) +
                     load("b", "bt", b, fp8, bType) +
                     alloc("biast", "[%j]", bias, {c.coreStride[1]}, slots, biasType) +
                     load("bias", "biast", bias, fp16, biasType) +
                     alloc("acc", "[%i, %j]", c.extent, c.coreStride, slots, accType) +
                     alloc("yt", "[%i, %j]", c.extent, c.coreStride, slots, type) +
                     "  chip.matmul(%acc, %at, %bt, %biast) mode = bias : " + accType + ", " +
                     aType + ", " + bType + ", " + biasType + "\n" +
                     "  chip.v.round(%yt, %acc) : " + type + ", " + accType + "\n" +
                     store("y", "yt", c.extent, e, type);
  result.text = program(result.cores, tensors, c, views, body);
}

/// Tiles go from the shared buffer to the cores, one part each, and come back; or cores exchange
/// their parts there, with nobody between who waits for all of them.
void Generator::moves(RandomTransfer &result) {
  result.cores = draw(1, 4);
  result.isMoved = true;
  auto split = size_t(draw(0, 1));
  Cut c = cut(result.cores, {draw(1, 24), draw(1, 60)}, split);
  std::string e = element();
  result.isCompressed = e != fp8;
  result.meet = c.tile[0] * c.tile[1] != c.extent[0] * c.extent[1];
  Numbers whole = c.tile, none = {0, 0};
  whole[split] *= result.cores;
  std::string type = memref(c.tile, e, "spm"), wholeType = memref(whole, e, "shared");
  std::string tensors = tensor("raw", "input", c.extent, fp8) + tensor("x", "temp", c.extent, e) +
                        tensor("y", "output", c.extent, e);
  std::string views = view("x", c.extent, e) + view("y", c.extent, e);
  auto buffer = [&](const std::string &name, const Numbers &coreStride) {
    return alloc(name, "[%i, %j]", c.extent, coreStride, draw(1, 2), type);
  };
  auto shared = [&](const std::string &name) {
    return alloc(name, "[%i, %j]", c.extent, none, draw(1, 2), wholeType);
  };
  std::string body;
  if (draw(0, 2)) {
    Numbers stride = c.coreStride; // sometimes parts overlap
    stride[split] -= stride[split] > 1 && draw(0, 3) == 0;
    body = shared("s") + load("x", "s", c.extent, e, wholeType) + buffer("a", stride) +
           move("s", wholeType, "a", type) + buffer("b", stride) + relu("b", "a", type) +
           shared("t") + move("b", type, "t", wholeType) + store("y", "t", c.extent, e, wholeType);
  } else {
    // Core c takes what the c-th from the last has stored.
    Numbers back = c.coreStride;
    int64_t last = back[split] * (result.cores - 1);
    back[split] = -back[split];
    std::string from = split ? "%j" : "%i";
    std::string origin = split ? "[%i, %r]" : "[%r, %j]";
    body = buffer("a", c.coreStride) + load("x", "a", c.extent, e, type) + shared("s") +
           move("a", type, "s", wholeType) + "  %r = affine.apply affine_map<(d0) -> (d0 + " +
           std::to_string(last) + ")>(" + from + ")\n" +
           alloc("b", origin, c.extent, back, draw(1, 2), type) + move("s", wholeType, "b", type) +
           alloc("d", origin, c.extent, back, draw(1, 2), type) + relu("d", "b", type) +
           store("y", "d", c.extent, e, type);
  }
  result.text = program(result.cores, tensors, c, views, body, fillTask(c.extent, e));
}

RandomTransfer Generator::run() {
  RandomTransfer result;
  switch (draw(0, 8)) {
  case 0:
    matmul(result);
    break;
  case 1:
  case 2:
    twoStores(result);
    break;
  case 3:
  case 4:
    moves(result);
    break;
  default:
    transfer(result);
  }
  return result;
}

RandomTransfer slp::makeRandomTransfer(uint32_t seed) { return Generator(seed).run(); }
