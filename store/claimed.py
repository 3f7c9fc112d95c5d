"""What the log-in provider last said of people, and which of its accounts each of them is."""

import json
from typing import Any

import sqlalchemy as sa

from cases.values import Instant, Value
from store.database import Database, uninterrupted
from store.side_tables import claimed_people


class ClaimedRow(Value):
    """A person, by the claims of their last log-in."""

    person: str
    issuer: str
    subject: str
    name: str
    email: str
    roles: tuple[str, ...] = ()
    told_at: Instant


@uninterrupted
class ClaimedPeople:
    """Keeps one row for each person; an account is bound to one of them for good."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> tuple[ClaimedRow, ...]:
        """Everybody, by id."""
        query = sa.select(claimed_people).order_by(claimed_people.c.person)
        async with self._database.read() as connection:
            return tuple(_read(row) for row in (await connection.execute(query)).all())

    async def of_account(self, issuer: str, subject: str) -> ClaimedRow | None:
        """The person whose account it is, whatever name the provider gives them today."""
        query = sa.select(claimed_people).where(
            claimed_people.c.issuer == issuer, claimed_people.c.subject == subject
        )
        async with self._database.read() as connection:
            row = (await connection.execute(query)).one_or_none()
        return None if row is None else _read(row)

    async def told(self, row: ClaimedRow) -> bool:
        """The claims are what is known of the person from now on.

        False, and nothing is changed, when the person is another account's already.
        """
        values = {**row.model_dump(exclude={"roles"}), "roles": json.dumps(row.roles)}
        async with self._database.write() as connection:
            await connection.execute(
                self._database.insert(claimed_people).values(**values).on_conflict_do_nothing()
            )
            changed = await connection.execute(
                claimed_people.update()
                .where(
                    claimed_people.c.person == row.person,
                    claimed_people.c.issuer == row.issuer,
                    claimed_people.c.subject == row.subject,
                )
                .values(**values)
                .returning(claimed_people.c.person)
            )
            return changed.scalar_one_or_none() is not None

    async def forget(self, person: str) -> bool:
        """The person is bound to no account; the next one that logs in as them is theirs."""
        async with self._database.write() as connection:
            gone = await connection.execute(
                claimed_people.delete()
                .where(claimed_people.c.person == person)
                .returning(claimed_people.c.person)
            )
            return gone.scalar_one_or_none() is not None


def _read(row: Any) -> ClaimedRow:
    return ClaimedRow(
        person=row.person,
        issuer=row.issuer,
        subject=row.subject,
        name=row.name,
        email=row.email,
        roles=tuple(json.loads(row.roles)),
        told_at=row.told_at,
    )
