//===- ChipNest.cpp - nests in the chip dialect -----------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "dialects/Chip/ChipNest.h"

#include "dialects/Chip/ChipKept.h"
#include "dialects/Chip/ChipVerify.h"
#include "dialects/Chip/TensorOp.h"

#include "mlir/IR/DialectImplementation.h"
#include "mlir/IR/OpImplementation.h"
#include "llvm/ADT/SmallSet.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/MathExtras.h"

#include <cstdlib>

using namespace mlir;
using namespace slp;
using namespace slp::chip_ir;

//===----------------------------------------------------------------------------------------===//
// Attributes
//===----------------------------------------------------------------------------------------===//

Attribute LoopAttr::parse(AsmParser &parser, Type) {
  std::string name;
  int64_t extent = 1, granule = 1, wholeUnless = -1, columns = 1;
  bool isReduction = false, cutLast = false, isExact = false, onPes = false;
  SMLoc where = parser.getCurrentLocation();
  if (parser.parseLess() || parser.parseString(&name) || parser.parseInteger(extent))
    return {};
  while (failed(parser.parseOptionalGreater())) {
    StringRef word;
    SMLoc at = parser.getCurrentLocation();
    if (parser.parseKeyword(&word))
      return {};
    int64_t *number = word == "granule"        ? &granule
                      : word == "whole_unless" ? &wholeUnless
                      : word == "columns"      ? &columns
                                               : nullptr;
    bool *flag = word == "reduction"  ? &isReduction
                 : word == "cut_last" ? &cutLast
                 : word == "exact"    ? &isExact
                 : word == "on_pes"   ? &onPes
                                      : nullptr;
    if (flag)
      *flag = true;
    else if (!number)
      return parser.emitError(at, "expected reduction, granule, whole_unless, cut_last, exact, "
                                  "on_pes or columns, found ")
                 << word,
             Attribute();
    else if (parser.parseInteger(*number))
      return {};
  }
  return getChecked([&] { return parser.emitError(where); }, parser.getContext(), StringRef(name),
                    extent, isReduction, granule, wholeUnless, cutLast, isExact, onPes, columns);
}

void LoopAttr::print(AsmPrinter &printer) const {
  printer << "<";
  printer.printString(getName());
  printer << " " << getExtent();
  if (getReduction())
    printer << " reduction";
  if (getGranule() != 1)
    printer << " granule " << getGranule();
  if (getWholeUnless() >= 0)
    printer << " whole_unless " << getWholeUnless();
  if (getCutLast())
    printer << " cut_last";
  if (getExact())
    printer << " exact";
  if (getOnPes())
    printer << " on_pes";
  if (getColumns() != 1)
    printer << " columns " << getColumns();
  printer << ">";
}

LogicalResult LoopAttr::verify(function_ref<InFlightDiagnostic()> emitError, StringRef name,
                               int64_t extent, bool, int64_t granule, int64_t wholeUnless, bool,
                               bool, bool, int64_t columns) {
  if (name.empty())
    return emitError() << "expected a loop with a name";
  if (extent < 1 || granule < 1 || columns < 1 || wholeUnless < -1)
    return emitError() << "expected extent, granule and columns of loop \"" << name
                       << "\" to be at least 1, and whole_unless to be a loop's number";
  return success();
}

static ParseResult parseNumbers(AsmParser &parser, SmallVector<int64_t> &numbers) {
  return parser.parseCommaSeparatedList(
      AsmParser::Delimiter::Square, [&] { return parser.parseInteger(numbers.emplace_back()); });
}

Attribute TilingAttr::parse(AsmParser &parser, Type) {
  SmallVector<int64_t> sizes, order;
  std::optional<int64_t> split;
  int64_t cores = 1, slots = 2, accSlots = 2;
  auto parseKey = [&](StringRef key) -> bool {
    return parser.parseComma() || parser.parseKeyword(key) || parser.parseEqual();
  };
  if (parser.parseLess() || parser.parseKeyword("sizes") || parser.parseEqual() ||
      parseNumbers(parser, sizes) || parseKey("order") || parseNumbers(parser, order) ||
      parser.parseComma())
    return {};
  if (succeeded(parser.parseOptionalKeyword("split")))
    if (parser.parseEqual() || parser.parseInteger(split.emplace()) || parser.parseComma())
      return {};
  if (parser.parseKeyword("cores") || parser.parseEqual() || parser.parseInteger(cores) ||
      parseKey("slots") || parser.parseInteger(slots) || parseKey("acc_slots") ||
      parser.parseInteger(accSlots) || parser.parseGreater())
    return {};
  return get(parser.getContext(), sizes, order, split, cores, slots, accSlots);
}

void TilingAttr::print(AsmPrinter &printer) const {
  printer << "<sizes = [" << getSizes() << "], order = [" << getOrder() << "], ";
  if (getSplit())
    printer << "split = " << *getSplit() << ", ";
  printer << "cores = " << getCores() << ", slots = " << getSlots()
          << ", acc_slots = " << getAccSlots() << ">";
}

Tiling Tiling::of(TilingAttr attr) {
  Tiling tiling;
  tiling.sizes.assign(attr.getSizes().begin(), attr.getSizes().end());
  tiling.order.assign(attr.getOrder().begin(), attr.getOrder().end());
  tiling.split = attr.getSplit() ? int(*attr.getSplit()) : -1;
  tiling.cores = attr.getCores();
  tiling.slots = attr.getSlots();
  tiling.accumulatorSlots = attr.getAccSlots();
  return tiling;
}

TilingAttr Tiling::toAttr(MLIRContext *context) const {
  std::optional<int64_t> loop;
  if (split >= 0)
    loop = split;
  return TilingAttr::get(context, sizes, SmallVector<int64_t>(order.begin(), order.end()), loop,
                         cores, slots, accumulatorSlots);
}

//===----------------------------------------------------------------------------------------===//
// Dimensions
//===----------------------------------------------------------------------------------------===//

SmallVector<int64_t> slp::chip_ir::rowMajor(ArrayRef<int64_t> shape) {
  SmallVector<int64_t> strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;)
    strides[i - 1] = strides[i] * shape[i];
  return strides;
}

int64_t NestDim::sizeIn(ArrayRef<int64_t> tile) const {
  int64_t size = std::max<int64_t>(1, perTile * (loop < 0 ? 0 : tile[size_t(loop)]) + extra);
  return isClipped ? std::min(size, extent) : size;
}

namespace {
/// coef * (dimension number loop) + offset.
struct Line {
  int loop = -1;
  int64_t coef = 0, offset = 0;
};
} // namespace

/// Nothing if the expression is of another form.
static std::optional<Line> lineOf(AffineExpr expr) {
  if (auto number = dyn_cast<AffineConstantExpr>(expr))
    return Line{-1, 0, number.getValue()};
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    return Line{int(dim.getPosition()), 1, 0};
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary)
    return std::nullopt;
  std::optional<Line> line = lineOf(binary.getLHS());
  auto number = dyn_cast<AffineConstantExpr>(binary.getRHS());
  if (!line || !number)
    return std::nullopt;
  if (expr.getKind() == AffineExprKind::Add)
    return Line{line->loop, line->coef, line->offset + number.getValue()};
  if (expr.getKind() == AffineExprKind::Mul)
    return Line{line->loop, line->coef * number.getValue(), line->offset * number.getValue()};
  return std::nullopt;
}

SmallVector<NestDim> slp::chip_ir::dimsOf(BufferOp buffer) {
  SmallVector<NestDim> dims;
  ArrayRef<int64_t> clipped;
  if (buffer.getClipped())
    clipped = *buffer.getClipped();
  for (auto [i, extent] : llvm::enumerate(buffer.getExtents())) {
    Line origin = *lineOf(buffer.getOrigin().getResult(i));
    Line size = *lineOf(buffer.getSize().getResult(i));
    dims.push_back({origin.loop, origin.coef, origin.offset, size.coef, size.offset, extent,
                    llvm::is_contained(clipped, int64_t(i))});
  }
  return dims;
}

void slp::chip_ir::setDims(BufferOp buffer, ArrayRef<NestDim> dims, size_t numLoops) {
  MLIRContext *context = buffer.getContext();
  SmallVector<AffineExpr> origin, size;
  SmallVector<int64_t> extents, clipped;
  auto line = [&](int loop, int64_t coef, int64_t offset) {
    if (loop < 0)
      return getAffineConstantExpr(offset, context);
    return getAffineDimExpr(unsigned(loop), context) * coef + offset;
  };
  for (auto [i, dim] : llvm::enumerate(dims)) {
    origin.push_back(line(dim.loop, dim.coef, dim.offset));
    size.push_back(line(dim.loop, dim.perTile, dim.extra));
    extents.push_back(dim.extent);
    if (dim.isClipped)
      clipped.push_back(int64_t(i));
  }
  buffer.setOrigin(AffineMap::get(unsigned(numLoops), 0, origin, context));
  buffer.setSize(AffineMap::get(unsigned(numLoops), 0, size, context));
  buffer.setExtents(extents);
  if (!clipped.empty())
    buffer.setClipped(clipped);
  else
    buffer.removeClippedAttr();
}

//===----------------------------------------------------------------------------------------===//
// Nests in numbers
//===----------------------------------------------------------------------------------------===//

BufferView::BufferView(BufferOp op) : op(op), dims(dimsOf(op)) {
  auto type = cast<MemRefType>(op.getType());
  space = spaceOf(type);
  element = type.getElementType();
}

int64_t BufferView::bytesIn(ArrayRef<int64_t> tile) const {
  constexpr uint64_t most = uint64_t(1) << 62; // more than any memory has
  auto bytes = uint64_t(elementBytes(element));
  for (const NestDim &dim : dims)
    bytes = std::min(most, llvm::SaturatingMultiply(bytes, uint64_t(dim.sizeIn(tile))));
  return int64_t(llvm::alignTo(bytes, 16));
}

NestView::NestView(NestOp op) : op(op) {
  for (auto loop : op.getLoops().getAsRange<LoopAttr>())
    loops.push_back(loop);
  for (Operation &inner : op.getBody().front()) {
    if (auto buffer = dyn_cast<BufferOp>(inner))
      buffers.emplace_back(buffer);
    else
      runs.push_back(cast<EngineInstruction>(inner));
  }
}

const BufferView &NestView::bufferOf(Value value) const {
  return *llvm::find_if(buffers, [&](const BufferView &buffer) {
    return buffer.op.getOperation() == value.getDefiningOp();
  });
}

int64_t NestView::slotsOf(const BufferView &buffer, const Tiling &tiling) const {
  if (buffer.space == Space::acc)
    return op.getOneAccSlot() ? 1 : std::min(tiling.slots, tiling.accumulatorSlots);
  if (!buffer.op.getTensor())
    return 1; // one engine's own, from one instruction to the next
  return tiling.slots;
}

std::optional<std::string> NestView::refusalOfOrder(ArrayRef<unsigned> order) const {
  // The parallel loops may come in any order; the reductions come last, in the order of the
  // definition.
  SmallVector<unsigned> reductions;
  for (auto [i, loop] : llvm::enumerate(loops))
    if (loop.getReduction())
      reductions.push_back(unsigned(i));
  size_t first = loops.size() - reductions.size();
  for (auto [i, loop] : llvm::enumerate(order)) {
    std::string name = "illegal loop order: reduction loop \"" + loops[loop].getName().str() + "\"";
    if (i < first && loops[loop].getReduction())
      return name + " outside a parallel loop would interleave sums";
    if (i >= first && loop != reductions[i - first])
      return name + " out of the order of accumulation";
  }
  return std::nullopt;
}

std::optional<std::string> NestView::refusalOfSize(unsigned loop, int64_t size) const {
  LoopAttr l = loops[loop];
  std::string tile = "expected a tile of loop \"" + l.getName().str() + "\" that ";
  if (size < 1 || (size < l.getExtent() && size % l.getGranule()))
    return tile + "is a multiple of " + std::to_string(l.getGranule()) + ", found " +
           std::to_string(size);
  if (isOverKept(op, loop) && size != 1)
    return tile + "is one image, as it runs over a list of them, found " + std::to_string(size);
  if (l.getExact() && l.getExtent() % size)
    return tile + "divides " + std::to_string(l.getExtent()) + ", found " + std::to_string(size);
  return std::nullopt;
}

bool NestView::mayCut(unsigned loop, ArrayRef<int64_t> sizes) const {
  int64_t other = loops[loop].getWholeUnless();
  return other < 0 || sizes[size_t(other)] == 1;
}

std::optional<std::string> NestView::refusalOfSizes(ArrayRef<int64_t> sizes) const {
  for (auto [i, loop] : llvm::enumerate(loops))
    if (sizes[i] < loop.getExtent() && !mayCut(unsigned(i), sizes))
      return "loop \"" + loop.getName().str() + "\" may be cut only with tiles of 1 of loop \"" +
             loops[size_t(loop.getWholeUnless())].getName().str() + "\"";
  return std::nullopt;
}

//===----------------------------------------------------------------------------------------===//
// chip.nest
//===----------------------------------------------------------------------------------------===//

static LogicalResult verifyLoops(NestOp nest) {
  llvm::StringSet<> names;
  int64_t number = int64_t(nest.getLoops().size());
  for (auto loop : nest.getLoops().getAsRange<LoopAttr>()) {
    if (!names.insert(loop.getName()).second)
      return nest.emitOpError("has two loops \"") << loop.getName() << "\"";
    if (loop.getWholeUnless() >= number)
      return nest.emitOpError("expected whole_unless of loop \"")
             << loop.getName() << "\" to be one of " << number << " loops, found "
             << loop.getWholeUnless();
  }
  return success();
}

LogicalResult NestOp::verify() {
  return failed(verifyRoom(*this, getRoom())) ? failure() : verifyLoops(*this);
}

/// A coordinate that is read from a list is that of an image.
static LogicalResult verifyKept(NestOp nest) {
  Attribute attr = nest->getAttr(keptAttrName);
  if (!attr)
    return success();
  auto dict = dyn_cast<DictionaryAttr>(attr);
  auto number = dict ? dict.getAs<IntegerAttr>("loop") : IntegerAttr();
  if (!number || !dict.getAs<FlatSymbolRefAttr>("count") ||
      !dict.getAs<FlatSymbolRefAttr>("images") || number.getInt() < 0 ||
      number.getInt() >= int64_t(nest.getLoops().size()))
    return nest.emitOpError("expected slp.kept to be {loop, count, images} with one of ")
           << nest.getLoops().size() << " loops and two tensors, found " << attr;
  auto loop = cast<LoopAttr>(nest.getLoops()[size_t(number.getInt())]);
  for (auto buffer : nest.getBody().getOps<BufferOp>())
    for (const NestDim &dim : dimsOf(buffer)) {
      bool isAlong = dim.coef == 1 && dim.offset == 0 && dim.perTile == 1 && dim.extra == 0 &&
                     dim.extent == loop.getExtent();
      if (dim.loop == number.getInt() && !isAlong)
        return buffer.emitOpError("expected dimensions along loop \"")
               << loop.getName() << "\", which runs over a list, to have its coordinates";
    }
  return success();
}

static LogicalResult verifyTiling(const NestView &nest, const Tiling &tiling) {
  NestOp op = nest.op;
  size_t number = nest.loops.size();
  llvm::SmallSet<unsigned, 8> named(tiling.order.begin(), tiling.order.end());
  bool isPermutation = tiling.order.size() == number && named.size() == number &&
                       llvm::all_of(named, [&](unsigned loop) { return loop < number; });
  if (tiling.sizes.size() != number || !isPermutation)
    return op.emitOpError("expected a tiling with a size of each of ")
           << number << " loops, and each once in the order";
  if (std::optional<std::string> refusal = nest.refusalOfOrder(tiling.order))
    return op.emitOpError(*refusal);
  for (unsigned i = 0; i < number; ++i) {
    std::optional<std::string> refusal = nest.refusalOfSize(i, tiling.sizes[i]);
    if (!refusal && tiling.sizes[i] > nest.loops[i].getExtent())
      refusal = "expected a tile of loop \"" + nest.loops[i].getName().str() + "\" of at most " +
                std::to_string(nest.loops[i].getExtent()) + ", found " +
                std::to_string(tiling.sizes[i]);
    if (refusal)
      return op.emitOpError(*refusal);
  }
  if (std::optional<std::string> refusal = nest.refusalOfSizes(tiling.sizes))
    return op.emitOpError(*refusal);
  bool isOneCore = tiling.split < 0 || !op.getOnCores();
  if (tiling.split >= int(number) ||
      (tiling.split >= 0 && nest.loops[size_t(tiling.split)].getReduction()))
    return op.emitOpError("expected a tiling split along a parallel loop, found ") << tiling.split;
  if (tiling.split >= 0 && isOverKept(op, size_t(tiling.split)))
    return op.emitOpError("expected a tiling split along another loop than that over a list");
  if (tiling.cores < 1 || tiling.cores > 64 || (isOneCore && tiling.cores != 1))
    return op.emitOpError("expected 1 to 64 cores, more than 1 where MAC work is split, found ")
           << tiling.cores;
  if (tiling.slots < 1 || tiling.slots > 15 || tiling.accumulatorSlots < 1 ||
      tiling.accumulatorSlots > 2)
    return op.emitOpError("expected 1 to 15 slots and 1 or 2 of accumulators, found ")
           << tiling.slots << " and " << tiling.accumulatorSlots;
  return success();
}

LogicalResult NestOp::verifyRegions() {
  size_t number = getLoops().size();
  for (Operation &inner : getBody().front()) {
    auto run = dyn_cast<EngineInstruction>(inner);
    if (!run && !isa<BufferOp>(inner))
      return inner.emitOpError("stands in a chip.nest, expected chip.buffer or an instruction");
    if (!run)
      continue;
    for (Value operand : inner.getOperands())
      if (!operand.getDefiningOp<BufferOp>())
        return inner.emitOpError("expected operands from chip.buffer");
    if (std::optional<ArrayRef<int64_t>> iterates = run.getIterates())
      for (int64_t loop : *iterates)
        if (loop < 0 || loop >= int64_t(number))
          return inner.emitOpError("iterates loop ") << loop << " of a nest of " << number;
  }
  for (auto buffer : getBody().getOps<BufferOp>())
    if (buffer.getOrigin().getNumDims() != number || buffer.getSize().getNumDims() != number)
      return buffer.emitOpError("expected maps of ") << number << " loops, as the nest has";
  if (failed(verifyKept(*this)))
    return failure();
  if (std::optional<TilingAttr> tiling = getTiling())
    return verifyTiling(NestView(*this), Tiling::of(*tiling));
  return success();
}

//===----------------------------------------------------------------------------------------===//
// chip.buffer
//===----------------------------------------------------------------------------------------===//

/// `(d0, d1) -> (d0, d1 * 2 - 1)`.
static ParseResult parseMap(OpAsmParser &parser, AffineMapAttr &attr) {
  AffineMap map;
  if (parser.parseAffineMap(map))
    return failure();
  attr = AffineMapAttr::get(map);
  return success();
}

static void printMap(OpAsmPrinter &printer, Operation *, AffineMapAttr attr) {
  attr.getValue().print(printer.getStream());
}

LogicalResult BufferOp::verify() {
  auto type = cast<MemRefType>(getType());
  size_t rank = size_t(type.getRank());
  if (spaceOf(type) == Space::dram || !type.getLayout().isIdentity() ||
      size_t(type.getNumDynamicDims()) != rank)
    return emitOpError("expected a buffer of unknown sizes in shared, spm or acc, found ") << type;
  if (getOrigin().getNumResults() != rank || getSize().getNumResults() != rank ||
      getExtents().size() != rank || (getStrides() && getStrides()->size() != rank))
    return emitOpError("expected ") << rank << " coordinates, sizes, extents and strides";
  for (size_t i = 0; i < rank; ++i) {
    std::optional<Line> from = lineOf(getOrigin().getResult(unsigned(i)));
    std::optional<Line> size = lineOf(getSize().getResult(unsigned(i)));
    int64_t extent = getExtents()[i];
    if (extent < 1 || extent > longestDim)
      return emitOpError("expected extents of 1 to ") << longestDim << ", found " << extent;
    for (const std::optional<Line> &line : {from, size})
      if (line && (std::abs(line->coef) > longestDim || std::abs(line->offset) > longestDim))
        return emitOpError("expected coordinates of up to ") << longestDim << " in dimension " << i;
    if (!from || !size || (size->loop >= 0 && size->loop != from->loop))
      return emitOpError("expected dimension ")
             << i << " to be a multiple of one loop plus a number, and its size too";
  }
  if (std::optional<ArrayRef<int64_t>> clipped = getClipped())
    for (int64_t dim : *clipped)
      if (dim < 0 || dim >= int64_t(rank))
        return emitOpError("clips dimension ") << dim << " of " << rank;
  if (!getTensor() && (getLoad() || getStore() || getTotal() || getStrides() || getFirst()))
    return emitOpError("is transferred, but is of no tensor");
  return verifyRounding(*this, getRounding(), getStream());
}

LogicalResult BufferOp::verifySymbolUses(SymbolTableCollection &symbols) {
  if (!getTensor())
    return success();
  if (failed(verifyReach(*this, symbols, getTensorAttr(),
                         cast<MemRefType>(getType()).getElementType(), getExtents(),
                         getStrides() ? *getStrides() : rowMajor(getExtents()),
                         int64_t(getFirst()))))
    return failure();
  auto tensor = symbols.lookupNearestSymbolFrom<TensorOp>(*this, getTensorAttr());
  bool isOnChip = tensor.getHome().value_or(Space::dram) != Space::dram;
  if (isOnChip != getOnChip())
    return emitOpError(isOnChip ? "expected on_chip: "
                                : "is on_chip, expected a home in shared of ")
           << getTensorAttr() << (isOnChip ? " has a home in shared" : "");
  if (!isOnChip || seesAllOf(*this, tensor))
    return success();
  return emitOpError("expected all elements of ")
         << getTensorAttr() << " in their order, as it is not in dram";
}

bool slp::chip_ir::seesAllOf(BufferOp buffer, TensorOp tensor) {
  ArrayRef<int64_t> extents = buffer.getExtents();
  int64_t elements = 1;
  for (int64_t extent : extents)
    elements *= extent;
  if (buffer.getFirst() != 0 || elements != cast<MemRefType>(tensor.getType()).getNumElements())
    return false;
  std::optional<ArrayRef<int64_t>> strides = buffer.getStrides();
  SmallVector<int64_t> inOrder = rowMajor(extents);
  return !strides || llvm::all_of(llvm::seq(extents.size()), [&](size_t d) {
    return extents[d] == 1 || (*strides)[d] == inOrder[d];
  });
}

#define GET_OP_CLASSES
#include "dialects/Chip/ChipNestOps.cpp.inc"

void ChipDialect::addNestOps() {
  addOperations<
#define GET_OP_LIST
#include "dialects/Chip/ChipNestOps.cpp.inc"
      >();
}

#include "dialects/Chip/ChipNestOpsKinds.cpp.inc"
