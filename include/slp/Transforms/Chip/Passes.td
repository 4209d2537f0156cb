//===- Passes.td - passes on the chip dialect -------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef SLP_TRANSFORMS_CHIP_PASSES_TD
#define SLP_TRANSFORMS_CHIP_PASSES_TD

include "mlir/Pass/PassBase.td"

def FuseNests : Pass<"chip-fuse-nests", "::mlir::ModuleOp"> {
  let summary = "do on a nest's tiles what later nests do with them (stage tile)";
  let description = [{
    Where a nest stores a temporary tensor that a later nest loads, both all of it, what that does can be done on
    the tiles before they are stored, if whatever else it touches is the same there. A tensor that nobody else loads is not needed any more; any other is
    stored as before. No bit changes. The kinds, a file each:

    - round: a `train.round` of what a MAC op's accumulators hold takes the place of the drain;
    - classify: so does a `train.classify`, with its histogram; and it follows the one instruction of a vector op that has
      no reduction and stores one tensor;
    - copy: what an update leaves of a state is rounded to its compute copy, while the tile is there;
    - elementwise: an instruction that takes one element at a time follows: rectifiers, sums of branches, normalisations, gradients of functions,
      the update of a weight behind its gradient. Its other operands are loaded tile by tile, in the coordinates of the nest in front;
    - channels: the parts of statistics, of a bias' gradient and of the sums of a normalisation's gradient are made on the tiles and stored, in a
      tensor `NAME.parts`; what joins them stays a nest of its own. Loops over rows become reductions, and a loop over columns goes by strips of 8.

    Drains take what they can. Elementwise and channels are fused if the nests take fewer cycles so by the estimate of the cost model, each with the
    tiling that is best for it, and with those tensors on the chip that could stay there if nothing were fused.

    `--remarks=fusion` says what was fused, or not, and why. `fused` of the nest lists what is done on its tiles. With `drains-only` only round, classify, copy, and rectifiers behind rounded or classified
    accumulators are fused; with `all` everything that fits; with `seed` each pair is left as it is or not, at random. Assumes that `convert-train-to-chip` has run.
    test/Transforms/Chip/fuse-nests.mlir is an example, fuse-channels.mlir another.
  }];
  let options = [Option<"drainsOnly", "drains-only", "bool", "false", "fuse what drains of MAC ops do alone">,
                 Option<"all", "all", "bool", "false", "fuse all that fits, whatever it costs">,
                 Option<"cores", "cores", "int64_t", "0", "cores to use; 0: all of the chip">,
                 Option<"homes", "homes", "bool", "true", "tensors may stay on the chip">,
                 Option<"seed", "seed", "uint64_t", "0", "non-zero: leave pairs out at random. For tests">];
}

def SkipZeros : Pass<"chip-skip-zeros", "::mlir::ModuleOp"> {
  let summary = "stream one operand of each MAC instruction without its zeros (stage tile)";
  let description = [{
    Sets `skip` of every MAC instruction: `a`, the activations of a convolution or matrix product, or the errors of a
    gradient. A gradient of weights may stream either: the errors (`b`) if more zeros are to be expected there. Expected are
    a half behind a rectifier or its gradient, all but one of a window behind the gradient of max-pooling, none elsewhere.
    An instruction with a gate or weight groups stays as it is: it has masks or skips zeros.
    Remarks of category `sparsity` say it. No bit changes. For chips with the feature `zero-skip`, whose programs the user wants so (`slpc --sparsity=zero-skip`).
    test/Transforms/Chip/skip-zeros.mlir is an example.
  }];
}

def ChooseLayouts : Pass<"chip-choose-layouts", "::mlir::ModuleOp"> {
  let summary = "say where each tensor is between nests, and in which order its elements lie (stage tile)";
  let description = [{
    Every `chip.tensor` gets a `home` and a `layout`, every `chip.buffer` of one the strides of its elements in row-major
    order. A tensor that has them keeps them. The home is DRAM, of which `chip-choose-homes` makes exceptions, and the layout row-major,
    which suits any view and any instruction.

    With `by-cost` a tensor gets `channels16` or `blocks8x8` if its nests take fewer cycles so, by the estimate of the cost model, each with the tiling that is
    best for it: one tensor after the other, the others being as they have come to be. Those that could stay on the chip keep their rows. `--remarks=layouts` says which.
    With `blocked` every tensor that can have one gets a layout of blocks, with `seed` those that are drawn: weights, their
    gradients and what the optimizer keeps `blocks8x8`, other tensors `channels16`, or the other one if that fails. A tensor
    can have a layout if all its readers and writers can address it so (`chip.view`). Loops of elementwise nests, which lowerings
    make of several dimensions, become several again for that; a tensor that a reshape reads under a shape without its
    channels stays row-major. No bit changes.
    test/Transforms/Chip/choose-layouts.mlir and choose-layouts-blocked.mlir are examples.
  }];
  let options = [
    Option<"byCost", "by-cost", "bool", "false", "what takes the fewest cycles by estimate">,
    Option<"cores", "cores", "int64_t", "0", "cores to use; 0: all of the chip">,
    Option<"homes", "homes", "bool", "true", "tensors may stay on the chip">,
    Option<"blocked", "blocked", "bool", "false", "blocks for every tensor that can have them. For tests and measurements">,
    Option<"seed", "seed", "uint64_t", "0", "non-zero: draw layouts at random. For tests">];
}

def ChooseHomes : Pass<"chip-choose-homes", "::mlir::ModuleOp"> {
  let summary = "keep temporaries on the chip between nests (stage tile)";
  let description = [{
    A temporary may stay in the shared buffer from the nest that stores it to the last one that loads it: its home is `shared`,
    and it has its address there. Every nest has to see all of it in row-major order, each function to store it before it loads it, and no nest
    that has it may run over a list; what the host looks at behind a step (gradients of weights, masks, gates, kept images) is left out. A nest that works in the shared buffer then works on the tensor itself, and the loops along it stay whole
    (`granule`), so that padding around it is not possible; one whose tiles lie in scratchpads moves them from there and back.

    Tensors are taken one by one, those first that save most transfers for the nests during which they take memory, and of these the largest, if each of
    these nests is left with room for its own buffers whole, twice where it has to load them: tiles of large nests need all the memory that there is. The bytes that are left are the `room` of a nest.
    A state and its compute copy may stay over steps, for all nests of all functions: these have a tensor `NAME.chip` of role copy in their place, and
    `chip-expand-nests` adds `@init`, which loads all of them, and `@sync`, which stores them.

    `--remarks=homes` names what stays. With `seed` they are drawn, and nests may have to do with the smallest tiles.
    No bit changes. test/Transforms/Chip/choose-homes.mlir is an example.
  }];
  let options = [Option<"seed", "seed", "uint64_t", "0", "non-zero: draw at random. For tests">];
}

def ChooseTiles : Pass<"chip-choose-tiles", "::mlir::ModuleOp"> {
  let summary = "give every nest its tiling (stage tile)";
  let description = [{
    Of the tilings that loops and memories allow, one with the least cycles by estimate, or as good in half of the scratchpads and of the
    shared buffer: sizes, order of the parallel loops, split over the cores, copies (lib/Analysis; docs/tiling.md says which there are, how
    they are estimated and searched). Legality follows from the order of accumulation: reduction loops run inside all parallel loops, in
    the order of docs/numerics.md section 4; parallel loops may come in any order.

    An attribute `slp.tile = {order = ["co", "n", ...], sizes = {n = 2}}` of the nest overrides the choice and is refused
    where it is illegal. `--remarks=tile` says what was chosen, its cycles by estimate, what bounds it, and the cycles of the next
    best. test/Transforms/Chip/choose-tiles.mlir is an example.
  }];
  let options = [
    Option<"cores", "cores", "int64_t", "0", "cores to use; 0: all. For tests and sweeps">,
    Option<"tileSeed", "tile-seed", "uint64_t", "0", "non-zero: draw legal tiles, orders and splits at random. For tests">];
}

def ExpandNests : Pass<"chip-expand-nests", "::mlir::ModuleOp"> {
  let summary = "make loops of nests (stage schedule)";
  let description = [{
    Every `chip.nest` becomes a `chip.task`: loops that take more than one step, in the order of its tiling; buffers with
    their sizes, loaded as far outside as their coordinates allow; instructions; stores. What stays in the shared buffer
    (`chip-choose-homes`) is moved to and from scratchpads, and is itself the buffer of what works there; for states that stay there over steps
    `@init` and `@sync` are added. A nest without a tiling is refused.
    test/Transforms/Chip/expand-nests.mlir is an example.
  }];
  let dependentDialects = ["::mlir::scf::SCFDialect", "::mlir::arith::ArithDialect", "::mlir::affine::AffineDialect"];
}

def FormRegions : Pass<"chip-form-regions", "::mlir::ModuleOp"> {
  let summary = "leave fences out between tasks (stage schedule)";
  let description = [{
    Tasks that follow each other make a `chip.region`: without a fence between them, engines go on with the next task while others
    are still at work on this one. A fence stays before a task that reads or clears the counter of saturations, which counts
    what has been rounded when the instruction is issued, and on both sides of one whose loops or branches data decide, as
    the sequencer reads ahead of the engines. `--remarks=regions` names each fence that stays and why.
    test/Transforms/Chip/form-regions.mlir is an example.
  }];
}

def PlaceBuffers : Pass<"chip-place-buffers", "::mlir::ModuleOp"> {
  let summary = "give DRAM tensors and on-chip buffers their addresses (stage schedule)";
  let description = [{
    DRAM tensors are aligned to 64 bytes. With `dram` = `apart` they lie in module order, with `shared` those that pass
    (role temp, in each function stored before they are loaded, not compressed, not read by the sequencer) take bytes that others
    have, if no task lies between the first store and the last use of both: largest first, each as low as it can be. `auto` is `apart` where the
    memory is large enough. `--remarks=memory` says what both take, and the least that any placement takes. On-chip buffers are laid out anew in each task, in a region
    in turn from the lower and from the upper end of a memory, those that are used first nearest to that end: so the first buffers of a task
    have bytes in common with few of the task before. In the shared buffer they lie in the task's `room`; what it `holds` lies at its tensor's
    address. Accumulator copies lie one in each bank. Fails if a memory of the module's chip (`slp.chip`) is
    too small. test/Transforms/Chip/place-buffers.mlir is an example.
  }];
  let options = [Option<"dram", "dram", "std::string", /*default=*/"\"auto\"", "where tensors lie: apart, shared or auto">];
}

def InsertSemaphores : Pass<"chip-insert-semaphores", "::mlir::ModuleOp"> {
  let summary = "let the engines of a task run at the same time (stage schedule)";
  let description = [{
    Every buffer passes from engine to engine: from the load DMA to the MAC cores and back, for instance. Each hand-over
    gets one counting semaphore, of the cores or, between engines that have one queue each, of the shared buffer: the engine
    signals behind its last use, the next waits before its first; the last engine gives the copy back to the first, which begins
    with as many credits as there are copies. Queues are in order: a hand-over needs no semaphore of its own if another one of
    the same engines in the same block, with as many copies, is signalled no earlier and waited for no later. Fewer waits and
    signals also leave more room in the queues, which lets transfers run further ahead. Waits and signals of a buffer
    stand in the block of its `chip.alloc`, so that each loop body has net zero effect. Transfers run ahead of computation
    as far as copies and queues allow: that is double buffering, without code of its own. A second name for a buffer (`of`)
    counts as the buffer.

    In a region a semaphore is a channel from one engine to another, in the order of their queues, and serves all tasks: those whose
    credits are free copies begin with them in the first task and end with them in the last. Consecutive tasks take different
    ones of these where there are enough, so that a task need not wait for the copies of the one before. What a task does to bytes that earlier
    tasks of the region use, in DRAM or on the chip, waits for it: the engine signals at the end of its task, and who comes after
    waits before the op or loop that needs it. Engines that each core has know nothing of other cores, so that in DRAM they meet in
    the queue of the shared buffer's stores. Nothing waits for what other waits imply. A region that needs more than 64
    semaphores becomes two. `--remarks=regions` names each task that cannot begin to load before the one before it is done.

    Assumes that the engines of a buffer take turns in program order. test/Transforms/Chip/insert-semaphores.mlir is an
    example.
  }];
}

def VerifySchedule : Pass<"chip-verify-schedule", "::mlir::ModuleOp"> {
  let summary = "prove that the semaphores of every region order all conflicting accesses";
  let description = [{
    Checks, for each region, or task that stands in none:

    - V1: each semaphore has net zero effect in each loop body and in the region (structured use);
    - V2: one engine signals a semaphore and one other engine waits for it;
    - V3: in program order every wait finds its credits; then no queue depth can deadlock, since the oldest unfinished
      instruction is always at the head of its queue and its credits have been given;
    - V4: any two accesses of one memory range of which one writes are ordered by engine order and semaphores;
    - V5: no semaphore exceeds 255;
    - V6: a DRAM tensor that a task both reads and writes is updated in place: through one buffer whose tiles are disjoint in
      all iterations and on all cores. Tiles that a task on several cores stores are disjoint in all iterations and on all
      cores, no two elements of a view are one element of the tensor, and one `chip.store` alone names a tensor (on one
      core those of one engine), since queues of different cores, and of two engines, are not ordered with each other. For the same reason the tiles that one `chip.move` brings into a
      copy of a shared buffer from several cores are disjoint, and no other brings some; and V4 counts in the shared buffer what is known to
      be done on all cores: a core's engine that waits for another one's of its core knows nothing of the other cores';
    - V7: the copies of all buffers of a task, the second accumulator bank that `conv.wg` uses for chains per image included, share no bytes and
      lie inside the memories of the module's chip (`slp.chip`), and a second name for a buffer (`of`) lies where the buffer does; nor do
      tensors in DRAM share bytes that are alive together (`chip-place-buffers`), the bitmaps of compressed ones included;
    - V8: a store to a compressed tensor rewrites whole blocks (docs/compressed.md). Any load and store of one task that name
      one compressed tensor are ordered by engine order and semaphores, whichever elements they move. Stores of
      one engine are in order: of each, the cores take turns; groups of cores would not;
    - V9: no store of a region writes what its `chip.count` and `chip.element` read, for the sequencer reads ahead of the engines;
    - V10: what a task does to a DRAM tensor is ordered behind what earlier tasks of its region did to bytes of it, on all cores, if
      one of the two writes. V4 holds between tasks, too, where their buffers have bytes in common;
    - V11: a tensor whose home is on the chip is written in each function before it is read, and from the first task that has it to the last one no other buffer of
      these tasks, nor another such tensor that is alive in one of them, has bytes in common with it. One of role copy, a state, keeps its bytes in all tasks of all
      functions; `@init` loads it, `@sync` stores it.

    Cores that no task of a region tells apart, those of one and not of another, are a class: a clock is kept for each. Nothing in a region of
    several tasks is decided by data.

    All trips of a loop are proved, though few are run: the region is run through in program order, and an iteration that begins in the
    situation of an earlier one goes on like it, so that the loop goes round from there; nor is a loop run again that has begun in the same situation
    before. A situation is what each engine knows, what each semaphore's credits tell, and who used which bytes last (lib/Transforms/Chip/ScheduleState.h), with
    the copies of a buffer in the order in which they come to be used; only the order of knowledge and uses counts, not how much work lies between
    them (docs/decisions/0045-proof-by-states.md). Where data decides, cases are bounded, and each is tried: all trips of a loop from 0 to
    two more than there are copies, both arms of a `chip.if`, and, where a loop is around them, any two of these in turn; a task
    with more than 10,000 combinations is refused. In V6 a coordinate that was read reaches the whole dimension; iterations of
    one core that differ in it alone may store to the same place, since they are in order. test/Transforms/Chip/verify-schedule-errors.mlir has one
    refusal for each rule.
  }];
}

#endif // SLP_TRANSFORMS_CHIP_PASSES_TD
