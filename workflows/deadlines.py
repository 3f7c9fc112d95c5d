"""What the clocks of a case bring about: reminders, pages, silence, and effects nobody ordered."""

from datetime import datetime

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from cases import escalations, lapses
    from cases.at_door import silence_is_due
    from cases.batches import WATCH
    from cases.bulk import watched
    from cases.clock import ClockRun
    from cases.clocks import take_due
    from cases.desk import Desk
    from cases.effects import begin, intend, reconsider
    from cases.file import DUTY_MANAGER, FETCHED, INCIDENT_MANAGER, SYSTEM, CaseFile
    from cases.gate import WHOLE, Round, RoundKind
    from cases.handover import HANDOVER, ask_for_note, note_missed
    from cases.journal import Kind
    from cases.notice import Purpose
    from cases.obligations.addressee import obligation_of
    from cases.outcomes import allow_backup, allow_stand_in, take_silence
    from cases.records import BY_ITSELF, ROLLED_BACK, SHADOWED
    from cases.setting import come
    from cases.stages import ask_what_waits
    from cases.suppression import is_order, review
    from cases.task_work import CLOCK as TASK_CLOCK
    from cases.task_work import remind
    from cases.updates import UPDATE, missed, remind_writer
    from runbooks.plan import Late
    from workflows.asking import ask
    from workflows.effects import COLLECT_ACTS, CollectOrder
    from workflows.lanes import queue_of
    from workflows.pulse import Pulse

ACTED = ("done", "intended", "skipped", ROLLED_BACK, SHADOWED, *BY_ITSELF)
"""States of an effect that time alone leaves as they are."""


class Deadlines:
    """Takes every step that has come due, and asks for late acts before silence counts."""

    def __init__(self, file: CaseFile, desk: Desk, pulse: Pulse) -> None:
        self.pulse = pulse
        self.file = file
        self.desk = desk

    async def take(self) -> None:
        """Every clock step whose instant has come has had its effect."""
        await self._fetch()
        at = workflow.now()
        self.desk.count_refusals(at=at)
        lapses.before_clocks(self.file, at=at)
        await self._take_set(at)
        await self._take_clocks(at)
        if workflow.now() > at:
            # What was waited for took its time, in which more may have come due.
            await self._fetch()
        lapses.after_clocks(self.file, at=workflow.now())

    async def _fetch(self) -> None:
        """Before anything comes of silence, whoever has broken it at the door has been heard.

        What waits for the log is left to it: nobody goes untold because the log is down.
        """
        at = workflow.now()
        if self.file.edition < FETCHED or self.file.state.closing_act is not None:
            return
        if silence_is_due(self.file, at=at):
            await self._collect(None, deadline=at, ready=True)

    async def _take_clocks(self, at: datetime) -> None:
        state = self.file.state
        for clock, step, instant in take_due(self.file, at=at):
            if state.closing_act is not None:
                return
            if clock.reading(workflow.now()).ended:
                # An act that was fetched for an earlier step has stopped the clock.
                continue
            if step is None:
                await self._target_reached(clock, instant)
            elif step.do is not None:
                await self._unattended(clock, step, instant)
            elif step.go is not None:
                await self._go(clock, step.go, instant)
            elif step.escalate is not None:
                escalations.begin(
                    self.file,
                    step.escalate,
                    stage=clock.stage or state.stage or "",
                    clock="" if clock.stage else clock.id,
                    because=step.label,
                    at=workflow.now(),
                    due=instant,
                )
            elif clock.id == HANDOVER:
                ask_for_note(self.file, at=workflow.now())
            elif clock.id.startswith(UPDATE):
                remind_writer(self.file, clock)
            elif clock.id.startswith(TASK_CLOCK):
                remind(self.file, clock, step)
            else:
                role = step.page or step.remind or clock.owner
                purpose = Purpose.PAGE if step.page else Purpose.REMIND
                label = f"{clock.id} {step.label}"
                self.file.tell(purpose, role, stage=clock.stage or state.stage, step=label)
                self._backup(clock, step)

    def _backup(self, clock: ClockRun, step: Late) -> None:
        round_ = self.file.state.open_round(clock.stage or "")
        if round_ is None or step.page is None or step.instead_of is None:
            return
        if round_.kind in WHOLE:
            allow_backup(self.file, round_, step.page, step.instead_of, at=workflow.now())

    async def _target_reached(self, clock: ClockRun, instant: datetime) -> None:
        if self._asks_again(clock):
            return
        if is_order(clock):
            reconsider(self.file, at=workflow.now())
            review(self.file, clock, at=workflow.now())
            return
        if clock.hold:
            self.file.tell(Purpose.REVIEW, clock.owner, step=clock.id)
            return
        if not _pages_at_target(clock):
            to = DUTY_MANAGER if clock.statutory else INCIDENT_MANAGER
            stage = clock.stage or self.file.state.stage
            self.file.tell(Purpose.BREACH, to, stage=stage, step=clock.id)
        if clock.stage is None or clock.stage != self.file.state.stage:
            return
        # At its target a gate waits no longer for the severity table: it could never be silent.
        ask_what_waits(self.file, at=workflow.now())
        rule = self.file.gate_rule(clock.stage)
        round_ = self.file.state.open_round(clock.stage)
        if rule is None or round_ is None:
            return
        if rule.silence.stand_in is not None:
            allow_stand_in(self.file, round_, at=workflow.now())
        if rule.silence.go is not None and round_.kind is not RoundKind.CORRECTION:
            await self._collect(round_, deadline=instant)
            if self.file.state.closing_act is not None:
                return
            ask_what_waits(self.file, at=workflow.now())
            still_open = self.file.state.open_round(clock.stage)
            if still_open is not None and self.file.state.pending_outcome is None:
                take_silence(self.file, still_open, rule.silence.go, at=workflow.now())

    def _asks_again(self, clock: ClockRun) -> bool:
        """Whether the clock is of something asked again and again; then that has been done."""
        at = workflow.now()
        if clock.id == HANDOVER:
            note_missed(self.file, at=at)
        elif clock.id.startswith(UPDATE):
            missed(self.file, clock, at=at)
        elif clock.id.startswith(WATCH):
            watched(self.file, clock.id, at=at)
        else:
            return False
        return True

    async def _take_set(self, at: datetime) -> None:
        """What was set for an instant that has come goes ahead, unless it was called off in time.

        Everything set for one instant goes in one task, so that no part of it goes without another.
        """
        due = come(self.file, at=at)
        if not due:
            return
        instant = max(effect.set_for or at for effect in due)
        await self._collect(None, deadline=instant)
        if self.file.state.closing_act is not None:
            return
        for effect in come(self.file, at=workflow.now()):
            begin(self.file, effect, at=workflow.now())

    async def _unattended(self, clock: ClockRun, step: Late, instant: datetime) -> None:
        """Nobody acted: the protective effect goes ahead, unless somebody's act is on its way."""
        await self._collect(None, deadline=instant)
        state = self.file.state
        name = step.do or ""
        if state.closing_act is not None or clock.reading(workflow.now()).ended:
            return
        existing = state.effect_named(name)
        if existing is not None and existing.state in ACTED:
            # Somebody acted: it was performed, is set or under way, or a person left it out or
            # undid it with a reason.
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
        here = clock.stage is not None and clock.stage == state.stage
        if not here or state.pending_outcome is not None or state.closing_act is not None:
            return
        state.pending_outcome = outcome
        state.pending_by = SYSTEM
        self.file.note(
            Kind.STAGE_COMPLETED, workflow.now(), stage=clock.stage, outcome=outcome, by=SYSTEM
        )

    async def _collect(
        self, round_: Round | None, *, deadline: datetime, ready: bool = False
    ) -> None:
        """Acts signed in time that had not arrived have been taken (I18)."""
        order = CollectOrder(
            case=self.file.state.case,
            gate=round_.gate if round_ is not None else None,
            round=round_.number if round_ is not None else None,
            deadline=deadline,
            ready=ready,
            at=workflow.now(),
        )
        collected = await ask(
            COLLECT_ACTS,
            order,
            summary="acts signed in time",
            pulse=self.pulse,
            queue=queue_of(self.file),
        )
        for envelope in collected.envelopes:
            if obligation_of(envelope) is not None:
                continue
            self.desk.receive(envelope, at=workflow.now())


def _pages_at_target(clock: ClockRun) -> bool:
    """Whether the clock's own steps already page somebody at its target."""
    return any(step.page is not None and step.at >= clock.within for step in clock.late)
