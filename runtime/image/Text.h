//===- Text.h - images as assembly text -------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// What slp-dis prints and slp-as reads. Instructions, descriptors, labels and entry points are
// those of runtime/isa/Assembly.h; the directives below are what an image has beyond a program:
//
//   .image 9                       format version
//   .chip NAME [HASH [HASH]]       Chip::structureHash and Chip::ratesHash in hexadecimal
//   .chip_line "TEXT"              a line of the chip's description; all of them or none
//   .model NAME [HASH]             Image::modelHash in hexadecimal
//   .batch N
//   .loss_scale X                  1 if absent
//   .loss_scale_state NAME         of dynamic loss scaling
//   .tensor @NAME role=R, format=F, bias=B[, layout=L], shape=[..], strides=[..], address=A,
//   bytes=N .bytes HEX                     initial bytes of the tensor above; any number of lines
//   .node @NAME OPERATION          ONNX node and train operation, counted from 0
//   .capture @NAME format=F, accumulator=0|1, shape=[..]
//   .elided @NAME REASON
//   .loc NODE PHASE                of what follows: a number or `none`; fp, bp, wg, up or `none`
//   .captured FIRST SECOND         of the next instruction's results: index of a capture or `none`
//
// An image without a `.loc` has no debug records.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_IMAGE_TEXT_H
#define RUNTIME_IMAGE_TEXT_H

#include "runtime/image/Image.h"

#include <string>
#include <string_view>

namespace slp::image {

/// An image as text gives it.
struct ParsedText {
  Image image;
  bool hasChipHash = false;  // otherwise chipHash is 0
  bool hasRatesHash = false; // otherwise ratesHash is 0
};

/// The complete image, with comments that name ONNX nodes and tensors. `image` has passed `verify`.
std::string printText(const Image &image);

/// Inverse of printText; the image passes `verify`. Messages begin with `where:LINE: `, or `where:
/// ` for what no single line is to blame for.
Result<ParsedText> parseText(std::string_view text, const std::string &where);

} // namespace slp::image

#endif // RUNTIME_IMAGE_TEXT_H
