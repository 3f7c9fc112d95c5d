"""Stories of questions no policy answers: together they take every way the runbook knows."""

from datetime import timedelta

from cases.acts import Decide, Verdict
from cases.gate import RoundKind
from cases.receipts import Outcome, Reason
from tests.workflows.reviewing import (
    ask_back,
    asked,
    by_hand,
    collected,
    dawdle,
    done,
    ended,
    happened,
    receipted,
    said,
    tried,
    written,
)
from tests.workflows.scenarios import Scenario, approve, refused, reject
from tests.workflows.telling import has_performed
from tests.workflows.world import CaseUnderTest

RUNBOOK = "policy-precedent"
URGENT = "urgent-rule"
CONSULT = "consult"
DECISION = "decision"
DEFERRAL = "deferral"
URGENT_MEMO = ("rule", "why-now", "who-is-hit")
DECISION_MEMO = ("options-with-costs", "what-was-said", "decision")
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
CONSULTED = {"pola": "policy-lead", "lena": "legal", "fern": "affected-function"}

STORIES: dict[str, Scenario] = {}
story = collected(
    STORIES, RUNBOOK, question="ref-1", policies="ref-2", occasion="ordinary", recurrence="single"
)


async def opened(case: CaseUnderTest) -> None:
    """It is an ordinary question, and nothing has to hold at once."""
    await done(case, "triage", "open-question", "pia")


async def searched(case: CaseUnderTest, outcome: str = "none") -> None:
    """Policy has looked for a precedent."""
    await case.in_stage("precedents")
    await said(case, "pia", precedent_search="ref-4")
    await done(case, "precedents", outcome, "pia")


async def drafted(case: CaseUnderTest) -> None:
    """Two options are written, each with what it would get wrong."""
    await case.in_stage("options")
    await said(case, "pia", first_option="ref-5", second_option="ref-6")
    await done(case, "options", "drafted", "pia")
    await asked(case, CONSULT)


async def heard(case: CaseUnderTest) -> None:
    """Policy, Legal and the function concerned have all said that the options are fit."""
    await asked(case, CONSULT)
    for person, role in CONSULTED.items():
        await approve(case, CONSULT, person, role=role)


async def to_the_decision(case: CaseUnderTest) -> None:
    """There is no precedent, everybody was heard, and the policy executive is asked."""
    await searched(case)
    await drafted(case)
    await heard(case)
    await written(case, DECISION, "pia", *DECISION_MEMO)


async def published(case: CaseUnderTest, outcome: str = "published") -> None:
    """What was decided is where people look it up, and earlier decisions are looked at again."""
    await case.in_stage("publication")
    if outcome == "labels-changed":
        await said(case, "pia", taxonomy_version="2.4.0")
    await done(case, "publication", outcome, "pia")
    await case.in_stage("retro-review")
    await said(case, "pia", sample="ref-30", sample_result="ref-31")


async def attack(case: CaseUnderTest, outcome: str) -> None:
    """Something has happened in the world: everybody is paged before anybody decides."""
    await done(case, "triage", "attack", "pia")
    await case.in_stage("situation")
    await happened(case, "situational-page", "hash-intake", "livestream-sweep")
    await said(case, "ines", perpetrator_content="yes", proposed_rule="ref-9")
    await done(case, "situation", outcome, "ines")


async def issued(case: CaseUnderTest, *, name: str, number: str, lasts: timedelta) -> None:
    """The rule holds, under that number, for so long."""
    rule = (await case.until(lambda seen: any(each.name == name for each in seen.rules))).rules[-1]
    assert (rule.name, rule.number, rule.expires_at - rule.at) == (name, number, lasts)
    await case.until(lambda _: rule.obligation in {owed.name for owed in case.world.owed})


@story()
async def a_precedent_is_set(case: CaseUnderTest) -> None:
    """Silence is not consent: all three functions are heard, and the executive decides."""
    await opened(case)
    await searched(case)
    await drafted(case)
    await approve(case, CONSULT, "pola", role="policy-lead")
    await approve(case, CONSULT, "lena", role="legal")
    seen = await asked(case, CONSULT)
    assert seen.stage == CONSULT
    await approve(case, CONSULT, "fern")
    await written(case, DECISION, "pia", *DECISION_MEMO)
    await approve(case, DECISION, "xena")
    await issued(case, name="guidance", number="1001-R1", lasts=30 * DAY)
    await published(case)
    await done(case, "retro-review", "as-decided", "quin")
    await ended(case, "precedent-set")
    await has_performed(case, "update-knowledge", "schedule-calibration")


@story(recurrence="recurring")
async def labels_change_with_the_rule(case: CaseUnderTest) -> None:
    """The taxonomy has a new version, and decisions that were wrong by it are corrected."""
    await opened(case)
    await to_the_decision(case)
    await ask_back(case, DECISION, "xena")
    await drafted_again(case)
    await heard(case)
    await asked(case, DECISION)
    await approve(case, DECISION, "xena")
    await case.in_stage("publication")
    early = await tried(case, "publication", "labels-changed", "pia")
    refused(early, Outcome.REFUSED, Reason.UNANSWERED)
    await published(case, "labels-changed")
    await done(case, "retro-review", "decided-wrongly", "quin")
    await ended(case, "rule-changed")
    await has_performed(case, "correct-earlier")
    assert (await case.picture()).severity.row == "3"


@story()
async def a_precedent_applies(case: CaseUnderTest) -> None:
    """The question had been answered before: reviewers are told, nothing is decided anew."""
    await opened(case)
    await case.in_stage("precedents")
    await said(case, "pia", precedent="ref-17")
    await searched(case, "precedent-applies")
    await ended(case, "existing-rule-applies")


@story(occasion="attack")
async def a_rule_of_three_days_holds_in_an_attack(case: CaseUnderTest) -> None:
    """Incident manager and policy issue it together, for three days; neither can alone."""
    await attack(case, "needs-a-rule")
    await written(case, URGENT, "ines", *URGENT_MEMO)
    await approve(case, URGENT, "ines")
    seen = await asked(case, URGENT)
    assert seen.rules == []
    await approve(case, URGENT, "pia")
    await issued(case, name="crisis-rule", number="1001-R1", lasts=3 * DAY)
    await case.in_stage("precedents")
    await said(case, "pia", precedent="ref-18")
    await searched(case, "precedent-applies")
    await ended(case, "existing-rule-applies")
    assert (await case.picture()).severity.row == "1"


@story(occasion="war", blocked="900")
async def rules_suffice_in_an_attack(case: CaseUnderTest) -> None:
    """The attack needs no new rule; the question is deferred, and a rule holds for thirty days."""
    await attack(case, "rules-suffice")
    await to_the_decision(case)
    await reject(case, DECISION, "xena")
    await written(case, DEFERRAL, "pia", "rule", "why-deferred")
    await ask_back(case, DEFERRAL, "xena")
    await drafted_again(case)
    await heard(case)
    await asked(case, DECISION)
    await reject(case, DECISION, "xena")
    await asked(case, DEFERRAL)
    await approve(case, DEFERRAL, "xena")
    await issued(case, name="holding-rule", number="1001-R1", lasts=30 * DAY)
    await ended(case, "deferred-expiry")


@story(blocked="501")
async def nothing_holds_while_it_is_deferred(case: CaseUnderTest) -> None:
    """The incident manager would issue a rule, policy would not: the executive says no, twice."""
    await case.in_stage("triage")
    await said(case, "pia", proposed_rule="ref-10")
    await done(case, "triage", "cannot-wait", "pia")
    await written(case, URGENT, "ines", *URGENT_MEMO)
    await ask_back(case, URGENT, "pia")
    await done(case, "triage", "cannot-wait", "pia")
    await asked(case, URGENT)
    await approve(case, URGENT, "ines")
    await reject(case, URGENT, "pia")
    seen = await asked(case, URGENT)
    assert seen.rounds[-1].kind is RoundKind.SPLIT
    await reject(case, URGENT, "xena")
    await to_the_decision(case)
    await reject(case, DECISION, "xena")
    await written(case, DEFERRAL, "pia", "rule", "why-deferred")
    await reject(case, DEFERRAL, "xena")
    await ended(case, "deferred-expiry")
    seen = await case.picture()
    assert seen.rules == []
    assert seen.severity.row == "2"


@story()
async def the_functions_disagree(case: CaseUnderTest) -> None:
    """The executive says whether the options are fit; the first time they are not."""
    await opened(case)
    await searched(case)
    await drafted(case)
    await ask_back(case, CONSULT, "lena")
    await drafted_again(case)
    await approve(case, CONSULT, "pola", role="policy-lead")
    await reject(case, CONSULT, "lena", role="legal")
    await approve(case, CONSULT, "fern")
    seen = await asked(case, CONSULT)
    assert seen.rounds[-1].kind is RoundKind.SPLIT
    await reject(case, CONSULT, "xena")
    await drafted_again(case)
    await heard(case)
    await written(case, DECISION, "pia", *DECISION_MEMO)
    await approve(case, DECISION, "xena")
    await published(case)
    await done(case, "retro-review", "as-decided", "quin")
    await ended(case, "precedent-set")


async def drafted_again(case: CaseUnderTest) -> None:
    """The options have been rewritten."""
    await done(case, "options", "drafted", "pia")
    await asked(case, CONSULT)


@story(occasion="election")
async def nobody_hurries(case: CaseUnderTest) -> None:
    """Every stage runs late, and tells who is named; the head of policy stands in for policy."""
    by_hand(case, "debrief")
    await dawdle(case, "triage", 61 * HOUR)
    await done(case, "triage", "attack", "pia")
    await dawdle(case, "situation", HOUR)
    await said(case, "ines", perpetrator_content="no", proposed_rule="ref-11")
    await done(case, "situation", "needs-a-rule", "ines")
    await dawdle(case, URGENT, 2 * HOUR)
    await written(case, URGENT, "ines", *URGENT_MEMO)
    await approve(case, URGENT, "ines")
    await approve(case, URGENT, "pola")
    await dawdle(case, "precedents", 5 * HOUR)
    await searched(case)
    await dawdle(case, "options", 25 * HOUR)
    await drafted(case)
    await dawdle(case, CONSULT, 49 * HOUR)
    await heard(case)
    await dawdle(case, DECISION, 25 * HOUR)
    await written(case, DECISION, "pia", *DECISION_MEMO)
    author = await case.act(
        Decide(gate=DECISION, verdict=Verdict.APPROVE), person="pia", role="policy"
    )
    refused(author, Outcome.NOT_YOURS, Reason.ROLE)
    await reject(case, DECISION, "xena")
    await dawdle(case, DEFERRAL, 25 * HOUR)
    await written(case, DEFERRAL, "pia", "rule", "why-deferred")
    await ask_back(case, DEFERRAL, "xena")
    await drafted_again(case)
    await heard(case)
    await asked(case, DECISION)
    await approve(case, DECISION, "xena")
    await dawdle(case, "publication", 49 * HOUR)
    await published(case)
    await dawdle(case, "retro-review", 8 * DAY)
    await done(case, "retro-review", "as-decided", "quin")
    await dawdle(case, "closure", 25 * HOUR)
    await receipted(case, "debrief", "ines")
    await ended(case, "precedent-set")
