//===- OpKind.h - which op it is, without the op's class --------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// As isa<>, for who asks an op nothing else: dialects/<Dialect>/<Op>Kind.h then takes the place of
// dialects/<Dialect>/<Op>.h, and an edit of the op's record rebuilds nothing there.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_OPKIND_H
#define DIALECTS_OPKIND_H

namespace mlir {
class Operation;
}

namespace slp {

/// Whether the op is an `Op`; false for null. <Op>Kind.h declares it for that op.
template <typename Op> bool isKind(mlir::Operation *op);

/// The same for one of several.
template <typename... Ops> bool isOneOf(mlir::Operation *op) { return (isKind<Ops>(op) || ...); }
template <typename... Ops> bool isOneOf(mlir::Operation &op) { return isOneOf<Ops...>(&op); }

} // namespace slp

#endif // DIALECTS_OPKIND_H
