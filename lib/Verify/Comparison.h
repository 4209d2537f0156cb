//===- Comparison.h - expected and captured values of one run ---------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Holds what the reference computed for one run of a function, takes what the simulator captures,
// and says where they differ and what was never captured.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_VERIFY_COMPARISON_H
#define LIB_VERIFY_COMPARISON_H

#include "runtime/exec/Machine.h"
#include "slp/Verify/Verify.h"

#include <map>

namespace slp::verify {

/// Whether two values are the same bits; any NaN is like any other, since none is stored.
bool sameBits(float a, float b);

/// Row-major coordinates of a linear index.
std::vector<int64_t> unflatten(int64_t linear, llvm::ArrayRef<int64_t> shape);

/// The ONNX node an op came from, by its location; empty if it has none.
std::string nodeOf(mlir::Operation *op);

class Comparison : public exec::Capturer {
public:
  /// `where` names the run in messages.
  Comparison(const image::Image &image, std::string where);

  /// A result of the reference, in order of execution. An op result without a name cannot be
  /// compared and counts as uncovered. Of one that the machine computes for kept images alone
  /// (docs/numerics.md section 11), the elements of those that `train.keep` has dropped before are
  /// absent.
  void expect(llvm::StringRef name, const reference::Tensor &values, mlir::OpResult result);

  void captured(const image::Capture &what, uint64_t pc, const std::vector<int64_t> &linear,
                const std::vector<float> &values) override;

  /// Calls `visit` for what expect() was told, in order, until it fails.
  mlir::LogicalResult forEachExpected(llvm::function_ref<mlir::LogicalResult(
                                          llvm::StringRef name, const reference::Tensor &values,
                                          mlir::Operation *op, const std::vector<bool> &isAbsent)>
                                          visit) const;

  /// Adds the outcome of the run to the report; the first difference stays. `countTensors` is false
  /// for a repetition of a run that has been counted.
  void finish(Report &report, bool countTensors) const;

private:
  enum class Seen : uint8_t { no, yes, wrong };
  struct Entry {
    std::string name;
    mlir::Operation *op;
    reference::Tensor expected;
    std::vector<float> actual;
    std::vector<uint32_t> pc;
    std::vector<Seen> seen;
    std::vector<bool> isAbsent; // by element; empty: all are there
  };

  bool differs(const Entry &entry, size_t i) const;
  Difference describe(const Entry &entry, size_t first, int64_t count) const;
  std::string instructionText(uint64_t pc) const;

  const image::Image &image;
  std::string where;
  std::vector<bool>
      accumulates; // by instruction: its destination holds partial sums until the last
  std::vector<Entry> entries;
  std::map<std::string, size_t, std::less<>> byName;
  std::vector<float> mask; // of images: 0 for one that is dropped; empty without train.keep
  std::vector<std::string> unnamed;
  std::map<std::string, std::string> strange; // captures that name no expected tensor, and why
};

} // namespace slp::verify

#endif // LIB_VERIFY_COMPARISON_H
