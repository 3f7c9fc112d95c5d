"""Stories of people who contest a decision: together they take every way the runbook knows."""

from datetime import timedelta

from cases.acts import Decide, Verdict
from cases.gate import RoundKind
from cases.receipts import Outcome, Reason
from runbooks.plan import Severity
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

RUNBOOK = "appeal"
DECISION = "decision"
BAN = "ban-decision"
MEMO = ("grounds", "findings", "rule")
PUBLICATION = "publication"
PUBLIC = ("decision-facts", "ground", "explanation")
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

STORIES: dict[str, Scenario] = {}
story = collected(STORIES, RUNBOOK, variant="complaint", original_case="77", grounds="ref-3")


async def admitted(case: CaseUnderTest) -> None:
    """The appeal is in time, and is looked at by somebody else."""
    await said(case, "aldo", told_at=(await case.now() - 30 * DAY).isoformat())
    await done(case, "admission", "admitted", "aldo")


async def urgent(case: CaseUnderTest) -> None:
    """It cannot wait a week: two days from now on."""
    since = (await case.now()).isoformat()
    await said(case, "aldo", effect="livelihood", urgent_since=since)
    await case.until(lambda seen: seen.severity.current <= Severity.SEV1)
    await done(case, "admission", "urgent", "aldo")


async def reviewed(
    case: CaseUnderTest, outcome: str = "reviewed", *, action: str = "content-removed"
) -> None:
    """Somebody who had no part in the first decision has looked again."""
    permanent = "yes" if outcome == "permanent-ban" else "no"
    await case.in_stage("review")
    await said(case, "aldo", permanent=permanent, action=action)
    await done(case, "review", outcome, "anna")


async def at_the_decision(case: CaseUnderTest, *, at_once: bool = False) -> None:
    """The appeal has been reviewed, and its question is asked."""
    await (urgent if at_once else admitted)(case)
    await reviewed(case)
    await written(case, DECISION, "anna", *MEMO)


async def at_the_ban(case: CaseUnderTest) -> None:
    """A permanent ban has been reviewed, and its question is asked."""
    await urgent(case)
    await reviewed(case, "permanent-ban", action="account-banned")
    await written(case, BAN, "anna", *MEMO)


async def overturned(
    case: CaseUnderTest,
    outcome: str = "reversed",
    cause: str = "model",
    *,
    statement: str = "not-published",
) -> None:
    """What was wrong is put right, and its cause is on record."""
    await case.in_stage("reversal")
    early = await tried(case, "reversal", outcome, "aldo")
    if early.outcome is not Outcome.ACCEPTED:
        refused(early, Outcome.REFUSED, Reason.UNANSWERED)
        await said(case, "aldo", root_cause=cause)
        await done(case, "reversal", outcome, "aldo")
    await case.in_stage("statement")
    if statement != "not-published":
        return
    await done(case, "statement", "not-published", "aldo")
    await case.in_stage("told")


async def stated(case: CaseUnderTest, outcome: str, restriction: str, **answers: str) -> None:
    """Everything the public statement asks is answered, and its reasons are written."""
    early = await tried(case, "statement", outcome, "aldo")
    refused(early, Outcome.REFUSED, Reason.UNANSWERED)
    day = (await case.now() - 40 * DAY).isoformat()
    await said(
        case,
        "aldo",
        restriction=restriction,
        application_date=day,
        content_date=day,
        content_type="text",
        category="scams-and-fraud",
        source_type="article-16",
        automated_detection="no",
        automated_decision="not-automated",
        **answers,
    )
    await done(case, "statement", outcome, "aldo")
    await written(case, PUBLICATION, "pia", *PUBLIC)


async def before_the_body(case: CaseUnderTest) -> None:
    """The appellant has gone to a dispute settlement body."""
    await said(case, "aldo", dispute_at=(await case.now()).isoformat())
    await done(case, "told", "out-of-court", "aldo")
    await case.in_stage("dispute")


@story()
async def another_reviewer_upholds_it(case: CaseUnderTest) -> None:
    """Who decided first may not look again; somebody else does, and the decision stands."""
    await admitted(case)
    await case.in_stage("review")
    await said(case, "aldo", permanent="no", action="content-removed")
    first = await tried(case, "review", "reviewed", "abel")
    refused(first, Outcome.NOT_YOURS, Reason.NOT_INDEPENDENT)
    await done(case, "review", "reviewed", "anna")
    seen = await written(case, DECISION, "anna", *MEMO)
    assert {each.person: each.did for each in seen.pinned["original-case"].people} == {
        "abel": "decided",
        "ines": "led",
    }
    body = Decide(gate=DECISION, verdict=Verdict.APPROVE)
    again = await case.act(body, person="abel", role="appeals-reviewer")
    refused(again, Outcome.NOT_YOURS, Reason.NOT_INDEPENDENT)
    await approve(case, DECISION, "anna")
    await done(case, "told", "told", "aldo")
    await ended(case, "upheld")
    assert performed(case) == ["acknowledge", "tell-outcome"]
    assert any(link.why == "original" for link in (await case.picture()).links)


@story(effect="livelihood", permanent="yes")
async def one_senior_lifts_a_ban(case: CaseUnderTest) -> None:
    """A livelihood hangs on the account: two days, and one senior is enough to overturn."""
    await at_the_ban(case)
    assert (await case.picture()).severity.row == "2"
    await reject(case, BAN, "ada")
    await overturned(case, statement="ended")
    back = (await case.now()).isoformat()
    await stated(
        case, "ended", "account-terminated", decision_ground="illegal-content", account_back_at=back
    )
    await ask_back(case, PUBLICATION, "pia")
    await done(case, "statement", "ended", "aldo")
    seen = await asked(case, PUBLICATION)
    fields = seen.drafts["database-statement"].draft.fields
    assert fields["decision-account"] == "terminated"
    assert fields["end-date-account-restriction"] == back[:10]
    assert "decision-visibility" not in fields
    assert "incompatible-content-ground" not in fields
    await approve(case, PUBLICATION, "pia")
    await done(case, "told", "told", "aldo")
    await ended(case, "overturned")
    await has_performed(case, "database-statement")
    assert {"reverse-action", "republish", "correct-statement", "correct-label"} <= set(
        performed(case)
    )


@story()
async def two_uphold_a_ban(case: CaseUnderTest) -> None:
    """A permanent ban stands only when a reviewer and a senior say so."""
    await at_the_ban(case)
    await approve(case, BAN, "anna")
    seen = await asked(case, BAN)
    assert seen.stage == BAN
    second = await case.act(
        Decide(gate=BAN, verdict=Verdict.APPROVE), person="abel", role="appeals-lead"
    )
    refused(second, Outcome.NOT_YOURS, Reason.NOT_INDEPENDENT)
    await approve(case, BAN, "ada")
    await done(case, "told", "told", "aldo")
    await ended(case, "ban-upheld")


@story()
async def reviewers_of_a_ban_disagree(case: CaseUnderTest) -> None:
    """More is asked first; then the two disagree, and the head of policy decides."""
    await at_the_ban(case)
    await ask_back(case, BAN, "ada")
    await reviewed(case, "permanent-ban", action="account-suspended")
    await asked(case, BAN)
    await approve(case, BAN, "ada")
    await reject(case, BAN, "anna")
    seen = await asked(case, BAN)
    assert seen.rounds[-1].kind is RoundKind.SPLIT
    await approve(case, BAN, "pola")
    await done(case, "told", "told", "aldo")
    await ended(case, "ban-upheld")


@story(mis_hash="yes")
async def a_wrong_hash_match_is_mended(case: CaseUnderTest) -> None:
    """Policy is asked first, more is asked back, and a milder action takes its place."""
    week = await tried(case, "admission", "admitted", "aldo")
    refused(week, Outcome.REFUSED, Reason.OTHER_SEVERITY)
    await urgent(case)
    await said(case, "aldo", permanent="no", action="content-restricted")
    await done(case, "review", "precedent", "anna")
    await case.in_stage("policy-consult")
    await said(case, "pia", policy_view="ref-8")
    await done(case, "policy-consult", "advised", "pia")
    await done(case, "review", "reviewed", "anna")
    await written(case, DECISION, "anna", *MEMO)
    await ask_back(case, DECISION, "anna")
    await done(case, "review", "reviewed", "anna")
    await asked(case, DECISION)
    await reject(case, DECISION, "ada")
    await overturned(case, "modified", cause="data", statement="milder")
    await stated(case, "milder", "content-demoted", decision_ground="incompatible-content")
    seen = await asked(case, PUBLICATION)
    fields = seen.drafts["database-statement"].draft.fields
    assert fields["decision-visibility"] == ["content-demoted"]
    assert "end-date-visibility-restriction" not in fields
    await reject(case, PUBLICATION, "pia")
    await case.in_stage("told")
    assert "database-statement" not in performed(case)
    await done(case, "told", "told", "aldo")
    await ended(case, "modified")
    assert (await case.picture()).severity.row == "1"


@story(appellant="journalist")
async def a_reviewer_and_a_senior_disagree(case: CaseUnderTest) -> None:
    """Neither the reviewer nor the senior wins: the head of policy overturns."""
    await at_the_decision(case, at_once=True)
    assert (await case.picture()).severity.row == "3"
    await reject(case, DECISION, "anna")
    await approve(case, DECISION, "ada")
    seen = await asked(case, DECISION)
    assert seen.rounds[-1].kind is RoundKind.SPLIT
    await reject(case, DECISION, "pola")
    await overturned(case, cause="policy")
    await done(case, "told", "told", "aldo")
    await ended(case, "overturned")


@story()
async def a_dispute_body_agrees(case: CaseUnderTest) -> None:
    """The body takes its ninety days and ninety more, and finds as we did."""
    await at_the_decision(case)
    await approve(case, DECISION, "anna")
    await before_the_body(case)
    await dawdle(case, "dispute", 91 * DAY)
    await done(case, "dispute", "complex", "lena")
    await said(case, "lena", dispute_outcome="ref-11")
    await done(case, "dispute", "body-agrees", "lena")
    await ended(case, "out-of-court")


@story()
async def a_dispute_body_disagrees(case: CaseUnderTest) -> None:
    """What the body decides is followed: the action is reversed after all."""
    await at_the_decision(case)
    await approve(case, DECISION, "anna")
    await before_the_body(case)
    await said(case, "lena", dispute_outcome="ref-12")
    await done(case, "dispute", "body-disagrees", "lena")
    await overturned(case, cause="reviewer")
    await done(case, "told", "told", "aldo")
    await ended(case, "out-of-court")


@story()
async def it_is_too_late_only_after_six_months(case: CaseUnderTest) -> None:
    """Five months after the decision nobody may call an appeal too late; after seven they may."""
    await said(case, "aldo", told_at=(await case.now() - 150 * DAY).isoformat())
    early = await tried(case, "admission", "too-late", "aldo")
    refused(early, Outcome.REFUSED, Reason.NOT_DUE)
    await said(case, "aldo", told_at=(await case.now() - 210 * DAY).isoformat())
    await done(case, "admission", "too-late", "aldo")
    await written(case, "inadmissibility", "ada", "ground", "history")
    await approve(case, "inadmissibility", "ada")
    await done(case, "told", "told", "aldo")
    await ended(case, "inadmissible-late")


@story(misuse_history="ref-5")
async def misuse_is_not_heard(case: CaseUnderTest) -> None:
    """Manifestly abusive appeals are refused by a senior, who asks for the record first."""
    await done(case, "admission", "abusive", "aldo")
    await written(case, "inadmissibility", "ada", "ground", "history")
    await ask_back(case, "inadmissibility", "ada")
    await done(case, "admission", "abusive", "aldo")
    await asked(case, "inadmissibility")
    await approve(case, "inadmissibility", "ada")
    await done(case, "told", "told", "aldo")
    await ended(case, "inadmissible-misuse")


@story(misuse_history="ref-6")
async def it_is_heard_after_all(case: CaseUnderTest) -> None:
    """A senior hears what looked like misuse; it asks what no policy answers, and moves there."""
    await done(case, "admission", "abusive", "aldo")
    await written(case, "inadmissibility", "ada", "ground", "history")
    await reject(case, "inadmissibility", "ada")
    await reviewed(case, "new-policy-question")


@story(variant="counter-notice")
async def a_counter_notice_restores_in_the_window(case: CaseUnderTest) -> None:
    """Not before ten business days, not after fourteen: the agent is told when it opens."""
    await said(case, "aldo", counter_notice_at=(await case.now()).isoformat())
    await done(case, "admission", "counter-notice", "aldo")
    early = await tried(case, "restoration", "restored", "cato")
    refused(early, Outcome.REFUSED, Reason.NOT_DUE)
    seen = await case.picture()
    window = seen.clock("US-DMCA-ctr")
    assert window is not None
    assert window.opens_at is not None
    late = window.due_at(await case.now())
    assert late is not None
    assert window.opens_at < late
    await dawdle(case, "restoration", late - await case.now() - HOUR)
    await done(case, "restoration", "restored", "cato")
    await ended(case, "counter-notice-restored")
    assert (await case.picture()).clock("US-DMCA-ctr").breached_at is None  # type: ignore[union-attr]


@story(variant="counter-notice")
async def a_suit_keeps_it_down(case: CaseUnderTest) -> None:
    """Notice of a court action ends the window at once."""
    await said(case, "aldo", counter_notice_at=(await case.now()).isoformat())
    await done(case, "admission", "counter-notice", "aldo")
    await case.in_stage("restoration")
    await said(case, "aldo", suit_notice="ref-21")
    await done(case, "restoration", "suit-filed", "cato")
    await ended(case, "counter-notice-suit")


@story(variant="counter-notice")
async def a_defective_counter_notice_is_refused(case: CaseUnderTest) -> None:
    """An element is missing and does not come: a senior refuses it."""
    await said(case, "aldo", counter_notice_at=(await case.now()).isoformat())
    await done(case, "admission", "counter-notice", "aldo")
    await dawdle(case, "restoration", 23 * DAY)
    await done(case, "restoration", "defective", "cato")
    await dawdle(case, "inadmissibility", 49 * HOUR)
    await written(case, "inadmissibility", "ada", "ground", "history")
    await approve(case, "inadmissibility", "ada")
    await done(case, "told", "told", "aldo")
    await ended(case, "counter-notice-defective")


@story(original_case="404")
async def nobody_hurries(case: CaseUnderTest) -> None:
    """Every stage runs late, and tells who is named; the first decision was no case of ours."""
    await dawdle(case, "admission", 25 * HOUR)
    await said(case, "aldo", terrorism_complaint_at=(await case.now()).isoformat())
    await urgent(case)
    await said(case, "aldo", permanent="no", action="report-rejected")
    unknown = await tried(case, "review", "precedent", "anna")
    refused(unknown, Outcome.REFUSED, Reason.ORIGINAL_UNKNOWN)
    await said(case, "aldo", original_people="abel, aldo")
    await dawdle(case, "review", 7 * DAY)
    await done(case, "review", "precedent", "anna")
    await dawdle(case, "policy-consult", 49 * HOUR)
    await said(case, "pia", policy_view="ref-9")
    await done(case, "policy-consult", "advised", "pia")
    await done(case, "review", "permanent-ban", "anna")
    await dawdle(case, BAN, 20 * HOUR)
    await written(case, BAN, "anna", *MEMO)
    await ask_back(case, BAN, "ada")
    await done(case, "review", "reviewed", "anna")
    await dawdle(case, DECISION, 20 * HOUR)
    await written(case, DECISION, "anna", *MEMO)
    await reject(case, DECISION, "ada")
    await dawdle(case, "reversal", 9 * HOUR)
    await overturned(case, cause="reviewer", statement="ended")
    await dawdle(case, "statement", 25 * HOUR)
    again = (await case.now()).isoformat()
    await stated(
        case,
        "ended",
        "content-removed",
        decision_ground="incompatible-content",
        visible_again_at=again,
    )
    await dawdle(case, PUBLICATION, 19 * HOUR)
    await approve(case, PUBLICATION, "pia")
    await dawdle(case, "told", 25 * HOUR)
    await done(case, "told", "told", "aldo")
    await dawdle(case, "closure", 25 * HOUR)
    await ended(case, "overturned")
