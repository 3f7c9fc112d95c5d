"""What is wrong, as far as the store shows it: no worker and no Temporal is asked (I17)."""

from datetime import datetime, timedelta

from cases.ids import case_of
from cases.log_glass import REVIEW_WITHIN
from gateway.watching.finding import Finding, FindingKind
from gateway.watching.vouching import Freshness, unvouched
from integrations.ports.clock import Clock
from store import Backlog, Store, UnknownCase

WORKER = "worker"
GATEWAY = "gateway"
SILENCE = timedelta(seconds=45)
"""A process beats every ten seconds; after so much silence it is not there."""
ENDED = ("closed", "cancelled")
UNSEALED_FOR = timedelta(hours=1)
"""A run is sealed a second after it ends; so long, and nobody seals."""
HELD_FOR = timedelta(seconds=15)
"""A decision is in the log within a second; so long, and the log is not written."""
_FAR = timedelta(days=3650)


class Looking:
    """Reads the store and names what it finds."""

    def __init__(
        self,
        store: Store,
        *,
        clock: Clock,
        grace: timedelta,
        simulated: bool,
        fresh: Freshness | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._grace = grace
        self._simulated = simulated
        self._fresh = fresh or Freshness()

    async def all(self, *, at: datetime, since: datetime) -> list[Finding]:
        """Everything that is wrong at `at`; `since` is when the watch began to listen."""
        found = await self._overdue(at)
        found += await self._silent(at, since)
        found += await self._stuck(at)
        found += await self._behind(at)
        found += await self._held_by_log(at)
        found += await self._glass(at)
        found += await self._unsealed(at)
        found += await unvouched(self._store, self._fresh, at=at)
        found += await self._owed(at)
        found += await self._hidden(at)
        return found

    async def _overdue(self, at: datetime) -> list[Finding]:
        # Simulated cases live in times of their own, up to years ahead of the present.
        horizon = at + _FAR if self._simulated else at - self._grace
        found: list[Finding] = []
        for line in await self._store.views.due(before=horizon):
            if line.next_at is None:
                continue
            if await self._clock.now(line.case) < line.next_at + self._grace:
                continue
            what = line.next_label or "its next step"
            found.append(
                Finding(
                    kind=FindingKind.OVERDUE,
                    key=line.case,
                    text=f"case {line.number} ({line.severity}, {line.stage or line.status}): "
                    f"{what} was due {_moment(line.next_at)} and nothing was recorded",
                    mend=f"escalate case explain {line.number}",
                )
            )
        return found

    async def _silent(self, at: datetime, since: datetime) -> list[Finding]:
        beats = await self._store.health.beats()
        counts = (await self._store.views.counts()).by_status
        lag = await self._store.health.outbox()
        needed = sum(number for status, number in counts.items() if status not in ENDED)
        needed += lag.acts.pending + lag.deliveries.pending
        found: list[Finding] = []
        for kind, name, mend in (
            (FindingKind.NO_WORKER, WORKER, "escalate worker"),
            (FindingKind.NO_GATEWAY, GATEWAY, "escalate gateway"),
        ):
            heard = max((beat.at for beat in beats if beat.kind == name), default=None)
            if not needed and heard is None:
                continue
            # Processes that start together with the watch get the time to be heard.
            if at < max(heard or since, since) + SILENCE:
                continue
            last = f"the last was heard {_moment(heard)}" if heard else "none was ever heard"
            found.append(
                Finding(
                    kind=kind,
                    key=name,
                    text=f"no {name} runs: {last}; {needed} cases, acts and reports wait",
                    mend=f"start one with `{mend}` (or `escalate up`), then `escalate doctor`",
                )
            )
        return found

    async def _stuck(self, at: datetime) -> list[Finding]:
        lag = await self._store.health.outbox()
        boxes: tuple[tuple[str, Backlog], ...] = (("acts", lag.acts), ("reports", lag.deliveries))
        return [
            Finding(
                kind=FindingKind.OUTBOX_STUCK,
                key=name,
                text=f"{name} recorded since {_moment(box.oldest_at)} are not applied yet; "
                "none is lost",
                mend="escalate doctor --live",
            )
            for name, box in boxes
            if box.pending and box.oldest_at is not None and box.oldest_at < at - self._grace
        ]

    async def _behind(self, at: datetime) -> list[Finding]:
        if not (await self._store.log.head()).checkpoint:
            # Nothing was ever signed here: a gateway that does not run is found above.
            return []
        behind = await self._store.log.backlog()
        if behind.oldest_at is None or behind.oldest_at >= at - self._grace:
            return []
        return [
            Finding(
                kind=FindingKind.LOG_BEHIND,
                key="log",
                text=f"{behind.pending} entries recorded since {_moment(behind.oldest_at)} have no "
                "place in the transparency log yet; none is lost",
                mend="a gateway writes it: `escalate gateway`, then `escalate log show`",
            )
        ]

    async def _held_by_log(self, at: datetime) -> list[Finding]:
        waits = await self._store.log.pressing()
        if waits.since is None or waits.since >= at - HELD_FOR:
            return []
        return [
            Finding(
                kind=FindingKind.LOG_HOLDS,
                key="log",
                text=f"{waits.acts} decisions and {waits.effects} irreversible actions wait for "
                f"the transparency log since {_moment(waits.since)}; none is lost, and intake and "
                "clocks go on",
                mend="`escalate log show` says what stops it. If they cannot wait, two people may "
                "go on without: `escalate log break-glass open`",
            )
        ]

    async def _glass(self, at: datetime) -> list[Finding]:
        found: list[Finding] = []
        for row in await self._store.log_glass.list():
            if row.confirmed_at is None or row.reviewed_by is not None:
                continue
            if row.open_at(at):
                text = f"break-glass {row.position} of the log is open until {_moment(row.until)}"
            elif row.until is not None and at >= row.until + REVIEW_WITHIN:
                text = f"break-glass {row.position} of the log was not reviewed within a day"
            else:
                continue
            found.append(
                Finding(
                    kind=FindingKind.LOG_GLASS,
                    key=row.id,
                    text=f"{text}; ordered by {row.asked_by} and {row.confirmed_by}",
                    mend=f"escalate log break-glass end {row.position}, then review it: "
                    f"escalate log break-glass review {row.position}",
                )
            )
        return found

    async def _unsealed(self, at: datetime) -> list[Finding]:
        waits = await self._store.seals.backlog()
        if waits.oldest_at is None or waits.oldest_at >= at - UNSEALED_FOR:
            return []
        return [
            Finding(
                kind=FindingKind.UNSEALED,
                key="seals",
                text=f"{waits.pending} runs that ended since {_moment(waits.oldest_at)} are not "
                "sealed: Temporal forgets them when its retention is over",
                mend="a gateway seals them: `escalate gateway`, then `escalate doctor --live`",
            )
        ]

    async def _owed(self, at: datetime) -> list[Finding]:
        """What is owed and silent: its workflow tells its owner itself, as long as it is alive."""
        horizon = at + _FAR if self._simulated else at - self._grace
        found: list[Finding] = []
        for owed in await self._store.obligations.due(before=horizon):
            next_at = owed.next_at or owed.due_at
            if await self._clock.now(owed.workflow_id) < next_at + self._grace:
                continue
            try:
                number = (await self._store.cases.get(owed.case)).number
            except UnknownCase:
                number = "?"
            what = "is not started" if owed.started_at is None else "is silent"
            found.append(
                Finding(
                    kind=FindingKind.OBLIGATION_DUE,
                    key=owed.key,
                    text=f"case {number}: {owed.name} of {owed.owner} {what}; "
                    f"{owed.next_label or 'it'} was due {_moment(next_at)}",
                    mend=f"escalate case show {number}",
                )
            )
        return found

    async def _hidden(self, at: datetime) -> list[Finding]:
        loud = await self._store.suppression.loud(day=at.date().isoformat())
        return [
            Finding(
                kind=FindingKind.HIDDEN,
                key=rule,
                text=f"the suppression {rule} of {owner} hides {number} reports",
                mend="escalate case suppressed; release what is not noise, or narrow the rule",
            )
            for rule, (number, owner) in sorted(loud.items())
        ]

    async def settled(self, alarm: Finding) -> bool:
        """Whether an alarm that others raised is over by itself: its case has ended.

        What a case owes outlives it: there it is over when that is settled.
        """
        if alarm.kind == "many-reports":
            view = await self._store.views.get(alarm.key)
            return view is not None and view.line.status in ENDED
        if alarm.kind != "notice-lost":
            return False
        writer = alarm.key.rpartition("/")[0]
        case = case_of(writer)
        if case != writer:
            owed = await self._store.obligations.find(case, writer.rpartition("/")[2])
            return owed is not None and owed.done_at is not None
        view = await self._store.views.get(case)
        return view is not None and view.line.status in ENDED


def _moment(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC" if at is not None else "never"
