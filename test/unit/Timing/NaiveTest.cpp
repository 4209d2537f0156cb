//===- NaiveTest.cpp - the rules of docs/timing.md, cycle by cycle ----------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// A second, slow implementation: it looks at every engine in every cycle. It shares no code with
// the event simulation and knows the rates of smallChip.
//
//===----------------------------------------------------------------------------------------===//

#include "Program.h"

#include "runtime/isa/StructFence.h.inc"
#include "runtime/isa/StructHalt.h.inc"
#include "runtime/isa/StructSignal.h.inc"
#include "runtime/isa/StructWait.h.inc"

#include "gtest/gtest.h"

#include <algorithm>
#include <deque>
#include <map>
#include <numeric>

using namespace slp;
using namespace slp::timing;
using namespace slp::timing::test;
using mach::Engine;

namespace {
struct NaiveEntry {
  const exec::Event *event;
  size_t position; // in the program
  size_t work;     // index into the event's work
  int64_t issued;
};
struct NaiveQueue {
  Engine engine;
  int core;
  std::deque<NaiveEntry> entries;
  int64_t free = 0, done = 0, busy = 0, saved = 0;
};
struct NaiveCredit {
  int64_t available, count;
};

bool isCores(Engine engine) {
  return engine == Engine::mac || engine == Engine::load || engine == Engine::store;
}

struct NaiveChip {
  int cores, depth, width;
  int lines, pes;
  int policy, window, scan; // of the balancer; positions scanned for each FP8 element of a cycle
  std::vector<NaiveQueue> queues;
  std::map<std::pair<int, int>, std::deque<NaiveCredit>> semaphores;
  int64_t dramFree = 0, toCoresFree = 0, fromCoresFree = 0;
  int64_t time = 0;

  std::vector<NaiveQueue *> queuesOf(const exec::Event &event) {
    std::vector<NaiveQueue *> result;
    for (NaiveQueue &q : queues)
      if (q.engine == event.engine && (!isCores(q.engine) || (event.mask >> q.core & 1)))
        result.push_back(&q);
    return result;
  }
  /// Whose semaphores: cores, or -1, the shared buffer.
  std::vector<int> ownersOf(const NaiveQueue &q, const exec::Event &event) const {
    std::vector<int> result;
    if (event.bank == mach::Bank::shared)
      return {-1};
    for (int core = 0; core < cores; ++core)
      if (!isCores(q.engine) ? event.mask >> core & 1 : core == q.core)
        result.push_back(core);
    return result;
  }
  bool canStart(const NaiveQueue &q) {
    if (q.entries.empty() || q.free > time || q.entries[0].issued > time)
      return false;
    const exec::Event &event = *q.entries[0].event;
    if (event.opcode == mach::Wait::opcode)
      for (int owner : ownersOf(q, event)) {
        int64_t there = 0;
        for (const NaiveCredit &c : semaphores[{owner, event.semaphore}])
          there += c.available <= time ? c.count : 0;
        if (there < event.count)
          return false;
      }
    if (event.joint)
      for (NaiveQueue *other : queuesOf(event))
        if (other->entries.empty() || other->entries[0].event != &event || other->free > time)
          return false;
    return true;
  }
  void transfer(const std::vector<NaiveQueue *> &together, const exec::CoreWork &work) {
    Engine engine = together[0]->engine;
    bool isLoad = engine == Engine::load || engine == Engine::shared_load;
    auto outside = int64_t(work.bytesRead[0] + work.bytesWritten[0]);
    // A multicast crosses the transport once; cores that send together send each their own.
    auto inside = int64_t(isLoad ? work.bytesWritten[2] / together.size() : work.bytesRead[2]);
    int64_t start = time, end = time;
    if (outside) {
      start = std::max(time, dramFree);
      end = dramFree = start + outside / 8;
    }
    if (int64_t &bus = isLoad ? toCoresFree : fromCoresFree; inside) {
      bus = std::max(start, bus) + inside / (isLoad ? 64 : 32);
      end = std::max(end, bus);
    }
    for (NaiveQueue *q : together) {
      q->free = end;
      q->done = std::max(q->done, end + (outside ? 20 : 0));
    }
  }
  /// Cycles of each item. Each cycle a line takes as many pairs as its rate, and its scan passes as
  /// many positions as it can: an item is done when both are through. Closed dot groups are passed
  /// over, and items that have no other.
  std::vector<int64_t> itemsOf(const exec::CoreWork &work, bool fp16) const {
    std::vector<int64_t> items;
    int64_t rate = (fp16 ? 32 : 64) / (lines * pes);
    for (uint64_t repeat = 0; repeat < work.items.repeats; ++repeat)
      for (const exec::MacItemRun &run : work.items.runs)
        for (uint64_t i = 0; i < run.count; ++i) {
          bool isDense = !work.items.isSkipping;
          if (run.closed == run.elements)
            break;
          auto pairs = int64_t(rate >= 8 && isDense ? (run.groups - run.closedGroups) * 8
                                                    : run.elements - run.skipped - run.closed);
          // FP16 elements in mixed tiles, spread over all: a pair with one takes twice as long,
          // with two three times.
          auto longer = int64_t(fp16 ? 0 : work.wideMacs + work.bothWideMacs);
          auto macs = int64_t(work.macs - work.skippedMacs);
          pairs += (pairs * longer + macs - 1) / macs;
          int64_t positions = isDense ? 0 : int64_t(run.elements), cycles = 0;
          for (; pairs > 0 || positions > 0; ++cycles) {
            pairs -= rate;
            positions -= int64_t(scan) * (64 / (lines * pes));
          }
          items.push_back(cycles);
        }
    return items;
  }
  int64_t arrayCycles(const exec::CoreWork &work, bool fp16) const {
    std::vector<int64_t> items = itemsOf(work, fp16);
    if (work.items.isSkipping && policy == 1)
      return greedyCycles(items);
    if (work.items.isSkipping && policy == 2) {
      int64_t sum = std::accumulate(items.begin(), items.end(), int64_t(0));
      return sum / lines + (sum % lines != 0);
    }
    // As many as there are lines, then the next.
    int64_t cycles = 0;
    for (size_t first = 0; first < items.size(); first += size_t(lines)) {
      size_t end = std::min(items.size(), first + size_t(lines));
      cycles += *std::max_element(items.begin() + int64_t(first), items.begin() + int64_t(end));
    }
    return cycles;
  }
  /// Cycles that closed dot groups save.
  int64_t savedCycles(const exec::CoreWork &work, bool fp16) const {
    exec::CoreWork open = work;
    for (exec::MacItemRun &run : open.items.runs)
      run.closed = run.closedGroups = 0;
    open.wideMacs = open.bothWideMacs = 0;
    bool isMasked = std::any_of(work.items.runs.begin(), work.items.runs.end(),
                                [](const exec::MacItemRun &run) { return run.closed > 0; });
    return isMasked ? arrayCycles(open, fp16) - arrayCycles(work, fp16) : 0;
  }
  /// Cycle by cycle: free lines take the longest of the first items that are left.
  int64_t greedyCycles(std::vector<int64_t> items) const {
    std::vector<int64_t> left(size_t(lines), 0); // of the item of each line
    for (int64_t cycle = 0;; ++cycle) {
      for (int64_t &ofLine : left) {
        while (ofLine == 0 && !items.empty()) {
          auto end = items.begin() + std::min<int64_t>(window, int64_t(items.size()));
          auto longest = std::max_element(items.begin(), end);
          ofLine = *longest;
          items.erase(longest);
        }
      }
      if (items.empty() && std::all_of(left.begin(), left.end(), [](int64_t l) { return l == 0; }))
        return cycle;
      for (int64_t &ofLine : left)
        ofLine -= ofLine > 0;
    }
  }
  void start(NaiveQueue &q) {
    NaiveEntry entry = q.entries[0];
    const exec::Event &event = *entry.event;
    if (event.joint) {
      std::vector<NaiveQueue *> together = queuesOf(event);
      for (NaiveQueue *other : together)
        other->entries.pop_front();
      transfer(together, event.work[0]);
      return;
    }
    q.entries.pop_front();
    q.free = time;
    if (event.opcode == mach::Wait::opcode) {
      for (int owner : ownersOf(q, event))
        for (int64_t left = event.count; left > 0;) {
          std::deque<NaiveCredit> &credits = semaphores[{owner, event.semaphore}];
          int64_t taken = std::min(left, credits[0].count);
          left -= taken;
          if ((credits[0].count -= taken) == 0)
            credits.pop_front();
        }
    } else if (event.opcode == mach::Signal::opcode) {
      for (int owner : ownersOf(q, event))
        semaphores[{owner, event.semaphore}].push_back({std::max(q.done, time) + 4, event.count});
    } else if (q.engine == Engine::mac) {
      int64_t cycles = 8 + arrayCycles(event.work[entry.work], event.fp16);
      q.busy += cycles;
      q.saved += savedCycles(event.work[entry.work], event.fp16);
      q.free = q.done = time + cycles;
    } else if (q.engine == Engine::vector) {
      const exec::CoreWork &work = event.work[0];
      int64_t end = time + 8 + (int64_t(work.operations) + 31) / 32;
      auto takeBus = [&](int64_t &bus, uint64_t bytes, int64_t perCycle) {
        if (bytes)
          end = std::max(end, bus = std::max(time, bus) + int64_t(bytes) / perCycle);
      };
      takeBus(fromCoresFree, work.bytesRead[2] + work.bytesRead[3], 32);
      takeBus(toCoresFree, work.bytesWritten[2] + work.bytesWritten[3], 64);
      q.free = q.done = end;
    } else {
      transfer({&q}, event.work[entry.work]);
    }
  }
  /// Starts what can start in this cycle, oldest instruction first, lower core first.
  void startAll() {
    for (;;) {
      NaiveQueue *first = nullptr;
      for (NaiveQueue &q : queues)
        if (canStart(q) && (!first || q.entries[0].position < first->entries[0].position))
          first = &q;
      if (!first)
        return;
      start(*first);
    }
  }
  bool isIdle() const {
    return std::all_of(queues.begin(), queues.end(), [&](const NaiveQueue &q) {
      return q.entries.empty() && q.free <= time && q.done <= time;
    });
  }
  /// Cycles until halt is over.
  int64_t run(const std::vector<exec::Event> &program) {
    for (Engine engine : {Engine::mac, Engine::load, Engine::store})
      for (int core = 0; core < cores; ++core)
        queues.push_back({engine, core, {}});
    for (Engine engine : {Engine::vector, Engine::shared_load, Engine::shared_store})
      queues.push_back({engine, 0, {}});
    size_t next = 0;
    bool atFence = false;
    for (;; ++time) {
      startAll();
      if (atFence && !isIdle())
        continue;
      atFence = false;
      if (next == program.size())
        return time;
      for (int slot = 0; slot < width && next < program.size() && !atFence; ++slot) {
        const exec::Event &event = program[next];
        if (event.opcode == mach::Fence::opcode || event.opcode == mach::Halt::opcode) {
          atFence = true;
        } else if (event.engine != Engine::seq) {
          std::vector<NaiveQueue *> needed = queuesOf(event);
          if (std::any_of(needed.begin(), needed.end(),
                          [&](NaiveQueue *q) { return q->entries.size() >= size_t(depth); }))
            break;
          for (size_t i = 0; i < needed.size(); ++i)
            needed[i]->entries.push_back({&event, next, i, time + 1});
        }
        ++next;
      }
    }
  }
};
} // namespace

// Property: the event simulation and the naive one agree on the cycles of any program.
TEST(Timing, EventsAgreeWithSteppingThroughCycles) {
  Groups groups;
  for (uint32_t seed = 1000; seed < 11000; ++seed) {
    int cores = 1 + int(seed % 4), depth = 1 + int(seed % 6), width = 1 + int(seed % 3);
    int lines = 1 << seed % 3, pes = seed % 5 ? 8 : 1;
    chip::Chip chip = smallChip(cores, depth);
    chip.rates.issuePerCycle = assumed(width);
    chip.structure.lines = assumed(lines);
    chip.structure.pes = assumed(pes);
    int policy = int(seed / 3 % 3), window = 1 + int(seed % 8), scan = 1 + int(seed % 4);
    chip.mechanisms["zero-skip.scan_positions"] = assumed(double(scan));
    chip.mechanisms["load-balance.policy"] = assumed(double(policy));
    chip.mechanisms["load-balance.window"] = assumed(double(window));
    chip.mechanisms["mixed-precision.cost_fp8_fp16"] = assumed(2.0);
    chip.mechanisms["mixed-precision.cost_fp16_fp16"] = assumed(3.0);
    Program p(chip, groups);
    addRandomWork(p, seed, cores);
    Result<Report> report = p.halt();
    ASSERT_TRUE(report) << report.message();
    NaiveChip naive{cores, depth, width, lines, pes, policy, window, scan, {}, {}};
    EXPECT_EQ(report->cycles, naive.run(p.events)) << "seed " << seed;
    int64_t busy = 0, expected = 0;
    for (const EngineCycles &e : report->engines)
      if (e.engine == Engine::mac)
        busy += e.cycles[static_cast<size_t>(Cause::busy)];
    int64_t saved = 0, expectedSaved = 0;
    for (const GroupCycles &g : report->groups)
      saved += g.saved;
    for (const NaiveQueue &q : naive.queues) {
      expected += q.busy;
      expectedSaved += q.saved;
    }
    EXPECT_EQ(busy, expected) << "seed " << seed;
    EXPECT_EQ(saved, expectedSaved) << "seed " << seed;
    ASSERT_FALSE(::testing::Test::HasFailure());
  }
}
