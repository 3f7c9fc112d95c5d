"""Stories of personal data breaches: contained, judged, told to each authority in its own time."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from cases.acts import (
    Answer,
    Close,
    Complete,
    Decide,
    Dissent,
    Evidence,
    Memo,
    Resolution,
    Verdict,
)
from cases.acts import Receipt as SettleEffect
from cases.gate import RoundKind
from cases.receipts import Outcome, Reason
from cases.state import CasePicture
from tests.workflows.scenarios import Play, Scenario, accepted, approve, refused, reject
from tests.workflows.telling import ago, complete
from tests.workflows.world import CaseUnderTest

RUNBOOK = "personal-data-breach"
HOUR = timedelta(hours=1)
SIGN_OFF = (
    "nature",
    "categories-of-subjects",
    "categories-of-records",
    "consequences",
    "measures",
    "contact",
)
IN_TIME = {"within-72-hours": "yes"}
NO_NOTICE = ("facts", "why-no-risk", "measures")
WORDS = ("words", "channel", "exceptions-considered")
SCOPED = {
    "systems": "list-1",
    "categories": "list-2",
    "people": "1200",
    "special-categories": "no",
    "children": "no",
    "unreadable": "no",
}
ALONE = {"significant": "no", "product": "not-affected", "nis2-entity": "no"}
"""Nothing but personal data: neither the service nor a product is in question."""
ANALYSED = {"root-cause": "report-4", "actions": "list-5"}
REST = {"eu-people": "no", "uk-people": "no", "californians": "0", "listed": "no"}

STORIES: dict[str, Scenario] = {}


def story(*by_hand: str) -> Callable[[Play], Play]:
    """The story is one of this runbook's; what is named people do by hand."""

    def add(play: Play) -> Play:
        opened = {"answers": {"source": "detection"}}
        STORIES[play.__name__] = Scenario(
            play=play, runbook=RUNBOOK, opened=opened, by_hand=by_hand
        )
        return play

    return add


async def answer(case: CaseUnderTest, person: str, answers: dict[str, str]) -> None:
    """The questions have these answers."""
    accepted(await case.act(Answer(answers=answers), person=person))


async def suspected(case: CaseUnderTest, **answers: str) -> None:
    """Security thinks that personal data is affected, and has closed the way out."""
    said = {"personal-data": "yes", "exfiltration": "no", **answers}
    await answer(case, "seth", said)
    await complete(case, "triage", "suspected", "seth")
    await case.in_stage("awareness")


async def aware(
    case: CaseUnderTest,
    outcome: str = "controller",
    *,
    since: timedelta = HOUR,
    role: str = "controller",
    **answers: str,
) -> CasePicture:
    """The data protection officer has decided since when we are aware, and for whom."""
    said = {name.replace("_", "-"): value for name, value in answers.items()}
    said = {"aware-at": await ago(case, since), "our-role": role, **ALONE, **said}
    await answer(case, "paula", said)
    await complete(case, "awareness", outcome, "paula")
    return await case.in_stage("scope" if outcome == "controller" else "controller-notice")


async def scoped(case: CaseUnderTest, risk: str = "likely") -> None:
    """What was affected is known, and the risk is decided."""
    await case.in_stage("scope")
    await answer(case, "seth", SCOPED)
    await complete(case, "scope", "scoped", "seth")
    await case.in_stage("risk-assessment")
    await answer(case, "paula", {"risk": risk, "risk-decided-at": await ago(case, HOUR / 60)})
    await complete(case, "risk-assessment", "no-risk" if risk == "unlikely" else "risk", "paula")


async def written(case: CaseUnderTest, gate: str, fields: tuple[str, ...], person: str) -> None:
    """The memo of the gate is complete, and its round is open."""
    await case.in_stage(gate)
    accepted(
        await case.act(Memo(gate=gate, fields=dict.fromkeys(fields, "as drafted")), person=person)
    )
    await case.until(lambda seen: seen.open_round(gate) is not None)


async def drafted(case: CaseUnderTest, **answers: str) -> None:
    """Counsel knows whose law applies, and the sign-off is asked."""
    await case.in_stage("jurisdictions")
    said = {name.replace("_", "-"): value for name, value in answers.items()}
    await answer(case, "gwen", {**REST, **said})
    await complete(case, "jurisdictions", "mapped", "gwen")
    await case.in_stage("draft")
    await answer(case, "paula", IN_TIME)
    await complete(case, "draft", "drafted", "paula")
    await written(case, "sign-off", SIGN_OFF, "paula")


async def signed_off(case: CaseUnderTest) -> None:
    """Two of the three have signed."""
    await approve(case, "sign-off", "paula")
    await approve(case, "sign-off", "gwen")
    await case.in_stage("submission")


async def to_complete(case: CaseUnderTest) -> None:
    """What the first notification left open is known, and the complete one is asked about."""
    await case.in_stage("updates")
    if "records" not in (await case.picture()).answers:
        await answer(case, "paula", {"records": "3600"})
    await complete(case, "updates", "to-complete", "paula")
    if "completion" in (await case.picture()).memos:
        await case.until(lambda seen: seen.open_round("completion") is not None)
    else:
        await written(case, "completion", SIGN_OFF, "paula")


async def completed(case: CaseUnderTest) -> None:
    """The first notification left numbers open; the complete one is asked back, refused, signed."""
    seen = await case.picture()
    first = seen.drafts["notify-eu"].draft.fields
    assert (first["phase"], first["approximate-subjects"]) == ("initial", "1200")
    assert "approximate-records" not in first
    assert seen.drafts["notify-uk"].draft.fields["countries"] == "United Kingdom"
    await to_complete(case)
    more = Decide(gate="completion", verdict=Verdict.MORE_INFORMATION, reason="counted twice?")
    accepted(await case.act(more, person="cass"))
    await to_complete(case)
    await reject(case, "completion", "gwen")
    await reject(case, "completion", "cass")
    await waited(case, 55 * HOUR)
    await to_complete(case)
    await waited(case, 19 * HOUR)
    await approve(case, "completion", "paula")
    await approve(case, "completion", "cass")
    await case.in_stage("root-cause")
    seen = await case.picture()
    assert seen.drafts["complete-eu"].draft.fields["approximate-records"] == "3600"


async def analysed(case: CaseUnderTest) -> None:
    """The root cause is known, and every action has an owner and a day."""
    await case.in_stage("root-cause")
    await answer(case, "seth", ANALYSED)
    await complete(case, "root-cause", "analysed", "seth")
    await case.in_stage("closure")


async def close(case: CaseUnderTest, disposition: str) -> None:
    """Nothing is left to do, and the incident manager closes the case."""
    await case.in_stage("closure")
    await case.until(lambda seen: not any(effect.open for effect in seen.effects))
    body = Close(disposition=disposition, record="facts, rule, decision", lessons="rotate sooner")
    accepted(await case.act(body, person="ines"))


async def evidence(case: CaseUnderTest) -> None:
    """What shows that nothing happened is on the list, by reference."""
    item = Evidence(label="log-review", reference="store/7", digest="7" * 64)
    accepted(await case.act(item, person="ines"))


def running(seen: CasePicture) -> set[str]:
    """The clocks of the law that run."""
    return {clock.id for clock in seen.clocks if clock.statutory and not clock.ended}


async def runs(case: CaseUnderTest, clocks: set[str]) -> CasePicture:
    """The picture, once exactly these clocks of the law run."""
    return await case.until(lambda seen: running(seen) == clocks)


async def due(case: CaseUnderTest, name: str) -> datetime:
    """When the clock is due."""
    clock = (await case.picture()).clock(name)
    assert clock is not None
    found = clock.due_at(await case.now())
    assert found is not None
    return found


async def by_hand(case: CaseUnderTest, name: str) -> None:
    """Somebody has done it, and the receipt is on record."""
    seen = await case.until(
        lambda seen: (found := seen.effect_named(name)) is not None and found.state == "manual"
    )
    effect = seen.effect_named(name)
    assert effect is not None
    owners = {"security": "seth", "privacy": "paula", "ciso": "cass", "communications": "colin"}
    done = SettleEffect(effect=effect.key, resolution=Resolution.DONE, reference="receipt 3")
    accepted(await case.act(done, person=owners.get(effect.owner, "gwen")))
    await case.until(lambda seen: (found := seen.effect(effect.key)) is not None and not found.open)


@story("tell-californians", "nis2-final")
async def a_breach_in_four_jurisdictions_is_told_to_each_in_its_time(case: CaseUnderTest) -> None:
    """EU, United Kingdom, California and the SEC: four events, four clocks, four receipts."""
    await suspected(case)
    await aware(case, significant="yes", nis2_entity="yes")
    # Where people are is not known yet, so the careful answer runs; the warning is out already.
    await runs(case, {"EU-GDPR33", "UK-GDPR33", "EU-NIS2-72h"})
    await scoped(case, "high")
    await runs(case, {"EU-GDPR33", "UK-GDPR33", "EU-NIS2-72h", "EU-GDPR34"})
    await drafted(case, eu_people="yes", uk_people="yes", californians="900", listed="yes")
    await answer(case, "ines", {"material-at": await ago(case, 2 * HOUR)})
    await runs(
        case,
        {"EU-GDPR33", "UK-GDPR33", "EU-NIS2-72h", "EU-GDPR34", "US-CA-446-30d", "US-SEC-105"},
    )
    assert await due(case, "EU-GDPR33") == await due(case, "UK-GDPR33")
    assert await due(case, "US-SEC-105") - await due(case, "EU-GDPR33") > timedelta()
    assert await due(case, "US-CA-446-30d") - await due(case, "EU-GDPR33") > timedelta(days=20)
    await approve(case, "sign-off", "gwen")
    twice = await case.act(Decide(gate="sign-off", verdict=Verdict.APPROVE), person="colin")
    refused(twice, Outcome.NOT_YOURS, Reason.ROLE)
    await approve(case, "sign-off", "cass")
    await case.in_stage("submission")
    await runs(case, {"EU-GDPR34", "US-CA-446-30d", "EU-NIS2-1m"})
    await complete(case, "submission", "people-to-tell", "paula")
    await written(case, "subject-notice", WORDS, "paula")
    await approve(case, "subject-notice", "paula")
    await approve(case, "subject-notice", "colin")
    await by_hand(case, "tell-californians")
    await runs(case, {"US-CA-446-15d", "EU-NIS2-1m"})
    await complete(case, "updates", "update-sent", "paula")
    await runs(case, {"EU-NIS2-1m"})
    await completed(case)
    await analysed(case)
    early = await case.act(
        Close(disposition="notified", record="told", lessons="none"), person="ines"
    )
    refused(early, Outcome.REFUSED, Reason.UNMET)
    assert "duties-met: EU-NIS2-1m" in early.detail
    await by_hand(case, "nis2-final")
    await close(case, "notified")


@story()
async def no_risk_is_only_registered(case: CaseUnderTest) -> None:
    """That nobody is told needs written reasons and both of them; the register has it all."""
    await suspected(case)
    await aware(case)
    await scoped(case, "unlikely")
    await case.in_stage("no-notice")
    unwritten = await case.act(Decide(gate="no-notice", verdict=Verdict.APPROVE), person="paula")
    refused(unwritten, Outcome.REFUSED, Reason.MALFORMED)
    await written(case, "no-notice", NO_NOTICE, "paula")
    await approve(case, "no-notice", "paula")
    seen = await case.picture()
    assert seen.stage == "no-notice"
    await approve(case, "no-notice", "gwen")
    await case.in_stage("no-risk")
    await waited(case, 7 * HOUR)
    await complete(case, "no-risk", "recorded", "paula")
    await runs(case, set())
    await analysed(case)
    wrong = Close(disposition="notified", record="r", lessons="l")
    refused(await case.act(wrong, person="ines"), Outcome.REFUSED, Reason.UNMET)
    await close(case, "register-only")


@story()
async def counsel_does_not_agree_that_nobody_is_told(case: CaseUnderTest) -> None:
    """They disagree, and the executive has people told; then all of what is due is ordered."""
    await suspected(case)
    await aware(case)
    await scoped(case, "unlikely")
    await written(case, "no-notice", NO_NOTICE, "paula")
    more = Decide(gate="no-notice", verdict=Verdict.MORE_INFORMATION, reason="which tables?")
    accepted(await case.act(more, person="gwen"))
    await complete(case, "scope", "scoped", "seth")
    await complete(case, "risk-assessment", "no-risk", "paula")
    await case.until(lambda seen: seen.open_round("no-notice") is not None)
    await approve(case, "no-notice", "paula")
    await reject(case, "no-notice", "gwen")
    seen = await case.until(lambda seen: seen.rounds[-1].kind is RoundKind.SPLIT)
    assert list(seen.rounds[-1].approve) == ["executive"]
    await reject(case, "no-notice", "eve")
    await drafted(case, eu_people="yes")
    more = Decide(gate="sign-off", verdict=Verdict.MORE_INFORMATION, reason="how many people?")
    accepted(await case.act(more, person="cass"))
    await complete(case, "scope", "scoped", "seth")
    await complete(case, "risk-assessment", "risk", "paula")
    await complete(case, "jurisdictions", "mapped", "gwen")
    await complete(case, "draft", "drafted", "paula")
    await case.until(lambda seen: seen.open_round("sign-off") is not None)
    await reject(case, "sign-off", "gwen")
    seen = await case.picture()
    assert seen.stage == "sign-off"
    await reject(case, "sign-off", "cass")
    await complete(case, "draft", "drafted", "paula")
    await case.until(lambda seen: seen.open_round("sign-off") is not None)
    await signed_off(case)
    await complete(case, "submission", "nobody-to-tell", "paula")
    await complete(case, "updates", "complete", "paula")
    await analysed(case)
    await close(case, "notified")


@story()
async def a_reviewer_objects(case: CaseUnderTest) -> None:
    """Whoever finds the decision wrong has the executive decide it, at either gate."""
    await suspected(case)
    await aware(case)
    await scoped(case, "unlikely")
    await written(case, "no-notice", NO_NOTICE, "paula")
    objection = Dissent(gate="no-notice", reason="the tables can be linked")
    accepted(await case.act(objection, person="gwen"))
    await case.until(lambda seen: seen.rounds[-1].kind is RoundKind.DISSENT)
    await reject(case, "no-notice", "eve")
    await drafted(case, uk_people="yes")
    objection = Dissent(gate="sign-off", reason="the numbers are not settled")
    accepted(await case.act(objection, person="cass"))
    await case.until(lambda seen: seen.rounds[-1].kind is RoundKind.DISSENT)
    await approve(case, "sign-off", "eve")
    await complete(case, "submission", "nobody-to-tell", "paula")
    await case.in_stage("updates")
    await answer(case, "paula", {"eu-people": "yes", "countries": "DE, FR"})
    await runs(case, {"EU-GDPR33"})
    await complete(case, "updates", "another-authority", "paula")
    await complete(case, "draft", "drafted", "paula")
    seen = await case.until(lambda seen: seen.open_round("sign-off") is not None)
    assert seen.drafts["notify-eu"].draft.fields["countries"] == "DE, FR"
    await signed_off(case)
    await runs(case, set())
    await complete(case, "submission", "nobody-to-tell", "paula")
    await complete(case, "updates", "complete", "paula")
    await analysed(case)
    await close(case, "notified")


@story()
async def an_exception_spares_the_notice_to_people(case: CaseUnderTest) -> None:
    """The words are asked about, opinions are split, and in the end an exception is on record."""
    await suspected(case)
    await aware(case)
    await scoped(case, "high")
    await drafted(case, eu_people="yes")
    await signed_off(case)
    await complete(case, "submission", "people-to-tell", "paula")
    await written(case, "subject-notice", WORDS, "paula")
    more = Decide(gate="subject-notice", verdict=Verdict.MORE_INFORMATION, reason="which channel?")
    accepted(await case.act(more, person="colin"))
    await complete(case, "submission", "people-to-tell", "paula")
    await case.until(lambda seen: seen.open_round("subject-notice") is not None)
    await approve(case, "subject-notice", "colin")
    await reject(case, "subject-notice", "paula")
    await case.until(lambda seen: seen.rounds[-1].kind is RoundKind.SPLIT)
    await runs(case, {"EU-GDPR34"})
    await reject(case, "subject-notice", "gwen")
    await complete(case, "exception", "recorded", "paula")
    await runs(case, set())
    await complete(case, "updates", "complete", "paula")
    await analysed(case)
    await close(case, "notified")


@story()
async def a_processor_tells_the_controller(case: CaseUnderTest) -> None:
    """The data is another's: they are told within a day, and the register has it."""
    await suspected(case)
    await aware(case, "processor", role="processor")
    await runs(case, set())
    await complete(case, "controller-notice", "told", "paula")
    await analysed(case)
    await close(case, "processor-notified")


@story()
async def a_false_alarm_at_first_sight(case: CaseUnderTest) -> None:
    """Triage finds that no personal data was there."""
    await answer(case, "seth", {"personal-data": "no", "exfiltration": "no"})
    await complete(case, "triage", "false-alarm", "seth")
    await case.in_stage("closure")
    unproved = Close(disposition="false-alarm", record="r")
    refused(await case.act(unproved, person="ines"), Outcome.REFUSED, Reason.UNMET)
    await evidence(case)
    await close(case, "false-alarm")


@story()
async def a_false_alarm_before_awareness(case: CaseUnderTest) -> None:
    """The data protection officer finds no reasonable certainty, and says what else it was."""
    await suspected(case)
    said = {"aware-at": await ago(case, HOUR), "our-role": "both", "personal-data": "no", **ALONE}
    await answer(case, "paula", said)
    await runs(case, set())
    await complete(case, "awareness", "false-alarm", "paula")
    await evidence(case)
    await close(case, "false-alarm")


@story()
async def a_false_alarm_after_scoping(case: CaseUnderTest) -> None:
    """The clocks that ran are cancelled with the answer that they no longer follow from."""
    await suspected(case)
    seen = await aware(case)
    assert running(seen) == {"EU-GDPR33", "UK-GDPR33"}
    await answer(case, "seth", {**SCOPED, "personal-data": "no"})
    await runs(case, set())
    await complete(case, "scope", "false-alarm", "seth")
    await evidence(case)
    await close(case, "false-alarm")


@story("cra-warning")
async def an_exploited_product_has_reports_of_its_own(case: CaseUnderTest) -> None:
    """Three submissions on the vulnerability, the last one fourteen days after its fix."""
    await case.forward_to(datetime(2026, 9, 12, tzinfo=UTC))
    await suspected(case)
    seen = await aware(case, product="exploited-vulnerability")
    assert running(seen) == {"EU-GDPR33", "UK-GDPR33", "EU-CRA14-24h", "EU-CRA14-72h"}
    await by_hand(case, "cra-warning")
    await scoped(case)
    await drafted(case, eu_people="yes")
    fixed = await ago(case, HOUR)
    await answer(case, "ines", {"fixed-at": fixed})
    await runs(case, {"EU-GDPR33", "EU-CRA14-72h", "EU-CRA14-14d"})
    assert await due(case, "EU-CRA14-14d") == datetime.fromisoformat(fixed) + timedelta(days=14)
    await signed_off(case)
    await complete(case, "submission", "nobody-to-tell", "paula")
    await waited(case, timedelta(days=11))
    await complete(case, "updates", "complete", "paula")
    await analysed(case)
    await runs(case, set())
    await close(case, "notified")


@story()
async def the_table_is_read(case: CaseUnderTest) -> None:
    """Each answer is judged as it comes, worst facts first."""

    async def judged(row: int, **answers: str) -> None:
        said = {name.replace("_", "-"): value for name, value in answers.items()}
        await answer(case, "seth", said)
        await case.until(lambda seen: seen.severity.row == str(row))

    await judged(8, children="no")
    await judged(6, special_categories="yes")
    await judged(7, special_categories="no", children="yes")
    await judged(5, personal_data="no", children="no")
    await judged(1, personal_data="yes", exfiltration="yes")
    await judged(9, exfiltration="no")
    await judged(3, risk="likely")
    await judged(2, risk="high")
    await judged(4, risk="unlikely")
    await answer(case, "seth", {"personal-data": "no"})
    await complete(case, "triage", "false-alarm", "seth")
    await evidence(case)
    await close(case, "false-alarm")


SLOW = (
    "contain", "tell-controller", "nis2-warning", "cra-warning", "notify-eu", "notify-uk",
    "file-8k", "tell-people", "tell-californians", "send-sample",
)  # fmt: skip
"""What people are slow with in the story in which everything is."""


async def waited(case: CaseUnderTest, by: timedelta) -> None:
    """Nobody has done anything for so long."""
    await case.forward(by)


@story(*SLOW)
async def everything_is_late(case: CaseUnderTest) -> None:
    """At every stage and for every law somebody is paged in time, and at last it is done."""
    await waited(case, HOUR)
    await by_hand(case, "contain")
    await suspected(case)
    await waited(case, 3 * HOUR)
    await aware(
        case,
        "processor",
        role="both",
        significant="yes",
        nis2_entity="yes",
        product="severe-incident",
    )
    await waited(case, 20 * HOUR)
    for name in ("tell-controller", "nis2-warning", "cra-warning"):
        await by_hand(case, name)
    await complete(case, "controller-notice", "also-ours", "paula")
    await waited(case, 16 * HOUR)
    await scope_slowly(case)
    await waited(case, 12 * HOUR)
    await reject(case, "no-notice", "paula")
    await reject(case, "no-notice", "dean")
    await case.in_stage("jurisdictions")
    await answer(
        case, "ines", {"risk": "high", "material-at": await ago(case, HOUR), "listed": "yes"}
    )
    await waited(case, 6 * HOUR)
    await drafted_slowly(case)
    await waited(case, 12 * HOUR)
    await approve(case, "sign-off", "priya")
    await approve(case, "sign-off", "dean")
    await case.in_stage("submission")
    await waited(case, 6 * HOUR)
    for name in ("notify-eu", "notify-uk"):
        await by_hand(case, name)
    await complete(case, "submission", "delay-asked", "paula")
    before = await case.picture()
    assert running(before) >= {"US-CA-446-30d", "US-SEC-105", "EU-GDPR34", "EU-NIS2-1m"}
    await waited(case, timedelta(days=7))
    by_law = (await case.picture()).clock("US-CA-446-30d")
    assert by_law is not None
    assert not by_law.reading(await case.now()).running
    await told_slowly(case)
    await close(case, "notified")


async def told_slowly(case: CaseUnderTest) -> None:
    """People, updates and the root cause: each waits until it is late."""
    await complete(case, "delay", "lifted", "gwen")
    await complete(case, "submission", "people-to-tell", "paula")
    await written(case, "subject-notice", WORDS, "paula")
    await waited(case, timedelta(days=1))
    await reject(case, "subject-notice", "paula")
    await reject(case, "subject-notice", "colin")
    await waited(case, timedelta(days=1))
    await complete(case, "exception", "recorded", "paula")
    await waited(case, timedelta(days=20))
    await complete(case, "updates", "update-sent", "paula")
    await by_hand(case, "file-8k")
    await by_hand(case, "tell-californians")
    await complete(case, "updates", "update-sent", "paula")
    await waited(case, timedelta(days=14))
    await by_hand(case, "send-sample")
    await complete(case, "updates", "complete", "paula")
    await waited(case, timedelta(days=12))
    await analysed(case)
    await waited(case, timedelta(days=2))


async def scope_slowly(case: CaseUnderTest) -> None:
    """Scope and risk come late, and the first finding is that there is none."""
    await answer(case, "seth", SCOPED)
    await complete(case, "scope", "scoped", "seth")
    await case.in_stage("risk-assessment")
    await waited(case, 4 * HOUR)
    await answer(case, "paula", {"risk": "unlikely", "risk-decided-at": await ago(case, HOUR)})
    await complete(case, "risk-assessment", "no-risk", "paula")
    await written(case, "no-notice", NO_NOTICE, "paula")


async def drafted_slowly(case: CaseUnderTest) -> None:
    """The matrix is there, and the draft takes all of its time."""
    await answer(case, "gwen", {"eu-people": "yes", "uk-people": "yes", "californians": "501"})
    await complete(case, "jurisdictions", "mapped", "gwen")
    await case.in_stage("draft")
    await waited(case, 18 * HOUR)
    await answer(case, "paula", {"within-72-hours": "no"})
    silent = await case.act(Complete(stage="draft", outcome="drafted"), person="paula")
    refused(silent, Outcome.REFUSED, Reason.UNANSWERED)
    await answer(case, "paula", {"reasons-for-delay": "the processor told us late"})
    await complete(case, "draft", "drafted", "paula")
    await written(case, "sign-off", SIGN_OFF, "paula")
