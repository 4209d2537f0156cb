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
    // 0.000125 in FP32 is 8589935 · 2^-36.
    {"AsuFp8Flush",
     slp::num::asuFp8Flush,
     {5, 2, 15, exact::Top::ordinary, true, exact::Number::scaled(8589935, -36)}},
    {"OcpE5M2", slp::num::ocpE5m2, {5, 2, 15, exact::Top::infAndNan, false}},
    {"OcpE4M3", slp::num::ocpE4m3, {4, 3, 7, exact::Top::lastIsNan, false}},
    {"E5M2", slp::num::e5m2, {5, 2, 15, exact::Top::ordinary, false}},
    {"E4M3", slp::num::e4m3, {4, 3, 7, exact::Top::ordinary, false}},
    {"Hfp8Forward", slp::num::hfp8Forward, {4, 3, 11, exact::Top::ordinary, false}},
    {"Hfp8Backward", slp::num::hfp8Backward, {5, 2, 15, exact::Top::ordinary, false}},
    {"IbmFp16", slp::num::ibmFp16, {6, 9, 31, exact::Top::ordinary, false}},
    {"IeeeHalf", slp::num::ieeeFp16, {5, 10, 15, exact::Top::infAndNan, false}},
    {"BFloat16", slp::num::bf16, {8, 7, 127, exact::Top::infAndNan, false}},
    {"F1_6_9_Flush",
     {6, 9, 31, slp::num::Specials::none, slp::num::Subnormals::flush},
     {6, 9, 31, exact::Top::ordinary, true}},
    // A threshold that a binade straddles, and one of shared exponent biases.
    {"F1_4_3_FlushBelow5",
     {4, 3, 7, slp::num::Specials::nan, slp::num::Subnormals::flush, 5.0f},
     {4, 3, 7, exact::Top::lastIsNan, true, exact::Number::scaled(5, 0)}},
    {"AsuFp8FlushShiftedBy9",
     slp::num::asuFp8Flush.shifted(9),
     {5, 2, 24, exact::Top::ordinary, true, exact::Number::scaled(8589935, -45)}},
    {"OcpE4M3ShiftedByMinus7",
     slp::num::ocpE4m3.shifted(-7),
     {4, 3, 0, exact::Top::lastIsNan, false}},
    // The corners of what `validate` accepts.
    {"F1_2_1_Bias0",
     {2, 1, 0, slp::num::Specials::none, slp::num::Subnormals::gradual},
     {2, 1, 0, exact::Top::ordinary, false}},
    {"F1_2_1_Bias0_Nan",
     {2, 1, 0, slp::num::Specials::nan, slp::num::Subnormals::flush},
     {2, 1, 0, exact::Top::lastIsNan, true}},
    {"F1_6_1_Bias31",
     {6, 1, 31, slp::num::Specials::nan, slp::num::Subnormals::gradual},
     {6, 1, 31, exact::Top::lastIsNan, false}},
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
