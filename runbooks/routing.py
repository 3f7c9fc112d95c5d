"""Which runbook a report walks: the first row that matches, else the default pathway."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

from pydantic import BaseModel, ConfigDict

from runbooks.errors import RunbookError, RunbookProblems
from runbooks.grammar.routing import Condition, Prefill, RoutingDocument
from runbooks.reading import read_model, suggestion
from runbooks.rules.catalogue import RULES
from runbooks.runbook import Runbook
from runbooks.tables import Cell, Input, Kind, Row, Table, Value, Words, never
from runbooks.tree import Node, Step, place_of

NO_MATCH = "no row of the routing table matches"
"""The reason a report walks the default pathway."""


@dataclass(frozen=True)
class RoutingTable:
    """A routing table that was read, and the text it was read from."""

    document: RoutingDocument
    root: Node
    file: str
    source: bytes

    @property
    def digest(self) -> str:
        """SHA-256 of the exact bytes, in hex."""
        return sha256(self.source).hexdigest()


class RouteFacts(BaseModel):
    """What a door knows of a report before anybody has read it."""

    model_config = ConfigDict(frozen=True)

    source: str
    tags: frozenset[str] = frozenset()
    fields: dict[str, str] = {}


class Route(BaseModel):
    """Where a report goes, what it already answers, and why."""

    model_config = ConfigDict(frozen=True)

    runbook: str
    answers: dict[str, str]
    reason: str
    row: int | None
    """Counted from one; None for the default pathway."""


def load_routing(text: bytes, *, file: str) -> RoutingTable:
    """The routing table in `text`; RunbookProblems, each with its place, when it is refused.

    The same text under the same name is read once.
    """
    return _loaded(text, file)


@lru_cache(maxsize=8)
def _loaded(text: bytes, file: str) -> RoutingTable:
    document, root = read_model(RoutingDocument, text, file=file)
    return RoutingTable(document=document, root=root, file=file, source=text)


def route(table: RoutingTable, facts: RouteFacts) -> Route:
    """The runbook a report with these facts walks."""
    decisions = decision_table(table.document)
    row = decisions.decide(values_of(decisions, facts)).row
    if row is None:
        return Route(runbook=table.document.default, answers={}, reason=NO_MATCH, row=None)
    taken = table.document.rows[row]
    answers = dict(_answers(taken.answers, facts))
    return Route(runbook=taken.runbook, answers=answers, reason=taken.because, row=row + 1)


def check_routing(table: RoutingTable, *, library: Mapping[str, Runbook]) -> None:
    """Nothing; RunbookProblems when the table leads to what the library does not have."""
    problems = list(_problems(table, library))
    if problems:
        raise RunbookProblems(problems)


def decision_table(document: RoutingDocument) -> Table:
    """The rows as a decision table: each tag is an input of its own, said or not said."""
    return condition_table([(row.if_, row.runbook) for row in document.rows])


def condition_table(conditions: Sequence[tuple[Condition, str]]) -> Table:
    """What a report must have, row by row, as a decision table over source, tags and fields."""
    rows = tuple(
        Row(output=output, alternatives=tuple(_alternatives(condition)))
        for condition, output in conditions
    )
    names = dict.fromkeys(name for row in rows for cells in row.alternatives for name in cells)
    return Table(
        inputs={name: _input(name) for name in names},
        rows=rows,
        outputs=tuple(dict.fromkeys(row.output for row in rows)),
    )


def matter_table(document: RoutingDocument) -> Table:
    """The rows that say which reports are about one matter, as a decision table."""
    return condition_table([(row.if_, f"{n}") for n, row in enumerate(document.matters, start=1)])


def _alternatives(condition: Condition) -> Iterator[dict[str, Cell]]:
    cells: dict[str, Cell] = {
        f"field {name}": Words(cell) for name, cell in (condition.field or {}).items()
    }
    if condition.source is not None:
        cells["source"] = Words(condition.source)
    if condition.tag is None:
        yield cells
    for tag in condition.tag or ():
        yield cells | {f"tag {tag}": Words(("yes",))}


def _input(name: str) -> Input:
    if name.startswith("tag "):
        return Input(name=name, kind=Kind.WORDS, words=("yes", "no"), unanswered="no")
    return Input(name=name, kind=Kind.WORDS, open=True)


def values_of(table: Table, facts: RouteFacts) -> dict[str, Value]:
    """What the table is given for a report with these facts."""
    said = {"source": facts.source}
    said |= {f"tag {tag}": "yes" for tag in facts.tags}
    said |= {f"field {name}": value for name, value in facts.fields.items()}
    return table.read(said)


def _answers(prefills: Mapping[str, Prefill], facts: RouteFacts) -> Iterator[tuple[str, str]]:
    for question, prefill in prefills.items():
        answer = prefill.value if prefill.field is None else facts.fields.get(prefill.field)
        if answer:
            yield question, answer


def _problems(table: RoutingTable, library: Mapping[str, Runbook]) -> Iterator[RunbookError]:
    def problem(
        rule: str, path: tuple[Step, ...], found: str, expected: str, mend: str = ""
    ) -> RunbookError:
        place = place_of(table.root, path, key=rule == "RB081" and len(path) == 4)  # noqa: PLR2004 - a question is a key
        return RunbookError(
            file=table.file,
            line=place.line,
            column=place.column,
            rule=rule,
            found=found,
            expected=expected,
            mend=mend or RULES[rule].mend,
        )

    def unknown(path: tuple[Step, ...], name: str) -> RunbookError:
        mend = suggestion(name, library, otherwise=RULES["RB080"].mend)
        return problem("RB080", path, f'the runbook "{name}"', "a runbook of the library", mend)

    if table.document.default not in library:
        yield unknown(("default",), table.document.default)
    for found in never(decision_table(table.document)):
        expected = RULES["RB093"].says
        yield problem("RB093", ("rows", found.rows[0], "if"), found.says, expected)
    for found in never(matter_table(table.document)):
        expected = RULES["RB093"].says
        yield problem("RB093", ("matters", found.rows[0], "if"), found.says, expected)
    for index, row in enumerate(table.document.rows):
        runbook = library.get(row.runbook)
        if runbook is None:
            yield unknown(("rows", index, "runbook"), row.runbook)
            continue
        for name, prefill in row.answers.items():
            path: tuple[Step, ...] = ("rows", index, "answers", name)
            question = runbook.document.intake.get(name)
            if question is None:
                expected = f"one of {', '.join(runbook.document.intake)}"
                yield problem("RB081", path, f'the question "{name}"', expected)
            elif prefill.value and question.answers and prefill.value not in question.answers:
                expected = f"one of {', '.join(question.answers)}"
                yield problem("RB081", (*path, "value"), f'"{prefill.value}"', expected)
