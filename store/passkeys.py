"""The keys that people sign with themselves: enrolled by one, confirmed by another, revoked."""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa

from cases.journal import Kind
from cases.values import Instant, Value
from store.database import Database, uninterrupted
from store.door_record import DoorRecord
from store.side_tables import passkeys


class PasskeyState(StrEnum):
    """How a key stands."""

    WAITING = "waiting"
    """Nobody but its owner has said so yet: it signs nothing."""
    CONFIRMED = "confirmed"
    REVOKED = "revoked"


class PasskeyRow(Value):
    """One key."""

    id: str
    """The credential's id, base64url."""
    person: str
    label: str
    state: PasskeyState
    note: bytes
    """What is known of it while it waits; then the door's signed word on whose it is."""
    counter: int
    enrolled_by: str
    enrolled_at: Instant
    confirmed_by: str | None = None
    confirmed_at: Instant | None = None
    revoked_by: str | None = None
    revoked_at: Instant | None = None


@uninterrupted
class Passkeys:
    """Keeps keys; each step of one is in the door's own record, in the same transaction."""

    def __init__(self, database: Database, *, record: DoorRecord) -> None:
        self._database = database
        self._record = record

    async def enrol(
        self, *, key: str, person: str, label: str, note: bytes, counter: int, at: datetime
    ) -> bool:
        """The key waits for a second person; False if the credential is known already."""
        async with self._database.write() as connection:
            known = sa.select(passkeys.c.id).where(passkeys.c.id == key)
            if (await connection.execute(known)).scalar_one_or_none() is not None:
                return False
            await connection.execute(
                passkeys.insert().values(
                    id=key,
                    person=person,
                    label=label,
                    state=PasskeyState.WAITING,
                    note=note,
                    counter=counter,
                    enrolled_by=person,
                    enrolled_at=at,
                )
            )
            await self._record.append_in(
                connection, Kind.DOOR_PASSKEY_ENROLLED, person=person, at=at, passkey=key
            )
        return True

    async def confirm(self, key: str, *, by: str, note: bytes, at: datetime) -> bool:
        """The key signs from now on; False if it does not wait, or its owner is who confirms."""
        return await self._step(
            key,
            Kind.DOOR_PASSKEY_CONFIRMED,
            sa.and_(passkeys.c.state == PasskeyState.WAITING, passkeys.c.person != by),
            by=by,
            at=at,
            state=PasskeyState.CONFIRMED,
            note=note,
            confirmed_by=by,
            confirmed_at=at,
        )

    async def revoke(self, key: str, *, by: str, at: datetime) -> bool:
        """The key signs nothing more; what it has signed stays valid. False if it was revoked."""
        return await self._step(
            key,
            Kind.DOOR_PASSKEY_REVOKED,
            passkeys.c.state != PasskeyState.REVOKED,
            by=by,
            at=at,
            state=PasskeyState.REVOKED,
            revoked_by=by,
            revoked_at=at,
        )

    async def count(self, key: str, counter: int, *, act: str, at: datetime) -> bool:
        """The authenticator's counter has moved on; False if it has not, which is on record.

        An authenticator that does not count says 0 always. The same act again is the same count.
        """
        moves = sa.or_(
            passkeys.c.counter < counter,
            sa.and_(passkeys.c.counter == 0, sa.literal(counter) == 0),
            sa.and_(passkeys.c.counter == counter, passkeys.c.counted_for == act),
        )
        async with self._database.write() as connection:
            counted = await connection.execute(
                passkeys.update()
                .where(passkeys.c.id == key, moves)
                .values(counter=counter, counted_for=act)
                .returning(passkeys.c.id)
            )
            if counted.scalar_one_or_none() is not None:
                return True
            query = sa.select(passkeys.c.person).where(passkeys.c.id == key)
            person = (await connection.execute(query)).scalar_one()
            await self._record.append_in(
                connection, Kind.DOOR_PASSKEY_REFUSED, person=person, at=at, passkey=key, act=act
            )
        return False

    async def find(self, key: str) -> PasskeyRow | None:
        """The key of that credential."""
        async with self._database.read() as connection:
            query = sa.select(passkeys).where(passkeys.c.id == key)
            row = (await connection.execute(query)).one_or_none()
        return _read(row) if row is not None else None

    async def of_person(self, person: str) -> list[PasskeyRow]:
        """The person's keys, oldest first."""
        return await self._all(passkeys.c.person == person)

    async def waiting(self) -> list[PasskeyRow]:
        """Keys that a second person has to look at."""
        return await self._all(passkeys.c.state == PasskeyState.WAITING)

    async def _all(self, where: sa.ColumnElement[bool]) -> list[PasskeyRow]:
        query = sa.select(passkeys).where(where).order_by(passkeys.c.enrolled_at, passkeys.c.id)
        async with self._database.read() as connection:
            return [_read(row) for row in (await connection.execute(query)).all()]

    async def _step(
        self,
        key: str,
        kind: Kind,
        where: sa.ColumnElement[bool],
        *,
        by: str,
        at: datetime,
        **values: object,
    ) -> bool:
        async with self._database.write() as connection:
            changed = await connection.execute(
                passkeys.update()
                .where(passkeys.c.id == key, where)
                .values(**values)
                .returning(passkeys.c.person)
            )
            person = changed.scalar_one_or_none()
            if person is None:
                return False
            await self._record.append_in(connection, kind, person=person, at=at, passkey=key, by=by)
        return True


def _read(row: sa.Row[tuple[object, ...]]) -> PasskeyRow:
    values = {name: getattr(row, name) for name in PasskeyRow.model_fields}
    return PasskeyRow.model_validate(values)
