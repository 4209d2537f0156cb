//===- PolicyFuzzer.cpp - any file may be given as a precision policy -------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Property: whatever the text is, the reader gives a policy whose patterns can be matched, or one
// error line that says why not.
//
//===----------------------------------------------------------------------------------------===//

#include "Fuzz.h"

#include "lib/Transforms/Train/PrecisionPolicy.h"

#include "mlir/IR/MLIRContext.h"

#include <filesystem>
#include <unistd.h>

using namespace slp;

namespace {
/// A link to a file whose name is that of a policy.
class PolicyFile {
public:
  PolicyFile()
      : name(std::filesystem::temp_directory_path() /
             ("slp-fuzz-" + std::to_string(getpid()) + ".yaml")) {
    unlink(name.c_str());
    fuzz::expect(symlink(file.path().c_str(), name.c_str()) == 0, "a link to a file in memory");
  }
  ~PolicyFile() { unlink(name.c_str()); }
  fuzz::NamelessFile file;
  const std::string name;
};

void read(mlir::MLIRContext &context, const std::string &nameOrPath) {
  int errors = 0;
  mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &diagnostic) {
    fuzz::expectOneLine(diagnostic.str());
    ++errors;
    return mlir::success();
  });
  mlir::FailureOr<PrecisionPolicy> policy =
      loadPolicy(nameOrPath, [&] { return mlir::emitError(mlir::UnknownLoc::get(&context)); });
  if (failed(policy))
    return fuzz::expect(errors == 1, "one error");
  fuzz::expect(errors == 0, "no error");
  for (const char *layer : {"", "conv1", "/layer1/conv2/Conv", "fc"})
    policy->ruleFor(layer);
}
} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static PolicyFile policyFile;
  static mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  policyFile.file.write(data, size);
  read(context, policyFile.name);
  // As what stands behind --precision=; paths are files of their own.
  std::string name(reinterpret_cast<const char *>(data), size);
  if (name.find('.') == std::string::npos)
    read(context, name);
  return 0;
}
