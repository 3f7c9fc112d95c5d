"""Proofs out of the stored tiles, against the published checkpoint."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import timedelta
from functools import partial

from audit.log.merkle import Span, consistency_spans, inclusion_spans
from audit.log.proof import Proof
from audit.log.tiles import Place, span_hash, tiles_of
from store import LogHead, LogKey, Placed, Store

_LOOK_AGAIN = 0.05


async def proofs_of(store: Store, case: str, *, head: LogHead) -> dict[LogKey, Proof]:
    """The proof of every entry of the case that the head's checkpoint covers."""
    return await proofs_for(store, await store.log.of_case(case), head=head)


async def proofs_for(
    store: Store, placed: Mapping[LogKey, Placed], *, head: LogHead
) -> dict[LogKey, Proof]:
    """The proof of each of these leaves that the head's checkpoint covers."""
    covered = {key: found for key, found in placed.items() if found.number < head.size}
    spans = {key: inclusion_spans(found.number, head.size) for key, found in covered.items()}
    # Neighbours share most of their way: each hash is worked out once.
    shared = {span for each in spans.values() for span in each}
    tiles = await _tiles(store, shared)
    hashes = {span: span_hash(span, tiles) for span in shared}
    return {
        key: Proof(
            index=found.number,
            hashes=tuple(hashes[span] for span in spans[key]),
            checkpoint=head.checkpoint.encode(),
            extra=found.leaf,
        )
        for key, found in covered.items()
    }


async def consistency(store: Store, *, earlier: int, size: int) -> tuple[bytes, ...]:
    """The proof that the tree of `size` begins with the whole of the earlier one."""
    spans = consistency_spans(earlier, size)
    tiles = await _tiles(store, spans)
    return tuple(span_hash(span, tiles) for span in spans)


async def settled(store: Store, case: str, *, within: timedelta) -> bool:
    """Whether everything of the case comes under a checkpoint in that time."""
    return await until(partial(store.log.is_settled, case), within=within)


async def sealed(store: Store, case: str, *, within: timedelta) -> bool:
    """Whether every run of the case that ended is sealed in that time."""
    return await until(partial(store.seals.is_settled, case), within=within)


async def until(done: Callable[[], Awaitable[bool]], *, within: timedelta) -> bool:
    """Whether that is done in that time."""
    try:
        async with asyncio.timeout(within.total_seconds()):
            # Recorder and sealer are other processes: there is no event to wait for.
            while not await done():  # noqa: ASYNC110
                await asyncio.sleep(_LOOK_AGAIN)
    except TimeoutError:
        return False
    return True


async def _tiles(store: Store, spans: Iterable[Span]) -> Mapping[Place, bytes]:
    found = await store.log.tiles(tiles_of(spans))
    return {Place(*place): data for place, data in found.items()}
