"""The account of a simulation: what became of its cases, as one value that two runs share.

It holds nothing that the machine's speed could change; wall-clock figures stand elsewhere.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from runbooks import Runbook
from workers.simulation.figures import Figure, Spread, spread
from workers.simulation.model import Model
from workers.simulation.people import Staff
from workers.simulation.story import Story
from workers.simulation.synthetic import REOPENED
from workers.simulation.truth import Judged, judge

MOST_PAGED = 10


class Played(Figure):
    """What was simulated."""

    seed: int
    days: int
    begins: str
    """The Monday of its week: its holidays and business days are the cases'."""
    faults: tuple[str, ...]
    model: str
    provenance: str
    runbooks: dict[str, str]
    """Name → version and digest."""


class Group(Figure):
    """The cases of one runbook that ended at one severity."""

    runbook: str
    severity: str
    cases: int
    closed: int
    cancelled: int
    stuck: int
    breached: int
    """Cases in which some clock ran out."""
    first_human: Spread
    to_close: Spread


class StageFigure(Figure):
    """How long a stage takes."""

    runbook: str
    stage: str
    minutes: Spread


class ClockFigure(Figure):
    """How often a clock ran, and ran out."""

    runbook: str
    clock: str
    ran: int
    breached: int


class GateFigure(Figure):
    """How the rounds of a gate ended."""

    runbook: str
    gate: str
    rounds: dict[str, int]


class Paged(Figure):
    """How often one person was paged."""

    person: str
    pages: int
    at_night: int


class Pages(Figure):
    """Pages: how many, to whom, and at which local hour."""

    pages: int
    at_night: int
    people: int
    by_hour: tuple[int, ...]
    by_night_hour: float
    """Pages to one person in one hour of the night, on average."""
    most: tuple[Paged, ...]


class Stuck(Figure):
    """A case that did not end, and why."""

    case: str
    runbook: str
    why: str


class Account(Figure):
    """The whole account."""

    simulation: Played
    cases: int
    closed: int
    cancelled: int
    stuck: tuple[Stuck, ...]
    forks: int
    """Journals that were written in two ways; must be none."""
    groups: tuple[Group, ...]
    dispositions: dict[str, dict[str, int]]
    stages: tuple[StageFigure, ...]
    clocks: tuple[ClockFigure, ...]
    gates: tuple[GateFigure, ...]
    refusals: dict[str, int]
    notices: dict[str, int]
    nobody_to_notify: int
    pages: Pages
    effects: dict[str, dict[str, int]]
    moves: dict[str, dict[str, int]]
    """Runbook → runbook: cases that moved; they were played on where that runbook was played."""
    reopened: int
    """Cases that came back after they had closed; each was played as a case of its own."""
    worker_restarts: int
    truth: Judged

    @property
    def as_json(self) -> str:
        """The account as text, byte for byte the same for the same seed."""
        return self.model_dump_json(indent=2) + "\n"


def account_of(
    stories: Sequence[Story],
    *,
    model: Model,
    runbooks: Mapping[str, Runbook],
    staff: Staff,
    seed: int,
    days: int,
    begins: datetime | None,
    faults: Iterable[str],
    restarts: int,
) -> Account:
    """The account of these cases."""
    notices = _sum(story.notices for story in stories)
    return Account(
        simulation=Played(
            seed=seed,
            days=days,
            begins=begins.date().isoformat() if begins is not None else "",
            faults=tuple(sorted(faults)),
            model=model.model,
            provenance=model.provenance,
            runbooks={
                name: f"{book.version} {book.digest[:12]}" for name, book in runbooks.items()
            },
        ),
        cases=len(stories),
        closed=sum(story.closed and not story.cancelled for story in stories),
        cancelled=sum(story.cancelled for story in stories),
        stuck=tuple(
            Stuck(case=s.played.case.name, runbook=s.played.case.runbook, why=s.played.stuck)
            for s in stories
            if not s.closed
        ),
        forks=sum(story.played.placed.forks for story in stories),
        groups=tuple(_groups(stories)),
        dispositions=_nested((s.played.case.runbook, s.disposition or "none") for s in stories),
        stages=tuple(_stages(stories)),
        clocks=tuple(_clocks(stories)),
        gates=tuple(_gates(stories)),
        refusals=_sum(story.refusals for story in stories),
        notices=notices,
        nobody_to_notify=notices.get("nobody-to-notify", 0),
        pages=_pages(stories, model=model, staff=staff, days=days),
        effects=_nested(
            (name, end)
            for story in stories
            for (name, end), count in story.effects.items()
            for _ in range(count)
        ),
        moves=_nested(
            (s.played.case.runbook, s.played.placed.moved_to)
            for s in stories
            if s.played.placed.moved_to
        ),
        reopened=sum(s.played.case.arrival.cause == REOPENED for s in stories),
        worker_restarts=restarts,
        truth=judge(stories),
    )


def _groups(stories: Sequence[Story]) -> Iterable[Group]:
    keys = sorted({(s.played.case.runbook, s.severity.value) for s in stories})
    for runbook, severity in keys:
        group = [
            s for s in stories if (s.played.case.runbook, s.severity.value) == (runbook, severity)
        ]
        yield Group(
            runbook=runbook,
            severity=severity,
            cases=len(group),
            closed=sum(s.closed and not s.cancelled for s in group),
            cancelled=sum(s.cancelled for s in group),
            stuck=sum(not s.closed for s in group),
            breached=sum(s.breaches > 0 for s in group),
            first_human=spread(s.first_human for s in group if s.first_human is not None),
            to_close=spread(s.ended for s in group if s.closed),
        )


def _stages(stories: Sequence[Story]) -> Iterable[StageFigure]:
    taken: dict[tuple[str, str], list[int]] = {}
    for story in stories:
        for passage in story.passages:
            key = (story.played.case.runbook, passage.stage)
            taken.setdefault(key, []).append(passage.left - passage.entered)
    for (runbook, stage), minutes in sorted(taken.items()):
        yield StageFigure(runbook=runbook, stage=stage, minutes=spread(minutes))


def _clocks(stories: Sequence[Story]) -> Iterable[ClockFigure]:
    ran: Counter[tuple[str, str]] = Counter()
    breached: Counter[tuple[str, str]] = Counter()
    for story in stories:
        for clock in story.clocks:
            key = (story.played.case.runbook, clock.name)
            ran[key] += 1
            breached[key] += clock.breached
    for runbook, name in sorted(ran):
        yield ClockFigure(
            runbook=runbook,
            clock=name,
            ran=ran[runbook, name],
            breached=breached[runbook, name],
        )


def _gates(stories: Sequence[Story]) -> Iterable[GateFigure]:
    rounds: dict[tuple[str, str], Counter[str]] = {}
    for story in stories:
        for (gate, state), count in story.rounds.items():
            rounds.setdefault((story.played.case.runbook, gate), Counter())[state] += count
    for (runbook, gate), states in sorted(rounds.items()):
        yield GateFigure(runbook=runbook, gate=gate, rounds=dict(sorted(states.items())))


def _pages(stories: Sequence[Story], *, model: Model, staff: Staff, days: int) -> Pages:
    pages = [told for story in stories for told in story.told if told.paged]
    by_person = Counter(told.person for told in pages)
    nights = Counter(told.person for told in pages if told.night)
    hours = Counter(told.hour for told in pages)
    begins, ends = model.night
    night_hours = (ends - begins) % 24 * days * max(len(staff), 1)
    return Pages(
        pages=len(pages),
        at_night=sum(nights.values()),
        people=len(staff),
        by_hour=tuple(hours.get(hour, 0) for hour in range(24)),
        by_night_hour=round(sum(nights.values()) / night_hours, 4),
        most=tuple(
            Paged(person=person, pages=count, at_night=nights[person])
            for person, count in sorted(by_person.items(), key=lambda item: (-item[1], item[0]))[
                :MOST_PAGED
            ]
        ),
    )


def _sum(counters: Iterable[Counter[str]]) -> dict[str, int]:
    whole: Counter[str] = Counter()
    for counter in counters:
        whole.update(counter)
    return dict(sorted(whole.items()))


def _nested(pairs: Iterable[tuple[str, str]]) -> dict[str, dict[str, int]]:
    counted: dict[str, Counter[str]] = {}
    for outer, inner in pairs:
        counted.setdefault(outer, Counter())[inner] += 1
    return {name: dict(sorted(inner.items())) for name, inner in sorted(counted.items())}
