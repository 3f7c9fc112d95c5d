"""Whatever people, hours and channels do to an escalation policy, its promises hold (I10)."""

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cases.acts import Acknowledge, ActBody, Complete, Evidence, Hold, Resume
from cases.journal import Kind, check_chain
from cases.notice import NoticeEnd, NoticeOrder
from cases.paging import RunState
from cases.records import ClosingRecord
from cases.stages import close_case
from runbooks.plan import Late, Obeys, Pathway, PolicyPlan, PolicyStep
from tests.cases.house import compiled
from tests.cases.paging import Telling

TEXT = (Path(__file__).parent / "paging.yaml").read_bytes()
FULL = settings.get_current_profile_name() == "full"
EXAMPLES = int(os.environ.get("ESCALATE_EXAMPLES", "2000" if FULL else "60"))
"""Policies and histories of each property; the acceptance asks for 2,000 and more."""
MINUTE = timedelta(minutes=1)
ENDS = {"delivered", "nobody-to-notify", "undelivered", "fell-back"}
"""How the page of the duty manager can end: each is a person, or a nobody on record."""

PEOPLE = {
    "tess": "triage",
    "tom": "triage",
    "ines": "incident-manager",
    "dana": "duty-manager",
    "lena": "legal",
}
ROLES = ("triage", "incident-manager", "legal")

minutes = st.integers(1, 40).map(lambda number: number * MINUTE)
waits = st.one_of(st.just(timedelta()), minutes)


@st.composite
def steps(draw: st.DrawFn) -> PolicyStep:
    """A step to a role, a person or a team, with whatever belongs to it."""
    role = st.sampled_from(ROLES)
    who = draw(st.sampled_from(["page", "remind", "person", "on_call"]))
    named = {
        "page": role,
        "remind": role,
        "person": st.sampled_from(sorted(PEOPLE)),
        "on_call": st.just("desk"),
    }
    alone = who in ("person", "on_call")
    return PolicyStep.model_validate(
        {
            who: draw(named[who]),
            "after": draw(waits),
            "otherwise": draw(st.none() | role) if alone else None,
            "unread": draw(st.none() | minutes | minutes),
            "obeys": draw(st.none() | st.sampled_from(list(Obeys))),
        }
    )


@st.composite
def policies(draw: st.DrawFn, name: str = "reach-triage") -> PolicyPlan:
    """Any policy that the language can say."""
    return PolicyPlan(
        name=name,
        steps=tuple(draw(st.lists(steps(), min_size=1, max_size=4))),
        between=draw(minutes),
        repeat=draw(st.integers(0, 2)),
        acknowledged_by=draw(st.sampled_from(["any", "any", "all", "2"])),
        lease=draw(minutes),
    )


@st.composite
def pathways(draw: st.DrawFn) -> Pathway:
    """The case of the tests under generated policies, one begun by asking and one by lateness."""
    pathway = compiled(TEXT)
    late = Late(at=draw(minutes), label="late", escalate="reach-manager")
    first = pathway.stages[0].model_copy(update={"late": (late,)})
    return pathway.model_copy(
        update={
            "escalations": (
                draw(policies()),
                draw(policies("reach-manager")),
                *pathway.escalations[2:],
            ),
            "stages": (first, *pathway.stages[1:]),
        }
    )


def _answered(
    draw: Callable[[st.SearchStrategy[Any]], Any], telling: Telling, order: NoticeOrder
) -> None:
    """The outside's answer to one notice: whoever was reached, or nobody, or not yet."""
    part = order.of_step
    ends = [*[NoticeEnd.DELIVERED] * 4, NoticeEnd.UNDELIVERED]
    if part is not None and part.onward:
        ends += [NoticeEnd.PASSED_ON, NoticeEnd.HELD]
        if part.unread_of:
            ends += [NoticeEnd.READ, NoticeEnd.UNREAD]
    else:
        ends += [NoticeEnd.NOBODY, NoticeEnd.FELL_BACK]
    end = draw(st.sampled_from(ends))
    holders = [person for person, role in PEOPLE.items() if role == order.role]
    later = telling.house.now + draw(minutes) if end is NoticeEnd.HELD else None
    reached = [order.person] if order.person else holders
    reached = reached if end is NoticeEnd.DELIVERED else []
    telling.answer(order, end, people=reached, later=later)


def _moved(draw: st.DrawFn, telling: Telling) -> None:
    """Something happens: time passes, the outside answers, or somebody does something."""
    move = draw(
        st.sampled_from(
            [
                *["time", "time", "answer", "answer", "answer", "have", "work", "hold", "go"],
                *["leave", "record", "record", "deliver"],
            ]
        )
    )
    # Whoever owns the stage is who it is mostly about.
    person = draw(st.just("tess") | st.sampled_from(sorted(PEOPLE)))
    role = PEOPLE[person]
    match move:
        case "time":
            telling.later(draw(minutes))
        case "answer" if telling.out:
            _answered(draw, telling, draw(st.sampled_from(list(telling.out.values()))))
        case "have":
            stage = telling.house.state.stage or ""
            telling.act(Acknowledge(stage=stage), person=person, role=role)
        case "work":
            item = Evidence(label="item", reference="vault:1", digest="ab" * 32)
            telling.act(item, person=person, role=role)
        case "record":
            stage = telling.house.state.stage or ""
            item = Evidence(label="item", reference="vault:1", digest="ab" * 32)
            said: list[ActBody] = [Acknowledge(stage=stage), item]
            telling.record(draw(st.sampled_from(said)), person=person, role=role)
        case "deliver":
            telling.deliver()
            telling.wake()
        case "hold":
            review = telling.house.now + timedelta(days=3)
            hold = Hold(reason="waiting for the platform", review_at=review)
            telling.act(hold, person="ines", role="incident-manager")
        case "go":
            telling.act(Resume(), person="ines", role="incident-manager")
        case "leave" if draw(st.integers(0, 4)) == 0:
            done = Complete(stage="triage", outcome="escalate")
            telling.act(done, person="tess", role="triage")
        case _:
            pass


@st.composite
def histories(draw: st.DrawFn) -> Telling:
    """A case under generated policies to which this and that has happened, checked on the way."""
    telling = Telling.of(TEXT, pathway=draw(pathways()))
    for _ in range(draw(st.integers(0, 20))):
        before = len(telling.ordered)
        silent = {run.key: len(run.lapsed) for run in telling.silent()}
        _moved(draw, telling)
        assert telling.too_late == [], "it was recorded at the door before"
        for run in telling.silent():
            assert telling.of_run(run) == [], "something is pending of what somebody has"
            assert run.next_at is None
            assert run.unread == []
            if silent.get(run.key) == len(run.lapsed):
                told = [order for _, order in telling.ordered[before:]]
                of = [order for order in told if order.of_step and order.of_step.run == run.key]
                assert of == [], "something was told of what somebody has"
    return telling


@settings(max_examples=EXAMPLES, deadline=None)
@given(telling=histories())
def test_after_an_acknowledgement_no_notice_of_that_step_is_ever_scheduled(
    telling: Telling,
) -> None:
    """Not by the next step, a second channel, kept hours, a retry or a repeat, until it lapses."""
    for run in telling.house.state.escalations:
        if run.state is RunState.ACKNOWLEDGED:
            sent = len(telling.ordered)
            until = min(lease.until for lease in telling.house.state.leases)
            if telling.house.state.hold is None:
                telling.later(until - telling.house.now - timedelta(microseconds=1))
            else:
                telling.later(timedelta(days=1))
            after = [order for _, order in telling.ordered[sent:]]
            assert all(each.of_step is None or each.of_step.run != run.key for each in after)
            return


@settings(max_examples=EXAMPLES, deadline=None)
@given(telling=histories(), person=st.sampled_from(sorted(PEOPLE)), data=st.data())
def test_nothing_leaves_after_an_acknowledgement_was_recorded_at_the_door(
    telling: Telling, person: str, data: st.DataObject
) -> None:
    """However long it takes to arrive: no page of what it stops, and nobody is named who acted."""
    stage = telling.house.state.stage or ""

    telling.record(Acknowledge(stage=stage), person=person, role=PEOPLE[person])
    for _ in range(data.draw(st.integers(1, 8))):
        if telling.out:
            _answered(data.draw, telling, next(iter(telling.out.values())))
        else:
            telling.later(data.draw(minutes))
    telling.deliver()

    assert telling.too_late == []


@settings(max_examples=EXAMPLES, deadline=None)
@given(telling=histories(), data=st.data())
def test_every_notice_ends_in_exactly_one_outcome(telling: Telling, data: st.DataObject) -> None:
    """Whatever is out or kept when the case closes, each notice that was ordered ended once."""
    close = ClosingRecord(disposition="done", by="ines", at=telling.house.now)

    close_case(telling.house.file, close, at=telling.house.now, cancelled=False)
    telling.send()
    while telling.out:
        _answered(data.draw, telling, next(iter(telling.out.values())))

    assert set(telling.ends().values()) <= {1}
    assert telling.house.state.held == []
    assert all(run.state is RunState.ENDED for run in telling.house.state.escalations)
    assert check_chain(telling.house.state.journal.pending) == telling.house.state.journal.head


@settings(max_examples=EXAMPLES, deadline=None)
@given(telling=histories(), data=st.data())
def test_every_escalation_ends_at_a_person_or_at_a_recorded_nobody(
    telling: Telling, data: st.DataObject
) -> None:
    """If nobody says anything more, the duty manager is paged at last, with an outcome."""
    telling.act(Resume(), person="ines", role="incident-manager")
    for _ in range(400):
        if telling.out:
            _answered(data.draw, telling, next(iter(telling.out.values())))
        elif telling.house.state.next_instant(telling.house.now) and any(
            run.state in (RunState.RUNNING, RunState.ACKNOWLEDGED)
            for run in telling.house.state.escalations
        ):
            telling.later(10 * MINUTE)
        else:
            break

    assert telling.out == {}
    last = {
        order.of_step.run: order.key
        for _, order in telling.ordered
        if order.of_step is not None and order.of_step.step == 0
    }
    ended = {str(e.body["key"]): e.body["end"] for e in telling.journal(Kind.NOTICE_ENDED)}
    for run in telling.house.state.escalations:
        assert run.state in (RunState.EXHAUSTED, RunState.ENDED), run
        if run.state is RunState.EXHAUSTED:
            assert ended[last[run.key]] in {
                "delivered",
                "nobody-to-notify",
                "undelivered",
                "fell-back",
            }
    exhausted = telling.journal(Kind.ESCALATION_EXHAUSTED)
    assert len({e.body["run"] for e in exhausted}) == len(exhausted)
