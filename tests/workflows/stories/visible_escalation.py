"""Stories of cases somebody watches: together they take every way the runbook knows."""

from datetime import timedelta

from cases.acts import Complete, Decide, Verdict
from cases.gate import RoundKind
from cases.receipts import Outcome, Reason
from tests.workflows.reviewing import (
    ask_back,
    asked,
    collected,
    dawdle,
    done,
    ended,
    said,
    tried,
    written,
)
from tests.workflows.scenarios import Scenario, approve, refused, reject
from tests.workflows.telling import has_performed, performed
from tests.workflows.world import CaseUnderTest

RUNBOOK = "visible-escalation"
SECOND = "second-look"
STATEMENT = "statement"
OVERRIDE = "override"
STATEMENT_MEMO = ("statement", "facts-it-rests-on", "what-is-left-out")
OVERRIDE_MEMO = ("who-asked", "what-was-asked", "reasons-of-policy", "reasons-of-legal")
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

STORIES: dict[str, Scenario] = {}
story = collected(
    STORIES,
    RUNBOOK,
    channel="press",
    underlying_case="77",
    publication="later",
    conflicts="none",
)


async def checked(case: CaseUnderTest, outcome: str = "checked") -> None:
    """The facts are packed, and Legal has said what may be said of whom."""
    await done(case, "triage", "visible", "tess")
    await case.in_stage("fact-pack")
    await said(case, "ines", facts_known="ref-1", facts_unknown="ref-2", sensitivity="nothing")
    await done(case, "fact-pack", "packed", "ines")
    await case.in_stage("privacy-check")
    await said(case, "lena", may_be_said="ref-3")
    await done(case, "privacy-check", outcome, "lena")


async def looked_twice(case: CaseUnderTest) -> None:
    """Somebody who had no part in it finds that the rules decide it as it was decided."""
    await checked(case)
    await asked(case, SECOND)
    await approve(case, SECOND, "bina")


async def spoken(case: CaseUnderTest) -> None:
    """Communications and Legal say the same thing in public."""
    await written(case, STATEMENT, "coco", *STATEMENT_MEMO)
    await approve(case, STATEMENT, "coco")
    await approve(case, STATEMENT, "lena", role="legal")


async def watched(case: CaseUnderTest, outcome: str = "quiet") -> None:
    """What comes of it has been watched."""
    await done(case, "monitoring", outcome, "coco")


@story(underlying_harm="SEV2")
async def the_press_has_a_statement(case: CaseUnderTest) -> None:
    """Who decided underneath may not look again; Communications alone may not speak."""
    await checked(case)
    await asked(case, SECOND)
    body = Decide(gate=SECOND, verdict=Verdict.APPROVE)
    first = await case.act(body, person="abel", role="blind-reviewer")
    refused(first, Outcome.NOT_YOURS, Reason.NOT_INDEPENDENT)
    await approve(case, SECOND, "bina")
    await written(case, STATEMENT, "coco", *STATEMENT_MEMO)
    await approve(case, STATEMENT, "coco")
    seen = await asked(case, STATEMENT)
    assert seen.stage == STATEMENT
    assert "publish-statement" not in performed(case)
    await approve(case, STATEMENT, "lena", role="legal")
    await done(case, "briefing", "briefed", "eve")
    await watched(case)
    await ended(case, "statement")


@story(underlying_harm="SEV1", channel="executive")
async def the_executive_may_only_hasten_it(case: CaseUnderTest) -> None:
    """An executive asks for another decision: it is on record, and does not change anything."""
    await looked_twice(case)
    await spoken(case)
    await case.in_stage("briefing")
    await done(case, "briefing", "asks-for-another-decision", "eve")
    await written(case, OVERRIDE, "ines", *OVERRIDE_MEMO)
    wanted = Decide(gate=OVERRIDE, verdict=Verdict.REJECT, reason="I say so")
    own = await case.act(wanted, person="eve", role="executive")
    refused(own, Outcome.NOT_YOURS, Reason.ROLE)
    await ask_back(case, OVERRIDE, "xena")
    await done(case, "briefing", "asks-for-another-decision", "eve")
    await asked(case, OVERRIDE)
    await approve(case, OVERRIDE, "xena")
    await approve(case, OVERRIDE, "lena", role="legal")
    await watched(case, "asks-for-another-decision")
    await asked(case, OVERRIDE)
    await approve(case, OVERRIDE, "xena")
    await reject(case, OVERRIDE, "lena", role="legal")
    seen = await asked(case, OVERRIDE)
    assert seen.rounds[-1].kind is RoundKind.SPLIT
    await approve(case, OVERRIDE, "pola")
    await watched(case)
    await ended(case, "statement")
    assert "decide-again" not in performed(case)


@story(underlying_harm="SEV0", channel="known-person")
async def it_is_hastened_and_nothing_is_said(case: CaseUnderTest) -> None:
    """The harm underneath makes it urgent; the two disagree, and there is no comment."""
    await looked_twice(case)
    await written(case, STATEMENT, "coco", *STATEMENT_MEMO)
    await approve(case, STATEMENT, "coco")
    await reject(case, STATEMENT, "lena", role="legal")
    seen = await asked(case, STATEMENT)
    assert seen.rounds[-1].kind is RoundKind.SPLIT
    await reject(case, STATEMENT, "xena")
    await done(case, "briefing", "hasten", "eve")
    await watched(case)
    await ended(case, "no-comment")
    await has_performed(case, "hasten-underlying")
    assert (await case.picture()).severity.row == "1"


@story(underlying_harm="SEV1")
async def the_second_look_finds_otherwise(case: CaseUnderTest) -> None:
    """The underlying case is decided again by its own runbook, and what is said follows that."""
    await checked(case)
    await ask_back(case, SECOND, "bina")
    await done(case, "fact-pack", "packed", "ines")
    await done(case, "privacy-check", "checked", "lena")
    await asked(case, SECOND)
    await reject(case, SECOND, "bina")
    await decided_again(case)
    await written(case, STATEMENT, "coco", *STATEMENT_MEMO)
    await ask_back(case, STATEMENT, "coco")
    await done(case, "fact-pack", "packed", "ines")
    await done(case, "privacy-check", "checked", "lena")
    await asked(case, SECOND)
    await approve(case, SECOND, "bina")
    await asked(case, STATEMENT)
    await approve(case, STATEMENT, "coco")
    await approve(case, STATEMENT, "lena", role="legal")
    await done(case, "briefing", "briefed", "eve")
    await watched(case)
    await ended(case, "action-changed-by-rule")


async def decided_again(case: CaseUnderTest) -> None:
    """The underlying case's own runbook has had the last word."""
    await case.in_stage("reassessment")
    await said(case, "ines", decided_again="changed")
    await done(case, "reassessment", "decided", "ines")


@story(underlying_harm="SEV3", channel="regulator")
async def a_minor_matter_needs_no_second_look(case: CaseUnderTest) -> None:
    """Below the second degree Legal's word is enough; what was said had to be corrected."""
    await checked(case, "checked-and-minor")
    await spoken(case)
    await done(case, "briefing", "briefed", "eve")
    await case.in_stage("monitoring")
    early = await case.act(Complete(stage="monitoring", outcome="wrong"), person="coco")
    refused(early, Outcome.REFUSED, Reason.UNANSWERED)
    await said(case, "ines", correction="ref-40")
    await watched(case, "wrong")
    await ended(case, "corrected")


@story(channel="staff")
async def fame_makes_nothing_minor_or_worse(case: CaseUnderTest) -> None:
    """Until the harm is known it is of the second degree, and cannot be waved through as minor."""
    await case.in_stage("triage")
    early = await tried(case, "triage", "visible", "tess")
    refused(early, Outcome.REFUSED, Reason.UNANSWERED)
    assert (await case.picture()).severity.row == "7"
    await said(case, "tess", underlying_harm="SEV2", row="4")
    await done(case, "triage", "visible", "tess")
    await case.in_stage("fact-pack")
    await said(case, "ines", facts_known="ref-1", facts_unknown="ref-2", sensitivity="victim")
    await done(case, "fact-pack", "packed", "ines")
    await case.in_stage("privacy-check")
    await said(case, "lena", may_be_said="ref-3")
    waved = await tried(case, "privacy-check", "checked-and-minor", "lena")
    refused(waved, Outcome.REFUSED, Reason.OTHER_SEVERITY)
    await said(case, "tess", underlying_harm="SEV4", row="6")
    await done(case, "privacy-check", "checked-and-minor", "lena")
    await written(case, STATEMENT, "coco", *STATEMENT_MEMO)
    await reject(case, STATEMENT, "coco")
    await reject(case, STATEMENT, "lena", role="legal")
    await done(case, "briefing", "briefed", "eve")
    await watched(case)
    await ended(case, "no-comment")


@story(underlying_harm="SEV4", publication="within-six-hours")
async def nobody_hurries(case: CaseUnderTest) -> None:
    """Every stage runs late, and tells who is named; an override brings the case back by rule."""
    await dawdle(case, "triage", HOUR)
    await done(case, "triage", "visible", "tess")
    await dawdle(case, "fact-pack", 3 * HOUR)
    await said(case, "ines", facts_known="ref-1", facts_unknown="ref-2", sensitivity="minor")
    await done(case, "fact-pack", "packed", "ines")
    await dawdle(case, "privacy-check", 3 * HOUR)
    await said(case, "lena", may_be_said="ref-3")
    await done(case, "privacy-check", "checked", "lena")
    await dawdle(case, SECOND, 3 * HOUR)
    await approve(case, SECOND, "bina")
    await dawdle(case, STATEMENT, 2 * HOUR)
    await written(case, STATEMENT, "coco", *STATEMENT_MEMO)
    await approve(case, STATEMENT, "coco")
    await approve(case, STATEMENT, "dora")
    await dawdle(case, "briefing", 5 * HOUR)
    await done(case, "briefing", "asks-for-another-decision", "eve")
    await dawdle(case, OVERRIDE, 9 * HOUR)
    await written(case, OVERRIDE, "ines", *OVERRIDE_MEMO)
    await reject(case, OVERRIDE, "xena")
    await reject(case, OVERRIDE, "dora")
    await dawdle(case, "reassessment", 25 * HOUR)
    await decided_again(case)
    await asked(case, STATEMENT)
    await approve(case, STATEMENT, "coco")
    await approve(case, STATEMENT, "lena", role="legal")
    await done(case, "briefing", "briefed", "eve")
    await dawdle(case, "monitoring", 4 * DAY)
    await watched(case)
    await dawdle(case, "closure", 25 * HOUR)
    await ended(case, "action-changed-by-rule")
