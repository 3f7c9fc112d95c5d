"""Outcomes that wait for the law to let them be taken: something opens, and a person takes them."""

from collections.abc import Iterator

from runbooks.plan import ClockKind
from runbooks.planner import Hand, moves
from runbooks.rules.finding import Finding, Subject

_OPENING = (ClockKind.WINDOW, ClockKind.MIN_HOLD)


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
