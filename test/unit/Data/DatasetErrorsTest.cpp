//===- DatasetErrorsTest.cpp - data that must be refused --------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// One test for each message: missing, truncated, corrupt and mismatching data.
//
//===----------------------------------------------------------------------------------------===//

#include "DataFiles.h"

#include <limits>

using namespace slp;
using data::InputSpec;
using data::Split;

namespace {

const std::vector<InputSpec> imageAndLabel{{"x", {1, 2, 2}, false, 0}, {"labels", {}, true, 3}};
const std::vector<InputSpec> justX{{"x", {2}, false, 0}};

TEST_F(DataTest, NoDirectory) {
  Result<data::Dataset> set = data::load(path("none"), imageAndLabel, Split::train);
  EXPECT_EQ(set.message(), path("none") + ": not a directory, expected one with IDX, CIFAR-10 or "
                                          "NumPy files");
  write("file", "x");
  EXPECT_FALSE(data::load(path("file"), imageAndLabel, Split::train).ok());
}

TEST_F(DataTest, NothingOrTwoKindsInTheDirectory) {
  EXPECT_EQ(failure(imageAndLabel), "D: no data found, expected train-images-idx3-ubyte, "
                                    "data_batch_1.bin or one NumPy file per input (x.npy, "
                                    "labels.npy)");
  write("x.npy", "");
  write("data_batch_1.bin", "");
  EXPECT_EQ(failure(imageAndLabel),
            "D: holds both CIFAR-10 batches and NumPy files, expected one kind of data");
}

TEST_F(DataTest, IdxFilesMissingOrDoubled) {
  write("train-images-idx3-ubyte", idx<uint8_t>(8, {1, 2, 2}, {1, 2, 3, 4}));
  EXPECT_EQ(failure(imageAndLabel), "D: no file train-labels-idx1-ubyte");
  EXPECT_EQ(failure(imageAndLabel, Split::test), "D: no file t10k-images-idx3-ubyte");
  write("train-labels-idx1-ubyte.gz", "");
  EXPECT_EQ(failure(imageAndLabel), "D/train-labels-idx1-ubyte.gz: the file is compressed, "
                                    "expected it unpacked (gunzip)");
  write("train-images.idx3-ubyte", "");
  EXPECT_EQ(failure(imageAndLabel), "D: both train-images-idx3-ubyte and train-images.idx3-ubyte, "
                                    "expected one of them");
}

TEST_F(DataTest, IdxCorrupt) {
  auto with = [&](const std::string &content) {
    write("train-images-idx3-ubyte", content);
    return failure(imageAndLabel);
  };
  const std::string good = idx<uint8_t>(8, {1, 2, 2}, {1, 2, 3, 4});
  const std::string file = "D/train-images-idx3-ubyte: ";
  EXPECT_EQ(with(""), file + "not an IDX file, which begins with two zero bytes");
  EXPECT_EQ(with("PK" + good.substr(2)),
            file + "not an IDX file, which begins with two zero bytes");
  EXPECT_EQ(with(idx<uint8_t>(7, {1, 2, 2}, {1, 2, 3, 4})),
            file + "IDX element type 7, expected 8, 9, 11, 12, 13 or 14");
  EXPECT_EQ(with(good.substr(0, 10)), file + "10 bytes, expected a header of 16 bytes for rank 3");
  EXPECT_EQ(with(good.substr(0, good.size() - 1)),
            file + "3 bytes of data, expected 1 x 2 x 2 elements of u8");
  EXPECT_EQ(with(good + "x"), file + "5 bytes of data, expected 1 x 2 x 2 elements of u8");
  EXPECT_EQ(with(idx<uint8_t>(8, {0, 2, 2}, {})),
            file + "the shape is 0 x 2 x 2, expected at least one element");
  EXPECT_EQ(with(idx<uint8_t>(8, {}, {1})),
            file + "holds a scalar, expected the samples as its first dimension");
  // A product of extents that wraps to the right size in 64 bits, and in 32.
  EXPECT_EQ(with(idx<uint8_t>(8, {0x80000000u, 0x80000000u, 4}, {})),
            file + "0 bytes of data, expected 2147483648 x 2147483648 x 4 elements of u8");
  EXPECT_EQ(with(idx<uint8_t>(8, {0x10000, 0x10000}, {})),
            file + "0 bytes of data, expected 65536 x 65536 elements of u8");
  std::filesystem::remove(path("train-images-idx3-ubyte"));
  std::filesystem::create_directory(path("train-images-idx3-ubyte"));
  EXPECT_EQ(failure(imageAndLabel), file + "not a regular file");
}

TEST_F(DataTest, ShapesCountsAndLabelsMismatch) {
  write("train-images-idx3-ubyte", idx<uint8_t>(8, {1, 2, 2}, {1, 2, 3, 4}));
  write("train-labels-idx1-ubyte", idx<uint8_t>(8, {1}, {3}));
  EXPECT_EQ(failure({{"x", {1, 4, 1}, false, 0}}),
            "D/train-images-idx3-ubyte: a sample is 2 x 2, expected 1 x 4 x 1 for input 'x'");
  EXPECT_EQ(failure({{"x", {5}, false, 0}}),
            "D/train-images-idx3-ubyte: a sample is 2 x 2, expected 5 for input 'x'");
  EXPECT_EQ(failure(imageAndLabel),
            "D/train-labels-idx1-ubyte: label of sample 0 is 3, expected an integer "
            "in 0..2 for input 'labels'; if such labels shall not count: slpc --ignore-index=3, or "
            "ignore_index of the graph's own loss");
  write("train-labels-idx1-ubyte", idx<int8_t>(9, {1}, {-1}));
  EXPECT_EQ(
      failure({imageAndLabel[0], {"y", {}, true, 0}}),
      "D/train-labels-idx1-ubyte: label of sample 0 is -1, expected an integer >= 0 for input 'y'");
  write("train-labels-idx1-ubyte", idx<float>(13, {1}, {0.5f}));
  EXPECT_EQ(failure(imageAndLabel),
            "D/train-labels-idx1-ubyte: label of sample 0 is 0.5, expected an "
            "integer in 0..2 for input 'labels'");
  write("train-labels-idx1-ubyte", idx<uint8_t>(8, {2}, {0, 0}));
  EXPECT_EQ(failure(imageAndLabel), "D/train-labels-idx1-ubyte: 2 samples, expected 1 as in "
                                    "D/train-images-idx3-ubyte");
  write("train-labels-idx1-ubyte", idx<uint8_t>(8, {1, 3}, {0, 0, 1}));
  EXPECT_EQ(failure(imageAndLabel), "D/train-labels-idx1-ubyte: a sample is 3, expected a scalar "
                                    "for input 'labels', a label for each position of the logits; "
                                    "slpc --class-axis=N says which of their dimensions is the "
                                    "classes'");
  EXPECT_EQ(failure({imageAndLabel[0], {"other", {2}, false, 0}}),
            "D: IDX files serve one image and one label input, the graph also has 'other': "
            "expected one NAME.npy per input");
  EXPECT_EQ(failure({imageAndLabel[1]}), "D: the graph has no input for the images");
}

/// What labels, indices and other whole numbers may be, in any kind of file.
TEST_F(DataTest, WholeNumbersOutOfRange) {
  auto of = [](std::string name, std::vector<int64_t> shape, std::vector<int64_t> places) {
    InputSpec spec{std::move(name), std::move(shape), true};
    spec.places = std::move(places);
    return spec;
  };
  auto expect = [&](const InputSpec &spec, const std::string &shape, std::vector<int32_t> values,
                    const std::string &message) {
    write(spec.name + ".npy", npy("<i4", shape, values));
    EXPECT_EQ(failure({spec}), message);
  };
  const InputSpec tokens = of("tokens", {3}, {30});
  expect(tokens, "(2, 3)", {0, -30, 29, 1, 2, 3}, "loaded");
  expect(tokens, "(2, 3)", {0, -30, 29, 1, 2, 30},
         "D/tokens.npy: index [2] of sample 1 is 30, expected an integer in -30..29 for input "
         "'tokens'");
  expect(tokens, "(1, 3)", {-31, 0, 0},
         "D/tokens.npy: index [0] of sample 0 is -31, expected an integer in -30..29 for input "
         "'tokens'");
  // Coordinates take turns.
  const InputSpec pairs = of("pairs", {2, 2}, {5, 3});
  expect(pairs, "(1, 2, 2)", {4, 2, -5, -3}, "loaded");
  expect(pairs, "(1, 2, 2)", {4, 2, 4, 3},
         "D/pairs.npy: index [1, 1] of sample 0 is 3, expected an integer in -3..2 for input "
         "'pairs'");
  // What is a label as well must be both.
  InputSpec both = of("words", {2}, {6});
  both.classes = 4;
  both.ignore = -100;
  expect(both, "(1, 2)", {3, 0}, "loaded");
  expect(both, "(1, 2)", {3, 5},
         "D/words.npy: label [1] of sample 0 is 5, expected an integer in 0..3 or -100 for input "
         "'words'");
  expect(both, "(1, 2)", {3, -100},
         "D/words.npy: index [1] of sample 0 is -100, expected an integer in -6..5 for input "
         "'words'");
  // Numbers of any use.
  InputSpec number{"when", {2}, true};
  number.isNumber = true;
  expect(number, "(1, 2)", {-16777216, 16777216}, "loaded");
  write("when.npy", npy<float>("<f4", "(1, 2)", {1, 1.5f}));
  EXPECT_EQ(failure({number}),
            "D/when.npy: element [1] of sample 0 is 1.5, expected an integer for input 'when'");
}

TEST_F(DataTest, ScaleFileWrong) {
  write("train-images-idx3-ubyte", idx<uint8_t>(8, {1, 2, 2}, {1, 2, 3, 4}));
  for (const char *content : {"", "abc", "0", "-1", "inf", "nan", "16 17", "16x"}) {
    write("scale.txt", content);
    EXPECT_EQ(failure({imageAndLabel[0]}),
              "D/scale.txt: expected one positive number, the divisor of the pixels")
        << content;
  }
}

TEST_F(DataTest, CifarCorrupt) {
  const std::vector<InputSpec> inputs{{"image", {3, 32, 32}, false, 0}, {"y", {}, true, 10}};
  for (int i = 1; i <= 5; ++i)
    write("data_batch_" + std::to_string(i) + ".bin", cifar(1, i));
  EXPECT_EQ(failure(inputs, Split::test), "D/test_batch.bin: no such file");
  write("data_batch_4.bin", cifar(1, 4).substr(1));
  EXPECT_EQ(failure(inputs), "D/data_batch_4.bin: 3072 bytes, expected records of 3073 bytes "
                             "(label, 3 x 32 x 32 pixels)");
  write("data_batch_4.bin", "");
  EXPECT_EQ(failure(inputs), "D/data_batch_4.bin: 0 bytes, expected records of 3073 bytes "
                             "(label, 3 x 32 x 32 pixels)");
  write("data_batch_4.bin", cifar(1, 4) + "\x0a" + cifar(1, 4).substr(1));
  EXPECT_EQ(failure(inputs), "D/data_batch_4.bin: record 1 has label 10, expected 0 to 9");
  std::filesystem::remove(path("data_batch_4.bin"));
  EXPECT_EQ(failure(inputs), "D/data_batch_4.bin: no such file");
}

TEST_F(DataTest, NumpyCorrupt) {
  auto with = [&](const std::string &content) {
    write("x.npy", content);
    return failure(justX);
  };
  const std::string good = npy<float>("<f4", "(1, 2)", {1, 2});
  EXPECT_EQ(with(good), "loaded");
  EXPECT_EQ(with(""), "D/x.npy: not a NumPy file, which begins with \\x93NUMPY");
  EXPECT_EQ(with("PK\3\4 is a zip file, as npz is"),
            "D/x.npy: not a NumPy file, which begins with \\x93NUMPY");
  EXPECT_EQ(with(npy<float>("<f4", "(1, 2)", {1, 2}, 3)),
            "D/x.npy: NumPy file version 3, expected 1 or 2");
  EXPECT_EQ(with(good.substr(0, 30)), "D/x.npy: the file ends within its header of " +
                                          std::to_string(good.size() - 10 - 8) + " bytes");
  EXPECT_EQ(with(npy<float>("<f4", "(1, 2)", {1, 2}, 2).substr(0, 11)),
            "D/x.npy: the file ends within its header");
  EXPECT_EQ(with(npyWithHeader("{'descr': '<f4', 'shape': (1, 2)}", "")),
            "D/x.npy: the header lacks descr, fortran_order or shape");
  for (const char *type : {"<c8", "<U2", "<f16", "|V3", "|O", "<", ""})
    EXPECT_EQ(with(npy<float>(type, "(1, 2)", {1, 2})),
              "D/x.npy: elements are '" + std::string(type) +
                  "', expected f2, f4, f8, i1 to i8, u1 to u8, b1 or bfloat16 (V2)");
  EXPECT_EQ(with(npyWithHeader("{'descr': '<f4', 'fortran_order': 1, 'shape': (1, 2), }",
                               std::string(8, '\0'))),
            "D/x.npy: fortran_order in the header is neither True nor False");
  EXPECT_EQ(with(npyWithHeader("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 2), }",
                               std::string(8, '\0'))),
            "D/x.npy: 8 bytes of data, expected 2 x 2 elements of f32");
  EXPECT_EQ(with(npyWithHeader("{'descr': '>f4', 'fortran_order': True, 'shape': (4294967296, "
                               "4294967296, 4294967296), }",
                               std::string(8, '\0'))),
            "D/x.npy: 8 bytes of data, expected 4294967296 x 4294967296 x 4294967296 elements of "
            "f32");
  for (const char *shape :
       {"(1, 2", "1, 2", "(1 2)", "(a,)", "(-1, 2)", "(99999999999999999999, 2)", "(1,,2)"})
    EXPECT_EQ(with(npy<float>("<f4", shape, {1, 2})),
              "D/x.npy: the shape in the header cannot be read")
        << shape;
  EXPECT_EQ(with(good.substr(0, good.size() - 1)),
            "D/x.npy: 7 bytes of data, expected 1 x 2 elements of f32");
  EXPECT_EQ(with(npy<float>("<f4", "(18446744073709551615, 18446744073709551615)", {1, 2})),
            "D/x.npy: 8 bytes of data, expected 18446744073709551615 x 18446744073709551615 "
            "elements of f32");
  EXPECT_EQ(with(npy<float>("<f4", "()", {1})),
            "D/x.npy: holds a scalar, expected the samples as its first dimension");
}

TEST_F(DataTest, ValuesThatF32CannotHold) {
  auto with = [&](const std::string &content) {
    write("x.npy", content);
    return failure(justX);
  };
  const float inf = std::numeric_limits<float>::infinity();
  EXPECT_EQ(with(npy<float>("<f4", "(1, 2)", {1, inf})),
            "D/x.npy: element 1 is inf, expected a finite f32 value");
  EXPECT_EQ(with(npy<float>("<f4", "(1, 2)", {std::numeric_limits<float>::quiet_NaN(), 0})),
            "D/x.npy: element 0 is nan, expected a finite f32 value");
  EXPECT_NE(with(npy<double>("<f8", "(1, 2)", {0, 1e39})), "loaded");
  EXPECT_EQ(with(npy<uint16_t>("<f2", "(1, 2)", {0x7bff, 0x7c00})),
            "D/x.npy: element 1 is inf, expected a finite f32 value");
  EXPECT_EQ(with(npy<uint16_t>("|V2", "(1, 2)", {0x7f7f, 0x7fc0})),
            "D/x.npy: element 1 is nan, expected a finite f32 value");
  EXPECT_EQ(with(npy<uint64_t>("<u8", "(1, 2)", {0, UINT64_MAX})),
            "D/x.npy: element 1 is 18446744073709551615, expected an integer that f32 represents, "
            "at most 2^24");
  EXPECT_EQ(with(npy<int64_t>("<i8", "(1, 2)", {-(1 << 24), (1 << 24) + 1})),
            "D/x.npy: element 1 is 16777217, expected an integer that f32 represents, at most "
            "2^24");
  EXPECT_NE(with(npy<int64_t>("<i8", "(1, 2)", {std::numeric_limits<int64_t>::min(), 0})),
            "loaded");
}

TEST_F(DataTest, NumpyFileMissing) {
  write("x.npy", npy<float>("<f4", "(1, 2)", {1, 2}));
  EXPECT_EQ(failure({justX[0], {"y", {}, true, 2}}), "D/y.npy: no such file");
  EXPECT_EQ(failure(justX, Split::test), "D/x.test.npy: no such file");
}

} // namespace
