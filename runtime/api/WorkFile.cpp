//===- WorkFile.cpp - what a step did, without values -----------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Numbers are written seven bits a byte, the lowest first. An event has the distance from the last
// one's instruction, flags, and what the instruction's text does not say; the work of a core that
// is that of the core before, which is the rule, takes a byte.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/api/WorkFile.h"

#include "runtime/isa/EnumEngine.h.inc"
#include "runtime/isa/Instructions.h"

#include <algorithm>
#include <cstring>

namespace slp::api {
namespace {

constexpr char magic[] = {'S', 'L', 'P', 'C', 'W', 'O', 'R', 'K'};
constexpr uint32_t version = 2;
/// Items of a core in one instruction: more than any accumulator memory has sums.
constexpr uint64_t mostItems = uint64_t(1) << 24;

enum Flag : uint8_t { multicast = 1, joint = 2, fp16 = 4 };
enum class WorkKind : uint8_t { same, other };

/// FNV-1a of the program, to tell recordings of another one.
uint64_t programOf(const image::Image &image) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const mach::Word &word : image.text)
    for (size_t i = 0; i < sizeof word; ++i)
      hash = (hash ^ reinterpret_cast<const uint8_t *>(&word)[i]) * 0x100000001b3;
  return hash;
}

void writeNumber(image::ByteWriter &w, uint64_t value) {
  for (; value >= 0x80; value >>= 7)
    w.u8(uint8_t(value) | 0x80);
  w.u8(uint8_t(value));
}

uint64_t readNumber(image::ByteReader &r) {
  uint64_t value = 0;
  for (int shift = 0; shift < 64 && r.ok(); shift += 7) {
    uint8_t byte = r.u8();
    value |= uint64_t(byte & 0x7f) << shift;
    if (byte < 0x80)
      break;
  }
  return value;
}

/// The numbers of a CoreWork but for its items, in the order of the file.
template <typename Work, typename F> void forNumbers(Work &work, F f) {
  for (auto *number :
       {&work.macs, &work.zeroMacs, &work.skippedMacs, &work.gatedMacs, &work.groupedMacs,
        &work.wideMacs, &work.bothWideMacs, &work.elements, &work.operations, &work.dramUsefulBytes,
        &work.macSlots, &work.items.repeats})
    f(*number);
  for (size_t i = 0; i < exec::maxSpaces; ++i) {
    f(work.bytesRead[i]);
    f(work.bytesWritten[i]);
  }
}

/// The same of equal items.
template <typename Run, typename F> void forItemNumbers(Run &run, F f) {
  for (auto *number :
       {&run.count, &run.elements, &run.groups, &run.skipped, &run.closed, &run.closedGroups})
    f(*number);
}

bool isSame(const exec::CoreWork &a, const exec::CoreWork &b) {
  std::vector<uint64_t> ofA, ofB;
  forNumbers(a, [&](uint64_t n) { ofA.push_back(n); });
  forNumbers(b, [&](uint64_t n) { ofB.push_back(n); });
  return ofA == ofB && a.items.isSkipping == b.items.isSkipping && a.items.runs == b.items.runs;
}

/// What is wrong with the items; empty if nothing is.
std::string checkItems(const exec::CoreWork &work) {
  uint64_t count = 0;
  for (const exec::MacItemRun &run : work.items.runs) {
    if (run.skipped > run.elements || run.closed > run.elements - run.skipped ||
        run.closedGroups > run.groups)
      return "an item skips more than it has";
    count += std::min(run.count, mostItems + 1);
  }
  if (count > mostItems || work.items.repeats > mostItems / std::max<uint64_t>(count, 1))
    return "an instruction has more than 2^24 items on a core";
  if (work.skippedMacs > work.macs || work.gatedMacs > work.macs ||
      work.groupedMacs > work.macs - work.gatedMacs ||
      work.wideMacs > work.macs - work.skippedMacs || work.bothWideMacs > work.wideMacs)
    return "an instruction has more multiplications of a kind than in all";
  return "";
}

exec::CoreWork readWork(image::ByteReader &r) {
  exec::CoreWork work;
  forNumbers(work, [&](uint64_t &n) { n = readNumber(r); });
  work.items.isSkipping = r.u8() != 0;
  uint64_t runs = readNumber(r);
  for (uint64_t i = 0; i < runs && r.ok(); ++i) {
    exec::MacItemRun run;
    forItemNumbers(run, [&](uint64_t &n) { n = readNumber(r); });
    work.items.runs.push_back(run);
  }
  return work;
}

} // namespace

void WorkRecorder::begin() {
  events.bytes.clear();
  count = pc = 0;
  last = {};
}

void WorkRecorder::issued(const exec::Event &event) {
  auto distance = static_cast<int64_t>(event.pc - pc);
  pc = event.pc;
  ++count;
  writeNumber(events, uint64_t(distance) << 1 ^ uint64_t(distance >> 63)); // small for either sign
  events.u8((event.multicast ? multicast : 0) | (event.joint ? joint : 0) |
            (event.fp16 ? fp16 : 0));
  events.u8(uint8_t(event.engine));
  writeNumber(events, event.mask);
  events.u8(uint8_t(event.bank));
  events.u8(event.semaphore);
  events.u8(event.count);
  writeNumber(events, event.work.size());
  for (const exec::CoreWork &work : event.work) {
    bool same = isSame(work, last);
    events.u8(uint8_t(same ? WorkKind::same : WorkKind::other));
    if (same)
      continue;
    forNumbers(work, [&](uint64_t n) { writeNumber(events, n); });
    events.u8(work.items.isSkipping);
    writeNumber(events, work.items.runs.size());
    for (const exec::MacItemRun &run : work.items.runs)
      forItemNumbers(run, [&](uint64_t n) { writeNumber(events, n); });
    last = work;
  }
}

std::vector<uint8_t> WorkRecorder::take() const {
  image::ByteWriter w;
  w.bytes.assign(std::begin(magic), std::end(magic));
  w.u32(version);
  w.u64(programOf(image));
  w.u64(count);
  w.bytes.insert(w.bytes.end(), events.bytes.begin(), events.bytes.end());
  return std::move(w.bytes);
}

Status replayWork(const std::vector<uint8_t> &recording, const image::Image &image,
                  const std::string &where, exec::Observer &observer) {
  auto fail = [&](const std::string &what) { return Error{where + ": " + what}; };
  if (recording.size() < sizeof magic || std::memcmp(recording.data(), magic, sizeof magic) != 0)
    return fail("is no recording of slp-sim --record");
  image::ByteReader r(recording.data() + sizeof magic, recording.size() - sizeof magic);
  if (uint32_t found = r.u32(); found != version)
    return fail("recording version " + std::to_string(found) + ", this program reads " +
                std::to_string(version));
  if (r.u64() != programOf(image))
    return fail("is a recording of another program than the image has");
  uint64_t pc = 0;
  exec::CoreWork last;
  for (uint64_t left = r.u64(); left > 0; --left) {
    uint64_t folded = readNumber(r);
    pc += (folded >> 1) ^ (0 - (folded & 1));
    Result<mach::Instruction> instr =
        r.ok() && pc < image.text.size() ? mach::decode(image.text[pc]) : Error{"none"};
    if (!instr)
      return fail("corrupt: an event is of no instruction");
    exec::Event event;
    event.pc = pc;
    event.opcode = instr->opcode();
    uint8_t flags = r.u8();
    event.multicast = flags & multicast;
    event.joint = flags & joint;
    event.fp16 = flags & fp16;
    event.engine = mach::Engine(r.u8());
    event.mask = readNumber(r);
    event.bank = mach::Bank(r.u8());
    event.semaphore = r.u8();
    event.count = r.u8();
    uint64_t works = readNumber(r);
    if (!r.ok() || works > 64 || event.mask == 0 || event.semaphore >= 64 ||
        uint8_t(event.bank) > 1 || !mach::isEngine(uint64_t(event.engine)))
      return fail("corrupt: event " + std::to_string(left) + " from the end is none");
    for (uint64_t i = 0; i < works; ++i) {
      if (WorkKind(r.u8()) != WorkKind::same)
        last = readWork(r);
      if (std::string wrong = checkItems(last); !wrong.empty())
        return fail("corrupt: " + wrong);
      event.work.push_back(last);
    }
    if (!r.ok())
      return fail("corrupt: it ends early");
    observer.issued(event);
  }
  if (r.remaining() != 0)
    return fail("corrupt: something follows the last event");
  return Status::success();
}

} // namespace slp::api
