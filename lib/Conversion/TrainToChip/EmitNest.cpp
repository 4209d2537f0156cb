//===- EmitNest.cpp - a nest and its tiles as chip ops ----------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "LowerOp.h"

#include "dialects/Chip/AllocOp.h"
#include "dialects/Chip/ChipInstruction.h"
#include "dialects/Chip/LoadOp.h"
#include "dialects/Chip/StoreOp.h"
#include "dialects/Chip/TaskOp.h"
#include "dialects/Chip/ViewOp.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace slp;
using namespace slp::chip_ir;

namespace {

class NestEmitter {
public:
  NestEmitter(OpBuilder &builder, const Nest &nest, const TileChoice &choice)
      : b(builder), nest(nest), choice(choice), induction(nest.loops.size()),
        buffers(nest.buffers.size()), views(nest.buffers.size()) {}

  void emit();

private:
  int64_t step(unsigned loop) const {
    return choice.tile[loop] * (int(loop) == choice.split ? choice.cores : 1);
  }
  bool isReal(unsigned loop) const { return step(loop) < nest.loops[loop].extent; }
  /// Loops opened before the run: behind it, or in front of it, come those that it does not
  /// iterate.
  unsigned depthOf(const NestRun &run) const;
  /// Loops opened before the buffer's tile is known.
  unsigned depthOf(unsigned buffer) const;
  void emitLevel(unsigned depth);
  void emitAlloc(unsigned index);
  void emitRun(const NestRun &run);
  /// The runs of that depth that are of a kind.
  void emitRuns(unsigned depth, llvm::function_ref<bool(const NestRun &)> isWanted);
  /// Stores the totals of the whole nest, or all the others.
  void emitStores(bool totals);
  /// Constants stand at the head of the task, one of each value.
  Value constant(int64_t value);

  OpBuilder &b;
  const Nest &nest;
  const TileChoice &choice;
  SmallVector<unsigned> open;   // loops that take more than one step, outermost first
  unsigned parallelDepth = 0;   // how many of them are parallel
  SmallVector<Value> induction; // by loop; null if one step
  SmallVector<Value> buffers, views;
  Block *body = nullptr;
  llvm::DenseMap<int64_t, Value> constants;
};

} // namespace

Value NestEmitter::constant(int64_t value) {
  Value &known = constants[value];
  if (!known) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(body);
    known = arith::ConstantIndexOp::create(b, nest.loc, value);
  }
  return known;
}

unsigned NestEmitter::depthOf(const NestRun &run) const {
  if (run.iteratesAll())
    return open.size();
  unsigned depth = 0;
  for (unsigned i = 0; i < open.size(); ++i)
    if (llvm::is_contained(*run.loops, int(open[i])))
      depth = i + 1;
  return depth;
}

unsigned NestEmitter::depthOf(unsigned index) const {
  const NestBuffer &buffer = nest.buffers[index];
  if (buffer.total)
    return 0;
  // What leaves the chip or gathers sums is born where the reduction loops begin, or where a run
  // that uses it stands in front of them.
  unsigned depth = 0;
  if (buffer.store || buffer.tensor.empty())
    depth = parallelDepth;
  if (buffer.tensor.empty())
    for (const NestRun &run : nest.runs)
      if (llvm::is_contained(run.outs, index) || llvm::is_contained(run.ins, index))
        depth = std::min(depth, depthOf(run));
  for (const NestDim &dim : buffer.dims)
    for (unsigned i = 0; i < open.size(); ++i)
      if (int(open[i]) == dim.loop)
        depth = std::max(depth, i + 1);
  return depth;
}

void NestEmitter::emitAlloc(unsigned index) {
  const NestBuffer &buffer = nest.buffers[index];
  SmallVector<Value> origin;
  SmallVector<int64_t> extents, coreStride, sizes;
  for (const NestDim &dim : buffer.dims) {
    Value iv = dim.loop < 0 ? Value() : induction[dim.loop];
    if (!iv) {
      origin.push_back(constant(dim.offset));
    } else if (dim.coef == 1 && dim.offset == 0) {
      origin.push_back(iv);
    } else {
      AffineExpr e = b.getAffineDimExpr(0) * dim.coef + dim.offset;
      origin.push_back(
          affine::AffineApplyOp::create(b, nest.loc, AffineMap::get(1, 0, e), ValueRange{iv}));
    }
    extents.push_back(dim.extent);
    bool split = dim.loop >= 0 && dim.loop == choice.split && choice.cores > 1;
    coreStride.push_back(split ? dim.coef * choice.tile[dim.loop] : 0);
    sizes.push_back(dimSize(dim, choice));
  }
  auto type = MemRefType::get(sizes, buffer.element, MemRefLayoutAttrInterface(),
                              SpaceAttr::get(b.getContext(), buffer.space));
  buffers[index] = AllocOp::create(b, nest.loc, type, origin, Value(), extents, coreStride,
                                   bufferSlots(nest, buffer, choice), IntegerAttr(), IntegerAttr(),
                                   buffer.rounding, buffer.stream, DenseI64ArrayAttr());
  if (buffer.load)
    LoadOp::create(b, nest.loc, views[index], buffers[index]);
}

/// The attribute of a field that is no operand; null if the run gives nothing for it. Numbers are
/// taken off `scalars`.
static Attribute fieldAttr(OpBuilder &b, const mach::FieldInfo &field, const NestRun &run,
                           ArrayRef<float> &scalars) {
  if (field.role.isOperand() || field.host >= 0 || field.prefix == "m")
    return {};
  if (field.prefix == "g")
    return b.getDenseI64ArrayAttr(run.geometry);
  if (field.prefix == "h") {
    if (scalars.empty())
      return {};
    float value = scalars.front();
    scalars = scalars.drop_front();
    return b.getF32FloatAttr(value);
  }
  Attribute given;
  if (field.name == "mode")
    given = b.getStringAttr(run.mode.empty() ? StringRef(*field.names.begin()) : run.mode);
  for (NamedAttribute attr : run.fields)
    if (attr.getName() == StringRef(field.name))
      given = attr.getValue();
  auto name = dyn_cast_or_null<StringAttr>(given);
  if (!name)
    return given;
  const auto *it = llvm::find(field.names, std::string_view(name.getValue()));
  return b.getI64IntegerAttr(it - field.names.begin());
}

void NestEmitter::emitRun(const NestRun &run) {
  const mach::InstructionInfo &info = *mach::findInstruction(std::string_view(run.instruction));
  SmallVector<Value> operands;
  for (unsigned i : run.outs)
    operands.push_back(buffers[i]);
  for (unsigned i : run.ins)
    operands.push_back(buffers[i]);
  SmallVector<NamedAttribute> fields;
  ArrayRef<float> scalars = run.scalars;
  for (const mach::FieldInfo &field : info.layout.fields)
    if (Attribute value = fieldAttr(b, field, run, scalars))
      fields.push_back(b.getNamedAttr(StringRef(field.name), value));
  SmallVector<Attribute> captures;
  for (Value result : run.results)
    captures.push_back(b.getStringAttr(result ? trainNameOf(result) : ""));
  if (!captures.empty())
    fields.push_back(b.getNamedAttr("captures", b.getArrayAttr(captures)));
  createInstruction(b, nest.loc, info, operands, fields);
}

void NestEmitter::emitRuns(unsigned depth, llvm::function_ref<bool(const NestRun &)> isWanted) {
  for (const NestRun &run : nest.runs)
    if (depthOf(run) == depth && isWanted(run))
      emitRun(run);
}

void NestEmitter::emitStores(bool totals) {
  for (auto [index, buffer] : llvm::enumerate(nest.buffers))
    if (buffer.store && buffer.total == totals)
      StoreOp::create(b, nest.loc, buffers[index], views[index]);
}

void NestEmitter::emitLevel(unsigned depth) {
  for (unsigned index = 0; index < nest.buffers.size(); ++index)
    if (depthOf(index) == depth)
      emitAlloc(index);
  emitRuns(depth, [](const NestRun &run) { return run.inFront; });
  if (depth < open.size()) {
    unsigned loop = open[depth];
    auto forOp = scf::ForOp::create(b, nest.loc, constant(0), constant(nest.loops[loop].extent),
                                    constant(step(loop)));
    induction[loop] = forOp.getInductionVar();
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(forOp.getBody()->getTerminator());
    emitLevel(depth + 1);
  } else {
    emitRuns(depth, [](const NestRun &run) { return run.iteratesAll(); });
  }
  emitRuns(depth, [](const NestRun &run) { return !run.iteratesAll() && !run.inFront; });
  if (depth == parallelDepth)
    emitStores(/*totals=*/false);
  if (depth == 0)
    emitStores(/*totals=*/true);
}

void NestEmitter::emit() {
  for (unsigned loop : choice.order)
    if (isReal(loop)) {
      open.push_back(loop);
      parallelDepth += !nest.loops[loop].reduction;
    }
  auto task = TaskOp::create(b, nest.loc, nest.name, nest.op, nest.phase, choice.cores);
  OpBuilder::InsertionGuard guard(b);
  body = b.createBlock(&task.getBody());
  for (auto [index, buffer] : llvm::enumerate(nest.buffers)) {
    if (buffer.tensor.empty())
      continue;
    SmallVector<int64_t> extents;
    for (const NestDim &dim : buffer.dims)
      extents.push_back(dim.extent);
    auto space = SpaceAttr::get(b.getContext(), Space::dram);
    auto identity = MemRefType::get(extents, buffer.element, MemRefLayoutAttrInterface(), space);
    SmallVector<int64_t> strides;
    int64_t offset;
    auto layout = MemRefLayoutAttrInterface();
    if (succeeded(identity.getStridesAndOffset(strides, offset)) &&
        (strides != buffer.strides || buffer.offset != 0))
      layout = StridedLayoutAttr::get(b.getContext(), buffer.offset, buffer.strides);
    views[index] =
        ViewOp::create(b, nest.loc, MemRefType::get(extents, buffer.element, layout, space),
                       FlatSymbolRefAttr::get(b.getContext(), buffer.tensor));
  }
  emitLevel(0);
}

void slp::emitNest(OpBuilder &builder, const Nest &nest, const TileChoice &choice) {
  NestEmitter(builder, nest, choice).emit();
}
