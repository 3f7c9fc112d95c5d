"""What came into a case, and the salt it is committed to with."""

import base64
import binascii
from dataclasses import dataclass

from cases.envelope import ActEnvelope
from cases.receipts import ActReceipt, Outcome
from workflows.messages import CaseInput, ObligationInput


@dataclass(frozen=True)
class Incoming:
    """Something that came into the case, where it did, and what its entry must commit to."""

    run: str
    event_id: int
    what: str
    commitment: str
    envelope: ActEnvelope | None = None
    receipt: ActReceipt | None = None
    excused: bool = False
    """It need not have an entry."""
    notice: str = ""
    """The key of the notice that it came of."""

    @property
    def accepted(self) -> bool:
        """Whether it is an act that was answered with a yes."""
        return self.receipt is not None and self.receipt.outcome is Outcome.ACCEPTED


def salt_of(request: CaseInput | ObligationInput) -> bytes:
    """The case's commitment salt; empty where it is not one."""
    try:
        return base64.b64decode(request.salt, validate=True)
    except (binascii.Error, ValueError):
        return b""
