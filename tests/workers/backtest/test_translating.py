"""What an act of a record is about is found in another run by its name, whatever its key is."""

import typing
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from cases import acts
from cases.acts import ActBody, Decide, Receipt, Reply, Resolution, Verdict
from cases.acts_at_gates import Condition
from cases.acts_between_cases import LinkTo
from cases.acts_on_many import Observe, RollBack
from cases.acts_on_tasks import Finish, HandOn, SetTask
from cases.effects import intend
from cases.envelope import Act, ActingFor, Actor, Door, RoundBinding
from cases.file import CaseFile
from cases.gate import Round
from cases.journal import Kind
from cases.records import InformationRequest
from cases.state import CasePicture, picture
from cases.task_work import open_task
from cases.tasks import CONDITION, PERSON
from cases.values import Inbound
from runbooks.plan import Assurance, CallBackResult
from tests.cases.house import BEGIN, CASE, House
from tests.cases.many import TEXT
from workers.backtest.naming import Names, elsewhere, unkeyed
from workers.backtest.recorded import Done, Recorded
from workers.backtest.translating import SAME, TURNED, subject, translated

HOUR = timedelta(hours=1)
SHIFT = timedelta(days=100, hours=3)
THERE, HERE = CASE, "case/zyxwvutsrqponmlkjihgfedcba"
LOCK = "lock"


def asked(file: CaseFile, gate: str, *, request: str = "", kind: Kind) -> None:
    """Somebody is asked for something by a request."""
    name = request or f"info-{len(file.state.requests) + 1}"
    file.state.requests.append(
        InformationRequest(
            id=name, gate=gate, round=1, asked_by="lena", question="which?", at=BEGIN
        )
    )
    file.note(kind, BEGIN, request=name, gate=gate or None, by="lena")


def owed(file: CaseFile, what: str, origin: str = PERSON, gate: str | None = None) -> None:
    """Triage owes the case something."""
    open_task(
        file,
        what=what,
        owner="triage",
        due=BEGIN + HOUR,
        origin=origin,
        by="lena",
        at=BEGIN,
        gate=gate,
    )


def furnished(case: str, *, more: bool) -> House:
    """A case with everything in it that acts are about; with `more`, other things came sooner."""
    house = House.of(text=TEXT)
    file = house.file
    if more:
        asked(file, "together-review", kind=Kind.INFORMATION_ASKED)
        asked(file, "", request="handover-1", kind=Kind.HANDOVER_ASKED)
        owed(file, "something else")
    asked(file, "review", kind=Kind.INFORMATION_ASKED)
    asked(file, "", request="update-press-1", kind=Kind.UPDATE_ASKED)
    asked(file, "review", kind=Kind.INFORMATION_ASKED)
    owed(file, "the bank's trail")
    owed(file, "the bank's trail")
    owed(file, "the bank's trail", CONDITION, "review")
    assert house.act(
        acts.Answer(answers={"accounts": "400", "account-list": "list-3"}),
        person="tess",
        role="triage",
    ).accepted
    # The keys of effects follow from it; the door of this test signs for the other one.
    house.state.case = case
    intend(file, LOCK, stage="triage", at=BEGIN)
    intend(file, "take-down", stage="triage", at=BEGIN, instant=BEGIN + HOUR)
    return house


RECORD, PLAY = furnished(THERE, more=False), furnished(HERE, more=True)
PICTURE = CasePicture.model_validate(picture(PLAY.state) | {"journal": {"case": HERE}})
RECORDED = cast(
    "Recorded",
    SimpleNamespace(
        names=Names.told(RECORD.state.journal.pending),
        opened=BEGIN,
        request=SimpleNamespace(pathway=RECORD.file.pathway),
    ),
)


def effect(house: House, name: str) -> str:
    """The key of the effect in that case."""
    found = house.state.effect_named(name)
    assert found is not None
    return found.key


def signed(body: ActBody, **more: Any) -> Done:
    """The act as it was recorded."""
    act = Act(
        act="0-0",
        case=THERE,
        actor=Actor(
            person="tess",
            roles=("triage",),
            directory_digest="0" * 64,
            directory_as_of=BEGIN,
            acting_for=ActingFor(
                person="toni",
                roles=("triage",),
                since=BEGIN - HOUR,
                until=BEGIN + HOUR,
                delegation="d-1",
            ),
        ),
        role="triage",
        assurance=Assurance.L2,
        door=Door.WEB,
        signed_at=BEGIN,
        body=body,
        **more,
    )
    return Done(at=HOUR, signed=HOUR, act=act, accepted=True, asked=timedelta(0))


def here(done: Done, shown: CasePicture = PICTURE) -> Act:
    """The same in the other case."""
    at = BEGIN + SHIFT + HOUR
    return translated(done, shown, RECORDED, begun=BEGIN + SHIFT, at=at)


def condition(due: datetime) -> Condition:
    """What an approval is given on."""
    return Condition(what="tell them", owner="triage", due=due)


STEP = f"{LOCK}-step-1"
REFERENCES: dict[str, tuple[ActBody, dict[str, object]]] = {
    "a receipt for an effect": (
        Receipt(effect=effect(RECORD, "take-down"), resolution=Resolution.DONE),
        {"effect": effect(PLAY, "take-down")},
    ),
    "a receipt for one step of many": (
        Receipt(effect=effect(RECORD, STEP), resolution=Resolution.RETRY),
        {"effect": effect(PLAY, STEP)},
    ),
    "a look at an effect on many": (
        Observe(effect=effect(RECORD, LOCK), checked=3, wrong=0),
        {"effect": effect(PLAY, LOCK)},
    ),
    "an effect on many undone": (
        RollBack(effect=effect(RECORD, LOCK), reason="wrong list"),
        {"effect": effect(PLAY, LOCK)},
    ),
    "a receipt for what never was": (
        Receipt(effect="0" * 40, resolution=Resolution.DONE),
        {"effect": "0" * 40},
    ),
    "the first question of a gate": (Reply(request="info-1", text="t"), {"request": "info-3"}),
    "its second question": (Reply(request="info-3", text="t"), {"request": "info-5"}),
    "an update": (
        Reply(request="update-press-1", text="t"),
        {"request": "update-press-1"},
    ),
    "a task settled": (Finish(task="task-2"), {"task": "task-3"}),
    "a condition settled": (Finish(task="task-3"), {"task": "task-4"}),
    "a task handed on": (HandOn(task="task-1", owner="legal"), {"task": "task-2"}),
    "a task set": (
        SetTask(what="w", owner="triage", due=BEGIN + HOUR),
        {"due": BEGIN + SHIFT + HOUR},
    ),
    "a hold": (
        acts.Hold(reason="r", review_at=BEGIN + HOUR),
        {"review_at": BEGIN + SHIFT + HOUR},
    ),
    "a call": (
        acts.CallBack(
            agency="a", number="1", source="s", called_at=BEGIN, result=CallBackResult.CONFIRMED
        ),
        {"called_at": BEGIN + SHIFT},
    ),
    "an approval with conditions": (
        Decide(gate="review", verdict=Verdict.CONDITIONS, conditions=(condition(BEGIN + HOUR),)),
        {"conditions": (condition(BEGIN + SHIFT + HOUR),)},
    ),
    "an instant that was answered": (
        acts.Answer(answers={"commit-at": BEGIN.isoformat(), "account-list": BEGIN.isoformat()}),
        {
            "answers": {
                "commit-at": (BEGIN + SHIFT).isoformat(),
                "account-list": BEGIN.isoformat(),
            }
        },
    ),
    "an obligation extended": (
        acts.Extend(obligation="o", turn=1, until=BEGIN + HOUR, reason="r"),
        {"until": BEGIN + SHIFT + HOUR},
    ),
    "work done": (acts.Complete(stage="triage", outcome="few"), {}),
    "another case": (LinkTo(number="77", case="case/77"), {}),
}


@pytest.mark.parametrize("name", REFERENCES)
def test_an_act_is_about_the_same_thing_in_another_run(name: str) -> None:
    """Its body says here what it said there, and nothing else of it is another."""
    body, expected = REFERENCES[name]

    assert here(signed(body)).body == body.model_copy(update=expected)


def test_an_act_is_signed_in_this_case_and_this_time() -> None:
    """Its case, its instants and its delegation are of here; whose it is stays."""
    act = here(signed(acts.Resume()))

    assert (act.case, act.signed_at) == (HERE, BEGIN + SHIFT + HOUR)
    assert (act.actor.person, act.actor.directory_as_of) == ("tess", act.signed_at)
    assert act.actor.acting_for is not None
    assert act.actor.acting_for.since == BEGIN + SHIFT - HOUR
    assert act.actor.acting_for.until == BEGIN + SHIFT + HOUR


def test_a_vote_is_bound_to_the_round_that_is_asked_here() -> None:
    """To the open one, by its own nonce and hash."""
    shown = RoundBinding(gate="review", round=1, revision=1, content_hash="a" * 64, nonce="there")
    asked_here = Round.model_validate(
        {
            "gate": "review",
            "number": 2,
            "revision": 4,
            "content_hash": "b" * 64,
            "nonce": "here",
            "asked_at": BEGIN,
            "facts": {},
            "approve": {"legal": 1},
            "reject": {"legal": 1},
        }
    )
    case = PICTURE.model_copy(update={"rounds": [asked_here]})
    act = here(signed(Decide(gate="review", verdict=Verdict.APPROVE), binding=shown), case)

    assert act.binding == RoundBinding(
        gate="review", round=2, revision=4, content_hash="b" * 64, nonce="here"
    )


def test_what_is_not_there_yet_is_known_to_be_missing() -> None:
    """An act about it waits: it is not taken for one about nothing."""
    empty = CasePicture.model_validate(
        picture(House.of(text=TEXT).state) | {"journal": {"case": HERE}}
    )

    for body, expected in REFERENCES.values():
        if expected.keys() & {"effect", "request", "task"} and body.verb != "receipt":
            assert subject(body, empty, RECORDED) is None


def test_a_journal_and_a_picture_give_the_same_names() -> None:
    """Whichever of them is read, the same thing is called the same."""
    for house in (RECORD, PLAY):
        told, seen = Names.told(house.state.journal.pending), Names.of(cast("Any", house.state))
        assert told == seen
        assert {"lock", "lock-step-1", "take-down"} <= {name for name, _ in told.effects.values()}


def test_clocks_of_an_effect_are_called_after_it() -> None:
    """Their ids carry a part of its key, which no two runs share."""
    names = [
        [Names.of(cast("Any", house.state)).clock(f"watch/{effect(house, LOCK)[:16]}/1")]
        for house in (RECORD, PLAY)
    ]

    assert names == [["watching/lock/1/1"], ["watching/lock/1/1"]]
    assert unkeyed(f"clear/{'0' * 16} 75%") == "clearance 75%"


def test_a_thing_without_a_name_keeps_its_key() -> None:
    """And one whose name nothing has here has none."""
    assert elsewhere("k", {}, {}) == "k"
    assert elsewhere("k", {"k": ("lock", 2)}, {"h": ("lock", 1)}) is None


def _bodies() -> set[type[Inbound]]:
    union = typing.get_args(acts.ActBody)[0]
    return set(typing.get_args(union))


def test_every_verb_is_in_one_of_the_tables() -> None:
    """A new verb is not forgotten: somebody has said what of it is another in another run."""
    assert TURNED.keys() | SAME == _bodies()
    assert not TURNED.keys() & SAME


@pytest.mark.parametrize("body", sorted(_bodies(), key=str))
def test_every_instant_and_every_reference_is_turned(body: type[Inbound]) -> None:
    """Whatever holds an instant, or the key of something in the case, is in the table."""
    pointing = {"effect", "request", "task"}
    for name, field in body.model_fields.items():
        if name in pointing or "datetime" in str(field.annotation) or "Condition" in str(field):
            assert name in TURNED.get(body, {}), f"{body.__name__}.{name}"
