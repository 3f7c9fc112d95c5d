"""Keeps every workflow task that changed the case apart from the next one in every replay.

The SDK's core takes two workflow tasks in a row that led to no command for a heartbeat of one task,
and on replay hands out their events together: what was received first may then be handled second,
and `workflow.now()` differs (measured with `max_cached_workflows=0`: a journal that does not follow
from its history, and non-determinism errors). So a case never lets two tasks in a row pass without
a command: the second one writes a number to the memo, the cheapest there is.

One of the two may be a task that no code ever sees: the server begins it by itself, where time was
skipped or an operator changed an option while a task was under way. So from edition 7 on no task of
a case passes without a command (temporalio/sdk-rust#1146).
"""

import asyncio

from temporalio import workflow

LOOKS = 3
"""How often everybody who waits may look, and do what follows, before the task counts as silent.

A case that ends waits twice in its last task: until all is stored, and until all are answered.
"""

ROUNDS = 6
"""The same before edition 7: steps of the event loop, in which nobody else looks again."""


class Pulse:
    """Knows whether this workflow task, and the one before, led to a command."""

    def __init__(self, *, always: bool = False) -> None:
        self._always = always
        """Whether one task without a command is one too many."""
        self._commanded_at = 0
        self._silent_at: int | None = None
        self._watching = False
        self._beats = 0

    def command(self) -> None:
        """A command has been given in this workflow task."""
        self._commanded_at = workflow.info().get_current_history_length()
        self._silent_at = None

    def ending(self) -> None:
        """The run ends in this workflow task: that is a command."""
        if self._always:
            self.command()

    def stir(self) -> None:
        """Something has happened that nobody may have waited for: a timer, a wish to cancel."""
        if self._always:
            self.watch()

    def watch(self) -> None:
        """Something was received that led to no command by itself, perhaps to none at all."""
        if not self._watching:
            self._watching = True
            task = asyncio.create_task(self._see())
            task.add_done_callback(lambda _: None)

    async def _see(self) -> None:
        # First the conditions that others wait for, then what they do.
        await workflow.wait_condition(lambda: True)
        if self._always:
            for _ in range(LOOKS - 1):
                await workflow.wait_condition(lambda: True)
        else:
            for _ in range(ROUNDS):
                await asyncio.sleep(0)
        self._watching = False
        here = workflow.info().get_current_history_length()
        if self._commanded_at == here:
            return
        if not self._always and (self._silent_at is None or self._silent_at == here):
            self._silent_at = here
            return
        self._beats += 1
        workflow.upsert_memo({"beats": self._beats})
        self.command()
