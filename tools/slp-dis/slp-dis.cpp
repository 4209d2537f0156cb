//===- slp-dis.cpp - disassembles images ------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// slp-dis IMAGE [-o FILE]. Prints all that the image holds, with comments that name ONNX nodes and
// tensors; slp-as makes the same bytes of it.
//
//===----------------------------------------------------------------------------------------===//

#include "tools/EmptyValues.h"

#include "runtime/api/Version.h"
#include "runtime/image/File.h"
#include "runtime/image/Text.h"

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

using namespace slp;

namespace {

Status printToStandardOutput(const std::string &text) {
  errno = 0;
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0)
    return Error{std::string("standard output: cannot write: ") + std::strerror(errno)};
  return Status::success();
}

Status disassemble(const std::string &input, const std::string &output) {
  Result<image::Image> image = image::readFile(input);
  if (!image)
    return image.takeError();
  std::string text = image::printText(*image);
  if (output.empty() || output == "-")
    return printToStandardOutput(text);
  return image::writeBytes(std::vector<uint8_t>(text.begin(), text.end()), output);
}

} // namespace

int main(int argc, char **argv) {
  CLI::App app("Prints an image as text that slp-as takes.", "slp-dis");
  std::string input, output;
  app.add_option("IMAGE", input, "an image that slpc or slp-as wrote")->required();
  app.add_option("-o,--output", output, "file to write instead of standard output");
  app.set_version_flag("--version", api::versionOf("slp-dis"));
  if (std::string empty = findEmptyValue(argc, argv); !empty.empty()) {
    std::fprintf(stderr, "slp-dis: %s; see slp-dis --help\n", empty.c_str());
    return 1;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &error) {
    return app.exit(error) == 0 ? 0 : 1;
  }
  Status status = disassemble(input, output);
  if (!status)
    std::fprintf(stderr, "slp-dis: %s\n", status.message().c_str());
  return status ? 0 : 1;
}
