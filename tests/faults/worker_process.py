"""A worker process of a test's installation; its settings come from the environment.

It is the real worker with the real store and activities. One attempt may take two seconds where
production allows up to a minute: an attempt that died with its worker is soon tried again. Who
replays such a history strictly must say `impatient()` first, since time-outs are part of it. With
`FAULT_ASKS` it asks at every activity's boundaries before it goes on (`boundaries.py`).
"""

import asyncio
import dataclasses
import os
from collections.abc import Callable
from datetime import timedelta

from temporalio.client import Client
from temporalio.common import RetryPolicy

from activities import Outside
from tests.faults.boundaries import AskingPlugin
from workers.house import House, house
from workers.processes import running_worker
from workers.settings import Settings
from workers.temporal import connect
from workflows import policies

ATTEMPT = timedelta(seconds=2)
AGAIN = timedelta(milliseconds=300)


def impatient(attempt: timedelta = ATTEMPT) -> None:
    """Every effect's attempt is short, in this process, from now on.

    Where many cases share a slow machine it is longer, and waits longer each time it failed:
    attempts that are all begun again before one of them has ended are never done.
    """
    for name, policy in policies.POLICIES.items():
        policies.POLICIES[name] = dataclasses.replace(
            policy,
            attempt=attempt,
            retry=RetryPolicy(
                initial_interval=AGAIN,
                backoff_coefficient=2.0 if attempt > ATTEMPT else 1.0,
                maximum_interval=attempt / 5 if attempt > ATTEMPT else AGAIN,
            ),
        )


class MailOnly(House):
    """A house without the demo's outbox: whom no mail reaches is not told."""

    @property
    def outside(self) -> Outside:
        """As it is, with one channel."""
        whole = super().outside
        channels = [channel for channel in whole.channels if channel.name == "mail"]
        return dataclasses.replace(whole, channels=channels)


async def main(up: Callable[[], None]) -> None:
    """Works until it is killed; `up` is called when it does."""
    impatient(timedelta(seconds=float(os.environ.get("FAULT_ATTEMPT", ATTEMPT.seconds))))
    settings = Settings.load()
    at_once = os.environ.get("FAULT_AT_ONCE")
    async with house(settings) as built:
        client = await _client(built, os.environ.get("FAULT_ASKS"))
        async with running_worker(
            _as_asked(built),
            settings.engine.address or "",
            at_once=int(at_once) if at_once is not None else None,
            client=client,
        ):
            up()
            await asyncio.Event().wait()


async def _client(built: House, socket: str | None) -> Client | None:
    """A client whose workers ask at that socket before they go on; None for the usual one."""
    if socket is None:
        return None
    settings = built.settings.engine
    return await connect(
        settings.address or "",
        namespace=settings.namespace,
        keyring=built.keyring,
        activities=built.activities,
        extra_plugins=[AskingPlugin(socket)],
    )


def _as_asked(built: House) -> House:
    if "FAULT_MAIL_ONLY" not in os.environ:
        return built
    return MailOnly(**{each.name: getattr(built, each.name) for each in dataclasses.fields(House)})
