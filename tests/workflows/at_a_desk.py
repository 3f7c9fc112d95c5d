"""A story's case without an engine: the same desk, stages and clocks, time that a story moves.

It finds in a second what the server would find in minutes, and leaves the same journal. Whatever
only an engine can get wrong (order, replay, retries) is the server's to show.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from cases import escalations, lapses
from cases.acts import ActBody
from cases.batches import WATCH
from cases.bulk import watched
from cases.clock import ClockRun
from cases.clock_starts import follow
from cases.clocks import take_due
from cases.effects import begin, intend, reconsider, settle
from cases.envelope import RoundBinding
from cases.file import SYSTEM, Do, Look, Note, Tell
from cases.gate import RoundKind
from cases.handover import HANDOVER, ask_for_note, note_missed
from cases.ids import key_of
from cases.journal import Entry, Kind
from cases.notice import Purpose
from cases.outcomes import allow_backup, allow_stand_in
from cases.pinning import pin_answers, pin_case
from cases.receipts import ActReceipt
from cases.records import SHADOWED, AnswerGiven, ClosingRecord
from cases.setting import come
from cases.severity import severity_changed
from cases.shadow import not_told, not_written, would_look
from cases.stages import ask_when_ready, close_case, enter, leave, record_closed
from cases.state import CaseState
from cases.suppression import is_order, owed_after, review
from cases.updates import UPDATE, missed, remind_writer
from cases.ways_back import back_to
from runbooks import assess, library, load_runbook
from runbooks.plan import FollowUp, Late, Next
from tests.cases.house import CASE, House
from tests.workflows.world import DECIDERS, PEOPLE, nobody_known
from workflows.effects import EffectResult, EffectState
from workflows.notices import notice_for

BEGIN = datetime(2026, 12, 1, 9, tzinfo=UTC)
"""A day on which the laws that ship have come, but for those that name a later one."""


class AtADesk:
    """Speaks as `CaseUnderTest` does; nothing here waits for anything."""

    def __init__(
        self,
        runbook: str,
        answers: dict[str, str],
        *,
        by_hand: tuple[str, ...] = (),
        shadow: bool = False,
    ) -> None:
        self._runbook = load_runbook(library()[runbook], file=f"{runbook}.yaml")
        self.house = House.of(runbook, at=BEGIN)
        self.handle = SimpleNamespace(id=CASE)
        self.world = SimpleNamespace(
            deciders=dict(DECIDERS),
            effect_results=dict.fromkeys(by_hand, EffectResult(state=EffectState.MANUAL)),
            performed=[],
            notices=[],
            owed=[],
            entries={CASE: []},
        )
        state = self.house.state
        state.shadow = shadow
        for name, value in answers.items():
            state.answers[name] = AnswerGiven(value=value, by="escalate", at=self.house.now)
        follow(self.house.file, changed=answers, at=self.house.now)
        pin_answers(self.house.file, answers, at=self.house.now)
        state.reassess = True
        self._settle()

    async def now(self) -> datetime:
        """The story's instant."""
        return self.house.now

    async def picture(self) -> CaseState:
        """The case as it stands, apart from what happens to it later."""
        return self.house.state.model_copy(deep=True)

    async def until(self, holds: Callable[[Any], bool]) -> CaseState:
        """The picture, of which that holds already."""
        picture = await self.picture()
        assert holds(picture), (picture.stage, picture.severity, picture.rounds[-1:])
        return picture

    async def in_stage(self, stage: str) -> CaseState:
        """The picture; the case is in that stage."""
        return await self.until(lambda seen: seen.stage == stage)

    async def binding(self, gate: str) -> RoundBinding | None:
        """What the gate's newest round shows."""
        return self.house.binding(gate)

    async def act(
        self,
        body: ActBody,
        *,
        person: str,
        role: str | None = None,
        binding: RoundBinding | None = None,
    ) -> ActReceipt:
        """The act is signed and received, and what follows from it has happened."""
        house = self.house
        roles = PEOPLE[person]
        bound = binding or house.binding(str(getattr(body, "gate", "")))
        envelope = house.envelope(body, person=person, role=role or roles[0], binding=bound)
        receipt = house.desk.receive(envelope, at=house.now)
        self._settle()
        return receipt

    async def forward(self, by: timedelta) -> None:
        """So much later; whatever comes by itself on the way is taken at its instant."""
        house = self.house
        end = house.now + by
        while True:
            coming = house.state.next_instant(house.now)
            if coming is None or coming[0] > end:
                break
            house.now = max(house.now, coming[0])
            self._take_due()
            assert house.state.next_instant(house.now) != coming, f"nobody took {coming}"
        house.now = end

    def _take_due(self) -> None:
        """In the order of `Deadlines.take`."""
        house = self.house
        lapses.before_clocks(house.file, at=house.now)
        for effect in come(house.file, at=house.now):
            begin(house.file, effect, at=house.now)
        for clock, step, _ in take_due(house.file, at=house.now):
            if not clock.reading(house.now).ended:
                self._due(clock, step)
        lapses.after_clocks(house.file, at=house.now)
        self._settle()

    async def forward_to(self, instant: datetime) -> None:
        """At that instant, if it is still to come."""
        await self.forward(max(instant - self.house.now, timedelta()))

    def _due(self, clock: ClockRun, step: Late | None) -> None:
        file, at = self.house.file, self.house.now
        if clock.id.startswith(UPDATE):
            if step is None:
                missed(file, clock, at=at)
            else:
                remind_writer(file, clock)
            return
        if clock.id.startswith(WATCH):
            watched(file, clock.id, at=at)
        elif step is None:
            self._reached(clock)
        else:
            self._stepped(clock, step)
        if step is not None:
            self._remind(clock, step)

    def _reached(self, clock: ClockRun) -> None:
        file, at = self.house.file, self.house.now
        round_ = file.state.open_round(clock.stage or "")
        if clock.id == HANDOVER:
            note_missed(file, at=at)
        elif is_order(clock):
            reconsider(file, at=at)
            review(file, clock, at=at)
        elif round_ is not None and clock.stage == file.state.stage:
            allow_stand_in(file, round_, at=at)

    def _stepped(self, clock: ClockRun, step: Late) -> None:
        file, at = self.house.file, self.house.now
        round_ = file.state.open_round(clock.stage or "")
        if clock.id == HANDOVER:
            ask_for_note(file, at=at)
        elif step.do is not None:
            intend(file, step.do, stage=file.state.stage or "", at=at)
        elif step.go is not None:
            if clock.stage == file.state.stage and file.state.pending_outcome is None:
                file.state.pending_outcome = step.go
                file.state.pending_by = SYSTEM
        elif step.escalate is not None:
            stage, lawful = clock.stage or file.state.stage or "", "" if clock.stage else clock.id
            escalations.begin(
                file, step.escalate, stage=stage, clock=lawful, because=step.label, at=at
            )
        elif round_ is not None and round_.kind is RoundKind.ASK and step.page and step.instead_of:
            allow_backup(file, round_, step.page, step.instead_of, at=at)

    def _remind(self, clock: ClockRun, step: Late) -> None:
        file = self.house.file
        if file.state.shadow and (step.page or step.remind):
            purpose = Purpose.PAGE if step.page else Purpose.REMIND
            role = step.page or step.remind or clock.owner
            stage = clock.stage or file.state.stage
            file.tell(purpose, role, stage=stage, step=f"{clock.id} {step.label}")
        elif step.page:
            page = SimpleNamespace(purpose=SimpleNamespace(value="page"), role=step.page)
            self.world.notices.append(page)

    def _settle(self) -> None:
        """Everything that follows by itself has happened."""
        file, state = self.house.file, self.house.state
        while True:
            wishes, file.wishes = file.wishes, []
            for wish in wishes:
                if isinstance(wish, Do):
                    self._perform(wish.key)
                elif state.shadow and isinstance(wish, Tell | Note):
                    self._shadow(wish)
                elif isinstance(wish, Tell):
                    self.world.notices.append(wish)
                elif isinstance(wish, Look):
                    self._look_up(wish)
            if state.reassess:
                self._assess()
            if state.closing_act is not None and not state.closed:
                self._end(state.closing_act)
            elif state.pending_outcome is not None and file.stage is not None:
                self._walk(state.pending_outcome)
            elif not file.wishes:
                break
        if not state.closed:
            self.world.owed = self._rules()
        self.world.entries[CASE] = list[Entry](state.journal.pending)

    def _rules(self) -> list[FollowUp | None]:
        pathway = self.house.file.pathway
        return [pathway.owed_plan(rule.obligation) for rule in self.house.state.rules]

    def _look_up(self, wish: Look) -> None:
        found = self.world.deciders.get(wish.number, nobody_known(wish.number))
        pin_case(self.house.file, wish.question, found, at=self.house.now)
        ask_when_ready(self.house.file, at=self.house.now)

    def _perform(self, key: str) -> None:
        effect = self.house.state.effect(key)
        if effect is None or effect.state != "intended":
            return
        if self.house.state.shadow:
            found = would_look(effect)
            settle(self.house.file, effect, state=SHADOWED, at=self.house.now, found=found)
            return
        self.world.performed.append(effect)
        name = effect.part.action if effect.part is not None else effect.name
        result = self.world.effect_results.get(name, EffectResult(state=EffectState.DONE))
        settle(
            self.house.file,
            effect,
            state=result.state.value,
            at=self.house.now,
            found=result.found,
        )

    def _shadow(self, wish: Tell | Note) -> None:
        """As the errands of a shadow case do it; notes do not wait for company here."""
        file, at = self.house.file, self.house.now
        if isinstance(wish, Tell):
            not_told(file, notice_for(file, wish, at=at), at=at)
            return
        file.state.ticket_notes += 1
        key = key_of(CASE, "ticket", str(file.state.ticket_notes))
        said = wish.line.text if wish.line is not None else ""
        not_written(file, key=key, note=said, status=wish.status, opens=False, at=at)

    def _assess(self) -> None:
        state = self.house.state
        state.reassess = False
        before = state.facts()
        found = assess(self._runbook, {name: each.value for name, each in state.answers.items()})
        state.severity = state.severity.model_copy(
            update={"current": found.severity, "computed": found.severity, "row": str(found.row)}
        )
        self.house.file.note(Kind.SEVERITY_ASSESSED, self.house.now, row=str(found.row))
        severity_changed(self.house.file, before, at=self.house.now)

    def _walk(self, outcome: str) -> None:
        house = self.house
        stage = house.file.stage
        assert stage is not None
        leave(house.file, stage, outcome, at=house.now)
        gate = back_to(outcome)
        step = Next(then=gate) if gate is not None else stage.next[outcome]
        if step.then is not None:
            enter(house.file, house.file.pathway.stage(step.then), at=house.now)
            return
        house.state.closing_act = ClosingRecord(
            disposition=step.closes_as or "moved", by="escalate", at=house.now
        )

    def _end(self, closing: ClosingRecord) -> None:
        house = self.house
        close_case(house.file, closing, at=house.now, cancelled=False)
        owed = owed_after(house.file, closing.disposition, at=house.now)
        self.world.owed = [plan for plan, _ in owed]
        self.world.owed += self._rules()
        record_closed(house.file, at=house.now)
