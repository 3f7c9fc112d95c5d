"""The course of a case: waits for people, watches the clocks, and never loses its place.

One timer at a time, always the next instant at which anything would happen. A stage is walked by
the code in `stages/`; which stage follows is the pathway's affair (`pathways/`).
"""

import functools
from collections.abc import Callable
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from cases.clock import ClockRun
    from cases.clocks import take_due
    from cases.desk import Desk
    from cases.effects import intend
    from cases.file import DUTY_MANAGER, INCIDENT_MANAGER, SYSTEM, CaseFile
    from cases.gate import Round
    from cases.journal import Kind
    from cases.notice import Purpose
    from cases.rounds import allow_stand_in, facts_changed, take_silence
    from cases.stages import enter, leave, open_case
    from cases.state import ClosingRecord, SeverityRecord
    from runbooks.plan import Late, Next
    from workflows.asking import ask
    from workflows.effects import ASSESS, COLLECT_ACTS, AssessOrder, CollectOrder
    from workflows.errands import Errands, failure_name
    from workflows.messages import CaseInput
    from workflows.recorder import Recorder


class CaseEndingError(Exception):
    """An accepted act ends the case; the pathway is left wherever it is."""


class ContinueError(Exception):
    """The history is long enough: the case goes on in a new run with the same state."""


class Course:
    """A case under way."""

    def __init__(self, request: CaseInput, file: CaseFile, desk: Desk) -> None:
        self.request = request
        self.file = file
        self.desk = desk
        self.recorder = Recorder(file)
        self.errands = Errands(file, self.recorder)
        self._walked = 0

    # -- what a pathway may say -------------------------------------------------------------

    async def stage(self, name: str) -> str:
        """The outcome by which the stage called `name` was left.

        A stage already behind the case (before it continued as new) answers at once.
        """
        passed = [visit for visit in self.file.state.visits if visit.left_at is not None]
        if self._walked < len(passed):
            visit = passed[self._walked]
            self._walked += 1
            if visit.stage != name or visit.outcome is None:
                message = f"the pathway asks for {name}, the record says {visit.stage}"
                raise RuntimeError(message)
            return visit.outcome
        stage = self.file.pathway.stage(name)
        if self.file.state.stage != name:
            enter(self.file, stage, at=workflow.now())
        await self.until(lambda: self.file.state.pending_outcome is not None)
        outcome = self.file.state.pending_outcome or ""
        leave(self.file, stage, outcome, at=workflow.now())
        self._walked += 1
        return outcome

    def after(self, stage: str, outcome: str) -> Next:
        """Where the runbook says that outcome leads."""
        return self.file.pathway.stage(stage).next[outcome]

    def move_to(self, runbook: str) -> None:
        """The case ends as moved; a linked case goes on under the other runbook."""
        state = self.file.state
        state.moving_to = runbook
        by = state.visits[-1].by if state.visits else None
        state.closing_act = ClosingRecord(
            disposition="moved", by=by or SYSTEM, record="moved by the runbook", at=workflow.now()
        )
        raise CaseEndingError

    # -- the course itself ------------------------------------------------------------------

    async def open(self) -> None:
        """The case is on record and its clocks run."""
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

    async def until(self, done: Callable[[], bool]) -> None:
        """Returns when `done` holds; meanwhile clocks, notices and the journal are seen to.

        Raises CaseEndingError when an act has ended the case.
        """
        state = self.file.state
        while True:
            await self._take_due()
            if state.reassess:
                await self._reassess()
            if state.closing_act is not None:
                raise CaseEndingError
            if done():
                return
            self.errands.send()
            self.recorder.append()
            if self._long_enough():
                await self._continue()
            at = workflow.now()
            coming = state.next_instant(at)
            woken = functools.partial(self._woken, done, at, coming)
            if coming is None:
                await workflow.wait_condition(woken)
                continue
            instant, label = coming
            try:
                await workflow.wait_condition(
                    woken,
                    timeout=max(instant - at, timedelta(milliseconds=1)),
                    timeout_summary=label,
                )
            except TimeoutError:
                continue

    def _woken(
        self, done: Callable[[], bool], at: datetime, coming: tuple[datetime, str] | None
    ) -> bool:
        state = self.file.state
        return (
            done()
            or state.closing_act is not None
            or state.reassess
            or bool(self.file.wishes)
            or self.recorder.wants_append
            or state.next_instant(at) != coming
        )

    async def settle(self) -> None:
        """Nothing is under way any more, and everything is durable."""
        while not (self.errands.idle and self.recorder.clean):
            self.errands.send()
            # Quiet entries have no company to wait for now.
            self.recorder.append(everything=self.errands.idle)
            await workflow.wait_condition(
                lambda: (
                    bool(self.file.wishes)
                    or self.recorder.wants_append
                    or (self.errands.idle and self.recorder.idle)
                )
            )

    def _long_enough(self) -> bool:
        info = workflow.info()
        limit = self.request.continue_after
        return (
            limit is not None and info.get_current_history_length() > limit
        ) or info.is_continue_as_new_suggested()

    async def _continue(self) -> None:
        # Errands end before the run does: their results belong to the run that asked.
        await self.settle()
        await workflow.wait_condition(workflow.all_handlers_finished)
        self.file.note(
            Kind.CASE_CONTINUED, workflow.now(), entries=self.file.state.journal.sequence
        )
        await self.settle()
        raise ContinueError

    async def _reassess(self) -> None:
        """The severity table has judged the new answers; a person's own setting stays."""
        state = self.file.state
        state.reassess = False
        order = AssessOrder(
            case=state.case,
            runbook_digest=state.digest,
            answers={name: answer.value for name, answer in state.answers.items()},
            at=workflow.now(),
        )
        try:
            assessed = await ask(ASSESS, order, summary="severity table")
        except ActivityError as error:
            self.file.note(Kind.SEVERITY_ASSESSED, workflow.now(), because=failure_name(error))
            self.file.tell(Purpose.FAILED, INCIDENT_MANAGER, stage=state.stage, step="severity")
            return
        before = state.facts()
        record = state.severity
        state.severity = SeverityRecord(
            current=record.current if record.set_by is not None else assessed.severity,
            computed=assessed.severity,
            row=assessed.row,
            because=assessed.because,
            set_by=record.set_by,
            reason=record.reason,
        )
        at = workflow.now()
        self.file.note(
            Kind.SEVERITY_ASSESSED,
            at,
            severity=assessed.severity.value,
            row=assessed.row,
            because=assessed.because,
            kept=record.current.value if record.set_by is not None else None,
            result=self.file.record.commit(assessed),
        )
        facts_changed(self.file, before, at=at)

    async def _take_due(self) -> None:
        """Every clock step whose instant has come has had its effect."""
        at = workflow.now()
        state = self.file.state
        hold = state.hold
        if hold is not None and not hold.reviewed and hold.review_at <= at:
            state.hold = hold.model_copy(update={"reviewed": True})
            self.file.tell(Purpose.REVIEW, INCIDENT_MANAGER, stage=state.stage)
        for clock, step, instant in take_due(self.file, at=at):
            if step is None:
                await self._target_reached(clock, instant)
            elif step.do is not None:
                await self._unattended(clock, step, instant)
            elif step.go is not None:
                await self._go(clock, step.go, instant)
            else:
                role = step.page or step.remind or clock.owner
                purpose = Purpose.PAGE if step.page else Purpose.REMIND
                label = f"{clock.id} {step.label}"
                self.file.tell(purpose, role, stage=clock.stage or state.stage, step=label)

    async def _target_reached(self, clock: ClockRun, instant: datetime) -> None:
        if clock.hold:
            self.file.tell(Purpose.REVIEW, clock.owner, step=clock.id)
            return
        if not _pages_at_target(clock):
            to = DUTY_MANAGER if clock.statutory else INCIDENT_MANAGER
            stage = clock.stage or self.file.state.stage
            self.file.tell(Purpose.BREACH, to, stage=stage, step=clock.id)
        if clock.stage is None or clock.stage != self.file.state.stage:
            return
        rule = self.file.gate_rule(clock.stage)
        round_ = self.file.state.open_round(clock.stage)
        if rule is None or round_ is None:
            return
        if rule.silence.stand_in is not None:
            allow_stand_in(self.file, round_, at=workflow.now())
        if rule.silence.go is not None:
            await self._collect(round_, deadline=instant)
            still_open = self.file.state.open_round(clock.stage)
            if still_open is not None and self.file.state.pending_outcome is None:
                take_silence(self.file, still_open, rule.silence.go, at=workflow.now())

    async def _unattended(self, clock: ClockRun, step: Late, instant: datetime) -> None:
        """Nobody acted: the protective effect goes ahead, unless somebody's act is on its way."""
        await self._collect(None, deadline=instant)
        state = self.file.state
        name = step.do or ""
        existing = state.effect_named(name)
        acted = existing is not None and existing.state in ("done", "intended")
        if acted or clock.reading(workflow.now()).ended:
            return
        intend(self.file, name, stage=state.stage or "", at=workflow.now())
        self.file.tell(
            Purpose.PAGE,
            INCIDENT_MANAGER,
            stage=state.stage,
            step=f"{clock.id} {step.label} {name}",
        )

    async def _go(self, clock: ClockRun, outcome: str, instant: datetime) -> None:
        """Nobody completed the stage: it takes the outcome the runbook names."""
        await self._collect(None, deadline=instant)
        state = self.file.state
        if clock.stage is None or clock.stage != state.stage or state.pending_outcome is not None:
            return
        state.pending_outcome = outcome
        state.pending_by = SYSTEM
        self.file.note(
            Kind.STAGE_COMPLETED, workflow.now(), stage=clock.stage, outcome=outcome, by=SYSTEM
        )

    async def _collect(self, round_: Round | None, *, deadline: datetime) -> None:
        """Acts signed in time that had not arrived have been taken (I18)."""
        order = CollectOrder(
            case=self.file.state.case,
            gate=round_.gate if round_ is not None else None,
            round=round_.number if round_ is not None else None,
            deadline=deadline,
            at=workflow.now(),
        )
        collected = await ask(COLLECT_ACTS, order, summary="acts signed in time")
        for envelope in collected.envelopes:
            self.desk.receive(envelope, at=workflow.now())


def _pages_at_target(clock: ClockRun) -> bool:
    """Whether the clock's own steps already page somebody at its target."""
    return any(step.page is not None and step.at >= clock.within for step in clock.late)
