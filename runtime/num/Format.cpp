//===- Format.cpp - parametric storage formats ------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Checks and names formats, and widens arrays of codes.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/num/Format.h"

#include <charconv>
#include <cmath>

namespace slp::num {

namespace {

struct Named {
  std::string_view name;
  Format format;
};
constexpr Named namedFormats[] = {{"lnpu.fp8", lnpuFp8},
                                  {"lnpu.fp16", lnpuFp16},
                                  {"asu.fp8", asuFp8},
                                  {"asu.fp16", asuFp16},
                                  {"asu.fp8.flush", asuFp8Flush},
                                  {"ocp.e5m2", ocpE5m2},
                                  {"ocp.e4m3", ocpE4m3},
                                  {"e5m2", e5m2},
                                  {"e4m3", e4m3},
                                  {"hfp8.forward", hfp8Forward},
                                  {"hfp8.backward", hfp8Backward},
                                  {"ibm.fp16", ibmFp16},
                                  {"ieee.fp16", ieeeFp16},
                                  {"bf16", bf16}};

/// The shortest decimal that reads back as `x`.
std::string shortest(float x) {
  char buffer[32];
  return std::string(buffer, std::to_chars(buffer, buffer + sizeof buffer, x).ptr);
}

std::string spelled(const Format &f) {
  constexpr const char *specialsNames[] = {"ieee", "none", "reserved", "nan"};
  const char *specials = specialsNames[size_t(f.specials)];
  const char *subnormals = f.subnormals == Subnormals::gradual ? "gradual" : "flush";
  std::string threshold = f.flushBelow == 0 ? "" : ", flush_below = " + shortest(f.flushBelow);
  return "num.float<" + std::to_string(f.exp) + ", " + std::to_string(f.man) + ", " +
         std::to_string(f.bias) + ", " + specials + ", " + subnormals + threshold + ">";
}

Error refuse(const Format &f, const std::string &why) { return {spelled(f) + ": " + why}; }

Error outOfRange(const Format &f, const char *what, int found, const char *range) {
  return refuse(f, std::string(what) + " is " + std::to_string(found) + ", expected " + range);
}

template <typename Code>
inline __attribute__((always_inline)) void decodeLoop(const Format &format, const Code *codes,
                                                      float *values, size_t n) {
  const detail::DecodeConstants constants(format);
  for (size_t i = 0; i < n; ++i)
    values[i] = detail::decodeCode(constants, codes[i]);
}

} // namespace

float Format::maxFinite() const { return decode(*this, maxCode()); }

Format Format::shifted(int by) const {
  Format result = *this;
  result.bias += by;
  result.flushBelow = std::ldexp(flushBelow, -by);
  return result;
}

std::string Format::name() const {
  for (const Named &named : namedFormats)
    if (named.format == *this)
      return std::string(named.name);
  return spelled(*this);
}

Status validate(const Format &format) {
  if (format.exp < 2 || format.exp > 8)
    return outOfRange(format, "the number of exponent bits", format.exp, "2 to 8");
  if (format.man < 1 || format.man > 10)
    return outOfRange(format, "the number of mantissa bits", format.man, "1 to 10");
  if (format.bits() > 16)
    return outOfRange(format, "the width of a code", format.bits(), "at most 16 bits");
  if (format.bias < 0 || format.bias > 127)
    return outOfRange(format, "the bias", format.bias, "0 to 127");
  if (format.maxField() - format.bias > 127)
    return outOfRange(format, "the exponent of the largest value", format.maxField() - format.bias,
                      "at most 127, that of f32");
  if (format.flushBelow == 0)
    return Status::success();
  if (format.subnormals == Subnormals::gradual)
    return refuse(format, "a threshold of flushing, but subnormals are gradual");
  if (!(format.flushBelow >= format.minNormal() && format.flushBelow <= format.maxFinite()))
    return refuse(format, "the threshold of flushing is " + shortest(format.flushBelow) +
                              ", expected " + shortest(format.minNormal()) + " to " +
                              shortest(format.maxFinite()));
  return Status::success();
}

Result<Format> makeFormat(int exp, int man, int bias, Specials specials, Subnormals subnormals,
                          float flushBelow) {
  Format format{exp, man, bias, specials, subnormals, flushBelow};
  if (Status status = validate(format); !status)
    return status.takeError();
  return format;
}

Result<Format> formatNamed(std::string_view name) {
  for (const Named &named : namedFormats)
    if (named.name == name)
      return named.format;
  std::string known;
  for (const Named &named : namedFormats)
    known += (known.empty() ? "" : ", ") + std::string(named.name);
  return Error{"unknown number format '" + std::string(name) + "', expected one of " + known};
}

std::vector<std::string_view> formatNames() {
  std::vector<std::string_view> names;
  for (const Named &named : namedFormats)
    names.push_back(named.name);
  return names;
}

std::array<float, 256> decodeTable(const Format &format) {
  std::array<float, 256> table;
  for (uint32_t code = 0; code < table.size(); ++code)
    table[code] = decode(format, code);
  return table;
}

void decodeArray(const Format &format, const uint8_t *codes, float *values, size_t n,
                 HostPath path) {
  runOn(path, [&]() SLP_NUM_INLINE { decodeLoop(format, codes, values, n); });
}

void decodeArray(const Format &format, const uint16_t *codes, float *values, size_t n,
                 HostPath path) {
  runOn(path, [&]() SLP_NUM_INLINE { decodeLoop(format, codes, values, n); });
}

} // namespace slp::num
