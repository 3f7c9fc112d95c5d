"""Two engines that know nothing of each other agree on what a table says."""

from random import Random

import celpy
import pytest
from celpy import celtypes
from celpy.evaluation import CELEvalError

from runbooks.tables import Absent, Hit, Row, Table, Value, expression, written
from runbooks.tables.parsing import LONGEST, MOST_PARTS
from tests.runbooks.tables import foreign
from tests.runbooks.tables.made import INPUTS, OUTPUTS, seeded, some_answer, some_table

TABLES = 10_000
ANSWERS = 3


def deciding(table: Table, matching: list[int]) -> int | None:
    """The row that decides among those that match, said in the words of the specification."""
    ordinary = [n for n in matching if not table.rows[n].otherwise]
    matching = ordinary or matching
    if not matching or table.hit is Hit.COLLECT:
        return None
    if table.hit is Hit.FIRST:
        return matching[0]
    return min(matching, key=lambda n: (OUTPUTS.index(table.rows[n].output), n))


def test_another_engine_reads_every_table_alike() -> None:
    """On 10,000 tables the rows that match, and the row that decides, are the same in both."""
    chance = seeded(20261125)
    compared = 0
    for _ in range(TABLES):
        table = some_table(chance, expressions=0.2)
        asked = any(row.expression is not None for row in table.rows)
        theirs = foreign.decision(table, collect=True)
        for _ in range(ANSWERS):
            answer = some_answer(chance, complete=asked)

            ours = table.decide(answer)

            result = theirs.evaluate(foreign.context(answer))["result"]
            matching = sorted({int(each["row"]) for each in result})
            told = [n for n in matching if not table.rows[n].otherwise] or matching
            assert list(ours.matched) == told, (table, answer)
            assert ours.row == deciding(table, matching), (table, answer)
            compared += 1
    assert compared == TABLES * ANSWERS


def test_another_engine_takes_the_same_first_row() -> None:
    """Where the first row decides, it is the row the other engine's own policy takes."""
    chance = seeded(7)
    for _ in range(1_000):
        table = some_table(chance, hit=Hit.FIRST)
        theirs = foreign.decision(table, collect=False)
        answer = some_answer(chance)

        ours = table.decide(answer).row

        result = theirs.evaluate(foreign.context(answer))["result"]
        assert ours == (int(result["row"]) if result else None), (table, answer)


def some_expression(chance: Random, depth: int = 0) -> str:
    """A condition, as CEL writes it."""
    shape = chance.randint(0, 8 if depth < 3 else 5)
    if shape <= 1:
        sign = chance.choice(("<", "<=", ">", ">=", "==", "!="))
        return f"{some_number(chance)} {sign} {some_number(chance)}"
    if shape == 2:
        word = chance.choice(INPUTS["danger"].words)
        return f'danger {chance.choice(("==", "!="))} "{word}"'
    if shape == 3:
        return "kind_of_harm in ['fraud', \"other\"]"
    if shape == 4:
        sign = chance.choice(("<", "<=", ">", ">=", "==", "!="))
        return f'noticed {sign} timestamp("2026-01-01T0{chance.randint(0, 7)}:00:00Z")'
    if shape == 5:
        return chance.choice(("true", "false", "accounts in [1.0, 2.5]", "noticed == noticed"))
    if shape == 6:
        return f"!({some_expression(chance, depth + 1)})"
    parts = [some_expression(chance, depth + 1) for _ in range(2)]
    if chance.random() < 0.5:
        parts = [f"({part})" for part in parts]
    return f" {chance.choice(('&&', '||'))} ".join(parts)


def some_number(chance: Random, depth: int = 0) -> str:
    """A number, calculated or not."""
    if depth == 2 or chance.random() < 0.6:
        return chance.choice(("accounts", "accounts", "-accounts", "2.0", "0.5", "3.0"))
    parts = [some_number(chance, depth + 1) for _ in range(2)]
    joined = f" {chance.choice('+-*')} ".join(parts)
    return f"({joined})" if chance.random() < 0.5 else joined


def as_cel(value: Value) -> celtypes.Value:
    """The value as the reference implementation holds it."""
    if isinstance(value, str):
        return celtypes.StringType(value)
    text = written(value)
    return celtypes.TimestampType(text) if "T" in text else celtypes.DoubleType(float(text))


def test_an_expression_means_what_cel_says() -> None:
    """What holds, what does not, and what cannot be said without an answer: all as in CEL."""
    chance = seeded(3)
    environment = celpy.Environment()
    seen = {True: 0, False: 0, "unsaid": 0}
    for _ in range(1_500):
        text = some_expression(chance)
        if len(text) > LONGEST or len(text.split()) > MOST_PARTS // 2:
            continue
        ours = expression(text, INPUTS)
        program = environment.program(environment.compile(text))
        for _ in range(2):
            answer = some_answer(chance)
            given = {
                name.replace("-", "_"): as_cel(value)
                for name, value in answer.items()
                if name != "story" and value is not Absent.MISSING
            }

            found = ours.holds(answer)

            try:
                theirs = bool(program.evaluate(given))
            except CELEvalError:
                assert isinstance(found, tuple), (text, answer)
                seen["unsaid"] += 1
            else:
                assert found is theirs, (text, answer)
                seen[theirs] += 1
    assert min(seen.values()) > 100


@pytest.mark.parametrize("hit", list(Hit))
def test_otherwise_holds_only_where_nothing_else_does(hit: Hit) -> None:
    """Whatever the policy, the last word is spoken when no other row matches."""
    chance = seeded(11)
    for _ in range(200):
        table = some_table(chance, hit=hit, inputs=2)
        rows = (
            *(row for row in table.rows if not row.otherwise),
            Row(output="SEV0", otherwise=True),
        )
        table = Table(inputs=table.inputs, rows=rows, outputs=OUTPUTS, hit=hit)
        answer = some_answer(chance)

        decision = table.decide({name: answer[name] for name in table.inputs})

        others = [n for n in decision.matched if n != len(rows) - 1]
        assert (len(rows) - 1 in decision.matched) is not bool(others)
