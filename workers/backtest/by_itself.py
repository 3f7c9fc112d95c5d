"""What a case does by itself at an instant: steps of clocks, and what lapses.

A person's act and such a step that lay seconds apart could change places when the case is played
again, because the machine is quicker or slower. Their order in the record counts.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cases.clock import TARGET
from cases.journal import Entry, Kind
from cases.notice import Purpose
from cases.paging import RunState
from cases.records import SET
from cases.state import CasePicture
from workers.backtest.naming import Names

NEAR = timedelta(seconds=10)
"""Within so much of one another, the order in the record counts and not the instants."""
LEAD = timedelta(seconds=4)
"""So long before what it preceded an act is done, so that a slow machine keeps the order."""
TICK = timedelta(milliseconds=50)
_REVIEW = "hold review"


@dataclass(frozen=True)
class Happening:
    """Something a case did by itself: what, when, and at which place of its journal."""

    what: str
    at: timedelta
    place: int


def happenings(entries: Iterable[Entry], *, opened: datetime) -> Iterator[Happening]:
    """What the journal tells that nobody did."""
    names = Names()
    awaited: set[str] = set()
    for entry in entries:
        names.take(entry)
        what = _told(entry, names, awaited)
        if what:
            yield Happening(what, entry.at - opened, entry.sequence)


def coming(picture: CasePicture, *, at: datetime) -> Iterator[tuple[datetime, str]]:
    """What the case is going to do by itself as it stands, and when."""
    names = Names.of(picture)
    for clock in picture.clocks:
        for instant, label, _ in clock.steps(at):
            yield instant, _clock(names.clock(clock.id), label)
    for lease in picture.leases:
        if lease.lapses:
            yield lease.until, f"lease {lease.role} {lease.person}"
    for claim in picture.claims:
        yield claim.until, f"claim {claim.role} {claim.person}"
    for offer in picture.work_offers:
        yield offer.until, f"offer {offer.role} {offer.person}"
    for run in picture.escalations:
        if run.state is RunState.RUNNING and run.next_at is not None:
            yield run.next_at, f"escalation {run.key}"
    for effect in picture.effects:
        if effect.state == SET and effect.set_for is not None:
            yield effect.set_for, f"set {effect.name}"
    if picture.hold is not None and not picture.hold.reviewed:
        yield picture.hold.review_at, _REVIEW


def in_order(
    due: timedelta,
    place: int,
    *,
    recorded: Sequence[Happening],
    ahead: Iterable[tuple[timedelta, str]],
) -> timedelta:
    """When something that was done at `due` is done, so that it comes where it came.

    `place` is where it stands in the recorded journal; `ahead` is what the case is going to do.
    """
    before: list[timedelta] = []
    after: list[timedelta] = []
    for instant, what in ahead:
        near = [each for each in recorded if each.what == what and abs(each.at - due) <= 2 * NEAR]
        if abs(instant - due) <= NEAR and near:
            nearest = min(near, key=lambda each: abs(each.at - due))
            (before if nearest.place < place else after).append(instant)
    if after:
        due = min(due, min(after) - LEAD)
    if before:
        due = max(due, max(before) + TICK)
    return due


_LAPSED = {
    Kind.LEASE_LAPSED: ("lease", "role", "who"),
    Kind.CLAIM_LAPSED: ("claim", "role", "person"),
    Kind.WORK_OFFER_LAPSED: ("offer", "role", "person"),
    Kind.ESCALATION_STEP: ("escalation", "run"),
}
"""What lapses or steps on, and what of its entry says which it was."""
_HELD = "held long enough"


def _told(entry: Entry, names: Names, awaited: set[str]) -> str:
    """What the entry says happened; empty where somebody did it."""
    body = {name: str(value) for name, value in entry.body.items()}
    if entry.kind in _LAPSED:
        word, *fields = _LAPSED[entry.kind]
        return " ".join((word, *(body[name] for name in fields)))
    match entry.kind:
        case Kind.CLOCK_REACHED | Kind.CLOCK_BREACHED:
            label = body.get("step", _HELD)
            return _clock(names.clock(body["clock"]), TARGET if label == _HELD else label)
        case Kind.NOTICE_ORDERED if body["purpose"] == Purpose.REVIEW.value:
            return _REVIEW
        case Kind.EFFECT_SET:
            awaited.add(body["key"])
        case Kind.EFFECT_INTENDED if body["key"] in awaited:
            awaited.discard(body["key"])
            return f"set {body['effect']}"
        case Kind.EFFECT_PULLED_FORWARD | Kind.EFFECT_WITHDRAWN:
            awaited.discard(body["key"])
        case _:
            pass
    return ""


def _clock(name: str, label: str) -> str:
    return f"clock {name} {label}"
