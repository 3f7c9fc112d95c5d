"""Writes the journal of one case: instant and salt are held once, inputs committed."""

from datetime import datetime
from typing import Any, Protocol

from cases.canonical import commit
from cases.journal import Entry, Journal, Kind


class Recorded(Protocol):
    """State that carries its own journal: a case's, or an obligation's."""

    journal: Journal


class Record:
    """Writes journal entries for one case: instant and salt are held once, inputs committed."""

    def __init__(self, state: Recorded, *, salt: bytes) -> None:
        self._state = state
        self._salt = salt

    @property
    def salt(self) -> bytes:
        """The case's commitment salt."""
        return self._salt

    def __call__(self, kind: Kind, *, at: datetime, **body: Any) -> Entry:
        """The entry is appended to the stream of that state."""
        return self._state.journal.record(kind, at=at, salt=self._salt, **body)

    def commit(self, value: Any) -> str:
        """The salted digest of an input, for the entry it causes."""
        return commit(self._salt, value)
