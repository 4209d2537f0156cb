//===- DataFiles.h - tiny data files ----------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// A directory that lives as long as a test, and writers of the three file formats.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TEST_UNIT_DATA_DATAFILES_H
#define TEST_UNIT_DATA_DATAFILES_H

#include "runtime/data/Dataset.h"

#include <cstring>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <string>
#include <vector>

class DataTest : public testing::Test {
protected:
  void SetUp() override {
    const testing::TestInfo *info = testing::UnitTest::GetInstance()->current_test_info();
    std::string pattern = (std::filesystem::temp_directory_path() / "slp-data-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr) << info->name();
    directory = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(directory); }

  std::string path(const std::string &name) const { return directory + "/" + name; }
  void write(const std::string &name, const std::string &content) const {
    std::ofstream(path(name), std::ios::binary) << content;
  }
  slp::Result<slp::data::Dataset> load(const std::vector<slp::data::InputSpec> &inputs,
                                       slp::data::Split split = slp::data::Split::train) const {
    return slp::data::load(directory, inputs, split);
  }
  /// The message of a load that must fail, without the directory.
  std::string failure(const std::vector<slp::data::InputSpec> &inputs,
                      slp::data::Split split = slp::data::Split::train) const {
    slp::Result<slp::data::Dataset> data = load(inputs, split);
    if (data.ok())
      return "loaded";
    std::string message = data.message();
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    for (size_t at; (at = message.find(directory)) != std::string::npos;)
      message.replace(at, directory.size(), "D");
    return message;
  }

  std::string directory;
};

/// The bytes of a number, least significant first, or last.
template <typename T> std::string bytesOf(T value, bool bigEndian) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return bigEndian ? std::string(bytes.rbegin(), bytes.rend()) : bytes;
}

template <typename T>
std::string idx(uint8_t type, const std::vector<uint32_t> &shape, const std::vector<T> &values) {
  std::string file{'\0', '\0', char(type), char(shape.size())};
  for (uint32_t extent : shape)
    file += bytesOf(extent, true);
  for (T value : values)
    file += bytesOf(value, true);
  return file;
}

inline std::string npyWithHeader(const std::string &header, const std::string &elements,
                                 int version = 1) {
  std::string file = "\x93NUMPY";
  file += char(version);
  file += '\0';
  file += version == 1 ? bytesOf(uint16_t(header.size()), false)
                       : bytesOf(uint32_t(header.size()), false);
  return file + header + elements;
}

template <typename T>
std::string npy(const std::string &descr, const std::string &shape, const std::vector<T> &values,
                int version = 1) {
  std::string elements;
  for (T value : values)
    elements += bytesOf(value, false);
  return npyWithHeader("{'descr': '" + descr + "', 'fortran_order': False, 'shape': " + shape +
                           ", }\n",
                       elements, version);
}

/// `records` CIFAR-10 records; record i has label (first + i) % 10 and pixel j is (first + i + j) %
/// 256.
inline std::string cifar(int records, int first) {
  std::string file;
  for (int i = first; i < first + records; ++i) {
    file += char(i % 10);
    for (int j = 0; j < 3072; ++j)
      file += char((i + j) % 256);
  }
  return file;
}

#endif // TEST_UNIT_DATA_DATAFILES_H
