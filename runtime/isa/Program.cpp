//===- Program.cpp - whole programs as text ---------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The line level of assembly: labels, directives, comments.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/isa/Assembly.h"
#include "runtime/isa/Cursor.h"

#include <set>

namespace slp::mach {

/// The line without its comment. A semicolon inside a quoted name begins none.
static std::string_view withoutComment(std::string_view line) {
  bool quoted = false;
  for (size_t i = 0; i < line.size(); ++i) {
    if (quoted && line[i] == '\\')
      ++i;
    else if (line[i] == '"')
      quoted = !quoted;
    else if (line[i] == ';' && !quoted)
      return line.substr(0, i);
  }
  return line;
}

namespace {
/// Reads lines in order; instructions are parsed at the end, when all names are known.
class ProgramParser {
public:
  explicit ProgramParser(const DirectiveHandler &handler) : handler(handler) {}

  Status readLine(std::string_view line, size_t number);
  Result<Program> finish();

private:
  struct PendingInstruction {
    std::string_view text;
    size_t line;
  };
  Status readDirective(Cursor &cursor);
  Status readDescriptor(Cursor &cursor);
  Status readEntry(Cursor &cursor);

  const DirectiveHandler &handler;
  OperandNames names;
  std::vector<PendingInstruction> pending;
  Program program;
};
} // namespace

static Error atLine(size_t line, const Status &status) {
  return Error{"line " + std::to_string(line) + ": " + status.message()};
}

static Result<std::string> takeName(Cursor &cursor) {
  cursor.skipSpace();
  std::string_view rest = cursor.remaining();
  Result<std::string> name = takeName(rest);
  if (name)
    cursor.setRemaining(rest);
  return name;
}

Status ProgramParser::readDescriptor(Cursor &cursor) {
  if (!cursor.consume('@'))
    return Error{"expected '@' and a name, found " + cursor.found()};
  Result<std::string> name = takeName(cursor);
  if (!name)
    return name.takeError();
  Result<TensorTile> tile = parseTensorTile(cursor.remaining());
  if (!tile)
    return tile.takeError();
  program.descriptors.push_back({*name, *tile});
  return names.addDescriptor(name.take());
}

Status ProgramParser::readEntry(Cursor &cursor) {
  Result<std::string> name = takeName(cursor);
  if (!name)
    return name.takeError();
  if (!cursor.atEnd())
    return Error{"expected the end of the line, found " + cursor.found()};
  for (const NamedPlace &entry : program.entries)
    if (entry.name == *name)
      return Error{"entry '" + *name + "' is defined twice"};
  program.entries.push_back({name.take(), pending.size()});
  return Status::success();
}

Status ProgramParser::readDirective(Cursor &cursor) {
  std::string name(cursor.word());
  if (cursor.consume(':')) {
    if (!cursor.atEnd())
      return Error{"expected the end of the line behind a label, found " + cursor.found()};
    return names.addLabel(name, static_cast<int64_t>(pending.size()));
  }
  if (name == ".descriptor")
    return readDescriptor(cursor);
  if (name == ".entry")
    return readEntry(cursor);
  if (!handler)
    return Error{"unknown directive '" + name + "'"};
  cursor.skipSpace();
  return handler(name, cursor.remaining(), pending.size());
}

Status ProgramParser::readLine(std::string_view line, size_t number) {
  line = withoutComment(line);
  while (!line.empty() && (line.back() == ' ' || line.back() == '\t' || line.back() == '\r'))
    line.remove_suffix(1);
  Cursor cursor(line);
  if (cursor.atEnd())
    return Status::success();
  if (cursor.startsWith('.')) {
    if (Status s = readDirective(cursor); !s)
      return atLine(number, s);
    return Status::success();
  }
  pending.push_back({cursor.remaining(), number});
  return Status::success();
}

Result<Program> ProgramParser::finish() {
  for (size_t pc = 0; pc < pending.size(); ++pc) {
    Result<Instruction> instr = parse(pending[pc].text, names, static_cast<int64_t>(pc));
    if (!instr)
      return atLine(pending[pc].line, instr.takeError());
    program.text.push_back(*instr);
  }
  return std::move(program);
}

Result<Program> parseProgram(std::string_view text, const DirectiveHandler &handler) {
  ProgramParser parser(handler);
  for (size_t number = 1; !text.empty(); ++number) {
    size_t end = text.find('\n');
    if (Status s = parser.readLine(text.substr(0, end), number); !s)
      return s.takeError();
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return parser.finish();
}

/// Places that some instruction's label operand names, the end of the text included.
static std::set<int64_t> branchTargets(const Program &program) {
  std::set<int64_t> targets;
  auto size = static_cast<int64_t>(program.text.size());
  for (int64_t pc = 0; pc < size; ++pc) {
    const Instruction &instr = program.text[static_cast<size_t>(pc)];
    const LayoutInfo &layout = infoOf(instr).layout;
    std::vector<uint64_t> values = valuesOf(instr);
    for (size_t i = 0; i < layout.fields.size(); ++i) {
      if (layout.fields[i].kind != FieldKind::label)
        continue;
      auto target = static_cast<int64_t>(static_cast<uint64_t>(pc) + 1 + values[i]);
      if (target >= 0 && target <= size)
        targets.insert(target);
    }
  }
  return targets;
}

OperandNames namesOf(const Program &program) {
  OperandNames names;
  for (const NamedTile &descriptor : program.descriptors)
    (void)names.addDescriptor(descriptor.name).ok();
  int number = 0;
  for (int64_t target : branchTargets(program))
    (void)names.addLabel(".L" + std::to_string(number++), target).ok();
  return names;
}

std::string printProgram(const Program &program, const ProgramComments &comments) {
  OperandNames names = namesOf(program);
  std::string result;
  for (const NamedTile &descriptor : program.descriptors)
    result += ".descriptor @" + quoteName(descriptor.name) + " " + print(descriptor.tile) + "\n";
  for (size_t pc = 0; pc <= program.text.size(); ++pc) {
    for (const NamedPlace &entry : program.entries)
      if (entry.pc == pc)
        result += ".entry " + quoteName(entry.name) + "\n";
    if (const std::string *label = names.labelAt(static_cast<int64_t>(pc)))
      result += *label + ":\n";
    if (pc == program.text.size())
      break;
    if (comments.before)
      result += comments.before(pc);
    result += "  " + print(program.text[pc], names, static_cast<int64_t>(pc));
    std::string behind = comments.behind ? comments.behind(pc) : std::string();
    result += behind.empty() ? "\n" : " ; " + behind + "\n";
  }
  return result;
}

} // namespace slp::mach
