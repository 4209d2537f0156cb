//===- CreateNest.cpp - a description as chip.nest --------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "LowerOp.h"

using namespace mlir;
using namespace slp;
using namespace slp::chip_ir;

static Attribute loopAttr(MLIRContext *context, const NestLoop &loop) {
  return LoopAttr::get(context, loop.name, loop.extent, loop.reduction, loop.granule,
                       loop.wholeUnless, loop.cutLast, loop.exact, loop.onPes, loop.columns);
}

static BufferOp createBuffer(OpBuilder &b, const Nest &nest, const NestBuffer &buffer) {
  SmallVector<int64_t> sizes(buffer.dims.size(), ShapedType::kDynamic);
  auto type = MemRefType::get(sizes, buffer.element, MemRefLayoutAttrInterface(),
                              SpaceAttr::get(b.getContext(), buffer.space));
  FlatSymbolRefAttr tensor;
  DenseI64ArrayAttr strides;
  if (!buffer.tensor.empty())
    tensor = FlatSymbolRefAttr::get(b.getContext(), buffer.tensor);
  if (!buffer.strides.empty())
    strides = b.getDenseI64ArrayAttr(buffer.strides);
  auto none = AffineMap::get(b.getContext());
  auto op = BufferOp::create(b, nest.loc, type, tensor, strides, buffer.offset, none, none,
                             ArrayRef<int64_t>(), DenseI64ArrayAttr(), buffer.load, buffer.store,
                             buffer.total, /*on_chip=*/false, buffer.rounding, buffer.stream);
  setDims(op, buffer.dims, nest.loops.size());
  return op;
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

static void createRun(OpBuilder &b, const Nest &nest, const NestRun &run, ArrayRef<Value> buffers) {
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
  if (run.loops)
    fields.push_back(b.getNamedAttr("iterates", b.getDenseI64ArrayAttr(SmallVector<int64_t>(
                                                    run.loops->begin(), run.loops->end()))));
  if (run.inFront)
    fields.push_back(b.getNamedAttr("in_front", b.getUnitAttr()));
  createInstruction(b, nest.loc, info, operands, fields);
}

NestOp slp::createNest(OpBuilder &b, const Nest &nest) {
  SmallVector<Attribute> loops;
  for (const NestLoop &loop : nest.loops)
    loops.push_back(loopAttr(b.getContext(), loop));
  auto op = NestOp::create(b, nest.loc, nest.name, nest.op, nest.phase, b.getArrayAttr(loops),
                           TilingAttr(), nest.onCores, nest.oneAccumulatorSlot, nest.mayJoinBanks,
                           nest.itemsOfPoint, /*fused=*/ArrayAttr(), /*room=*/DenseI64ArrayAttr());
  OpBuilder::InsertionGuard guard(b);
  b.createBlock(&op.getBody());
  SmallVector<Value> buffers;
  for (const NestBuffer &buffer : nest.buffers)
    buffers.push_back(createBuffer(b, nest, buffer));
  for (const NestRun &run : nest.runs)
    createRun(b, nest, run, buffers);
  return op;
}
