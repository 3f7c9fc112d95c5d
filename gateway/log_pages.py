"""C2SP tlog-tiles over HTTP: checkpoint, tiles and entry bundles, read-only and without a log-in.

Nothing of a case is in them (`audit.log.leaf`), so anybody may keep and compare them; that is what
they are for. Whatever has been served once is served for ever, so caches may keep it as long.
"""

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from audit.log.errors import LogUnreadableError
from audit.log.merkle import HASH
from audit.log.tiles import HEIGHT, WIDTH, Asked, asked, bundle
from audit.log.vouched import published_head
from store import LogHead, Store

_CHANGES = {"Cache-Control": "public, max-age=1"}
_NEVER_CHANGES = {"Cache-Control": "public, max-age=31536000, immutable"}


class LogPages:
    """The log as a set of files that never change, but for its checkpoint."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def routes(self) -> list[Route]:
        """The prefix is `/log`."""
        return [
            Route("/log/checkpoint", self.checkpoint, methods=["GET"]),
            Route("/log/checkpoint/vouched", self.vouched, methods=["GET"]),
            Route("/log/tile/{path:path}", self.tile, methods=["GET"]),
        ]

    async def checkpoint(self, request: Request) -> Response:
        """The last one that was signed, with the cosignatures it has; 404 before the first."""
        head = await published_head(self._store)
        if not head.checkpoint:
            return _nothing()
        return PlainTextResponse(head.checkpoint, headers=_CHANGES)

    async def vouched(self, request: Request) -> Response:
        """The newest one that anybody vouched for, and all who did; 404 before the first."""
        newest = await self._store.vouching.newest()
        if newest is None:
            return _nothing()
        return PlainTextResponse(newest.published, headers=_CHANGES)

    async def tile(self, request: Request) -> Response:
        """A tile or an entry bundle under the last checkpoint; 404 for everything else."""
        try:
            wanted = asked(request.path_params["path"])
        except LogUnreadableError:
            return _nothing()
        head = await self._store.log.head()
        if not _covered(wanted, head):
            return _nothing()
        data = await (self._entries(wanted) if wanted.entries else self._hashes(wanted))
        if data is None:
            return _nothing()
        return Response(data, media_type="application/octet-stream", headers=_NEVER_CHANGES)

    async def _hashes(self, wanted: Asked) -> bytes | None:
        found = await self._store.log.tiles([wanted.place])
        data = found.get(wanted.place, b"")[: wanted.width * HASH]
        return data if len(data) == wanted.width * HASH else None

    async def _entries(self, wanted: Asked) -> bytes | None:
        first = wanted.place.number * WIDTH
        leaves = await self._store.log.leaves(first, first + wanted.width)
        return bundle(leaves) if len(leaves) == wanted.width else None


def _covered(wanted: Asked, head: LogHead) -> bool:
    """Whether every hash of it belongs to the tree that was signed last."""
    hashes = head.size >> (wanted.place.level * HEIGHT)
    return wanted.place.number * WIDTH + wanted.width <= hashes


def _nothing() -> Response:
    return PlainTextResponse("not in the log\n", status_code=404)
