"""What several acts must be sure of before they change anything."""

from typing import TypeVar

from cases.envelope import Act
from cases.file import CaseFile
from cases.receipts import Outcome, Reason
from cases.refusal import Refusal, not_yours, refused
from cases.rules import roles_for
from cases.values import Inbound
from runbooks.plan import StagePlan

Body = TypeVar("Body", bound=Inbound)


def body_of(act: Act, kind: type[Body]) -> Body:
    """The act's body as `kind`; the desk only calls a handler for its own verb."""
    if not isinstance(act.body, kind):
        raise refused(Reason.MALFORMED, act.body.verb)
    return act.body


def must_have_role(file: CaseFile, act: Act, *, of: tuple[str, ...] | None = None) -> None:
    """The act is done in a role that may do it now, or is one of these."""
    allowed = roles_for(file, act.body.verb) if of is None else of
    if act.role not in allowed:
        raise not_yours(Reason.ROLE, f"this is for {' or '.join(allowed)}")


def must_not_be_held(file: CaseFile) -> None:
    """The case is not on hold."""
    if file.state.hold is not None:
        raise refused(Reason.ON_HOLD, "resume the case first")


def must_be_in(file: CaseFile, stage: str) -> StagePlan:
    """The case is in that stage, and nothing has ended it yet."""
    current = file.stage
    if all(plan.name != stage for plan in file.pathway.stages):
        raise refused(Reason.NO_SUCH_STAGE, stage)
    if current is None or current.name != stage:
        where = current.name if current is not None else "no stage"
        raise refused(Reason.NOT_THE_STAGE, f"the case is in {where}")
    if file.state.pending_outcome is not None:
        raise Refusal(Outcome.ALREADY_DECIDED, Reason.DECIDED, file.state.pending_outcome)
    return current


def must_give_reason(text: str) -> None:
    """A reason was written."""
    if not text.strip():
        raise refused(Reason.REASON_REQUIRED)
