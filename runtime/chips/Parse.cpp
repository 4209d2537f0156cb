//===- Parse.cpp - reads and checks a chip description ----------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// YAML to Chip. Nothing is taken on trust: every key must be known and there once, every number
// must have its type, a unit it can be converted from, a value in range and a provenance.
// docs/chip-description.md explains the keys.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/api/Guard.h"
#include "runtime/api/Printable.h"
#include "runtime/chips/Chip.h"
#include "runtime/chips/Fields.h"
#include "runtime/chips/Resolved.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <sstream>
#include <tuple>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

namespace slp::chip {

namespace {

/// A unit one may write instead of the key's own, and what it is worth.
struct Alias {
  const char *unit, *alias;
  double factor; // value in `unit` = value in `alias` * factor, or / divisor
  double divisor;
};
constexpr Alias aliases[] = {
    {"bytes", "KiB", 1024, 1}, {"bytes", "MiB", 1048576, 1}, {"bytes", "GiB", 1073741824, 1},
    {"Hz", "MHz", 1e6, 1},     {"Hz", "GHz", 1e9, 1},        {"B/s", "MB/s", 1e6, 1},
    {"B/s", "GB/s", 1e9, 1},   {"s", "ns", 1, 1e9},          {"s", "us", 1, 1e6},
};

constexpr int maxBases = 8; // descriptions that build on one another

std::string shortNumber(double value) {
  char buffer[64];
  auto end = std::to_chars(buffer, buffer + sizeof buffer, value);
  return std::string(buffer, end.ptr);
}

/// The number a scalar spells completely, without leading or trailing characters.
template <typename T> bool readNumber(const std::string &spelled, T &value) {
  const char *begin = spelled.data(), *end = begin + spelled.size();
  if (begin != end && *begin == '+')
    ++begin;
  auto parsed = std::from_chars(begin, end, value);
  return parsed.ec == std::errc() && parsed.ptr == end;
}

/// What a node looks like, for a message.
std::string shown(const YAML::Node &node) {
  if (!node.IsDefined() || node.IsNull())
    return "nothing";
  if (node.IsMap())
    return "a map";
  if (node.IsSequence())
    return "a list";
  std::string text = node.Scalar().substr(0, 60);
  std::replace_if(text.begin(), text.end(), [](unsigned char c) { return c < 0x20; }, ' ');
  return text;
}

/// yaml-cpp never ends with some texts, such as one that begins with a comma: it finds documents
/// without reading on. No text has more documents and nodes than this counts to.
class EndCheck : public YAML::EventHandler {
public:
  explicit EndCheck(size_t bytes) : left(8 * bytes + 64) {}
  void OnDocumentStart(const YAML::Mark &mark) override { count(mark); }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark &mark, YAML::anchor_t) override { count(mark); }
  void OnAlias(const YAML::Mark &mark, YAML::anchor_t) override { count(mark); }
  void OnScalar(const YAML::Mark &mark, const std::string &, YAML::anchor_t,
                const std::string &) override {
    count(mark);
  }
  void OnSequenceStart(const YAML::Mark &mark, const std::string &, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    count(mark);
  }
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark &mark, const std::string &, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    count(mark);
  }
  void OnMapEnd() override {}

private:
  size_t left;
  void count(const YAML::Mark &mark) {
    if (left-- == 0)
      throw YAML::ParserException(mark, "something is out of its place");
  }
};

/// Throws, as yaml-cpp does, if reading the text would not end.
void checkEnds(const std::string &yaml) {
  std::istringstream stream(yaml);
  YAML::Parser parser(stream);
  EndCheck check(yaml.size());
  while (parser.HandleNextDocument(check)) {
  }
}

/// Walks one description; remembers the first error and does nothing more after it.
class Reader {
public:
  explicit Reader(std::string where) : where(std::move(where)) {}

  Result<Chip> read(const std::string &yaml) {
    Chip chip;
    YAML::Node root = loadWithBases(yaml);
    if (!failed)
      readChip(root, chip);
    if (!failed)
      chip.description = resolvedText(root);
    if (chip.description.size() > maxDescriptionBytes)
      fail("document", std::to_string(chip.description.size()) + " bytes with its base",
           "at most 1 MiB");
    if (failed)
      return std::move(error);
    return chip;
  }

private:
  std::string where;
  bool failed = false;
  Error error;

  void fail(const std::string &path, const std::string &found, const std::string &expected) {
    if (failed)
      return;
    failed = true;
    error.message = printable(where + ": " + path + ": " + found + ", expected " + expected);
  }

  YAML::Node loadText(const std::string &yaml) {
    if (yaml.size() > maxDescriptionBytes) {
      fail("document", std::to_string(yaml.size()) + " bytes", "at most 1 MiB");
      return {};
    }
    checkEnds(yaml);
    std::vector<YAML::Node> documents = YAML::LoadAll(yaml);
    if (documents.size() > 1) {
      fail("document", std::to_string(documents.size()) + " of them", "one description a file");
      return {};
    }
    YAML::Node root = documents.empty() ? YAML::Node() : documents.front();
    if (!root.IsMap())
      fail("document", shown(root), "a map with the keys of docs/chip-description.md");
    return root;
  }

  /// Replaces `base: NAME` by that description's content, under what the file itself says. Sections
  /// are merged key by key; a key that the file gives is taken whole. The name is the file's own.
  YAML::Node loadWithBases(const std::string &yaml) {
    YAML::Node root = loadText(yaml);
    for (int depth = 0; !failed && root["base"]; ++depth) {
      YAML::Node name = root["base"];
      const Shipped *base = std::find_if(shippedBegin(), shippedEnd(), [&](const Shipped &s) {
        return name.IsScalar() && name.Scalar() == s.name;
      });
      if (base == shippedEnd() || depth == maxBases) {
        fail("base", shown(name), "the name of a shipped chip description");
        break;
      }
      checkUnique(root, "");
      for (const auto &section : root)
        if (section.second.IsMap())
          checkUnique(section.second, section.first.Scalar() + ".");
      if (!failed && !root["name"])
        fail("name", "missing", "a name of its own beside base: " + name.Scalar());
      if (failed)
        break;
      if (!root["title"] && root["name"].IsScalar())
        root["title"] = root["name"].Scalar() + ", based on " + name.Scalar();
      root = merged(loadText(base->yaml), root);
    }
    return root;
  }

  /// The feature that a chip must have to have this key; null if none.
  static const char *featureOf(const std::string &section, const std::string &key) {
    Chip chip;
    const char *feature = nullptr;
    auto look = [&](const char *name, auto &, const Range &range) {
      if (key == name)
        feature = range.feature;
    };
    if (section == "structure")
      visitStructure(chip, look);
    else if (section == "rates")
      visitRates(chip, look);
    else if (section == "energy")
      visitEnergies(chip, look);
    else if (section == "mechanisms")
      for (const Mechanism &m : mechanismTable)
        if (key == m.key)
          feature = m.range.feature;
    return feature;
  }

  /// The base without the numbers of features that the file does not list.
  static YAML::Node withoutDropped(const YAML::Node &base, const YAML::Node &features) {
    if (!features || !features.IsSequence())
      return base;
    auto isListed = [&](const std::string &feature) {
      for (const YAML::Node &item : features)
        if (item.IsScalar() && item.Scalar() == feature)
          return true;
      return false;
    };
    YAML::Node result(YAML::NodeType::Map);
    for (const auto &section : base) {
      const std::string &name = section.first.Scalar();
      if (!section.second.IsMap()) {
        result[name] = section.second;
        continue;
      }
      YAML::Node kept(YAML::NodeType::Map);
      for (const auto &number : section.second) {
        const char *feature = featureOf(name, number.first.Scalar());
        if (!feature || isListed(feature))
          kept[number.first.Scalar()] = number.second;
      }
      result[name] = kept;
    }
    return result;
  }

  static YAML::Node merged(const YAML::Node &whole, const YAML::Node &over) {
    YAML::Node base = withoutDropped(whole, over["features"]);
    YAML::Node result(YAML::NodeType::Map);
    for (const auto &entry : base) {
      const std::string &key = entry.first.Scalar();
      if (key != "base")
        result[key] = entry.second;
    }
    bool baseHasBase = bool(base["base"]);
    for (const auto &entry : over) {
      const std::string &key = entry.first.Scalar();
      if (key == "base")
        continue;
      if (!entry.second.IsMap() || !result[key] || !result[key].IsMap()) {
        result[key] = entry.second;
        continue;
      }
      YAML::Node section(YAML::NodeType::Map);
      for (const auto &number : base[key])
        section[number.first.Scalar()] = number.second;
      for (const auto &number : entry.second)
        section[number.first.Scalar()] = number.second;
      result[key] = section;
    }
    if (baseHasBase)
      result["base"] = base["base"];
    return result;
  }

  void checkUnique(const YAML::Node &map, const std::string &path) {
    std::set<std::string> seen;
    for (const auto &entry : map) {
      if (!entry.first.IsScalar())
        return fail(path + "?", "a key that is " + shown(entry.first), "a name");
      if (!seen.insert(entry.first.Scalar()).second)
        return fail(path + entry.first.Scalar(), "a second value", "each key once");
    }
  }

  /// Fails unless `map` is a map whose keys all are in `known`, each once.
  bool checkKeys(const YAML::Node &map, const std::string &path,
                 const std::vector<std::string> &known) {
    std::string prefix = path.empty() ? "" : path + ".";
    if (failed)
      return false;
    if (!map.IsDefined() || !map.IsMap()) {
      fail(path, shown(map), "a map");
      return false;
    }
    checkUnique(map, prefix);
    for (const auto &entry : map) {
      if (failed)
        return false;
      const std::string &key = entry.first.Scalar();
      if (std::find(known.begin(), known.end(), key) != known.end())
        continue;
      std::string list;
      for (const std::string &k : known)
        list += (list.empty() ? "" : ", ") + k;
      fail(prefix + key, "unknown key", list.empty() ? "no key here" : "one of " + list);
    }
    return !failed;
  }

  YAML::Node child(const YAML::Node &map, const std::string &path, const std::string &key) {
    YAML::Node node = map[key];
    if (!node.IsDefined())
      fail(path.empty() ? key : path + "." + key, "missing", "a value");
    return node;
  }

  std::string readText(const YAML::Node &map, const std::string &path, const std::string &key) {
    YAML::Node node = failed ? YAML::Node() : child(map, path, key);
    if (failed)
      return {};
    std::string fullPath = path.empty() ? key : path + "." + key;
    bool isPlain = node.IsScalar() && !node.Scalar().empty();
    for (unsigned char c : isPlain ? node.Scalar() : std::string())
      isPlain &= c >= 0x20;
    if (!isPlain) {
      fail(fullPath, shown(node), "one line of text");
      return {};
    }
    return node.Scalar();
  }

  /// The index of the scalar at `key` in `names`.
  size_t readChoice(const YAML::Node &map, const std::string &path, const std::string &key,
                    const std::vector<std::string> &names) {
    std::string found = readText(map, path, key);
    auto it = std::find(names.begin(), names.end(), found);
    if (!failed && it == names.end()) {
      std::string list;
      for (size_t i = 0; i < names.size(); ++i)
        list += (i == 0 ? "" : i + 1 == names.size() ? " or " : ", ") + names[i];
      fail(path + "." + key, found, list);
    }
    return failed ? 0 : size_t(it - names.begin());
  }

  Provenance readProvenance(const YAML::Node &map, const std::string &path) {
    return Provenance(readChoice(map, path, "from", {"quoted", "derived", "recalled", "assumed"}));
  }

  void checkNote(const YAML::Node &map, const std::string &path) {
    if (!failed && map["note"])
      readText(map, path, "note");
  }

  int readPlainInt(const YAML::Node &map, const std::string &path, const std::string &key,
                   int64_t min, int64_t max) {
    std::string found = readText(map, path, key);
    int64_t value = 0;
    if (!failed && (!readNumber(found, value) || value < min || value > max))
      fail(path + "." + key, found,
           "an integer from " + std::to_string(min) + " to " + std::to_string(max));
    return failed ? 0 : int(value);
  }

  static std::string rangeText(const Range &range, bool isInteger) {
    std::string text = isInteger ? "an integer from " : "a number from ";
    text += shortNumber(range.min) + " to ";
    text += isInteger ? std::to_string(int64_t(range.max)) : shortNumber(range.max);
    text += std::string(" ") + range.unit;
    if (range.powerOfTwo)
      text += ", a power of two";
    if (range.multipleOf != 1)
      text += ", a multiple of " + std::to_string(range.multipleOf);
    return text;
  }

  /// Reads `{value, unit, from, note}` at path.key.
  template <typename T>
  void readNumberNode(const YAML::Node &section, const std::string &path, const std::string &key,
                      const Range &range, Sourced<T> &into) {
    if (failed)
      return;
    std::string fullPath = path + "." + key;
    YAML::Node node = child(section, path, key);
    if (range.choices)
      return readChoiceNode(node, fullPath, range, into);
    if (failed || !checkKeys(node, fullPath, {"value", "unit", "from", "note"}))
      return;
    std::string spelled = readText(node, fullPath, "value");
    std::string unit = readText(node, fullPath, "unit");
    into.provenance = readProvenance(node, fullPath);
    checkNote(node, fullPath);
    if (failed)
      return;
    double factor = 1, divisor = 1;
    std::string accepted = range.unit;
    bool isUnit = unit == range.unit;
    for (const Alias &a : aliases) {
      if (std::string(range.unit) != a.unit)
        continue;
      accepted += std::string(", ") + a.alias;
      if (unit != a.alias)
        continue;
      isUnit = true;
      factor = a.factor;
      divisor = a.divisor;
    }
    if (!isUnit)
      return fail(fullPath + ".unit", unit,
                  accepted == range.unit ? accepted : "one of " + accepted);
    constexpr bool isInteger = std::is_integral_v<T>;
    bool isGood = convert(spelled, factor, divisor, range, into.value);
    if (!isGood)
      fail(fullPath, spelled + " " + unit, rangeText(range, isInteger));
  }

  template <typename T>
  void readChoiceNode(const YAML::Node &node, const std::string &path, const Range &range,
                      Sourced<T> &into) {
    if (failed || !checkKeys(node, path, {"value", "from", "note"}))
      return;
    std::string spelled = readText(node, path, "value"), known;
    into.provenance = readProvenance(node, path);
    checkNote(node, path);
    if (failed)
      return;
    for (int i = 0; range.choices[i]; ++i) {
      known += (i ? ", " : "") + std::string(range.choices[i]);
      into.value = T(i);
      if (spelled == range.choices[i])
        return;
    }
    fail(path, spelled, "one of " + known);
  }

  static bool convert(const std::string &spelled, double factor, double divisor, const Range &range,
                      double &value) {
    if (!readNumber(spelled, value) || !std::isfinite(value))
      return false;
    value = value * factor / divisor;
    return value >= range.min && value <= range.max;
  }

  template <typename T>
  static bool convert(const std::string &spelled, double factor, double, const Range &range,
                      T &value) {
    int64_t written = 0;
    // Integer keys have whole factors, and every maximum is far below 2^53: this product is exact
    // where it passes.
    if (!readNumber(spelled, written) || double(written) * factor < range.min ||
        double(written) * factor > range.max)
      return false;
    int64_t scaled = written * int64_t(factor);
    value = T(scaled);
    bool isPowerOfTwo = (scaled & (scaled - 1)) == 0;
    return (!range.powerOfTwo || isPowerOfTwo) && scaled % range.multipleOf == 0;
  }

  /// The numbers of a format, or `format: NAME` of docs/numerics.md section 1.
  num::Format readFormatNumbers(const YAML::Node &node, const std::string &path) {
    if (node["format"]) {
      Result<num::Format> named = num::formatNamed(readText(node, path, "format"));
      for (const char *key : {"exp", "man", "bias", "specials", "subnormals", "flush_below"})
        if (!failed && node[key])
          fail(path + "." + key, "a value beside format", "one or the other");
      if (!failed && !named)
        fail(path + ".format", named.message(), "a format of docs/numerics.md");
      return failed ? num::Format() : *named;
    }
    num::Format f;
    f.exp = readPlainInt(node, path, "exp", 2, 8);
    f.man = readPlainInt(node, path, "man", 1, 10);
    f.bias = readPlainInt(node, path, "bias", 0, 127);
    f.specials =
        num::Specials(readChoice(node, path, "specials", {"ieee", "none", "reserved", "nan"}));
    f.subnormals = num::Subnormals(readChoice(node, path, "subnormals", {"gradual", "flush"}));
    if (failed || !node["flush_below"])
      return f;
    std::string spelled = readText(node, path, "flush_below");
    double threshold = 0;
    if (!failed && !(readNumber(spelled, threshold) && threshold > 0 && threshold < 0x1p127))
      fail(path + ".flush_below", spelled, "a positive number");
    f.flushBelow = float(threshold);
    return f;
  }

  /// Reads `key` of a section. `width` is the width of a code in bits, 0: any up to 16.
  num::Format readFormat(const YAML::Node &section, const std::string &sectionPath,
                         const std::string &key, int width, Numerics &numerics) {
    std::string path = sectionPath + "." + key;
    YAML::Node node = failed ? YAML::Node() : child(section, sectionPath, key);
    if (failed || !checkKeys(node, path,
                             {"format", "exp", "man", "bias", "specials", "subnormals",
                              "flush_below", "from", "note"}))
      return {};
    num::Format f = readFormatNumbers(node, path);
    constexpr std::string_view prefix = "numerics.";
    numerics.provenance[path.substr(prefix.size())] = readProvenance(node, path);
    checkNote(node, path);
    if (failed)
      return {};
    if (width && f.exp + f.man != width - 1)
      fail(path, "1 + " + std::to_string(f.exp) + " + " + std::to_string(f.man) + " bits",
           "sign, exp and man of together " + std::to_string(width) + " bits");
    else if (Status valid = num::validate(f); !valid)
      fail(path, valid.message(), "a format that FP32 can hold");
    return f;
  }

  void readFurtherFormats(const YAML::Node &section, Numerics &numerics) {
    YAML::Node formats = failed ? YAML::Node() : section["formats"];
    if (failed || !formats.IsDefined())
      return;
    if (!formats.IsMap())
      return fail("numerics.formats", shown(formats), "a map");
    checkUnique(formats, "numerics.formats.");
    std::vector<std::string> names;
    for (const auto &entry : formats)
      if (!failed)
        names.push_back(entry.first.Scalar());
    std::sort(names.begin(), names.end());
    size_t ofSize[2] = {0, 0};
    for (const std::string &name : names) {
      std::string path = "numerics.formats." + name;
      bool isGood = !name.empty() && name.size() <= 64 && name[0] >= 'a' && name[0] <= 'z';
      for (unsigned char c : name)
        isGood &= (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_';
      for (const char *taken : {"f32", "fp32", "fp16", "fp8", "mixed", "auto"})
        isGood &= name != taken;
      if (!isGood)
        return fail(path, "this name",
                    "a letter, then letters, digits, '.' and '_', lower case, and none that "
                    "means something else");
      num::Format f = readFormat(formats, "numerics.formats", name, 0, numerics);
      if (failed)
        return;
      if (ofSize[f.bytes() - 1]++ == 4)
        return fail(path, "a fifth format of " + std::to_string(f.bytes()) + " bytes",
                    "at most four of at most 8 bits and four of more");
      numerics.formats.push_back({name, f});
    }
  }

  /// Reads `{value, from, note}` (and a unit, if there is one) whose value is one of `names`.
  size_t readNamedValue(const YAML::Node &section, const std::string &key, const char *unit,
                        const std::vector<std::string> &names, Numerics &numerics) {
    std::string path = "numerics." + key;
    YAML::Node node = failed ? YAML::Node() : child(section, "numerics", key);
    std::vector<std::string> keys = {"value", "from", "note"};
    if (unit)
      keys.insert(keys.begin() + 1, "unit");
    if (failed || !checkKeys(node, path, keys))
      return 0;
    size_t index = readChoice(node, path, "value", names);
    if (unit)
      readChoice(node, path, "unit", {unit});
    numerics.provenance[key] = readProvenance(node, path);
    checkNote(node, path);
    return index;
  }

  void readNumerics(const YAML::Node &section, Chip &chip) {
    if (!checkKeys(section, "numerics",
                   {"fp8", "fp16", "formats", "rounding", "dot", "accumulate", "across"}))
      return;
    Numerics &n = chip.numerics;
    n.fp8 = readFormat(section, "numerics", "fp8", 8, n);
    n.fp16 = readFormat(section, "numerics", "fp16", 16, n);
    readFurtherFormats(section, n);
    n.rounding = num::Rounding(
        readNamedValue(section, "rounding", nullptr,
                       {"nearest_even", "half_away", "toward_zero", "stochastic"}, n));
    constexpr int dots[] = {1, 8, 16};
    n.dot = dots[readNamedValue(section, "dot", "terms", {"1", "8", "16"}, n)];
    n.accumulateFp16 = readNamedValue(section, "accumulate", nullptr, {"f32", "fp16"}, n) == 1;
    n.across = AcrossImages(readNamedValue(section, "across", nullptr, {"f32", "fp16", "none"}, n));
    // A group without terms changes nothing: values of the accumulator must be what they round to.
    if (!failed && n.accumulateFp16 && n.fp16.flushBelow != 0)
      fail("numerics.fp16.flush_below", "a threshold", "none: accumulators are fp16");
    if (failed || !chip.has("zero-skip"))
      return;
    for (const auto &[key, format] : {std::pair("fp8", &n.fp8), std::pair("fp16", &n.fp16)})
      if (format->specials == num::Specials::ieee || format->specials == num::Specials::nan)
        fail(std::string("numerics.") + key + ".specials",
             format->specials == num::Specials::ieee ? "ieee" : "nan",
             "none or reserved: a chip that skips zeros would drop 0 * Inf");
  }

  void readFeatures(const YAML::Node &root, Chip &chip) {
    YAML::Node list = failed ? YAML::Node() : child(root, "", "features");
    std::string known;
    for (const Feature &f : featureTable)
      known += (known.empty() ? "" : ", ") + std::string(f.name);
    if (!failed && !list.IsSequence())
      fail("features", shown(list), "a list of some of " + known);
    if (failed)
      return;
    for (const YAML::Node &item : list) {
      bool isKnown =
          std::any_of(std::begin(featureTable), std::end(featureTable),
                      [&](const Feature &f) { return item.IsScalar() && item.Scalar() == f.name; });
      if (!isKnown)
        return fail("features", shown(item), "one of " + known);
      if (!chip.features.insert(item.Scalar()).second)
        return fail("features", shown(item) + " twice", "each feature once");
    }
    for (const Feature &f : featureTable)
      if (chip.has(f.name) && f.needs && !chip.has(f.needs))
        return fail("features", std::string(f.name) + " without " + f.needs,
                    std::string(f.needs) + " too, which it needs");
  }

  /// Reads one of the sections that Fields.h lists. `visitFields` is one of its visit functions.
  template <typename VisitFields>
  void readSection(const YAML::Node &section, const std::string &path, Chip &chip,
                   const std::vector<std::string> &moreKeys, VisitFields visitFields) {
    std::vector<std::string> known;
    visitFields(chip, [&](const char *key, auto &, const Range &range) {
      if (range.feature && !chip.has(range.feature) && section.IsMap() && section[key])
        fail(path + "." + key, "a value",
             std::string("none: the chip has no feature ") + range.feature);
      known.push_back(key);
    });
    known.insert(known.end(), moreKeys.begin(), moreKeys.end());
    if (!checkKeys(section, path, known))
      return;
    visitFields(chip, [&](const char *key, auto &member, const Range &range) {
      if (!range.feature || chip.has(range.feature))
        readNumberNode(section, path, key, range, member);
    });
  }

  void readVectorCycles(const YAML::Node &rates, Chip &chip) {
    YAML::Node section = failed ? YAML::Node() : child(rates, "rates", "vector_cycles");
    std::vector<std::string> known(std::begin(vectorClasses), std::end(vectorClasses));
    if (failed || !checkKeys(section, "rates.vector_cycles", known))
      return;
    for (const std::string &key : known)
      readNumberNode(section, "rates.vector_cycles", key, vectorCyclesRange,
                     chip.rates.vectorCyclesPerElement[key]);
  }

  /// A PE does a whole number of multiply-accumulates a cycle in each format.
  void checkArray(const Chip &chip) {
    int64_t pes = int64_t(chip.structure.lines) * chip.structure.pes;
    for (const auto &[key, rate, feature] :
         {std::tuple("fp8_macs", int64_t(chip.rates.fp8MacsPerCycle), ""),
          std::tuple("fp16_macs", int64_t(chip.rates.fp16MacsPerCycle), "fp16-mac")})
      if (!failed && (*feature == 0 || chip.has(feature)) && rate % pes)
        fail(std::string("rates.") + key, std::to_string(rate) + " MAC/cycle",
             "a multiple of the " + std::to_string(pes) + " PEs of a core, structure.lines x " +
                 "structure.pes");
  }

  void readMechanisms(const YAML::Node &root, Chip &chip) {
    std::vector<std::string> known;
    for (const Mechanism &m : mechanismTable)
      if (chip.has(m.range.feature))
        known.push_back(m.key);
    YAML::Node section = root["mechanisms"];
    if (known.empty() && !section)
      return;
    if (!section)
      return fail("mechanisms", "missing", "the keys of the chip's features");
    if (!checkKeys(section, "mechanisms", known))
      return;
    for (const Mechanism &m : mechanismTable)
      if (chip.has(m.range.feature))
        readNumberNode(section, "mechanisms", m.key, m.range, chip.mechanisms[m.key]);
  }

  void readPublished(const YAML::Node &root, Chip &chip) {
    YAML::Node section = root["published"];
    if (failed || !section)
      return;
    if (!section.IsMap())
      return fail("published", shown(section), "a map");
    checkUnique(section, "published.");
    for (const auto &entry : section) {
      if (failed)
        return;
      std::string key = entry.first.Scalar(), path = "published." + key;
      if (!checkKeys(entry.second, path, {"value", "unit", "from", "note"}))
        return;
      Published &p = chip.published[key];
      std::string spelled = readText(entry.second, path, "value");
      p.unit = readText(entry.second, path, "unit");
      p.provenance = readProvenance(entry.second, path);
      if (!failed && entry.second["note"])
        p.note = readText(entry.second, path, "note");
      if (!failed && (!readNumber(spelled, p.value) || !std::isfinite(p.value)))
        fail(path + ".value", spelled, "a number");
    }
  }

  void readChip(const YAML::Node &root, Chip &chip) {
    if (!checkKeys(root, "",
                   {"base", "name", "title", "features", "numerics", "structure", "rates",
                    "lane_operations", "energy", "mechanisms", "published"}))
      return;
    chip.name = readText(root, "", "name");
    chip.title = readText(root, "", "title");
    for (unsigned char c : chip.name)
      if (!(c == '-' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z')))
        return fail("name", chip.name, "lower-case letters, digits and '-'");
    readFeatures(root, chip);
    for (const char *section : {"numerics", "structure", "rates", "lane_operations", "energy"})
      if (!failed)
        child(root, "", section);
    if (failed)
      return;
    readNumerics(root["numerics"], chip);
    readSection(root["structure"], "structure", chip, {},
                [](auto &c, auto visit) { visitStructure(c, visit); });
    readSection(root["rates"], "rates", chip, {"vector_cycles"},
                [](auto &c, auto visit) { visitRates(c, visit); });
    checkArray(chip);
    readVectorCycles(root["rates"], chip);
    readSection(root["lane_operations"], "lane_operations", chip, {},
                [](auto &c, auto visit) { visitLaneOperations(c, visit); });
    readSection(root["energy"], "energy", chip, {},
                [](auto &c, auto visit) { visitEnergies(c, visit); });
    if (!failed)
      readMechanisms(root, chip);
    readPublished(root, chip);
  }
};

} // namespace

Result<Chip> parse(const std::string &yaml, const std::string &where) {
  try {
    return guarded(where, [&] { return Reader(where).read(yaml); });
  } catch (const YAML::Exception &e) {
    // yaml-cpp throws; our interfaces do not.
    std::string place = e.mark.is_null() ? "" : ":" + std::to_string(e.mark.line + 1);
    return Error{printable(where + place + ": not a YAML document: " + e.msg)};
  }
}

} // namespace slp::chip
