//===- Dataset.cpp - training and test data ---------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Finds out what a directory holds, matches its arrays with the graph's inputs, and cuts batches.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/data/Dataset.h"

#include "runtime/data/ArrayFile.h"
#include "runtime/num/Random.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <iomanip>
#include <limits>
#include <numeric>
#include <sstream>
#include <string_view>

namespace fs = std::filesystem;

namespace slp::data {

namespace {

std::string cifarName(int number) { return "data_batch_" + std::to_string(number) + ".bin"; }

std::string npyName(const InputSpec &input, Split split) {
  std::string name = input.name;
  std::replace(name.begin(), name.end(), '/', '_');
  return name + (split == Split::test ? ".test.npy" : ".npy");
}

bool exists(const std::string &directory, const std::string &name) {
  std::error_code ignored;
  return fs::exists(fs::path(directory) / name, ignored);
}

/// Names in the directory that begin with `stem` and "-idx" or ".idx", sorted.
std::vector<std::string> idxNames(const std::string &directory, const std::string &stem) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator it(directory, error), end; !error && it != end; it.increment(error)) {
    std::string name = it->path().filename().string();
    for (const char *mark : {"-idx", ".idx"})
      if (name.compare(0, stem.size() + 4, stem + mark) == 0)
        names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

enum class Kind { idx, cifar, npy };

std::vector<Kind> kindsIn(const std::string &directory, const std::vector<InputSpec> &inputs) {
  std::vector<Kind> kinds;
  auto hasIdx = [&](const char *stem) { return !idxNames(directory, stem).empty(); };
  if (hasIdx("train-images") || hasIdx("t10k-images"))
    kinds.push_back(Kind::idx);
  if (exists(directory, cifarName(1)) || exists(directory, "test_batch.bin"))
    kinds.push_back(Kind::cifar);
  for (const InputSpec &input : inputs)
    if (exists(directory, npyName(input, Split::train)) ||
        exists(directory, npyName(input, Split::test))) {
      kinds.push_back(Kind::npy);
      break;
    }
  return kinds;
}

const char *spellKind(Kind kind) {
  switch (kind) {
  case Kind::idx:
    return "IDX files";
  case Kind::cifar:
    return "CIFAR-10 batches";
  case Kind::npy:
    return "NumPy files";
  }
  return "";
}

/// Whether an array of `found` extents a sample can be an input of shape `expected` (see `load`).
bool sameShape(const std::vector<uint64_t> &found, const std::vector<int64_t> &expected) {
  std::vector<uint64_t> a, b;
  std::copy_if(found.begin(), found.end(), std::back_inserter(a), [](auto e) { return e != 1; });
  std::copy_if(expected.begin(), expected.end(), std::back_inserter(b),
               [](auto e) { return e != 1; });
  if (a == b)
    return true;
  uint64_t elements = std::accumulate(a.begin(), a.end(), uint64_t(1), std::multiplies<>());
  return expected.size() == 1 && elements == uint64_t(expected[0]);
}

/// The divisor of pixels: the number in scale.txt, or 255.
Result<float> pixelDivisor(const std::string &directory) {
  if (!exists(directory, "scale.txt"))
    return 255.0f;
  std::string path = (fs::path(directory) / "scale.txt").string();
  Result<std::vector<uint8_t>> file = readFile(path);
  if (!file)
    return file.takeError();
  std::string text(file->begin(), file->end());
  size_t begin = text.find_first_not_of(" \t\r\n"), last = text.find_last_not_of(" \t\r\n");
  float divisor = 0;
  if (begin != std::string::npos) {
    const char *end = text.data() + last + 1;
    auto [parsed, error] = std::from_chars(text.data() + begin, end, divisor);
    if (error == std::errc() && parsed == end && std::isfinite(divisor) && divisor > 0)
      return divisor;
  }
  return Error{path + ": expected one positive number, the divisor of the pixels"};
}

} // namespace

/// One call of `load`.
class Loader {
public:
  Loader(const std::string &directory, const std::vector<InputSpec> &inputs, Split split)
      : directory(directory), split(split) {
    result.specs = inputs;
    result.columns.resize(inputs.size());
  }

  Result<Dataset> run();

private:
  std::string pathOf(const std::string &name) const {
    return (fs::path(directory) / name).string();
  }
  /// The inputs that files of images and labels serve; -1 for no label input.
  struct Roles {
    int image = -1, label = -1;
  };
  Result<Roles> roles(Kind kind) const;
  Result<std::string> idxPath(const std::string &what) const;
  Status loadIdx();
  Status loadCifar();
  Status loadNpy();
  /// Checks the array against the input and keeps it. `where` names its file in messages.
  Status take(size_t input, Array array, const std::string &where);
  Status checkWholeNumbers(const InputSpec &spec, const Array &array,
                           const std::string &where) const;

  const std::string &directory;
  Split split;
  float divisor = 255;
  std::string firstWhere; ///< the file that set the number of samples
  Dataset result;
};

Result<Loader::Roles> Loader::roles(Kind kind) const {
  Roles roles;
  for (size_t i = 0; i < result.specs.size(); ++i) {
    const InputSpec &spec = result.specs[i];
    int &role = spec.isLabel ? roles.label : roles.image;
    if (role >= 0)
      return Error{directory + ": " + spellKind(kind) + " serve one image and one label input, " +
                   "the graph also has '" + spec.name + "': expected one NAME.npy per input"};
    role = int(i);
  }
  if (roles.image < 0)
    return Error{directory + ": the graph has no input for the images"};
  return roles;
}

Result<std::string> Loader::idxPath(const std::string &what) const {
  std::string stem = (split == Split::train ? "train-" : "t10k-") + what;
  std::vector<std::string> names = idxNames(directory, stem);
  auto isPacked = [](const std::string &name) {
    return name.size() > 3 && name.compare(name.size() - 3, 3, ".gz") == 0;
  };
  std::vector<std::string> plain;
  std::copy_if(names.begin(), names.end(), std::back_inserter(plain),
               [&](const std::string &name) { return !isPacked(name); });
  if (plain.size() == 1)
    return pathOf(plain[0]);
  if (plain.size() > 1)
    return Error{directory + ": both " + plain[0] + " and " + plain[1] + ", expected one of them"};
  if (!names.empty())
    return Error{pathOf(names[0]) + ": the file is compressed, expected it unpacked (gunzip)"};
  return Error{directory + ": no file " + stem +
               (what == "images" ? "-idx3-ubyte" : "-idx1-ubyte")};
}

Status Loader::loadIdx() {
  Result<Roles> roles = this->roles(Kind::idx);
  if (!roles)
    return roles.takeError();
  for (auto [what, input] :
       {std::pair("images", roles->image), std::pair("labels", roles->label)}) {
    if (input < 0)
      continue;
    Result<std::string> path = idxPath(what);
    if (!path)
      return path.takeError();
    Result<Array> array = readIdx(*path);
    if (!array)
      return array.takeError();
    if (Status status = take(input, array.take(), *path); !status)
      return status;
  }
  return Status::success();
}

Status Loader::loadCifar() {
  Result<Roles> roles = this->roles(Kind::cifar);
  if (!roles)
    return roles.takeError();
  std::vector<std::string> paths;
  if (split == Split::test)
    paths.push_back(pathOf("test_batch.bin"));
  else
    for (int number = 1; number <= 5; ++number)
      paths.push_back(pathOf(cifarName(number)));
  Result<CifarArrays> arrays = readCifar(paths);
  if (!arrays)
    return arrays.takeError();
  if (Status status = take(roles->image, std::move(arrays->images), paths[0]); !status)
    return status;
  if (roles->label < 0)
    return Status::success();
  return take(roles->label, std::move(arrays->labels), paths[0]);
}

Status Loader::loadNpy() {
  for (size_t i = 0; i < result.specs.size(); ++i) {
    std::string path = pathOf(npyName(result.specs[i], split));
    Result<Array> array = readNpy(path);
    if (!array)
      return array.takeError();
    if (Status status = take(i, array.take(), path); !status)
      return status;
  }
  return Status::success();
}

/// "label of sample 7", or "label [2, 3] of sample 7" where a sample has several: where element `i`
/// of an array of this shape is, and what it is called.
static std::string placeOf(const char *what, size_t i, const std::vector<uint64_t> &shape) {
  std::string indices;
  for (size_t d = shape.size(); d-- > 1; i /= shape[d])
    indices = std::to_string(i % shape[d]) + (indices.empty() ? "" : ", ") + indices;
  bool isOne = std::all_of(shape.begin() + 1, shape.end(), [](uint64_t e) { return e == 1; });
  return what + std::string(" ") + (isOne ? "" : "[" + indices + "] ") + "of sample " +
         std::to_string(i);
}

namespace {
/// Why a number cannot be an element of an input.
struct Misfit {
  const char *what; // what the element is called
  std::string expected;
};
} // namespace

/// Whether `value` cannot be element `i` of a sample.
static std::optional<Misfit> misfitOf(const InputSpec &spec, size_t i, float value) {
  bool isWhole = value == std::floor(value);
  bool isIndex = !spec.places.empty(), isLabel = !spec.isNumber && (!isIndex || spec.classes != 0);
  if (spec.isNumber && !isWhole)
    return Misfit{"element", "an integer"};
  bool isClass = isWhole && value >= 0 && (spec.classes == 0 || value < float(spec.classes));
  if (isLabel && !isClass && !(spec.ignore && value == float(*spec.ignore))) {
    std::string range = spec.classes ? " in 0.." + std::to_string(spec.classes - 1) : " >= 0";
    if (spec.ignore)
      range += " or " + std::to_string(*spec.ignore);
    return Misfit{"label", "an integer" + range};
  }
  int64_t n = isIndex ? spec.places[i % spec.places.size()] : 0; // at most 2^24
  if (isIndex && (!isWhole || value < -float(n) || value >= float(n)))
    return Misfit{"index", "an integer in " + std::to_string(-n) + ".." + std::to_string(n - 1)};
  return std::nullopt;
}

/// How a label that is no class may stay in the data; empty: it may not.
static std::string adviceOf(const InputSpec &spec, float value) {
  if (spec.classes == 0 || spec.ignore || value != std::floor(value))
    return "";
  return "; if such labels shall not count: slpc --ignore-index=" + std::to_string(int64_t(value)) +
         ", or ignore_index of the graph's own loss";
}

Status Loader::checkWholeNumbers(const InputSpec &spec, const Array &array,
                                 const std::string &where) const {
  size_t n = array.isBytes ? array.bytes.size() : array.values.size();
  size_t perSample = n / size_t(array.shape[0]);
  for (size_t i = 0; i < n; ++i) {
    float value = array.isBytes ? float(array.bytes[i]) : array.values[i];
    std::optional<Misfit> misfit = misfitOf(spec, i % perSample, value);
    if (!misfit)
      continue;
    std::ostringstream found;
    found << std::setprecision(9) << value;
    std::string advice = misfit->what == std::string_view("label") ? adviceOf(spec, value) : "";
    return Error{where + ": " + placeOf(misfit->what, i, array.shape) + " is " + found.str() +
                 ", expected " + misfit->expected + " for input '" + spec.name + "'" + advice};
  }
  return Status::success();
}

Status Loader::take(size_t input, Array array, const std::string &where) {
  const InputSpec &spec = result.specs[input];
  std::vector<uint64_t> sample(array.shape.begin() + 1, array.shape.end());
  if (!sameShape(sample, spec.shape))
    return Error{where + ": a sample is " + spellShape(sample) + ", expected " +
                 spellShape(spec.shape) + " for input '" + spec.name + "'" +
                 (spec.classes ? ", a label for each position of the logits; slpc --class-axis=N "
                                 "says which of their dimensions is the classes'"
                               : "")};
  uint64_t samples = array.shape[0];
  if (samples > std::numeric_limits<uint32_t>::max())
    return Error{where + ": " + std::to_string(samples) + " samples, expected fewer than 2^32"};
  if (!firstWhere.empty() && samples != result.sampleCount)
    return Error{where + ": " + std::to_string(samples) + " samples, expected " +
                 std::to_string(result.sampleCount) + " as in " + firstWhere};
  if (spec.isLabel)
    if (Status status = checkWholeNumbers(spec, array, where); !status)
      return status;
  firstWhere = where;
  result.sampleCount = uint32_t(samples);
  Dataset::Column &column = result.columns[input];
  column.elements = std::accumulate(sample.begin(), sample.end(), size_t(1), std::multiplies<>());
  if (array.isBytes)
    column.divisor = spec.isLabel ? 1.0f : divisor;
  column.bytes = std::move(array.bytes);
  column.values = std::move(array.values);
  return Status::success();
}

Result<Dataset> Loader::run() {
  std::error_code ignored;
  if (!fs::is_directory(directory, ignored))
    return Error{directory + ": not a directory, expected one with IDX, CIFAR-10 or NumPy files"};
  std::vector<Kind> kinds = kindsIn(directory, result.specs);
  if (kinds.empty()) {
    std::string names;
    for (const InputSpec &spec : result.specs)
      names += (names.empty() ? "" : ", ") + npyName(spec, split);
    return Error{directory +
                 ": no data found, expected train-images-idx3-ubyte, data_batch_1.bin "
                 "or one NumPy file per input (" +
                 names + ")"};
  }
  if (kinds.size() > 1)
    return Error{directory + ": holds both " + spellKind(kinds[0]) + " and " + spellKind(kinds[1]) +
                 ", expected one kind of data"};
  Result<float> found = pixelDivisor(directory);
  if (!found)
    return found.takeError();
  divisor = *found;
  auto loadKind = [&] {
    switch (kinds[0]) {
    case Kind::idx:
      return loadIdx();
    case Kind::cifar:
      return loadCifar();
    case Kind::npy:
      break;
    }
    return loadNpy();
  };
  if (Status status = loadKind(); !status)
    return status.takeError();
  return std::move(result);
}

std::vector<float> Dataset::gather(size_t input, const std::vector<uint32_t> &order, size_t first,
                                   size_t count) const {
  const Column &column = columns[input];
  std::vector<float> batch(count * column.elements);
  for (size_t i = 0; i < count; ++i) {
    size_t from = size_t(order[first + i]) * column.elements;
    float *to = batch.data() + i * column.elements;
    if (column.divisor == 0)
      std::memcpy(to, column.values.data() + from, column.elements * sizeof(float));
    else
      for (size_t j = 0; j < column.elements; ++j)
        to[j] = float(column.bytes[from + j]) / column.divisor;
  }
  return batch;
}

Result<Dataset> load(const std::string &path, const std::vector<InputSpec> &inputs, Split split) {
  return Loader(path, inputs, split).run();
}

bool hasTestSplit(const std::string &path, const std::vector<InputSpec> &inputs) {
  if (!idxNames(path, "t10k-images").empty() || exists(path, "test_batch.bin"))
    return true;
  return std::any_of(inputs.begin(), inputs.end(), [&](const InputSpec &input) {
    return exists(path, npyName(input, Split::test));
  });
}

std::vector<uint32_t> epochOrder(Order order, uint32_t seed, uint32_t epoch, uint32_t samples) {
  if (order == Order::shuffled)
    return num::shuffledOrder(seed, epoch, samples);
  std::vector<uint32_t> inFileOrder(samples);
  std::iota(inFileOrder.begin(), inFileOrder.end(), 0);
  return inFileOrder;
}

Result<Batches> batchesOf(uint32_t samples, uint32_t batch) {
  if (batch == 0)
    return Error{"the batch is 0 samples, expected at least 1"};
  if (samples < batch)
    return Error{"the data hold " + std::to_string(samples) +
                 " samples, expected at least one batch of " + std::to_string(batch)};
  return Batches{batch, samples / batch, samples % batch};
}

} // namespace slp::data
