//===- InitialValuesTest.cpp - first values of states -----------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "slp/Emit/InitialValues.h"

#include "ImportModel.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include <cstring>

using namespace slp;
using namespace slp::train;

namespace {

class InitialValues : public ::testing::Test {
protected:
  void SetUp() override {
    context.loadDialect<TrainDialect>();
    llvm::SmallString<128> path;
    ASSERT_FALSE(llvm::sys::fs::createTemporaryFile("values", "bin", path));
    file = path.str().str();
    const float values[3] = {1.5f, -2.0f, 0.25f};
    bytes = "xx" + std::string(reinterpret_cast<const char *>(values), sizeof values);
    std::error_code code;
    llvm::raw_fd_ostream(file, code) << bytes;
    ASSERT_FALSE(code);
  }
  void TearDown() override { llvm::sys::fs::remove(file); }

  FileAttr attribute(uint64_t offset, uint64_t length, unsigned type = 1,
                     std::optional<uint64_t> checksum = std::nullopt) {
    return FileAttr::get(
        &context, llvm::sys::path::filename(file), offset, length, type,
        checksum.value_or(checksumOf(llvm::StringRef(bytes).substr(offset, length))));
  }
  /// The values, or the error without the folder.
  std::vector<float> read(mlir::Attribute init, int64_t count = 3) {
    error.clear();
    mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &d) { error = d.str(); });
    auto type = mlir::RankedTensorType::get(count, mlir::Float32Type::get(&context));
    auto values = readInitialValues(mlir::UnknownLoc::get(&context), "w", type, init,
                                    llvm::sys::path::parent_path(file));
    if (size_t at = error.find(file); at != std::string::npos)
      error.replace(at, file.size(), "FILE");
    return mlir::succeeded(values) ? *values : std::vector<float>();
  }

  mlir::MLIRContext context;
  std::string file, bytes, error;
};

TEST_F(InitialValues, FromFile) {
  EXPECT_EQ(read(attribute(2, 12)), (std::vector<float>{1.5f, -2.0f, 0.25f}));
  EXPECT_EQ(read(attribute(6, 8), 2), (std::vector<float>{-2.0f, 0.25f}));
}

TEST_F(InitialValues, InlineAndZero) {
  auto type = mlir::RankedTensorType::get(3, mlir::Float32Type::get(&context));
  EXPECT_EQ(read(mlir::DenseElementsAttr::get(type, llvm::ArrayRef<float>({1, 2, 3}))),
            (std::vector<float>{1, 2, 3}));
  EXPECT_EQ(read(mlir::Attribute()), (std::vector<float>{0, 0, 0}));
}

TEST_F(InitialValues, Errors) {
  EXPECT_TRUE(read(attribute(2, 8)).empty());
  EXPECT_EQ(error, "initial value of \"w\": expected 12 bytes, found 8");
  EXPECT_TRUE(read(attribute(2, 12, 7)).empty());
  EXPECT_EQ(
      error,
      "initial value of \"w\": expected ONNX data type 1 (float), 10 (float16), 11 (double) or "
      "16 (bfloat16), found 7");
  EXPECT_TRUE(read(attribute(2, 12, 1, 7)).empty());
  EXPECT_EQ(error,
            "initial value of \"w\": FILE: the bytes at offset 2 have changed since the model "
            "was imported");
  EXPECT_TRUE(read(FileAttr::get(&context, llvm::sys::path::filename(file), 4, 12, 1, 0)).empty());
  EXPECT_EQ(error, "initial value of \"w\": FILE: expected 12 bytes at offset 4, the file has 14");
  llvm::sys::fs::remove(file);
  EXPECT_TRUE(read(attribute(2, 12)).empty());
  EXPECT_EQ(error,
            "initial value of \"w\": FILE: No such file or directory; weights are read from the "
            "model file, --params=DIR names its folder");
}

/// The known values of XXH3 64.
TEST(Checksum, IsXxh3) {
  EXPECT_EQ(checksumOf(""), 0x2d06800538d394c2u);
  EXPECT_EQ(checksumOf("a"), 0xe6c632b61e964e1fu);
  EXPECT_EQ(checksumOf("abc"), 0x78af5f94892f3950u);
}

} // namespace
