"""Outcomes that cannot always be taken: something opens, a person waits, another way is left."""

from collections.abc import Iterator

from runbooks.plan import ClockKind, Severity
from runbooks.planner import Hand, moves
from runbooks.rules.finding import Finding, Subject

_OPENING = (ClockKind.WINDOW, ClockKind.MIN_HOLD)


def severities(subject: Subject) -> Iterator[Finding]:
    """Stages that a case of some severity cannot be taken out of, and outcomes time would take."""
    for index, stage in enumerate(subject.pathway.stages):
        limited = [name for name, step in stage.next.items() if step.only_at]
        if not limited:
            continue
        path = ("stages", index, "next")
        for severity in Severity:
            if all(step.only_at and severity not in step.only_at for step in stage.next.values()):
                yield subject.finding(
                    "RB133",
                    path,
                    f'no outcome of "{stage.name}" can be taken at {severity}',
                    evidence=subject.way_to(stage.name),
                    at_key=True,
                )
                break
        for move in moves(stage):
            if move.outcome in limited and move.hand is not Hand.PERSON:
                yield subject.finding(
                    "RB133",
                    (*path, move.outcome, "only-at"),
                    f'"{stage.name}" can take "{move.outcome}" without a person',
                    evidence=(*subject.way_to(stage.name), str(move)),
                )


def windows(subject: Subject) -> Iterator[Finding]:
    """Outcomes that wait for a clock that opens nothing, or that come by themselves."""
    clocks = subject.document.clocks
    index = {stage.stage: number for number, stage in enumerate(subject.document.stages)}
    for stage in subject.pathway.stages:
        for move in moves(stage):
            name = stage.next[move.outcome].not_before
            if name is None:
                continue
            path = ("stages", index[stage.name], "next", move.outcome, "not-before")
            if name in clocks and clocks[name].runs_as not in _OPENING:
                what = f"{name} is a {clocks[name].runs_as} clock: it opens nothing"
                yield subject.finding("RB133", path, what)
            if move.hand is not Hand.PERSON:
                yield subject.finding(
                    "RB133",
                    path,
                    f'"{stage.name}" can take "{move.outcome}" without a person',
                    evidence=(*subject.way_to(stage.name), str(move)),
                )
