"""What is true of a case, worked out from the runbook's text without any code of the engine.

Whether the engine agrees is the question: a severity, a deadline or a disposition is only tested by
something that was not made by the same hands. Two things are not worked out here: rows that are
more than lists of answers are read by the table core, which is held against two other engines; and
what a law counts in days or more hangs on a calendar, so its deadline stays open.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import product

from runbooks.grammar.cells import as_cell
from runbooks.grammar.clocks import Clock
from runbooks.grammar.document import RunbookDocument
from runbooks.grammar.scoring import SCORE
from runbooks.grammar.severity import SeverityRow, input_of, severity_table
from runbooks.grammar.stages import Stage
from runbooks.plan import ClockKind, ClockStart, Severity, StageKind
from runbooks.statutes.span import Unit
from runbooks.tables import Hit, holds
from workers.simulation import law
from workers.simulation.answers import Answers, known
from workers.simulation.chance import Chance
from workers.simulation.model import Model

MOST_STEPS = 40
MOST_COMBINATIONS = 4096
_MINUTES = {Unit.MINUTE: 1, Unit.HOUR: 60}


@dataclass(frozen=True)
class Step:
    """One passage through a stage, and how it was left."""

    stage: str
    outcome: str


@dataclass(frozen=True)
class Way:
    """A walk through the runbook, and what was done on it."""

    steps: tuple[Step, ...]
    effects: tuple[str, ...]
    moved_to: str | None = None

    @property
    def stages(self) -> tuple[str, ...]:
        """The stages in the order they were passed."""
        return tuple(step.stage for step in self.steps)


def severity_of(document: RunbookDocument, answers: Mapping[str, str]) -> Severity:
    """The first row whose cells all hold; what nobody knows is unknown."""
    return judge(document)(answers)


def judge(document: RunbookDocument) -> Callable[[Mapping[str, str]], Severity]:
    """What gives answers their severity."""
    if _plain(document):
        return partial(_first, document)
    table = severity_table(document.severity, document.severity_table, document.severity_questions)

    def by_table(answers: Mapping[str, str]) -> Severity:
        told = known(document, answers)
        row = table.decide(table.read({**told, **_summed(document, told)})).row
        return _worst(document) if row is None else document.severity[row].severity

    return by_table


def _summed(document: RunbookDocument, told: Mapping[str, str]) -> dict[str, str]:
    """The sum of the points, as an answer like any other; nothing where there are no points."""
    if not document.score:
        return {}
    points = 0
    for line in document.score:
        asked = {name: input_of(name, document.intake.get(name)) for name in line.if_}
        if all(
            holds(as_cell(cell), asked[name].read(told.get(name)))
            for name, cell in line.if_.items()
        ):
            points += line.points
    return {SCORE: str(points)}


def _worst(document: RunbookDocument) -> Severity:
    return min(row.severity for row in document.severity)


def _first(document: RunbookDocument, answers: Mapping[str, str]) -> Severity:
    counted = known(document, answers)
    for row in document.severity:
        if _holds(row, counted):
            return row.severity
    return _worst(document)


def _plain(document: RunbookDocument) -> bool:
    """Whether the first row decides, and every cell is a list of answers."""
    return document.severity_table.hit is Hit.FIRST and all(
        row.when is None and all(isinstance(cell, tuple) for cell in (row.if_ or {}).values())
        for row in document.severity
    )


def _holds(row: SeverityRow, known: Mapping[str, str]) -> bool:
    if row.otherwise is not None:
        return True
    cells = (row.if_ or {}).items()
    return all(isinstance(cell, tuple) and known.get(name, "") in cell for name, cell in cells)


def asked_by_table(document: RunbookDocument) -> list[str]:
    """The questions the severity table looks at and whose answers can be listed."""
    rows = (*(row.if_ or {} for row in document.severity), *(each.if_ for each in document.score))
    asked = {name for cells in rows for name in cells}
    return [name for name in document.intake if name in asked and document.intake[name].answers]


def attainable(document: RunbookDocument, *, chance: Chance) -> dict[Severity, list[Answers]]:
    """Every severity the table can give, with the answers that give it."""
    asked = asked_by_table(document)
    columns = [document.intake[name].answers for name in asked]
    size = 1
    for column in columns:
        size *= len(column)
    combinations: Iterable[tuple[str, ...]]
    if size <= MOST_COMBINATIONS:
        combinations = product(*columns)
    else:
        source = chance.of("combinations")
        combinations = [
            tuple(source.one_of(column) for column in columns) for _ in range(MOST_COMBINATIONS)
        ]
    found: dict[Severity, list[Answers]] = {}
    judged = judge(document)
    for values in combinations:
        answers = dict(zip(asked, values, strict=True))
        found.setdefault(judged(answers), []).append(answers)
    return found


@dataclass
class Walker:
    """Walks the stage graph as the text says, taking the outcomes it is given."""

    document: RunbookDocument
    outcome: Callable[[Stage, int], str]
    """The outcome of a stage at its nth passage, counted from one."""
    severity: Severity
    steps: list[Step] = field(default_factory=list)
    effects: list[str] = field(default_factory=list)

    def walk(self) -> Way:
        """The way from the first stage to the closure, or to another runbook."""
        stage = self.document.stages[0]
        while stage.kind is not StageKind.CLOSURE and len(self.steps) < MOST_STEPS:
            passed = sum(step.stage == stage.stage for step in self.steps) + 1
            if stage.only_at is not None and self.severity not in stage.only_at:
                outcome = "skipped"
            else:
                self._do(stage.do)
                done = stage.skip_when_done in self.effects
                outcome = "done" if done else self.outcome(stage, passed)
            self.steps.append(Step(stage.stage, outcome))
            following = (stage.next or {})[outcome]
            self._do(following.do)
            self._do(tuple(f"undo-{name}" for name in following.undo))
            if following.move_to is not None:
                return Way(tuple(self.steps), tuple(self.effects), moved_to=following.move_to)
            stage = next(s for s in self.document.stages if s.stage == following.then)
        return Way(tuple(self.steps), tuple(self.effects))

    def _do(self, names: tuple[str, ...]) -> None:
        self.effects.extend(name for name in names if name not in self.effects)


def disposition_of(
    document: RunbookDocument, way: Way, model: Model, *, among: Iterable[str] | None = None
) -> str:
    """How a case that went that way is rightly closed.

    What an outcome on the way speaks for comes first, the latest before the earlier; then what asks
    for most of what was done. Only dispositions `among` the given ones are looked at.
    """
    if way.moved_to is not None:
        return "moved"
    rules = document.closure.dispositions or {}
    known = list(rules) if among is None else [name for name in rules if name in set(among)]
    done = set(way.effects)
    met = [
        name
        for name in known
        if all(_met(requirement, done) for requirement in rules[name].requires)
    ]
    candidates = met or known
    if not candidates:
        return ""
    for step in reversed(way.steps):
        for said in (step.outcome, *model.speaks_for.get(step.outcome, ())):
            if said in candidates:
                return said
    return max(candidates, key=lambda name: (len(rules[name].requires), -known.index(name)))


def _met(requirement: str, done: set[str]) -> bool:
    kind, _, name = requirement.partition(":")
    match kind:
        case "receipt" | "done":
            return name in done
        case "action-receipt":
            return bool(done)
        case "linked-case":
            return False
        case _:
            return True


def clocks_of(
    document: RunbookDocument, way: Way, *, severity: Severity, received: int
) -> dict[str, int | None]:
    """The clocks that must run in a case that went that way, and when each is due by itself.

    One of a law that hangs on answers is left out: what people answer is for them to say.
    Minutes from opening, `received` of them before it; None for what begins with an effect or with
    a severity, or is not counted in hours.
    """
    done = set(way.effects)
    answered = needed(document, way)
    expected: dict[str, int | None] = {}
    for name, clock in document.clocks.items():
        within = _minutes(clock)
        if document.law and clock.law is not None and not law.always(document, clock.law.row):
            continue
        if clock.starts_after is not None:
            if clock.starts_after in done:
                expected[name] = None
            continue
        if clock.only_at is not None:
            if severity in clock.only_at:
                expected[name] = None
            continue
        if clock.starts_at is not None and clock.starts_at not in answered:
            continue
        before = 0 if clock.begins is ClockStart.OPENED and clock.starts_at is None else received
        expected[name] = within - before if within is not None else None
    return expected


def needed(document: RunbookDocument, way: Way) -> set[str]:
    """The questions that must have been answered for a case to have gone that way."""
    stages = {stage.stage: stage for stage in document.stages}
    asked: set[str] = set()
    for step in way.steps:
        stage = stages[step.stage]
        asked.update(stage.needs)
        asked.update((stage.next or {})[step.outcome].needs)
    return asked


def _minutes(clock: Clock) -> int | None:
    """How long the clock runs; None for what only a calendar knows."""
    if clock.within is not None:
        return int(clock.within.total_seconds() // 60)
    length = clock.law.length if clock.law is not None else None
    if length is None or length.unit not in _MINUTES:
        return None
    return length.n * _MINUTES[length.unit]


def shortest_clock(document: RunbookDocument) -> int | None:
    """The minutes of the shortest clock that counts from receipt; None where there is none."""
    counted = [
        _minutes(clock)
        for clock in document.clocks.values()
        if clock.starts_after is None
        and clock.only_at is None
        and clock.starts_at is None
        and clock.begins is not ClockStart.OPENED
        and clock.runs_as is not ClockKind.MIN_HOLD
    ]
    return min((within for within in counted if within is not None), default=None)


def asks_somebody(document: RunbookDocument, way: Way) -> bool:
    """Whether the way passes a gate, or leads to a runbook that has one: it is to escalate."""
    gates = {stage.stage for stage in document.stages if stage.kind is StageKind.GATE}
    return way.moved_to is not None or any(stage in gates for stage in way.stages)
