"""An expression cell: typed when the table is read, and never silently false when it is asked."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from operator import add, mul, sub

from runbooks.tables.inputs import Absent, Input, Kind, Value
from runbooks.tables.parsing import (
    ExpressionError,
    Listed,
    Literal,
    Name,
    Operation,
    Syntax,
    parse,
)

_ORDERED = {"<", "<=", ">", ">="}
_CALCULATE: Mapping[str, Callable[[Fraction, Fraction], Fraction]] = {
    "+": add,
    "-": sub,
    "*": mul,
}


@dataclass(frozen=True)
class Expression:
    """A condition over several answers, in CEL."""

    text: str
    tree: Syntax
    names: tuple[tuple[str, str], ...]
    """Each input it asks for: as CEL writes it, and as the table calls it."""

    def holds(self, values: Mapping[str, Value]) -> bool | tuple[str, ...]:
        """Whether it holds; or the inputs without which that cannot be said, as CEL has it.

        `||` with a true part is true and `&&` with a false part is false, whatever is missing.
        """
        found = _value(self.tree, {cel: values[name] for cel, name in self.names})
        if isinstance(found, _Unsaid):
            called = dict(self.names)
            return tuple(dict.fromkeys(called[name] for name in found.names))
        return found is True


@dataclass(frozen=True)
class _Unsaid:
    """What cannot be said, for want of these inputs."""

    names: tuple[str, ...]


_Found = str | Fraction | datetime | bool | _Unsaid


def expression(text: str, inputs: Mapping[str, Input]) -> Expression:
    """The typed expression; ExpressionError when it is not a condition over these inputs."""
    known = {name.replace("-", "_"): each for name, each in inputs.items()}
    tree = parse(text)
    if _kind(tree, known) != "condition":
        raise ExpressionError("a condition that is true or false")
    used = dict.fromkeys(_names(tree))
    return Expression(text=text, tree=tree, names=tuple((cel, known[cel].name) for cel in used))


def _names(tree: Syntax) -> list[str]:
    match tree:
        case Name(name=name):
            return [name]
        case Operation(parts=parts):
            return [name for part in parts for name in _names(part)]
        case _:
            return []


def _kind(tree: Syntax, known: Mapping[str, Input]) -> str:
    match tree:
        case Literal(value=value):
            return _kind_of(value)
        case Name(name=name):
            if name not in known:
                raise ExpressionError(f'an input of the table, not "{name}"')
            if known[name].kind is Kind.PRESENCE:
                raise ExpressionError(f"`given` in a cell: the text of {name} is not compared")
            return known[name].kind.value
        case Operation(sign=sign, parts=parts):
            return _operation(sign, parts, known)
        case Listed():
            raise AssertionError("a list stands only after `in`")


def _operation(sign: str, parts: tuple[Syntax, ...], known: Mapping[str, Input]) -> str:
    if sign == "in":
        one, listed = parts
        for item in listed.items if isinstance(listed, Listed) else ():
            _comparable(one, item, known)
        return "condition"
    kinds = [_kind(part, known) for part in parts]
    if sign in {"&&", "||", "!"}:
        if set(kinds) != {"condition"}:
            raise ExpressionError(f"conditions around {sign}")
        return "condition"
    if sign in {"+", "-", "*", "negate"}:
        if set(kinds) != {"number"}:
            raise ExpressionError("numbers to calculate with")
        return "number"
    if sign in _ORDERED and kinds[0] not in {"number", "instant"}:
        raise ExpressionError(f"numbers or instants around {sign}")
    _comparable(parts[0], parts[1], known)
    return "condition"


def _comparable(one: Syntax, other: Syntax, known: Mapping[str, Input]) -> None:
    kinds = (_kind(one, known), _kind(other, known))
    if kinds[0] != kinds[1]:
        raise ExpressionError(f"two of one kind, not {kinds[0]} and {kinds[1]}")
    for name, word in ((one, other), (other, one)):
        if isinstance(name, Name) and isinstance(word, Literal):
            asked = known[name.name]
            if asked.words and not asked.open and word.value not in asked.words:
                expected = f"one of {', '.join(asked.words)}"
                raise ExpressionError(f'{expected} for {name.name}, not "{word.value}"')


def _kind_of(value: object) -> str:
    match value:
        case bool():
            return "condition"
        case Fraction():
            return "number"
        case datetime():
            return "instant"
        case _:
            return "words"


def _value(tree: Syntax, values: Mapping[str, Value]) -> _Found:
    match tree:
        case Literal(value=str() | Fraction() | datetime() | bool() as value):
            return value
        case Name(name=name):
            given = values[name]
            return _Unsaid((name,)) if isinstance(given, Absent) else given
        case Operation(sign="in", parts=(one, Listed(items=items))):
            asked = _value(one, values)
            if isinstance(asked, _Unsaid):
                return asked
            return any(asked == item.value for item in items)
        case Operation(sign=sign, parts=parts):
            return _result(sign, [_value(part, values) for part in parts])
        case _:
            raise AssertionError("the expression was typed")


def _result(sign: str, parts: list[_Found]) -> _Found:
    settles = sign == "||"
    if sign in {"&&", "||"} and any(part is settles for part in parts):
        return settles
    unsaid = [name for part in parts if isinstance(part, _Unsaid) for name in part.names]
    if unsaid:
        return _Unsaid(tuple(unsaid))
    match sign, parts:
        case "&&" | "||", _:
            return not settles
        case "!", [bool(one)]:
            return not one
        case "negate", [Fraction() as one]:
            return -one
        case _, [Fraction() as one, Fraction() as other] if sign in _CALCULATE:
            return _CALCULATE[sign](one, other)
        case _, [one, other]:
            return _compared(sign, one, other)
    raise AssertionError("the expression was typed")


def _compared(sign: str, one: _Found, other: _Found) -> bool:
    if sign in {"==", "!="}:
        return (one == other) is (sign == "==")
    if isinstance(one, Fraction):
        less = isinstance(other, Fraction) and one < other
    else:
        less = isinstance(one, datetime) and isinstance(other, datetime) and one < other
    match sign:
        case "<":
            return less
        case "<=":
            return less or one == other
        case ">":
            return not less and one != other
        case _:
            return not less
