"""The act that links another case to this one, or takes the link away."""

from datetime import datetime

from cases.acts_between_cases import LinkKind, LinkTo
from cases.envelope import Act
from cases.file import CaseFile
from cases.handlers.checks import body_of, must_give_reason, must_have_role
from cases.journal import Kind
from cases.receipts import Reason
from cases.records import Link
from cases.refusal import refused


def link(file: CaseFile, act: Act, *, key: str, commitment: str, at: datetime) -> None:
    """The two belong together in that way, or no longer do; both cases' pages say so."""
    del key
    must_have_role(file, act)
    body = body_of(act, LinkTo)
    state = file.state
    if not body.case or body.case == state.case:
        raise refused(Reason.NO_SUCH_CASE, body.number)
    known = [each for each in state.links if (each.number, each.why) == (body.number, body.kind)]
    if body.remove:
        must_give_reason(body.reason)
    if bool(known) is not body.remove:
        raise refused(Reason.UNCHANGED)
    if not body.remove and body.kind is LinkKind.PART_OF:
        raise refused(Reason.NO_SUCH_OUTCOME, "link the sub-case from the case it is part of")
    if body.remove:
        state.links = [each for each in state.links if each not in known]
    else:
        state.links.append(Link(number=body.number, case=body.case, why=body.kind.value))
    file.note(
        Kind.CASE_UNLINKED if body.remove else Kind.CASE_LINKED,
        at,
        number=body.number,
        why=body.kind.value,
        by=act.actor.person,
        role=act.role,
        reason=body.reason or None,
        act=act.act,
        input=commitment,
    )
