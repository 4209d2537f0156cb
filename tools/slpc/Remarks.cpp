//===- Remarks.cpp - one readable line a remark -----------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "Remarks.h"

#include "Diagnostics.h"

#include "mlir/IR/Remarks.h"
#include "llvm/Support/Regex.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace slp;

bool slp::wantsRemarks(const std::string &regex, StringRef category) {
  return !regex.empty() && llvm::Regex("^(" + regex + ")$").match(category);
}

namespace {
/// MLIR's own printer shows every field of the record under its name; people want the text.
class RemarkPrinter : public remark::detail::MLIRRemarkStreamerBase {
public:
  RemarkPrinter(const std::string &regex, RemarkCount &count) : regex(regex), count(count) {}

  void streamOptimizationRemark(const remark::detail::Remark &remark) override {
    StringRef category = remark.getCategoryName();
    count.categories.insert(category.str());
    if (!wantsRemarks(regex, category))
      return;
    ++count.printed;
    std::string place = describeLocation(remark.getLocation());
    llvm::errs() << "slpc: remark: " << category << ": " << place << (place.empty() ? "" : ": ");
    for (const remark::detail::Remark::Arg &part : remark.getArgs())
      llvm::errs() << part.val;
    llvm::errs() << "\n";
  }

private:
  std::string regex;
  RemarkCount &count;
};
} // namespace

LogicalResult slp::printRemarks(MLIRContext &context, const std::string &regex, RemarkCount &count,
                                std::string &error) {
  // Without a pattern nothing is printed, but counted all the same.
  if (!regex.empty() && !llvm::Regex(regex).isValid(error))
    return failure();
  // All categories, so that a pattern that fits none can be told what there is.
  const std::string any = ".*";
  remark::RemarkCategories categories{any, any, any, any, any};
  return remark::enableOptimizationRemarks(context, std::make_unique<RemarkPrinter>(regex, count),
                                           std::make_unique<remark::RemarkEmittingPolicyAll>(),
                                           categories);
}
