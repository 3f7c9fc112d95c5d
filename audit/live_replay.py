"""Every running case replayed strictly on today's code: whether it may be deployed.

What a worker of the new build would be given is looked at before it is: each history is read from
the engine while it grows, and replayed as `audit replay` replays an export. What cannot be read is
told of, because a case nobody looked at may be the one that breaks.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import islice

from temporalio.client import Client
from temporalio.service import RPCError

from audit.ends import ending
from audit.errors import AuditError, HistoryMissingError
from audit.export import codec_of
from audit.findings import Finding, Rule
from audit.histories import Run, fetch, is_cut
from audit.replay_pool import Replay
from audit.shape import NOT_BY_ITSELF
from audit.together import Together, read_together
from cases.ids import case_of, obligation_name
from cases.journal import Stream, obligation_stream
from cases.values import Value
from store import ContentErased, Store, UnknownCase, UnknownKey
from workflows.refused import REFUSED

_AHEAD = 2
"""How many histories are read for each that is replayed: reading waits, replaying works."""
_TEMPORALS_OWN = "[TMPRL"
"""How Temporal's own refusals begin: kinds of commands and ids, never what is in them."""


class Seen(Value):
    """One workflow, and what came of looking at it."""

    workflow_id: str
    number: str = ""
    """The case's, as people call it."""
    open: bool = False
    ended: str = ""
    cut: bool = False
    """Temporal has forgotten its first runs: what is left was replayed, without its journal."""
    erased: bool = False
    """Its key was destroyed: there is nothing to look at, and nothing that could break."""
    unseen: str = ""
    """Why it could not be looked at."""
    events: int = 0
    commands: int = 0
    entries: int = 0
    breaks: tuple[Finding, ...] = ()
    """The first finding of each run that today's code would not go on with."""
    more: int = 0
    """How many findings there are beside those."""

    @property
    def ok(self) -> bool:
        """Whether it was looked at, and goes on."""
        return not self.breaks and not self.unseen


@dataclass(frozen=True)
class Looking:
    """How a workflow is looked at."""

    client: Client
    store: Store
    replay: Replay
    values: bool = False
    """Findings repeat what differs: payloads in clear, which no log of a build may hold."""

    async def at(self, workflow_id: str) -> Seen:
        """What today's code makes of it."""
        case = case_of(workflow_id)
        try:
            row = await self.store.cases.get(case)
        except UnknownCase:
            return Seen(workflow_id=workflow_id, unseen="this installation has no such case")
        if row.erased:
            return Seen(workflow_id=workflow_id, number=row.number, erased=True)
        seen = Seen(workflow_id=workflow_id, number=row.number)
        try:
            return await self._replayed(seen, await self._read(workflow_id, case))
        except ContentErased:
            return seen.model_copy(update={"erased": True})
        except (AuditError, UnknownKey) as error:
            why = str(error)
        except RPCError as error:
            why = f"Temporal answered: {error.message}"
        except BrokenProcessPool:
            why = "a process that replayed has ended by itself: try again with --jobs 1"
        return seen.model_copy(update={"unseen": why})

    async def _read(self, workflow_id: str, case: str) -> Together:
        """History and stream; AuditError where they cannot be had as they are."""
        name = obligation_name(workflow_id)
        stream = obligation_stream(name) if name else Stream.CASE
        codec = codec_of(self.client)
        read = await read_together(
            lambda: fetch(self.client, workflow_id, codec=codec, from_the_start=False),
            lambda: self.store.journal.entries(case, stream=stream),
        )
        if not read.settled:
            raise HistoryMissingError("it is closing at this moment: ask again")
        if any(_sealed_by_another(run) for run in read.history.runs):
            raise HistoryMissingError("its payloads do not open with this installation's key")
        return read

    async def _replayed(self, seen: Seen, read: Together) -> Seen:
        history = read.history
        cut, ended = is_cut(history), ending(history.runs[-1])
        # Without its beginning, or stopped from outside, it has not all of its journal.
        whole = not cut and ended in (None, "completed")
        replayed = await self.replay(history, read.entries if whole else None)
        # What somebody ended from outside breaks on no code.
        found = [each for each in replayed.findings if each.what != NOT_BY_ITSELF]
        first: dict[str, Finding] = {}
        for finding in found:
            first.setdefault(finding.run, finding if self.values else _without_values(finding))
        return seen.model_copy(
            update={
                "open": ended is None,
                "ended": ended or "",
                "cut": cut,
                "events": replayed.events,
                "commands": replayed.commands,
                "entries": replayed.entries,
                "breaks": tuple(first.values()),
                "more": len(found) - len(first),
            }
        )


def _sealed_by_another(run: Run) -> bool:
    payloads = run.started.input.payloads
    return bool(payloads) and payloads[0].metadata.get("encoding") == REFUSED


def _without_values(finding: Finding) -> Finding:
    """Where it differs and in what, without what is there: a release is no reader of cases."""
    what = finding.what
    if finding.rule is Rule.REPLAY and not what.startswith(_TEMPORALS_OWN):
        what = "the code did not come to its end with this history"
    return finding.model_copy(update={"what": what, "expected": "", "found": ""})


async def look_at(
    workflows: Sequence[str], look: Callable[[str], Awaitable[Seen]], *, at_once: int
) -> AsyncIterator[Seen]:
    """Each as soon as it was looked at; never more than so many are in memory."""
    waiting = iter(workflows)
    running = {asyncio.ensure_future(look(each)) for each in islice(waiting, at_once)}
    try:
        while running:
            done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                yield task.result()
            running |= {asyncio.ensure_future(look(each)) for each in islice(waiting, len(done))}
    finally:
        for task in running:
            task.cancel()


def ahead(jobs: int) -> int:
    """How many are looked at in one time where so many are replayed."""
    return jobs * _AHEAD
