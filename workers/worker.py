"""A worker process: polls for cases, and says every ten seconds that it does."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import structlog
from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.service import RPCError
from temporalio.worker import Worker, WorkerDeploymentConfig

from store import StoreUnavailable
from workers.engine import tls_of
from workers.enrolment import enrolled, stay_enrolled
from workers.house import House
from workers.telemetry import telemetry_plugins
from workers.temporal import connect

log = structlog.get_logger(__name__)

KIND = "worker"
BEAT = timedelta(seconds=10)
GRACE = timedelta(seconds=10)
_PROBE = timedelta(seconds=2)
DEPLOYMENT = "escalate"


async def client_of(house: House, *, address: str, lazy: bool = False) -> Client:
    """A client whose workers run our workflows and this house's activities."""
    settings = house.settings.engine
    return await connect(
        address,
        namespace=settings.namespace,
        keyring=house.keyring,
        activities=house.activities,
        api_key=settings.api_key.get_secret_value() if settings.api_key else None,
        tls=tls_of(settings) if settings.uses_tls else False,
        lazy=lazy,
        extra_plugins=telemetry_plugins(house.settings),
        sign=house.worker_key.sign,
    )


@asynccontextmanager
async def worker(
    house: House,
    client: Client,
    *,
    build_id: str | None = None,
    max_cached_workflows: int = 1000,
    at_once: int | None = None,
) -> AsyncIterator[Worker]:
    """A worker runs inside; its heart beats in the store, where the watch can hear it.

    Its key is certified first, where a gateway runs; NotSetUpError when none will certify it. A
    worker that is barred later polls no more, and its heart stops.

    `at_once` is how many activities, and how many steps of cases, it takes before it has ended
    one; None leaves it to the SDK.

    What SEV0 and SEV1 cases cannot wait for comes by a queue of its own with `urgent_slots`, which
    nothing else can take.

    With a `build_id` it is versioned and upgrades cases automatically; it gets no work before
    `escalate worker promote` has made that build current.
    """
    versioned = WorkerDeploymentConfig(
        version=WorkerDeploymentVersion(deployment_name=DEPLOYMENT, build_id=build_id or ""),
        use_worker_versioning=build_id is not None,
        default_versioning_behavior=VersioningBehavior.AUTO_UPGRADE
        if build_id is not None
        else VersioningBehavior.UNSPECIFIED,
    )
    urgent_slots = house.settings.urgent_slots
    deployment = versioned if build_id is not None else None
    running = Worker(
        client,
        task_queue=house.settings.task_queue,
        max_cached_workflows=max_cached_workflows,
        max_concurrent_activities=at_once,
        max_concurrent_workflow_tasks=at_once,
        graceful_shutdown_timeout=GRACE,
        deployment_config=deployment,
    )
    urgent = Worker(
        client,
        task_queue=house.settings.urgent_queue,
        max_concurrent_activities=min(at_once or urgent_slots, urgent_slots),
        graceful_shutdown_timeout=GRACE,
        deployment_config=deployment,
    )
    await enrolled(house)
    async with running, urgent:
        beating = asyncio.create_task(beat(house, KIND, client=client))
        keeping = asyncio.create_task(stay_enrolled(house, (running, urgent)))
        keeping.add_done_callback(lambda _: beating.cancel())
        try:
            yield running
        finally:
            for task in (keeping, beating):
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task


async def beat(house: House, kind: str, *, client: Client | None = None) -> None:
    """The process is heard of in the store until this is cancelled.

    With a client it is silent while the engine does not answer: a worker that cannot poll is none.
    """
    name = f"{socket.gethostname()}/{os.getpid()}"
    try:
        while True:
            try:
                # A key that was destroyed leaves this process as soon as it says that it lives.
                await house.store.vault.forget_erased()
                if client is None or await _answers(client):
                    await house.store.health.heartbeat(
                        kind=kind,
                        id=name,
                        at=await house.clock.now(),
                        detail=house.settings.task_queue,
                    )
                else:
                    log.warning("the engine does not answer")
            except StoreUnavailable as error:
                # The watch hears the silence; here it only must not stop the worker.
                log.warning("heartbeat not stored", error=type(error).__name__)
            await asyncio.sleep(BEAT.total_seconds())
    finally:
        with suppress(StoreUnavailable):
            await house.store.health.forget(kind=kind, id=name)


async def _answers(client: Client) -> bool:
    try:
        return await client.service_client.check_health(timeout=_PROBE)
    except RPCError:
        return False
