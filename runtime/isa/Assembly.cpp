//===- Assembly.cpp - one instruction or descriptor as text -----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Prints and parses `field=value` lists by the generated tables.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/isa/Assembly.h"
#include "runtime/isa/Cursor.h"

#include <algorithm>

namespace slp::mach {

/// What an operand is read or printed against.
namespace {
struct Context {
  const OperandNames &names;
  int64_t pc;
};
} // namespace

//===----------------------------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------------------------===//

/// Target of a label operand. Addition wraps: a program may hold any distance.
static int64_t targetOf(const Context &context, uint64_t distance) {
  return static_cast<int64_t>(static_cast<uint64_t>(context.pc) + 1 + distance);
}

static std::string printValue(const FieldInfo &field, uint64_t value, const Context &context) {
  switch (field.kind) {
  case FieldKind::registerNumber:
    return std::string(field.prefix) + std::to_string(value);
  case FieldKind::enumeration:
    return value < field.names.size() ? std::string(field.names[value]) : std::to_string(value);
  case FieldKind::symbol:
    if (const std::string *name = context.names.descriptorName(value))
      return "@" + quoteName(*name);
    break;
  case FieldKind::label:
    if (const std::string *name = context.names.labelAt(targetOf(context, value)))
      return *name;
    break;
  case FieldKind::unsignedInteger:
  case FieldKind::signedInteger:
    break;
  }
  return field.isSigned() ? std::to_string(static_cast<int64_t>(value)) : std::to_string(value);
}

static Result<uint64_t> parseNumber(const FieldInfo &field, Cursor &cursor) {
  bool negative = false;
  Result<uint64_t> value = cursor.number(negative);
  if (!value)
    return value;
  bool fits = field.isSigned() ? negative || *value >> 63 == 0 : !negative || *value == 0;
  if (!fits)
    return Error{"the number does not fit the field"};
  return value;
}

static Result<uint64_t> parseRegister(const FieldInfo &field, Cursor &cursor) {
  std::string range = std::string(field.prefix) + "0 to " + std::string(field.prefix) +
                      std::to_string(field.count - 1);
  Error error{"expected " + range + ", found " + cursor.found()};
  std::string_view word = cursor.word();
  if (word.substr(0, field.prefix.size()) != field.prefix)
    return error;
  Cursor digits(word.substr(field.prefix.size()));
  bool negative = false;
  Result<uint64_t> value = digits.number(negative);
  if (!value || !digits.atEnd() || *value >= field.count)
    return error;
  return value;
}

static Result<uint64_t> parseEnum(const FieldInfo &field, Cursor &cursor) {
  std::string list;
  for (std::string_view name : field.names)
    list += (list.empty() ? "" : ", ") + std::string(name);
  Error error{"expected one of " + list + ", found " + cursor.found()};
  std::string_view word = cursor.word();
  for (size_t i = 0; i < field.names.size(); ++i)
    if (field.names[i] == word)
      return uint64_t(i);
  return error;
}

static Result<uint64_t> parseSymbol(const FieldInfo &field, Cursor &cursor,
                                    const Context &context) {
  if (!cursor.consume('@'))
    return parseNumber(field, cursor);
  std::string_view rest = cursor.remaining();
  Result<std::string> name = takeName(rest);
  if (!name)
    return name.takeError();
  cursor.setRemaining(rest);
  if (std::optional<uint64_t> index = context.names.descriptorIndex(*name))
    return *index;
  return Error{"no descriptor is called '@" + *name + "'"};
}

static Result<uint64_t> parseLabel(const FieldInfo &field, Cursor &cursor, const Context &context) {
  if (!cursor.startsWith('.'))
    return parseNumber(field, cursor);
  std::string name(cursor.word());
  if (std::optional<int64_t> target = context.names.labelTarget(name))
    return static_cast<uint64_t>(*target) - static_cast<uint64_t>(context.pc) - 1;
  return Error{"no place is called '" + name + "'"};
}

static Result<uint64_t> parseValue(const FieldInfo &field, Cursor &cursor, const Context &context) {
  switch (field.kind) {
  case FieldKind::registerNumber:
    return parseRegister(field, cursor);
  case FieldKind::enumeration:
    return parseEnum(field, cursor);
  case FieldKind::symbol:
    return parseSymbol(field, cursor, context);
  case FieldKind::label:
    return parseLabel(field, cursor, context);
  case FieldKind::unsignedInteger:
  case FieldKind::signedInteger:
    break;
  }
  return parseNumber(field, cursor);
}

//===----------------------------------------------------------------------------------------===//
// Lists of values
//===----------------------------------------------------------------------------------------===//

/// One `name=value`, or `name=[value, ...]` for fields NAME0, NAME1, ...
namespace {
struct Member {
  std::string_view name;
  bool isArray = false;
  bool isDefaulted = false;
  std::vector<const FieldInfo *> fields;
  std::vector<size_t> positions; // in the row of values
  bool given = false;
};
} // namespace

static void addMember(std::vector<Member> &members, const FieldInfo &field, size_t position,
                      bool joinNumbered) {
  std::string_view stem = field.name;
  if (joinNumbered)
    while (!stem.empty() && stem.back() >= '0' && stem.back() <= '9')
      stem.remove_suffix(1);
  bool isArray = stem.size() != field.name.size();
  auto it = std::find_if(members.begin(), members.end(), [&](const Member &member) {
    return isArray && member.isArray && member.name == stem;
  });
  if (it == members.end())
    it = members.insert(members.end(), Member{stem, isArray, field.isDefaulted, {}, {}, false});
  it->fields.push_back(&field);
  it->positions.push_back(position);
}

static std::string printMembers(const std::vector<Member> &members, const uint64_t *values,
                                const Context &context) {
  std::string result;
  for (const Member &member : members) {
    if (member.isDefaulted && !values[member.positions[0]])
      continue;
    result += (result.empty() ? "" : ", ") + std::string(member.name) + "=";
    result += member.isArray ? "[" : "";
    for (size_t i = 0; i < member.fields.size(); ++i)
      result +=
          (i ? ", " : "") + printValue(*member.fields[i], values[member.positions[i]], context);
    result += member.isArray ? "]" : "";
  }
  return result;
}

/// Reads one member's value or values behind the equals sign.
static Status parseMember(const Member &member, Cursor &cursor, uint64_t *values,
                          const Context &context) {
  if (member.isArray && !cursor.consume('['))
    return Error{"expected '[', found " + cursor.found()};
  for (size_t i = 0; i < member.fields.size(); ++i) {
    if (i && !cursor.consume(','))
      return Error{"expected " + std::to_string(member.fields.size()) + " values, found " +
                   std::to_string(i)};
    Result<uint64_t> value = parseValue(*member.fields[i], cursor, context);
    if (!value)
      return value.takeError();
    values[member.positions[i]] = *value;
  }
  if (member.isArray && !cursor.consume(']'))
    return Error{"expected ']', found " + cursor.found()};
  return Status::success();
}

static Status parseMembers(std::string_view where, std::vector<Member> &members, Cursor &cursor,
                           uint64_t *values, const Context &context) {
  std::string prefix = std::string(where) + ": ";
  for (bool first = true; !cursor.atEnd(); first = false) {
    if (!first && !cursor.consume(','))
      return Error{prefix + "expected ',', found " + cursor.found()};
    std::string found = cursor.found();
    std::string_view name = cursor.word();
    auto member = std::find_if(members.begin(), members.end(),
                               [&](const Member &m) { return m.name == name; });
    if (member == members.end())
      return Error{prefix + "expected a field, found " + found};
    std::string field = prefix + "field '" + std::string(name) + "': ";
    if (member->given)
      return Error{field + "given twice"};
    if (!cursor.consume('='))
      return Error{field + "expected '=', found " + cursor.found()};
    if (Status s = parseMember(*member, cursor, values, context); !s)
      return Error{field + s.message()};
    for (size_t i = 0; i < member->fields.size(); ++i)
      if (Status s = checkValue(where, *member->fields[i], values[member->positions[i]]); !s)
        return s;
    member->given = true;
  }
  for (const Member &member : members)
    if (!member.given && !member.isDefaulted)
      return Error{prefix + "field '" + std::string(member.name) + "' is missing"};
  return Status::success();
}

//===----------------------------------------------------------------------------------------===//
// Instructions
//===----------------------------------------------------------------------------------------===//

static std::vector<Member> membersOf(const LayoutInfo &layout) {
  std::vector<Member> members;
  for (size_t i = 0; i < layout.fields.size(); ++i)
    addMember(members, layout.fields[i], i, /*joinNumbered=*/false);
  return members;
}

std::string print(const Instruction &instr, const OperandNames &names, int64_t pc) {
  const InstructionInfo &info = infoOf(instr);
  std::string operands =
      printMembers(membersOf(info.layout), valuesOf(instr).data(), Context{names, pc});
  return std::string(info.layout.name) + (operands.empty() ? "" : " ") + operands;
}

Result<Instruction> parse(std::string_view text, const OperandNames &names, int64_t pc) {
  Cursor cursor(text);
  std::string found = cursor.found();
  const InstructionInfo *info = findInstruction(cursor.word());
  if (!info)
    return Error{"expected an instruction, found " + found};
  std::vector<Member> members = membersOf(info->layout);
  std::vector<uint64_t> values(members.size());
  if (Status s = parseMembers(info->layout.name, members, cursor, values.data(), {names, pc}); !s)
    return s.takeError();
  return makeInstruction(*info, values.data());
}

//===----------------------------------------------------------------------------------------===//
// Descriptors
//===----------------------------------------------------------------------------------------===//

static std::vector<Member> tensorTileMembers() {
  std::vector<Member> members;
  size_t position = 0;
  for (const LayoutInfo &word : tensorTileLayout())
    for (const FieldInfo &field : word.fields)
      addMember(members, field, position++, /*joinNumbered=*/true);
  return members;
}

std::string print(const TensorTile &tile) {
  OperandNames none;
  return printMembers(tensorTileMembers(), tile.values().data(), Context{none, 0});
}

Result<TensorTile> parseTensorTile(std::string_view text) {
  OperandNames none;
  Cursor cursor(text);
  std::vector<Member> members = tensorTileMembers();
  std::array<uint64_t, TensorTile::numFields> values{};
  if (Status s = parseMembers("descriptor", members, cursor, values.data(), {none, 0}); !s)
    return s.takeError();
  return TensorTile::fromValues(values.data());
}

} // namespace slp::mach
