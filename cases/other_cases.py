"""What another case asks of this one: by a signed act done there, which proves itself here."""

from datetime import datetime

from cases.canonical import sha256
from cases.envelope import Act, ActEnvelope, RefusedEnvelope, verify_envelope
from cases.file import CaseFile
from cases.journal import Kind
from cases.receipts import Reason


def proven(envelope: ActEnvelope, *, root: bytes) -> Act | None:
    """The act, if a door of this installation signed it for the case it names."""
    try:
        named = Act.model_validate_json(envelope.payload).case
        return verify_envelope(envelope, case=named, root=root)
    except (RefusedEnvelope, ValueError):
        return None


def refuse(
    file: CaseFile, reason: Reason, *, commitment: str, at: datetime, act: Act | None = None
) -> None:
    """That another case's act did not hold here is on record."""
    file.note(
        Kind.ACT_REFUSED,
        at,
        who=act.actor.person if act is not None else "unproven",
        what=act.body.verb if act is not None else None,
        why=reason.value,
        door="another case",
        input=commitment,
    )


def update_key(what: str, act: str) -> str:
    """The id of the update by which the other case hears of it: once, however often it is sent."""
    return sha256(f"{what}|{act}".encode())[:40]
