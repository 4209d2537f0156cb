//===- Emit.h - mach IR to an image -----------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef SLP_EMIT_EMIT_H
#define SLP_EMIT_EMIT_H

#include "runtime/chips/Chip.h"
#include "runtime/image/Image.h"

#include "mlir/IR/BuiltinOps.h"

namespace slp {

/// Builds the image of a module of stage `lower`: text, descriptors, tensors with the initial
/// values of states (read from the files that `#train.file` names, found in `modelFolder`, and
/// rounded once to the state's format), entry points, and the debug section. The image is checked
/// (image::verify, image::checkFeatures) before it is returned. Fails after an error at the op or
/// file concerned.
mlir::FailureOr<image::Image> emitImage(mlir::ModuleOp module, const chip::Chip &chip,
                                        llvm::StringRef modelFolder);

} // namespace slp

#endif // SLP_EMIT_EMIT_H
