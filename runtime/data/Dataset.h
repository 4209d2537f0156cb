//===- Dataset.h - training and test data -----------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Loads what `--data=DIR` names and cuts it into batches. Called by slp-sim and slp-verify. A
// directory holds one of:
//
//   IDX files under MNIST's names   train-images-idx3-ubyte, train-labels-idx1-ubyte,
//   t10k-images-idx3-ubyte,
//                                   t10k-labels-idx1-ubyte; any rank and element type, a dot for
//                                   the last-but-one dash
//   CIFAR-10's binary batches       data_batch_1.bin to data_batch_5.bin, test_batch.bin
//   one NAME.npy per graph input    and NAME.test.npy for the test split; a '/' in a name is a '_'
//   in the file's
//
// Unsigned bytes that are not labels are divided, in FP32, by 255, or by the one number in the
// directory's scale.txt.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_DATA_DATASET_H
#define RUNTIME_DATA_DATASET_H

#include "runtime/api/Result.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace slp::data {

/// One input of the graph. `shape` is without the batch.
struct InputSpec {
  std::string name;
  std::vector<int64_t> shape;
  bool isLabel = false; ///< whole numbers: labels, indices and the like
  int64_t classes =
      0; ///< of a label: values must be in [0, classes); 0 leaves the upper end unchecked
  std::optional<int32_t> ignore = {}; ///< of a label: a value that need not be a class
  /// Of an index, whose isLabel is set too: element e of a sample must be in [-n, n),
  /// n = places[e mod number of places]. Empty: it is none.
  std::vector<int64_t> places = {};
  /// Whole numbers of any use, negative ones too: isLabel is set, the numbers above are not.
  bool isNumber = false;
};

enum class Split { train, test };
enum class Order { file, shuffled };

/// The samples of one split, one row-major array for each input.
class Dataset {
public:
  uint32_t samples() const { return sampleCount; }
  const std::vector<InputSpec> &inputs() const { return specs; }
  /// Elements of one sample of an input.
  size_t elements(size_t input) const { return columns[input].elements; }

  /// The values of `count` samples of an input, row-major, as FP32 (labels too): those that `order`
  /// lists from entry `first` on.
  std::vector<float> gather(size_t input, const std::vector<uint32_t> &order, size_t first,
                            size_t count) const;

private:
  friend class Loader;
  struct Column {
    size_t elements = 0;
    float divisor = 0; ///< 0: read `values`, else `bytes` over this
    std::vector<uint8_t> bytes;
    std::vector<float> values;
  };
  uint32_t sampleCount = 0;
  std::vector<InputSpec> specs;
  std::vector<Column> columns;
};

/// Loads one split of the directory for these inputs. Errors name the file and say what was
/// expected: unreadable, truncated or corrupt files, shapes that differ from the graph's, sample
/// counts that differ between inputs, labels and indices that are not integers in range. Extents of
/// 1 do not count in comparing shapes, and an input of rank 1 takes an array of any rank with as
/// many elements.
Result<Dataset> load(const std::string &path, const std::vector<InputSpec> &inputs, Split split);

/// Whether the directory has a test split for these inputs at all (its files may still be refused).
bool hasTestSplit(const std::string &path, const std::vector<InputSpec> &inputs);

/// The order in which an epoch (counted from 0) visits the samples.
std::vector<uint32_t> epochOrder(Order order, uint32_t seed, uint32_t epoch, uint32_t samples);

/// How an epoch divides into batches. The samples that do not fill the last batch (those at the end
/// of the epoch's order) are left out; the caller notes it.
struct Batches {
  uint32_t batch = 0; ///< samples
  uint32_t steps = 0; ///< batches in an epoch, at least 1
  uint32_t dropped = 0;
};

/// Refuses data of fewer samples than one batch.
Result<Batches> batchesOf(uint32_t samples, uint32_t batch);

} // namespace slp::data

#endif // RUNTIME_DATA_DATASET_H
