"""The act by which somebody says something about a case."""

from datetime import datetime

from cases.comments import Comment, Said
from cases.envelope import Act
from cases.file import CaseFile
from cases.handlers.checks import body_of, must_have_role
from cases.journal import Kind
from cases.receipts import Reason
from cases.refusal import refused
from cases.rules import all_roles

MOST = 1000
"""Comments of one case: each is a line of its picture, which every batch may carry."""


def comment(file: CaseFile, act: Act, *, key: str, commitment: str, at: datetime) -> None:
    """That it was said, by whom and to whom is on record, with the digest of the words."""
    del key
    must_have_role(file, act)
    body = body_of(act, Comment)
    if body.text or body.digest is None:
        # The words of a comment belong at the door: here they would be in every export.
        raise refused(Reason.MALFORMED, "the door takes the words out")
    known = all_roles(file.pathway)
    strangers = [role for role in body.restricted_to if role not in known]
    if strangers:
        raise refused(Reason.ROLE, f"this runbook has {', '.join(known)}")
    if body.privileged and not body.restricted_to:
        raise refused(Reason.NO_READERS)
    if len(file.state.comments) >= MOST:
        raise refused(Reason.UNMET, f"a case has at most {MOST} comments")
    said = Said(
        id=f"comment-{len(file.state.comments) + 1}",
        by=act.actor.person,
        role=act.role,
        at=act.signed_at,
        digest=body.digest,
        restricted_to=body.restricted_to,
        privileged=body.privileged,
    )
    file.state.comments.append(said)
    file.note(
        Kind.COMMENTED,
        at,
        comment=said.id,
        by=said.by,
        role=said.role,
        restricted_to=list(said.restricted_to) or None,
        privileged=said.privileged or None,
        digest=said.digest,
        act=act.act,
        input=commitment,
    )
