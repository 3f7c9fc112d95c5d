"""What happens by itself to an obligation, and when: reviews, the ask, reminders, pages.

Of all there is only an interim rule ends by itself: it expires when its time is over, on record
and told. A hold that nobody renews or releases stands and pages for ever.
"""

import dataclasses
from dataclasses import dataclass
from datetime import datetime, timedelta

from cases.file import INCIDENT_MANAGER, SYSTEM, Tell
from cases.journal import Kind
from cases.notice import Purpose
from cases.obligations.state import DAY, ObligationFile, ObligationState, TurnAnswer
from runbooks.plan import FollowUp, OwedKind

AGAIN = timedelta(days=7)
"""How often an overdue obligation pages."""

BEGUN = "begun"
EXPIRED = "expired"

_TOLD_AT_ONCE = frozenset({OwedKind.FOLLOW_UP, OwedKind.HOLD})
"""What its owner can do from the first moment on, and not only when it is due."""


@dataclass(frozen=True)
class Step:
    """Something that happens at an instant of a turn, once."""

    at: datetime
    label: str
    tells: tuple[Tell, ...] = ()
    overdue: bool = False
    expires: bool = False
    """Nobody has decided, and the rule holds no longer."""


def begin(file: ObligationFile, *, at: datetime, input_commitment: str) -> None:
    """The obligation is on record."""
    state = file.state
    file.note(
        Kind.OBLIGATION_BEGUN,
        at,
        obligation=state.plan.name,
        what=state.plan.kind.value,
        owner=state.plan.owner,
        due=state.due_at.isoformat(),
        input=input_commitment,
    )


def open_turn(file: ObligationFile, *, due_at: datetime, at: datetime) -> None:
    """The next turn has begun, with everything that belonged to the one before put away."""
    state = file.state
    state.turn += 1
    state.begun_at = state.planned_at = at
    state.first_due = state.due_at = due_at
    state.overdue = False
    state.taken = []
    file.note(
        Kind.OBLIGATION_TURN,
        at,
        obligation=state.plan.name,
        turn=state.turn,
        due=due_at.isoformat(),
    )


def move_due(state: ObligationState, *, until: datetime, at: datetime) -> None:
    """The turn is due then; what happens when it is due or late happens anew."""
    state.due_at = until
    state.planned_at = at
    state.overdue = False
    state.taken = [label for label in state.taken if label == BEGUN]


def take_steps(file: ObligationFile, *, at: datetime) -> None:
    """Every step whose instant has come has been taken, and is on record."""
    state = file.state
    while state.settled_by is None:
        step = next_step(state)
        if step.at > at:
            return
        state.taken.append(step.label)
        if step.overdue:
            state.overdue = True
        if step.expires:
            expire(file, at=at)
        else:
            _reach(file, step, at=at)
        file.wishes.extend(step.tells)


def expire(file: ObligationFile, *, at: datetime) -> None:
    """The rule holds no longer, since nobody made it last in time."""
    state = file.state
    given = TurnAnswer(
        turn=state.turn, due_at=state.due_at, answer=EXPIRED, by=SYSTEM, role="", at=state.due_at
    )
    state.answers = [*state.answers, given]
    state.settled_by = given
    file.note(
        Kind.OBLIGATION_EXPIRED,
        at,
        obligation=state.plan.name,
        turn=state.turn,
        due=state.due_at.isoformat(),
    )


def _reach(file: ObligationFile, step: Step, *, at: datetime) -> None:
    state = file.state
    file.note(
        Kind.OBLIGATION_OVERDUE if step.overdue else Kind.OBLIGATION_REACHED,
        at,
        obligation=state.plan.name,
        turn=state.turn,
        step=step.label,
        due=state.due_at.isoformat(),
    )


def next_step(state: ObligationState) -> Step:
    """The earliest step of the turn that has not been taken; there always is one."""
    return next(step for step in _steps(state) if step.label not in state.taken)


def waits_from(plan: FollowUp, *, due_at: datetime) -> datetime | None:
    """From when on it waits on its owner; None: from the first moment."""
    if plan.kind is OwedKind.FOLLOW_UP:
        return None
    return due_at - max(plan.review, default=DAY)


def next_after(due_at: datetime, *, every: timedelta, at: datetime) -> datetime:
    """The next instant of the rhythm that lies ahead: periods that passed unanswered are gone."""
    following = due_at + every
    if following <= at:
        following += every * ((at - following) // every + 1)
    return following


def _steps(state: ObligationState) -> list[Step]:
    plan = state.plan
    owner = plan.owner
    if state.lapses:
        return _rule_steps(state)
    steps: list[Step] = []
    if plan.kind in _TOLD_AT_ONCE:
        steps.append(_step(state.begun_at, BEGUN, (Purpose.OWED, owner)))
    steps += [
        _step(state.due_at - before, f"{_days(before)} before", (Purpose.REMIND, owner))
        for before in plan.review
        if state.due_at - before > state.planned_at
    ]
    steps.append(_step(state.due_at, "due", (Purpose.OWED, owner)))
    late = state.answer_by
    if late > state.due_at:
        steps.append(_step(late, "overdue", (Purpose.REMIND, owner), overdue=True))
    else:
        steps.append(_step(late, "overdue", overdue=True))
    steps.append(_page(late + DAY, "a day overdue", owner))
    weeks = sum(1 for label in state.taken if label.startswith("overdue again"))
    steps += [
        _page(late + AGAIN * number, f"overdue again {number}", owner)
        for number in range(1, weeks + 2)
    ]
    return sorted(steps, key=lambda step: step.at)


def _rule_steps(state: ObligationState) -> list[Step]:
    """It is told when it is issued, before it expires, and when it has."""
    plan = state.plan
    watching = tuple(dict.fromkeys((plan.owner, plan.confirm or plan.owner)))
    everybody = tuple(dict.fromkeys((*watching, INCIDENT_MANAGER)))
    steps = [_step(state.begun_at, BEGUN, *((Purpose.RULE, role) for role in watching))]
    steps += [
        _step(
            state.due_at - before,
            f"{_days(before)} before",
            *((Purpose.RULE, role) for role in watching),
        )
        for before in plan.review
        if state.due_at - before > state.planned_at
    ]
    last = _step(state.due_at, EXPIRED, *((Purpose.RULE, role) for role in everybody))
    return sorted([*steps, dataclasses.replace(last, expires=True)], key=lambda step: step.at)


def _page(at: datetime, label: str, owner: str) -> Step:
    roles = dict.fromkeys((owner, INCIDENT_MANAGER))
    return _step(at, label, *((Purpose.PAGE, role) for role in roles))


def _step(at: datetime, label: str, *tells: tuple[Purpose, str], overdue: bool = False) -> Step:
    return Step(
        at=at,
        label=label,
        tells=tuple(Tell(purpose, role, step=label) for purpose, role in tells),
        overdue=overdue,
    )


def _days(before: timedelta) -> str:
    return f"{before.days}d" if before >= DAY else f"{int(before.total_seconds()) // 60}m"
