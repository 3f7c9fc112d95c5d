"""The gateway, running: web server, dispatchers and poller, closed together."""

import asyncio
import socket
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import structlog
import uvicorn
from starlette.routing import BaseRoute

from gateway.act_dispatcher import KIND as ACTS
from gateway.act_dispatcher import ActDispatcher
from gateway.app import build_app
from gateway.delivery_dispatcher import KIND as DELIVERIES
from gateway.delivery_dispatcher import DeliveryDispatcher
from gateway.digest_dispatcher import KIND as DIGESTS
from gateway.digest_dispatcher import DigestDispatcher
from gateway.doors import Doors
from gateway.emergency_dispatcher import KIND as EMERGENCIES
from gateway.emergency_dispatcher import EmergencyDispatcher
from gateway.engine_port import KeepsRuns
from gateway.erasure_dispatcher import KIND as ERASURES
from gateway.erasure_dispatcher import ErasureDispatcher
from gateway.event_dispatcher import KIND as EVENTS
from gateway.event_dispatcher import EventDispatcher
from gateway.grant_dispatcher import KIND as GRANTS
from gateway.grant_dispatcher import GrantDispatcher
from gateway.log_dispatcher import KIND as LOG
from gateway.log_dispatcher import LogDispatcher
from gateway.mail_poller import KIND as MAIL
from gateway.mail_poller import MailPoller
from gateway.obligation_dispatcher import KIND as OBLIGATIONS
from gateway.obligation_dispatcher import ObligationDispatcher
from gateway.page_dispatcher import KIND as PAGES
from gateway.page_dispatcher import PageDispatcher
from gateway.prompt_closer import KIND as PROMPTS
from gateway.prompt_closer import PromptCloser
from gateway.reconciling.reconciler import KIND as RECONCILER
from gateway.reconciling.reconciler import TicketReconciler
from gateway.run_sealer import KIND as SEALS
from gateway.run_sealer import RunSealer
from gateway.stamp_dispatcher import KIND as STAMPS
from gateway.stamp_dispatcher import StampDispatcher
from gateway.ticket_poller import KIND as TICKETS
from gateway.ticket_poller import TicketPoller
from gateway.witness_dispatcher import KIND as WITNESSES
from gateway.witness_dispatcher import WitnessDispatcher
from gateway.worker_certifier import KIND as WORKERS
from gateway.worker_certifier import WorkerCertifier

log = structlog.get_logger(__name__)

_GRACE_SECONDS = 5
_KEEP_ALIVE_SECONDS = 75
"""Longer than clients and proxies keep a quiet connection: the side that uses it ends it first."""


@dataclass(frozen=True)
class Running:
    """A gateway that listens."""

    host: str
    port: int
    server: asyncio.Task[None]
    """Ends when the server does; a caller may wait for it."""

    @property
    def url(self) -> str:
        """Where it listens; people may reach it by another name (`public_url`)."""
        return f"http://{self.host}:{self.port}"


def listen(host: str, port: int) -> socket.socket:
    """A listening socket: bind first, and the public URL can name the port before anything runs."""
    listening = socket.create_server((host, port), backlog=128)
    listening.setblocking(False)
    return listening


@asynccontextmanager
async def run_dispatchers(doors: Doors) -> AsyncIterator[dict[str, asyncio.Task[None]]]:
    """Every dispatcher and poller of a gateway works while the block runs."""
    work: dict[str, Coroutine[Any, Any, None]] = {
        DELIVERIES: DeliveryDispatcher(doors).run(),
        ACTS: ActDispatcher(doors).run(),
        OBLIGATIONS: ObligationDispatcher(doors).run(),
        ERASURES: ErasureDispatcher(doors).run(),
        EMERGENCIES: EmergencyDispatcher(doors).run(),
        GRANTS: GrantDispatcher(doors).run(),
        WORKERS: WorkerCertifier(doors).run(),
    }
    if doors.events is not None:
        work[EVENTS] = EventDispatcher(doors, doors.events).run()
    if doors.telling is not None:
        work[DIGESTS] = DigestDispatcher(doors, doors.telling).run()
    if doors.log is not None:
        work[LOG] = LogDispatcher(doors, doors.log).run()
    work |= _vouching(doors)
    if doors.mail is not None:
        work[MAIL] = MailPoller(doors, doors.mail).run()
    if doors.slack is not None:
        work[PROMPTS] = PromptCloser(doors, doors.slack.slack).run()
    for tracker in doors.trackers:
        if tracker.polls:
            work[f"{TICKETS}/{tracker.instance}"] = TicketPoller(doors, tracker).run()
    if doors.trackers:
        work[RECONCILER] = TicketReconciler(doors).run()
    if isinstance(doors.engine, KeepsRuns):
        work[SEALS] = RunSealer(doors, doors.engine).run()
    if doors.pager is not None or doors.settings.pagerduty_secrets:
        work[PAGES] = PageDispatcher(doors, doors.pager).run()
    tasks = {name: asyncio.create_task(job, name=name) for name, job in work.items()}
    try:
        yield tasks
    finally:
        for task in tasks.values():
            task.cancel()
        await asyncio.gather(*tasks.values(), return_exceptions=True)


def _vouching(doors: Doors) -> dict[str, Coroutine[Any, Any, None]]:
    """Whoever asks others to vouch for the log."""
    work: dict[str, Coroutine[Any, Any, None]] = {}
    if doors.witnessing is not None:
        work[WITNESSES] = WitnessDispatcher(doors, doors.witnessing).run()
    if doors.stamping is not None:
        work[STAMPS] = StampDispatcher(doors, doors.stamping).run()
    return work


@asynccontextmanager
async def run_gateway(
    doors: Doors,
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    sock: socket.socket | None = None,
    extra: Sequence[BaseRoute] = (),
) -> AsyncIterator[Running]:
    """The gateway listens and dispatches while the block runs; `sock` is used when one is given."""
    listening = sock if sock is not None else listen(host, port)
    bound = listening.getsockname()
    async with run_dispatchers(doors) as tasks:
        config = uvicorn.Config(
            build_app(doors, tasks, extra=extra),
            log_config=None,
            # Paths hold link tokens: nothing may log them.
            access_log=False,
            server_header=False,
            proxy_headers=False,
            lifespan="off",
            timeout_graceful_shutdown=_GRACE_SECONDS,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        )
        server = _Server(config)
        task = asyncio.create_task(server.serve(sockets=[listening]), name="gateway")
        try:
            up = asyncio.create_task(server.listens.wait())
            await asyncio.wait((up, task), return_when=asyncio.FIRST_COMPLETED)
            up.cancel()
            if task.done():
                task.result()
            log.info("gateway listens", port=bound[1])
            yield Running(host=bound[0], port=bound[1], server=task)
        finally:
            server.should_exit = True
            with suppress(asyncio.CancelledError):
                await task
            listening.close()


class _Server(uvicorn.Server):
    """Leaves signals alone: whoever runs the gateway decides when it ends."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Nothing is captured."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """The server listens, and whoever waits for that knows."""
        await super().startup(sockets)
        self.listens.set()

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listens = asyncio.Event()
