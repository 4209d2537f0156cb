//===- ChooseKept.cpp - which ops run over the images that are kept ---------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The pass train-choose-kept (see Passes.td). One walk forward finds the errors that are +0 for
// dropped images, one backward the ops whose readers can do without those images.
//
//===----------------------------------------------------------------------------------------===//

#include "slp/Transforms/Train/Passes.h"

#include "lib/Transforms/Train/ImageLosses.h"

#include "dialects/Train/AffineOp.h"
#include "dialects/Train/ConcatOp.h"
#include "dialects/Train/ConvBpOpKind.h"
#include "dialects/Train/ConvOp.h"
#include "dialects/Train/ConvWgOpKind.h"
#include "dialects/Train/DropOp.h"
#include "dialects/Train/KeepOp.h"
#include "dialects/Train/LogSoftmaxGradOpKind.h"
#include "dialects/Train/MatMulOp.h"
#include "dialects/Train/NormalizeSumsOp.h"
#include "dialects/Train/PadOp.h"
#include "dialects/Train/ReduceSumOp.h"
#include "dialects/Train/ReshapeOpKind.h"
#include "dialects/Train/SelectOpKind.h"
#include "dialects/Train/SliceOp.h"
#include "dialects/Train/SoftmaxGradOpKind.h"
#include "dialects/Train/TrainChannels.h"
#include "dialects/Train/TrainKept.h"
#include "dialects/Train/TransposeOp.h"

#include "mlir/IR/Remarks.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/StringSet.h"

namespace slp {
#define GEN_PASS_DEF_TRAINCHOOSEKEPT
#include "slp/Transforms/Train/Passes.h.inc"
} // namespace slp

using namespace mlir;
using namespace slp;
using namespace slp::train;

static ArrayRef<int64_t> shapeOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

/// Tiles have five dimensions; an op of more has no loop over the images alone.
constexpr size_t mostDims = 5;

namespace {
/// What an op does with images.
enum class Kind {
  other, // not known, or there is no loop over them
  local, // an image of its results is made of the same image of its operands
  sum    // its results are sums over all images
};

/// The ops of one function.
class Chooser {
public:
  explicit Chooser(func::FuncOp fn) : fn(fn), images(imagesOf(fn)) {}
  void run();

private:
  bool hasImages(Value value) const {
    ArrayRef<int64_t> shape = shapeOf(value);
    return !shape.empty() && shape[0] == images;
  }
  bool isZero(Value value) const { return zero.contains(value); }
  Kind kindOf(Operation *op) const;
  bool isImagePosition(OpOperand &operand) const;
  bool givesZero(Operation *op) const;
  bool canBeLeft(Value value, Operation *&reader) const;
  void findZeros();
  void choose();

  func::FuncOp fn;
  int64_t images;
  llvm::DenseSet<Value> zero;       // +0 for each image that is dropped
  llvm::DenseSet<Operation *> kept; // run over the list
};

struct TrainChooseKept : slp::impl::TrainChooseKeptBase<TrainChooseKept> {
  using Base::Base;
  void runOnOperation() override {
    for (auto fn : getOperation().getOps<func::FuncOp>())
      if (fn.getBody().hasOneBlock() && !fn.getOps<KeepOp>().empty())
        Chooser(fn).run();
  }
};
} // namespace

/// Whether an op of the axes sums over images, and whether it does not.
static Kind kindOfSum(ArrayRef<int64_t> axes, ArrayRef<int64_t> shape, bool isByChannel) {
  if (axes.front() != 0)
    return Kind::local;
  // A sum by channel reads a matrix as columns of one image; a row's sum goes in pieces.
  bool isOfRows = shape.size() < 2 || (isByChannel && shape.size() < 3);
  return isOfRows ? Kind::other : Kind::sum;
}

/// By the loops of its lowering (lib/Conversion/TrainToChip), whose first is that over images.
Kind Chooser::kindOf(Operation *op) const {
  if (isOneOf<ConvOp, ConvBpOp>(op)) // the gradient of a transposed convolution is a convolution
    return Kind::local;
  if (isOneOf<ConvWgOp>(op))
    return Kind::sum;
  size_t rank = 0;
  for (Value value : op->getOperands())
    rank = std::max(rank, shapeOf(value).size());
  if (op->getNumResults() == 0 || rank > mostDims || shapeOf(op->getResult(0)).size() > mostDims)
    return Kind::other;
  if (auto sums = dyn_cast<NormalizeSumsOp>(op))
    return kindOfSum(sums.getAxes(), shapeOf(sums.getX()),
                     areAllButChannels(sums.getAxes(), shapeOf(sums.getX()).size()));
  if (auto sum = dyn_cast<ReduceSumOp>(op))
    return kindOfSum(sum.getAxes(), shapeOf(sum.getX()), /*isByChannel=*/false);
  StringRef name = op->getName().stripDialect();
  if (name == "bias_grad")
    return shapeOf(op->getOperand(0)).size() > 2 ? Kind::sum : Kind::other;
  if (auto transpose = dyn_cast<TransposeOp>(op))
    return transpose.getPerm()[0] == 0 ? Kind::local : Kind::other;
  if (auto slice = dyn_cast<SliceOp>(op))
    return slice.getSizes()[0] == shapeOf(slice.getX())[0] && slice.getSteps()[0] == 1
               ? Kind::local
               : Kind::other;
  if (auto pad = dyn_cast<PadOp>(op))
    return pad.getLow()[0] == 0 && pad.getHigh()[0] == 0 ? Kind::local : Kind::other;
  if (auto concat = dyn_cast<ConcatOp>(op))
    return concat.getAxis() == 1 ? Kind::local : Kind::other;
  static const llvm::StringSet<> local = {
      "round",        "drop",   "max_pool_grad",        "avg_pool_grad",
      "dropout",      "spread", "normalize_grad",       "max_pool_take",
      "softmax_grad", "expand", "normalize_fixed_grad", "log_softmax_grad"};
  return isa<ElementwiseInterface>(op) || local.contains(name) ? Kind::local : Kind::other;
}

/// Whether an op reads an operand image by image.
bool Chooser::isImagePosition(OpOperand &operand) const {
  Operation *op = operand.getOwner();
  if (isOneOf<ConvOp, ConvBpOp>(op))
    return operand.getOperandNumber() == 0;
  return hasImages(operand.get());
}

/// Whether all that a zero is multiplied by is finite: it has a format, none of which has Inf or
/// NaN.
static bool areFinite(Operation *op, unsigned except) {
  return llvm::all_of(op->getOpOperands(), [&](OpOperand &operand) {
    return operand.getOperandNumber() == except ||
           !getElementTypeOrSelf(operand.get().getType()).isF32();
  });
}

/// Whether the results are +0 for dropped images, as an operand is.
bool Chooser::givesZero(Operation *op) const {
  if (op->getNumResults() == 0 || !hasImages(op->getResult(0)))
    return false;
  StringRef name = op->getName().stripDialect();
  if (auto matmul = dyn_cast<MatMulOp>(op))
    return isZero(matmul.getA()) && !matmul.getTransposeA() && !matmul.getBias() &&
           shapeOf(matmul.getA()).size() == 2;
  if (auto conv = dyn_cast<ConvOp>(op))
    return isZero(conv.getX()) && !conv.getBias() && !conv.getInit();
  if (isOneOf<ReshapeOp>(op))
    return isZero(op->getOperand(0));
  if (kindOf(op) != Kind::local)
    return false;
  if (auto concat = dyn_cast<ConcatOp>(op))
    return llvm::all_of(concat.getX(), [&](Value x) { return isZero(x); });
  if (auto pad = dyn_cast<PadOp>(op))
    return isZero(pad.getX()) && pad.getValue().isZero();
  if (auto affine = dyn_cast<AffineOp>(op))
    return isZero(affine.getX()) && affine.getOffset().isZero();
  if (name == "add" || name == "sub")
    return isZero(op->getOperand(0)) && isZero(op->getOperand(1));
  if (name == "mul")
    return (isZero(op->getOperand(0)) && areFinite(op, 0)) ||
           (isZero(op->getOperand(1)) && areFinite(op, 1));
  if (isOneOf<SelectOp>(op)) // the zeros of a choice are constants as a rule
    return isZero(op->getOperand(1)) && isZero(op->getOperand(2));
  if (name == "relu_grad" || name == "clip_grad" || name == "leaky_relu_grad")
    return isZero(op->getOperand(0));
  if (name == "normalize_grad") // of an image by itself, whose sums are +0
    return isZero(op->getOperand(0)) && isZero(op->getOperand(4)) && isZero(op->getOperand(5));
  static const llvm::StringSet<> linear = {
      "conv_bp",          "round",         "drop",           "max_pool_grad",
      "avg_pool_grad",    "max_pool_take", "dropout",        "spread",
      "expand",           "transpose",     "slice",          "softmax_grad",
      "log_softmax_grad", "reduce_sum",    "normalize_sums", "normalize_fixed_grad"};
  if (linear.contains(name))
    return isZero(op->getOperand(0));
  bool isGradient = isa<ElementwiseInterface>(op) && name.ends_with("_grad");
  return isGradient && isZero(op->getOperand(0)) && areFinite(op, 0);
}

void Chooser::findZeros() {
  for (Operation &op : fn.getBody().front()) {
    if (auto drop = dyn_cast<DropOp>(op))
      zero.insert(drop.getY());
    else if (givesZero(&op))
      zero.insert_range(op.getResults());
  }
}

/// Whether nobody reads what the value has for dropped images; else `reader` is who does.
bool Chooser::canBeLeft(Value value, Operation *&reader) const {
  for (OpOperand &use : value.getUses()) {
    reader = use.getOwner();
    if (isOneOf<ReshapeOp>(reader)) {
      if (!hasImages(reader->getResult(0)) || !canBeLeft(reader->getResult(0), reader))
        return false;
      continue;
    }
    if (!kept.contains(reader) || !isImagePosition(use))
      return false;
  }
  return true;
}

static bool isBackward(Operation *op) {
  auto phase = op->getAttrOfType<PhaseAttr>("phase");
  return phase && (phase.getValue() == Phase::bp || phase.getValue() == Phase::wg);
}

static bool areF32(Operation *op) {
  return llvm::all_of(op->getResultTypes(),
                      [](Type type) { return getElementTypeOrSelf(type).isF32(); });
}

void Chooser::choose() {
  SmallVector<Operation *> candidates;
  for (Operation &op : llvm::reverse(fn.getBody().front())) {
    Kind kind = isBackward(&op) ? kindOf(&op) : Kind::other;
    bool isOfError = llvm::any_of(op.getOpOperands(), [&](OpOperand &operand) {
      return isZero(operand.get()) && isImagePosition(operand);
    });
    bool isDrop = isa<DropOp>(op); // an error of images by definition
    if (kind == Kind::other || !(isOfError || isDrop))
      continue;
    // What is rounded counts where the loss scale is dynamic: only zeros may be left out.
    bool isUnseen = kind == Kind::sum || areF32(&op) ||
                    llvm::all_of(op.getResults(), [&](Value v) { return isZero(v); });
    bool isOfImages = kind == Kind::sum || hasImages(op.getResult(0));
    if (isUnseen && isOfImages) {
      candidates.push_back(&op);
      kept.insert(&op);
    }
  }
  // Readers stand behind what they read: in this order one walk decides.
  for (Operation *op : candidates) {
    if (kindOf(op) == Kind::sum)
      continue;
    Operation *reader = nullptr;
    if (llvm::all_of(op->getResults(), [&](Value v) { return canBeLeft(v, reader); }))
      continue;
    kept.erase(op);
    auto opts = remark::RemarkOpts::name("kept").category("sparsity");
    if (auto r = remark::missed(op->getLoc(), opts))
      r << op->getName().getStringRef().str() + ": runs over all images, which " +
               reader->getName().getStringRef().str() + " reads";
  }
}

void Chooser::run() {
  if (images < 2)
    return; // a batch of one image is whole or nothing
  findZeros();
  choose();
  auto unit = UnitAttr::get(fn.getContext());
  for (Operation *op : kept) {
    op->setAttr(getOverKeptAttrName(), unit);
    if (kindOf(op) == Kind::local)
      op->setAttr(getKeptOnlyAttrName(), unit);
  }
}
