"""Looks at restricted cases: the first of some minutes is an entry, those after it are counted."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from cases.journal import Kind
from cases.values import Instant, Value
from store.access_tables import looks
from store.cases import Cases
from store.database import Database, uninterrupted
from store.journal import Journal
from store.vault import Vault

WINDOW = timedelta(minutes=5)
"""How long the same look of the same person is counted and not written again."""


class Seen(Value):
    """One answer to somebody who asked to look."""

    case: str
    person: str
    action: str
    allowed: bool
    at: Instant
    policies: tuple[str, ...] = ()
    digest: str = ""

    @property
    def outcome(self) -> str:
        """`allowed` or `denied`."""
        return "allowed" if self.allowed else "denied"


@uninterrupted
class Looks:
    """Writes looks into the door stream of the case, without a storm of them."""

    def __init__(self, database: Database, *, vault: Vault, cases: Cases, journal: Journal) -> None:
        self._database = database
        self._vault = vault
        self._cases = cases
        self._journal = journal

    async def note(self, seen: Sequence[Seen]) -> int:
        """Every look is on record, as an entry or in a count; how many entries that took."""
        written = 0
        fresh = await self._fresh(seen) if seen else []
        for look in fresh:
            await self._vault.keys(look.case)
        if not fresh:
            return 0
        async with self._database.write() as connection:
            for look in sorted(fresh, key=lambda each: each.case):
                await self._cases.lock_in(connection, look.case)
                written += await self._note_in(connection, look)
        return written

    async def close_windows(self, *, before: datetime) -> int:
        """Counts that began before that instant are written down; how many there were."""
        query = sa.select(looks).where(looks.c.began_at < before).order_by(looks.c.case)
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        for row in rows:
            await self._vault.keys(row.case)
            async with self._database.write() as connection:
                await self._cases.lock_in(connection, row.case)
                again = (await connection.execute(_row_of(row))).one_or_none()
                if again is not None and again.began_at == row.began_at:
                    await self._repeated_in(connection, again)
                    await connection.execute(looks.delete().where(*_place(again)))
        return len(rows)

    async def _fresh(self, seen: Sequence[Seen]) -> list[Seen]:
        """What is not counted already: the others have had their count raised in one write."""
        once = {(each.case, each.person, each.action, each.outcome): each for each in seen}
        query = sa.select(looks).where(
            looks.c.person.in_({each.person for each in seen}),
            looks.c.case.in_({each.case for each in seen}),
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        asked = [(row, once.get((row.case, row.person, row.action, row.outcome))) for row in rows]
        counted = [
            (row, look)
            for row, look in asked
            if look is not None and row.began_at > look.at - WINDOW
        ]
        if counted:
            async with self._database.write() as connection:
                for row, look in counted:
                    raised = looks.update().where(*_place(row))
                    await connection.execute(
                        raised.values(times=looks.c.times + 1, last_at=look.at)
                    )
        known = {(row.case, row.person, row.action, row.outcome) for row, _ in counted}
        return [look for place, look in once.items() if place not in known]

    async def _note_in(self, connection: AsyncConnection, look: Seen) -> int:
        at = look.at
        place = (
            looks.c.case == look.case,
            looks.c.person == look.person,
            looks.c.action == look.action,
            looks.c.outcome == look.outcome,
        )
        row = (await connection.execute(sa.select(looks).where(*place))).one_or_none()
        if row is not None and row.began_at > at - WINDOW:
            # Another gateway has written it since it was looked for.
            raised = looks.update().where(*place)
            await connection.execute(raised.values(times=looks.c.times + 1, last_at=at))
            return 0
        if row is not None:
            await self._repeated_in(connection, row)
            await connection.execute(looks.delete().where(*place))
        await self._journal.append_door_in(
            connection,
            look.case,
            Kind.LOOK_ALLOWED if look.allowed else Kind.LOOK_DENIED,
            at=at,
            who=look.person,
            what=look.action,
            policies=list(look.policies),
            policy=look.digest or None,
        )
        await connection.execute(
            looks.insert().values(
                case=look.case,
                person=look.person,
                action=look.action,
                outcome=look.outcome,
                began_at=at,
                last_at=at,
                times=1,
            )
        )
        return 1

    async def _repeated_in(self, connection: AsyncConnection, row: Any) -> None:
        if row.times < 2:  # noqa: PLR2004 - the first is an entry of its own
            return
        await self._journal.append_door_in(
            connection,
            row.case,
            Kind.LOOK_REPEATED,
            at=row.last_at,
            who=row.person,
            what=row.action,
            outcome=row.outcome,
            times=row.times - 1,
            since=row.began_at.isoformat(),
        )


def _place(row: Any) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        looks.c.case == row.case,
        looks.c.person == row.person,
        looks.c.action == row.action,
        looks.c.outcome == row.outcome,
    )


def _row_of(row: Any) -> sa.Select[Any]:
    return sa.select(looks).where(*_place(row))
