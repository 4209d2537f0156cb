//===- Machine.h - executes images, bit by bit ------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The functional half of the simulator: memories, registers, queues, values. It knows nothing of
// time: it reports what each instruction did to an Observer, from which runtime/timing and
// runtime/energy work.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_EXEC_MACHINE_H
#define RUNTIME_EXEC_MACHINE_H

#include "runtime/api/Result.h"
#include "runtime/chips/Chip.h"
#include "runtime/exec/MacItems.h"
#include "runtime/image/Image.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace slp::exec {

/// Room for the values of mach::Space; a new one changes no header that all include.
constexpr size_t maxSpaces = 8;

/// What one core did in one instruction. Zero where it does not apply.
struct CoreWork {
  uint64_t macs = 0;     // terms inside the extents, padding excluded; what a dense array computes
  uint64_t zeroMacs = 0; // of those, with at least one zero operand
  // Of macs, those that are not computed: their streamed operand is zero and skipped, or their dot
  // group is closed for all outputs of its item.
  uint64_t skippedMacs = 0;
  uint64_t gatedMacs = 0,
           groupedMacs = 0; // of macs: closed by a gate; by a weight group and no gate
  uint64_t wideMacs = 0, bothWideMacs = 0; // with mixed operands: of macs that are not skipped,
                                           // those with an operand that is FP16, and with two
  uint64_t elements = 0;                   // vector: results produced
  uint64_t operations = 0;               // vector: lane operations (elements times the work of one)
  uint64_t bytesRead[maxSpaces] = {};    // by Space
  uint64_t bytesWritten[maxSpaces] = {}; // by Space; dram counts whole bursts
  uint64_t dramUsefulBytes = 0; // what the elements themselves take, without rounding to bursts
  uint64_t macSlots =
      0;          // MAC: dot slots offered: groups of the dot width, ragged ones counted whole
  MacItems items; // MAC: what the lines of PEs do
};

/// One issued instruction. `work` has one entry per core in `mask` (ascending), except for a
/// multicast load and for instructions outside the per-core engines, which have one.
struct Event {
  uint64_t pc = 0;
  mach::Opcode opcode{};
  mach::Engine engine{}; // resolved, also for wait and signal
  uint64_t mask = 0;     // cores concerned; 1 where none is named
  bool multicast = false;
  bool joint = false;    // one piece of work of all cores: one entry of `work`
  bool fp16 = false;     // MAC: an operand is fp16
  mach::Bank bank{};     // wait, signal
  uint8_t semaphore = 0; // the same
  uint8_t count = 0;
  std::vector<CoreWork> work;
};

/// Called for every instruction in program order, after its values are final.
class Observer {
public:
  virtual ~Observer() = default;
  virtual void issued(const Event &event) = 0;
};

/// Called by capture: values of the tile just produced, in logical row-major order of the clipped
/// tile.
class Capturer {
public:
  virtual ~Capturer() = default;
  /// `linear[i]` is the row-major index in the train tensor, `values[i]` the element (any format
  /// widened exactly).
  virtual void captured(const image::Capture &what, uint64_t pc, const std::vector<int64_t> &linear,
                        const std::vector<float> &values) = 0;
};

/// Exact numeric event counts per captured tensor name.
struct TensorEvents {
  std::string tensor;
  num::Events events;
};

/// What all elements of a tensor have in common.
enum class Extreme {
  none,   // nothing
  zeros,  // all are zero
  limits, // others are not zero: each of them the largest of its format, or Inf or NaN
};

/// Registers h0 to h9 are the host's; what a program puts into the others ends with its run.
constexpr int hostNumbers = 10;

/// Instructions that one run of an entry point may issue. No program runs for ever, loops count,
/// but eight nested ones count for longer than anybody waits; a training step of VGG-16 has less
/// than a hundredth of this.
constexpr int64_t defaultInstructions = 1'000'000'000;

/// What decides about the work of an element (docs/compressed.md): of a mixed tensor, what is FP16
/// is `wide`; every other element that is not zero is `narrow`.
enum class ElementClass : uint8_t { zero, narrow, wide };

/// What a run does with values.
enum class Values {
  computed,
  /// Transfers and MAC instructions are checked and counted, and neither move nor compute. Events
  /// are the same but for zeros, which nobody sees: `zeroMacs` and what is skipped are 0. They come
  /// in a fraction of the time. The run fails where they would depend on values: at a compressed
  /// operand, and at `lds`.
  absent,
  /// Tensors in DRAM hold what `writeClasses` has put there, and keep it: transfers to the chip
  /// move it, nothing is stored, multiplied or rounded. What MAC instructions skip, and what loads
  /// of compressed tensors move, is what it is with values of these classes. A store to a
  /// compressed tensor counts as one that changes nothing. The run fails at `lds`.
  classes
};

/// What the check of a run's order finds wrong: the kinds of docs/check-order.md.
enum class OrderFault {
  unwritten,
  stale,
  overtaking,
  transfer,
  missingCredit,
  surplusCredit,
  crossedSemaphore
};

struct Options {
  int threads = 0; // host threads, 0: all; the result does not depend on it
  Observer *observer = nullptr;
  Capturer *capturer = nullptr;
  /// 0: instructions execute in program order. Otherwise engines run their queues in a random legal
  /// interleaving with this seed, blocked only by semaphores and fences: a correctly synchronised
  /// program gives the same bits. Tests only.
  uint64_t interleaveSeed = 0;
  uint64_t maxInstructions = defaultInstructions; // the run fails beyond them
  Values values = Values::computed;
  /// The run fails at the first access that nothing orders with another one (docs/check-order.md),
  /// whatever the interleaving. Not with an interleaveSeed.
  bool checkOrder = false;
};

class Machine {
public:
  /// Refuses an image whose structure hash differs from the chip's, or that needs a feature the
  /// chip lacks (names it). `path` says which build of the inner loops runs, refused if the host
  /// lacks it; results do not depend on it.
  static Result<std::unique_ptr<Machine>> create(const chip::Chip &chip, const image::Image &image,
                                                 num::HostPath path = num::bestPath());
  ~Machine();

  /// Runs an entry point to `halt`. A fault's message has the instruction's text, its index, the
  /// ONNX node, and the queues' state where it matters.
  ///
  /// An image with an entry point `sync` keeps states on the chip from run to run: what host and
  /// image hold in DRAM is brought there by `init` before the first run and after a write, and
  /// `sync` writes it back behind each run, both unseen by observer and capturer.
  Status run(std::string_view entry, const Options &options);

  /// Writes a tensor from values in row-major order: f32 and i32 tensors are stored as they are,
  /// fp16 and fp8 values must be representable (else an error naming the first that is not).
  /// `values` are floats, or labels as floats. A state's compute copy follows it; an error for a
  /// copy itself.
  Status write(std::string_view tensor, const std::vector<float> &values);
  /// Whether `write` would succeed; nothing is written.
  Status checkValues(std::string_view tensor, const std::vector<float> &values) const;
  Result<std::vector<float>> read(std::string_view tensor) const;
  /// Reads a tensor up to the first element that is neither zero nor at the limit of its format.
  Result<Extreme> extremeOf(std::string_view tensor) const;
  /// How many elements of a tensor are the largest number of its format, or more.
  Result<uint64_t> countLargest(std::string_view tensor) const;
  /// The class of each element, row-major; of whole numbers `narrow` but where they are 0.
  Result<std::vector<ElementClass>> classesOf(std::string_view tensor) const;
  /// Puts elements of these classes in the place of a tensor's; `wide` only into a mixed one. For
  /// runs with Values::classes.
  Status writeClasses(std::string_view tensor, const std::vector<ElementClass> &classes);
  /// Sets one of h0 to h9, which keep their values from run to run. What each means: Hyper.h of
  /// runtime/api.
  void setHyper(int index, float value);
  /// Counts since creation, in order of capture index.
  std::vector<TensorEvents> events() const;
  /// What Options::checkOrder found in the last run that had it; empty if that run did not fail for
  /// it.
  std::optional<OrderFault> orderFault() const;

private:
  Machine();
  /// That entry point and no other.
  Status runEntry(std::string_view entry, const Options &options);
  /// Gives a compute copy the value of its state, rounded.
  Status makeCopy(const image::Tensor &copy);
  struct Impl;
  std::unique_ptr<Impl> impl;
};

} // namespace slp::exec

#endif // RUNTIME_EXEC_MACHINE_H
