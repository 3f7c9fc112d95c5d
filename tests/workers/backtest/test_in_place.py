"""What was done, and what happened by itself, keep their order however slow the machine is."""

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from cases.acts import Decide, Verdict
from cases.clocks import take_due
from cases.effects import intend
from cases.envelope import Act, Actor, Door, RoundBinding, sign_act, verify_envelope
from cases.many import Part
from cases.notice import NoticeEnd, NoticeOrder, NoticeResult, OnCallNote, Purpose
from cases.setting import come
from runbooks.plan import Assurance, Severity
from tests.cases.house import CASE, House
from tests.cases.many import TEXT
from tests.cases.test_personal import authenticator, signature
from workers.backtest.answers import meaning
from workers.backtest.by_itself import LEAD, TICK, Happening, coming, happenings, in_order
from workers.backtest.signing_anew import signed_anew
from workers.backtest.world import moved
from workers.simulation.keys import DoorKeys
from workflows.effects import EffectOrder

BEGIN = datetime(2026, 1, 5, 9, tzinfo=UTC)
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
PAGE, TARGET = "clock triage#1 75%:legal", "clock triage#1 target"
STEPS = (Happening(PAGE, HOUR, 5), Happening(TARGET, 2 * HOUR, 9))
BEFORE, AFTER = (HOUR - SECOND, 4), (HOUR + SECOND, 6)


@pytest.mark.parametrize(
    "act, ahead, expected",
    [
        pytest.param(
            AFTER, (2 * SECOND, PAGE), HOUR + 2 * SECOND + TICK, id="after what it followed"
        ),
        pytest.param(BEFORE, (-2 * SECOND, PAGE), HOUR - 2 * SECOND - LEAD, id="before what came"),
        pytest.param(BEFORE, (SECOND, PAGE), HOUR + SECOND - LEAD, id="well before it"),
        pytest.param(AFTER, (2 * SECOND, "clock else"), HOUR + SECOND, id="a step of another text"),
        pytest.param(AFTER, (60 * SECOND, PAGE), HOUR + SECOND, id="a step that was moved"),
        pytest.param(AFTER, (HOUR, TARGET), HOUR + SECOND, id="a step far ahead"),
    ],
)
def test_an_act_comes_on_the_side_of_a_step_it_came_on(
    act: tuple[timedelta, int], ahead: tuple[timedelta, str], expected: timedelta
) -> None:
    """Seconds do not decide it, and a step of another time or another text does not either."""
    due, place = act
    later, what = ahead

    assert in_order(due, place, recorded=STEPS, ahead=[(HOUR + later, what)]) == expected


def test_an_act_between_two_steps_comes_after_the_first() -> None:
    """Where a machine's seconds leave no room, what it followed counts."""
    ahead = [(HOUR + 2 * SECOND, PAGE), (HOUR + 3 * SECOND, TARGET)]
    steps = (STEPS[0], Happening(TARGET, HOUR + 2 * SECOND, 9))

    assert in_order(*AFTER, recorded=steps, ahead=ahead) == HOUR + 2 * SECOND + TICK


def test_what_was_ahead_is_what_then_happened() -> None:
    """A picture and a journal call the steps of clocks and the set instants alike."""
    house = House.of(text=TEXT)
    intend(house.file, "take-down", stage="triage", at=BEGIN, instant=BEGIN + HOUR)
    ahead = {what for at, what in coming(cast("Any", house.state), at=BEGIN) if at <= BEGIN + HOUR}
    take_due(house.file, at=BEGIN + HOUR)
    for effect in come(house.file, at=BEGIN + HOUR):
        effect.state = "intended"
        house.file.note(
            cast("Any", "effect:action:intended"),
            BEGIN + HOUR,
            effect=effect.name,
            key=effect.key,
        )
    then = {each.what for each in happenings(house.state.journal.pending, opened=BEGIN)}

    assert "set take-down" in then
    assert any(what.startswith("clock triage#1 50%") for what in then)
    assert then == ahead


def action(step: int | None, compensates: str | None = None) -> EffectOrder:
    """An order for one step of many, or for the whole."""
    part = Part(
        of="k",
        action="lock",
        step=step or 1,
        steps=3,
        share="1%",
        first=1,
        last=2,
        total=9,
        listed="l",
    )
    return EffectOrder(
        key=f"key-{step}",
        case=CASE,
        number="1",
        name="lock",
        title="t",
        by="console",
        stage="ramp",
        compensates=compensates,
        part=part if step else None,
        at=BEGIN,
    )


def notice(step: str, purpose: Purpose = Purpose.PAGE) -> NoticeOrder:
    """A notice about that."""
    return NoticeOrder(
        key="n",
        case=CASE,
        number="1",
        purpose=purpose,
        role="legal",
        severity=Severity.SEV2,
        step=step,
        at=BEGIN,
    )


def test_each_step_of_an_effect_on_many_has_its_own_answer() -> None:
    """However they overtake one another: by effect, step and what it undoes, never by key."""
    orders = [action(None), action(1), action(2), action(2, "lock-step-2")]

    assert len({meaning(order) for order in orders}) == len(orders)
    assert meaning(action(1)) == meaning(action(1).model_copy(update={"key": "x", "case": "y"}))


def test_a_notice_about_an_effects_clock_is_the_same_one_in_another_run() -> None:
    """The key in the clock's name is another."""
    assert meaning(notice(f"clear/{'a' * 16} 75%")) == meaning(notice(f"clear/{'b' * 16} 75%"))
    assert meaning(notice("x")) != meaning(notice("x", Purpose.REMIND))


def test_an_answer_names_instants_of_this_run() -> None:
    """Until when a notice is kept, and as of when a rota said who is on call."""
    note = OnCallNote(team="legal", as_of=BEGIN, on_call=("lena",))
    said = NoticeResult(end=NoticeEnd.HELD, later=BEGIN + HOUR, on_call=(note,))

    assert moved(said, HOUR) == NoticeResult(
        end=NoticeEnd.HELD,
        later=BEGIN + 2 * HOUR,
        on_call=(note.model_copy(update={"as_of": BEGIN + HOUR}),),
    )


@pytest.mark.parametrize("kind", [{"synced": False}, {"synced": True}])
def test_what_a_person_signed_is_signed_anew(kind: dict[str, bool]) -> None:
    """By a key of the play, of the kind theirs was: the old signature names another case."""
    at = datetime(2026, 1, 1, 12, tzinfo=UTC)
    keys = DoorKeys.made(at=at)
    was = signature(authenticator(**kind))
    act = Act(
        act="a",
        case="case/here",
        actor=Actor(person="lena", roles=("legal",), directory_digest="0", directory_as_of=at),
        role="legal",
        assurance=Assurance.L3,
        door=Door.WEB,
        signed_at=at,
        body=Decide(gate="g", verdict=Verdict.APPROVE),
        binding=RoundBinding(gate="g", round=1, revision=1, content_hash="a" * 64, nonce="n"),
        personal=was,
    )
    anew = signed_anew(act, keys=keys, at=at)
    envelope = sign_act(anew, key=keys.door, certificate=keys.certificate)
    root = keys.root.public_key().public_bytes_raw()

    assert anew.personal is not None
    assert anew.personal.key.device_bound is not kind["synced"]
    assert verify_envelope(envelope, case="case/here", root=root) == anew
