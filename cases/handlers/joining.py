"""The act that takes a joined report out of the case again."""

from datetime import datetime

from cases.acts_between_cases import Split
from cases.envelope import Act
from cases.file import CaseFile, SplitOff
from cases.handlers.checks import body_of, must_give_reason, must_have_role
from cases.joining import SPLITTING, joined_reports, say
from cases.journal import Kind
from cases.receipts import Reason
from cases.refusal import refused


def split(file: CaseFile, act: Act, *, key: str, commitment: str, at: datetime) -> None:
    """The report is on its way out of the case, into one of its own."""
    del key
    must_have_role(file, act)
    body = body_of(act, Split)
    must_give_reason(body.reason)
    if body.delivery not in joined_reports(file):
        raise refused(Reason.NO_SUCH_REQUEST, "no report that came with it has joined this case")
    say(file, body.delivery, why=SPLITTING)
    file.note(
        Kind.REPORT_SPLIT,
        at,
        delivery=body.delivery,
        by=act.actor.person,
        role=act.role,
        act=act.act,
        signed=act.signed_at.isoformat(),
        input=commitment,
    )
    file.wishes.append(SplitOff(body.delivery))
