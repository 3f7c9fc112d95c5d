"""A case that is open to somebody for a time: what an emergency and a grant have in common."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from cases.journal import Kind
from cases.values import Instant, Value
from store.cases import Cases
from store.database import Database
from store.health import Health
from store.journal import Journal
from store.vault import Vault

RAN_OUT = "time-ran-out"
GIVEN_BACK = "given-back"
REVOKED = "revoked"


class Opening(Value):
    """From when until when somebody can read one case, and how that ended."""

    opened_at: Instant | None = None
    until: Instant | None = None
    ended_at: Instant | None = None
    ended_how: str | None = None

    def open_at(self, at: datetime) -> bool:
        """Whether the case can be read by it at that instant: not any more at its end."""
        if self.opened_at is None or self.until is None or self.ended_at is not None:
            return False
        return self.opened_at <= at < self.until


class OpeningRows:
    """Rows of openings; a change of one and its entry in the door stream are one transaction."""

    def __init__(
        self,
        database: Database,
        *,
        vault: Vault,
        cases: Cases,
        journal: Journal,
        health: Health,
    ) -> None:
        self._database = database
        self._vault = vault
        self._cases = cases
        self._journal = journal
        self._health = health

    async def _recorded(
        self, case: str, change: sa.Insert | sa.Update, kind: Kind, *, at: datetime, **body: Any
    ) -> bool:
        """The change is made and on record; False, and nothing is, where it met no row."""
        await self._vault.keys(case)
        async with self._database.write() as connection:
            await self._cases.lock_in(connection, case)
            if not (await connection.execute(change)).rowcount:
                return False
            await self._journal.append_door_in(connection, case, kind, at=at, **body)
        return True
