"""Stories of child safety, in codes: together they take every way the runbook knows."""

from collections.abc import Callable
from datetime import timedelta

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
from cases.gate import RoundKind
from cases.receipts import Outcome, Reason
from cases.state import CasePicture
from runbooks.plan import Severity
from tests.workflows.scenarios import Play, Scenario, accepted, approve, refused, reject
from tests.workflows.telling import (
    answer,
    asked,
    close,
    complete,
    has_performed,
    performed,
    settle,
    write,
)
from tests.workflows.world import CaseUnderTest

RUNBOOK = "child-safety-report"
GATE = "report"
SECOND = "second-review"
FILING = "filing"
MEMO = ("codes-checked",)
PIECES = f"vault-4 sha256:{4:064x} A2 viewed; vault-5 sha256:{5:064x} B1 public viral"
LOG_IN = "Upload/203.0.113.7/2026-11-30T21:04:00Z"
ORDINARY = {
    "kind": "image-or-video",
    "incident_type": "csam",
    "age": "minor",
    "ongoing": "no",
    "sextortion": "no",
    "hands_on": "no",
    "child_at_risk": "no",
    "viewing_minutes": "0",
}

STORIES: dict[str, Scenario] = {}


def story(*by_hand: str, **answers: str) -> Callable[[Play], Play]:
    """The story is one of this runbook's, opened with those answers; people do what is named."""

    def add(play: Play) -> Play:
        opened = {"answers": {"origin": "hash-exact", **answers}}
        STORIES[play.__name__] = Scenario(
            play=play, runbook=RUNBOOK, opened=opened, by_hand=by_hand
        )
        return play

    return add


async def classified(
    case: CaseUnderTest, *, row: str, outcome: str = "classified", **answers: str
) -> None:
    """An expert has classified by codes, and says where the case goes."""
    await case.in_stage("classification")
    known = {"aware_at": (await case.now()).isoformat(), **ORDINARY, **answers}
    await answer(case, "kira", row=row, **known)
    await complete(case, "classification", outcome, "kira")


async def built(case: CaseUnderTest, *, priority: bool = False) -> None:
    """The account is swept, and one report for the user is built."""
    seen = await case.in_stage("account-sweep")
    if "ip-events" not in seen.answers:
        await answer(case, "kira", ip_events="store:2", chat_context="no")
    await complete(case, "account-sweep", "swept", "kira")
    await described(case)
    if priority:
        await answer(case, "kira", priority_reason="code D1, reference store:3")
    await complete(case, "report-build", "built-with-priority" if priority else "built", "kira")


async def described(case: CaseUnderTest) -> None:
    """Everything the report asks is answered."""
    seen = await case.in_stage("report-build")
    if "files" in seen.answers:
        return
    await answer(
        case,
        "kira",
        account="account-5",
        files="list:4",
        pieces="2",
        incident_at=(await case.now() - timedelta(hours=3)).isoformat(),
        incident_at_means="uploaded",
        where="chat",
        generated="no",
        self_generated="no",
        viral="no",
    )


async def to_file(
    case: CaseUnderTest, files: str = PIECES, connections: str = LOG_IN
) -> CasePicture:
    """The report reads as it will be filed, and somebody is asked to file it."""
    seen = await case.in_stage(FILING)
    if seen.memos.get(FILING, {}).get("files") != files:
        memo = Memo(gate=FILING, fields={"files": files, "connections": LOG_IN})
        accepted(await case.act(memo, person="kira"))
    return await asked(case, FILING)


async def filed(case: CaseUnderTest, files: str = PIECES) -> None:
    """The report is approved word for word, and handed in; that is the end of its stage."""
    await to_file(case, files)
    await approve(case, FILING, "kira")
    seen = await case.in_stage("duplicate-check")
    handed = seen.effect_named("submit-report")
    assert handed is not None
    assert handed.state == "done"
    assert seen.drafts["submit-report"].approved_in is not None


async def settled(
    case: CaseUnderTest, *, check: str = "covered", action: str = "close-account"
) -> None:
    """The United Kingdom and Canada are looked at, and then the account."""
    await case.in_stage("duplicate-check")
    await answer(case, "kira", uk_linked="no", ca_linked="no")
    await complete(case, "duplicate-check", check, "kira")
    await complete(case, "account-action", action, "kira")


@story(known="yes")
async def a_known_hash_is_reported(case: CaseUnderTest) -> None:
    """One expert is enough; nobody else has a say; no second look is asked of a known hash."""
    seen = await case.until(lambda seen: seen.effect_named("block-and-quarantine") is not None)
    assert (seen.severity.current, seen.stage) == (Severity.SEV2, "classification")
    await classified(case, row="8")
    await asked(case, GATE)
    for outsider in ("pia", "pola", "ines", "lena"):
        no = Decide(gate=GATE, verdict=Verdict.REJECT, reason="it would look bad")
        refused(await case.act(no, person=outsider), Outcome.NOT_YOURS, Reason.ROLE)
    await approve(case, GATE, "kira")
    await built(case)
    seen = await case.in_stage(FILING)
    assert [(visit.stage, visit.outcome) for visit in seen.visits[-2:-1]] == [(SECOND, "skipped")]
    broken = Memo(gate=FILING, fields={"files": "vault-4 sha256:12 A2", "connections": "none"})
    accepted(await case.act(broken, person="kira"))
    seen = await asked(case, FILING)
    assert "ip-events" not in seen.drafts["submit-report"].draft.fields
    early = await case.act(Decide(gate=FILING, verdict=Verdict.APPROVE), person="kira")
    refused(early, Outcome.REFUSED, Reason.DRAFT_INCOMPLETE)
    assert "memo:filing.files" in early.detail
    assert seen.clock("US-2258A-preserve") is None
    await filed(case)
    seen = await case.picture()
    fields = seen.drafts["submit-report"].draft.fields
    assert fields["incident-type"] == "child-pornography"
    assert fields["ip-events"] == [LOG_IN]
    assert "escalate-to-high-priority" not in fields
    assert len(fields["files"]) == 2
    kept = await case.until(lambda seen: seen.clock("US-2258A-preserve") is not None)
    hold = kept.clock("US-2258A-preserve")
    assert hold is not None
    assert hold.hold
    assert kept.clock("US-2258A-report-imminent") is None
    await settled(case)
    await close(case, "reported")
    assert performed(case)[0] == "block-and-quarantine"
    await has_performed(case, "submit-report")
    assert performed(case).count("submit-report") == 1


@story(known="unknown")
async def a_child_is_in_danger(case: CaseUnderTest) -> None:
    """Minutes count: a second reviewer, never the first, and the report goes with priority."""
    await classified(case, row="1", ongoing="yes")
    seen = await case.picture()
    hour = seen.clock("US-2258A-report-imminent")
    assert hour is not None
    assert hour.within == timedelta(hours=1)
    assert seen.plan_changes[-1].target == "15 minutes"
    await approve(case, GATE, "kira")
    await complete_without_a_reason(case)
    await write(case, SECOND, "kyle", *MEMO)
    own = await case.act(Decide(gate=SECOND, verdict=Verdict.APPROVE), person="kira")
    refused(own, Outcome.NOT_YOURS, Reason.SAME_PERSON)
    assert "submit-report" not in performed(case)
    await approve(case, SECOND, "kofi")
    seen = await to_file(case)
    urgent = seen.drafts["submit-report"].draft.fields["escalate-to-high-priority"]
    assert urgent == "code D1, reference store:3"
    await filed(case)
    await settled(case, check="report-both", action="keep-for-authority")
    await close(case, "reported")
    await has_performed(case, "report-uk", "report-canada")
    assert "close-account" not in performed(case)


@story("submit-report", known="no")
async def a_second_reviewer_sends_it_back(case: CaseUnderTest) -> None:
    """Novel: the second reviewer asks, sends it back, and submits what was put right."""
    await classified(case, row="7", classification="A1")
    await asked(case, GATE)
    more = Decide(gate=GATE, verdict=Verdict.MORE_INFORMATION, reason="which list?")
    accepted(await case.act(more, person="kira"))
    await complete(case, "classification", "classified", "kira")
    await asked(case, GATE)
    await approve(case, GATE, "kira")
    await built(case)
    await write(case, SECOND, "kyle", *MEMO)
    await reject(case, SECOND, "kofi")
    await asked(case, GATE)
    await approve(case, GATE, "kira")
    await built(case)
    await asked(case, SECOND)
    ask = Decide(gate=SECOND, verdict=Verdict.MORE_INFORMATION, reason="one user, or two?")
    accepted(await case.act(ask, person="kofi"))
    await complete(case, "classification", "classified", "kira")
    await asked(case, GATE)
    await approve(case, GATE, "kira")
    await complete(case, "account-sweep", "new-facts", "kira")
    await complete(case, "classification", "classified", "kira")
    await asked(case, GATE)
    await approve(case, GATE, "kira")
    await complete(case, "account-sweep", "swept", "kira")
    await complete(case, "report-build", "new-facts", "kira")
    await complete(case, "classification", "classified", "kira")
    await asked(case, GATE)
    await approve(case, GATE, "kira")
    await built(case)
    await asked(case, SECOND)
    await approve(case, SECOND, "kofi")
    await not_accepted(case)
    await built(case)
    await asked(case, SECOND)
    await approve(case, SECOND, "kaya")
    await to_file(case)
    await approve(case, FILING, "kira")
    await case.in_stage("submission")
    await settle(case, "submit-report", Resolution.DONE, "kira")
    await settled(case, check="report-canada")
    seen = await case.until(lambda seen: seen.clock("CA-internet-child-keep") is not None)
    assert seen.effect_named("report-uk") is None
    await close(case, "reported")


async def complete_without_a_reason(case: CaseUnderTest) -> None:
    """A child is in danger: the report is built with priority, and priority has its reason."""
    await case.in_stage("account-sweep")
    await answer(case, "kira", ip_events="store:2", chat_context="no")
    await complete(case, "account-sweep", "swept", "kira")
    await described(case)
    slow = await case.act(Complete(stage="report-build", outcome="built"), person="kira")
    refused(slow, Outcome.REFUSED, Reason.OTHER_SEVERITY)
    urgent = Complete(stage="report-build", outcome="built-with-priority")
    refused(await case.act(urgent, person="kira"), Outcome.REFUSED, Reason.UNANSWERED)
    await answer(case, "kira", priority_reason="code D1, reference store:3")
    await complete(case, "report-build", "built-with-priority", "kira")


async def not_accepted(case: CaseUnderTest) -> None:
    """The report was not accepted: it is built anew, sent back once more, and asked about."""
    await to_file(case)
    await approve(case, FILING, "kira")
    await case.in_stage("submission")
    await complete(case, "submission", "not-accepted", "kira")
    await complete(case, "report-build", "built", "kira")
    await asked(case, SECOND)
    await approve(case, SECOND, "kaya")
    await to_file(case)
    await reject(case, FILING, "kofi")
    await complete(case, "report-build", "built", "kira")
    await asked(case, SECOND)
    await approve(case, SECOND, "kaya")
    await to_file(case)
    more = Decide(gate=FILING, verdict=Verdict.MORE_INFORMATION, reason="which list?")
    accepted(await case.act(more, person="kofi"))
    await complete(case, "classification", "classified", "kira")
    await asked(case, GATE)
    await approve(case, GATE, "kira")


@story(known="yes", origin="user-report")
async def one_would_not_report(case: CaseUnderTest) -> None:
    """One refuses, with reasons; one reports: it is reported, and no tie is to be broken."""
    await classified(case, row="8")
    await asked(case, GATE)
    silent = await case.act(Decide(gate=GATE, verdict=Verdict.REJECT), person="kira")
    refused(silent, Outcome.REFUSED, Reason.REASON_REQUIRED)
    await reject(case, GATE, "kira")
    seen = await asked(case, GATE)
    assert seen.rounds[-1].kind is RoundKind.ASK
    await approve(case, GATE, "kofi")
    await built(case)
    await filed(case)
    await settled(case)
    await close(case, "reported")


@story(origin="classifier")
async def two_do_not_report(case: CaseUnderTest) -> None:
    """Two found that it is not: a lead lifts the block, and both reasons are on record."""
    await classified(case, row="8", known="yes", age="adult")
    await asked(case, GATE)
    await reject(case, GATE, "kira")
    await asked(case, GATE)
    await reject(case, GATE, "kofi")
    await complete(case, "release", "release", "kyle")
    await case.in_stage("closure")
    wrong = Close(disposition="reported", record="r", lessons="l")
    refused(await case.act(wrong, person="ines"), Outcome.REFUSED, Reason.UNMET)
    await close(case, "not-csam")
    assert "submit-report" not in performed(case)
    assert performed(case)[-1] == "undo-block-and-quarantine"


@story(known="yes", origin="human-review")
async def a_decision_not_to_report_is_overruled(case: CaseUnderTest) -> None:
    """Age cannot be told: a reviewer objects at the end, the lead decides, and it is reported."""
    await classified(case, row="8", age="uncertain")
    await asked(case, GATE)
    await reject(case, GATE, "kira")
    await asked(case, GATE)
    await reject(case, GATE, "kofi")
    decided = await case.binding(GATE)
    await complete(case, "release", "keep-blocked", "kyle")
    await case.in_stage("closure")
    objection = Dissent(gate=GATE, reason="uncertain is a minor")
    stranger = await case.act(objection, person="pia", binding=decided)
    refused(stranger, Outcome.NOT_YOURS, Reason.ROLE)
    accepted(await case.act(objection, person="kaya", binding=decided))
    seen = await asked(case, GATE)
    assert seen.rounds[-1].kind is RoundKind.DISSENT
    await approve(case, GATE, "kyle")
    await built(case)
    await filed(case)
    await settled(case)
    await close(case, "age-indeterminate-reported")


@story(known="yes")
async def it_is_in_an_earlier_report(case: CaseUnderTest) -> None:
    """The same user and files are reported already: the number of that report is what closes it."""
    await classified(case, row="8", outcome="already-reported")
    await case.in_stage("prior-report")
    none = await case.act(Complete(stage="prior-report", outcome="same"), person="kira")
    refused(none, Outcome.REFUSED, Reason.UNANSWERED)
    await answer(case, "kira", duplicate_of="report-7")
    await complete(case, "prior-report", "same", "kira")
    await complete(case, "account-action", "keep-for-authority", "kira")
    await close(case, "already-reported")
    assert "submit-report" not in performed(case)


@story(origin="classifier", known="no")
async def words_alone_are_reported(case: CaseUnderTest) -> None:
    """Text only, and not what an earlier report has: reported, and the United Kingdom is told."""
    await classified(
        case, row="5", outcome="already-reported", kind="text-only", incident_type="enticement"
    )
    await answer(case, "kira", duplicate_of="report-7")
    await complete(case, "prior-report", "another", "kira")
    await asked(case, GATE)
    await approve(case, GATE, "kira")
    await built(case)
    await filed(case, files="none")
    fields = (await case.picture()).drafts["submit-report"].draft.fields
    assert "files" not in fields
    assert fields["text-only"]
    await settled(case, check="report-uk")
    await close(case, "text-only-reported")


@story("submit-report", known="no")
async def everybody_is_late(case: CaseUnderTest) -> None:
    """Late at every step, graver at the end: each time somebody is told, and nothing goes alone."""
    await case.forward(timedelta(hours=4))
    await classified(case, row="9", outcome="already-reported")
    await case.forward(timedelta(minutes=50))
    await answer(case, "kira", duplicate_of="report-7")
    await complete(case, "prior-report", "another", "kira")
    await asked(case, GATE)
    await case.forward(timedelta(minutes=50))
    await case.until(lambda seen: bool(seen.rounds[-1].backups))
    await approve(case, GATE, "kyle")
    await case.in_stage("account-sweep")
    await case.forward(timedelta(hours=17))
    await answer(case, "kira", ip_events="store:2", chat_context="yes")
    await complete(case, "account-sweep", "swept", "kira")
    await case.in_stage("report-build")
    await case.forward(timedelta(minutes=100))
    await answer(case, "kira", row="4", child_at_risk="yes")
    await described(case)
    await answer(case, "kira", priority_reason="code D4")
    await complete(case, "report-build", "built-with-priority", "kira")
    await write(case, SECOND, "kyle", *MEMO)
    await case.forward(timedelta(minutes=50))
    seen = await case.until(lambda seen: bool(seen.rounds[-1].backups))
    assert seen.effect_named("submit-report") is None
    await approve(case, SECOND, "kofi")
    await to_file(case)
    await case.forward(timedelta(minutes=5))
    await case.until(lambda seen: bool(seen.rounds[-1].backups))
    await approve(case, FILING, "kyle")
    await case.in_stage("submission")
    await case.forward(timedelta(minutes=6))
    await settle(case, "submit-report", Resolution.DONE, "kira")
    await case.in_stage("duplicate-check")
    await case.forward(timedelta(hours=4))
    await answer(case, "kira", uk_linked="no", ca_linked="no")
    await complete(case, "duplicate-check", "covered", "kira")
    await case.in_stage("account-action")
    await case.forward(timedelta(hours=1))
    await complete(case, "account-action", "close-account", "kira")
    await case.in_stage("closure")
    await case.forward(timedelta(hours=25))
    place = Evidence(label="list", reference="store:8", digest="d" * 64)
    accepted(await case.act(place, person="ines"))
    await close(case, "reported")


@story(known="yes")
async def a_lead_is_late_to_lift_a_block(case: CaseUnderTest) -> None:
    """While nobody lifts it the content stays blocked, and the incident manager is told."""
    await classified(case, row="8")
    await asked(case, GATE)
    await reject(case, GATE, "kofi")
    await asked(case, GATE)
    await reject(case, GATE, "kaya")
    await case.in_stage("release")
    await case.forward(timedelta(hours=4))
    assert "undo-block-and-quarantine" not in performed(case)
    await complete(case, "release", "release", "kyle")
    await close(case, "not-csam")


ROWS: tuple[tuple[dict[str, str], str, Severity], ...] = (
    ({"sextortion": "yes"}, "2", Severity.SEV0),
    ({"sextortion": "no", "hands-on": "yes"}, "3", Severity.SEV0),
    ({"hands-on": "no", "viral": "yes"}, "6", Severity.SEV2),
    ({"viral": "no", "classification": "B2", "known": "yes"}, "8", Severity.SEV2),
    ({"known": "unknown"}, "10", Severity.SEV1),
)
"""Answers one after the other, and the row each of them leads to."""


@story()
async def the_table_is_read(case: CaseUnderTest) -> None:
    """Nobody has looked: treated as novel. Then every row that no other story needs holds."""
    await case.until(lambda seen: seen.severity.current is Severity.SEV1)
    for answers, row, severity in ROWS:
        accepted(await case.act(Answer(answers=answers), person="kira"))
        seen = await case.until(lambda seen, row=row: seen.severity.row == row)  # type: ignore[misc]
        assert seen.severity.current is severity
    left = {"kind", "incident-type", "age", "ongoing", "child-at-risk", "viewing-minutes"}
    rest = {name: said for name, said in ORDINARY.items() if name.replace("_", "-") in left}
    await answer(case, "kira", aware_at=(await case.now()).isoformat(), **rest)
    await complete(case, "classification", "already-reported", "kira")
    await answer(case, "kira", duplicate_of="report-7")
    await complete(case, "prior-report", "same", "kira")
    await complete(case, "account-action", "keep-for-authority", "kira")
    await close(case, "already-reported")
