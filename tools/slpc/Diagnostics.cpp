//===- Diagnostics.cpp - one line per error ---------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "Diagnostics.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Location.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>

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

/// "place: text", without line breaks.
static std::string describe(Diagnostic &diagnostic, StringRef model) {
  std::string place = slp::describeLocation(diagnostic.getLocation());
  std::string text = diagnostic.str();
  // Remarks come by the hundred for one model: the node says enough.
  if (isa<FileLineColLoc>(diagnostic.getLocation()) ||
      (!place.empty() && diagnostic.getSeverity() == DiagnosticSeverity::Remark))
    text = place + ": " + text;
  else if (!place.empty())
    text = model.str() + ": " + place + ": " + text;
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

static void print(StringRef tool, StringRef model, Diagnostic &diagnostic) {
  std::string line = describe(diagnostic, model);
  for (Diagnostic &note : diagnostic.getNotes())
    line += "; " + describe(note, model);
  llvm::errs() << tool << ": " << severityOf(diagnostic.getSeverity()) << ": " << line << "\n";
}

slp::DiagnosticPrinter::DiagnosticPrinter(MLIRContext &context, std::string tool, std::string model,
                                          bool remarks, bool notes)
    : handler(&context, [tool = std::move(tool), model = std::move(model), remarks,
                         notes](Diagnostic &diagnostic) {
        DiagnosticSeverity severity = diagnostic.getSeverity();
        if ((severity != DiagnosticSeverity::Remark || remarks) &&
            (severity != DiagnosticSeverity::Note || notes))
          print(tool, model, diagnostic);
        return success();
      }) {}
