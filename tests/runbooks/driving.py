"""Drives a case, without an engine, along a way that lint has printed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from cases.acts import Answer, Close, Complete, Decide, Evidence, Memo, Receipt, Resolution, Verdict
from cases.clocks import take_due
from cases.effects import intend, settle
from cases.file import SYSTEM
from cases.gate import Round
from cases.outcomes import allow_stand_in, take_silence
from cases.receipts import ActReceipt
from cases.rounds import memo_missing
from cases.rules import may_vote
from cases.severity import severity_changed
from cases.stages import enter, leave
from runbooks.plan import SKIPPED, AnswerKind, Late, Severity
from runbooks.quorums import roles_in
from tests.cases.house import House

MOVE = re.compile(r"(\S+) -([a-z0-9-]+?)( \(by (?:silence|itself)\))?-> (\S+)")
VOTE = re.compile(r"(\S+): (\S+) (approves|rejects)")
TIME = re.compile(r"(\S+): (\S+) of the time passes")

VERDICTS = {
    "approved": Verdict.APPROVE,
    "rejected": Verdict.REJECT,
    "more-information": Verdict.MORE_INFORMATION,
}


@dataclass
class Drive:
    """One case and the people of its directory: nine of every role, unless they are counted."""

    house: House
    directory: Mapping[str, int] = field(default_factory=dict)
    steps: list[Late] = field(default_factory=list)
    """Every late step that came."""
    busy: set[str] = field(default_factory=set)
    """Who has decided something; whoever has not goes first, so that exclusions bite."""

    @classmethod
    def of(cls, text: bytes, *, directory: Mapping[str, int] | None = None) -> "Drive":
        """A case that stands at the beginning of the runbook."""
        return cls(house=House.of(text=text), directory=directory or {})

    def along(self, way: tuple[str, ...]) -> None:
        """Every step of the way was possible, and has been taken."""
        self._as_grave_as(way)
        for step in way:
            if move := MOVE.fullmatch(step):
                self._move(move[1], move[2], (move[3] or "").strip(" ()"), to=move[4])
            elif vote := VOTE.fullmatch(step):
                verdict = Verdict.APPROVE if vote[3] == "approves" else Verdict.REJECT
                self.vote(vote[2], verdict)
            elif time := TIME.fullmatch(step):
                self._until_the_step(time[1], time[2])
            else:
                raise AssertionError(step)

    def _as_grave_as(self, way: tuple[str, ...]) -> None:
        """The case has a severity at which it stops at the stages of the way, or passes them."""
        moves = [found for found in map(MOVE.fullmatch, way) if found]
        passed = {move[1]: move[2] == SKIPPED for move in moves}
        kept = [stage for stage in self.house.file.pathway.stages if stage.only_at]
        self.grade(
            next(
                severity
                for severity in reversed(Severity)
                if all(stage.comes_at(severity) != passed.get(stage.name, False) for stage in kept)
            )
        )

    def grade(self, severity: Severity) -> None:
        """The severity is that one now."""
        house = self.house
        before = house.state.facts()
        house.state.severity = house.state.severity.model_copy(update={"current": severity})
        severity_changed(house.file, before, at=house.now)

    # -- people ------------------------------------------------------------------------------------

    def people(self, role: str) -> list[str]:
        """Everybody who holds the role."""
        return [f"{role}-{number + 1}" for number in range(self.directory.get(role, 9))]

    def round(self) -> Round:
        """The round that is open at the gate the case stands at; its memo is written first."""
        stage = self.house.file.stage
        assert stage is not None
        assert stage.gate is not None
        missing = memo_missing(self.house.file, stage.name, stage.gate)
        if missing:
            memo = Memo(gate=stage.name, fields=dict.fromkeys(missing, "written"))
            assert self.house.act(memo, person="writer", role=stage.owner).accepted
        round_ = self.house.state.open_round(stage.name)
        assert round_ is not None
        return round_

    def able(self, role: str) -> list[str]:
        """Who of the role may vote in the round that is open, and has not."""
        round_ = self.round()
        return [
            person
            for person in self.people(role)
            if not may_vote(self.house.file, round_, person=person, role=role)
            and round_.vote_of(person) is None
        ]

    def vote(self, role: str, verdict: Verdict) -> ActReceipt:
        """One more person of the role has voted."""
        gate = self.round().gate
        person = self._fresh(self.able(role))
        decide = Decide(gate=gate, verdict=verdict, reason="for this reason")
        receipt = self.house.act(decide, person=person, role=role)
        assert receipt.accepted, receipt
        return receipt

    def _fresh(self, people: list[str]) -> str:
        person = next((each for each in people if each not in self.busy), people[0])
        self.busy.add(person)
        return person

    def close(self, disposition: str) -> ActReceipt:
        """Everything people can add has been added, and somebody has tried to close the case."""
        house = self.house
        for effect in list(house.state.effects):
            if effect.open:
                done = Receipt(effect=effect.key, resolution=Resolution.DONE, reference="done")
                assert house.act(done, person="manager", role="incident-manager").accepted
        for name in house.file.pathway.questions:
            self._answer(name)
        item = Evidence(label="item", reference="store", digest="0" * 64)
        house.act(item, person="manager", role="incident-manager")
        close = Close(disposition=disposition, record="as decided", lessons="learnt")
        return house.act(close, person="manager", role=house.file.pathway.closure.owner)

    def _answer(self, name: str) -> None:
        if name in self.house.state.answers:
            return
        question = self.house.file.pathway.questions[name]
        value = {
            AnswerKind.YES_NO: "no",
            AnswerKind.YES_NO_UNKNOWN: "no",
            AnswerKind.NUMBER: "1",
            AnswerKind.INSTANT: self.house.now.isoformat(),
        }.get(question.kind, question.choices[0] if question.choices else "reference")
        receipt = self.house.act(
            Answer(answers={name: value}), person="manager", role="incident-manager"
        )
        assert receipt.accepted, receipt
        # The severity table has nothing new to say; what waits for it is asked now.
        before = self.house.state.facts()
        self.house.state.reassess = False
        severity_changed(self.house.file, before, at=self.house.now)

    # -- moves -------------------------------------------------------------------------------------

    def _move(self, stage: str, outcome: str, by: str, *, to: str) -> None:
        house = self.house
        assert house.state.stage == stage or outcome == SKIPPED
        plan = house.file.pathway.stage(stage)
        if by == "by silence":
            if plan.gate is not None:
                self.round()
            self._until_silence(outcome)
        elif outcome == SKIPPED:
            pass  # It was passed over when the case came to it.
        elif by == "by itself":
            self._until_done(plan.skip_when_done or "")
        elif plan.gate is not None:
            self._decide(outcome)
        else:
            for name in plan.needs:
                self._answer(name)
            complete = Complete(stage=stage, outcome=outcome)
            person = self._fresh(self.people(plan.owner))
            assert house.act(complete, person=person, role=plan.owner).accepted
        came = [
            visit.stage
            for visit in house.state.visits
            if visit.left_at is None or visit.outcome == SKIPPED
        ]
        assert to in came or plan.next[outcome].move_to == to
        before = [visit for visit in house.state.visits if visit.stage == stage][-1]
        if before.left_at is None:
            before = [visit for visit in house.state.visits if visit.stage == stage][-2]
        assert before.outcome == outcome

    def _decide(self, outcome: str) -> None:
        round_ = self.round()
        if outcome == "more-information":
            self.vote(round_.approving[0], Verdict.MORE_INFORMATION)
            return
        quorum = round_.approve if outcome == "approved" else round_.reject
        for party, number in quorum.items():
            roles = roles_in(party)
            # Of several roles so many have a voice; of one role so many people.
            for role in roles[:number] if len(roles) > 1 else roles * number:
                self.vote(role, VERDICTS[outcome])

    # -- time --------------------------------------------------------------------------------------

    def pass_time(self, by: timedelta) -> None:
        """So much later; whatever clocks bring about in the meantime has come about."""
        house = self.house
        end = house.now + by
        visits = len(house.state.visits)
        while house.now < end and len(house.state.visits) == visits:
            coming = house.state.next_instant(house.now)
            house.now = min(end, max(coming[0], house.now)) if coming is not None else end
            self._take_due()

    def _take_due(self) -> None:
        """As the engine takes them (workflows/deadlines.py), without its notices."""
        house = self.house
        for clock, step, _ in take_due(house.file, at=house.now):
            if clock.reading(house.now).ended:
                continue
            if step is not None:
                self.steps.append(step)
            here = clock.stage is not None and clock.stage == house.state.stage
            if step is None and here:
                self._silence(clock.stage or "")
            elif step is not None and step.do is not None:
                intend(house.file, step.do, stage=house.state.stage or "", at=house.now)
            elif step is not None and step.go is not None and here:
                house.state.pending_outcome = step.go
                house.state.pending_by = SYSTEM
            self._step_on()

    def _silence(self, gate: str) -> None:
        house = self.house
        rule, round_ = house.file.gate_rule(gate), house.state.open_round(gate)
        if rule is None or round_ is None:
            return
        if rule.silence.stand_in is not None:
            allow_stand_in(house.file, round_, at=house.now)
        if rule.silence.go is not None:
            take_silence(house.file, round_, rule.silence.go, at=house.now)

    def _until_silence(self, outcome: str) -> None:
        house = self.house
        visits = len(house.state.visits)
        stage = house.file.stage
        assert stage is not None
        self.pass_time(stage.within * 3)
        assert len(house.state.visits) == visits + 1, f"time does not take {outcome}"

    def _until_done(self, name: str) -> None:
        house = self.house
        if house.state.pending_outcome is None:
            effect = house.state.effect_named(name)
            if effect is None:
                self.pass_time(timedelta(hours=1))
                effect = house.state.effect_named(name)
            assert effect is not None
            settle(house.file, effect, state="done", at=house.now)
        assert house.state.pending_outcome == "done"
        self._step_on()

    def _until_the_step(self, clock: str, label: str) -> None:
        house = self.house
        plan = next((each for each in house.file.pathway.clocks if each.id == clock), None)
        late = plan.late if plan is not None else house.file.pathway.stage(clock).late
        step = next(each for each in late if each.label == label)
        self.pass_time(step.at)
        assert step in self.steps

    def _step_on(self) -> None:
        """One stage further, if the one the case stands in is over; never more than one."""
        house = self.house
        stage, outcome = house.file.stage, house.state.pending_outcome
        if stage is None or outcome is None:
            return
        step = leave(house.file, stage, outcome, at=house.now)
        if step.then is not None:
            enter(house.file, house.file.pathway.stage(step.then), at=house.now)
