//===- Volume.h - convolutions in three dimensions --------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Windows of the MAC engine have rows and columns. A convolution over depth, rows and columns is a
// sum of convolutions of slices, one for each tap in depth (docs/numerics.md section 4). Called by
// Conv.cpp and Artifacts.cpp.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_IMPORT_ONNX_VOLUME_H
#define LIB_IMPORT_ONNX_VOLUME_H

#include "lib/Import/ONNX/Window.h"

namespace slp::import_onnx {

/// Conv of x (N, Ci, D, H, W) with w (Co, Ci/group, KD, KH, KW) and perhaps a bias: inputs 0 to 2.
/// Null after an error.
mlir::Value convolveVolume(Node &node, const SpatialWindow &window);

/// ConvTranspose of x (N, Ci, D, H, W) with w (Ci, Co/group, KD, KH, KW) and perhaps a bias, to
/// a result of Co = `channels` channels and spatial sizes `output`. Null after an error.
mlir::Value spreadVolume(Node &node, const SpatialWindow &window, int64_t channels,
                         llvm::ArrayRef<int64_t> output);

/// Gradients of convolveVolume: of the result's, dy (N, Co, OD, OH, OW), x and w, inputs 0 to 2 of
/// `node`, to those of x, w and the bias, outputs 0 to 2; null for one that the model does not
/// name. The ops are those that differentiation builds for convolveVolume.
mlir::LogicalResult convolveVolumeGradients(Node &node, const SpatialWindow &window,
                                            llvm::SmallVectorImpl<mlir::Value> &grads);

} // namespace slp::import_onnx

#endif // LIB_IMPORT_ONNX_VOLUME_H
