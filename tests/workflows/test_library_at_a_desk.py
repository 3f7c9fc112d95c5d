"""The shipped runbooks without an engine: every story, and what of each runbook they try."""

from typing import cast

import pytest

from audit.quorum import Count
from cases.journal import check_chain
from runbooks import compile_runbook, library, load_runbook
from tests.workflows.at_a_desk import AtADesk
from tests.workflows.covering import Line, everything, exercised
from tests.workflows.stories import told
from tests.workflows.world import CaseUnderTest

TOLD = told()
THREAT = "imminent-threat-to-life"
ALWAYS = {"lessons", "legal-hold", "quality-review"}
"""What is owed after a threat however it ended."""


async def played(runbook: str, name: str) -> AtADesk:
    """The story's case, once it has ended."""
    story = TOLD[runbook][name]
    case = AtADesk(runbook, story.opened["answers"], by_hand=story.by_hand)
    # It speaks as a case on the engine does.
    await story.play(cast("CaseUnderTest", case))
    return case


async def untried(name: str, stories: list[str]) -> set[Line]:
    """The lines of the runbook's table that none of the stories proves."""
    runbook = load_runbook(library()[name], file=f"{name}.yaml")
    wanted = everything(runbook, compile_runbook(runbook))
    for story in stories:
        case = await played(name, story)
        wanted -= exercised(case.world.entries[case.handle.id])
    return wanted


@pytest.mark.parametrize(
    "runbook,name", [(runbook, name) for runbook, stories in TOLD.items() for name in stories]
)
async def test_a_story_ends_with_a_whole_journal(runbook: str, name: str) -> None:
    """The case has closed, its entries follow one another, and its votes count up again."""
    case = await played(runbook, name)
    entries = case.world.entries[case.handle.id]

    assert case.house.state.closed
    assert check_chain(entries) == case.house.state.journal.head
    assert list(Count(case.house.file.pathway).check(entries)) == []


@pytest.mark.parametrize("runbook", TOLD)
async def test_the_stories_take_every_way_the_runbook_knows(runbook: str) -> None:
    """No stage, outcome, verdict, late step, clock, table row, effect or ending is untried."""
    assert sorted(await untried(runbook, list(TOLD[runbook]))) == []


async def test_an_untried_way_is_named() -> None:
    """Without the stories of self-harm and of the fake request, their endings are missed."""
    without = [
        name
        for name in TOLD[THREAT]
        if "self_harm" not in name and "fake" not in name and name != "the_table_is_read"
    ]

    missed = await untried(THREAT, without)

    assert {
        ("ending", "edr-rejected-fraud"),
        ("ending", "transferred-to-self-harm"),
        ("outcome", "investigation", "self-harm"),
        ("row", "16"),
    } <= missed


@pytest.mark.parametrize(
    "name,owed",
    [
        ("two_roles_disclose", {*ALWAYS, "recheck-1d", "recheck-3d", "transparency-count"}),
        ("two_roles_do_not_refer", {*ALWAYS, "recheck-7d", "recheck-30d"}),
        ("a_fake_request_is_rejected", {*ALWAYS, "transparency-count"}),
    ],
)
async def test_what_is_owed_after_a_threat_follows_from_its_ending(
    name: str, owed: set[str]
) -> None:
    """The authority is asked after a disclosure, the account looked at again after a refusal."""
    case = await played(THREAT, name)

    assert {due.name for due in case.world.owed} == owed
