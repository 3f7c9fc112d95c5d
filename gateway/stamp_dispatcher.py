"""Has checkpoints stamped by an authority of time: at closures, when actions took effect, daily.

Beside the recorder and never in its way. A checkpoint that the witnesses cosigned is preferred, and
waited for a while, so that one file shows both. Whoever needs to know whether an action disclosed
anything has to read its runbook: here every action that took effect counts as one that did.
"""

import asyncio
from datetime import datetime, timedelta

import httpx
import structlog

from audit.log.errors import LogError
from audit.log.timestamp import (
    LONGEST_TOKEN,
    QUERY_TYPE,
    REPLY_TYPE,
    TokenRefusedError,
    query,
    read_token,
    verify_token,
)
from audit.log.vouched import Shown, best_head
from gateway.doors import Doors
from gateway.errors import OutsideSilentError
from gateway.pacing import keep_going
from gateway.small_answers import post
from gateway.vouching import Stamping
from store import Standing

log = structlog.get_logger(__name__)

KIND = "log-time-stamps"
REFUSED = "log-not-stamped"
_LOOK = timedelta(seconds=1)
_FIRST, _LONGEST_PAUSE = timedelta(seconds=2), timedelta(minutes=5)
_DOUBLINGS = 8


class StampDispatcher:
    """Asks until it is stopped."""

    def __init__(self, doors: Doors, stamping: Stamping) -> None:
        self._doors = doors
        self._stamping = stamping
        self._due_since: datetime | None = None
        self._failed = 0
        self._again_at: datetime | None = None

    async def run(self) -> None:
        """What is due is stamped, until this is cancelled."""
        await keep_going(KIND, self._doors, due=asyncio.Event(), every=_LOOK, work=self.once)

    async def once(self) -> int:
        """What was due has its token, or it is asked for again later."""
        at = await self._doors.clock.now()
        if self._again_at is not None and at < self._again_at:
            return 0
        leaves = await self._due(at)
        if leaves is None:
            self._due_since = None
            return 0
        self._due_since = self._due_since or at
        shown = await best_head(self._doors.store, leaves=leaves)
        if not self._is_whole(shown) and at < self._due_since + self._stamping.patience:
            return 0
        await self._stamp(shown, at)
        return 0

    async def _due(self, at: datetime) -> int | None:
        """How many leaves have to be under a token by now; None when no more than are."""
        store, rules = self._doors.store, self._stamping
        head = await store.log.head()
        standing: Standing = await store.vouching.standing()
        last = standing.stamped_at
        if head.size <= standing.stamped_size:
            return None
        if last is not None and last <= at < last + rules.apart:
            return None
        worth = await store.vouching.worth_a_token(standing.stamped_size, head.size)
        if worth is not None:
            return worth + 1
        if last is None or not last <= at < last + rules.every:
            return standing.stamped_size + 1
        return None

    def _is_whole(self, shown: Shown) -> bool:
        lines = shown.head.checkpoint.partition("\n\n")[2].count("\n")
        return lines > self._stamping.witnesses

    async def _stamp(self, shown: Shown, at: datetime) -> None:
        store = self._doors.store
        data = shown.head.checkpoint.encode()
        try:
            token, made = await self._token(data)
        except OutsideSilentError as error:
            self._wait(at)
            log.info("time stamp silent", error=str(error), attempts=self._failed)
            return
        except LogError as error:
            self._wait(at)
            log.warning("time stamp refused", reason=str(error), attempts=self._failed)
            await store.health.alarm(
                kind=REFUSED,
                key="tsa",
                text=f"a checkpoint of the transparency log cannot be time-stamped: {error}",
                mend=TokenRefusedError.mend,
                at=at,
            )
            return
        known = await store.vouching.at(shown.head.size)
        own = known.checkpoint if known is not None else shown.head.checkpoint
        await store.vouching.stamped(
            shown.head.model_copy(update={"checkpoint": own}),
            data=data,
            token=token,
            at=made,
            signed_at=shown.head.signed_at or at,
        )
        self._failed, self._again_at, self._due_since = 0, None, None
        await store.health.clear(kind=REFUSED, key="tsa", at=at)
        log.info("checkpoint stamped", count=shown.head.size)

    async def _token(self, data: bytes) -> tuple[bytes, datetime]:
        rules, asked = self._stamping, query(data)
        answer = await post(
            rules.http,
            rules.url,
            content=asked.data,
            media_type=QUERY_TYPE,
            within=rules.within,
            longest=LONGEST_TOKEN,
        )
        if answer.status != httpx.codes.OK or answer.media_type != REPLY_TYPE:
            raise OutsideSilentError(f"it answered {answer.status}, and no time stamp")
        if rules.roots is None:
            stamped = read_token(answer.body, data, nonce=asked.nonce)
        else:
            stamped = verify_token(answer.body, data, roots=rules.roots, nonce=asked.nonce)
        return answer.body, stamped.at

    def _wait(self, at: datetime) -> None:
        doubled: int = 2 ** min(self._failed, _DOUBLINGS)
        self._failed += 1
        self._again_at = at + min(_FIRST * doubled, _LONGEST_PAUSE)
