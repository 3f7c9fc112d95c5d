"""The engine's clocks against the generator's: the same lives, read by code of other hands.

The engine's side is the case file at a desk, the functions that the workflow runs: a case is
opened with what was reported, signed acts answer the rest, effects happen. What it then carries is
held against what the generator works out from the runbook's text and the law's rows.
"""

import itertools
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bench.acceptance.criterion import Extent
from bench.acceptance.running import Verdict
from cases.acts import Answer
from cases.clock import ClockRun, ClockVerb
from cases.clock_starts import NO_LONGER, happened
from cases.desk import Desk
from cases.file import CaseFile
from cases.journal import Journal
from cases.receipts import Outcome
from cases.recording import Record
from cases.records import SeverityRecord
from cases.report import Report, Source
from cases.severity import severity_changed
from cases.stages import enter, open_case
from cases.state import CaseState
from runbooks import assess, compile_runbook, library, load_runbook
from runbooks.runbook import Runbook
from tests.cases.house import CASE, ROOT, SALT, House
from workers.simulation.expected import Life, Owed, clocks_expected
from workers.simulation.generator import Generator
from workers.simulation.lives import even, lives
from workers.simulation.model import load_model

SEEDS, EACH, LEAST, SECONDS = (1, 2, 3, 4, 5), 1_010, 5_000, 300.0
SHOWN = 20
MANAGER = "incident-manager"


@dataclass(frozen=True)
class Disagreement:
    """A clock that one side carries and the other does not, or that is due at another instant."""

    seed: int
    case: str
    clock: str
    engine: Owed | None
    expected: Owed | None

    @property
    def said(self) -> str:
        """In one line, so that it can be found again."""
        return (
            f"seed {self.seed}, case {self.case}, {self.clock}: "
            f"engine {_said(self.engine)}, expected {_said(self.expected)}"
        )


@dataclass
class Compared:
    """What a comparison came to."""

    cases: int = 0
    clocks: int = 0
    kinds: set[str] = field(default_factory=set)
    """Clocks that some case carried: `runbook clock`."""
    disagreements: list[Disagreement] = field(default_factory=list)


def compare(number: int, *, seed: int, runbooks: Mapping[str, Runbook] | None = None) -> Compared:
    """So many generated cases, as even among these runbooks as can be; the library's by default."""
    books = runbooks or shipped()
    documents = {name: book.document for name, book in books.items()}
    generator = Generator(even(load_model()), books, seed=seed)
    found = Compared()
    for case, life in lives(documents, generator, number=number, seed=seed):
        expected = clocks_expected(documents[case.runbook], life)
        carried = clocks_carried(books[case.runbook], life)
        found.cases += 1
        found.clocks += len(expected)
        found.kinds |= {f"{case.runbook} {clock}" for clock in expected}
        found.disagreements += between(carried, expected, seed=seed, case=case.key)
    return found


def shipped() -> dict[str, Runbook]:
    """Every runbook of the library."""
    return {name: load_runbook(text, file=f"{name}.yaml") for name, text in library().items()}


def between(
    carried: Mapping[str, Owed], expected: Mapping[str, Owed], *, seed: int, case: str
) -> Iterator[Disagreement]:
    """Where the two sides say something else."""
    for clock in sorted({*carried, *expected}):
        engine, wanted = carried.get(clock), expected.get(clock)
        if engine != wanted:
            yield Disagreement(seed, case, clock, engine, wanted)


def clocks_carried(runbook: Runbook, life: Life) -> dict[str, Owed]:
    """The clocks of the case at the engine's desk, after all that happened in its life."""
    at_desk = _AtADesk(runbook, life)
    for said in life.said[1:]:
        at_desk.answer(said.answers, at=said.at)
    for at, effect in life.done:
        happened(at_desk.house.file, f"effect:{effect}", at=at)
        at_desk.house.now = at
    return at_desk.carried()


class _AtADesk:
    """One case, opened as the workflow opens it."""

    def __init__(self, runbook: Runbook, life: Life) -> None:
        self._runbook = runbook
        pathway = compile_runbook(runbook)
        reported = dict(life.said[0].answers)
        judged = assess(runbook, reported)
        state = CaseState(
            case=CASE,
            number="1001",
            report=Report(
                source=Source.STANDARD,
                instance="generated",
                external_id="1",
                delivery="1",
                received_at=life.opened,
                receipt_at=life.received,
            ),
            runbook=pathway.runbook,
            version=pathway.version,
            digest=pathway.digest,
            opened_at=life.opened,
            severity=SeverityRecord(current=judged.severity, computed=judged.severity),
            journal=Journal(case=CASE),
        )
        nonces = (f"nonce-{number}" for number in itertools.count())
        file = CaseFile(state, pathway, Record(state, salt=SALT), lambda: next(nonces))
        open_case(
            file,
            at=life.opened,
            answers=reported,
            routed="generated",
            row="",
            routing_digest="",
            input_commitment="",
            same_subject=(),
            linked_from="",
        )
        enter(file, pathway.stage(pathway.first), at=life.opened)
        desk = Desk(file, root=ROOT.public_key().public_bytes_raw())
        self.house = House(file=file, desk=desk, now=life.opened)

    def answer(self, answers: Mapping[str, str], *, at: datetime) -> None:
        """A person has answered what is asked and is new, and the severity table has judged it."""
        house, state = self.house, self.house.state
        house.now = at
        asked = house.file.asked(answers)
        given = {name: each.value for name, each in state.answers.items()}
        new = {n: said for n, said in answers.items() if n in asked and given.get(n) != said}
        if not new:
            return
        envelope = house.envelope(Answer(answers=new), person="ines", role=MANAGER)
        receipt = house.desk.receive(envelope, at=at)
        if receipt.outcome is not Outcome.ACCEPTED:
            raise AssertionError((self._runbook.name, receipt))
        before = state.facts()
        found = assess(self._runbook, {name: each.value for name, each in state.answers.items()})
        state.severity = SeverityRecord(current=found.severity, computed=found.severity)
        state.reassess = False
        severity_changed(house.file, before, at=at)

    def carried(self) -> dict[str, Owed]:
        """The runbook's clocks that run, or ran until something fulfilled them."""
        names = {plan.id for plan in self.house.file.pathway.clocks}
        newest = {clock.id: clock for clock in self.house.state.clocks if clock.id in names}
        return {name: self._owed(clock) for name, clock in newest.items() if not _lifted(clock)}

    def _owed(self, clock: ClockRun) -> Owed:
        reading = clock.reading(self.house.now)
        if reading.started_at is None or reading.counted_from is None:
            raise AssertionError((self._runbook.name, clock.id))
        due = reading.counted_from + clock.target(self.house.now)
        return Owed(reading.started_at, due, reading.latest or due)


def _lifted(clock: ClockRun) -> bool:
    """Whether the answers no longer bring it about."""
    return any(
        event.verb is ClockVerb.CANCEL and event.because == NO_LONGER for event in clock.events
    )


def _said(owed: Owed | None) -> str:
    if owed is None:
        return "carries none"
    begun, due, latest = (at.isoformat() for at in (owed.begun, owed.due, owed.latest))
    return f"since {begun} due {due} latest {latest}"


def clocks(extent: Extent) -> Iterator[Verdict]:
    """Every seed's cases; what the two sides say differently is printed, and fails."""
    began = time.perf_counter()
    each = EACH // 10 if extent.quick else EACH
    found = [compare(each, seed=seed) for seed in SEEDS]
    wrong = [one for part in found for one in part.disagreements]
    cases = sum(part.cases for part in found)
    kinds = set[str]().union(*(part.kinds for part in found))
    for one in wrong[:SHOWN]:
        print(one.said)
    took = time.perf_counter() - began
    yield Verdict(
        "clocks the generator expects, worked out without the engine, against the engine's",
        f"no disagreement on >= {LEAST} generated cases, <= {SECONDS:.0f} s",
        f"{len(wrong)} disagreements; {cases} cases of {len(SEEDS)} seeds, "
        f"{sum(part.clocks for part in found)} clocks of {len(kinds)} kinds",
        not wrong and (cases >= LEAST or extent.quick) and took <= SECONDS,
        took,
    )
