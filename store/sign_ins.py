"""Log-ins under way at a provider: begun once, taken once, and opened only by who began them.

What is kept of one is encrypted with a key that is made of its state and of a secret that only the
browser has. So a state that leaks finishes nothing in another browser, and words that a person had
written before they were sent to the provider lie here as closed as in a case.
"""

import secrets
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from store.database import Database, uninterrupted
from store.locators import TOKEN_BYTES, digest_of, well_formed, written
from store.side_tables import sign_ins

_NONCE = 12


class NotTaken(StrEnum):
    """Why a log-in cannot be gone on with."""

    UNKNOWN = "unknown"
    """Never begun, or too long ago."""
    USED = "used"
    OTHER_SECRET = "other-secret"  # noqa: S105 - a reason


@uninterrupted
class SignIns:
    """Keeps what is under way."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(
        self, *, purpose: str, secret: str, content: bytes, at: datetime, expires_at: datetime
    ) -> str:
        """The state to go on with; an empty `secret` leaves the state as the only key."""
        state = written(secrets.token_bytes(TOKEN_BYTES))
        nonce = secrets.token_bytes(_NONCE)
        sealed = _cipher(state, secret).encrypt(nonce, content, purpose.encode())
        async with self._database.write() as connection:
            await connection.execute(sign_ins.delete().where(sign_ins.c.expires_at <= at))
            await connection.execute(
                sign_ins.insert().values(
                    state=digest_of(state),
                    purpose=purpose,
                    content=nonce + sealed,
                    expires_at=expires_at,
                )
            )
        return state

    async def look(
        self, state: str, *, purpose: str, secret: str, at: datetime
    ) -> bytes | NotTaken:
        """What was kept, left as it is: a log-in that is asked about more than once."""
        return await self._open(state, purpose=purpose, secret=secret, at=at)

    async def take(
        self, state: str, *, purpose: str, secret: str, at: datetime
    ) -> bytes | NotTaken:
        """What was kept, once: a second time it is used, however close the two come."""
        found = await self._open(state, purpose=purpose, secret=secret, at=at)
        if isinstance(found, NotTaken):
            # Nobody but its own browser can use a state up.
            return found
        async with self._database.write() as connection:
            taken = await connection.execute(
                sign_ins.update()
                .where(sign_ins.c.state == digest_of(state), sign_ins.c.used_at.is_(None))
                .values(used_at=at)
                .returning(sign_ins.c.state)
            )
            mine = taken.scalar_one_or_none() is not None
        return found if mine else NotTaken.USED

    async def _open(
        self, state: str, *, purpose: str, secret: str, at: datetime
    ) -> bytes | NotTaken:
        if not well_formed(state):
            return NotTaken.UNKNOWN
        query = sa.select(sign_ins).where(
            sign_ins.c.state == digest_of(state),
            sign_ins.c.purpose == purpose,
            sign_ins.c.expires_at > at,
        )
        async with self._database.read() as connection:
            row = (await connection.execute(query)).one_or_none()
        if row is None:
            return NotTaken.UNKNOWN
        try:
            content = _cipher(state, secret).decrypt(
                row.content[:_NONCE], row.content[_NONCE:], purpose.encode()
            )
        except InvalidTag:
            return NotTaken.OTHER_SECRET
        return NotTaken.USED if row.used_at is not None else content


def _cipher(state: str, secret: str) -> AESGCM:
    derived = HKDF(
        algorithm=hashes.SHA256(), length=32, salt=state.encode(), info=b"escalate sign-in 1"
    ).derive(secret.encode() or b"-")
    return AESGCM(derived)
