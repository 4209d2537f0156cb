//===- TextParser.cpp - assembly text becomes an image ----------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The directives of Text.h; everything else is the program parser's.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/image/Text.h"

#include "runtime/api/Guard.h"
#include "runtime/api/Printable.h"
#include "runtime/image/Layout.h"
#include "runtime/isa/Assembly.h"
#include "runtime/isa/Cursor.h"

#include <algorithm>
#include <charconv>
#include <limits>

namespace slp::image {

namespace {

using mach::Cursor;

/// Reads the operands of one directive from left to right. After the first error nothing more is
/// read.
class Operands {
public:
  explicit Operands(std::string_view text) : cursor(text) {}

  void expected(const std::string &what) {
    if (!error)
      error = Error{"expected " + what + ", found " + cursor.found()};
  }
  Status finish() {
    if (!error && !cursor.atEnd())
      expected("the end of the line");
    return error ? Status(*error) : Status::success();
  }
  bool atEnd() { return cursor.atEnd(); }
  std::string_view rest() {
    cursor.skipSpace();
    std::string_view text = cursor.remaining();
    cursor.setRemaining({});
    return text;
  }

  /// A name, behind '@' where `marked`.
  std::string name(bool marked) {
    if (error || (marked && !cursor.consume('@'))) {
      expected("'@' and a name");
      return {};
    }
    cursor.skipSpace();
    std::string_view text = cursor.remaining();
    Result<std::string> name = mach::takeName(text);
    if (!name) {
      expected("a name");
      return {};
    }
    cursor.setRemaining(text);
    return name.take();
  }

  /// `key=`, behind a comma if it is not the first.
  void key(const char *name, bool isFirst = false) {
    if (error)
      return;
    Cursor before = cursor;
    if ((!isFirst && !cursor.consume(',')) || cursor.word() != name || !cursor.consume('=')) {
      cursor = before;
      expected(std::string(isFirst ? "'" : "', ") + name + "='");
    }
  }

  /// The same where another key may stand. Whether it is there.
  bool optionalKey(const char *name) {
    Cursor before = cursor;
    if (!error && cursor.consume(',') && cursor.word() == name && cursor.consume('='))
      return true;
    cursor = before;
    return false;
  }

  /// An integer from `min` to `max`.
  int64_t integer(int64_t min, int64_t max) {
    if (error)
      return 0;
    Cursor before = cursor;
    bool isNegative = false;
    Result<uint64_t> value = cursor.number(isNegative);
    int64_t number = value ? int64_t(*value) : 0;
    // Two's complement: a positive number beyond 63 bits comes out negative.
    if (!value || (number < 0) != (isNegative && number != 0) || number < min || number > max) {
      cursor = before;
      expected("an integer from " + std::to_string(min) + " to " + std::to_string(max));
    }
    return number;
  }

  uint64_t unsignedInteger() {
    if (error)
      return 0;
    Cursor before = cursor;
    bool isNegative = false;
    Result<uint64_t> value = cursor.number(isNegative);
    if (!value || isNegative) {
      cursor = before;
      expected("a number of 64 bits");
      return 0;
    }
    return *value;
  }

  std::vector<int64_t> list() {
    std::vector<int64_t> values;
    if (!error && !cursor.consume('['))
      expected("'['");
    if (!error && cursor.consume(']'))
      return values;
    while (!error) {
      values.push_back(
          integer(std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()));
      if (!error && cursor.consume(']'))
        break;
      if (!error && !cursor.consume(','))
        expected("',' or ']'");
    }
    return values;
  }

  /// The index in `names` of the next word.
  size_t choice(const std::vector<std::string> &names) {
    if (error)
      return 0;
    Cursor before = cursor;
    auto it = std::find(names.begin(), names.end(), cursor.word());
    if (it == names.end()) {
      cursor = before;
      std::string list;
      for (const std::string &name : names)
        list += (list.empty() ? "" : ", ") + name;
      expected("one of " + list);
      return 0;
    }
    return size_t(it - names.begin());
  }

  mach::Format format() {
    std::vector<std::string> names;
    for (size_t i = 0; mach::isFormat(i); ++i)
      names.emplace_back(mach::toString(mach::Format(i)));
    return mach::Format(choice(names));
  }

  mach::Layout layout() {
    std::vector<std::string> names;
    for (size_t i = 0; mach::isLayout(i); ++i)
      names.emplace_back(mach::toString(mach::Layout(i)));
    return mach::Layout(choice(names));
  }

  /// `none` (-1) or an index.
  int32_t index() {
    Cursor before = cursor;
    if (!error && cursor.word() == "none")
      return -1;
    cursor = before;
    return int32_t(integer(0, std::numeric_limits<int32_t>::max()));
  }

private:
  Cursor cursor;
  std::optional<Error> error;
};

int hexValue(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/// Collects what the directives say.
class TextParser {
public:
  Status directive(std::string_view name, std::string_view text, uint64_t pc) {
    struct Known {
      std::string_view name;
      Status (TextParser::*read)(Operands &, uint64_t pc);
    };
    static constexpr Known table[] = {{".image", &TextParser::readVersion},
                                      {".chip", &TextParser::readChip},
                                      {".chip_line", &TextParser::readChipLine},
                                      {".model", &TextParser::readModel},
                                      {".batch", &TextParser::readBatch},
                                      {".loss_scale", &TextParser::readScale},
                                      {".tensor", &TextParser::readTensor},
                                      {".bytes", &TextParser::readBytes},
                                      {".node", &TextParser::readNode},
                                      {".optimizer", &TextParser::readOptimizer},
                                      {".micro_batches", &TextParser::readMicro},
                                      {".number", &TextParser::readNumber},
                                      {".capture", &TextParser::readCapture},
                                      {".elided", &TextParser::readElided},
                                      {".loc", &TextParser::readLoc},
                                      {".captured", &TextParser::readCaptured},
                                      {".loss_scale_state", &TextParser::readState},
                                      {".loss", &TextParser::readName},
                                      {".eval_loss", &TextParser::readName},
                                      {".labels", &TextParser::readName},
                                      {".targets", &TextParser::readName},
                                      {".logits", &TextParser::readLogits},
                                      {".label_input", &TextParser::readLabelInput},
                                      {".index_input", &TextParser::readIndexInput}};
    for (const Known &known : table) {
      if (known.name != name)
        continue;
      current = name;
      Operands operands(text);
      if (Status s = (this->*known.read)(operands, pc); !s)
        return Error{std::string(name) + ": " + s.message()};
      return Status::success();
    }
    return Error{"unknown directive '" + std::string(name) + "'"};
  }

  /// Puts directives and program together.
  Result<ParsedText> finish(mach::Program program) {
    for (auto [seen, name] : {std::pair(sawVersion, ".image"), std::pair(sawChip, ".chip"),
                              std::pair(sawModel, ".model"), std::pair(sawBatch, ".batch")})
      if (!seen)
        return Error{std::string("no directive ") + name};
    Image &image = parsed.image;
    for (size_t pc = 0; pc < program.text.size(); ++pc) {
      Result<mach::Word> word = mach::encode(program.text[pc]);
      if (!word)
        return Error{"instruction " + std::to_string(pc) + ": " + word.message()};
      image.text.push_back(*word);
    }
    for (mach::NamedTile &d : program.descriptors)
      image.descriptors.push_back({std::move(d.name), d.tile});
    for (mach::NamedPlace &e : program.entries)
      image.entries.push_back({std::move(e.name), e.pc});
    if (Status s = finishDebug(); !s)
      return s.takeError();
    std::sort(image.tensors.begin(), image.tensors.end(),
              [](const Tensor &a, const Tensor &b) { return a.address < b.address; });
    if (Status s = verify(image); !s)
      return s.takeError();
    if (!image.chipDescription.empty())
      if (Status s = checkDescription(image); !s)
        return s.takeError();
    return std::move(parsed);
  }

private:
  /// A `.loc`, from its instruction on.
  struct Place {
    uint64_t pc;
    int32_t node;
    int8_t phase;
  };
  struct Captured {
    uint64_t pc;
    int32_t capture[3];
  };
  ParsedText parsed;
  bool sawVersion = false, sawChip = false, sawModel = false, sawBatch = false, sawScale = false;
  bool sawOptimizer = false, sawMicro = false, sawState = false;
  std::string_view current; // the directive that is read
  std::vector<Place> places;
  std::vector<Captured> captured;

  static Status once(bool &seen) {
    if (seen)
      return Error{"a second one, expected one"};
    seen = true;
    return Status::success();
  }

  Status readVersion(Operands &o, uint64_t) {
    o.integer(formatVersion, formatVersion);
    if (Status s = o.finish(); !s)
      return s;
    return once(sawVersion);
  }
  Status readChip(Operands &o, uint64_t) {
    parsed.image.chipName = o.name(false);
    parsed.hasChipHash = !o.atEnd();
    if (parsed.hasChipHash)
      parsed.image.chipHash = o.unsignedInteger();
    parsed.hasRatesHash = !o.atEnd();
    if (parsed.hasRatesHash)
      parsed.image.ratesHash = o.unsignedInteger();
    if (Status s = o.finish(); !s)
      return s;
    return once(sawChip);
  }
  Status readChipLine(Operands &o, uint64_t) {
    parsed.image.chipDescription += o.name(false) + "\n";
    return o.finish();
  }
  Status readModel(Operands &o, uint64_t) {
    parsed.image.modelName = o.name(false);
    if (!o.atEnd())
      parsed.image.modelHash = o.unsignedInteger();
    if (Status s = o.finish(); !s)
      return s;
    return once(sawModel);
  }
  Status readBatch(Operands &o, uint64_t) {
    parsed.image.batch = o.integer(1, std::numeric_limits<int64_t>::max());
    if (Status s = o.finish(); !s)
      return s;
    return once(sawBatch);
  }
  static Status readDouble(Operands &o, double &to) {
    std::string_view text = o.rest();
    auto end = std::from_chars(text.data(), text.data() + text.size(), to);
    if (end.ec != std::errc() || end.ptr != text.data() + text.size())
      return Error{"expected a number, found '" + std::string(text) + "'"};
    return Status::success();
  }
  Status readScale(Operands &o, uint64_t) {
    if (Status s = readDouble(o, parsed.image.lossScale); !s)
      return s;
    return once(sawScale);
  }
  Status readState(Operands &o, uint64_t) {
    parsed.image.lossScaleState = o.name(false);
    if (Status s = o.finish(); !s)
      return s;
    return once(sawState);
  }
  Status readOptimizer(Operands &o, uint64_t) {
    parsed.image.optimizer = o.name(false);
    if (Status s = o.finish(); !s)
      return s;
    return once(sawOptimizer);
  }
  Status readMicro(Operands &o, uint64_t) {
    parsed.image.microBatches = o.integer(1, std::numeric_limits<int64_t>::max());
    if (Status s = o.finish(); !s)
      return s;
    return once(sawMicro);
  }
  Status readNumber(Operands &o, uint64_t) {
    RuntimeNumber number;
    number.name = o.name(false);
    if (Status s = readDouble(o, number.value); !s)
      return s;
    parsed.image.numbers.push_back(std::move(number));
    return Status::success();
  }

  Status readTensor(Operands &o, uint64_t) {
    Tensor t;
    t.name = o.name(true);
    o.key("role", true);
    t.role = Role(o.choice({"input", "output", "state", "temp", "constant", "copy"}));
    if (t.role == Role::copy) {
      o.key("of");
      t.copyOf = o.name(true);
      o.key("rounding");
      t.rounding = mach::StoreRounding(
          1 + o.choice({"nearest_even", "half_away", "toward_zero"})); // 0: as the chip
    }
    o.key("format");
    t.format = o.format();
    o.key("bias");
    t.bias = int8_t(o.integer(-128, 127));
    if (o.optionalKey("layout"))
      t.layout = o.layout();
    o.key("shape");
    t.shape = o.list();
    o.key("strides");
    t.strides = o.list();
    o.key("address");
    t.address = o.unsignedInteger();
    o.key("bytes");
    t.bytes = o.unsignedInteger();
    parsed.image.tensors.push_back(std::move(t));
    return o.finish();
  }

  /// A directive of the contract that is one name.
  Status readName(Operands &o, uint64_t) {
    Contract &contract = parsed.image.contract;
    std::string &to = current == ".loss"        ? contract.loss
                      : current == ".eval_loss" ? contract.evalLoss
                      : current == ".labels"    ? contract.labels
                                                : contract.targets;
    bool isSecond = !to.empty();
    to = o.name(true);
    if (Status s = o.finish(); !s)
      return s;
    return once(isSecond);
  }
  Status readLogits(Operands &o, uint64_t) {
    Contract &contract = parsed.image.contract;
    bool isSecond = !contract.logits.empty();
    contract.logits = o.name(true);
    o.key("shape", true);
    contract.logitsShape = o.list();
    o.key("class_axis");
    contract.classAxis = o.index();
    if (Status s = o.finish(); !s)
      return s;
    return once(isSecond);
  }
  Status readLabelInput(Operands &o, uint64_t) {
    LabelInput input;
    input.tensor = o.name(true);
    o.key("classes", true);
    input.classes = o.integer(1, std::numeric_limits<int64_t>::max());
    if (!o.atEnd()) {
      o.key("ignore");
      input.ignore = int32_t(
          o.integer(std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max()));
    }
    parsed.image.contract.labelInputs.push_back(std::move(input));
    return o.finish();
  }
  Status readIndexInput(Operands &o, uint64_t) {
    IndexInput input;
    input.tensor = o.name(true);
    o.key("sizes", true);
    input.sizes = o.list();
    parsed.image.contract.indexInputs.push_back(std::move(input));
    return o.finish();
  }

  Status readBytes(Operands &o, uint64_t) {
    std::string_view text = o.rest();
    if (parsed.image.tensors.empty())
      return Error{"expected a .tensor before"};
    Tensor &t = parsed.image.tensors.back();
    if (text.empty() || text.size() % 2 != 0)
      return Error{"expected pairs of hexadecimal digits"};
    for (size_t i = 0; i < text.size(); i += 2) {
      int high = hexValue(text[i]), low = hexValue(text[i + 1]);
      if (high < 0 || low < 0)
        return Error{"expected pairs of hexadecimal digits, found '" +
                     std::string(text.substr(i, 2)) + "'"};
      t.init.push_back(uint8_t(high * 16 + low));
    }
    if (t.init.size() > t.bytes)
      return Error{"tensor '" + t.name + "' has " + std::to_string(t.bytes) + " bytes, found more"};
    return Status::success();
  }

  Status readNode(Operands &o, uint64_t) {
    parsed.image.debug.nodes.push_back(o.name(true));
    parsed.image.debug.ops.push_back(o.name(false));
    return o.finish();
  }

  Status readCapture(Operands &o, uint64_t) {
    Capture c;
    c.tensor = o.name(true);
    o.key("format", true);
    c.format = o.format();
    o.key("accumulator");
    c.accumulator = o.integer(0, 1) == 1;
    o.key("shape");
    c.shape = o.list();
    if (!o.atEnd()) {
      o.key("masking");
      c.masking = Masking(o.choice({"none", "mask", "scores"}));
    }
    parsed.image.debug.captures.push_back(std::move(c));
    return o.finish();
  }

  Status readElided(Operands &o, uint64_t) {
    Elided e;
    e.tensor = o.name(true);
    e.reason = o.name(false);
    parsed.image.debug.elided.push_back(std::move(e));
    return o.finish();
  }

  Status readLoc(Operands &o, uint64_t pc) {
    Place place{pc, o.index(), 0};
    place.phase = int8_t(int(o.choice({"none", "fp", "bp", "wg", "up"})) - 1);
    if (places.empty() && pc != 0)
      return Error{"expected the first one ahead of the first instruction"};
    places.push_back(place);
    return o.finish();
  }

  Status readCaptured(Operands &o, uint64_t pc) {
    Captured c{pc, {-1, -1, -1}};
    c.capture[0] = o.index();
    c.capture[1] = o.index();
    if (!o.atEnd())
      c.capture[2] = o.index();
    if (!captured.empty() && captured.back().pc == pc)
      return Error{"a second one for the same instruction, expected one"};
    captured.push_back(c);
    return o.finish();
  }

  Status finishDebug() {
    Image &image = parsed.image;
    if (places.empty() && captured.empty())
      return Status::success();
    if (places.empty())
      return Error{"a .captured without a .loc ahead of the first instruction"};
    size_t size = image.text.size();
    if (places.back().pc >= size || (!captured.empty() && captured.back().pc >= size))
      return Error{"a .loc or .captured behind the last instruction"};
    image.debug.records.resize(size);
    for (size_t i = 0; i < places.size(); ++i) {
      uint64_t end = i + 1 < places.size() ? places[i + 1].pc : size;
      for (uint64_t pc = places[i].pc; pc < end; ++pc) {
        image.debug.records[pc].node = places[i].node;
        image.debug.records[pc].phase = places[i].phase;
      }
    }
    for (const Captured &c : captured)
      std::copy(std::begin(c.capture), std::end(c.capture), image.debug.records[c.pc].capture);
    return Status::success();
  }
};

/// `line N: what` of the program parser becomes `WHERE:N: what`.
Error located(const std::string &where, const std::string &message) {
  constexpr std::string_view start = "line ";
  size_t colon = message.find(": ");
  if (message.compare(0, start.size(), start) != 0 || colon == std::string::npos)
    return Error{printable(where + ": " + message)};
  return Error{printable(where + ":" + message.substr(start.size()))};
}

} // namespace

static Result<ParsedText> parse(std::string_view text, const std::string &where) {
  TextParser parser;
  Result<mach::Program> program =
      mach::parseProgram(text, [&](std::string_view name, std::string_view operands, uint64_t pc) {
        return parser.directive(name, operands, pc);
      });
  if (!program)
    return located(where, program.message());
  Result<ParsedText> parsed = parser.finish(program.take());
  if (!parsed)
    return Error{printable(where + ": " + parsed.message())};
  return parsed;
}

Result<ParsedText> parseText(std::string_view text, const std::string &where) {
  return guarded(where, [&] { return parse(text, where); });
}

} // namespace slp::image
