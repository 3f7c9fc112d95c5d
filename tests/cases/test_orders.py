"""Non-disclosure orders: what they forbid is not done while they stand, and done afterwards."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.acts import Answer, Complete, Receipt, Resolution
from cases.clocks import take_due
from cases.effects import reconsider
from cases.file import Do
from cases.journal import Kind, check_chain
from cases.obligations.answers import answers_of
from cases.receipts import ActReceipt, Outcome, Reason
from cases.records import SUPPRESSED, ClosingRecord, EffectRecord
from cases.rules import unmet
from cases.stages import close_case
from cases.suppression import carried_on, is_order, owed_after, review
from runbooks.plan import OwedKind
from tests.cases.house import BEGIN, House

TEXT = (Path(__file__).parent / "orders.yaml").read_bytes()
DAY = timedelta(days=1)
NAMES = ("tell-user", "tell-cleared", "tell-others")


@dataclass
class Desk:
    """A case under orders, and the instants at which each effect was set going."""

    house: House = field(default_factory=lambda: House.of(text=TEXT))
    done: list[tuple[str, datetime]] = field(default_factory=list)

    def says(self, **answers: str) -> ActReceipt:
        """The questions are answered, and what follows has happened."""
        named = {name.replace("_", "-"): value for name, value in answers.items()}
        receipt = self.house.act(Answer(answers=named), person="tess", role="triage")
        self.go()
        return receipt

    def completes(self, outcome: str = "done") -> None:
        """The stage is left, and what it orders is under way."""
        body = Complete(stage="work", outcome=outcome)
        receipt = self.house.act(body, person="tess", role="triage")
        assert receipt.accepted
        self.go()

    def settles(self, name: str, resolution: Resolution, role: str = "triage") -> ActReceipt:
        """Somebody settles the effect."""
        body = Receipt(effect=self.effect(name).key, resolution=resolution, reference="mail 5")
        receipt = self.house.act(body, person="tess", role=role)
        self.go()
        return receipt

    def passes(self, by: timedelta) -> None:
        """So much later; what the orders' clocks bring about has happened."""
        house = self.house
        end = house.now + by
        while (coming := house.state.next_instant(house.now)) is not None and coming[0] <= end:
            house.now = max(house.now, coming[0])
            for clock, step, _ in take_due(house.file, at=house.now):
                if step is None and is_order(clock):
                    reconsider(house.file, at=house.now)
                    review(house.file, clock, at=house.now)
            self.go()
        house.now = end

    def go(self) -> None:
        """Every wish to act has been heard."""
        wishes, self.house.file.wishes = self.house.file.wishes, []
        for wish in wishes:
            if isinstance(wish, Do):
                effect = self.house.state.effect(wish.key)
                assert effect is not None
                self.done.append((effect.name, self.house.now))

    def effect(self, name: str) -> EffectRecord:
        """The newest order of the effect."""
        found = self.house.state.effect_named(name)
        assert found is not None
        return found

    def state_of(self, name: str) -> str:
        """Where the effect stands."""
        return self.effect(name).state

    def when(self, name: str) -> list[datetime]:
        """The instants at which it was set going."""
        return [at for done, at in self.done if done == name]

    def kinds(self) -> Iterator[Kind]:
        """What the journal says happened."""
        return (entry.kind for entry in self.house.state.journal.pending)


def in_days(days: int) -> str:
    """So many days after the case was opened."""
    return (BEGIN + days * DAY).isoformat()


def test_an_order_suppresses_the_notice_and_never_the_record() -> None:
    """The notice is not sent, nobody can say that it was, and the journal tells why."""
    desk = Desk()
    desk.says(non_disclosure="yes", non_disclosure_until=in_days(40), others="no")
    desk.completes()

    told = desk.settles("tell-user", Resolution.DONE)

    assert (told.outcome, told.reason) == (Outcome.REFUSED, Reason.GAGGED)
    assert [name for name, _ in desk.done] == ["tell-others"]
    entry = next(
        entry
        for entry in desk.house.state.journal.pending
        if entry.kind is Kind.EFFECT_SUPPRESSED and entry.body["effect"] == "tell-user"
    )
    assert (entry.body["order"], entry.body["until"]) == ("user", in_days(40))
    entries = desk.house.state.journal.pending
    assert check_chain(entries) == desk.house.state.journal.head


def test_an_order_that_cannot_be_ruled_out_stands() -> None:
    """Nobody has answered: what is told cannot be taken back, so it waits."""
    desk = Desk()

    desk.completes()

    assert not desk.done
    assert {desk.state_of(name) for name in NAMES} == {SUPPRESSED}


def test_what_was_suppressed_is_due_again_when_the_order_ends() -> None:
    """On the day the order ends the notice goes out, or waits for the clearance it needs anyway."""
    desk = Desk()
    desk.says(non_disclosure="yes", non_disclosure_until=in_days(40), others="no")
    desk.completes()

    desk.passes(39 * DAY)
    before = desk.when("tell-user")
    desk.passes(2 * DAY)

    assert (before, desk.when("tell-user")) == ([], [BEGIN + 40 * DAY])
    assert desk.state_of("tell-cleared") == "held-back"
    desk.settles("tell-cleared", Resolution.CLEAR, role="legal")
    assert desk.when("tell-cleared") == [desk.house.now]


def test_what_was_suppressed_is_due_again_when_the_order_is_lifted() -> None:
    """A person records that there is no order any more, and the notice goes at once."""
    desk = Desk()
    desk.says(non_disclosure="yes")
    desk.completes()
    desk.passes(5 * DAY)

    desk.says(non_disclosure="no")

    assert desk.when("tell-user") == [BEGIN + 5 * DAY]


def test_an_order_that_comes_late_still_suppresses() -> None:
    """What a person has not sent yet is suppressed too, and what is sent is sent."""
    desk = Desk()
    desk.says(non_disclosure="no", others="no")
    desk.completes()
    desk.effect("tell-user").state = "manual"
    desk.effect("tell-others").state = "done"

    desk.says(non_disclosure="yes", others="yes")

    assert [desk.state_of(name) for name in NAMES] == [SUPPRESSED, SUPPRESSED, "done"]


def test_an_order_without_an_end_is_reviewed_again_and_again() -> None:
    """Every review time the owner is asked whether it still stands."""
    desk = Desk()
    desk.says(non_disclosure="yes", others="no")
    desk.completes()

    desk.passes(100 * DAY)

    reviewed = [
        entry.at
        for entry in desk.house.state.journal.pending
        if entry.kind is Kind.CLOCK_RESTARTED and "order/" in str(entry.body["clock"])
    ]
    assert sorted(set(reviewed)) == [BEGIN + number * 30 * DAY for number in (1, 2, 3)]
    assert desk.state_of("tell-user") == SUPPRESSED


def test_the_case_need_not_wait_for_the_order() -> None:
    """It closes, and an obligation has what is still forbidden, due on the day the order ends."""
    desk = Desk()
    desk.says(non_disclosure="yes", non_disclosure_until=in_days(40), others="no")
    desk.completes()
    desk.effect("tell-others").state = "done"
    house = desk.house
    assert unmet(house.state, house.file.pathway, "told") == []

    closing = ClosingRecord(disposition="told", by="ines", at=house.now)
    close_case(house.file, closing, at=house.now, cancelled=False)
    owed = owed_after(house.file, "told", at=house.now)

    assert [(plan.name, plan.owner, due) for plan, due in owed] == [
        ("suppressed-tell-user", "triage", BEGIN + 40 * DAY),
        ("suppressed-tell-cleared", "triage", BEGIN + 40 * DAY),
    ]
    assert house.state.next_instant(house.now) is None


def test_nothing_is_carried_on_that_was_told() -> None:
    """Without an order there is no obligation."""
    desk = Desk()
    desk.says(non_disclosure="no", others="no")
    desk.completes()

    assert carried_on(desk.house.file, at=desk.house.now) == []


def test_what_is_carried_on_is_done_only_once_it_is_due() -> None:
    """Its owner says that the order was lifted, that it is done, or why it is not to be done."""
    plan = next(plan for plan in Desk().house.file.pathway.after_closing if plan.carries)

    known = answers_of(plan)

    assert plan.kind is OwedKind.SUPPRESSED
    assert (known["done"].when_due, known["lifted"].at_once, known["dropped"].needs_note) == (
        True,
        True,
        True,
    )


WISHES = st.one_of(
    st.tuples(st.just("order"), st.sampled_from(["yes", "no", "unknown"])),
    st.tuples(st.just("until"), st.integers(0, 120).map(str)),
    st.tuples(st.just("pass"), st.integers(1, 60).map(str)),
    st.tuples(st.just("again"), st.just("")),
    st.tuples(st.just("sent"), st.just("")),
)


@given(course=st.lists(WISHES, max_size=14))
def test_nobody_is_told_while_an_order_stands_and_nobody_is_forgotten(
    course: list[tuple[str, str]],
) -> None:
    """Whatever comes in whatever order: not told under an order, and never left without one."""
    desk = Desk()
    order, until = "unknown", None

    for what, said in course:
        before = len(desk.done)
        if what == "order":
            order = said
            desk.says(non_disclosure=said)
        elif what == "until":
            until = BEGIN + int(said) * DAY
            desk.says(non_disclosure_until=until.isoformat())
        elif what == "pass":
            desk.passes(int(said) * DAY)
        elif what == "again":
            desk.completes("again")
        elif desk.house.state.effect_named("tell-user") is not None:
            desk.settles("tell-user", Resolution.DONE)
        for name, at in desk.done[before:]:
            assert name != "tell-user" or order == "no" or (until is not None and until <= at)
        now = desk.house.now
        stands = order != "no" and (until is None or until > now)
        record = desk.house.state.effect_named("tell-user")
        if record is None:
            continue
        if record.state not in ("done", "intended"):
            assert (record.state == SUPPRESSED) is stands
        owed = {plan.carries: due for plan, due in carried_on(desk.house.file, at=now)}
        expected = until if until is not None else now + 30 * DAY
        assert owed.get("tell-user") == (expected if record.state == SUPPRESSED else None)


@pytest.mark.parametrize("name", NAMES)
def test_each_suppressed_effect_has_one_obligation_of_its_own(name: str) -> None:
    """The pathway knows what carries it on, so its dispatcher and its audit do too."""
    pathway = Desk().house.file.pathway

    assert [plan.name for plan in pathway.after_closing if plan.carries == name] == [
        f"suppressed-{name}"
    ]
