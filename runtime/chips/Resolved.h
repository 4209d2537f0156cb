//===- Resolved.h - a chip description as text that needs no other file -----------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Prints the YAML document that the reader ended up with, bases merged in, for images to carry. Our
// own printer: the same document gives the same bytes whatever the YAML library's version. Private
// to runtime/chips.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_CHIPS_RESOLVED_H
#define RUNTIME_CHIPS_RESOLVED_H

#include <string>

namespace YAML {
class Node;
} // namespace YAML

namespace slp::chip {

/// Keys in the document's order, units and notes as written, comments left out; a map of scalars
/// below the top level stands on one line. `root` is a map of scalars, lists of scalars and maps.
std::string resolvedText(const YAML::Node &root);

} // namespace slp::chip

#endif // RUNTIME_CHIPS_RESOLVED_H
