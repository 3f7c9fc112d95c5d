"""A bounded part of CEL as a syntax tree: comparisons, `in`, `!`, `&&`, `||`, `+`, `-`, `*`.

Every text that is read here is a CEL expression and means what CEL says; the rest of CEL (calls,
fields, comprehensions, regular expressions, time zones) is left out, so that nothing can loop,
look at a clock, or grow with what people report.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from runbooks.tables.inputs import instant_of, number_of

LONGEST = 400
MOST_PARTS = 60
DEEPEST = 12

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?)(?![\w.])|(?P<text>\"[^\"\\\n]*\"|'[^'\\\n]*')"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<sign>&&|\|\||[<>=!]=|[<>!()\[\],+*-]))"
)
_RESERVED = frozenset(
    [
        "as",
        "break",
        "const",
        "continue",
        "else",
        "false",
        "for",
        "function",
        "if",
        "import",
        "in",
        "let",
        "loop",
        "namespace",
        "null",
        "package",
        "return",
        "true",
        "var",
        "void",
        "while",
    ]
)
"""Words CEL keeps for itself; a question that is called so can only stand in cells."""
_COMPARE = ("==", "!=", "<=", ">=", "<", ">", "in")


class ExpressionError(Exception):
    """An expression is not one this language has; says what was found and what was expected."""


@dataclass(frozen=True)
class Literal:
    """A value that is written out."""

    value: object
    """A word, a Fraction, an aware datetime or a bool."""


@dataclass(frozen=True)
class Name:
    """An input, as CEL writes it: `threat_to_life`."""

    name: str


@dataclass(frozen=True)
class Listed:
    """The values `in` looks among."""

    items: tuple[Literal, ...]


@dataclass(frozen=True)
class Operation:
    """An operator and what it works on."""

    sign: str
    parts: tuple["Syntax", ...]


Syntax = Literal | Name | Listed | Operation


def parse(text: str) -> Syntax:
    """The tree of the expression; ExpressionError when it is none, or is too large."""
    if len(text) > LONGEST:
        raise ExpressionError(f"an expression of at most {LONGEST} characters, not {len(text)}")
    tokens = list(_tokens(text))
    if len(tokens) > MOST_PARTS:
        raise ExpressionError(f"an expression of at most {MOST_PARTS} parts, not {len(tokens)}")
    reader = _Reader(tokens)
    tree = reader.either(1)
    if reader.left:
        raise ExpressionError(f'the end after the expression, not "{reader.left[0][1]}"')
    return tree


def _tokens(text: str) -> list[tuple[str, str]]:
    found, at = [], 0
    text = text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise ExpressionError(f'CEL with comparisons, not "{text[at:].strip()[:20]}"')
        kind = match.lastgroup or ""
        found.append((kind, match[kind]))
        at = match.end()
    return found


class _Reader:
    """Reads tokens by descent, one level of precedence a method."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self.left = tokens

    def either(self, depth: int) -> Syntax:
        if depth > DEEPEST:
            raise ExpressionError(f"at most {DEEPEST} levels of brackets and signs")
        return self._chain(("||",), self._both, depth)

    def _both(self, depth: int) -> Syntax:
        return self._chain(("&&",), self._compared, depth)

    def _compared(self, depth: int) -> Syntax:
        one = self._sum(depth)
        sign = self._take(*_COMPARE)
        if sign is None:
            return one
        other = self._listed() if sign == "in" else self._sum(depth)
        if self._next() in _COMPARE:
            raise ExpressionError("one comparison at a time; join two with &&")
        return Operation(sign, (one, other))

    def _sum(self, depth: int) -> Syntax:
        return self._chain(("+", "-"), self._product, depth)

    def _product(self, depth: int) -> Syntax:
        return self._chain(("*",), self._signed, depth)

    def _signed(self, depth: int) -> Syntax:
        if depth > DEEPEST:
            raise ExpressionError(f"at most {DEEPEST} levels of brackets and signs")
        sign = self._take("!", "-")
        if sign is None:
            return self._one(depth)
        return Operation("negate" if sign == "-" else sign, (self._signed(depth + 1),))

    def _one(self, depth: int) -> Syntax:
        if self._take("("):
            inner = self.either(depth + 1)
            self._must(")")
            return inner
        kind, text = self.left[0] if self.left else ("", "the end")
        if kind == "name" and text == "timestamp":
            return self._timestamp()
        if kind == "name" and text not in _RESERVED:
            self.left.pop(0)
            if self._next() == "(":
                raise ExpressionError(f"no call but timestamp(…), not {text}(…)")
            return Name(text)
        return self._literal()

    def _literal(self) -> Literal:
        kind, text = self.left.pop(0) if self.left else ("", "the end")
        number = number_of(text) if kind == "number" else None
        if number is not None:
            return Literal(number)
        if kind == "text":
            return Literal(text[1:-1])
        if text in {"true", "false"}:
            return Literal(text == "true")
        raise ExpressionError(f'a name or a value, not "{text}"')

    def _timestamp(self) -> Literal:
        self.left.pop(0)
        self._must("(")
        text = self._literal().value
        at = instant_of(text) if isinstance(text, str) else None
        if at is None:
            raise ExpressionError('timestamp("2026-11-22T03:00:00Z"), with its offset')
        self._must(")")
        return Literal(at)

    def _listed(self) -> Listed:
        self._must("[")
        items = [self._item()]
        while self._take(","):
            items.append(self._item())
        self._must("]")
        return Listed(tuple(items))

    def _item(self) -> Literal:
        negative = self._take("-") is not None
        literal = self._literal()
        if not negative:
            return literal
        if not isinstance(literal.value, Fraction):
            raise ExpressionError("a number after the minus")
        return Literal(-literal.value)

    def _chain(self, signs: tuple[str, ...], part: Callable[[int], Syntax], depth: int) -> Syntax:
        tree = part(depth)
        while sign := self._take(*signs):
            tree = Operation(sign, (tree, part(depth)))
        return tree

    def _next(self) -> str:
        return self.left[0][1] if self.left and self.left[0][0] in {"sign", "name"} else ""

    def _take(self, *signs: str) -> str | None:
        if self._next() in signs:
            return self.left.pop(0)[1]
        return None

    def _must(self, sign: str) -> None:
        if self._take(sign) is None:
            found = self.left[0][1] if self.left else "the end"
            raise ExpressionError(f'"{sign}", not "{found}"')
