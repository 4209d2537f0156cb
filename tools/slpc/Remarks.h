//===- Remarks.h - one readable line a remark -------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Behind slpc --remarks=REGEX.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TOOLS_SLPC_REMARKS_H
#define TOOLS_SLPC_REMARKS_H

#include "mlir/IR/MLIRContext.h"

#include <set>
#include <string>

namespace slp {

/// Which remarks a compile made.
struct RemarkCount {
  int64_t printed = 0;
  std::set<std::string> categories; // of all of them, printed or not
};

/// From now on remarks are counted, and those whose category matches all of `regex` are printed to
/// stderr, `slpc: remark: tile: node "Conv_0": what`. Fails with a message if `regex` is none.
/// `count` must outlive the context.
mlir::LogicalResult printRemarks(mlir::MLIRContext &context, const std::string &regex,
                                 RemarkCount &count, std::string &error);

/// Whether `regex`, a valid one, matches all of `category`.
bool wantsRemarks(const std::string &regex, llvm::StringRef category);

} // namespace slp

#endif // TOOLS_SLPC_REMARKS_H
