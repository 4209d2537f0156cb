//===- CheckOrder.h - is every access of a run ordered? ---------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// docs/check-order.md. State calls it for each instruction of a run with Options::checkOrder, in
// program order; it lives as long as the machine, since what is in DRAM does.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_EXEC_CHECKORDER_H
#define RUNTIME_EXEC_CHECKORDER_H

#include "runtime/exec/OrderClocks.h"
#include "runtime/exec/ShadowMemory.h"

namespace slp::exec {

class State;

class CheckOrder {
public:
  explicit CheckOrder(const State &state);

  /// What the host has written before the next run.
  void noteWritten(const image::Tensor &tensor);
  /// Anything may have been written to DRAM.
  void forgetDram();
  void beginRun();
  /// What the run that has ended wrote in the shared buffer stays there for those that follow.
  void keepShared();
  /// Where the part of a core notes its accesses, or that of several cores on behalf of the first.
  Accesses &accessesOf(unsigned core) { return accesses[core]; }

  /// An instruction that has noted its accesses.
  Status execute(const Issue &issue);
  /// `wait` and `signal`.
  Status synchronise(const Issue &issue);
  /// `fence` and `halt`.
  Status fence();
  /// The sequencer reads.
  Status read(const TileView &view);
  std::optional<OrderFault> fault() const { return found; }

private:
  /// Who accesses, and what is wrong with it.
  struct Visit {
    const Issue *issue = nullptr; // null: the sequencer
    const Access *access = nullptr;
    uint32_t number = 0;
    size_t queue = 0; // of the first core
    bool isOnChip = true;
    OrderFault fault{};
    uint64_t begin = 0, end = 0; // bytes
    uint32_t other = 0;
    bool isOtherWrite = true;
  };
  ShadowMemory &shadowOf(mach::Space space, unsigned core);
  bool isOrdered(uint32_t earlier, const Visit &visit) const;
  bool isUnwritten(uint32_t writer, const Visit &visit) const;
  /// Whether the bytes of one history may be read or written; they are from then on.
  bool read(Visit &visit, uint64_t begin, uint64_t end, History &history);
  bool write(Visit &visit, uint64_t begin, uint64_t end, History &history);
  bool blame(Visit &visit, OrderFault fault, uint64_t begin, uint64_t end, uint32_t other,
             bool isOtherWrite) const;
  bool visitBytes(Visit &visit);
  bool visitBlocks(Visit &visit);
  uint32_t addReader(uint32_t readers, const Visit &visit);
  Status accept(Visit &visit);
  Status refuse(OrderFault fault, const std::string &message);
  Status refuse(const Visit &visit);
  Status refuse(const OrderClocks::Trouble &trouble);
  std::string nameOf(const Visit &visit) const;
  std::string placeOf(uint64_t pc, size_t queue) const;
  void restart();

  /// Reads since the last write, of one history: a list of those that no later one comes behind.
  struct Reader {
    uint32_t number, next;
  };
  uint32_t firstReader = 1; // index of readers[0]; what is below is before the last fence
  std::vector<Reader> readers;
  struct {
    uint32_t readers = 0, number = 0, result = 0;
  } lastAdded;

  const State &state;
  OrderClocks clocks;
  ShadowMemory dram, shared;
  std::vector<ShadowMemory> spm, acc;
  std::vector<std::pair<uint64_t, uint64_t>> kept; // bytes of the shared buffer
  uint32_t runBegan = 0;          // number: on the chip what has a smaller one is unwritten
  std::vector<Accesses> accesses; // by core
  std::optional<OrderFault> found;
};

} // namespace slp::exec

#endif // RUNTIME_EXEC_CHECKORDER_H
