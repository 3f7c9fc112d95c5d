"""The watch as a process: built from settings, able to start while everything else is down."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import httpx

from gateway.watch import KIND, Watch
from gateway.watching.telling import Telling
from integrations.cedar import shipped
from integrations.file_directory import FileDirectory
from store import Store, StoreUnavailable
from store.database import Database
from workers.clock import SystemClock
from workers.errors import NotSetUpError
from workers.house import House, channels, people_file
from workers.key_ring import key_ring
from workers.settings import Settings
from workers.vouching import freshness


def watch_of(house: House, *, simulated: bool = False) -> Watch:
    """The watch over this house; `simulated` when its cases live in times of their own."""
    settings = house.settings
    telling = Telling(
        [channel.messaging for channel in channels(house)],
        directory=house.directory,
        address=settings.duty_manager,
        mail_domain=settings.smtp.sender.rpartition("@")[2] or "localhost",
    )
    return Watch(
        house.store,
        telling=telling,
        clock=house.clock,
        every=settings.watch.every,
        grace=settings.watch.grace,
        repeat=settings.watch.repeat,
        simulated=simulated,
        fresh=freshness(settings),
        id=f"{socket.gethostname()}/{os.getpid()}",
    )


@asynccontextmanager
async def running_watch(house: House, *, simulated: bool = False) -> AsyncIterator[Watch]:
    """The watch looks while the block runs; afterwards its silence means nothing."""
    watch = watch_of(house, simulated=simulated)
    looking = asyncio.create_task(watch.run(), name=KIND)
    try:
        yield watch
    finally:
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking
        with suppress(StoreUnavailable):
            await house.store.health.forget(kind=KIND, id=f"{socket.gethostname()}/{os.getpid()}")


@asynccontextmanager
async def watched_house(settings: Settings) -> AsyncIterator[House]:
    """The house as the watch needs it: nothing is asked of the store or the people's file yet.

    A watch that needed either to start would be blind on the day it is needed.
    """
    clock = SystemClock()
    try:
        people = people_file(settings)
    except NotSetUpError:
        if settings.duty_manager is None:
            raise
        # Nobody is read from here; the setting names whom to tell.
        people = settings.home / "people.yaml"
    async with (
        Store(Database(settings.store), kek=key_ring(settings)) as store,
        httpx.AsyncClient(trust_env=False, follow_redirects=False) as http,
    ):
        directory = FileDirectory(people, clock=clock)
        yield House(
            settings=settings,
            store=store,
            clock=clock,
            directory=directory,
            http=http,
            # It lets nobody in, and must not be kept from starting by a policy that is wrong.
            access=shipped(),
        )


async def watch_alone(settings: Settings) -> None:
    """The watch looks until it is cancelled: `escalate watch`."""
    async with watched_house(settings) as house, running_watch(house):
        await asyncio.Event().wait()
