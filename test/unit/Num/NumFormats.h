//===- NumFormats.h - the formats the tests run over ------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Every format under test, as runtime/num and as the exact definition describe it.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TEST_UNIT_NUM_NUMFORMATS_H
#define TEST_UNIT_NUM_NUMFORMATS_H

#include "ExactFormat.h"
#include "runtime/num/Round.h"

#include <gtest/gtest.h>
#include <string>

struct FormatCase {
  const char *name;
  slp::num::Format format;
  exact::Format oracle;
};

inline const FormatCase formatCases[] = {
    {"LnpuFp8", slp::num::lnpuFp8, {5, 2, 15, exact::Top::reserved, true}},
    {"LnpuFp16", slp::num::lnpuFp16, {5, 10, 15, exact::Top::reserved, false}},
    {"AsuFp8", slp::num::asuFp8, {5, 2, 15, exact::Top::ordinary, false}},
    {"AsuFp16", slp::num::asuFp16, {5, 10, 15, exact::Top::ordinary, false}},
    {"OcpE5M2",
     {5, 2, 15, slp::num::Specials::ieee, slp::num::Subnormals::gradual},
     {5, 2, 15, exact::Top::infAndNan, false}},
    {"IeeeHalf",
     {5, 10, 15, slp::num::Specials::ieee, slp::num::Subnormals::gradual},
     {5, 10, 15, exact::Top::infAndNan, false}},
    {"BFloat16",
     {8, 7, 127, slp::num::Specials::ieee, slp::num::Subnormals::gradual},
     {8, 7, 127, exact::Top::infAndNan, false}},
    {"F1_6_9",
     {6, 9, 31, slp::num::Specials::none, slp::num::Subnormals::flush},
     {6, 9, 31, exact::Top::ordinary, true}},
    {"F1_4_3",
     {4, 3, 7, slp::num::Specials::none, slp::num::Subnormals::gradual},
     {4, 3, 7, exact::Top::ordinary, false}},
    // The corners of what `validate` accepts.
    {"F1_2_1_Bias0",
     {2, 1, 0, slp::num::Specials::none, slp::num::Subnormals::gradual},
     {2, 1, 0, exact::Top::ordinary, false}},
    {"F1_5_10_Bias127",
     {5, 10, 127, slp::num::Specials::ieee, slp::num::Subnormals::gradual},
     {5, 10, 127, exact::Top::infAndNan, false}},
    {"F1_7_8_Bias0",
     {7, 8, 0, slp::num::Specials::none, slp::num::Subnormals::flush},
     {7, 8, 0, exact::Top::ordinary, true}},
};

inline std::string caseName(const testing::TestParamInfo<FormatCase> &info) {
  return info.param.name;
}
inline void PrintTo(const FormatCase &c, std::ostream *os) { *os << c.format.name(); }

#endif // TEST_UNIT_NUM_NUMFORMATS_H
