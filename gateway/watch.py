"""`escalate watch`: the eye that needs neither a worker nor Temporal (I17).

It reads the store, the directory's file and nothing else, and tells the duty manager itself: once
when something is found, again every `repeat`, and once more when it is over. While the store is
down it works from memory.
"""

import asyncio
from collections import defaultdict
from datetime import datetime, timedelta

import structlog

from gateway.watching.finding import Finding, FindingKind, title_of
from gateway.watching.looking import Looking
from gateway.watching.telling import Telling
from gateway.watching.vouching import Freshness
from integrations.ports.clock import Clock
from store import Alarm, Store, StoreError

log = structlog.get_logger(__name__)

KIND = "watch"
PATIENCE = timedelta(seconds=60)
"""How long the store may be silent before somebody hears of it."""
_LONGEST_LOOK = 25.0
_OWN = frozenset(kind.value for kind in FindingKind)


class Watch:
    """Looks, remembers whom it told of what, and tells."""

    def __init__(
        self,
        store: Store,
        *,
        telling: Telling,
        clock: Clock,
        every: timedelta = timedelta(seconds=30),
        grace: timedelta = timedelta(minutes=2),
        repeat: timedelta = timedelta(minutes=30),
        simulated: bool = False,
        fresh: Freshness | None = None,
        id: str = KIND,  # noqa: A002 -- the process's id, as in heartbeats
    ) -> None:
        self._store = store
        self._telling = telling
        self._clock = clock
        self._looking = Looking(store, clock=clock, grace=grace, simulated=simulated, fresh=fresh)
        self._every = every
        self._repeat = repeat
        self._id = id
        self._since: datetime | None = None
        self._down_since: datetime | None = None
        self._told: dict[tuple[str, str], tuple[datetime, str]] = {}

    async def run(self) -> None:
        """Somebody looks every `every`, until this is cancelled."""
        while True:
            try:
                await self.look()
            except Exception as error:  # noqa: BLE001 - the edge of the process: the last eye must not close
                log.error("look failed", error=type(error).__name__)  # noqa: TRY400 - a trace may hold case text
            await asyncio.sleep(self._every.total_seconds())

    async def look(self) -> list[Finding]:
        """What is wrong now; whoever had to hear of it was told."""
        at = await self._clock.now()
        self._since = self._since or at
        # Asked while all is well, so that it is known when nothing answers any more.
        await self._telling.recipients()
        try:
            async with asyncio.timeout(_LONGEST_LOOK):
                findings = await self._read(at, self._since)
        except (StoreError, TimeoutError) as error:
            findings = self._blind(at, error)
            ended: list[Finding] = []
        else:
            self._down_since = None
            ended = self._ended(findings)
        await self._tell(findings, at)
        await self._tell_over(ended, at)
        log.info("looked", found=len(findings), ended=len(ended))
        return findings

    async def _read(self, at: datetime, since: datetime) -> list[Finding]:
        store = self._store
        await store.check()
        await store.health.heartbeat(kind=KIND, id=self._id, at=at)
        found = await self._looking.all(at=at, since=since)
        opened = {(alarm.kind, alarm.key): alarm for alarm in await store.health.open_alarms()}
        present = {(each.kind, each.key) for each in found}
        for place, alarm in list(opened.items()):
            of_own = alarm.kind in _OWN
            over = place not in present if of_own else await self._looking.settled(_of(alarm))
            if over:
                if alarm.told_at is not None:
                    # Also what an earlier process of the watch told.
                    self._told.setdefault(place, (alarm.told_at, alarm.text))
                await store.health.clear(kind=alarm.kind, key=alarm.key, at=at)
                del opened[place]
        for each in found:
            known = opened.get((each.kind, each.key))
            if known is None or known.text != each.text:
                opened[(each.kind, each.key)] = await store.health.alarm(
                    kind=each.kind, key=each.key, text=each.text, mend=each.mend, at=at
                )
        return [_of(alarm) for alarm in opened.values()]

    def _blind(self, at: datetime, error: StoreError | TimeoutError) -> list[Finding]:
        self._down_since = self._down_since or at
        log.warning("store not usable", error=type(error).__name__)
        if at - self._down_since < PATIENCE:
            return []
        return [
            Finding(
                kind=FindingKind.STORE_DOWN,
                key="store",
                text=f"the store cannot be used since {self._down_since:%Y-%m-%d %H:%M:%S} UTC "
                f"({type(error).__name__}): nothing can be recorded, doors answer 503",
                mend=getattr(error, "mend", "") or "escalate doctor",
            )
        ]

    def _ended(self, findings: list[Finding]) -> list[Finding]:
        present = {(each.kind, each.key) for each in findings}
        over = [place for place in self._told if place not in present]
        return [
            Finding(kind=kind, key=key, text=self._told[(kind, key)][1], mend="")
            for kind, key in over
        ]

    async def _tell(self, findings: list[Finding], at: datetime) -> None:
        kinds: dict[str, list[Finding]] = defaultdict(list)
        for each in findings:
            kinds[each.kind].append(each)
        for kind, members in kinds.items():
            if not any(self._due(each, at) for each in members):
                continue
            log.warning("found", kind=kind, number=len(members))
            if await self._telling.found(kind, members, at=at):
                await self._remember(members, at)

    def _due(self, finding: Finding, at: datetime) -> bool:
        mine = self._told.get((finding.kind, finding.key))
        told_at = mine[0] if mine is not None else finding.told_at
        return told_at is None or at >= told_at + self._repeat

    async def _remember(self, told: list[Finding], at: datetime) -> None:
        for each in told:
            self._told[(each.kind, each.key)] = (at, each.text)
        if self._down_since is not None:
            return
        try:
            for each in told:
                await self._store.health.told(kind=each.kind, key=each.key, at=at)
        except StoreError as error:
            # Known in memory: at worst a restarted watch tells it once more.
            log.warning("told, but not stored", error=type(error).__name__)

    async def _tell_over(self, ended: list[Finding], at: datetime) -> None:
        kinds: dict[str, list[Finding]] = defaultdict(list)
        for each in ended:
            kinds[each.kind].append(each)
        for kind, members in kinds.items():
            log.info("over", kind=kind, number=len(members), reason=title_of(kind))
            if await self._telling.over(kind, [each.text for each in members], at=at):
                for each in members:
                    self._told.pop((each.kind, each.key), None)


def _of(alarm: Alarm) -> Finding:
    return Finding(
        kind=alarm.kind,
        key=alarm.key,
        text=alarm.text,
        mend=alarm.mend,
        told_at=alarm.told_at,
    )
