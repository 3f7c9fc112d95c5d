"""What people have done at the door that the case has not heard of yet (I7, I18).

An act counts from the instant the door recorded it, but reaches the case later while something is
down. Before anything happens because nobody did anything, those acts are fetched; and nobody is
called about work while an act at the door says that somebody has it, or has done it.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from pydantic import ValidationError

from cases import escalations
from cases.acts import Acknowledge, Complete, Decide
from cases.envelope import Act, ActEnvelope
from cases.file import CALLING, CaseFile, Hush
from cases.gate import RoundState
from cases.notice import AtDoor, NoticeEnd, NoticeOrder, Purpose
from cases.obligations.addressee import obligation_of
from cases.paging import RunState
from cases.receipts import ActReceipt

STOPPING = ("acknowledge", "complete", "decide")
"""Verbs after which nobody need be called about the same work."""

_CALLS = CALLING | {Purpose.EXHAUSTED}


def worked_on(envelope: ActEnvelope) -> str | None:
    """The stage whose work somebody has, or has done, by that act; None for every other act."""
    try:
        act = Act.model_validate_json(envelope.payload)
    except ValidationError:
        return None
    match act.body:
        case Acknowledge(stage=stage) | Complete(stage=stage):
            return stage
        case Decide(gate=gate):
            return gate
        case _:
            return None


def calls(order: NoticeOrder) -> bool:
    """Whether the notice calls somebody to work that somebody else may have."""
    return order.purpose in _CALLS and order.stage is not None


def may_stop(act: AtDoor, order: NoticeOrder) -> bool:
    """Whether the notice may not be sent after the act, of which the case has yet to hear.

    Whether it is not sent is the case's own answer (`heard`).
    """
    return new_to(order, act) and calls(order) and worked_on(act.envelope) == order.stage


def new_to(order: NoticeOrder, act: AtDoor) -> bool:
    """Whether the case has not had the act because of that notice."""
    return act.act not in order.heard


def silence_is_due(file: CaseFile, *, at: datetime) -> bool:
    """Whether something comes now because somebody did nothing: a lapse, or a policy's step."""
    state = file.state
    lapsing = state.leases if state.hold is None else []
    return (
        any(lease.lapses and lease.until <= at for lease in lapsing)
        or any(claim.until <= at for claim in state.claims)
        or any(offer.until <= at for offer in state.work_offers)
        or any(
            run.state is RunState.RUNNING
            and run.stood_since is None
            and (
                (run.next_at is not None and run.next_at <= at)
                or any(each.at <= at for each in run.unread)
            )
            for run in state.escalations
        )
    )


def heard(
    file: CaseFile,
    order: NoticeOrder,
    acts: Sequence[AtDoor],
    *,
    receive: Callable[[ActEnvelope], ActReceipt],
) -> Hush | None:
    """The case has those acts; how the notice has ended by them, None where it is still to go."""
    for each in acts:
        if obligation_of(each.envelope) is None:
            receive(each.envelope)
    for wish in file.wishes:
        if isinstance(wish, Hush) and wish.meant(order):
            return wish
    over = escalations.over(file, order) or _answered(file, order)
    return Hush(runs=(), how=over, because="") if over is not None else None


def sent_anyway(order: NoticeOrder, acts: Sequence[AtDoor]) -> NoticeOrder:
    """The notice again, for a case that has had those acts."""
    return order.model_copy(update={"heard": (*order.heard, *(each.act for each in acts))})


def _answered(file: CaseFile, order: NoticeOrder) -> NoticeEnd | None:
    state = file.state
    if state.closing_act is not None:
        return NoticeEnd.SUPERSEDED
    if order.stage == state.stage and state.pending_outcome is not None:
        return NoticeEnd.SUPERSEDED
    over = any(
        (round_.gate, round_.number) == (order.stage, order.round)
        and round_.state is not RoundState.OPEN
        for round_ in state.rounds
    )
    return NoticeEnd.SUPERSEDED if over else None
