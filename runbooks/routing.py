"""Which runbook a report walks: the first row that matches, else the default pathway."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256

from pydantic import BaseModel, ConfigDict

from runbooks.errors import RunbookError, RunbookProblems
from runbooks.grammar.routing import Condition, Prefill, RoutingDocument
from runbooks.reading import read_model, suggestion
from runbooks.rules.catalogue import RULES
from runbooks.runbook import Runbook
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
    """The routing table in `text`; RunbookProblems, each with its place, when it is refused."""
    document, root = read_model(RoutingDocument, text, file=file)
    return RoutingTable(document=document, root=root, file=file, source=text)


def route(table: RoutingTable, facts: RouteFacts) -> Route:
    """The runbook a report with these facts walks."""
    for number, row in enumerate(table.document.rows, start=1):
        if _holds(row.if_, facts):
            answers = dict(_answers(row.answers, facts))
            return Route(runbook=row.runbook, answers=answers, reason=row.because, row=number)
    return Route(runbook=table.document.default, answers={}, reason=NO_MATCH, row=None)


def check_routing(table: RoutingTable, *, library: Mapping[str, Runbook]) -> None:
    """Nothing; RunbookProblems when the table leads to what the library does not have."""
    problems = list(_problems(table, library))
    if problems:
        raise RunbookProblems(problems)


def _holds(condition: Condition, facts: RouteFacts) -> bool:
    return (
        (condition.source is None or facts.source in condition.source)
        and (condition.tag is None or not facts.tags.isdisjoint(condition.tag))
        and all(facts.fields.get(name) in cell for name, cell in (condition.field or {}).items())
    )


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
