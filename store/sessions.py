"""Who is logged in, with which proof; and what may be used only once."""

import hashlib
import hmac
import secrets
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from cases.values import Instant, Value
from runbooks.plan import Assurance
from store.database import Database, uninterrupted
from store.locators import TOKEN_BYTES, digest_of, well_formed, written
from store.side_tables import sessions, used_nonces


class Session(Value):
    """A log-in that holds."""

    person: str
    assurance: Assurance
    """The best proof of this session; `stepped_up_at` says how fresh it is."""
    created_at: Instant
    expires_at: Instant
    stepped_up_at: Instant | None = None
    csrf: str
    """The synchroniser token of the session's forms; made from the session's token, not stored."""


class NewSession(Value):
    """A session and the token its holder gets; only the token's digest is kept."""

    token: str
    session: Session


@uninterrupted
class Sessions:
    """Keeps sessions and spent nonces."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(
        self, *, person: str, assurance: Assurance, at: datetime, expires_at: datetime
    ) -> NewSession:
        """The person is logged in."""
        token = written(secrets.token_bytes(TOKEN_BYTES))
        stepped_up_at = None if assurance is Assurance.L1 else at
        async with self._database.write() as connection:
            await connection.execute(
                sessions.insert().values(
                    token=digest_of(token),
                    person=person,
                    assurance=assurance,
                    created_at=at,
                    expires_at=expires_at,
                    stepped_up_at=stepped_up_at,
                )
            )
        session = Session(
            person=person,
            assurance=assurance,
            created_at=at,
            expires_at=expires_at,
            stepped_up_at=stepped_up_at,
            csrf=_csrf(token),
        )
        return NewSession(token=token, session=session)

    async def find(self, token: str, *, at: datetime) -> Session | None:
        """The session, while it holds."""
        if not well_formed(token):
            return None
        query = sa.select(sessions).where(
            sessions.c.token == digest_of(token),
            sessions.c.revoked_at.is_(None),
            sessions.c.expires_at > at,
        )
        async with self._database.read() as connection:
            row = (await connection.execute(query)).one_or_none()
        return None if row is None else _read(row, token)

    async def step_up(
        self, token: str, *, at: datetime, assurance: Assurance = Assurance.L2
    ) -> Session | None:
        """The person has proved themselves again, now; None if the session no longer holds."""
        async with self._database.write() as connection:
            await connection.execute(
                sessions.update()
                .where(sessions.c.token == digest_of(token), sessions.c.revoked_at.is_(None))
                .values(assurance=assurance, stepped_up_at=at)
            )
        return await self.find(token, at=at)

    async def revoke(self, token: str, *, at: datetime) -> None:
        """The session is over."""
        await self._revoke(sessions.c.token == digest_of(token), at=at)

    async def revoke_person(self, person: str, *, at: datetime) -> None:
        """Every session of the person is over."""
        await self._revoke(sessions.c.person == person, at=at)

    async def purge(self, *, at: datetime) -> None:
        """Sessions and nonces that have expired are gone."""
        async with self._database.write() as connection:
            await connection.execute(sessions.delete().where(sessions.c.expires_at <= at))
            await connection.execute(used_nonces.delete().where(used_nonces.c.expires_at <= at))

    async def spend(self, nonce: str, *, kind: str, expires_at: datetime) -> bool:
        """True once for each nonce of a kind; it may be forgotten after `expires_at`."""
        async with self._database.write() as connection:
            result = await connection.execute(
                self._database.insert(used_nonces)
                .values(kind=kind, nonce=nonce, expires_at=expires_at)
                .on_conflict_do_nothing(index_elements=["kind", "nonce"])
                .returning(used_nonces.c.nonce)
            )
            return result.scalar_one_or_none() is not None

    async def _revoke(self, condition: sa.ColumnElement[bool], *, at: datetime) -> None:
        async with self._database.write() as connection:
            await connection.execute(
                sessions.update()
                .where(condition, sessions.c.revoked_at.is_(None))
                .values(revoked_at=at)
            )


def _csrf(token: str) -> str:
    return hmac.new(token.encode(), b"escalate csrf 1", hashlib.sha256).hexdigest()


def _read(row: Any, token: str) -> Session:
    return Session(
        person=row.person,
        assurance=Assurance(row.assurance),
        created_at=row.created_at,
        expires_at=row.expires_at,
        stepped_up_at=row.stepped_up_at,
        csrf=_csrf(token),
    )
