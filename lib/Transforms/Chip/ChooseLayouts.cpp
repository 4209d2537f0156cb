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
#include "slp/Transforms/Chip/Passes.h"

#include "llvm/ADT/SetVector.h"

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
  bool tryLayout(TensorOp tensor, Layout layout, const SymbolTable &symbols);
  void chooseBlocked();
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

/// Whether all buffers of a tensor can be addressed in a layout, some loops split if need be. Then
/// the tensor has it; else nothing is changed.
bool ChooseLayouts::tryLayout(TensorOp tensor, Layout layout, const SymbolTable &symbols) {
  Result<mach::TensorPlaces> places = placesIn(tensor, layout);
  if (!places)
    return false;
  llvm::SetVector<NestOp> nests;
  getOperation().walk([&](BufferOp buffer) {
    if (buffer.getTensor() == tensor.getSymName() && !placed(*places, buffer))
      nests.insert(cast<NestOp>(buffer->getParentOp()));
  });
  SmallVector<std::pair<NestOp, NestOp>> trials; // a nest, and what is to take its place
  bool fits = llvm::all_of(nests, [&](NestOp nest) {
    auto trial = cast<NestOp>(OpBuilder(nest).clone(*nest));
    trials.emplace_back(nest, trial);
    return splitFor(trial, tensor, layout, symbols);
  });
  for (auto [nest, trial] : trials)
    (fits ? nest : trial).erase();
  if (fits)
    tensor.setLayout(layout);
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

void ChooseLayouts::runOnOperation() {
  getOperation().walk([](BufferOp buffer) {
    if (buffer.getTensor() && !buffer.getStrides())
      buffer.setStrides(rowMajor(buffer.getExtents()));
  });
  if (blocked || seed)
    chooseBlocked();
  // On-chip memories are laid out anew in each task, so that nothing else can hold a tensor between
  // two nests.
  for (auto tensor : getOperation().getOps<TensorOp>()) {
    if (!tensor.getHome())
      tensor.setHome(Space::dram);
    if (!tensor.getLayout())
      tensor.setLayout(Layout::row_major);
  }
}
