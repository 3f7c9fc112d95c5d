"""C2SP tlog-witness: the one elsewhere who has seen every tree a log signed, and vouches for one.

Knows of each log the last checkpoint it cosigned and nothing else: no store, no engine, no leaf.
What it will sign is durable before it is signed, so that a witness which is killed anywhere never
cosigns two trees that are not one, nor a smaller one after a larger.
"""

from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

import structlog

from audit.log.checkpoint import NUMBER, Checkpoint, read_checkpoint
from audit.log.cosignature import WitnessSigner
from audit.log.errors import LogUnreadableError, NoteRefusedError
from audit.log.merkle import EMPTY, HASH, extends
from audit.log.note import LONGEST_NOTE, Note, NoteKey, unbase64
from audit.log.witness_state import Seen, WitnessState

log = structlog.get_logger(__name__)

SIZE_TYPE = "text/x.tlog.size"
TEXT_TYPE = "text/plain; charset=utf-8"
MOST_STEPS = 63
LONGEST_REQUEST = LONGEST_NOTE + MOST_STEPS * 64 + 64
_OLD = "old "


class Status(IntEnum):
    """What the protocol answers with."""

    COSIGNED = 200
    MALFORMED = 400
    NOT_SIGNED = 403
    UNKNOWN_LOG = 404
    OTHER_SIZE = 409
    NOT_CONSISTENT = 422


@dataclass(frozen=True)
class Answer:
    """What whoever asked is told."""

    status: Status
    text: str
    media_type: str = TEXT_TYPE


@dataclass(frozen=True)
class Request:
    """A checkpoint, and the proof that it goes on from an earlier one."""

    old: int
    proof: tuple[bytes, ...]
    checkpoint: bytes

    @property
    def data(self) -> bytes:
        """The body of the request."""
        lines = [f"{_OLD}{self.old}", *(b64encode(step).decode() for step in self.proof), "", ""]
        return "\n".join(lines).encode() + self.checkpoint


def read_request(data: bytes) -> Request:
    """The request, strictly; LogUnreadableError for anything but the one form."""
    if len(data) > LONGEST_REQUEST:
        raise LogUnreadableError("a request is not that long")
    head, blank, checkpoint = data.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise LogUnreadableError("a request is ASCII up to its checkpoint") from error
    size = lines[0].removeprefix(_OLD)
    if not blank or not lines[0].startswith(_OLD) or NUMBER.fullmatch(size) is None:
        raise LogUnreadableError("a request says the old size, the proof and the checkpoint")
    if len(lines) - 1 > MOST_STEPS:
        raise LogUnreadableError("no tree is that high")
    steps = tuple(unbase64(line) for line in lines[1:])
    if any(len(step) != HASH for step in steps):
        raise LogUnreadableError("a proof consists of SHA-256 hashes")
    return Request(old=int(size), proof=steps, checkpoint=checkpoint)


class Witness:
    """Cosigns what goes on from what it cosigned before, for the logs it knows."""

    def __init__(
        self, signer: WitnessSigner, *, logs: Iterable[NoteKey], state: WitnessState
    ) -> None:
        self._signer = signer
        self._logs = tuple(logs)
        self._state = state

    def add_checkpoint(self, data: bytes, *, at: datetime) -> Answer:
        """The cosignature over the checkpoint, or why there is none; one request after the other.

        Blocks until the state is on the disk: whoever serves it gives it a thread of its own.
        """
        try:
            request = read_request(data)
            found, note = read_checkpoint(request.checkpoint)
        except LogUnreadableError as error:
            return Answer(Status.MALFORMED, f"{error}\n")
        keys = [key for key in self._logs if key.name == found.origin]
        if not keys:
            return Answer(Status.UNKNOWN_LOG, "this witness does not know the log\n")
        try:
            note.signed_by(keys)
        except NoteRefusedError as error:
            return Answer(Status.NOT_SIGNED, f"{error}\n")
        if request.old > found.size:
            return Answer(Status.MALFORMED, "the old size is larger than the checkpoint's\n")
        return self._answer(request, found, note, at=at)

    def _answer(self, request: Request, found: Checkpoint, note: Note, *, at: datetime) -> Answer:
        with self._state.lock:
            seen = self._state.seen(found.origin) or Seen(size=0, root=EMPTY)
            if request.old != seen.size:
                if found.size == seen.size and found.root != seen.root:
                    self._state.keep_fork(found.origin, request.checkpoint)
                return _other_size(seen)
            if found.size == seen.size and found.root != seen.root:
                log.warning("log forked", count=seen.size)
                self._state.keep_fork(found.origin, request.checkpoint)
                return _other_size(seen)
            if not extends(
                earlier=seen.size,
                earlier_root=seen.root,
                size=found.size,
                root=found.root,
                proof=request.proof,
            ):
                return Answer(
                    Status.NOT_CONSISTENT, "the tree does not begin with what was cosigned\n"
                )
            if found.size != seen.size or not seen.checkpoint:
                self._state.keep(
                    found.origin,
                    Seen(size=found.size, root=found.root, checkpoint=request.checkpoint),
                )
            # Only now: what is signed is on the disk, and a smaller tree is refused from here on.
            return Answer(Status.COSIGNED, self._signer.cosign(note.text, at=at).line)


def _other_size(seen: Seen) -> Answer:
    return Answer(Status.OTHER_SIZE, f"{seen.size}\n", SIZE_TYPE)
