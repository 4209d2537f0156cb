//===- slp-as.cpp - assembles images ----------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// slp-as FILE -o IMAGE. The inverse of slp-dis: its text gives the same bytes again. The grammar is
// that of runtime/isa/Assembly.h and runtime/image/Text.h.
//
//===----------------------------------------------------------------------------------------===//

#include "tools/EmptyValues.h"

#include "runtime/api/Version.h"
#include "runtime/image/Description.h"
#include "runtime/image/Features.h"
#include "runtime/image/File.h"
#include "runtime/image/Text.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>

using namespace slp;

namespace {

struct Options {
  std::string input, output, target;
};

/// The chip that the text is for: of --target, of its own lines, or shipped under its name.
Result<chip::Chip> findChip(const image::Image &image, const Options &options) {
  if (!options.target.empty())
    return chip::load(options.target);
  if (!image.chipDescription.empty())
    return chip::parse(image.chipDescription, options.input + ": .chip_line");
  Result<chip::Chip> chip = chip::load(image.chipName);
  if (!chip)
    return Error{options.input + ": .chip: " + chip.message() + " as --target"};
  return chip;
}

/// The image must be for the chip that it names: right hashes, no feature that the chip lacks.
Status fitToChip(image::ParsedText &parsed, const Options &options) {
  const std::string &name = parsed.image.chipName;
  Result<chip::Chip> chip = findChip(parsed.image, options);
  if (!chip)
    return chip.takeError();
  if (chip->name != name)
    return Error{options.input + ": .chip names '" + name + "', " +
                 (options.target.empty() ? "its lines describe '" : "--target describes '") +
                 chip->name + "'"};
  bool sameStructure = !parsed.hasChipHash || parsed.image.chipHash == chip->structureHash();
  // --target may replace rates, as slp-sim --chip may.
  bool sameRates = !parsed.hasRatesHash || !options.target.empty() ||
                   parsed.image.ratesHash == chip->ratesHash();
  if (!sameStructure || !sameRates)
    return Error{options.input + ": .chip: made for another description of '" + name +
                 "', leave out the hashes to assemble for this one"};
  image::setChip(parsed.image, *chip);
  if (Status s = image::checkFeatures(parsed.image, *chip); !s)
    return Error{options.input + ": " + s.message()};
  return Status::success();
}

Status assemble(const Options &options) {
  bool isStandardInput = options.input == "-";
  Result<std::vector<uint8_t>> text =
      image::readBytes(isStandardInput ? "/dev/stdin" : options.input);
  if (!text)
    return text.takeError();
  std::string_view view(reinterpret_cast<const char *>(text->data()), text->size());
  Result<image::ParsedText> parsed =
      image::parseText(view, isStandardInput ? "<stdin>" : options.input);
  if (!parsed)
    return parsed.takeError();
  if (Status s = fitToChip(*parsed, options); !s)
    return s;
  return image::writeFile(parsed->image, options.output);
}

} // namespace

int main(int argc, char **argv) {
  CLI::App app("Assembles an image from text, as slp-dis prints it.", "slp-as");
  Options options;
  app.add_option("FILE", options.input, "assembly text, - for standard input")->required();
  app.add_option("-o,--output", options.output, "the image to write")->required();
  app.add_option(
      "--target", options.target,
      "description of the chip that the text names, in the place of the text's own: lnpu, "
      "asu-fp8 or a YAML file");
  app.set_version_flag("--version", api::versionOf("slp-as"));
  if (std::string empty = findEmptyValue(argc, argv); !empty.empty()) {
    std::fprintf(stderr, "slp-as: %s; see slp-as --help\n", empty.c_str());
    return 1;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &error) {
    return app.exit(error) == 0 ? 0 : 1;
  }
  Status status = assemble(options);
  if (!status)
    std::fprintf(stderr, "slp-as: %s\n", status.message().c_str());
  return status ? 0 : 1;
}
