"""What a shadow case comes to: pure, from its picture and its journal."""

import random
from collections.abc import Sequence
from datetime import timedelta
from typing import cast

from hypothesis import given, settings
from hypothesis import strategies as st

from cases.acts import Close
from cases.ended_outside import OutsideEnd
from cases.journal import Entry, Kind
from cases.notice import Purpose
from cases.shadow import ends_outside
from gateway.shadow_words import parts
from insights.comparison import Comparison
from insights.shadow import compare
from insights.shadow_totals import total
from tests.workflows.at_a_desk import AtADesk
from tests.workflows.scenarios import KNOWN, approve, escalate
from tests.workflows.world import CaseUnderTest

ORDER = "terrorist-content-removal-order"


def shadow(runbook: str = "user-safety-escalation", **answers: str) -> AtADesk:
    """A shadow case at a desk."""
    return AtADesk(runbook, {**(KNOWN if not answers else {}), **answers}, shadow=True)


def entries_of(case: AtADesk) -> Sequence[Entry]:
    """Its own stream."""
    return list(case.house.state.journal.pending)


def solved(case: AtADesk, *tags: str) -> None:
    """The ticket says that today's process ended just now."""
    at = case.house.now
    end = OutsideEnd(at=at, status="solved", tags=tags, by="escalate", delivery="news")
    ends_outside(case.house.file, end, at=at)
    case._settle()  # noqa: SLF001 - as any signal would


def seen(case: AtADesk, *, door: Sequence[Entry] = ()) -> Comparison:
    """The case, compared."""
    house = case.house
    return compare(house.state, entries_of(case), house.file.pathway, door=door, now=house.now)


async def test_nobody_practises_and_the_ticket_is_solved() -> None:
    """Who would have been told and paged, in which stage it stood, which gates had not come."""
    case = shadow()
    begun = case.house.now
    await case.forward(timedelta(hours=2))
    solved(case, "suspended", "fraud")

    found = seen(case)

    assert (found.today.received, found.today.ended) == (begun, begun + timedelta(hours=2))
    assert (found.today.status, found.today.tags) == ("solved", ("suspended", "fraud"))
    assert found.over
    assert found.stage == "triage"
    assert found.ahead == ("legal review", "policy sign off")
    assert [told.purpose for told in found.told if told.paged] == [Purpose.PAGE]
    assert found.told[0].role == "triage"
    (target,) = found.clocks
    assert (target.of_stage, target.missed, target.met) == (True, True, False)
    assert target.left == timedelta(minutes=15) - timedelta(hours=2)
    assert found.breached == ()


async def test_what_the_shadow_says_at_its_own_end_does_not_count() -> None:
    """Closing tells the incident manager and the ticket: that is no part of the comparison."""
    case = shadow()
    solved(case)

    found = seen(case)

    after = [entry.kind for entry in entries_of(case)]
    assert after.index(Kind.OUTSIDE_ENDED) < max(
        index for index, kind in enumerate(after) if kind is Kind.NOTICE_SHADOWED
    )
    assert all(told.purpose is not Purpose.CLOSED for told in found.told)


async def test_gates_say_whom_they_asked_and_who_answered() -> None:
    """Legal answered in practice; Policy was asked, and today's process did not wait."""
    case = shadow()
    running = cast("CaseUnderTest", case)
    await escalate(running)
    await approve(running, "legal-review", "lena")
    await case.forward(timedelta(hours=1))
    solved(case)

    found = seen(case)

    assert [(gate.gate, gate.answer, gate.by) for gate in found.asked] == [
        ("legal-review", "approved", ("lena",)),
        ("policy-sign-off", "", ()),
    ]
    assert [gate.roles for gate in found.passed_over] == [("policy",)]
    assert found.ahead == ()
    assert found.stage == "policy sign off"
    assert found.acted == ()


async def test_a_clock_of_the_law_is_held_against_todays_process() -> None:
    """One hour for a removal order: two hours were too many, and a quarter was not."""
    late, early = (shadow(ORDER, **{"received-at": ""}) for _ in range(2))
    await late.forward(timedelta(hours=2))
    await early.forward(timedelta(minutes=15))
    solved(late)
    solved(early)

    missed = [clock for clock in seen(late).clocks if clock.statutory]
    in_time = [clock for clock in seen(early).clocks if clock.statutory]

    gone = [clock for clock in missed if clock.missed]
    assert gone
    assert gone[0].left < timedelta(0)
    assert seen(late).breached[0].statutory
    assert all(not clock.missed for clock in in_time)
    assert seen(late).clocks[0].statutory
    lines = {part.title: part.lines for part in parts(seen(late), at=str)}["Clocks"]
    met = "today's process ended 1 h after it. The runbook would have met it."
    assert any(line.endswith(met) for line in lines)
    assert any(clock.met and clock.missed for clock in seen(late).breached)


async def test_what_would_happen_on_nobodys_word_is_named() -> None:
    """The protective action goes ahead when nobody followed the order in time."""
    case = shadow(ORDER)
    await case.forward(timedelta(hours=2))
    solved(case)

    found = seen(case)

    assert [done.name for done in found.acted if done.unattended]


async def test_a_runbook_that_was_walked_to_its_end_first_waits_for_the_door() -> None:
    """Practice closed the case; when today's process ended the doors' stream says, or nobody."""
    case = shadow()
    running = cast("CaseUnderTest", case)
    await escalate(running)
    await approve(running, "legal-review", "lena")
    await approve(running, "policy-sign-off", "pia")
    await case.act(Close(disposition="actioned", record="r", lessons="l"), person="ines")
    state = case.house.state
    ended = case.house.now + timedelta(days=2)
    door = Entry(
        case=state.case,
        stream="door",
        sequence=9,
        previous="0" * 64,
        at=ended,
        kind=Kind.DOOR_OUTSIDE_ENDED,
        body={"status": "closed", "tags": ["suspended"]},
    )

    alone, told = seen(case), seen(case, door=[door])

    assert (alone.today.ended, alone.disposition) == (None, "actioned")
    assert (told.today.ended, told.today.tags) == (ended, ("suspended",))
    assert [done.name for done in told.acted] == ["apply-action"]
    assert told.stage == ""
    assert told.passed_over == ()


async def some() -> list[Comparison]:
    """Cases that differ in what became of them."""
    found = []
    for turn, hours in enumerate((0.2, 1, 2, 30)):
        case = shadow(ORDER if turn % 2 else "user-safety-escalation")
        case.house.state.number = str(1001 + turn)
        await case.forward(timedelta(hours=hours))
        solved(case)
        found.append(seen(case))
    return found


async def test_totals_count_pages_clocks_and_gates() -> None:
    """Per case and role; what the law says comes first, and the worst has its number."""
    found = total(await some())

    assert (found.cases, found.ended, found.open) == (4, 4, 0)
    assert found.pages == sum(row.pages for row in found.told)
    assert found.pages_a_case == round(found.pages / 4, 2)
    assert found.clocks[0].statutory
    assert found.clocks[0].missed >= 1
    assert found.worst[0].number == "1004"
    assert any(why.startswith("missed ") for why in found.worst[0].why)
    assert {row.title for row in found.gates} >= {"legal review", "policy sign off"}


@settings(max_examples=10, deadline=None)
@given(seed=st.integers())
async def test_totals_do_not_depend_on_the_order(seed: int) -> None:
    """The same cases in any order come to the same bytes."""
    found = await some()
    shuffled = found.copy()
    random.Random(seed).shuffle(shuffled)  # noqa: S311 - an order, not a secret

    assert total(shuffled).model_dump_json() == total(found).model_dump_json()


async def test_no_case_comes_to_nothing() -> None:
    """An empty week is said as one."""
    found = total([])

    assert (found.cases, found.median, found.worst) == (0, None, ())


async def test_a_comparison_reads_as_sentences() -> None:
    """Every part has its heading; instants are written as the reader wants them."""
    case = shadow()
    running = cast("CaseUnderTest", case)
    await escalate(running)
    await case.forward(timedelta(hours=5))
    solved(case, "suspended")

    said = {
        part.title: " ".join(part.lines) for part in parts(seen(case), at=lambda at: f"{at:%H:%M}")
    }

    assert "Ended 14:00, after 5 h: the ticket was solved." in said["What today's process did"]
    assert said["Where the runbook would have been"].startswith("In legal review.")
    assert "legal would have been asked 09:00; nobody answered." in said["Gates"]
    assert "policy sign off: could still have come." in said["Gates"]
    assert "legal-review target (a stage's own), due 13:00: missed by 1 h." in said["Clocks"]
    assert "legal, ask at legal review" in said["Who would have been told"]
