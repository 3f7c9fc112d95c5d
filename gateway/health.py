"""Is the gateway alive, is it ready, and its numbers."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    generate_latest,
)
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from gateway.doors import Doors
from store import Backlog, StoreError

_HOUR = timedelta(hours=1)
_FIELDS = ("by_status", "by_stage", "by_severity", "waiting_on")


class HealthPages:
    """For probes and scrapers; nothing of a case is in here."""

    def __init__(self, doors: Doors, tasks: Mapping[str, asyncio.Task[None]]) -> None:
        self._doors = doors
        self._tasks = tasks

    def routes(self) -> list[Route]:
        """The three addresses."""
        return [
            Route("/healthz", self.alive, methods=["GET"]),
            Route("/readyz", self.ready, methods=["GET"]),
            Route("/metrics", self.metrics, methods=["GET"]),
        ]

    async def alive(self, request: Request) -> Response:
        """The process answers."""
        return PlainTextResponse("ok\n")

    async def ready(self, request: Request) -> Response:
        """Whether acts and deliveries can be recorded, and what else is wrong.

        A silent engine does not make the gateway unready: recording without it is what it is for.
        """
        blocking: list[str] = []
        degraded: list[str] = []
        try:
            await self._doors.store.check()
        except StoreError as error:
            blocking.append(f"store: {error}")
        trouble = await self._doors.engine.trouble()
        if trouble is not None:
            degraded.append(f"engine: {trouble}; acts are recorded and applied later")
        if not blocking:
            degraded += [
                f"channel {channel.name} is out ({channel.reason}); people are told by another"
                for channel in await self._doors.store.channels.out()
            ]
        if not self._tasks:
            degraded.append("dispatchers: none runs in this process")
        degraded += [
            f"dispatcher {name} has ended" for name, task in self._tasks.items() if task.done()
        ]
        return JSONResponse(
            {"ready": not blocking, "blocking": blocking, "degraded": degraded},
            status_code=503 if blocking else 200,
        )

    async def metrics(self, request: Request) -> Response:
        """The store's numbers in Prometheus' text format."""
        store = self._doors.store
        registry = CollectorRegistry()
        counts = await store.views.counts()
        for field in _FIELDS:
            name = field.removeprefix("by_")
            gauge = Gauge(f"escalate_cases_{field}", f"Cases, by {name}", [name], registry=registry)
            for label, number in getattr(counts, field).items():
                gauge.labels(label).set(number)
        _gauge(registry, "escalate_cases_breached", "Open cases past a deadline", counts.breached)
        _gauge(registry, "escalate_cases_shadow", "Open cases in the shadow", counts.shadow)
        _gauge(registry, "escalate_rounds_open", "Gates that wait for verdicts", counts.open_rounds)
        notices = Gauge("escalate_notices", "Notices, by their end", ["end"], registry=registry)
        for end, number in (await store.notices.counts()).items():
            notices.labels(end.value).set(number)
        out = Gauge("escalate_channel_out", "Channels left alone", ["channel"], registry=registry)
        for channel in await store.channels.all():
            out.labels(channel.name).set(channel.out_since is not None)
        limits = Gauge(
            "escalate_limit_hits", "Messages a limit held back", ["limit"], registry=registry
        )
        for limit, hits in (await store.paces.hits()).items():
            limits.labels(limit).set(hits)
        waiting = await store.digests.count()
        _gauge(registry, "escalate_digest_waiting", "Notices that wait for company", waiting)
        acts = Counter("escalate_acts", "Acts answered here", ["outcome"], registry=registry)
        for outcome, number in self._doors.outcomes.items():
            acts.labels(outcome).inc(number)
        lag = await store.health.outbox()
        now = await self._doors.clock.now()
        pending = Gauge("escalate_outbox_pending", "Rows not delivered", ["box"], registry=registry)
        dead = Gauge("escalate_outbox_dead", "Dead letters", ["box"], registry=registry)
        oldest = Gauge(
            "escalate_outbox_lag_seconds", "Age of the oldest row", ["box"], registry=registry
        )
        boxes: dict[str, Backlog] = {"acts": lag.acts, "deliveries": lag.deliveries}
        for box, backlog in boxes.items():
            pending.labels(box).set(backlog.pending)
            dead.labels(box).set(backlog.dead)
            age = (now - backlog.oldest_at).total_seconds() if backlog.oldest_at else 0.0
            oldest.labels(box).set(max(age, 0.0))
        calls = Gauge(
            "escalate_calls_last_hour",
            "Calls to systems outside, by how they ended",
            ["vendor", "outcome"],
            registry=registry,
        )
        for (vendor, outcome), number in (await store.calls.counts(since=now - _HOUR)).items():
            calls.labels(vendor, outcome).set(number)
        events = Gauge(
            "escalate_events", "Events, by receiver and state", ["to", "state"], registry=registry
        )
        for (name, state), number in (await store.events.counts()).items():
            events.labels(name, state).set(number)
        head, behind = await store.log.head(), await store.log.backlog()
        _gauge(registry, "escalate_log_size", "Leaves under the last checkpoint", head.size)
        vouched, standing = await store.vouching.newest(), await store.vouching.standing()
        size = vouched.size if vouched is not None else 0
        _gauge(registry, "escalate_log_cosigned_size", "Leaves a witness cosigned last", size)
        stamped = standing.stamped_size
        _gauge(registry, "escalate_log_stamped_size", "Leaves under the last token", stamped)
        _gauge(registry, "escalate_log_waiting", "Entries no checkpoint covers yet", behind.pending)
        since = (now - behind.oldest_at).total_seconds() if behind.oldest_at else 0.0
        _gauge(registry, "escalate_log_lag_seconds", "Age of the oldest of them", max(since, 0.0))
        alarms = await store.health.open_alarms()
        _gauge(registry, "escalate_alarms_open", "Alarms nobody has cleared", len(alarms))
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


def _gauge(registry: CollectorRegistry, name: str, text: str, value: float) -> None:
    Gauge(name, text, registry=registry).set(value)
