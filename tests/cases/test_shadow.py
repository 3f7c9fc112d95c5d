"""A shadow case without an engine: it goes on as if what it would have done had been done."""

import contextlib
from datetime import timedelta
from typing import cast

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cases.acts import Close, Complete
from cases.acts_between_cases import Move
from cases.effects import intend
from cases.ended_outside import ENDED_OUTSIDE, OutsideEnd, has_ended
from cases.journal import Kind, check_chain
from cases.permissions import allowed_acts
from cases.receipts import Outcome, Reason
from cases.shadow import ends_outside
from runbooks import library
from tests.workflows.at_a_desk import AtADesk
from tests.workflows.practising import practised
from tests.workflows.scenarios import KNOWN, accepted, approve, escalate, refused
from tests.workflows.stories import told
from tests.workflows.world import PEOPLE, CaseUnderTest

TOLD = told()
SENT = {
    Kind.NOTICE_ORDERED,
    Kind.EFFECT_DONE,
    Kind.EFFECT_MANUAL,
    Kind.EFFECT_FAILED,
    Kind.TICKET_SYNCED,
    Kind.OBLIGATION_RECORDED,
}
"""Entries that say something left the house, or that a person has to do it."""


def shadow(
    runbook: str = "user-safety-escalation", answers: dict[str, str] | None = None
) -> AtADesk:
    """A shadow case at a desk."""
    return AtADesk(runbook, KNOWN if answers is None else answers, shadow=True)


def kinds(case: AtADesk) -> set[Kind]:
    """The kinds of its entries."""
    return {entry.kind for entry in case.house.state.journal.pending}


@pytest.mark.parametrize("runbook", library())
async def test_every_action_of_every_runbook_would_have_been(runbook: str) -> None:
    """Ordered one by one: each has its entry and its receipt, and none waits for anybody."""
    case = shadow(runbook, {})
    file, state = case.house.file, case.house.state
    for plan in file.pathway.effects:
        intend(file, plan.name, stage=state.stage or "", at=case.house.now)
    case._settle()  # noqa: SLF001 - as any act would

    assert not kinds(case) & SENT
    assert {effect.state for effect in state.effects} <= {
        "shadowed",
        "held-back",
        "suppressed",
        "in-steps",
        "set",
    }
    assert case.world.performed == case.world.notices == []


@pytest.mark.parametrize("runbook", TOLD)
async def test_stories_come_to_their_end_in_the_shadow(runbook: str) -> None:
    """What closing requires is met by what would have been done; nothing was."""
    ended = 0
    for story in TOLD[runbook].values():
        case = shadow(runbook, story.opened["answers"])
        # One that settles by hand what a shadow would only have done goes on no further there.
        with contextlib.suppress(AssertionError, LookupError):
            await story.play(cast("CaseUnderTest", case))
        ended += case.house.state.closed
        assert not kinds(case) & SENT
        assert check_chain(case.world.entries[case.handle.id]) == case.house.state.journal.head

    assert ended > 0


@settings(max_examples=60, deadline=None)
@given(
    runbook=st.sampled_from(sorted(library())),
    turns=st.lists(st.integers(min_value=0, max_value=10_000), max_size=25),
)
@example(runbook="child-safety-report", turns=[366, 88]).via("an acknowledgement that lapses")
async def test_whatever_people_practise_nothing_leaves(runbook: str, turns: list[int]) -> None:
    """Acts and time in any order: no entry says that anybody was told or anything was done."""
    case = shadow(runbook, {})
    for turn in turns:
        if case.house.state.closed:
            break
        if turn % 4 == 0:
            await case.forward(timedelta(minutes=turn % 600))
            continue
        found = practised(case.house.state, case.house.file.pathway, at=case.house.now, turn=turn)
        if found is not None:
            body, person, role = found
            await case.act(body, person=person, role=role)

    assert not kinds(case) & SENT
    assert case.world.performed == case.world.notices == []


async def test_an_action_that_would_have_been_done_meets_what_closing_requires() -> None:
    """`actioned` needs the action's receipt: that it would have been carried out is one."""
    case = shadow()
    await escalate(cast("CaseUnderTest", case))
    await approve(cast("CaseUnderTest", case), "legal-review", "lena")
    await approve(cast("CaseUnderTest", case), "policy-sign-off", "pia")

    accepted(await case.act(Close(disposition="actioned", record="r", lessons="l"), person="ines"))

    (effect,) = case.house.state.effects
    assert (effect.state, effect.performed, effect.open) == ("shadowed", True, False)
    assert effect.settled_at == case.house.now
    assert case.house.state.closing is not None
    assert case.house.state.closing.disposition == "actioned"


async def test_a_person_may_say_that_todays_process_has_ended_wherever_the_case_is() -> None:
    """With a record of its answer; only in a shadow, and only in the role that closes."""
    case = shadow()
    body = Close(disposition=ENDED_OUTSIDE, record="suspended by the desk")
    offered = [
        act.choices
        for act in allowed_acts(
            case.house.state,
            case.house.file.pathway,
            person="ines",
            roles=frozenset(PEOPLE["ines"]),
            at=case.house.now,
        )
        if act.verb == "close"
    ]

    assert offered == [(ENDED_OUTSIDE,)]
    refused(await case.act(body, person="tess"), Outcome.NOT_YOURS, Reason.ROLE)
    refused(
        await case.act(body.model_copy(update={"record": " "}), person="ines"),
        Outcome.REFUSED,
        Reason.REASON_REQUIRED,
    )
    accepted(await case.act(body, person="ines"))
    assert case.house.state.closing is not None
    assert case.house.state.closing.record == "suspended by the desk"
    assert case.house.state.outside is not None
    assert case.house.state.outside.by == "ines"


async def test_a_live_case_is_not_ended_by_another_process() -> None:
    """There the runbook is today's process."""
    case = AtADesk("user-safety-escalation", KNOWN)

    receipt = await case.act(Close(disposition=ENDED_OUTSIDE, record="r"), person="ines")

    assert receipt.outcome is Outcome.REFUSED
    assert not case.house.state.closed


async def test_the_first_word_about_the_end_stays() -> None:
    """A ticket that is solved, then closed, ended when it was solved."""
    case = shadow()
    at = case.house.now
    first = OutsideEnd(at=at, status="solved", by="escalate", delivery="1")

    ends_outside(case.house.file, first, at=at)
    ends_outside(
        case.house.file,
        OutsideEnd(at=at + timedelta(days=4), status="closed", by="escalate", delivery="2"),
        at=at,
    )

    assert case.house.state.outside == first


@pytest.mark.parametrize(
    "status,news",
    [
        ("solved", "over"),
        ("Closed ", "over"),
        ("resolved", "over"),
        ("open", "goes on"),
        ("", "goes on"),
    ],
)
def test_a_tracker_says_that_it_is_over(status: str, news: str) -> None:
    """In Zendesk's words or Request Tracker's; anything else goes on."""
    assert ("over" if has_ended(status) else "goes on") == news


async def test_the_case_would_have_moved_and_ends_so() -> None:
    """At a desk no other case begins either way; the handover is the server's to show."""
    case = shadow()

    accepted(await case.act(Move(runbook="policy-precedent", reason="r"), person="ines"))

    assert case.house.state.closed
    receipt = await case.act(Complete(stage="triage", outcome="escalate"), person="tess")
    assert receipt.outcome is not Outcome.ACCEPTED
