"""What cases owe after closing, in front of one person: lists, lines and forms."""

from datetime import datetime

from cases.acts import ActBody, Extend, Settle
from cases.envelope import Act, ActEnvelope
from cases.ids import obligation_id
from cases.obligations.answers import Answer, answers_for, extends, roles_of
from cases.obligations.state import TurnAnswer
from cases.values import Instant, Value
from gateway.doors import Doors
from runbooks.plan import FollowUp, Pathway
from store import ObligationRow


class OwedAnswer(Value):
    """One answer, as a button."""

    name: str
    label: str
    needs_note: bool
    receipt: bool
    from_: Instant | None = None
    """Not before then."""


class OwedLine(Value):
    """One obligation of a case."""

    name: str
    title: str
    kind: str
    owner: str
    turn: int = 1
    due_at: Instant
    overdue: bool = False
    next_at: Instant | None = None
    next_label: str = ""
    started: bool
    done_at: Instant | None = None
    as_of: Instant
    """Its own present; in a simulation it may be ahead of ours (I16)."""
    latest: Instant | None = None
    """Until when it can be extended."""
    settled: tuple[TurnAnswer, ...] = ()
    role: str = ""
    """The role in which the person may settle it; empty when they may not."""
    answers: tuple[OwedAnswer, ...] = ()

    @property
    def open(self) -> bool:
        """Whether it is still owed."""
        return self.done_at is None


def target_of(body: ActBody, *, case: str) -> str:
    """The workflow an act is for: the case's, or that of something it owes."""
    if isinstance(body, Settle | Extend):
        return obligation_id(case, body.obligation)
    return case


def meant_for(envelope: ActEnvelope) -> str:
    """The workflow that a stored act is for."""
    act = Act.model_validate_json(envelope.payload)
    return target_of(act.body, case=act.case)


async def is_owed(doors: Doors, case: str, body: ActBody) -> bool:
    """Whether the act finds what it is for; else nothing would ever answer it."""
    if not isinstance(body, Settle | Extend):
        return True
    return await doors.store.obligations.find(case, body.obligation) is not None


async def owed_of(
    doors: Doors, case: str, pathway: Pathway, *, roles: frozenset[str]
) -> list[OwedLine]:
    """Everything the case owes or owed, what is open first, and what the person may do about it."""
    rows = await doors.store.obligations.by_case(case)
    known = [(row, pathway.owed_plan(row.name)) for row in rows]
    lines = [await _line(doors, row, plan, roles=roles) for row, plan in known if plan is not None]
    return sorted(lines, key=lambda line: (not line.open, line.due_at))


async def _line(
    doors: Doors, row: ObligationRow, plan: FollowUp, *, roles: frozenset[str]
) -> OwedLine:
    seen = await doors.store.obligations.picture(row.case, row.name)
    open_ = row.done_at is None and row.started_at is not None
    role = next((role for role in roles_of(plan) if role in roles), "") if open_ else ""
    first_due = seen.first_due if seen is not None else row.due_at
    return OwedLine(
        name=row.name,
        title=row.title,
        kind=plan.kind.value,
        owner=row.owner,
        turn=seen.turn if seen is not None else 1,
        due_at=row.due_at,
        overdue=row.overdue,
        next_at=row.next_at,
        next_label=row.next_label,
        started=row.started_at is not None,
        done_at=row.done_at,
        as_of=await doors.clock.now(row.workflow_id),
        latest=first_due + plan.extend if extends(plan) else None,
        settled=seen.answers if seen is not None else (),
        role=role,
        answers=tuple(
            _button(name, answer, due_at=row.due_at)
            for name, answer in answers_for(plan, role).items()
        )
        if role
        else (),
    )


def _button(name: str, answer: Answer, *, due_at: datetime) -> OwedAnswer:
    return OwedAnswer(
        name=name,
        label=answer.label,
        needs_note=answer.needs_note,
        receipt=answer.receipt,
        from_=due_at if answer.when_due else None,
    )
