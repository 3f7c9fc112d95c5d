"""Effects are set for one instant, pulled forward by a leak, or called off before it (C8)."""

from datetime import timedelta

from cases.acts import Cancel, Dissent, Hold, Resolution, Resume
from cases.journal import Kind
from cases.receipts import Reason
from tests.cases.many import Many

IN_TWO_DAYS = timedelta(days=2)


def set_for(case: Many, by: timedelta = IN_TWO_DAYS) -> None:
    """One gate has approved that two effects happen at that instant."""
    case.answer(**{"commit-at": (case.house.now + by).isoformat()})
    case.complete("together")
    case.vote("lena", "legal", gate="together-review")


def states(case: Many) -> dict[str, str]:
    """How the effects stand."""
    return {effect.name: effect.state for effect in case.house.state.effects}


def test_everything_set_for_an_instant_happens_at_it_and_not_before() -> None:
    """One commit time: all of it is ordered in the same instant."""
    case = Many()
    set_for(case)
    case.later(IN_TWO_DAYS - timedelta(seconds=1))
    assert states(case) == {"take-down": "set", "tell-partners": "set"}
    case.later(timedelta(seconds=1))

    assert states(case) == {"take-down": "intended", "tell-partners": "intended"}
    ordered = [
        entry.at for entry in case.house.state.journal.pending if entry.kind is Kind.EFFECT_INTENDED
    ]
    assert set(ordered) == {case.house.now}
    case.answer_all()
    assert case.house.state.stage == "closure"


def test_a_leak_pulls_everything_forward() -> None:
    """Ordered again without an instant, what is set happens now, once."""
    case = Many()
    set_for(case)
    case.later(timedelta(hours=1))
    case.complete("leak")

    assert states(case) == {"take-down": "intended", "tell-partners": "intended"}
    case.answer_all()
    case.later(IN_TWO_DAYS)
    assert states(case) == {"take-down": "done", "tell-partners": "done"}


def test_what_is_called_off_before_its_instant_never_happens() -> None:
    """The outcome that undoes it withdraws it: there is nothing to compensate."""
    case = Many()
    set_for(case)
    case.complete("called-off")
    case.later(IN_TWO_DAYS)

    assert states(case) == {"take-down": "skipped", "tell-partners": "skipped"}


def test_one_of_them_can_be_called_off_by_hand() -> None:
    """A receipt cannot say that it was done already; it can say that it will not be."""
    case = Many()
    set_for(case)
    effect = case.house.state.effects[0]

    assert case.receipt(effect, Resolution.DONE).reason is Reason.SETTLED
    assert case.receipt(effect, Resolution.SKIP).accepted
    case.later(IN_TWO_DAYS)
    assert states(case) == {"take-down": "skipped", "tell-partners": "intended"}


def test_an_instant_is_approved_only_while_it_lies_ahead() -> None:
    """Nobody approves what would happen at once under the name of a plan, or without an instant."""
    case = Many()
    case.complete("together")
    assert case.vote("lena", "legal", gate="together-review").reason is Reason.UNANSWERED
    case.answer(**{"commit-at": (case.house.now + timedelta(hours=1)).isoformat()})
    case.later(timedelta(hours=1))

    assert case.vote("lena", "legal", gate="together-review").reason is Reason.NOT_AHEAD


def test_while_the_case_is_held_nothing_set_happens() -> None:
    """Once work goes on, what should have happened in the meantime happens at once."""
    case = Many()
    set_for(case)
    hold = Hold(reason="wait", review_at=case.house.now + timedelta(days=9))
    case.house.act(hold, person="ines", role="incident-manager")
    case.later(timedelta(days=3))
    assert set(states(case).values()) == {"set"}
    case.house.act(Resume(), person="ines", role="incident-manager")
    case.later(timedelta(0))

    assert set(states(case).values()) == {"intended"}


def test_an_objection_calls_it_off_until_it_is_decided() -> None:
    """The case goes back to its gate; approved again, it is set again."""
    case = Many()
    set_for(case)
    body = Dissent(gate="together-review", reason="too early")
    case.house.act(body, person="pia", role="policy")
    assert set(states(case).values()) == {"skipped"}
    case.vote("eve", "executive", gate="together-review")

    assert [effect.state for effect in case.house.state.effects] == ["skipped"] * 2 + ["set"] * 2


def test_a_case_with_something_set_is_not_cancelled() -> None:
    """It is called off first, on record."""
    case = Many()
    set_for(case)
    refused = case.house.act(Cancel(reason="a test"), person="ines", role="incident-manager")

    assert refused.reason is Reason.UNMET
