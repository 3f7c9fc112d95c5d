"""Every message passes here: not too fast for the channel, and not to one that is out.

A channel that has failed again and again is not waited for: the next one is tried at once, and
the record says why. What is urgent is held back by no limit of ours, and by an outage only where
another way is left.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

import structlog

from cases.notice import PAGES, NoticeOrder
from integrations.errors import (
    OutageError,
    OutcomeUnknownError,
    PacedError,
    ThrottledError,
    UnavailableError,
    VendorError,
)
from integrations.ports.clock import Clock
from runbooks.plan import Severity, graver_or_as_grave
from store import Pace, Store, Urgency
from store.paces import TO_PERSON

log = structlog.get_logger(__name__)

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
LOCAL = frozenset({"outbox"})
"""What is kept in our own store has no limit, and is never out alone."""
_REFUSED_ALONE = range(400, 500)
"""A server that answers so is there: it takes this message later (a greylist), or never."""
_CLOSING = 421
"""SMTP's own word for "not at all now"."""
_BURSTS = 10
"""A tenth of a minute's worth may go at once."""
_FIRST_PAUSE = timedelta(seconds=1)


@dataclass(frozen=True)
class Limits:
    """How fast each channel may be told, and when it counts as out."""

    per_minute: Mapping[str, int] = field(default_factory=dict)
    """By channel; each of its rooms or services has that much. One not here has no limit."""
    person_per_hour: int | None = None
    failures: int = 5
    """After so many in a row a channel is out."""
    pause: timedelta = timedelta(seconds=30)
    """The time between two tries whether it answers again."""


def urgency_of(order: NoticeOrder) -> Urgency:
    """How urgent the notice is: by how grave its case is, and by whether it gets somebody up."""
    if graver_or_as_grave(order.severity, Severity.SEV1):
        return Urgency.FIRST
    if (
        graver_or_as_grave(order.severity, Severity.SEV2)
        or order.purpose in PAGES
        or order.of_step is not None
    ):
        return Urgency.USUAL
    return Urgency.LOW


class Guard:
    """Lets messages through, holds them back, and learns from how they end."""

    def __init__(self, store: Store, *, clock: Clock, limits: Limits) -> None:
        self._store = store
        self._clock = clock
        self._limits = limits

    @asynccontextmanager
    async def passing(
        self,
        channel: str,
        *,
        urgency: Urgency,
        place: str = "",
        person: str = "",
        last: bool = False,
    ) -> AsyncIterator[None]:
        """The message is sent inside. OutageError or PacedError: nothing may be sent now.

        `last`: no other way is left, so that an urgent one is tried although the channel is out.
        """
        at = await self._clock.now()
        if channel in LOCAL:
            yield
            return
        paces = self._paces(channel, place=place, person=person)
        out = await self._store.channels.enter(
            channel,
            at=at,
            pause=self._limits.pause,
            forced=last and urgency is Urgency.FIRST,
        )
        if out is not None:
            raise _outage(channel, wait=(out.probe_at or at) - at)
        refusal = await self._store.paces.take(paces, urgency=urgency, at=at)
        if refusal is not None:
            raise _paced(channel, refusal.name, wait=refusal.wait)
        try:
            yield
        except VendorError as error:
            if isinstance(error, ThrottledError) and channel in self._limits.per_minute:
                until = at + (error.retry_after or _FIRST_PAUSE)
                await self._store.paces.closed(paces[0], until=until, at=at)
            if is_outage(error):
                await self._failed(channel, error)
            else:
                # It said no, or not now: so it is there.
                await self._answered(channel)
            raise
        await self._answered(channel)

    async def _answered(self, channel: str) -> None:
        if await self._store.channels.answered(channel, at=await self._clock.now()):
            log.info("channel answers again", channel=channel)

    async def _failed(self, channel: str, error: VendorError) -> None:
        if await self._store.channels.failed(
            channel,
            reason=type(error).__name__,
            mend=error.mend,
            at=await self._clock.now(),
            most=self._limits.failures,
            pause=self._limits.pause,
        ):
            log.warning("channel is out", channel=channel, error=type(error).__name__)

    def _paces(self, channel: str, *, place: str, person: str) -> list[Pace]:
        """The channel's own first."""
        found: list[Pace] = []
        count = self._limits.per_minute.get(channel)
        if count is not None:
            name = f"{channel}/{place}" if place else channel
            burst = max(count // _BURSTS, 1)
            found.append(Pace(name=name, count=count, per=MINUTE, burst=burst))
        each = self._limits.person_per_hour
        if person and each is not None:
            name = f"{TO_PERSON}/{person}"
            found.append(Pace(name=name, count=each, per=HOUR, burst=max(each // 2, 1)))
        return found


class Passing(Protocol):
    """Lets one message through, or says why not."""

    def __call__(
        self,
        channel: str,
        *,
        urgency: Urgency,
        place: str = "",
        person: str = "",
        last: bool = False,
    ) -> AbstractAsyncContextManager[None]:
        """The message is sent inside."""
        ...


def unguarded(
    channel: str, *, urgency: Urgency, place: str = "", person: str = "", last: bool = False
) -> AbstractAsyncContextManager[None]:
    """Where no guard is set up everything passes."""
    del channel, urgency, place, person, last
    return nullcontext()


def is_outage(error: VendorError) -> bool:
    """Whether the failure speaks against the channel, and not against this message only."""
    if isinstance(error, OutcomeUnknownError):
        return True
    if not isinstance(error, UnavailableError):
        return False
    return error.status not in _REFUSED_ALONE or error.status == _CLOSING


def _outage(channel: str, *, wait: timedelta) -> OutageError:
    return OutageError(
        "has failed again and again and is left alone for now",
        vendor=channel,
        operation="send",
        mend="`escalate doctor` says since when and why; it is tried again by itself.",
        retry_after=max(wait, _FIRST_PAUSE),
    )


def _paced(channel: str, limit: str, *, wait: timedelta) -> PacedError:
    return PacedError(
        f"the limit of {limit} is reached",
        vendor=channel,
        operation="send",
        mend="Nothing: it goes as soon as the limit allows.",
        retry_after=max(wait, _FIRST_PAUSE),
    )
