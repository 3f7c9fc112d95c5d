"""The one effect an obligation has beside notices: its own entries are stored."""

import base64

from cases.ids import obligation_id
from cases.journal import Entry, PackedEntry, obligation_stream, restored
from cases.obligations.state import ObligationPicture
from cases.values import Instant
from runbooks.compact import Compact
from workflows.effects import Effect, Stored


class ObligationBatch(Compact):
    """New entries of an obligation's stream, and the obligation as it stands after them."""

    case: str
    name: str
    original_run: str
    first: int
    previous: str
    salt: str
    entries: tuple[PackedEntry, ...]
    picture: ObligationPicture
    next_at: Instant | None = None
    """The next instant at which the obligation will do something by itself."""
    next_label: str = ""
    at: Instant

    @property
    def workflow_id(self) -> str:
        """The workflow that wrote them."""
        return obligation_id(self.case, self.name)

    @property
    def last(self) -> int:
        """The number of the last entry."""
        return self.first + len(self.entries) - 1

    def restore(self) -> tuple[Entry, ...]:
        """The entries as the workflow wrote them, byte for byte."""
        return restored(
            self.entries,
            case=self.case,
            stream=obligation_stream(self.name),
            first=self.first,
            previous=self.previous,
            salt=base64.b64decode(self.salt),
        )


APPEND_OBLIGATION = Effect("append_obligation", ObligationBatch, Stored)
