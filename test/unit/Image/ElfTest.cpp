//===- ElfTest.cpp - images survive being files, damaged files are refused --------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "ExampleImage.h"
#include "runtime/isa/FormatFp8.h.inc"
#include "runtime/isa/FormatU8.h.inc"
#include "runtime/isa/SpaceSpm.h.inc"

#include "gtest/gtest.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <dirent.h>
#include <elf.h>
#include <random>
#include <set>
#include <unistd.h>

using namespace slp;
using namespace slp::image;

namespace {

std::vector<uint8_t> bytesOf(const Image &image) {
  Result<std::vector<uint8_t>> bytes = serialize(image);
  EXPECT_TRUE(bytes.ok()) << bytes.message();
  return bytes.ok() ? bytes.take() : std::vector<uint8_t>();
}

std::string messageOf(const std::vector<uint8_t> &bytes) {
  Result<Image> image = deserialize(bytes, "my.elf");
  EXPECT_FALSE(image.ok());
  std::string message = image.ok() ? "accepted" : image.message();
  EXPECT_EQ(message.compare(0, 8, "my.elf: "), 0) << message;
  EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  return message;
}

/// A directory of its own that is gone at the end.
struct Scratch {
  std::string path;
  Scratch() {
    path = testing::TempDir() + "slp-image-test-XXXXXX";
    mkdtemp(path.data());
  }
  ~Scratch() {
    for (const std::string &file : files())
      std::remove((path + "/" + file).c_str());
    rmdir(path.c_str());
  }
  std::set<std::string> files() const {
    std::set<std::string> names;
    DIR *dir = opendir(path.c_str());
    while (dirent *entry = readdir(dir))
      if (entry->d_name[0] != '.')
        names.insert(entry->d_name);
    closedir(dir);
    return names;
  }
};

void overwrite(const std::string &path, const std::vector<uint8_t> &bytes) {
  std::FILE *file = std::fopen(path.c_str(), "wb");
  ASSERT_TRUE(file);
  ASSERT_EQ(std::fwrite(bytes.data(), 1, bytes.size(), file), bytes.size());
  std::fclose(file);
}

} // namespace

// Property: the writer and the reader are inverses, and the bytes are a function of the image.
TEST(Elf, RoundTrip) {
  Image image = exampleImage();
  std::vector<uint8_t> bytes = bytesOf(image);
  EXPECT_EQ(bytes, bytesOf(image));
  Result<Image> back = deserialize(bytes, "my.elf");
  ASSERT_TRUE(back.ok()) << back.message();
  EXPECT_EQ(bytesOf(*back), bytes);
  EXPECT_EQ(back->chipName, "lnpu");
  EXPECT_EQ(back->chipHash, 0x0123456789abcdefu);
  EXPECT_EQ(back->ratesHash, 0x00f0e0d0c0b0a090u);
  EXPECT_EQ(back->chipDescription, image.chipDescription);
  EXPECT_EQ(back->modelName, "small.onnx");
  EXPECT_EQ(back->modelHash, 0xfedcba9876543210u);
  EXPECT_EQ(back->batch, 2);
  EXPECT_EQ(back->lossScale, 1024);
  EXPECT_EQ(back->text, image.text);
  ASSERT_EQ(back->tensors.size(), image.tensors.size());
  for (size_t i = 0; i < image.tensors.size(); ++i) {
    const Tensor &a = image.tensors[i], &b = back->tensors[i];
    EXPECT_EQ(a.name, b.name);
    EXPECT_EQ(a.role, b.role);
    EXPECT_EQ(a.format, b.format);
    EXPECT_EQ(a.shape, b.shape);
    EXPECT_EQ(a.strides, b.strides);
    EXPECT_EQ(a.address, b.address);
    EXPECT_EQ(a.bytes, b.bytes);
    EXPECT_EQ(a.init, b.init);
  }
  ASSERT_EQ(back->descriptors.size(), image.descriptors.size());
  for (size_t i = 0; i < image.descriptors.size(); ++i) {
    EXPECT_EQ(back->descriptors[i].name, image.descriptors[i].name);
    EXPECT_EQ(back->descriptors[i].tile, image.descriptors[i].tile);
  }
  ASSERT_TRUE(back->findEntry("step"));
  EXPECT_EQ(back->findEntry("step")->pc, 1u);
  EXPECT_EQ(back->findEntry("stop"), nullptr);
  EXPECT_EQ(back->contract.loss, "loss");
  EXPECT_EQ(back->contract.evalLoss, "eval:loss");
  EXPECT_EQ(back->contract.logits, "logits");
  EXPECT_EQ(back->contract.logitsShape, (std::vector<int64_t>{2, 12, 1}));
  EXPECT_EQ(back->contract.classAxis, 1);
  EXPECT_EQ(back->contract.labels, "labels");
  EXPECT_EQ(back->contract.targets, "");
  ASSERT_EQ(back->contract.labelInputs.size(), 1u);
  EXPECT_EQ(back->contract.labelInputs[0].classes, 12);
  EXPECT_EQ(back->contract.labelInputs[0].ignore, -100);
  ASSERT_EQ(back->contract.indexInputs.size(), 1u);
  EXPECT_EQ(back->contract.indexInputs[0].tensor, "labels");
  EXPECT_EQ(back->contract.indexInputs[0].sizes, (std::vector<int64_t>{7}));
  ASSERT_EQ(back->debug.captures.size(), 1u);
  EXPECT_EQ(back->debug.captures[0].masking, Masking::scores);
  ASSERT_TRUE(back->findTensor("velocity"));
  EXPECT_EQ(back->findTensor("velocity")->address, 256u);
  EXPECT_EQ(back->debug.nodes, image.debug.nodes);
  EXPECT_EQ(back->debug.ops, image.debug.ops);
  ASSERT_EQ(back->debug.records.size(), image.debug.records.size());
  EXPECT_EQ(back->debug.records[8].node, 1);
  EXPECT_EQ(back->debug.records[8].phase, 0);
  EXPECT_EQ(back->debug.records[8].capture[0], 0);
  EXPECT_EQ(back->debug.captures.at(0).tensor, "y");
  EXPECT_TRUE(back->debug.captures.at(0).accumulator);
  EXPECT_EQ(back->debug.elided.at(0).reason, "folded into y");
}

TEST(Elf, SmallestImage) {
  Image image;
  image.chipName = "lnpu";
  image.chipDescription = "\n";
  image.modelName = "none";
  image.batch = 1;
  std::vector<uint8_t> bytes = bytesOf(image);
  Result<Image> back = deserialize(bytes, "my.elf");
  ASSERT_TRUE(back.ok()) << back.message();
  EXPECT_EQ(bytesOf(*back), bytes);
}

// Property: random tensors with and without initial values, near and far, come back as they were.
TEST(Elf, RandomTensorsRoundTrip) {
  std::mt19937 random(7);
  for (int trial = 0; trial < 50; ++trial) {
    Image image = exampleImage();
    image.tensors.clear();
    image.contract = Contract();
    image.descriptors.back().tile = coreTile(mach::format::fp8, mach::space::spm);
    uint64_t address = random() % 3;
    for (int i = 0; i < 40; ++i) {
      Tensor t{"t" + std::to_string(i), Role::state, mach::format::u8, {}, {}, address, 0, {}};
      t.bytes = 1 + random() % 100;
      t.shape = {int64_t(t.bytes)};
      t.strides = {1};
      if (random() % 2)
        for (uint64_t b = 0; b < t.bytes; ++b)
          t.init.push_back(uint8_t(random()));
      address += t.bytes + (random() % 4 == 0 ? random() % 10000 : random() % 2);
      image.tensors.push_back(std::move(t));
    }
    std::vector<uint8_t> bytes = bytesOf(image);
    Result<Image> back = deserialize(bytes, "my.elf");
    ASSERT_TRUE(back.ok()) << back.message();
    for (size_t i = 0; i < image.tensors.size(); ++i)
      EXPECT_EQ(back->tensors[i].init, image.tensors[i].init);
    EXPECT_EQ(bytesOf(*back), bytes);
  }
}

// Property: whatever happens to one byte, the file is refused or the image is the same.
TEST(Elf, EveryFlippedByteIsHarmlessOrRefused) {
  const std::vector<uint8_t> bytes = bytesOf(exampleImage());
  size_t refused = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    for (uint8_t flip : {0x01, 0x80, 0xff}) {
      std::vector<uint8_t> damaged = bytes;
      damaged[i] ^= flip;
      Result<Image> image = deserialize(damaged, "my.elf");
      if (image.ok())
        ASSERT_EQ(bytesOf(*image), bytes) << "byte " << i;
      else
        ++refused;
    }
  }
  EXPECT_GT(refused, bytes.size()); // most of a file matters
}

TEST(Elf, EveryTruncationIsRefused) {
  const std::vector<uint8_t> bytes = bytesOf(exampleImage());
  for (size_t size = 0; size < bytes.size(); ++size) {
    std::string message = messageOf({bytes.begin(), bytes.begin() + ptrdiff_t(size)});
    if (size >= 4) {
      EXPECT_NE(message.find("truncated"), std::string::npos) << message;
    }
  }
}

// Property: random damage in many places never crashes, hostile lengths in the notes included.
TEST(Elf, RandomDamageNeverCrashes) {
  const std::vector<uint8_t> bytes = bytesOf(exampleImage());
  std::mt19937 random(11);
  for (int trial = 0; trial < 20000; ++trial) {
    std::vector<uint8_t> damaged = bytes;
    for (unsigned n = 1 + random() % 8; n > 0; --n)
      damaged[random() % damaged.size()] = random() % 2 ? uint8_t(random()) : 0xff;
    Result<Image> image = deserialize(damaged, "my.elf");
    if (image.ok()) {
      ASSERT_EQ(bytesOf(*image), bytes);
    }
  }
}

TEST(Elf, RefusesOtherFiles) {
  EXPECT_EQ(messageOf({}), "my.elf: not an ELF file");
  EXPECT_EQ(messageOf({'P', 'K', 3, 4}), "my.elf: not an ELF file");
  std::vector<uint8_t> bytes = bytesOf(exampleImage());
  std::vector<uint8_t> other = bytes;
  other[offsetof(Elf64_Ehdr, e_machine)] = EM_X86_64;
  other[offsetof(Elf64_Ehdr, e_machine) + 1] = 0;
  EXPECT_EQ(messageOf(other), "my.elf: built for machine 0x3e, expected 0x5c1f");
  other = bytes;
  other[EI_CLASS] = ELFCLASS32;
  EXPECT_EQ(messageOf(other), "my.elf: not a 64-bit little-endian ELF file");
  other = bytes;
  other[EI_DATA] = ELFDATA2MSB;
  EXPECT_EQ(messageOf(other), "my.elf: not a 64-bit little-endian ELF file");
}

TEST(Elf, RefusesOtherVersionsAndWrongSums) {
  std::vector<uint8_t> bytes = bytesOf(exampleImage());
  // The header note's content begins behind three numbers and the padded owner.
  const char owner[] = {'S', 'L', 'P', 'C', 0, 0, 0, 0};
  auto at = std::search(bytes.begin(), bytes.end(), std::begin(owner), std::end(owner));
  ASSERT_NE(at, bytes.end());
  size_t version = size_t(at - bytes.begin()) + 8;
  std::vector<uint8_t> other = bytes;
  other[version] = formatVersion - 1;
  EXPECT_EQ(messageOf(other), "my.elf: image format version 8, this program reads 9");
  other = bytes;
  other[version + 4] ^= 1;
  EXPECT_NE(messageOf(other).find("corrupt: the checksum is 0x"), std::string::npos);
}

TEST(Elf, InconsistentImagesAreNotWritten) {
  Image image = exampleImage();
  image.batch = 0;
  Result<std::vector<uint8_t>> bytes = serialize(image);
  ASSERT_FALSE(bytes.ok());
  EXPECT_EQ(bytes.message(), "the batch is 0, expected at least 1");
  Scratch scratch;
  Status status = writeFile(image, scratch.path + "/x.elf");
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.message(),
            scratch.path + "/x.elf: not written: the batch is 0, expected at least 1");
  EXPECT_TRUE(scratch.files().empty());
}

TEST(Elf, FilesAppearWholeOrNotAtAll) {
  Scratch scratch;
  std::string path = scratch.path + "/x.elf";
  Status status = writeFile(exampleImage(), path);
  ASSERT_TRUE(status.ok()) << status.message();
  EXPECT_EQ(scratch.files(), std::set<std::string>{"x.elf"});
  ASSERT_TRUE(writeFile(exampleImage(), path).ok()); // replaces
  Result<Image> image = readFile(path);
  ASSERT_TRUE(image.ok()) << image.message();
  EXPECT_EQ(bytesOf(*image), bytesOf(exampleImage()));

  status = writeFile(exampleImage(), scratch.path + "/no/x.elf");
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.message(), scratch.path + "/no/x.elf: cannot write: No such file or directory");
  // A full device: the message names the path, and the device stays a device.
  status = writeFile(exampleImage(), "/dev/full");
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.message(), "/dev/full: cannot write: No space left on device");

  Result<Image> absent = readFile(scratch.path + "/absent.elf");
  ASSERT_FALSE(absent.ok());
  EXPECT_EQ(absent.message(), scratch.path + "/absent.elf: cannot read: No such file or directory");
  Result<Image> directory = readFile(scratch.path);
  ASSERT_FALSE(directory.ok());
  EXPECT_EQ(directory.message(), scratch.path + ": cannot read: Is a directory");
  overwrite(path, {'h', 'e', 'l', 'l', 'o'});
  Result<Image> text = readFile(path);
  ASSERT_FALSE(text.ok());
  EXPECT_EQ(text.message(), path + ": not an ELF file");
}
