"""Whatever people, the outside and time do to an effect on many, its promises hold."""

from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from cases.acts import Dissent, Hold, Resolution, Resume, Verdict
from cases.journal import Kind, check_chain
from cases.records import IN_STEPS, ROLLED_BACK, ROLLING_BACK, EffectRecord
from tests.cases.many import LOCK, THRESHOLD, Many


class EffectOnMany(RuleBasedStateMachine):
    """One case: its people vote, object, look and stop; the outside answers late, or fails."""

    @initialize(accounts=st.integers(1, 5_000))
    def opened(self, accounts: int) -> None:
        """So many accounts are on the list."""
        self.case = Many(accounts)

    @property
    def whole(self) -> list[EffectRecord]:
        """Every time the effect was ordered."""
        return [effect for effect in self.case.house.state.effects if effect.name == LOCK]

    @rule(outcome=st.sampled_from(["few", "many", "again", "undo", "review"]))
    def completed(self, outcome: str) -> None:
        """Somebody completes the stage, or is refused."""
        self.case.complete(outcome)

    @rule(
        who=st.sampled_from([("enid", "engineering"), ("pia", "policy"), ("eve", "executive")]),
        verdict=st.sampled_from([Verdict.APPROVE, Verdict.APPROVE, Verdict.REJECT]),
    )
    def voted(self, who: tuple[str, str], verdict: Verdict) -> None:
        """Somebody votes, or is refused."""
        self.case.vote(*who, verdict=verdict)

    @rule(accounts=st.integers(1, 5_000))
    def counted_anew(self, accounts: int) -> None:
        """The number changes."""
        self.case.answer(accounts=str(accounts))

    @rule(state=st.sampled_from(["done", "done", "done", "failed", "manual"]), data=st.data())
    def answered(self, state: str, data: st.DataObject) -> None:
        """The outside answers one of the orders."""
        ordered = [item for item in self.case.house.state.effects if item.state == "intended"]
        if ordered:
            self.case.settle(data.draw(st.sampled_from(ordered)), state)

    @rule(resolution=st.sampled_from(list(Resolution)), data=st.data())
    def settled_by_hand(self, resolution: Resolution, data: st.DataObject) -> None:
        """Somebody settles an effect by hand, or is refused."""
        if self.case.house.state.effects:
            effect = data.draw(st.sampled_from(self.case.house.state.effects))
            self.case.receipt(effect, resolution)

    @precondition(lambda self: self.whole)
    @rule(checked=st.integers(1, 200), data=st.data())
    def looked(self, checked: int, data: st.DataObject) -> None:
        """Somebody says what they saw."""
        self.case.look(checked, data.draw(st.integers(0, max(1, checked // 10))))

    @precondition(lambda self: self.whole)
    @rule()
    def stopped(self) -> None:
        """Somebody presses the button."""
        self.case.roll_back()

    @rule(held=st.booleans())
    def held_or_resumed(self, held: bool) -> None:  # noqa: FBT001 - drawn
        """Work is held, or goes on."""
        now = self.case.house.now
        body = Hold(reason="wait", review_at=now + timedelta(days=30)) if held else Resume()
        self.case.house.act(body, person="ines", role="incident-manager")

    @rule()
    def objected(self) -> None:
        """Somebody objects to the approval, or is refused."""
        body = Dissent(gate="review", reason="the list is old")
        self.case.house.act(body, person="olga", role="policy")

    @rule(minutes=st.sampled_from([1, 29, 31, 150]))
    def later(self, minutes: int) -> None:
        """Time passes."""
        self.case.later(timedelta(minutes=minutes))

    @invariant()
    def never_more_than_was_approved(self) -> None:
        """What is ordered is cut from what was counted, without gaps, and approved as a whole."""
        approved = {
            (entry.body["gate"], entry.body["round"])
            for entry in self.entries
            if entry.kind is Kind.ROUND_CLOSED and entry.body["state"] == "approved"
        }
        used: list[tuple[str, int | None]] = []
        for effect in self.whole:
            run = effect.run
            steps = self._parts(effect, undo=False)
            if run is None:
                assert steps == []
                continue
            reached = 0
            for step in steps:
                assert step.part is not None
                assert (step.part.first, step.part.total) == (reached + 1, run.total)
                reached = step.part.last
            assert reached <= run.total
            if run.total > THRESHOLD:
                assert (run.gate, run.round) in approved
                used.append((run.gate, run.round))
        assert len(used) == len(set(used))

    @invariant()
    def no_step_before_the_one_before_was_done_and_seen(self) -> None:
        """Each step but the newest was done, and looked at before the next was ordered."""
        for effect in self.whole:
            steps = self._parts(effect, undo=False)
            for number, step in enumerate(steps[:-1], start=1):
                assert step.state == "done"
                assert effect.run is not None
                assert any(look.step == number for look in effect.run.looks)

    @invariant()
    def rollback_undoes_exactly_what_was_done(self) -> None:
        """Nothing is undone that was not done, or twice; rolled back means that all of it was."""
        for effect in self.whole:
            done = {s.name for s in self._parts(effect, undo=False) if s.state == "done"}
            undoing = [item.compensates for item in self._parts(effect, undo=True)]
            assert len(undoing) == len(set(undoing))
            if effect.state in (ROLLING_BACK, ROLLED_BACK):
                assert set(undoing) == done
            else:
                assert undoing == []
            if effect.state == ROLLED_BACK:
                assert all(u.state == "done" for u in self._parts(effect, undo=True))

    @invariant()
    def at_most_one_stands(self) -> None:
        """The effect is never carried out twice at once, and its record is whole."""
        standing = [e for e in self.whole if e.state in (IN_STEPS, ROLLING_BACK, "done")]
        assert len(standing) <= 1
        assert check_chain(self.entries) == self.case.house.state.journal.head

    @property
    def entries(self) -> list:  # type: ignore[type-arg]
        """The case's record."""
        return self.case.house.state.journal.pending

    def _parts(self, effect: EffectRecord, *, undo: bool) -> list[EffectRecord]:
        return [
            item
            for item in self.case.house.state.effects
            if item.part is not None
            and item.part.of == effect.key
            and (item.compensates is not None) == undo
        ]


TestEffectOnMany = EffectOnMany.TestCase
TestEffectOnMany.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
