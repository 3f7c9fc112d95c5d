"""Decision tables and answers made by chance, from a seed."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import product
from random import Random

from runbooks.tables import (
    Absent,
    Cell,
    Given,
    Hit,
    Input,
    Kind,
    Not,
    Row,
    Span,
    Table,
    Value,
    Words,
    expression,
)

OUTPUTS = ("SEV0", "SEV1", "SEV2", "SEV3")
INPUTS = {
    "danger": Input(
        name="danger", kind=Kind.WORDS, words=("yes", "no", "unknown"), unanswered="unknown"
    ),
    "kind-of-harm": Input(name="kind-of-harm", kind=Kind.WORDS, words=("fraud", "hate", "other")),
    "accounts": Input(name="accounts", kind=Kind.NUMBER),
    "noticed": Input(name="noticed", kind=Kind.INSTANT),
    "story": Input(name="story", kind=Kind.PRESENCE),
}
WORSE = {
    "danger": ("no", "unknown", "yes"),
    "kind-of-harm": ("other", "fraud", "hate"),
    "accounts": ("more",),
    "noticed": ("later",),
}
EXPRESSIONS = (
    'danger == "yes" || accounts > 2',
    "accounts * 2 - 1 >= 3 && accounts != 4",
    'kind_of_harm in ["fraud", "hate"] && !(danger == "no")',
    'noticed < timestamp("2026-01-01T04:00:00Z") || danger != "unknown"',
    "accounts + accounts < -accounts + 9",
    "accounts > 3 && accounts < 3",
    "accounts <= 2 || accounts > 2",
)
START = datetime(2026, 1, 1, tzinfo=UTC)
# Bounds are whole and even; the grid below is twice as fine, so it meets every interval.
NUMBERS: tuple[Fraction, ...] = tuple(Fraction(n, 2) for n in range(-3, 12))
INSTANTS: tuple[datetime, ...] = tuple(START + timedelta(hours=n) for n in range(-1, 8))


def seeded(seed: int) -> Random:
    """A source of chance that gives the same tables every time."""
    return Random(seed)  # noqa: S311 - chance that can be repeated is what a test needs


def everything(name: str) -> tuple[Value, ...]:
    """A value out of every piece into which the bounds made here can cut the input."""
    asked = INPUTS[name]
    missing: tuple[Value, ...] = () if asked.unanswered else (Absent.MISSING,)
    match asked.kind:
        case Kind.WORDS:
            return (*asked.words, *missing)
        case Kind.NUMBER:
            return (*NUMBERS, *missing)
        case Kind.INSTANT:
            return (*INSTANTS, *missing)
        case Kind.PRESENCE:
            return (True, *missing)


def all_answers(table: Table) -> Iterator[dict[str, Value]]:
    """Every combination of those values."""
    names = tuple(table.inputs)
    for values in product(*(everything(name) for name in names)):
        yield dict(zip(names, values, strict=True))


def some_answer(chance: Random, *, complete: bool = False) -> dict[str, Value]:
    """One answer to all inputs; a complete one leaves none open."""
    values = {name: chance.choice(everything(name)) for name in INPUTS}
    while complete and Absent.MISSING in values.values():
        values = {name: chance.choice(everything(name)) for name in INPUTS}
    return values


def some_table(
    chance: Random,
    *,
    inputs: int = len(INPUTS),
    expressions: float = 0.0,
    hit: Hit | None = None,
    rows: int = 5,
) -> Table:
    """A table over some of the inputs; so many of its rows have an expression."""
    names = chance.sample(list(INPUTS), inputs)
    asked = {name: INPUTS[name] for name in names}
    made = [_row(chance, asked, expressions) for _ in range(chance.randint(1, rows))]
    if chance.random() < 0.4:
        made.append(Row(output=chance.choice(OUTPUTS), otherwise=True))
    return Table(
        inputs=asked,
        rows=tuple(made),
        outputs=OUTPUTS,
        hit=hit or chance.choice(list(Hit)),
        worse={name: WORSE[name] for name in names if name in WORSE and chance.random() < 0.6},
    )


def _row(chance: Random, asked: Mapping[str, Input], expressions: float) -> Row:
    alternatives = tuple(
        {name: _cell(chance, each) for name, each in asked.items() if chance.random() < 0.5}
        for _ in range(chance.choice((1, 1, 1, 2)))
    )
    fitting = [
        text
        for text in EXPRESSIONS
        if all(n in asked for n in INPUTS if n.replace("-", "_") in text)
    ]
    return Row(
        output=chance.choice(OUTPUTS),
        alternatives=alternatives,
        expression=expression(chance.choice(fitting), asked)
        if fitting and chance.random() < expressions
        else None,
    )


def _cell(chance: Random, asked: Input) -> Cell:
    if asked.kind is Kind.PRESENCE or chance.random() < 0.1:
        return Given(chance.random() < 0.5)
    cell: Words | Span
    if asked.kind is Kind.WORDS:
        cell = Words(tuple(chance.sample(asked.words, chance.randint(1, 2))))
    elif asked.kind is Kind.NUMBER:
        cell = _span(chance, [Fraction(n) for n in range(-1, 6)])
    else:
        cell = _span(chance, [START + timedelta(hours=n) for n in range(0, 8, 2)])
    return Not(cell) if chance.random() < 0.2 else cell


def _span(chance: Random, bounds: list[Fraction] | list[datetime]) -> Span:
    low, high = sorted(chance.choices(range(len(bounds)), k=2))
    shape = chance.randint(0, 3)
    return Span(
        low=None if shape == 0 else bounds[low],
        high=None if shape == 1 else bounds[high],
        with_low=chance.random() < 0.5,
        with_high=chance.random() < 0.5,
    )
