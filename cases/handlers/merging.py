"""The act that makes another case part of this one."""

from datetime import datetime

from cases.acts_between_cases import Merge
from cases.envelope import Act
from cases.file import CaseFile, TakeIn
from cases.handlers.checks import body_of, must_give_reason, must_have_role
from cases.journal import Kind
from cases.receipts import Reason
from cases.records import TakenIn
from cases.refusal import not_yours, refused


def merge(file: CaseFile, act: Act, *, key: str, commitment: str, at: datetime) -> None:
    """The other case is asked; it takes the same act and answers for itself."""
    del key
    must_have_role(file, act)
    body = body_of(act, Merge)
    must_give_reason(body.reason)
    state = file.state
    person = act.actor.person
    if person in state.conflicts:
        raise not_yours(Reason.CONFLICTED)
    if not body.case or body.case == state.case:
        raise refused(Reason.NO_SUCH_CASE, body.number)
    here = [item for item in state.taken_in if item.case == body.case]
    if any(item.state in ("begun", "done") for item in here):
        raise refused(Reason.UNCHANGED, f"case {body.number} is part of this one")
    state.taken_in.append(
        TakenIn(number=body.number, case=body.case, act=act.act, by=person, at=act.signed_at)
    )
    file.note(
        Kind.CASE_MERGING,
        at,
        number=body.number,
        reason=body.reason,
        by=person,
        role=act.role,
        act=act.act,
        signed=act.signed_at.isoformat(),
        input=commitment,
    )
    file.wishes.append(TakeIn(act=act.act, case=body.case, number=body.number))
