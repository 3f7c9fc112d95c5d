"""What is wrong with a decision table, each with an answer that shows it.

Without expressions the checks are exact: what is wrong is found, and what is found is wrong. An
expression is not looked into; where it could matter the check says that it was not made.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

from runbooks.tables.inputs import Value, written
from runbooks.tables.regions import Box, Space, TooManyRegionsError, common
from runbooks.tables.table import Hit, Table

_SAMPLES = 64
_MOST_DECIDED = 1_000
_ONE_SPEAKS = {Hit.FIRST, Hit.PRIORITY}


class Fault(StrEnum):
    """What can be wrong."""

    GAP = "gap"
    OVERLAP = "overlap"
    CONTRADICTION = "contradiction"
    NEVER = "never"
    MILDER = "milder"
    UNASKED = "unasked"
    """A row looks for an answer to a question that is not asked then."""
    UNCHECKED = "unchecked"


@dataclass(frozen=True, kw_only=True)
class Found:
    """One fault: the rows it is about, and answers that show it."""

    fault: Fault
    rows: tuple[int, ...] = ()
    """Counted from nought."""
    says: str
    answers: Mapping[str, Value] | None = None
    worse: Mapping[str, Value] | None = None
    """The worse answers that get the milder output."""


def shown(answers: Mapping[str, Value]) -> str:
    """The answers in words: `danger: no, kind: no answer`."""
    return ", ".join(f"{name}: {written(value)}" for name, value in answers.items())


def checks(table: Table) -> list[Found]:
    """Everything that is wrong with the table."""
    made = (gaps, overlaps, never, milder)
    return [found for check in made for found in check(table)]


def gaps(table: Table) -> Iterator[Found]:
    """Answers no row matches; at most one is told, the first."""
    if any(row.otherwise for row in table.rows):
        return
    space = Space(table)
    try:
        plain = (n for n, row in enumerate(table.rows) if row.expression is None)
        everything = space.possible([space.whole])
        left = space.without(everything, _all(space, table, plain))
    except TooManyRegionsError:
        yield _unchecked("whether some row always matches", "the table has too many regions")
        return
    for box in left:
        for values in space.samples(box, most=_SAMPLES):
            if not table.decide(values).matched:
                yield Found(fault=Fault.GAP, says=f"no row for {shown(values)}", answers=values)
                return
    if left:
        yield _unchecked("whether some row always matches", "expressions are not looked into")


def overlaps(table: Table) -> Iterator[Found]:
    """Rows that match together where the policy does not allow it."""
    if table.hit not in {Hit.UNIQUE, Hit.ANY}:
        return
    space = Space(table)
    ordinary = [n for n, row in enumerate(table.rows) if not row.otherwise]
    for position, one in enumerate(ordinary):
        for other in ordinary[position + 1 :]:
            same = table.rows[one].output == table.rows[other].output
            if same and table.hit is Hit.ANY:
                continue
            try:
                found = _together(table, space, one, other)
            except TooManyRegionsError:
                subject = f"whether rows {one + 1} and {other + 1} can hold together"
                found = _unchecked(subject, "the table has too many regions", rows=(one, other))
            if found is not None:
                yield found


def never(table: Table) -> Iterator[Found]:
    """Rows that never decide, because their cells exclude one another or others come before."""
    space = Space(table)
    before: list[int] = []
    for number in table.precedence:
        row = table.rows[number]
        own = space.boxes(row.alternatives)
        if not own:
            yield Found(
                fault=Fault.NEVER, rows=(number,), says=f"row {number + 1} can match no answer"
            )
            continue
        try:
            own = space.possible(own)
        except TooManyRegionsError:
            subject = f"whether row {number + 1} ever decides"
            yield _unchecked(subject, "the table has too many regions", rows=(number,))
            continue
        if not own:
            names = " and ".join(name for name in table.asked_if if _looks(table, number, name))
            says = f"row {number + 1} looks at {names} where that is not asked"
            yield Found(fault=Fault.UNASKED, rows=(number,), says=says)
            continue
        if _lone(table, number):
            yield from _shadowed(table, space, number, own, before)
        elif row.expression is not None:
            yield from _shadowed(table, space, number, own, [])
        before.append(number)


def milder(table: Table) -> Iterator[Found]:
    """Inputs declared to grow worse, where a worse value gets a milder output."""
    if not table.worse or table.hit is Hit.COLLECT:
        return
    if any(row.expression is not None for row in table.rows):
        names = ", ".join(table.worse)
        yield _unchecked(f"whether worse facts ({names}) are never milder", "a row has `when`")
        return
    space = Space(table)
    try:
        decided = _decided(table, space)
        for name, order in table.worse.items():
            yield from _grows(table, space, decided, name, order)
    except TooManyRegionsError:
        yield _unchecked("whether worse facts are never milder", "the table has too many regions")


def _looks(table: Table, number: int, name: str) -> bool:
    return any(name in cells for cells in table.rows[number].alternatives)


def _together(table: Table, space: Space, one: int, other: int) -> Found | None:
    rows = (table.rows[one], table.rows[other])
    plain = all(row.expression is None for row in rows)
    differ = rows[0].output != rows[1].output
    fault = Fault.CONTRADICTION if differ else Fault.OVERLAP
    unsure = False
    for box in space.boxes(rows[0].alternatives):
        for against in space.boxes(rows[1].alternatives):
            both = common(box, against)
            for part in space.possible([both]) if both is not None else ():
                for values in space.samples(part, most=1 if plain else _SAMPLES):
                    matched = table.decide(values).matched
                    if one in matched and other in matched:
                        verb = f"say {rows[0].output} and {rows[1].output}"
                        verb = verb if differ else "both hold"
                        says = f"rows {one + 1} and {other + 1} {verb} for {shown(values)}"
                        return Found(fault=fault, rows=(one, other), says=says, answers=values)
                unsure = True
    if unsure:
        subject = f"whether rows {one + 1} and {other + 1} can hold together"
        return _unchecked(subject, "expressions are not looked into", rows=(one, other))
    return None


def _shadowed(
    table: Table, space: Space, number: int, own: list[Box], before: list[int]
) -> Iterator[Found]:
    plain = [n for n in before if table.rows[n].expression is None]
    guarded = [n for n in before if table.rows[n].expression is not None]
    try:
        left = space.without(own, _all(space, table, plain))
        if not left:
            covering = _needed(table, own, plain)
            says = f"row {number + 1} never decides: {_rows(covering)} before it"
            yield Found(fault=Fault.NEVER, rows=(number, *covering), says=says)
            return
    except TooManyRegionsError:
        yield _unchecked(
            f"whether row {number + 1} ever decides",
            "the table has too many regions",
            rows=(number,),
        )
        return
    if table.rows[number].expression is None and not guarded:
        return
    for box in left:
        for values in space.samples(box, most=_SAMPLES):
            decision = table.decide(values)
            spoken = {decision.row} if table.hit in _ONE_SPEAKS else set(decision.matched)
            if number in spoken:
                return
    yield _unchecked(
        f"whether row {number + 1} ever decides", "expressions are not looked into", rows=(number,)
    )


def _lone(table: Table, number: int) -> bool:
    """Whether the row is heard only where those before it do not match."""
    return table.hit in _ONE_SPEAKS or table.rows[number].otherwise


def _needed(table: Table, own: list[Box], rows: list[int]) -> tuple[int, ...]:
    """Few of the rows that together still cover the boxes: each was tried to be left out."""
    kept, space = list(rows), Space(table)
    with suppress(TooManyRegionsError):
        for row in rows:
            fewer = [n for n in kept if n != row]
            if not space.without(own, _all(space, table, fewer)):
                kept = fewer
    return tuple(sorted(kept))


def _decided(table: Table, space: Space) -> list[tuple[Box, int]]:
    """Every answer that gets an output, in boxes, each with the row that decides."""
    left, decided = space.possible([space.whole]), []
    for number in table.precedence:
        own = space.boxes(table.rows[number].alternatives)
        decided += [
            (both, number)
            for box in left
            for mine in own
            if (both := common(box, mine)) is not None
        ]
        left = space.without(left, own)
        if len(decided) > _MOST_DECIDED:
            raise TooManyRegionsError
    return decided


def _grows(
    table: Table,
    space: Space,
    decided: list[tuple[Box, int]],
    name: str,
    order: tuple[str, ...],
) -> Iterator[Found]:
    axis = next(n for n, each in enumerate(space.axes) if each.name == name)
    steps = from_mild(space.axes[axis].values, order)
    place = {piece: position for position, piece in enumerate(steps)}
    placed = [
        (box, row, [piece for piece in steps if box[axis] >> piece & 1]) for box, row in decided
    ]
    placed = [each for each in placed if each[2]]
    for box, row, pieces in placed:
        for against, other, others in placed:
            mild, bad = pieces[0], others[-1]
            if place[mild] >= place[bad] or not _milder(table, other, row):
                continue
            rest = common(_at(box, axis, 1), _at(against, axis, 1))
            if rest is not None:
                answers = space.values(_at(rest, axis, 1 << mild))
                worse = space.values(_at(rest, axis, 1 << bad))
                yield _less_severe(table, name, (row, other), answers, worse)
                return


def _less_severe(
    table: Table,
    name: str,
    rows: tuple[int, int],
    answers: Mapping[str, Value],
    worse: Mapping[str, Value],
) -> Found:
    before, after = (table.rows[n].output for n in rows)
    says = (
        f"{shown(answers)} is {before} (row {rows[0] + 1}), but the worse "
        f"{name}: {written(worse[name])} is {after} (row {rows[1] + 1})"
    )
    return Found(fault=Fault.MILDER, rows=rows, says=says, answers=answers, worse=worse)


def from_mild(values: tuple[Value, ...], order: tuple[str, ...]) -> list[int]:
    """The pieces of an axis from mild to worse; pieces that have no place in the order are out."""
    at = {written(value): n for n, value in enumerate(values)}
    if order in {("more",), ("later",), ("less",), ("earlier",)}:
        # Numbers and instants stand in rising order; a missing answer comes after them.
        rising = [n for n, value in enumerate(values) if written(value) != "no answer"]
        return rising if order[0] in {"more", "later"} else rising[::-1]
    return [at[word] for word in order if word in at]


def _milder(table: Table, one: int, other: int) -> bool:
    rank = table.outputs.index
    return rank(table.rows[one].output) > rank(table.rows[other].output)


def _at(box: Box, axis: int, bits: int) -> Box:
    return (*box[:axis], bits, *box[axis + 1 :])


def _all(space: Space, table: Table, rows: Iterable[int]) -> Iterator[Box]:
    for number in rows:
        yield from space.boxes(table.rows[number].alternatives)


def _rows(numbers: tuple[int, ...]) -> str:
    if len(numbers) == 1:
        return f"row {numbers[0] + 1} holds"
    said = ", ".join(str(number + 1) for number in numbers[:-1])
    return f"rows {said} and {numbers[-1] + 1} hold"


def _unchecked(what: str, why: str, *, rows: tuple[int, ...] = ()) -> Found:
    return Found(fault=Fault.UNCHECKED, rows=rows, says=f"not checked: {what} ({why})")
