"""Where the log's tiles and its checkpoint are kept: in the store itself, or beside it.

Leaves are always in the store, in their one order; tiles and checkpoint follow from them. What is
kept beside the store is published there first, and the store's head follows in its own transaction:
whoever dies in between leaves a place that is ahead, and the next recorder brings the head after
it. So the place that is published never says less than the store.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import NamedTuple, Protocol

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from store.database import Database
from store.log_tables import log_tiles

_AT_ONCE = 400


class Published(NamedTuple):
    """A new checkpoint with everything that it needs."""

    tiles: Mapping[tuple[int, int], bytes]
    """By level and number, as wide as they are now."""
    leaves: Sequence[bytes]
    """From the first leaf of the bundle that grows; none where bundles are not kept."""
    first: int
    size: int
    checkpoint: str
    seen: str
    """The checkpoint that this one follows; empty for the first."""


class Tiles(Protocol):
    """Keeps tiles and the checkpoint over them."""

    bundles: bool
    """Whether bundles of the leaves are kept there as well."""

    def exclusive(self) -> AbstractAsyncContextManager[None]:
        """Nobody else publishes there while the block runs."""
        ...

    async def ahead(self, new: Published) -> bool:
        """What is kept elsewhere is published, before the store's head; False if another was."""
        ...

    async def along(self, connection: AsyncConnection, new: Published) -> None:
        """What is kept in the store is written, in the transaction that moves its head."""
        ...

    async def read(self, places: Iterable[tuple[int, int]]) -> dict[tuple[int, int], bytes]:
        """The tiles at those places that are there."""
        ...

    async def checkpoint(self) -> str | None:
        """What was published last, where it is kept elsewhere than in the store."""
        ...


class SqlTiles:
    """Rows of the store: one a tile, which only grows."""

    bundles = False

    def __init__(self, database: Database) -> None:
        self._database = database

    def exclusive(self) -> AbstractAsyncContextManager[None]:
        """The head's row is the lock: whoever has seen another one publishes nothing."""
        return nullcontext()

    async def ahead(self, new: Published) -> bool:
        """Nothing is kept elsewhere."""
        del new
        return True

    async def along(self, connection: AsyncConnection, new: Published) -> None:
        """Each tile is as wide as it is now."""
        for (level, number), hashes in new.tiles.items():
            insert = self._database.insert(log_tiles).values(
                level=level, number=number, hashes=hashes
            )
            await connection.execute(
                insert.on_conflict_do_update(
                    index_elements=["level", "number"], set_={"hashes": hashes}
                )
            )

    async def read(self, places: Iterable[tuple[int, int]]) -> dict[tuple[int, int], bytes]:
        """The tiles at those places."""
        wanted = list(places)
        found: dict[tuple[int, int], bytes] = {}
        async with self._database.read() as connection:
            for at in range(0, len(wanted), _AT_ONCE):
                query = sa.select(log_tiles).where(
                    sa.tuple_(log_tiles.c.level, log_tiles.c.number).in_(wanted[at : at + _AT_ONCE])
                )
                for row in await connection.execute(query):
                    found[(row.level, row.number)] = row.hashes
        return found

    async def checkpoint(self) -> str | None:
        """The store's head is all there is."""
        return None
