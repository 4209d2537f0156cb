//===- DatasetTest.cpp - loading data and cutting batches -------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Each file format with every element type, the committed digits, and the order of batches.
//
//===----------------------------------------------------------------------------------------===//

#include "DataFiles.h"
#include "runtime/num/Random.h"

#include <cstdlib>
#include <numeric>

using namespace slp;
using data::InputSpec;
using data::Order;
using data::Split;

namespace {

std::vector<float> everything(const data::Dataset &set, size_t input) {
  std::vector<uint32_t> order = data::epochOrder(Order::file, 0, 0, set.samples());
  return set.gather(input, order, 0, set.samples());
}

const std::vector<InputSpec> imageAndLabel{{"x", {1, 2, 2}, false, 0}, {"labels", {}, true, 3}};

TEST_F(DataTest, IdxImagesAndLabels) {
  write("train-images-idx3-ubyte", idx<uint8_t>(8, {2, 2, 2}, {0, 255, 51, 1, 2, 3, 4, 5}));
  write("train-labels-idx1-ubyte", idx<uint8_t>(8, {2}, {2, 0}));
  write("t10k-images-idx3-ubyte", idx<uint8_t>(8, {1, 2, 2}, {9, 9, 9, 9}));
  write("t10k-labels-idx1-ubyte", idx<uint8_t>(8, {1}, {1}));
  Result<data::Dataset> train = load(imageAndLabel);
  ASSERT_TRUE(train.ok()) << train.message();
  EXPECT_EQ(train->samples(), 2u);
  EXPECT_EQ(train->elements(0), 4u);
  EXPECT_EQ(train->elements(1), 1u);
  EXPECT_EQ(everything(*train, 0), (std::vector<float>{0, 1, 51.0f / 255, 1.0f / 255, 2.0f / 255,
                                                       3.0f / 255, 4.0f / 255, 5.0f / 255}));
  EXPECT_EQ(everything(*train, 1), (std::vector<float>{2, 0}));
  Result<data::Dataset> test = load(imageAndLabel, Split::test);
  ASSERT_TRUE(test.ok()) << test.message();
  EXPECT_EQ(everything(*test, 1), std::vector<float>{1});
  EXPECT_TRUE(data::hasTestSplit(directory, imageAndLabel));
  // The label first, a flat image, and no label at all.
  EXPECT_TRUE(load({imageAndLabel[1], {"flat", {4}, false, 0}}).ok());
  EXPECT_TRUE(load({{"x", {2, 2}, false, 0}}).ok());
}

TEST_F(DataTest, ScaleFileReplacesTheDivisorOfPixelsOnly) {
  write("train-images.idx3-ubyte", idx<uint8_t>(8, {1, 2, 2}, {0, 16, 4, 1}));
  write("train-labels.idx1-ubyte", idx<uint8_t>(8, {1}, {2}));
  write("scale.txt", " 16\n");
  Result<data::Dataset> set = load(imageAndLabel);
  ASSERT_TRUE(set.ok()) << set.message();
  EXPECT_EQ(everything(*set, 0), (std::vector<float>{0, 1, 0.25f, 0.0625f}));
  EXPECT_EQ(everything(*set, 1), std::vector<float>{2});
  EXPECT_FALSE(data::hasTestSplit(directory, imageAndLabel));
}

TEST_F(DataTest, IdxOfAnyTypeAndRank) {
  const std::vector<InputSpec> x{{"x", {3}, false, 0}};
  auto loaded = [&](const std::string &file) {
    write("train-images-idx2-any", file);
    Result<data::Dataset> set = load(x);
    EXPECT_TRUE(set.ok()) << set.message();
    return everything(*set, 0);
  };
  EXPECT_EQ(loaded(idx<int8_t>(0x09, {1, 3}, {-128, 0, 127})), (std::vector<float>{-128, 0, 127}));
  EXPECT_EQ(loaded(idx<int16_t>(0x0b, {1, 3}, {-300, 0, 300})), (std::vector<float>{-300, 0, 300}));
  EXPECT_EQ(loaded(idx<int32_t>(0x0c, {1, 3}, {-70000, 1, 1 << 24})),
            (std::vector<float>{-70000, 1, 1 << 24}));
  EXPECT_EQ(loaded(idx<float>(0x0d, {1, 3}, {-0.1f, 1e-40f, 3e38f})),
            (std::vector<float>{-0.1f, 1e-40f, 3e38f}));
  EXPECT_EQ(loaded(idx<double>(0x0e, {1, 3}, {0.1, -2.5, 1e-300})),
            (std::vector<float>{0.1f, -2.5f, 0.0f}));
  EXPECT_EQ(loaded(idx<int8_t>(0x09, {1, 1, 1, 3}, {1, 2, 3})), (std::vector<float>{1, 2, 3}));
}

TEST_F(DataTest, CifarBatchesInOrder) {
  const std::vector<InputSpec> inputs{{"image", {3, 32, 32}, false, 0}, {"y", {}, true, 10}};
  for (int i = 0; i < 5; ++i)
    write("data_batch_" + std::to_string(i + 1) + ".bin", cifar(2, 2 * i));
  write("test_batch.bin", cifar(3, 100));
  Result<data::Dataset> train = load(inputs), test = load(inputs, Split::test);
  ASSERT_TRUE(train.ok()) << train.message();
  ASSERT_TRUE(test.ok()) << test.message();
  EXPECT_EQ(train->samples(), 10u);
  EXPECT_EQ(everything(*train, 1), (std::vector<float>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
  std::vector<float> pixels = train->gather(0, {7}, 0, 1);
  ASSERT_EQ(pixels.size(), 3072u);
  for (int j = 0; j < 3072; ++j)
    ASSERT_EQ(pixels[j], float((7 + j) % 256) / 255.0f);
  EXPECT_EQ(everything(*test, 1), (std::vector<float>{0, 1, 2}));
}

class NumpyTest : public DataTest {
protected:
  /// The values of a file with `count` elements a sample.
  std::vector<float> valuesIn(const std::string &file, int64_t count) {
    write("x.npy", file);
    Result<data::Dataset> set = load({{"x", {count}, false, 0}});
    EXPECT_TRUE(set.ok()) << set.message();
    return set.ok() ? everything(*set, 0) : std::vector<float>();
  }
};

TEST_F(NumpyTest, ElementsOfEveryType) {
  auto all = [&](auto zero, const std::string &type) {
    using T = decltype(zero);
    for (bool bigEndian : {false, true}) {
      std::string elements;
      for (T value : {T(0), T(1), T(100)})
        elements += bytesOf(value, bigEndian);
      std::string descr = (sizeof(T) == 1 ? "|" : bigEndian ? ">" : "<") + type;
      float unit = descr == "|u1" ? 255 : 1; // of pixels
      EXPECT_EQ(valuesIn(npyWithHeader("{'descr': '" + descr +
                                           "', 'fortran_order': False, 'shape': (1, 3), }\n",
                                       elements),
                         3),
                (std::vector<float>{0, 1 / unit, 100 / unit}))
          << descr;
    }
  };
  all(int8_t(), "i1");
  all(int16_t(), "i2");
  all(int32_t(), "i4");
  all(int64_t(), "i8");
  all(uint8_t(), "u1");
  all(uint16_t(), "u2");
  all(uint32_t(), "u4");
  all(uint64_t(), "u8");
  all(float(), "f4");
  all(double(), "f8");
  EXPECT_EQ(valuesIn(npy<uint8_t>("|b1", "(1, 3)", {0, 1, 7}), 3), (std::vector<float>{0, 1, 1}));
}

TEST_F(NumpyTest, FloatsOfTwoBytes) {
  // 1, -2, the largest, the smallest normal, the largest and the smallest subnormal number, -0.
  EXPECT_EQ(valuesIn(npy<uint16_t>("<f2", "(1, 7)",
                                   {0x3c00, 0xc000, 0x7bff, 0x0400, 0x03ff, 0x0001, 0x8000}),
                     7),
            (std::vector<float>{1, -2, 65504, 0x1p-14f, 1023 * 0x1p-24f, 0x1p-24f, 0}));
  // NumPy does not know bfloat16; a package that does writes it as bytes without a type.
  for (const char *descr : {"<V2", "|V2", "bfloat16"})
    EXPECT_EQ(valuesIn(npy<uint16_t>(descr, "(1, 5)", {0x3f80, 0xc000, 0x7f7f, 0x0080, 0x0001}), 5),
              (std::vector<float>{1, -2, 0x1.fep127f, 0x1p-126f, 0x1p-133f}))
        << descr;
  // Big-endian 1.5.
  EXPECT_EQ(valuesIn(npy<uint16_t>(">f2", "(1, 1)", {0x003e}), 1), std::vector<float>{1.5});
}

/// Against the definition of the order: element (i, j, k) lies at i + 2 (j + 3 k).
TEST_F(NumpyTest, FortranOrder) {
  std::vector<float> stored(24), expected;
  std::iota(stored.begin(), stored.end(), 0.0f);
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < 3; ++j)
      for (int k = 0; k < 4; ++k)
        expected.push_back(stored[i + 2 * (j + 3 * k)]);
  for (bool bigEndian : {false, true}) {
    std::string elements;
    for (float value : stored)
      elements += bytesOf(value, bigEndian);
    EXPECT_EQ(valuesIn(npyWithHeader(std::string("{'descr': '") + (bigEndian ? ">" : "<") +
                                         "f4', 'fortran_order': True, 'shape': (2, 3, 4)}",
                                     elements),
                       12),
              expected);
  }
  EXPECT_EQ(valuesIn(npyWithHeader("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 2)}",
                                   {1, 2, 3, 4}),
                     2),
            (std::vector<float>{1 / 255.0f, 3 / 255.0f, 2 / 255.0f, 4 / 255.0f}));
}

TEST_F(DataTest, NumpyFilePerInput) {
  const std::vector<InputSpec> inputs{
      {"a", {2}, false, 0}, {"block/b", {1}, false, 0}, {"labels", {}, true, 5}};
  write("a.npy", npy<float>("<f4", "(2, 2)", {1, -2, 3.5f, 4}));
  write("block_b.npy", npy<double>("<f8", "(2,)", {0.1, 2}, 2));
  write("labels.npy", npy<int64_t>("<i8", "(2,)", {4, 0}));
  Result<data::Dataset> set = load(inputs);
  ASSERT_TRUE(set.ok()) << set.message();
  EXPECT_EQ(everything(*set, 0), (std::vector<float>{1, -2, 3.5f, 4}));
  EXPECT_EQ(everything(*set, 1), (std::vector<float>{0.1f, 2}));
  EXPECT_EQ(everything(*set, 2), (std::vector<float>{4, 0}));
  EXPECT_FALSE(data::hasTestSplit(directory, inputs));
  write("a.test.npy", npy<uint8_t>("|u1", "(1,2)", {255, 0}));
  write("block_b.test.npy", npy<int32_t>("<i4", "(1, 1)", {-7}));
  write("labels.test.npy", npy<uint8_t>("|u1", "(1,1)", {3}));
  EXPECT_TRUE(data::hasTestSplit(directory, inputs));
  set = load(inputs, Split::test);
  ASSERT_TRUE(set.ok()) << set.message();
  EXPECT_EQ(everything(*set, 0), (std::vector<float>{1, 0}));
  EXPECT_EQ(everything(*set, 1), std::vector<float>{-7});
  EXPECT_EQ(everything(*set, 2), std::vector<float>{3});
}

TEST(Digits, TheCommittedFilesLoad) {
  const std::vector<InputSpec> inputs{{"x", {1, 8, 8}, false, 0}, {"labels", {}, true, 10}};
  const std::string path = SLP_TEST_DATA_DIR "/digits";
  Result<data::Dataset> train = data::load(path, inputs, Split::train),
                        test = data::load(path, inputs, Split::test);
  ASSERT_TRUE(train.ok()) << train.message();
  ASSERT_TRUE(test.ok()) << test.message();
  EXPECT_EQ(train->samples() + test->samples(), 1797u);
  std::vector<float> pixels = everything(*train, 0);
  EXPECT_EQ(*std::min_element(pixels.begin(), pixels.end()), 0.0f);
  EXPECT_EQ(*std::max_element(pixels.begin(), pixels.end()), 1.0f); // 16 by scale.txt
}

TEST_F(DataTest, BatchesFollowTheOrder) {
  write("x.npy",
        npy<int32_t>("<i4", "(7, 2)", {0, 1, 10, 11, 20, 21, 30, 31, 40, 41, 50, 51, 60, 61}));
  Result<data::Dataset> set = load({{"x", {2}, false, 0}});
  ASSERT_TRUE(set.ok()) << set.message();
  Result<data::Batches> batches = data::batchesOf(set->samples(), 3);
  ASSERT_TRUE(batches.ok());
  EXPECT_EQ(batches->steps, 2u);
  EXPECT_EQ(batches->dropped, 1u);
  std::vector<uint32_t> inFile = data::epochOrder(Order::file, 5, 1, 7);
  EXPECT_EQ(inFile, (std::vector<uint32_t>{0, 1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(set->gather(0, inFile, 3, 3), (std::vector<float>{30, 31, 40, 41, 50, 51}));
  std::vector<uint32_t> shuffled = data::epochOrder(Order::shuffled, 5, 1, 7);
  EXPECT_EQ(shuffled, num::shuffledOrder(5, 1, 7));
  EXPECT_NE(shuffled, inFile);
  std::vector<float> batch = set->gather(0, shuffled, 3, 3);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(batch[2 * i], 10.0f * float(shuffled[3 + i]));
    EXPECT_EQ(batch[2 * i + 1], 10.0f * float(shuffled[3 + i]) + 1);
  }
  EXPECT_EQ(data::batchesOf(7, 8).message(),
            "the data hold 7 samples, expected at least one batch of 8");
  EXPECT_FALSE(data::batchesOf(7, 0).ok());
  EXPECT_EQ(data::batchesOf(8, 8)->dropped, 0u);
}

} // namespace
