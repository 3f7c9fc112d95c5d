"""Where a case can go: the outcome graph of a pathway, walked to its end.

There are at most three states a stage (what consent the case carries into it), so the walk is as
long as the runbook and always ends.
"""

from collections import deque
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from runbooks.plan import SKIPPED, Pathway, StageKind, StagePlan

APPROVED = "approved"
REJECTED = "rejected"
MORE_INFORMATION = "more-information"
DONE = "done"

GATE_OUTCOMES = (APPROVED, REJECTED, MORE_INFORMATION)


class Hand(StrEnum):
    """Who takes an outcome."""

    PERSON = "person"
    SILENCE = "silence"
    MACHINE = "machine"
    """The stage only waited for an effect that was performed, or is not for this severity."""


_BY = {Hand.PERSON: "", Hand.SILENCE: " (by silence)", Hand.MACHINE: " (by itself)"}


class Consent(StrEnum):
    """What people have said on the way to a stage."""

    NONE = "none"
    APPROVED = "approved"
    """The last gate was approved by people."""
    SILENT = "silent"
    """An outcome was taken by silence since."""


@dataclass(frozen=True)
class Move:
    """One outcome of one stage: who takes it, what it orders, where it leads."""

    stage: str
    outcome: str
    hand: Hand
    do: tuple[str, ...]
    to: str | None
    move_to: str | None

    def __str__(self) -> str:
        """The move as a person reads it: `triage -escalate-> legal-review`."""
        return f"{self.stage} -{self.outcome}{_BY[self.hand]}-> {self.to or self.move_to}"


Trail = tuple[Move, ...]
"""The moves that lead somewhere, from the first stage on."""


def moves(stage: StagePlan) -> Iterator[Move]:
    """Every move out of a stage; an outcome that different hands can take is as many moves."""
    silent = {late.go for late in stage.late if late.go}
    if stage.gate and stage.gate.silence.go:
        silent.add(stage.gate.silence.go)
    for outcome, after in stage.next.items():
        if stage.only_at and outcome == SKIPPED:
            yield Move(stage.name, outcome, Hand.MACHINE, after.do, after.then, after.move_to)
            continue
        hands = [Hand.PERSON] if stage.gate is None or outcome in GATE_OUTCOMES else []
        if outcome in silent:
            hands.append(Hand.SILENCE)
        if outcome == DONE and stage.skip_when_done and stage.gate is None:
            hands.append(Hand.MACHINE)
        for hand in hands:
            yield Move(stage.name, outcome, hand, after.do, after.then, after.move_to)


def states(pathway: Pathway) -> dict[tuple[str, Consent], Trail]:
    """Every stage a case can stand in, with the consent it came with and the shortest way there."""
    stages = {stage.name: stage for stage in pathway.stages}
    begin = (pathway.first, Consent.NONE)
    trails: dict[tuple[str, Consent], Trail] = {begin: ()}
    queue = deque([begin])
    while queue:
        name, consent = queue.popleft()
        for move in moves(stages[name]):
            if move.to is None or move.to not in stages:
                continue
            state = (move.to, consent_after(stages[name], move, consent))
            if state not in trails:
                trails[state] = (*trails[name, consent], move)
                queue.append(state)
    return trails


def consent_after(stage: StagePlan, move: Move, consent: Consent) -> Consent:
    """What people have said once the move is made."""
    if move.hand is Hand.SILENCE:
        return Consent.SILENT
    if stage.kind is StageKind.GATE and move.outcome != SKIPPED:
        return Consent.APPROVED if move.outcome == APPROVED else Consent.NONE
    return consent


def reachable(pathway: Pathway, *, without: Collection[str] = ()) -> dict[str, Trail]:
    """Every stage a case can come to without passing `without`, with the shortest way there."""
    stages = {stage.name: stage for stage in pathway.stages}
    if pathway.first in without:
        return {}
    trails: dict[str, Trail] = {pathway.first: ()}
    queue = deque([pathway.first])
    while queue:
        name = queue.popleft()
        for move in moves(stages[name]):
            if move.to in stages and move.to not in trails and move.to not in without:
                trails[move.to] = (*trails[name], move)
                queue.append(move.to)
    return trails


def way(pathway: Pathway, *, through: Sequence[str], to: str) -> Trail | None:
    """The shortest way to `to` that passes the stages of `through` in that order, if there is one.

    Ways that only people take are preferred: they are the ones a reader can try out.
    """
    stages = {stage.name: stage for stage in pathway.stages}
    begin = (pathway.first, int(bool(through) and pathway.first == through[0]))
    trails: dict[tuple[str, int], Trail] = {begin: ()}
    queue = deque([begin])
    while queue:
        name, passed = queue.popleft()
        if name == to and passed >= len(through):
            return trails[name, passed]
        for move in sorted(moves(stages[name]), key=lambda each: each.hand is not Hand.PERSON):
            if move.to is None or move.to not in stages:
                continue
            at = passed + int(passed < len(through) and move.to == through[passed])
            if (move.to, at) not in trails:
                trails[move.to, at] = (*trails[name, passed], move)
                queue.append((move.to, at))
    return None


def can_end(pathway: Pathway) -> set[str]:
    """The stages from which a case can still close, or move to another runbook."""
    ending = {stage.name for stage in pathway.stages if stage.kind is StageKind.CLOSURE}
    growing = True
    while growing:
        more = {
            stage.name
            for stage in pathway.stages
            if stage.name not in ending
            and any(move.move_to or move.to in ending for move in moves(stage))
        }
        ending |= more
        growing = bool(more)
    return ending


def performed(pathway: Pathway) -> set[str]:
    """The effects that some stage, outcome or clock of the pathway orders."""
    ordered: set[str] = set()
    for stage in pathway.stages:
        ordered.update(stage.enter)
        ordered.update(late.do for late in stage.late if late.do)
        for after in stage.next.values():
            ordered.update(after.do)
    for clock in pathway.clocks:
        ordered.update(late.do for late in clock.late if late.do)
    return ordered


def said(trail: Trail) -> tuple[str, ...]:
    """The way as a person reads it; empty where a case begins."""
    return tuple(str(move) for move in trail)
