"""What the checks say of a table is so, and what is so they say: compared with every answer."""

from collections.abc import Mapping
from datetime import datetime
from fractions import Fraction
from random import Random

import pytest

from runbooks.tables import (
    Absent,
    Fault,
    Given,
    Hit,
    Input,
    Kind,
    Row,
    Table,
    Value,
    Words,
    checks,
    expression,
    gaps,
    instant_of,
    milder,
    never,
    number_of,
    overlaps,
    written,
)
from tests.runbooks.tables.made import OUTPUTS, WORSE, all_answers, seeded, some_table

SMALL = 400


def rank(output: str) -> int:
    """How mild an output is."""
    return OUTPUTS.index(output)


def grew_worse(name: str, before: Value, after: Value) -> bool:
    """Whether the second value is worse than the first, by the order the input has."""
    order = WORSE[name]
    if len(order) == 1:
        if isinstance(before, Fraction) and isinstance(after, Fraction):
            return before < after
        both = isinstance(before, datetime) and isinstance(after, datetime)
        return both and str(before) < str(after)  # both in UTC, so they sort as they are written
    if before not in order or after not in order:
        return False
    return order.index(str(after)) > order.index(str(before))


def is_milder(table: Table, before: Mapping[str, Value], after: Mapping[str, Value]) -> bool:
    """Whether the second answers get a milder output than the first."""
    rows = (table.decide(before).row, table.decide(after).row)
    if rows[0] is None or rows[1] is None:
        return False
    return rank(table.rows[rows[1]].output) > rank(table.rows[rows[0]].output)


def truly_milder(table: Table, answers: list[dict[str, Value]]) -> set[str]:
    """The inputs with two answers that differ in nothing else, the worse of which is milder."""
    found = set()
    for name in table.worse:
        groups: dict[tuple[Value, ...], list[dict[str, Value]]] = {}
        for answer in answers:
            rest = tuple(value for key, value in answer.items() if key != name)
            groups.setdefault(rest, []).append(answer)
        if any(
            grew_worse(name, one[name], other[name]) and is_milder(table, one, other)
            for group in groups.values()
            for one in group
            for other in group
        ):
            found.add(name)
    return found


def truly_idle(table: Table, answers: list[dict[str, Value]]) -> set[int]:
    """The rows that never decide; where the policy lets all matching rows speak, never match."""
    decided: set[int | None] = set()
    for answer in answers:
        decision = table.decide(answer)
        lone = table.hit in {Hit.FIRST, Hit.PRIORITY}
        decided |= {decision.row} if lone else set(decision.matched)
    return set(range(len(table.rows))) - decided


def truly_overlapping(table: Table, answers: list[dict[str, Value]]) -> set[tuple[int, ...]]:
    """The pairs of rows that match together and may not."""
    found: set[tuple[int, ...]] = set()
    if table.hit not in {Hit.UNIQUE, Hit.ANY}:
        return found
    for answer in answers:
        matched = [n for n in table.decide(answer).matched if not table.rows[n].otherwise]
        found |= {
            (one, other)
            for one in matched
            for other in matched
            if one < other
            and (table.hit is Hit.UNIQUE or table.rows[one].output != table.rows[other].output)
        }
    return found


def small(chance: Random, *, expressions: float = 0.0) -> Table:
    """A table all of whose answers can be listed."""
    return some_table(chance, inputs=chance.randint(1, 2), expressions=expressions)


@pytest.mark.parametrize("seed", range(8))
def test_every_fault_is_found_and_none_invented(seed: int) -> None:
    """Without expressions the checks and a list of all answers say the same."""
    chance = seeded(seed)
    faulty = 0
    for _ in range(SMALL // 8):
        table = small(chance)
        answers = list(all_answers(table))

        found = checks(table)

        assert all(each.fault is not Fault.UNCHECKED for each in found)
        open_ = [each for each in found if each.fault is Fault.GAP]
        assert bool(open_) is any(not table.decide(answer).matched for answer in answers), table
        pairs = {each.rows for each in found if each.fault in {Fault.OVERLAP, Fault.CONTRADICTION}}
        assert pairs == truly_overlapping(table, answers), table
        idle = {each.rows[0] for each in found if each.fault is Fault.NEVER}
        assert idle == truly_idle(table, answers), table
        if table.hit is not Hit.COLLECT:
            grown = [each for each in found if each.fault is Fault.MILDER]
            names = {
                name
                for each in grown
                for name, value in (each.answers or {}).items()
                if (each.worse or {})[name] != value
            }
            assert names == truly_milder(table, answers), table
        faulty += bool(found)
    assert faulty > SMALL // 16


@pytest.mark.parametrize("seed", range(8))
def test_every_example_shows_what_it_is_told_for(seed: int) -> None:
    """The answers beside a fault, put to the table, show that very fault; over all five inputs."""
    chance = seeded(100 + seed)
    for _ in range(100):
        table = some_table(chance, expressions=0.2, rows=7)
        for found in checks(table):
            shows(table, found.fault, found.rows, found.answers, found.worse)


def shows(
    table: Table,
    fault: Fault,
    rows: tuple[int, ...],
    answers: Mapping[str, Value] | None,
    worse: Mapping[str, Value] | None,
) -> None:
    """Nothing, if the example shows the fault."""
    if answers is None:
        assert fault in {Fault.NEVER, Fault.UNCHECKED}
        return
    # An input no row asks for is left out of the example: it may be anything.
    rest = dict.fromkeys(table.inputs, Absent.MISSING)
    decision = table.decide(rest | dict(answers))
    match fault:
        case Fault.GAP:
            assert decision.matched == ()
        case Fault.OVERLAP | Fault.CONTRADICTION:
            assert set(rows) <= set(decision.matched)
            outputs = {table.rows[row].output for row in rows}
            assert (len(outputs) == 2) is (fault is Fault.CONTRADICTION)
        case Fault.MILDER:
            assert worse is not None
            changed = [name for name in answers if answers[name] != worse[name]]
            assert len(changed) == 1
            assert grew_worse(changed[0], answers[changed[0]], worse[changed[0]])
            assert is_milder(table, rest | dict(answers), rest | dict(worse))
        case _:
            raise AssertionError(fault)


@pytest.mark.parametrize("seed", range(8))
def test_with_expressions_nothing_is_missed_in_silence(seed: int) -> None:
    """Where an expression hides a fault, the check says that it was not made."""
    chance = seeded(200 + seed)
    for _ in range(SMALL // 8):
        table = small(chance, expressions=0.6)
        answers = list(all_answers(table))

        open_ = any(not table.decide(answer).matched for answer in answers)
        told = {each.fault for each in gaps(table)}
        assert told <= ({Fault.GAP} if open_ else {Fault.UNCHECKED})
        assert bool(told) or not open_
        pairs = {each.rows for each in overlaps(table)}
        certain = {each.rows for each in overlaps(table) if each.fault is not Fault.UNCHECKED}
        assert certain <= truly_overlapping(table, answers) <= pairs
        idle = {each.rows[0] for each in never(table)}
        sure = {each.rows[0] for each in never(table) if each.fault is Fault.NEVER}
        assert sure <= truly_idle(table, answers) <= idle, table
        if truly_milder(table, answers) and table.hit is not Hit.COLLECT:
            assert list(milder(table))


def test_many_inputs_are_split_not_listed() -> None:
    """Forty inputs of four answers each, 4⁴⁰ combinations, are checked for gaps and idle rows."""
    inputs = {
        f"q{n}": Input(name=f"q{n}", kind=Kind.WORDS, words=("a", "b", "c")) for n in range(40)
    }
    rows = tuple(Row(output="SEV1", alternatives=({name: Words(("a",))},)) for name in inputs)
    table = Table(inputs=inputs, rows=rows, outputs=OUTPUTS)

    found = list(gaps(table))

    assert [each.fault for each in found] == [Fault.GAP]
    assert found[0].answers is not None
    assert "a" not in found[0].answers.values()
    assert list(never(table)) == []


def test_a_tangle_is_not_called_checked() -> None:
    """A table with more regions than can be looked at says so, and is not passed."""
    chance = seeded(5)
    inputs = {
        f"q{n}": Input(
            name=f"q{n}", kind=Kind.WORDS, words=("yes", "no", "unknown"), unanswered="unknown"
        )
        for n in range(40)
    }
    rows = tuple(
        Row(
            output="SEV1",
            alternatives=(
                {
                    name: Words((chance.choice(("yes", "no")), "unknown"))
                    for name in chance.sample(list(inputs), 3)
                },
            ),
        )
        for _ in range(120)
    )
    table = Table(inputs=inputs, rows=rows, outputs=OUTPUTS)

    assert {each.fault for each in gaps(table)} == {Fault.UNCHECKED}
    assert {each.fault for each in never(table)} == {Fault.UNCHECKED}


def test_an_expression_that_never_holds_does_not_count_as_a_row() -> None:
    """A gap behind a contradiction in CEL is shown, since the answer that shows it is asked."""
    inputs = {"n": Input(name="n", kind=Kind.NUMBER)}
    table = Table(
        inputs=inputs,
        rows=(
            Row(output="SEV1", expression=expression("n > 3 && n < 3", inputs)),
            Row(output="SEV2", alternatives=({"n": Given(given=False)},)),
        ),
        outputs=OUTPUTS,
    )

    assert [each.fault for each in gaps(table)] == [Fault.GAP]
    assert Fault.UNCHECKED in {each.fault for each in never(table)}


@pytest.mark.parametrize("text", ["0", "-0.5", "3", "12.25", "1000000", "-7"])
def test_a_number_is_written_as_it_was_read(text: str) -> None:
    """Numbers are exact: what a counter-example shows can be answered again."""
    number = number_of(text)

    assert number is not None
    assert written(number) == text


@pytest.mark.parametrize("text", ["", "many", "1e9", "--5", ".5", "٣", "1_000", "5 x", "9" * 99])
def test_what_is_no_number_is_not_read_as_one(text: str) -> None:
    """Only plain decimals are numbers; anything else is told as unreadable."""
    assert number_of(text) is None


def test_an_instant_has_its_offset() -> None:
    """Without an offset an instant is somebody's local time, and is not read."""
    assert instant_of("2026-11-22T03:00:00") is None
    assert instant_of("2026-11-22T03:00:00+01:00") == instant_of("2026-11-22T02:00:00Z")
