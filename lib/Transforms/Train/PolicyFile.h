//===- PolicyFile.h - a user's policy in YAML -------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_TRANSFORMS_TRAIN_POLICYFILE_H
#define LIB_TRANSFORMS_TRAIN_POLICYFILE_H

#include "runtime/api/Printable.h"

#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/YAMLTraits.h"

namespace slp {

/// Reads a map of keys, for which llvm::yaml::MappingTraits<File> stands. Fails, with one error
/// that begins with `what` and the path, for a file that cannot be read and for the first problem
/// in it, with its line.
template <typename File>
mlir::FailureOr<File> readPolicyFile(llvm::StringRef what, llvm::StringRef path,
                                     llvm::function_ref<mlir::InFlightDiagnostic()> emitError) {
  auto error = [&] { return emitError() << what << " " << printable(path) << ": "; };
  auto buffer = llvm::MemoryBuffer::getFile(path);
  if (!buffer)
    return error() << buffer.getError().message();
  std::string problem;
  auto note = [](const llvm::SMDiagnostic &diagnostic, void *context) {
    auto &text = *static_cast<std::string *>(context);
    if (text.empty()) // the first one explains the others
      text =
          "line " + std::to_string(diagnostic.getLineNo()) + ": " + diagnostic.getMessage().str();
  };
  llvm::yaml::Input input(**buffer, nullptr, note, &problem);
  File file;
  input >> file;
  if (input.error() || !problem.empty())
    return error() << (problem.empty() ? "expected a map of keys" : printable(problem));
  return file;
}

} // namespace slp

#endif // LIB_TRANSFORMS_TRAIN_POLICYFILE_H
