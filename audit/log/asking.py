"""What a log asks a witness, and what the witness's answer means (C2SP tlog-witness, our side)."""

from dataclasses import dataclass
from datetime import datetime

from audit.log.checkpoint import NUMBER
from audit.log.cosignature import WitnessKey
from audit.log.errors import LogError, LogUnreadableError, NoteRefusedError
from audit.log.note import read_note, read_signatures
from audit.log.witness import SIZE_TYPE, Status

LONGEST_ANSWER = 64 * 1024


class WitnessRefusedError(LogError):
    """The witness will not vouch for it: it has seen another tree, or knows no key of ours."""

    mend = (
        "Compare the checkpoint the witness holds with `escalate log checkpoint --since FILE`. If "
        "the store was restored from a backup, the log was set back: docs/transparency-log.md says "
        "what to tell the witness's operator."
    )


@dataclass(frozen=True)
class Vouch:
    """A cosignature that holds, as its line stands in a note."""

    line: str
    at: datetime


@dataclass(frozen=True)
class OtherSize:
    """The witness has cosigned a tree of this size: ask again, from there."""

    size: int


def read_answer(
    status: int, body: bytes, media_type: str, *, checkpoint: str, key: WitnessKey
) -> Vouch | OtherSize:
    """What it answered; WitnessRefusedError when it will not, LogUnreadableError if neither.

    Lines under other keys are left alone; one under its key that does not hold is no answer.
    """
    if status == Status.OTHER_SIZE and media_type == SIZE_TYPE:
        told = body.decode("ascii", "replace").removesuffix("\n")
        if NUMBER.fullmatch(told) is None:
            raise LogUnreadableError("the witness answered with no size")
        return OtherSize(int(told))
    if status != Status.COSIGNED:
        reasons = {
            Status.NOT_SIGNED.value: "it does not know the key our log signs with",
            Status.UNKNOWN_LOG.value: "it does not know our log",
            Status.NOT_CONSISTENT.value: "our log does not begin with what it cosigned before",
            Status.OTHER_SIZE.value: "it has cosigned another tree of this size",
        }
        if status in reasons:
            raise WitnessRefusedError(reasons[status])
        raise LogUnreadableError(f"the witness answered {status}")
    try:
        signatures = read_signatures(body.decode())
    except UnicodeDecodeError as error:
        raise LogUnreadableError("the witness's answer is no UTF-8") from error
    text = read_note(checkpoint.encode()).text
    for each in signatures:
        if (each.name, each.id) == (key.name, key.id):
            return Vouch(line=each.line, at=key.signed_at(each.signature, text))
    raise NoteRefusedError("the witness's answer is not signed by the witness we know")
