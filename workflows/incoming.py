"""What comes in at a workflow: read and handed on, or refused on record (I4).

The same for a case and for what it owes: a desk, a root key, and a taker for every signal by name.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from temporalio import workflow
from temporalio.common import RawValue

with workflow.unsafe.imports_passed_through():
    from pydantic import ValidationError

    from cases.envelope import ActEnvelope
    from cases.receipts import ActReceipt, Reason
    from cases.reception import Reception
    from cases.values import Inbound
    from workflows.converter import RefusedPayloadError, decoded
    from workflows.messages import KeysRevoked, Revocation
    from workflows.pulse import Pulse
    from workflows.revocation import read_revocation

MAX_ACT = 128 * 1024
"""Bytes: an act carries at most a compiled runbook and prose; more is no act."""

SIGNAL = "signal"

Taker = Callable[[RawValue], object]
Message = TypeVar("Message", bound=Inbound)


def must_fit(raw: RawValue) -> None:
    """The act is not larger than any act can be; ValueError otherwise, and nothing is recorded."""
    if len(raw.payload.data) > MAX_ACT:
        message = "the act is too large"
        raise ValueError(message)


class Incoming:
    """The way of every message from its bytes to the desk."""

    def __init__(
        self, desk: Reception, pulse: Pulse, *, root: bytes, takers: Mapping[str, Taker]
    ) -> None:
        self._desk = desk
        self._pulse = pulse
        self._root = root
        self._takers = takers

    def act(self, raw: RawValue, *, door: str = "update") -> ActReceipt:
        """The act is answered with a typed receipt; what is not authentic is refused, on record."""
        envelope = _opened(raw, ActEnvelope)
        if isinstance(envelope, Reason):
            return self.refuse(envelope, door=door)
        return self._desk.receive(envelope, at=workflow.now())

    def signal(self, name: str, args: Sequence[RawValue]) -> None:
        """The signal has been taken by its name; what fits no name is refused.

        One handler for every name, because only a dynamic one is called whatever was sent along:
        the SDK drops a named signal with other arguments than declared, and nobody would know.
        """
        self._pulse.watch()
        taker = self._takers.get(name)
        if taker is None:
            self.refuse(Reason.UNKNOWN_DOOR, detail=f"signal {name[:60]}", door=SIGNAL)
        elif len(args) != 1:
            self.refuse(Reason.MALFORMED, door=SIGNAL)
        else:
            taker(args[0])

    def message(self, raw: RawValue, kind: type[Message]) -> Message | None:
        """What automation sent, as `kind`; None once it has been refused."""
        found = _opened(raw, kind)
        if isinstance(found, Reason):
            self.refuse(found, door=SIGNAL)
            return None
        return found

    def revocation(self, raw: RawValue) -> Revocation | None:
        """The keys that are not trusted any more, if the root says so; None once it is refused."""
        note = self.message(raw, KeysRevoked)
        if note is None:
            return None
        revocation = read_revocation(note, root=self._root)
        if revocation is None:
            self.refuse(Reason.BAD_SIGNATURE, detail="revocation")
        return revocation

    def update(self, name: str) -> ActReceipt:
        """An update of another name than ours is refused."""
        return self.refuse(Reason.UNKNOWN_DOOR, detail=f"update {name[:60]}")

    def cancellation(self) -> None:
        """A request to cancel is refused: cases and obligations end by signed acts only (I4)."""
        self._pulse.stir()
        self.refuse(Reason.UNKNOWN_DOOR, detail="cancellation request", door="temporal cancel")

    def refuse(self, reason: Reason, *, detail: str = "", door: str = "temporal") -> ActReceipt:
        """The refusal is on record."""
        return self._desk.refuse(reason, at=workflow.now(), detail=detail, door=door)


def _opened(raw: RawValue, kind: type[Message]) -> Message | Reason:
    try:
        return decoded(raw, kind)
    except RefusedPayloadError:
        return Reason.PLAINTEXT
    except ValidationError:
        return Reason.MALFORMED
