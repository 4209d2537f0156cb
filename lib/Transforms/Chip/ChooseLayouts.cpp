//===- ChooseLayouts.cpp - the pass chip-choose-layouts ---------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// A tensor can have a layout if each of its readers and writers can address it so, which placeView
// knows. Where a loop runs through dimensions that the layout has apart, it becomes several.
//
//===----------------------------------------------------------------------------------------===//

#include "SplitLoop.h"

#include "dialects/Chip/ChipPlaces.h"
#include "dialects/Mach/ElementFormat.h"
#include "lib/Analysis/NestCosts.h"
#include "slp/Transforms/Chip/Passes.h"

#include "mlir/IR/Remarks.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Support/FormatVariadic.h"

#include <random>

namespace slp {
#define GEN_PASS_DEF_CHOOSELAYOUTS
#include "slp/Transforms/Chip/Passes.h.inc"
} // namespace slp

using namespace mlir;
using namespace slp;
using namespace slp::chip_ir;

namespace {
struct ChooseLayouts : slp::impl::ChooseLayoutsBase<ChooseLayouts> {
  using Base::Base;
  void runOnOperation() override;

private:
  bool tryLayout(TensorOp tensor, Layout layout, const SymbolTable &symbols,
                 NestCosts *costs = nullptr);
  void chooseBlocked();
  bool mayGain(TensorOp tensor, const chip::Chip &chip, NestCosts &costs);
  void chooseByCost(const chip::Chip &chip);
};
} // namespace

static Result<mach::PlacedView> placed(const mach::TensorPlaces &places, BufferOp buffer) {
  return placeView(places, buffer.getExtents(), *buffer.getStrides(), int64_t(buffer.getFirst()));
}

/// Elements from one coordinate to the next of the dimensions that a view must not make one with
/// those outside them.
static SmallVector<int64_t> boundariesOf(TensorOp tensor, Layout layout) {
  auto type = cast<MemRefType>(tensor.getType());
  SmallVector<int64_t> strides = rowMajor(type.getShape());
  // Rows of compressed blocks may be padded; other pixels follow each other.
  if (layout != Layout::channels16 || !mach::compressedFormat(type.getElementType()))
    strides.truncate(2);
  return strides;
}

/// Splits loops along which dimensions of the buffer step over a boundary. Whether one was.
static bool splitAtBoundary(BufferOp buffer, ArrayRef<int64_t> boundaries) {
  auto nest = cast<NestOp>(buffer->getParentOp());
  ArrayRef<int64_t> strides = *buffer.getStrides();
  for (auto [dim, stride] : llvm::zip(dimsOf(buffer), strides))
    for (int64_t boundary : boundaries)
      if (dim.loop >= 0 && stride > 0 && stride < boundary && boundary % stride == 0 &&
          stride * dim.extent > boundary && splitLoop(nest, unsigned(dim.loop), boundary / stride))
        return true;
  return false;
}

/// Splits loops of a nest until the buffers of a tensor can be addressed in a layout. Whether they
/// can, and those of other tensors with layouts still.
static bool splitFor(NestOp nest, TensorOp tensor, Layout layout, const SymbolTable &symbols) {
  auto buffersOf = nest.getBody().getOps<BufferOp>();
  auto isPlaced = [&](BufferOp buffer) {
    auto of = buffer.getTensor() ? symbols.lookup<TensorOp>(*buffer.getTensor()) : TensorOp();
    if (!of)
      return true;
    Layout its = of == tensor ? layout : of.getLayout().value_or(Layout::row_major);
    return placed(placesIn(of, its).take(), buffer).ok();
  };
  for (BufferOp buffer : buffersOf)
    while (buffer.getTensor() == tensor.getSymName() && !isPlaced(buffer))
      if (!splitAtBoundary(buffer, boundariesOf(tensor, layout)))
        return false;
  return llvm::all_of(buffersOf, isPlaced);
}

static void remarkLayout(TensorOp tensor, Layout layout, double before, double after) {
  auto opts = remark::RemarkOpts::name("layout").category("layouts");
  if (auto r = remark::passed(tensor.getLoc(), opts))
    r << "\"" + tensor.getSymName().str() + "\" has layout " + stringifyEnum(layout).str() +
             llvm::formatv(": {0:f0} cycles of its nests by estimate, {1:f0} before", after, before)
                 .str();
}

/// Whether all buffers of a tensor can be addressed in a layout, some loops split if need be, and,
/// with `costs`, its nests take less time so. Then the tensor has it; else nothing is changed.
bool ChooseLayouts::tryLayout(TensorOp tensor, Layout layout, const SymbolTable &symbols,
                              NestCosts *costs) {
  Result<mach::TensorPlaces> places = placesIn(tensor, layout);
  if (!places)
    return false;
  llvm::SetVector<NestOp> users, nests; // those in which a loop may have to be split
  getOperation().walk([&](BufferOp buffer) {
    if (buffer.getTensor() != tensor.getSymName())
      return;
    auto nest = cast<NestOp>(buffer->getParentOp());
    users.insert(nest);
    if (!placed(*places, buffer))
      nests.insert(nest);
  });
  auto sum = [&](auto clonesOf) {
    std::optional<double> cycles = 0;
    for (NestOp nest : users)
      if (std::optional<double> its = costs->cyclesOf(clonesOf(nest), nest); its && cycles)
        *cycles += *its;
      else
        cycles = std::nullopt;
    return cycles;
  };
  std::optional<double> before, after;
  if (costs)
    before = sum([](NestOp nest) { return nest; });
  SmallVector<std::pair<NestOp, NestOp>> trials; // a nest, and what is to take its place
  bool fits = llvm::all_of(nests, [&](NestOp nest) {
    auto trial = cast<NestOp>(OpBuilder(nest).clone(*nest));
    trials.emplace_back(nest, trial);
    return splitFor(trial, tensor, layout, symbols);
  });
  std::optional<Layout> old = tensor.getLayout();
  if (fits)
    tensor.setLayout(layout);
  if (fits && costs) {
    after = sum([&](NestOp nest) {
      for (auto [of, trial] : trials)
        if (of == nest)
          return trial;
      return nest;
    });
    fits = after && (!before || *after < *before);
    if (fits && before)
      remarkLayout(tensor, layout, *before, *after);
    if (!fits)
      tensor.setLayoutAttr(old ? LayoutAttr::get(&getContext(), *old) : LayoutAttr());
  }
  for (auto [nest, trial] : trials) {
    if (fits && costs)
      costs->replace(nest, trial);
    (fits ? nest : trial).erase();
  }
  return fits;
}

/// What is not between layers: states, their copies and gradients.
static bool isWeight(TensorOp tensor, ArrayRef<BufferOp> buffers) {
  if (llvm::is_contained({Role::state, Role::copy, Role::constant}, tensor.getRole()))
    return true;
  return llvm::any_of(buffers, [](BufferOp buffer) {
    StringRef phase = cast<NestOp>(buffer->getParentOp()).getPhase();
    return buffer.getStore() && (phase == "wg" || phase == "up");
  });
}

/// Gives tensors layouts of blocks: all that can have one, or those that are drawn.
void ChooseLayouts::chooseBlocked() {
  SymbolTable symbols(getOperation());
  std::mt19937_64 random(seed); // standardised sequence: the same on any host
  for (auto tensor : getOperation().getOps<TensorOp>()) {
    if (tensor.getLayout())
      continue;
    SmallVector<BufferOp> buffers;
    getOperation().walk([&](BufferOp buffer) {
      if (buffer.getTensor() == tensor.getSymName())
        buffers.push_back(buffer);
    });
    Layout first = Layout::channels16, second = Layout::blocks8x8;
    if (isWeight(tensor, buffers))
      std::swap(first, second);
    if (seed) {
      uint64_t drawn = random() % 4;
      if (drawn == 0 || buffers.empty())
        continue;
      if (drawn == 1)
        std::swap(first, second);
    }
    if (!tryLayout(tensor, first, symbols))
      (void)tryLayout(tensor, second, symbols);
  }
}

/// Whether its nests move bytes for a tensor that are none of its elements, and not few beside all
/// that they take: only such can a layout save.
bool ChooseLayouts::mayGain(TensorOp tensor, const chip::Chip &chip, NestCosts &costs) {
  constexpr double few = 0.005; // of the cycles of all nests that have the tensor
  llvm::SetVector<NestOp> nests;
  getOperation().walk([&](BufferOp buffer) {
    if (buffer.getTensor() == tensor.getSymName())
      nests.insert(cast<NestOp>(buffer->getParentOp()));
  });
  double wasted = 0, cycles = 0;
  for (NestOp nest : nests) {
    std::optional<TilingChoice> choice = costs.choiceFor(nest, nest);
    if (!choice)
      return true;
    cycles += choice->estimate.cycles;
    for (auto [buffer, bytes] : llvm::zip_equal(nest.getBody().getOps<BufferOp>(), choice->wasted))
      if (BufferOp(buffer).getTensor() == tensor.getSymName())
        wasted += bytes;
  }
  double bytesPerCycle =
      chip.rates.dramBytesPerSecond * chip.rates.dramEfficiency / chip.rates.clockHz;
  return wasted / bytesPerCycle > few * cycles;
}

/// Gives each tensor in DRAM the layout with which its nests take the least time, one tensor after
/// the other; the others are as they have come to be, and homes as if all were in rows.
void ChooseLayouts::chooseByCost(const chip::Chip &chip) {
  SymbolTable symbols(getOperation());
  NestCosts costs(getOperation(), chip, cores, homes);
  for (auto tensor : getOperation().getOps<TensorOp>()) {
    bool isHeld = tensor.getHome().value_or(Space::dram) != Space::dram;
    if (tensor.getLayout() || isHeld || costs.getHomes().stays(tensor.getSymName()))
      continue;
    if (!mayGain(tensor, chip, costs))
      continue;
    for (Layout layout : {Layout::channels16, Layout::blocks8x8})
      (void)tryLayout(tensor, layout, symbols, &costs);
  }
}

void ChooseLayouts::runOnOperation() {
  getOperation().walk([](BufferOp buffer) {
    if (buffer.getTensor() && !buffer.getStrides())
      buffer.setStrides(rowMajor(buffer.getExtents()));
  });
  if (blocked || seed) {
    chooseBlocked();
  } else if (byCost) {
    FailureOr<chip::Chip> chip = chipOf(getOperation());
    if (failed(chip))
      return signalPassFailure();
    chooseByCost(*chip);
  }
  // On-chip memories are laid out anew in each task, so that nothing else can hold a tensor between
  // two nests.
  for (auto tensor : getOperation().getOps<TensorOp>()) {
    if (!tensor.getHome())
      tensor.setHome(Space::dram);
    if (!tensor.getLayout())
      tensor.setLayout(Layout::row_major);
  }
}
