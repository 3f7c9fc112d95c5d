"""A worker asks for its certificate, waits for it at its start, and stops when it is barred."""

import asyncio
import os
import socket
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

import structlog
from temporalio.worker import Worker

from gateway.worker_certifier import KIND as CERTIFIER
from store import StoreUnavailable
from workers.errors import NotSetUpError
from workers.house import House
from workers.worker_key import Standing

log = structlog.get_logger(__name__)

BARRED = "worker-barred"
_MEND = (
    "If this code is to work, `escalate keys certify-build` where the root key is; then start the "
    "worker again."
)
_AT_ONCE, _SOON, _LATER = (timedelta(seconds=pause) for pause in (0.1, 0.25, 5))
_EAGER = timedelta(seconds=30)
"""How long an answer is looked for often."""
_HEARD = timedelta(seconds=30)


async def enrolled(house: House) -> None:
    """The worker's key is certified, or it goes on without, if settings and gateways let it.

    Where no gateway runs nobody is waited for; the key is asked for again and again. NotSetUpError
    when a gateway will not certify this code.
    """
    rules = house.settings.workers
    loop = asyncio.get_running_loop()
    begun = loop.time()
    told = False
    while True:
        standing = await _look(house)
        if standing is Standing.CERTIFIED:
            return
        if standing is Standing.BARRED:
            why = house.worker_key.barred
            raise NotSetUpError(f"no gateway certifies this worker: {why}", mend=_MEND)
        waited = timedelta(seconds=loop.time() - begun)
        in_vain = waited >= rules.patience or not await _is_heard(house)
        if in_vain and not rules.required:
            log.warning("worker works without a certificate")
            return
        if in_vain and not told:
            log.warning("worker waits for a certificate")
            told = True
        await asyncio.sleep(_AT_ONCE.total_seconds())


async def stay_enrolled(house: House, workers: Sequence[Worker]) -> None:
    """Keys follow one another until this is cancelled; a barred worker polls no more."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    while True:
        try:
            standing = await _look(house)
        except StoreUnavailable as error:
            log.warning("worker's certificate not looked at", error=type(error).__name__)
            standing = house.worker_key.standing
        if standing is Standing.BARRED:
            break
        eager = standing is Standing.WAITING and loop.time() < begun + _EAGER.total_seconds()
        await asyncio.sleep((_SOON if eager else _LATER).total_seconds())
    log.error("worker barred", reason=house.worker_key.barred)
    await asyncio.gather(*(worker.shutdown() for worker in workers))
    house.worker_key.stopped.set()
    with suppress(StoreUnavailable):
        await house.store.health.alarm(
            kind=BARRED,
            key=_host(),
            text=f"a worker has stopped: {house.worker_key.barred}",
            mend=_MEND,
            at=await house.clock.now(),
        )


async def barred(house: House) -> None:
    """Returns never; NotSetUpError once a gateway has barred this worker, and it has stopped."""
    await house.worker_key.stopped.wait()
    raise NotSetUpError(f"this worker has stopped: {house.worker_key.barred}", mend=_MEND)


async def _look(house: House) -> Standing:
    return await house.worker_key.look(house.store, at=await house.clock.now(), host=_host())


async def _is_heard(house: House) -> bool:
    if house.worker_key.gateways:
        return True
    at = await house.clock.now()
    return any(beat.at > at - _HEARD for beat in await house.store.health.beats(CERTIFIER))


def _host() -> str:
    return f"{socket.gethostname()}/{os.getpid()}"
