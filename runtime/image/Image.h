//===- Image.h - the binary that slpc writes and slp-sim loads --------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// An image as a value, and its ELF64 file. Written by lib/Emit and slp-as, read by exec, slp-dis
// and slp-verify. Sections: .text (128-bit words), .desc (descriptor table), .data (initial state),
// .bss (zero state and temporaries), .symtab/.strtab (entry points, named tensors), .note.slp
// (version, hashes, schema), .slp.chip (chip description) and .slp.debug (neither loaded).
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_IMAGE_IMAGE_H
#define RUNTIME_IMAGE_IMAGE_H

#include "runtime/api/Result.h"
#include "runtime/isa/Addresses.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace slp::image {

/// e_machine of our files, from the range nobody has registered.
constexpr uint16_t elfMachine = 0x5c1f;
constexpr uint32_t formatVersion = 9;

/// `copy`: a state's compute copy, which the program writes with the state and the machine whenever
/// the host does.
enum class Role : uint8_t { input, output, state, temp, constant, copy };

/// A named tensor in DRAM: row by row, with any strides, or in a layout with exactly its strides.
struct Tensor {
  std::string name; // the ONNX name, or NODE/result for temporaries
  Role role = Role::temp;
  mach::Format format{};          // f32
  std::vector<int64_t> shape;     // logical, as in the train IR
  std::vector<int64_t> strides;   // bytes, one per dimension of shape; of a layout's channels those
                                  // of blocks
  uint64_t address = 0;           // DRAM, bytes
  uint64_t bytes = 0;             // extent in memory
  std::vector<uint8_t> init;      // state and constant: initial bytes as in memory; empty: zero
  int8_t bias = 0;                // shared exponent bias
  std::string copyOf;             // role copy: the state that it holds, rounded,
  mach::StoreRounding rounding{}; // and how: not as the chip does, without random numbers
  mach::Layout layout{};          // row_major

  /// Where elements lie, from the address on; of compressed formats as if they had one code each.
  mach::AddressMap map() const;
};

struct NamedDescriptor {
  std::string name;
  mach::TensorTile tile;
};

struct Entry {
  std::string name; // init, step, eval
  uint64_t pc = 0;  // instruction index
};

/// What an instruction is for; one per instruction, by index.
struct DebugRecord {
  int32_t node = -1; // index into Debug::nodes, or -1
  int8_t phase = -1; // 0 fp, 1 bp, 2 wg, 3 up, or -1
  /// Indices into Debug::captures, one per destination of the instruction in field order; -1: not a
  /// train tensor.
  int32_t capture[3] = {-1, -1, -1};
};

/// Whether a tensor may saturate on purpose, because a softmax makes 0 of it (docs/slp-sim.md).
enum class Masking : uint8_t {
  none,
  mask,  // it is a mask
  scores // it is what a mask was added to, or selected in: it may saturate downwards
};

/// A train tensor that an instruction produces. The row-major linear index over the extents of the
/// destination's descriptor is the row-major linear index of the train tensor.
struct Capture {
  std::string tensor;         // name in the train IR
  std::vector<int64_t> shape; // in the train IR
  mach::Format format{};      // f32
  bool accumulator = false;   // lives in acc: the accumulator's own format, compared as values
  Masking masking = Masking::none;
};

/// A train tensor that no instruction produces, and why (a pass recorded it).
struct Elided {
  std::string tensor, reason;
};

struct Debug {
  std::vector<std::string> nodes; // ONNX node names
  std::vector<std::string> ops;   // train op of each node name index, e.g. "train.conv"
  std::vector<DebugRecord> records;
  std::vector<Capture> captures;
  std::vector<Elided> elided;
};

/// A number that the host gives at run time, by the name of its flag ("lr"), and what it is if
/// the user says nothing.
struct RuntimeNumber {
  std::string name;
  double value = 0;
};

/// An input of whole numbers that a loss takes for classes.
struct LabelInput {
  std::string tensor;            // an input in i32
  int64_t classes = 0;           // labels are 0 to classes - 1
  std::optional<int32_t> ignore; // a label that does not count, whether it is a class or not
};

/// Data are numbers in FP32, which has all integers up to this one.
constexpr int64_t maxIndexedPlaces = int64_t(1) << 24;

/// An input of whole numbers that name places of tensors.
struct IndexInput {
  std::string tensor;         // an input in i32
  std::vector<int64_t> sizes; // element e is -n to n - 1, n = sizes[e mod number of sizes]
};

/// What the host may take the entry points' tensors for (docs/image.md). An empty name: there is no
/// such tensor.
struct Contract {
  std::string loss;                 // of one element, after `step` and `accumulate`: it is trained
  std::string evalLoss;             // of one element, after `eval`: the mean over its batch
  std::string logits;               // after `eval`
  std::vector<int64_t> logitsShape; // as the model has it; in memory it may be another one
  int64_t classAxis = -1;           // dimension of logitsShape; -1: the logits are no classes
  std::string labels;               // input with a class for each position of the logits
  std::string targets;              // input with a number for each element of the logits
  std::vector<LabelInput> labelInputs; // `labels` among them
  std::vector<IndexInput> indexInputs;
};

struct Image {
  std::string chipName;        // "lnpu"
  uint64_t chipHash = 0;       // Chip::structureHash of the description compiled for
  uint64_t ratesHash = 0;      // Chip::ratesHash of it
  std::string chipDescription; // Chip::description of it, see Description.h
  std::string modelName;       // file name of the model, without folder
  uint64_t modelHash = 0;      // of what the model computes, without its numbers; 0: not known
  int64_t batch = 0;
  double lossScale = 1;       // static
  std::string lossScaleState; // of dynamic loss scaling: scale, good steps, held steps, held
  std::string optimizer;      // "sgd", ...; empty: none, or nothing is known of it
  int64_t microBatches = 1;   // runs of `accumulate` and `step` that make up one training step
  std::vector<RuntimeNumber> numbers; // those that the optimizer takes
  std::vector<mach::Word> text;
  std::vector<NamedDescriptor> descriptors;
  std::vector<Tensor> tensors; // ascending address
  std::vector<Entry> entries;
  Contract contract;
  Debug debug;

  const Tensor *findTensor(std::string_view name) const;
  const Entry *findEntry(std::string_view name) const;
};

/// Checks that everything an image says of itself agrees: instructions decode, descriptor and
/// branch targets exist, tensors do not overlap, entries lie in the text, the contract names
/// tensors that fit, debug records match. The message names the first disagreement.
Status verify(const Image &image);

/// Serialises to ELF64, little endian. The same image gives the same bytes on any host.
Result<std::vector<uint8_t>> serialize(const Image &image);
Result<Image> deserialize(const std::vector<uint8_t> &bytes, const std::string &where);

/// Writes to a temporary file beside `path` and renames it, so that no partial file is left behind.
Status writeFile(const Image &image, const std::string &path);
/// Reads and verifies. Messages name the path.
Result<Image> readFile(const std::string &path);

} // namespace slp::image

#endif // RUNTIME_IMAGE_IMAGE_H
