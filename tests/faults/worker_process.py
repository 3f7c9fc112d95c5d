"""A worker process of a test's installation; its settings come from the environment.

It is the real worker with the real store and activities. One attempt may take two seconds where
production allows up to a minute: an attempt that died with its worker is soon tried again. Who
replays such a history strictly must say `impatient()` first, since time-outs are part of it.
"""

import asyncio
import dataclasses
from collections.abc import Callable
from datetime import timedelta

from temporalio.common import RetryPolicy

from workers.house import house
from workers.processes import running_worker
from workers.settings import Settings
from workflows import policies

ATTEMPT = timedelta(seconds=2)
AGAIN = timedelta(milliseconds=300)


def impatient() -> None:
    """Every effect's attempt is short, in this process, from now on."""
    for name, policy in policies.POLICIES.items():
        policies.POLICIES[name] = dataclasses.replace(
            policy,
            attempt=ATTEMPT,
            retry=RetryPolicy(
                initial_interval=AGAIN, backoff_coefficient=1.0, maximum_interval=AGAIN
            ),
        )


async def main(up: Callable[[], None]) -> None:
    """Works until it is killed; `up` is called when it does."""
    impatient()
    settings = Settings.load()
    async with (
        house(settings) as home,
        running_worker(home, settings.engine.address or ""),
    ):
        up()
        await asyncio.Event().wait()
