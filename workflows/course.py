"""The course of a case: waits for people, watches the clocks, and never loses its place.

One timer at a time, always the next instant at which anything would happen. A stage is walked
here; which stage follows is the pathway's affair (`pathways/`).
"""

import asyncio
import functools
from collections.abc import Callable
from datetime import datetime, timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from cases.desk import Desk
    from cases.file import AUDIBLE, SYSTEM, UNDELAYED, CaseFile
    from cases.journal import Kind
    from cases.records import ClosingRecord
    from cases.stages import enter, leave, open_case
    from cases.ways_back import back_to
    from runbooks.plan import Next
    from workflows.deadlines import Deadlines
    from workflows.errands import Errands
    from workflows.linking import link
    from workflows.messages import CaseInput
    from workflows.pulse import Pulse
    from workflows.recorder import Recorder
    from workflows.timer import Timer

MOVED = "moved"

PATIENCE = timedelta(minutes=2)
"""How long the last entries wait for the last errands, to go together."""


class CaseEndingError(Exception):
    """An accepted act ends the case; the pathway is left wherever it is."""


class OtherRulesError(Exception):
    """The case's graph is walked from where it is: code knows no way from here.

    It is under another version of its runbook, or was sent back to a gate that lay behind it.
    """


class ContinueError(Exception):
    """The history is long enough: the case goes on in a new run with the same state."""


class Course:
    """A case under way."""

    def __init__(self, request: CaseInput, file: CaseFile, desk: Desk) -> None:
        self.request = request
        self.file = file
        self.desk = desk
        self.pulse = Pulse(always=file.edition >= AUDIBLE)
        self.recorder = Recorder(file, self.pulse)
        self.errands = Errands(file, desk, self.recorder, self.pulse)
        self.timer = Timer(self.pulse)
        self._deadlines = Deadlines(file, desk, self.pulse)
        self._walked = 0
        self._rules = file.pathway

    # -- what a pathway may say -------------------------------------------------------------

    def resume(self) -> str:
        """The stage the case is in: what is behind it need not be walked again."""
        state = self.file.state
        self._rules = self.file.pathway
        self._walked = sum(1 for visit in state.visits if visit.left_at is not None)
        visit = state.current_visit()
        if visit is not None:
            return visit.stage
        left = state.visits[-1].outcome if state.visits else None
        return back_to(left) or self.file.pathway.first

    async def stage(self, name: str) -> str:
        """The outcome by which the stage called `name` was left.

        A stage already behind the case (before it continued as new) answers at once.
        """
        passed = [visit for visit in self.file.state.visits if visit.left_at is not None]
        if self._walked < len(passed):
            earlier = passed[self._walked]
            self._walked += 1
            if earlier.stage != name or earlier.outcome is None:
                message = f"the pathway asks for {name}, the record says {earlier.stage}"
                raise RuntimeError(message)
            return _led_on(earlier.outcome)
        stage = self.file.pathway.stage(name)
        visit = self.file.state.current_visit()
        if visit is None or visit.stage != name:
            enter(self.file, stage, at=workflow.now())
        await self.until(lambda: self.file.state.pending_outcome is not None)
        outcome = self.file.state.pending_outcome or ""
        leave(self.file, self.file.pathway.stage(name), outcome, at=workflow.now())
        self._walked += 1
        return _led_on(outcome)

    def after(self, stage: str, outcome: str) -> Next:
        """Where the runbook says that outcome leads."""
        return self.file.pathway.stage(stage).next[outcome]

    async def move_to(self, runbook: str, *, closes_as: str = MOVED) -> None:
        """The case ends as moved; a linked case goes on under the other runbook.

        Returns only when no such case could be opened: the pathway then leads to where a person
        closes this one, and its incident manager has been told.
        """
        state = self.file.state
        by = state.visits[-1].by if state.visits else None
        state.moving_to = runbook
        state.closing_act = ClosingRecord(
            disposition=closes_as,
            by=by or SYSTEM,
            record="moved by the runbook",
            at=workflow.now(),
        )
        if await link(self.file, self.pulse):
            raise CaseEndingError

    # -- the course itself ------------------------------------------------------------------

    def open(self) -> None:
        """The case is on record, its clocks run, and it is in its first stage.

        This happens before any message is handled: one that came with the very first workflow task
        meets a case that is there.
        """
        request = self.request
        open_case(
            self.file,
            at=workflow.now(),
            answers=request.answers,
            routed=request.routed.reason,
            row=request.routed.row,
            routing_digest=request.routed.digest,
            input_commitment=self.file.record.commit(request),
            same_subject=request.same_subject,
            linked_from=request.linked_from,
        )
        enter(self.file, self.file.pathway.stage(self.file.pathway.first), at=workflow.now())

    async def until(self, done: Callable[[], bool]) -> None:
        """Returns when `done` holds; meanwhile clocks, notices and the journal are seen to.

        Raises CaseEndingError when an act has ended the case, OtherRulesError when one has moved it
        to another version of its runbook, ContinueError when its history is long enough.
        """
        state = self.file.state
        while True:
            await self._deadlines.take()
            if state.closing_act is not None and await link(self.file, self.pulse):
                raise CaseEndingError
            if self.file.pathway is not self._rules:
                raise OtherRulesError
            if done():
                return
            self._go_on_if_long_enough()
            self.errands.send()
            self.recorder.append()
            # What was sent takes its first step now, so that the one timer is set once.
            await asyncio.sleep(0)
            at = workflow.now()
            coming = self._coming(at)
            self.timer.set(coming)
            await workflow.wait_condition(functools.partial(self._woken, done, at, coming))

    def _coming(self, at: datetime) -> tuple[datetime, str] | None:
        """The next instant at which anything happens by itself, and what."""
        quiet = self.errands.next_at(at)
        counted = self.desk.counting_until
        coming = [
            self.file.state.next_instant(at),
            (quiet, "ticket note and journal") if quiet is not None else None,
            (counted, "count of refusals") if counted is not None else None,
        ]
        return min((item for item in coming if item is not None), default=None)

    def _woken(
        self, done: Callable[[], bool], at: datetime, coming: tuple[datetime, str] | None
    ) -> bool:
        return (
            done()
            or self.timer.fired
            or self.file.state.closing_act is not None
            or self.file.pathway is not self._rules
            or self.errands.wanted
            or self.recorder.wants_append(at)
            or self._coming(at) != coming
            or (self._long_enough() and self.errands.idle and self.recorder.idle)
        )

    async def settle(self) -> None:
        """Nothing is under way any more, and everything is durable."""
        while not (self.errands.idle and self.recorder.clean):
            self.errands.send(everything=True)
            # Quiet entries have no company to wait for now.
            self.recorder.append(everything=self.errands.idle)
            await workflow.wait_condition(
                lambda: (
                    self.errands.wanted
                    or self.recorder.wants_append(workflow.now())
                    or (self.errands.idle and self.recorder.idle)
                )
            )

    async def last_errands(self) -> None:
        """The last errands are done, or have had their time: what is new is then stored anyway."""
        self.errands.send(everything=True)
        if self.errands.idle:
            return
        latest = workflow.now() + PATIENCE
        if self.timer.at is None or self.timer.at > latest:
            self.timer.set((latest, "last errands"))

        def over() -> bool:
            return self.errands.idle or self.timer.fired

        def more() -> bool:
            # What one errand came to may ask for another, or wait for its own entry.
            wanted = self.errands.wanted or self.recorder.awaited
            return self.file.edition >= UNDELAYED and wanted

        while not over():
            # A note that came while the ticket was being written goes as soon as it is free.
            self.errands.send(everything=True)
            if more():
                # What cannot be undone waits for its entry, which has no other company now.
                self.recorder.append(everything=True)
            await workflow.wait_condition(lambda: over() or self.errands.held or more())
        self.recorder.append(everything=not self.errands.idle)

    def _long_enough(self) -> bool:
        info = workflow.info()
        limit = self.request.continue_after
        return (
            limit is not None and info.get_current_history_length() > limit
        ) or info.is_continue_as_new_suggested()

    def _go_on_if_long_enough(self) -> None:
        """The case goes on as a new run, once nothing is under way that belongs to this one.

        It never waits for that: while an errand takes long, clocks and people go on here. Entries
        that are not stored yet cross with the state.
        """
        if not self._long_enough():
            return
        self.errands.send(everything=True)
        if not (self.errands.idle and self.recorder.idle and workflow.all_handlers_finished()):
            return
        self.file.note(
            Kind.CASE_CONTINUED, workflow.now(), entries=self.file.state.journal.sequence
        )
        self.pulse.ending()
        raise ContinueError


def _led_on(outcome: str) -> str:
    """The outcome, where the runbook has it; OtherRulesError where it leads back to a gate."""
    if back_to(outcome) is not None:
        raise OtherRulesError
    return outcome
