"""Asks the policy's witnesses for their word on each checkpoint, beside the recorder.

Never in its way: a checkpoint is published whether or not anybody answers. Only the newest one is
asked about, one question at a time for each witness, and what they answer is kept.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import httpx
import structlog

from audit.log.asking import LONGEST_ANSWER, OtherSize, Vouch, WitnessRefusedError, read_answer
from audit.log.errors import LogError
from audit.log.policy import Witness
from audit.log.reader import consistency
from audit.log.witness import Request
from gateway.doors import Doors
from gateway.errors import OutsideSilentError
from gateway.pacing import keep_going, pause_after
from gateway.small_answers import post
from gateway.vouching import Witnessing
from store import LogHead

log = structlog.get_logger(__name__)

KIND = "log-witnesses"
REFUSED = "log-not-witnessed"
_LOOK = timedelta(milliseconds=500)
_ASKS = 3
"""The witness's size is learnt by asking; another gateway may have asked in between."""


@dataclass
class Asked:
    """What is remembered of one witness while this process runs."""

    witness: Witness
    size: int = 0
    """The tree it cosigned last, as far as it has told us."""
    cosigned: str = ""
    """The checkpoint it cosigned last."""
    failed: int = 0
    again_at: datetime | None = None


class WitnessDispatcher:
    """Asks until it is stopped."""

    def __init__(self, doors: Doors, witnessing: Witnessing) -> None:
        self._doors = doors
        self._http = witnessing.http
        self._within = witnessing.within
        self._asked = [Asked(each) for each in witnessing.asked]

    async def run(self) -> None:
        """Each checkpoint that stands for a moment is cosigned, until this is cancelled.

        Each witness in a loop of its own: one that hangs must not keep us from asking the others.
        """
        await asyncio.gather(
            *(
                keep_going(
                    f"{KIND}/{each.witness.key.name}",
                    self._doors,
                    due=asyncio.Event(),
                    every=_LOOK,
                    work=partial(self._turn, each),
                )
                for each in self._asked
            )
        )

    async def once(self) -> None:
        """Every witness that can be asked now was asked about the newest checkpoint."""
        await asyncio.gather(*(self._turn(each) for each in self._asked))

    async def _turn(self, asked: Asked) -> int:
        head = await self._doors.store.log.head()
        at = await self._doors.clock.now()
        due = asked.again_at is None or asked.again_at <= at
        if head.checkpoint and asked.cosigned != head.checkpoint and due:
            await self._ask(asked, head, at=at)
        return 0

    async def _ask(self, asked: Asked, head: LogHead, *, at: datetime) -> None:
        name = asked.witness.key.name
        health = self._doors.store.health
        try:
            vouch = await self._vouch(asked, head)
        except OutsideSilentError as error:
            self._wait(asked, at)
            log.info("witness silent", error=str(error), attempts=asked.failed)
            return
        except LogError as error:
            self._wait(asked, at)
            log.warning("witness refused", reason=str(error), attempts=asked.failed)
            await health.alarm(
                kind=REFUSED,
                key=name,
                text=f"a witness does not vouch for the transparency log: {error}",
                mend=error.mend,
                at=at,
            )
            return
        kept = await self._doors.store.vouching.cosigned(
            head,
            witness=str(asked.witness.key),
            line=vouch.line,
            at=vouch.at,
            signed_at=head.signed_at or at,
        )
        asked.size, asked.cosigned = head.size, head.checkpoint
        asked.failed, asked.again_at = 0, None
        await health.clear(kind=REFUSED, key=name, at=at)
        log.debug("cosigned", count=head.size, found=kept)

    async def _vouch(self, asked: Asked, head: LogHead) -> Vouch:
        for _ in range(_ASKS):
            answer = await self._answer(asked, head)
            if isinstance(answer, Vouch):
                return answer
            if answer.size > head.size:
                raise WitnessRefusedError("it has cosigned a larger tree than our log is")
            if answer.size == asked.size == head.size:
                raise WitnessRefusedError("it has cosigned another tree of this size")
            asked.size = answer.size
        raise OutsideSilentError("it names another size each time")

    async def _answer(self, asked: Asked, head: LogHead) -> Vouch | OtherSize:
        old = min(asked.size, head.size)
        request = Request(
            old=old,
            proof=await consistency(self._doors.store, earlier=old, size=head.size),
            checkpoint=head.checkpoint.encode(),
        )
        answer = await post(
            self._http,
            f"{asked.witness.url.rstrip('/')}/add-checkpoint",
            content=request.data,
            media_type="text/plain",
            within=self._within,
            longest=LONGEST_ANSWER,
        )
        if answer.status >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise OutsideSilentError(f"it answered {answer.status}")
        return read_answer(
            answer.status,
            answer.body,
            answer.media_type,
            checkpoint=head.checkpoint,
            key=asked.witness.key,
        )

    def _wait(self, asked: Asked, at: datetime) -> None:
        asked.failed += 1
        asked.again_at = at + pause_after(asked.failed)
