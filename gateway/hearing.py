"""Who waits for the answer to an act hears of it in the moment it is stored.

The dispatcher that brings an answer mostly runs in the process where the person waits: a wake-up
costs nothing, where forty people who look at a row twenty times a second keep everybody's answer
back. Another gateway may bring it too; the row is looked at as well, ever less often.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from cases.receipts import ActReceipt
from store import Store

_SOON = timedelta(milliseconds=100)
_LONGEST = timedelta(milliseconds=800)


class Hearing:
    """The answers that are waited for in this process."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Future[ActReceipt]]] = {}

    def came(self, receipt: ActReceipt, *, act_id: str) -> None:
        """Everybody here who waits for the answer has it."""
        for each in self._waiting.get(act_id, ()):
            if not each.done():
                each.set_result(receipt)

    async def receipt(self, store: Store, act_id: str, *, within: timedelta) -> ActReceipt | None:
        """The answer to the act, if it comes in that time."""
        with self._heard(act_id) as answer:
            try:
                async with asyncio.timeout(within.total_seconds()):
                    return await _first(store, act_id, answer)
            except TimeoutError:
                return None

    @contextmanager
    def _heard(self, act_id: str) -> Iterator[asyncio.Future[ActReceipt]]:
        answer: asyncio.Future[ActReceipt] = asyncio.get_running_loop().create_future()
        waiting = self._waiting.setdefault(act_id, set())
        waiting.add(answer)
        try:
            yield answer
        finally:
            waiting.discard(answer)
            if not waiting:
                self._waiting.pop(act_id, None)


async def _first(store: Store, act_id: str, answer: asyncio.Future[ActReceipt]) -> ActReceipt:
    pause = _SOON
    while True:
        await asyncio.wait((answer,), timeout=pause.total_seconds())
        if answer.done():
            return answer.result()
        # It may have been stored before anybody here listened, or by another gateway.
        found = await store.acts.receipt(act_id)
        if found is not None:
            return found
        pause = min(2 * pause, _LONGEST)
