"""Writes the journal of one case: instant and salt are held once, inputs committed."""

from datetime import datetime
from typing import Any

from cases.canonical import commit
from cases.journal import Entry, Kind
from cases.state import CaseState


class Record:
    """Writes journal entries for one case: instant and salt are held once, inputs committed."""

    def __init__(self, state: CaseState, *, salt: bytes) -> None:
        self._state = state
        self._salt = salt

    @property
    def salt(self) -> bytes:
        """The case's commitment salt."""
        return self._salt

    def __call__(self, kind: Kind, *, at: datetime, **body: Any) -> Entry:
        """The entry is appended to the case stream."""
        return self._state.journal.record(kind, at=at, salt=self._salt, **body)

    def commit(self, value: Any) -> str:
        """The salted digest of an input, for the entry it causes."""
        return commit(self._salt, value)
