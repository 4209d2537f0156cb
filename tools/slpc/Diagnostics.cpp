//===- Diagnostics.cpp - one line per error ---------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "Diagnostics.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Location.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

std::string slp::describeLocation(Location loc) {
  if (auto file = dyn_cast<FileLineColLoc>(loc))
    return file.getFilename().str() + ":" + std::to_string(file.getLine()) + ":" +
           std::to_string(file.getColumn());
  if (auto name = dyn_cast<NameLoc>(loc))
    return "node \"" + name.getName().str() + "\"";
  if (auto call = dyn_cast<CallSiteLoc>(loc))
    return describeLocation(call.getCallee());
  if (auto fused = dyn_cast<FusedLoc>(loc))
    for (Location part : fused.getLocations())
      if (std::string text = describeLocation(part); !text.empty())
        return text;
  return "";
}

static StringRef severityOf(DiagnosticSeverity severity) {
  switch (severity) {
  case DiagnosticSeverity::Error:
    return "error";
  case DiagnosticSeverity::Warning:
    return "warning";
  case DiagnosticSeverity::Remark:
    return "remark";
  case DiagnosticSeverity::Note:
    return "note";
  }
  return "error";
}

static void print(StringRef tool, Diagnostic &diagnostic) {
  std::string place = slp::describeLocation(diagnostic.getLocation());
  llvm::errs() << tool << ": " << severityOf(diagnostic.getSeverity()) << ": ";
  if (!place.empty())
    llvm::errs() << place << ": ";
  llvm::errs() << diagnostic.str() << "\n";
  for (Diagnostic &note : diagnostic.getNotes())
    print(tool, note);
}

slp::DiagnosticPrinter::DiagnosticPrinter(MLIRContext &context, std::string tool, bool remarks)
    : handler(&context, [tool = std::move(tool), remarks](Diagnostic &diagnostic) {
        if (diagnostic.getSeverity() != DiagnosticSeverity::Remark || remarks)
          print(tool, diagnostic);
        return success();
      }) {}
