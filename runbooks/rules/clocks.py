"""Clocks that can be trusted: sourced, owned, reviewed, able to stop, paused only by law."""

from collections.abc import Iterator
from datetime import date

from runbooks.grammar.stages import LateStep, Stage
from runbooks.plan import ClockKind
from runbooks.planner import moves, performed
from runbooks.rules.finding import Finding, Subject, Weight
from runbooks.statutes.table import Statute, statutes

_AREAS = ("effect", "stage", "closed")


def provenance(subject: Subject) -> Iterator[Finding]:
    """Statutory clocks without owner or source, and reviews that are past due."""
    document = subject.document
    for name, clock in document.clocks.items():
        law = clock.law
        needs = ("owner", "source") if law is None else ("owner",)
        missing = [key for key in needs if getattr(clock, key) is None]
        if clock.statutory and missing:
            yield subject.finding(
                "RB060",
                ("clocks", name),
                f"the statutory clock {name} has no {' and no '.join(missing)}",
                at_key=True,
            )
        review_by = clock.review_by if law is None else law.review_by
        if review_by and review_by < subject.today:
            yield subject.finding(
                "RB061",
                ("clocks", name, "review-by" if law is None else "use"),
                f"{name} was to be reviewed by {review_by}; today is {subject.today}",
                weight=Weight.ERROR if clock.statutory else Weight.WARNING,
            )
        waits = bool(document.law)
        if law is not None and (wrong := not_law(law, on=subject.today, waits=waits)):
            yield subject.finding("RB066", ("clocks", name, "use"), wrong)
    if document.review_by < subject.today:
        yield subject.finding(
            "RB062",
            ("review-by",),
            f"to be reviewed by {document.review_by}; today is {subject.today}",
            weight=Weight.WARNING,
        )


def not_law(law: Statute, *, on: date, waits: bool) -> str:
    """Why the row must not run, empty where it may; `waits` says that a case looks at its day."""
    if law.superseded:
        return f"{law.reference} has been replaced by {statutes()[law.id].reference}"
    since = law.row.effective.from_
    if law.row.is_law(on) or (waits and isinstance(since, date) and since > on):
        return ""
    return f"{law.reference} is not law on {on}"


def suspensions(subject: Subject) -> Iterator[Finding]:
    """Outcomes that suspend a clock the law does not toll."""
    clocks = subject.document.clocks
    for index, stage in enumerate(subject.document.stages):
        for outcome, step in (stage.next or {}).items():
            for position, name in enumerate(step.suspend):
                if name in clocks and clocks[name].runs_as is not ClockKind.TOLLING:
                    yield subject.finding(
                        "RB063",
                        ("stages", index, "next", outcome, "suspend", position),
                        f"{name} is a {clocks[name].runs_as} clock and does not pause",
                        evidence=(*subject.way_to(stage.stage), *_taking(subject, stage, outcome)),
                    )


def endings(subject: Subject) -> Iterator[Finding]:
    """Deadlines that nothing in the runbook can stop."""
    happening = performed(subject.pathway)
    reached = subject.ways
    effects = subject.document.all_effects
    stages = {stage.stage for stage in subject.document.stages}
    outcomes = {stage.stage: set(stage.next or {}) for stage in subject.document.stages}
    for name, clock in subject.document.clocks.items():
        if clock.runs_as is ClockKind.MIN_HOLD:
            continue
        if not clock.stops:
            yield subject.finding(
                "RB064", ("clocks", name), f"nothing stops the clock {name}", at_key=True
            )
        for position, stop in enumerate(clock.stops):
            area, _, target = stop.partition(":")
            never_done = area == "effect" and target in effects and target not in happening
            never_left = area != "effect" and target in stages and target not in reached
            never_so = area not in _AREAS and target in stages and area not in outcomes[target]
            if never_done or never_left or never_so:
                yield subject.finding(
                    "RB064",
                    ("clocks", name, "stops", position),
                    f'"{stop}" never happens, so it does not stop {name}',
                )


def lateness(subject: Subject) -> Iterator[Finding]:
    """Stages and deadlines whose lateness reaches nobody but who is late."""
    for index, stage in enumerate(subject.document.stages):
        if not _reaches_somebody(stage.late):
            yield subject.finding(
                "RB070",
                ("stages", index, "late") if stage.late else ("stages", index, "stage"),
                f'when "{stage.stage}" is late, nobody is paged and nothing is done',
                evidence=subject.way_to(stage.stage),
                at_key=bool(stage.late),
            )
        yield from _empty_roles(subject, stage.late, ("stages", index))
        if subject.directory is not None and subject.directory.get(stage.owner) == 0:
            yield subject.finding(
                "RB070",
                ("stages", index, "owner"),
                f'the directory has nobody as "{stage.owner}", who has "{stage.stage}"',
                evidence=subject.way_to(stage.stage),
            )
    for name, clock in subject.document.clocks.items():
        if clock.runs_as is not ClockKind.MIN_HOLD and not _reaches_somebody(clock.late):
            yield subject.finding(
                "RB070",
                ("clocks", name),
                f"when {name} runs out, nobody is paged and nothing is done",
                at_key=True,
            )
        yield from _empty_roles(subject, clock.late, ("clocks", name))


def _taking(subject: Subject, stage: Stage, outcome: str) -> tuple[str, ...]:
    plan = subject.pathway.stage(stage.stage)
    return tuple(str(move) for move in moves(plan) if move.outcome == outcome)[:1]


def _reaches_somebody(late: tuple[LateStep, ...]) -> bool:
    return any(step.page or step.do or step.go or step.escalate for step in late)


def _empty_roles(
    subject: Subject, late: tuple[LateStep, ...], path: tuple[str | int, ...]
) -> Iterator[Finding]:
    for position, step in enumerate(late):
        if step.page and subject.directory is not None and subject.directory.get(step.page) == 0:
            yield subject.finding(
                "RB070",
                (*path, "late", position, "page"),
                f'the directory has nobody as "{step.page}"',
            )
