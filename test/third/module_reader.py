# ===- module_reader.py - reads a train module in MLIR's generic form ------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# What `slp-opt --mlir-print-op-generic` prints of a module of stage `precision`:
# all attributes of every op, in one syntax. A recursive-descent parser of that
# syntax, as far as such a module needs it.
#
# ===-----------------------------------------------------------------------===#
import re
import struct
from dataclasses import dataclass

from .formats import F32, Format, Integer, Mixed
from .numbers import f32
from .tensor import Type


@dataclass
class Op:
    """One operation. Operands and results are the names of values; results of a group are (name, number)."""
    name: str
    attributes: dict
    operands: list
    results: list
    types: list  # of the results
    line: int


@dataclass
class Function:
    name: str
    arguments: list  # names of values
    argument_types: list
    argument_attributes: list
    result_attributes: list
    ops: list
    returned: list  # names of values


@dataclass
class State:
    name: str
    type: Type
    init: object  # None, Dense, or Special of #train.file, #train.random
    rounding: str
    copy_of: str  # the state whose compute copy it is, or None


@dataclass
class Module:
    attributes: dict
    states: dict  # name -> State, in the order of the module
    functions: dict


@dataclass
class Dense:
    """A dense attribute: its type and a list of all its elements."""
    type: Type
    values: list


@dataclass
class Special:
    """#dialect.kind<...>: positional and named parameters."""
    kind: str
    values: list
    named: dict


@dataclass
class Symbol:
    name: str


class ReadError(Exception):
    pass


TOKEN = re.compile(r"""\s*(?:
    (?P<string>"(?:[^"\\]|\\.)*")
  | (?P<value>%[\w$.-]+(?:\#\d+)?)
  | (?P<block>\^[\w$.-]+)
  | (?P<symbol>@(?:[\w$.-]+|"(?:[^"\\]|\\.)*"))
  | (?P<alias>[!\#][A-Za-z_][\w$.]*)
  | (?P<number>-?(?:0x[0-9A-Fa-f]+|\d+(?:\.\d*(?:[eE][-+]?\d+)?)?))
  | (?P<arrow>->)
  | (?P<word>[A-Za-z_][\w$.]*)
  | (?P<mark>[()\[\]{}<>=:,])
)""", re.X)


def unquote(text):
    """A string literal of MLIR: \\" and \\\\ and two hexadecimal digits."""
    body = text[1:-1].encode()
    return re.sub(rb'\\([0-9A-Fa-f]{2}|.)', lambda m: bytes([int(m[1], 16)]) if len(m[1]) == 2 else m[1],
                  body).decode(errors="surrogateescape")


class Reader:
    def __init__(self, text):
        self.text = text
        self.at = 0
        self.aliases = {}
        self.token = None
        self.next()

    # Tokens.

    def next(self):
        while True:
            match = TOKEN.match(self.text, self.at)
            if match:
                break
            rest = self.text[self.at:].lstrip()
            if not rest:
                self.kind, self.token = "end", ""
                return
            if rest.startswith("//"):
                self.at = self.text.index("//", self.at)
                self.at = self.text.find("\n", self.at) if "\n" in self.text[self.at:] else len(self.text)
                continue
            raise self.error(f"unexpected {rest[:20]!r}")
        self.kind, self.token, self.at = match.lastgroup, match[match.lastgroup], match.end()

    def error(self, what):
        return ReadError(f"line {self.line()}: {what}")

    def line(self):
        return self.text.count("\n", 0, self.at) + 1

    def take(self, token):
        if self.token != token or self.kind == "string":
            raise self.error(f"expected {token!r}, found {self.token!r}")
        self.next()

    def accept(self, token):
        if self.token == token and self.kind != "string":
            self.next()
            return True
        return False

    def take_kind(self, kind):
        if self.kind != kind:
            raise self.error(f"expected a {kind}, found {self.token!r}")
        token = self.token
        self.next()
        return token

    def listed(self, close, element):
        """Elements with commas between them, up to and with `close`."""
        result = []
        if self.accept(close):
            return result
        while True:
            result.append(element())
            if self.accept(close):
                return result
            self.take(",")

    # Types.

    def type(self):
        if self.kind == "alias":
            token = self.take_kind("alias")
            if token in self.aliases:
                return self.aliases[token]
            if token == "!num.float":
                return self.float_format()
            if token == "!num.mixed":
                self.take("<")
                lo = self.nested_format()
                self.take(",")
                hi = self.nested_format()
                self.take(">")
                return Mixed(lo, hi)
            raise self.error(f"unknown type {token}")
        if self.accept("("):  # of a function
            inputs = self.listed(")", self.type)
            self.take("->")
            return inputs, self.types()
        word = self.take_kind("word")
        if word == "f32":
            return F32()
        if word == "index":
            return Integer(64)
        if re.fullmatch(r"i\d+", word):
            return Integer(int(word[1:]))
        if word == "tensor":
            return self.tensor_type()
        return word

    def tensor_type(self):
        """What follows `tensor`. Extents are cut off by hand: `4x8xf32` is no sequence of tokens."""
        assert self.token == "<"
        shape = []
        while match := re.compile(r"\s*(\d+)x").match(self.text, self.at):
            shape.append(int(match[1]))
            self.at = match.end()
        self.next()
        element = self.type()
        self.take(">")
        return Type(tuple(shape), element)

    def nested_format(self):
        return self.float_format() if self.token == "<" else self.type()

    def float_format(self):
        """<exp, man, bias, specials, subnormals[, flush_below = x]>"""
        self.take("<")
        exp, man, bias = (int(self.number_and_comma()) for _ in range(3))
        specials = self.take_kind("word")
        self.take(",")
        subnormals = self.take_kind("word")
        flush_below = 2.0 ** (1 - bias) if subnormals == "flush" else 0.0
        if self.accept(","):
            self.take("flush_below")
            self.take("=")
            flush_below = f32(float(self.take_kind("number")))
            if self.accept(":"):
                self.type()
        self.take(">")
        return Format(exp, man, bias, specials, subnormals, flush_below)

    def number_and_comma(self):
        number = self.take_kind("number")
        self.take(",")
        return number

    def types(self):
        if self.accept("("):
            return self.listed(")", self.type)
        return [self.type()]

    # Attributes.

    def attribute(self):
        if self.kind == "string":
            return unquote(self.take_kind("string"))
        if self.kind == "symbol":
            token = self.take_kind("symbol")[1:]
            return Symbol(unquote(token) if token.startswith('"') else token)
        if self.kind == "number":
            return self.number()
        if self.accept("["):
            return self.listed("]", self.attribute)
        if self.accept("{"):
            return dict(self.listed("}", self.entry))
        if self.kind == "alias" and self.token.startswith("#"):
            return self.special()
        if self.kind == "word":
            if self.token in ("true", "false"):
                return self.take_kind("word") == "true"
            if self.token in ("unit", "dense", "array"):
                return getattr(self, "attribute_" + self.take_kind("word"))()
        return self.type()

    def entry(self):
        key = unquote(self.take_kind("string")) if self.kind == "string" else self.take_kind("word")
        return key, self.attribute() if self.accept("=") else True

    def number(self):
        text = self.take_kind("number")
        if self.accept(":"):
            return self.scalar(text, self.type())
        return self.scalar(text, F32() if "." in text else Integer(64))

    @staticmethod
    def scalar(text, kind):
        """A number of a type; hexadecimal digits of a float are its bits."""
        if isinstance(kind, Integer):
            return int(text, 0)
        if text.startswith("0x"):
            return struct.unpack(">f", int(text, 16).to_bytes(4, "big"))[0]
        return f32(float(text))

    def attribute_unit(self):
        return True

    def attribute_array(self):
        """array<i64: 1, 2>"""
        self.take("<")
        kind = self.type()
        if self.accept(">"):
            return []
        self.take(":")
        return self.listed(">", lambda: self.scalar(self.take_kind("number"), kind))

    def attribute_dense(self):
        self.take("<")
        raw = [] if self.token == ">" else self.dense_elements()
        self.take(">")
        self.take(":")
        tensor = self.type()
        kind = tensor.format
        if isinstance(raw, bytes):
            size = kind.bits // 8 if isinstance(kind, Integer) else 4
            code = {1: "b", 2: "h", 4: "i", 8: "q"}[size] if isinstance(kind, Integer) else "f"
            values = list(struct.unpack(f"<{len(raw) // size}{code}", raw))
        else:
            values = [v if isinstance(v, bool) else self.scalar(v, kind) for v in raw]
        if len(values) == 1:
            values = values * tensor.count
        return Dense(tensor, values)

    def dense_elements(self):
        """Texts of numbers in row-major order, or bytes."""
        if self.kind == "string":
            return bytes.fromhex(unquote(self.take_kind("string"))[2:])
        if self.accept("["):
            return [v for part in self.listed("]", self.dense_elements) for v in part]
        if self.kind == "word":
            return [self.take_kind("word") == "true"]
        return [self.take_kind("number")]

    def special(self):
        """#dialect.kind<...>, or an alias."""
        token = self.take_kind("alias")
        if token in self.aliases:
            return self.aliases[token]
        special = Special(token[1:], [], {})
        if self.accept("<"):
            for key, value in self.listed(">", self.parameter):
                if key is None:
                    special.values.append(value)
                else:
                    special.named[key] = value
        return special

    def parameter(self):
        if self.kind == "word" and re.match(r"\s*=", self.text[self.at:self.at + 16]):
            key = self.take_kind("word")
            self.take("=")
            return key, self.attribute()
        return None, self.attribute()

    # Operations.

    def module(self):
        while self.kind == "alias":
            name = self.take_kind("alias")
            self.take("=")
            self.aliases[name] = self.attribute() if name.startswith("#") else self.type()
        header, regions, _ = self.operation()
        module = Module(header.attributes, {}, {})
        for op, inner, _ in regions[0][1]:
            if op.name == "train.state":
                a = op.attributes
                rounding = a["rounding"].values[0] if "rounding" in a else "nearest_even"
                module.states[a["sym_name"]] = State(a["sym_name"], a["type"], a.get("init"), rounding,
                                                      a["copy_of"].name if "copy_of" in a else None)
            elif op.name == "func.func":
                self.function(module, op, inner)
            else:
                raise ReadError(f"line {op.line}: unknown operation {op.name} in the module")
        return module

    @staticmethod
    def function(module, op, regions):
        arguments, body = regions[0]
        a = op.attributes
        inputs, results = a["function_type"]
        ops = [inner for inner, _, _ in body]
        name = a["sym_name"]
        module.functions[name] = Function(name, arguments, inputs,
                                          a.get("arg_attrs", [{} for _ in inputs]),
                                          a.get("res_attrs", [{} for _ in results]),
                                          ops[:-1], ops[-1].operands)

    def operation(self):
        """(Op, its regions as (block arguments, operations), types of the operands)"""
        line = self.line()
        results = self.listed("=", self.result) if self.kind == "value" else []
        name = unquote(self.take_kind("string"))
        self.take("(")
        operands = self.listed(")", lambda: self.take_kind("value"))
        attributes = {}
        if self.accept("<"):
            attributes.update(self.attribute())
            self.take(">")
        regions = []
        if self.accept("("):
            regions = self.listed(")", self.region)
        if self.token == "{":
            attributes.update(self.attribute())
        self.take(":")
        inputs, types = self.type()
        names = [f"{n}#{i}" if count > 1 else n for n, count in results for i in range(count)]
        return Op(name, attributes, operands, names, types, line), regions, inputs

    def result(self):
        name = self.take_kind("value")
        count = int(self.take_kind("number")) if self.accept(":") else 1
        return name, count

    def region(self):
        self.take("{")
        arguments = []
        if self.kind == "block":
            self.next()
            if self.accept("("):
                arguments = self.listed(")", self.block_argument)
            self.take(":")
        ops = []
        while not self.accept("}"):
            ops.append(self.operation())
        return arguments, ops

    def block_argument(self):
        name = self.take_kind("value")
        self.take(":")
        self.type()
        return name


def read(text):
    return Reader(text).module()
