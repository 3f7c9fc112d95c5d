"""Links in mails and chats: they say where to look, never who may act (I6)."""

import base64
import hashlib
import secrets
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from cases.values import Instant, Value
from store.cases import ENDED
from store.database import Database, uninterrupted
from store.side_tables import locators
from store.tables import cases, rounds

TOKEN_BYTES = 32
TOKEN_LENGTH = 43
_ALPHABET = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


class LocatorState(StrEnum):
    """What the page behind a link says."""

    LIVE = "live"
    EXPIRED = "expired"
    """The link is too old, or was taken back."""
    SUPERSEDED = "superseded"
    """A newer round of the gate asks instead."""
    DECIDED = "decided"
    """The round or the case is over."""


class Locator(Value):
    """A link that was found."""

    person: str
    case: str
    gate: str | None = None
    round: int | None = None
    created_at: Instant
    expires_at: Instant
    state: LocatorState


@uninterrupted
class Locators:
    """Makes and finds links; only their digests are kept."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def mint(
        self,
        *,
        person: str,
        case: str,
        gate: str | None = None,
        round: int | None = None,  # noqa: A002 -- the noun of the design
        at: datetime,
        expires_at: datetime,
        token: bytes | None = None,
    ) -> str:
        """A new 43-character token; the same for the same `token` bytes (a retried notice)."""
        text = written(secrets.token_bytes(TOKEN_BYTES) if token is None else token)
        async with self._database.write() as connection:
            await connection.execute(
                self._database.insert(locators)
                .values(
                    token=digest_of(text),
                    person=person,
                    case=case,
                    gate=gate,
                    round=round,
                    created_at=at,
                    expires_at=expires_at,
                )
                .on_conflict_do_nothing(index_elements=["token"])
            )
        return text

    async def find(self, token: str, *, at: datetime) -> Locator | None:
        """The link's place and state; None for anything that was never minted."""
        if not well_formed(token):
            return None
        query = (
            sa.select(locators, cases.c.status)
            .join(cases, cases.c.id == locators.c.case)
            .where(locators.c.token == digest_of(token))
        )
        async with self._database.read() as connection:
            row = (await connection.execute(query)).one_or_none()
            if row is None:
                return None
            state = await _state(connection, row, at)
        return Locator(
            person=row.person,
            case=row.case,
            gate=row.gate,
            round=row.round,
            created_at=row.created_at,
            expires_at=row.expires_at,
            state=state,
        )

    async def revoke(self, token: str, *, at: datetime) -> None:
        """The link has expired."""
        async with self._database.write() as connection:
            await connection.execute(
                locators.update()
                .where(locators.c.token == digest_of(token), locators.c.revoked_at.is_(None))
                .values(revoked_at=at)
            )


async def _state(connection: AsyncConnection, row: Any, at: datetime) -> LocatorState:
    # What became of the question tells more than the age of the link, so it is said first.
    if row.gate is not None and row.round is not None:
        newest = sa.select(sa.func.max(rounds.c.round)).where(
            rounds.c.case == row.case, rounds.c.gate == row.gate
        )
        number = (await connection.execute(newest)).scalar_one_or_none()
        if number is not None and number > row.round:
            return LocatorState.SUPERSEDED
        here = sa.select(rounds.c.open, rounds.c.closed_at_door).where(
            rounds.c.case == row.case, rounds.c.gate == row.gate, rounds.c.round == row.round
        )
        shown = (await connection.execute(here)).one_or_none()
        if shown is not None and (not shown.open or shown.closed_at_door is not None):
            return LocatorState.DECIDED
    if row.status in ENDED:
        return LocatorState.DECIDED
    if row.revoked_at is not None or row.expires_at <= at:
        return LocatorState.EXPIRED
    return LocatorState.LIVE


def written(token: bytes) -> str:
    """256 bits as 43 characters of base64url."""
    if len(token) != TOKEN_BYTES:
        raise ValueError(f"a token has {TOKEN_BYTES} bytes")
    return base64.urlsafe_b64encode(token).rstrip(b"=").decode()


def well_formed(token: str) -> bool:
    """Whether it could be a token at all: junk is not looked up."""
    return len(token) == TOKEN_LENGTH and _ALPHABET.issuperset(token)


def digest_of(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()
