"""The words of comments: kept at the door, sealed, and found again by their digest."""

from datetime import datetime

import sqlalchemy as sa

from cases.comments import digest_of
from cases.values import Value
from store.comment_tables import comments
from store.database import Database, uninterrupted
from store.vault import Vault

_SALT = 32


class Words(Value):
    """What was said, and the salt of its digest."""

    text: str
    salt: str
    """In hex."""


@uninterrupted
class Comments:
    """Keeps what people said about cases."""

    def __init__(self, database: Database, *, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def keep(self, case: str, text: str, *, salt: bytes, at: datetime) -> str:
        """The words are kept; their digest, under the salt, names them from now on."""
        digest = digest_of(text, salt=salt)
        keys = await self._vault.keys(case)
        sealed = keys.seal(salt.hex().encode() + text.encode(), aad=_place(digest))
        async with self._database.write() as connection:
            await connection.execute(
                self._database.insert(comments)
                .values(case=case, digest=digest, words=sealed, at=at)
                .on_conflict_do_nothing(index_elements=["case", "digest"])
            )
        return digest

    async def of_case(self, case: str) -> dict[str, Words]:
        """By digest, everything that was said about the case."""
        query = sa.select(comments).where(comments.c.case == case)
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        found = {}
        for row in rows:
            said = await self._vault.open_sealed(case, row.words, aad=_place(row.digest))
            salt, text = said[: 2 * _SALT], said[2 * _SALT :]
            found[row.digest] = Words(text=text.decode(), salt=salt.decode())
        return found


def _place(digest: str) -> str:
    return f"comment|{digest}"
