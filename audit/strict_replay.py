"""Strict replay: the code does it all again, and everything it does is compared (design §6).

Temporal's own replay compares which commands were issued, not what is in them: 15 of 20
alterations of a history pass it. Here every command is compared with all its arguments and
options, in clear; runs must begin with what the one before handed over and end; and the journal
that the replay writes must be the stored one, byte for byte.
"""

import asyncio
import functools
from collections.abc import AsyncIterator, Coroutine, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, TypeVar

from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowHistory
from temporalio.runtime import Runtime, TelemetryConfig
from temporalio.worker import Replayer, WorkflowRunner

from audit.commitments import check_commitments
from audit.comparing import compare
from audit.ends import ending, is_closed
from audit.findings import Finding, Replayed, Rule, shown
from audit.histories import CaseHistory, Run
from audit.incoming import Incoming
from audit.kinds import EVENT
from audit.payloads import only, read
from audit.recording import Recording, RecordingRunner
from audit.reopened import check_inherited
from audit.shadow import is_shadow
from audit.shape import GAP, check_ends, check_run
from audit.steps import REPLAY_BUILD, from_event
from cases.ids import case_of
from cases.journal import Entry
from workflows.converter import PLAIN
from workflows.effects import APPEND_JOURNAL, JournalBatch
from workflows.escalation import EscalationWorkflow
from workflows.messages import OBLIGATION, WORKFLOW
from workflows.obligation import ObligationWorkflow
from workflows.obligation_effects import APPEND_OBLIGATION, ObligationBatch

Result = TypeVar("Result")

_PATIENCE = timedelta(seconds=20)
"""How long all runs of a case may take to be replayed: a long one takes seconds."""

_BATCHES: Mapping[str, type[JournalBatch] | type[ObligationBatch]] = {
    APPEND_JOURNAL.name: JournalBatch,
    APPEND_OBLIGATION.name: ObligationBatch,
}


async def strict_replay(
    history: CaseHistory,
    entries: Sequence[Entry] | None,
    *,
    runner: WorkflowRunner | None = None,
    incoming: Sequence[Incoming] | None = None,
) -> Replayed:
    """What today's code says of the history and of the stored stream: a case's, or an obligation's.

    Without entries the journal is derived and not compared. `incoming` are the history's `inputs`,
    where they have been read already.
    """
    findings = [item for run in history.runs for item in check_run(run)]
    if not history.runs or any(item.event_id == 0 for item in findings):
        return Replayed(findings=(*findings, Finding(rule=Rule.SHAPE, what="no complete run")))
    if any(item.what == GAP for item in findings):
        return Replayed(findings=tuple(findings), runs=len(history.runs))
    findings.extend(check_ends(history))
    findings.extend(_other_workflows(history))
    findings.extend(check_inherited(history))
    recorder = RecordingRunner(runner)
    failures = await _replay(history, recorder)
    compared = 0
    derived: list[Entry] = []
    for index, run in enumerate(history.runs):
        original = run.started.original_execution_run_id
        recording = recorder.recordings.get(original) or Recording()
        differences, number = compare(run, recording)
        findings.extend(differences)
        compared += number
        if failures[index] is not None:
            findings.append(
                Finding(
                    rule=Rule.REPLAY,
                    run=run.run,
                    event_id=recording.reached,
                    what=shown(failures[index]),
                )
            )
        derived.extend(_journal(recording))
    goes_on = ending(history.runs[-1]) is None
    if entries is not None:
        if goes_on and is_closed(entries):
            findings.append(
                Finding(
                    rule=Rule.TERMINAL,
                    run=history.runs[-1].run,
                    event_id=history.runs[-1].events[-1].event_id,
                    what="the journal is closed and the history is not",
                    expected="completed",
                    found="no end",
                )
            )
        findings.extend(_same_journal(derived, entries, open_case=goes_on))
        findings.extend(check_commitments(history, entries, open_case=goes_on, incoming=incoming))
    order = {run.run: index for index, run in enumerate(history.runs)}
    findings.sort(
        key=lambda item: (
            item.event_id == 0,
            # Temporal's own replay names a workflow task, not the event in it.
            item.rule is Rule.REPLAY,
            order.get(item.run, len(order)),
            item.event_id,
        )
    )
    return Replayed(
        findings=tuple(findings),
        open=goes_on,
        runs=len(history.runs),
        events=sum(len(run.events) for run in history.runs),
        commands=compared,
        entries=len(derived),
        shadow=is_shadow(history),
        derived=tuple(derived),
    )


def _other_workflows(history: CaseHistory) -> Iterator[Finding]:
    wanted = WORKFLOW if case_of(history.case) == history.case else OBLIGATION
    for run in history.runs:
        named = run.started.workflow_type.name
        if named != wanted:
            yield Finding(
                rule=Rule.INPUT,
                run=run.run,
                event_id=1,
                what="another workflow",
                expected=wanted,
                found=shown(named),
            )


@functools.cache
def _silent() -> Runtime:
    """A runtime that writes nothing to standard output, where a verdict may be read as JSON."""
    return Runtime(telemetry=TelemetryConfig(logging=None))


async def _replay(history: CaseHistory, runner: RecordingRunner) -> list[BaseException | None]:
    """What Temporal's own replay says of each run; None also where nothing was asked for yet."""
    answered = [_answered(run) for run in history.runs]
    replayer = Replayer(
        workflows=[EscalationWorkflow, ObligationWorkflow],
        namespace=history.namespace,
        data_converter=PLAIN,
        workflow_runner=runner,
        unsandboxed_workflow_runner=runner,
        build_id=REPLAY_BUILD,
        # In this thread, without a hand-over for each activation: it halves the time.
        debug_mode=True,
        runtime=_silent(),
    )

    async def runs() -> AsyncIterator[WorkflowHistory]:
        for events in filter(None, answered):
            yield WorkflowHistory(history.case, events)

    async def replayed() -> list[BaseException | None]:
        async with replayer.workflow_replay_iterator(runs()) as results:
            return [result.replay_failure async for result in results]

    try:
        failures = iter(await _within(_PATIENCE, replayed()))
    except Exception as fault:  # noqa: BLE001 - Temporal's core panics, or waits for ever, over a
        # history that no server wrote: whatever it says then is said of the history.
        return [fault for _ in answered]
    return [next(failures) if events else None for events in answered]


async def _within(patience: timedelta, work: Coroutine[Any, Any, Result]) -> Result:
    """What the work came to; TimeoutError when it takes longer, and then it has been stopped.

    A replay that was cancelled waits for its core to end, which may wait for ever as well: it is
    cancelled again until it goes.
    """
    task = asyncio.ensure_future(work)
    await asyncio.wait({task}, timeout=patience.total_seconds())
    if task.done():
        return task.result()
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=0.5)
    # What it says at its end is of its end; that it came to nothing is what counts.
    _ = task.cancelled() or task.exception()
    message = f"no replay of these runs ended within {patience.total_seconds():.0f} s"
    raise TimeoutError(message)


def _answered(run: Run) -> Sequence[HistoryEvent]:
    """The run's events as far as the code has answered them.

    A case that goes on may be read in the middle of a workflow task. What the code will answer is
    not in the history, and a replay of a run that was never answered would wait for ever.
    """
    if ending(run) is not None:
        return run.events
    end = 0
    for place, event in enumerate(run.events, start=1):
        completed = event.event_type == EVENT.WORKFLOW_TASK_COMPLETED
        if completed or (end == place - 1 and end and from_event(event) is not None):
            end = place
    return run.events[:end]


def _journal(recording: Recording) -> Iterator[Entry]:
    """The entries that the replayed run wanted to be stored."""
    for task in sorted(recording.asked):
        for command in recording.asked[task]:
            if not command.HasField("schedule_activity"):
                continue
            asked = command.schedule_activity
            kind = _BATCHES.get(asked.activity_type)
            if kind is None:
                continue
            batch = read(only(asked.arguments), kind)
            if batch is not None:
                yield from batch.restore()


def _same_journal(
    derived: Sequence[Entry], stored: Sequence[Entry], *, open_case: bool
) -> Iterable[Finding]:
    for mine, other in zip(derived, stored, strict=False):
        # Equal entries have equal bytes: there is one way to write an entry.
        if mine != other:
            name = next(
                (name for name in type(mine).model_fields if _of(mine, name) != _of(other, name)),
                "entry",
            )
            yield Finding(
                rule=Rule.JOURNAL,
                what=f"entry {other.sequence} ({other.kind.value}) {name}",
                expected=shown(_of(mine, name)),
                found=shown(_of(other, name)),
            )
            # Every later hash differs with it.
            return
    short = len(derived) - len(stored)
    if short and not (open_case and short > 0):
        yield Finding(
            rule=Rule.JOURNAL,
            what="the journal has another length",
            expected=f"{len(derived)} entries",
            found=f"{len(stored)} entries",
        )


def _of(entry: Entry, name: str) -> object:
    return getattr(entry, name)
