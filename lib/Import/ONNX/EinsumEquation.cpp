//===- EinsumEquation.cpp - what an Einsum sums over ------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/EinsumEquation.h"

#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace slp;
using namespace slp::import_onnx;

Sizes EinsumEquation::shapeOf(ArrayRef<IndexLabel> labels) const {
  return Sizes(llvm::map_range(labels, [&](IndexLabel label) { return sizeOf(label); }));
}

/// The letters of a term, with `ellipsis` dimensions in the place of its dots.
static FailureOr<IndexLabels> parseTerm(const Node &node, StringRef term, int64_t ellipsis,
                                        bool &hasEllipsis) {
  IndexLabels labels;
  hasEllipsis = false;
  for (StringRef left = term; !left.empty();) {
    if (!hasEllipsis && left.consume_front("...")) {
      hasEllipsis = true;
      for (int64_t i = ellipsis; i-- > 0;)
        labels.push_back(-1 - i);
      continue;
    }
    if (!llvm::isAlpha(left.front()))
      return node.fail("attribute equation: expected letters and one ... a term, found \"" + term +
                       "\"");
    labels.push_back(left.front());
    left = left.drop_front();
  }
  return labels;
}

/// Labels that occur once, in the order of the alphabet, behind those of the ellipses.
static IndexLabels impliedResult(const EinsumEquation &equation) {
  std::map<IndexLabel, int64_t> counts;
  for (const IndexLabels &labels : equation.operands)
    for (IndexLabel label : labels)
      ++counts[label];
  IndexLabels result;
  for (auto [label, count] : counts) // dimension -n first, as in a term
    if (label < 0 || count == 1)
      result.push_back(label);
  return result;
}

FailureOr<EinsumEquation> slp::import_onnx::parseEinsum(const Node &node) {
  std::string text = node.string("equation", "");
  llvm::erase_if(text, [](char c) { return c == ' '; });
  auto [left, right] = StringRef(text).split("->");
  bool isExplicit = StringRef(text).contains("->");
  SmallVector<StringRef> terms;
  left.split(terms, ',');
  if (terms.size() != node.numInputs())
    return node.fail("attribute equation: expected a term for each of " + Twine(node.numInputs()) +
                     " operands, found \"" + text + "\"");
  EinsumEquation equation;
  int64_t longest = 0;
  bool hasEllipsis = false;
  for (auto [i, term] : llvm::enumerate(terms)) {
    FailureOr<IndexLabels> letters = parseTerm(node, term, 0, hasEllipsis);
    if (failed(letters))
      return failure();
    int64_t more = node.rank(i) - int64_t(letters->size());
    if (more < 0 || (more > 0 && !hasEllipsis))
      return node.fail("attribute equation: operand " + Twine(i) + " is " +
                       printShape(node.shape(i)) + ", which does not fit \"" + term + "\"");
    longest = std::max(longest, more);
    FailureOr<IndexLabels> labels = parseTerm(node, term, more, hasEllipsis);
    for (auto [label, size] : llvm::zip_equal(*labels, node.shape(i))) {
      int64_t &known = equation.sizes.try_emplace(label, size).first->second;
      if (known != size && known != 1 && size != 1)
        return node.fail("attribute equation: an index of \"" + term + "\" has the sizes " +
                         Twine(known) + " and " + Twine(size));
      known = known == 1 ? size : known;
    }
    equation.operands.push_back(*labels);
  }
  if (!isExplicit) {
    equation.result = impliedResult(equation);
    return equation;
  }
  FailureOr<IndexLabels> result = parseTerm(node, right, longest, hasEllipsis);
  if (failed(result))
    return failure();
  equation.result = *result;
  for (auto [i, label] : llvm::enumerate(equation.result))
    if (!equation.sizes.count(label) ||
        llvm::is_contained(ArrayRef(equation.result).take_front(i), label))
      return node.fail("attribute equation: expected indices of the operands, each once, as the "
                       "result, found \"" +
                       right + "\"");
  return equation;
}
