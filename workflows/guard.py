"""Nobody ends a workflow of ours by asking Temporal: that is no act (I4)."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from temporalio import workflow

Ended = TypeVar("Ended")


async def walked(walk: asyncio.Task[Ended], *, refuse: Callable[[], object]) -> Ended:
    """What the walk ends with; requests for cancellation are refused, on record, and it goes on."""
    while True:
        try:
            return await asyncio.shield(walk)
        except asyncio.CancelledError:
            if walk.cancelled() or workflow.cancellation_reason() is None:
                # The worker lets go of this run: asking again would never end.
                raise
            refuse()
