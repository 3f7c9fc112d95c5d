"""Who is logged in, with which proof; and what may be used only once."""

import hashlib
import hmac
import secrets
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from cases.journal import Kind
from cases.values import Instant, Value
from runbooks.plan import Assurance
from store.database import Database, uninterrupted
from store.door_record import DoorRecord
from store.locators import TOKEN_BYTES, digest_of, well_formed, written
from store.side_tables import sessions, used_nonces

SHOWN = 12
"""So many digits of a token's digest name its session in lists and on record."""


class Account(Value):
    """Where the provider knows the person, and its own session there."""

    issuer: str
    subject: str
    session: str = ""


class Session(Value):
    """A log-in that holds."""

    id: str = ""
    """Names the session in lists and on record; nobody gets in with it."""
    person: str
    assurance: Assurance
    """The best proof of this session; `stepped_up_at` says how fresh it is."""
    created_at: Instant
    expires_at: Instant
    stepped_up_at: Instant | None = None
    door: str = "page"
    """`page` for a browser, `cli` for a terminal."""
    account: Account | None = None
    """Whom the provider logged in; None for a password of our own."""
    csrf: str = ""
    """The synchroniser token of the session's forms; made from the session's token, not stored."""


class NewSession(Value):
    """A session and the token its holder gets; only the token's digest is kept."""

    token: str
    session: Session


@uninterrupted
class Sessions:
    """Keeps sessions and spent nonces; how each began and ended is in the door's record."""

    def __init__(self, database: Database, *, record: DoorRecord) -> None:
        self._database = database
        self._record = record

    async def create(
        self,
        *,
        person: str,
        assurance: Assurance,
        at: datetime,
        expires_at: datetime,
        proved_at: datetime | None = None,
        door: str = "page",
        account: Account | None = None,
    ) -> NewSession:
        """The person is logged in; `proved_at` is when they gave the second factor, if not now."""
        token = written(secrets.token_bytes(TOKEN_BYTES))
        stepped_up_at = None if assurance is Assurance.L1 else proved_at or at
        async with self._database.write() as connection:
            await connection.execute(
                sessions.insert().values(
                    token=digest_of(token),
                    person=person,
                    assurance=assurance,
                    created_at=at,
                    expires_at=expires_at,
                    stepped_up_at=stepped_up_at,
                    door=door,
                    issuer=account.issuer if account is not None else None,
                    subject=account.subject if account is not None else None,
                    provider_session=(account.session or None) if account is not None else None,
                )
            )
            await self._record.append_in(
                connection,
                Kind.DOOR_SESSION_OPENED,
                person=person,
                at=at,
                session=_id_of(token),
                assurance=assurance.value,
                door=door,
                issuer=account.issuer if account is not None else None,
            )
        session = Session(
            id=_id_of(token),
            person=person,
            assurance=assurance,
            created_at=at,
            expires_at=expires_at,
            stepped_up_at=stepped_up_at,
            door=door,
            account=account,
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
        """The person proved themselves again at that instant; None if the session is over."""
        if not well_formed(token):
            return None
        async with self._database.write() as connection:
            changed = await connection.execute(
                sessions.update()
                .where(sessions.c.token == digest_of(token), sessions.c.revoked_at.is_(None))
                .values(assurance=assurance, stepped_up_at=at)
                .returning(sessions.c.person)
            )
            person = changed.scalar_one_or_none()
            if person is not None:
                await self._record.append_in(
                    connection,
                    Kind.DOOR_SESSION_PROVED,
                    person=person,
                    at=at,
                    session=_id_of(token),
                    assurance=assurance.value,
                )
        return await self.find(token, at=at)

    async def of_person(self, person: str, *, at: datetime) -> list[Session]:
        """The person's sessions that hold, newest first; without what proves them."""
        query = (
            sa.select(sessions)
            .where(
                sessions.c.person == person,
                sessions.c.revoked_at.is_(None),
                sessions.c.expires_at > at,
            )
            .order_by(sessions.c.created_at.desc(), sessions.c.token)
        )
        async with self._database.read() as connection:
            return [_read(row) for row in (await connection.execute(query)).all()]

    async def holds(self, person: str, session: str, *, at: datetime) -> bool:
        """Whether the session of that id is one of the person's that hold."""
        return any(each.id == session for each in await self.of_person(person, at=at))

    async def revoke(self, token: str, *, at: datetime, why: str = "logged-out") -> list[str]:
        """The session is over; the ids of what ended by this."""
        return await self._revoke(sessions.c.token == digest_of(token), at=at, by=None, why=why)

    async def revoke_one(self, person: str, session: str, *, at: datetime, by: str) -> list[str]:
        """The person's session of that id is over."""
        if len(session) != SHOWN:
            return []
        named = sessions.c.token.startswith(session, autoescape=True)
        return await self._revoke(
            sa.and_(sessions.c.person == person, named), at=at, by=by, why="revoked"
        )

    async def revoke_person(
        self, person: str, *, at: datetime, by: str | None = None, keep: str = ""
    ) -> list[str]:
        """Every session of the person is over, but the one of the token `keep`."""
        others = sessions.c.token != digest_of(keep)
        return await self._revoke(
            sa.and_(sessions.c.person == person, others), at=at, by=by, why="revoked"
        )

    async def revoke_account(
        self, *, issuer: str, subject: str | None, session: str | None, at: datetime
    ) -> list[str]:
        """What the provider ended is over here: its session, else all of the account."""
        wanted = [sessions.c.issuer == issuer]
        if session is not None:
            wanted.append(sessions.c.provider_session == session)
        if subject is not None:
            wanted.append(sessions.c.subject == subject)
        if len(wanted) == 1:
            return []
        return await self._revoke(sa.and_(*wanted), at=at, by=None, why="ended-by-provider")

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

    async def _revoke(
        self, condition: sa.ColumnElement[bool], *, at: datetime, by: str | None, why: str
    ) -> list[str]:
        async with self._database.write() as connection:
            ended = await connection.execute(
                sessions.update()
                .where(condition, sessions.c.revoked_at.is_(None), sessions.c.expires_at > at)
                .values(revoked_at=at)
                .returning(sessions.c.token, sessions.c.person)
            )
            rows = sorted(tuple(row) for row in ended.all())
            for digest, person in rows:
                await self._record.append_in(
                    connection,
                    Kind.DOOR_SESSION_ENDED,
                    person=person,
                    at=at,
                    session=digest[:SHOWN],
                    by=by,
                    why=why,
                )
        return [digest[:SHOWN] for digest, _ in rows]


def _id_of(token: str) -> str:
    return digest_of(token)[:SHOWN]


def _csrf(token: str) -> str:
    return hmac.new(token.encode(), b"escalate csrf 1", hashlib.sha256).hexdigest()


def _read(row: Any, token: str = "") -> Session:
    account = None
    if row.issuer is not None and row.subject is not None:
        account = Account(
            issuer=row.issuer, subject=row.subject, session=row.provider_session or ""
        )
    return Session(
        id=row.token[:SHOWN],
        person=row.person,
        assurance=Assurance(row.assurance),
        created_at=row.created_at,
        expires_at=row.expires_at,
        stepped_up_at=row.stepped_up_at,
        door=row.door,
        account=account,
        csrf=_csrf(token) if token else "",
    )
