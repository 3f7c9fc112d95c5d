"""Stories of imminent threats to life: together they take every way the runbook knows."""

from collections.abc import Callable, Mapping
from datetime import timedelta

from cases.acts import (
    Answer,
    CallBack,
    Close,
    Complete,
    Decide,
    Dissent,
    Memo,
    Reply,
    Resolution,
    Verdict,
)
from cases.acts import Receipt as SettleEffect
from cases.gate import RoundKind
from cases.receipts import ActReceipt, Outcome, Reason
from cases.state import CasePicture
from runbooks.plan import CallBackResult, Severity
from tests.workflows.scenarios import Play, Scenario, accepted, approve, refused, reject
from tests.workflows.telling import has_performed, performed
from tests.workflows.world import CaseUnderTest
from workflows.effects import EffectResult, EffectState

RUNBOOK = "imminent-threat-to-life"
GATE = "legal-review"
MEMO = dict.fromkeys(
    (
        "facts",
        "legal-basis",
        "why-no-delay",
        "data-fields",
        "recipient",
        "recipient-verified-by",
    ),
    "as the evidence store says",
)
CREDIBLE = {
    "intent": "yes",
    "expert-view": "credible",
    "us-linked": "yes",
    "eu-linked": "no",
    "terrorist": "no",
    "account": "account-7",
}
RECEIVED = {"authority-receipt": "ref-7"}
EUROPE = {"us-linked": "no", "eu-linked": "yes"}
TERRORISM = {**EUROPE, "terrorist": "yes"}
ASKED = {
    "agency": "agency-3",
    "requested-data": "list-4",
    "sender-domain": "years",
    "officer": "yes",
}

STORIES: dict[str, Scenario] = {}


def story(**answers: str) -> Callable[[Play], Play]:
    """The story is one of this runbook's, opened with those answers."""

    def add(play: Play) -> Play:
        opened = {"answers": {"origin": "person", **answers}}
        STORIES[play.__name__] = Scenario(play=play, runbook=RUNBOOK, opened=opened)
        return play

    return add


async def complete(case: CaseUnderTest, stage: str, outcome: str, person: str) -> None:
    """The person completes the stage the case is in."""
    await case.in_stage(stage)
    accepted(await case.act(Complete(stage=stage, outcome=outcome), person=person))


async def answer(case: CaseUnderTest, person: str, **answers: str) -> None:
    """The questions are answered; none of them weighs in the severity table."""
    named = {name.replace("_", "-"): value for name, value in answers.items()}
    accepted(await case.act(Answer(answers=named), person=person))


async def call(case: CaseUnderTest, result: CallBackResult, person: str = "levi") -> ActReceipt:
    """The agency was called at a number we found ourselves."""
    body = CallBack(
        agency="agency-3",
        number="555-0100",
        source="the directory of the ministry",
        called_at=await case.now(),
        result=result,
        note="asked for the duty officer",
    )
    return accepted(await case.act(body, person=person))


async def open_gate(case: CaseUnderTest, gate: str = GATE) -> CasePicture:
    """The picture, once the gate's round is open."""
    return await case.until(lambda seen: seen.open_round(gate) is not None)


async def investigated(case: CaseUnderTest, answers: Mapping[str, str] | None = None) -> None:
    """The expert has judged the threat, and the case is at the hard gate, not yet asked."""
    await case.in_stage("investigation")
    said = {**CREDIBLE, **(answers or {})}
    if said["expert-view"] != "not-credible" and "aware-at" not in (await case.picture()).answers:
        said["aware-at"] = (await case.now()).isoformat()
    accepted(await case.act(Answer(answers=said), person="sana"))
    if said["expert-view"] == "credible":
        await case.until(lambda seen: seen.severity.row == "1")
    await complete(case, "investigation", "reviewed", "sana")
    await case.in_stage(GATE)


async def asked(
    case: CaseUnderTest,
    *,
    result: CallBackResult | None = None,
    said: Mapping[str, str] | None = None,
) -> None:
    """The case is at the hard gate, its memo is written, and its round is open."""
    await complete(case, "triage", "assess", "tess")
    await investigated(case, said)
    if result is not None:
        await call(case, result)
    await written(case)


async def written(case: CaseUnderTest) -> None:
    """The memo of the hard gate is complete, and the round is open."""
    accepted(await case.act(Memo(gate=GATE, fields=MEMO), person="dora"))
    await open_gate(case)


async def disclosed(case: CaseUnderTest, outcome: str = "disclose") -> None:
    """Counsel discloses to every authority the law names, and the authority says that it has it."""
    await complete(case, "disclosure", outcome, "dora")
    await received(case)


async def received(case: CaseUnderTest) -> None:
    """The authority has it; Legal lets the user be told."""
    await case.in_stage("receipt")
    await answer(case, "levi", authority_receipt="ref-7")
    await complete(case, "receipt", "received", "levi")
    await cleared(case)


async def cleared(case: CaseUnderTest) -> None:
    """Legal lets the user be told, and that has been done."""
    await case.in_stage("closure")
    seen = await case.until(lambda seen: seen.effect_named("notify-user") is not None)
    notice = seen.effect_named("notify-user")
    assert notice is not None
    clear = SettleEffect(effect=notice.key, resolution=Resolution.CLEAR)
    accepted(await case.act(clear, person="dora"))


async def close(case: CaseUnderTest, disposition: str) -> None:
    """The case is closed by its incident manager, with lessons."""
    await case.in_stage("closure")
    await case.until(lambda seen: not any(effect.open for effect in seen.effects))
    body = Close(disposition=disposition, record="facts, rule, decision", lessons="call earlier")
    accepted(await case.act(body, person="ines"))


@story()
async def two_roles_disclose(case: CaseUnderTest) -> None:
    """An expert and counsel agree after a call-back; nobody counts twice; the user waits."""
    await asked(case)
    await has_performed(case, "safe-state", "preserve")
    early = await case.act(Decide(gate=GATE, verdict=Verdict.APPROVE), person="sana")
    refused(early, Outcome.REFUSED, Reason.NOT_CALLED_BACK)
    await call(case, CallBackResult.UNREACHED)
    unreached = await case.act(Decide(gate=GATE, verdict=Verdict.APPROVE), person="sana")
    refused(unreached, Outcome.REFUSED, Reason.NOT_CALLED_BACK)
    await call(case, CallBackResult.CONFIRMED)
    await approve(case, GATE, "nora", role="safety-expert")
    await approve(case, GATE, "nora", role="duty-counsel")
    seen = await open_gate(case)
    assert [vote.role for vote in seen.rounds[-1].votes] == ["duty-counsel"]
    await approve(case, GATE, "sana")
    await complete(case, "disclosure", "disclose", "dora")
    await case.in_stage("receipt")
    await answer(case, "levi", authority_receipt="ref-7")
    await complete(case, "receipt", "received", "levi")
    seen = await case.in_stage("closure")
    notice = seen.effect_named("notify-user")
    assert notice is not None
    assert notice.state == "held-back"
    told = SettleEffect(effect=notice.key, resolution=Resolution.DONE, reference="mail 5")
    refused(await case.act(told, person="levi"), Outcome.REFUSED, Reason.NOT_CLEARED)
    clear = SettleEffect(effect=notice.key, resolution=Resolution.CLEAR)
    refused(await case.act(clear, person="levi"), Outcome.NOT_YOURS, Reason.ROLE)
    held = Close(disposition="disclosed-proactive", record="r", lessons="l")
    refused(await case.act(held, person="ines"), Outcome.REFUSED, Reason.UNMET)
    assert "notify-user" not in performed(case)
    accepted(await case.act(clear, person="dora"))
    await close(case, "disclosed-proactive")
    await has_performed(case, "disclose-us")
    assert performed(case).count("disclose-us") == 1


@story()
async def two_roles_do_not_refer(case: CaseUnderTest) -> None:
    """Not to refer needs the same two roles and their reasons; the account is watched."""
    await asked(case)
    silent = await case.act(Decide(gate=GATE, verdict=Verdict.REJECT), person="sana")
    refused(silent, Outcome.REFUSED, Reason.REASON_REQUIRED)
    await reject(case, GATE, "sana")
    seen = await open_gate(case)
    assert seen.stage == GATE
    await reject(case, GATE, "dora")
    seen = await case.in_stage("watch")
    assert settled_by(seen, "US-2702-emerg") == "rejected:legal-review"
    await case.forward(timedelta(minutes=45))
    await complete(case, "watch", "settled", "sana")
    seen = await case.in_stage("closure")
    assert [clock.id for clock in seen.clocks if clock.statutory and clock.breached_at] == []
    wrong = Close(disposition="disclosed-proactive", record="r", lessons="l")
    refused(await case.act(wrong, person="ines"), Outcome.REFUSED, Reason.UNMET)
    await close(case, "watch")
    assert "disclose-us" not in performed(case)


@story(context="fiction-or-research", intent="no")
async def an_expert_finds_nothing(case: CaseUnderTest) -> None:
    """What an expert finds not credible passes the same gate, and new facts lead back to it."""
    await asked(case, said={"expert-view": "not-credible", "intent": "no"})
    await reject(case, GATE, "sana")
    await reject(case, GATE, "dora")
    await complete(case, "watch", "new-facts", "sana")
    await complete(case, "investigation", "reviewed", "sana")
    await open_gate(case)
    more = Decide(gate=GATE, verdict=Verdict.MORE_INFORMATION, reason="which conversation?")
    accepted(await case.act(more, person="dora"))
    await complete(case, "investigation", "reviewed", "sana")
    await open_gate(case)
    await reject(case, GATE, "sven")
    await reject(case, GATE, "dora")
    await complete(case, "watch", "settled", "sana")
    await close(case, "not-credible")


@story()
async def the_roles_disagree(case: CaseUnderTest) -> None:
    """One discloses, one does not: a named executive decides within the hour."""
    await asked(case, result=CallBackResult.CONFIRMED, said=EUROPE)
    await approve(case, GATE, "sana")
    await reject(case, GATE, "dora")
    seen = await open_gate(case)
    assert seen.rounds[-1].kind is RoundKind.SPLIT
    clock = next(clock for clock in seen.clocks if "/split/" in clock.id)
    assert clock.within == timedelta(minutes=60)
    await approve(case, GATE, "eve")
    await disclosed(case)
    await close(case, "disclosed-proactive")


@story()
async def three_laws_ask_to_be_told(case: CaseUnderTest) -> None:
    """Nobody knows where: each law counts from one belief, each authority is told by itself."""
    unknown = dict.fromkeys(("us-linked", "eu-linked", "terrorist"), "unknown")
    await asked(case, result=CallBackResult.CONFIRMED, said=unknown)
    seen = await case.picture()
    running = {clock.id for clock in seen.clocks if clock.statutory}
    assert running == {"US-2702-emerg", "EU-DSA18", "EU-TCO14-5"}
    aware = seen.answers["aware-at"]
    assert aware.by == "sana"
    await case.forward(timedelta(minutes=91))
    await approve(case, GATE, "sana")
    await approve(case, GATE, "dora")
    case.world.effect_results["disclose-eu"] = EffectResult(state=EffectState.MANUAL)
    await complete(case, "disclosure", "disclose", "dora")
    await case.until(
        lambda seen: any((e.name, e.state) == ("disclose-terrorism", "done") for e in seen.effects)
    )
    told = [clock for clock in (await case.picture()).clocks if clock.statutory]
    now = await case.now()
    assert {clock.id for clock in told if not clock.reading(now).ended} == {"EU-DSA18"}
    await complete(case, "receipt", "another-authority", "levi")
    seen = await case.in_stage("disclosure")
    order = seen.effect_named("disclose-eu")
    assert order is not None
    done = SettleEffect(effect=order.key, resolution=Resolution.DONE, reference="ref-8")
    accepted(await case.act(done, person="dora"))
    await complete(case, "disclosure", "local-police", "dora")
    await received(case)
    await close(case, "disclosed-proactive")
    await has_performed(case, "disclose-us", "disclose-terrorism", "disclose-local")


def settled_by(seen: CasePicture, clock: str) -> str:
    """What ended the clock."""
    found = seen.clock(clock)
    assert found is not None
    return found.events[-1].because


@story()
async def a_deputy_decides(case: CaseUnderTest) -> None:
    """Counsel is silent for ten minutes: the deputy is paged, and decides in counsel's place."""
    await asked(case, result=CallBackResult.CONFIRMED, said={"us-linked": "no"})
    early = await case.act(Decide(gate=GATE, verdict=Verdict.APPROVE), person="dean")
    refused(early, Outcome.NOT_YOURS, Reason.ROLE)
    await case.forward(timedelta(minutes=11))
    await case.until(lambda seen: bool(seen.rounds[-1].backups))
    assert any(
        (order.purpose.value, order.role) == ("page", "deputy-counsel")
        for order in case.world.notices
    )
    still = await case.act(Decide(gate=GATE, verdict=Verdict.APPROVE), person="ines")
    refused(still, Outcome.NOT_YOURS, Reason.ROLE)
    await approve(case, GATE, "sana")
    await approve(case, GATE, "dean")
    await complete(case, "disclosure", "local-police", "dora")
    seen = await case.in_stage("receipt")
    assert not seen.ratifications
    await received(case)
    await close(case, "disclosed-proactive")


async def stood_in(case: CaseUnderTest) -> None:
    """Counsel and deputy were silent: the incident manager approved in counsel's place."""
    accepted(await case.act(Answer(answers=ASKED), person="tess"))
    await asked(case, result=CallBackResult.CONFIRMED, said=TERRORISM)
    await case.forward(timedelta(minutes=21))
    await case.until(lambda seen: seen.rounds[-1].stand_in_from is not None)
    may_not = Decide(gate=GATE, verdict=Verdict.REJECT, reason="no")
    refused(await case.act(may_not, person="ines"), Outcome.REFUSED, Reason.ROLE)
    await approve(case, GATE, "ines")
    await approve(case, GATE, "sana")
    await disclosed(case)
    early = Close(disposition="disclosed-on-edr", record="r", lessons="l")
    await case.until(lambda seen: not any(effect.open for effect in seen.effects))
    refused(await case.act(early, person="ines"), Outcome.REFUSED, Reason.UNMET)


@story()
async def the_incident_manager_stands_in(case: CaseUnderTest) -> None:
    """The stand-in may only disclose, and the case cannot close before counsel ratifies."""
    await stood_in(case)
    await approve(case, GATE, "dora")
    await close(case, "disclosed-on-edr")


@story()
async def nobody_ratifies_in_time(case: CaseUnderTest) -> None:
    """A day passes without counsel: a breach on record, told, and counsel still owes the answer."""
    await stood_in(case)
    await case.forward(timedelta(hours=25))
    seen = await case.until(
        lambda seen: any(
            "/ratify/" in clock.id and clock.breached_at is not None for clock in seen.clocks
        )
    )
    assert seen.ratifications[0].settled is None
    await reject(case, GATE, "dora")
    seen = await case.until(lambda seen: seen.ratifications[0].settled == "rejected")
    await close(case, "disclosed-on-edr")


@story()
async def a_reviewer_dissents(case: CaseUnderTest) -> None:
    """While the gate is open any reviewer's dissent takes it to an executive."""
    await asked(case, result=CallBackResult.CONFIRMED)
    accepted(await case.act(Dissent(gate=GATE, reason="too broad"), person="sven"))
    seen = await open_gate(case)
    assert (seen.rounds[-1].kind, seen.rounds[-1].approve) == (
        RoundKind.DISSENT,
        {"executive": 1},
    )
    await reject(case, GATE, "eve")
    await complete(case, "watch", "settled", "sana")
    await close(case, "watch")


@story()
async def a_non_referral_is_overruled(case: CaseUnderTest) -> None:
    """It was decided not to refer; a reviewer objects at closure; an executive decides to."""
    await asked(case)
    await reject(case, GATE, "nora", role="safety-expert")
    await reject(case, GATE, "dora")
    decided = await case.binding(GATE)
    await complete(case, "watch", "settled", "sana")
    await case.in_stage("closure")
    stranger = Dissent(gate=GATE, reason="they mean it")
    refused(
        await case.act(stranger, person="tess", binding=decided), Outcome.NOT_YOURS, Reason.ROLE
    )
    accepted(await case.act(stranger, person="sven", binding=decided))
    await case.in_stage(GATE)
    seen = await open_gate(case)
    assert seen.rounds[-1].kind is RoundKind.DISSENT
    clock = next(clock for clock in seen.clocks if "/dissent/" in clock.id)
    assert (clock.owner, clock.within) == ("executive", timedelta(minutes=60))
    early = await case.act(Decide(gate=GATE, verdict=Verdict.APPROVE), person="eve")
    refused(early, Outcome.REFUSED, Reason.NOT_CALLED_BACK)
    await call(case, CallBackResult.CONFIRMED)
    await open_gate(case)
    await approve(case, GATE, "eve")
    await disclosed(case)
    await close(case, "disclosed-proactive")


@story()
async def a_disclosure_is_stopped(case: CaseUnderTest) -> None:
    """A reviewer objects before the data is handed over: it is withdrawn, and stays here."""
    case.world.effect_results["disclose-us"] = EffectResult(state=EffectState.MANUAL)
    await asked(case, result=CallBackResult.CONFIRMED)
    await approve(case, GATE, "sana")
    await approve(case, GATE, "dora")
    await complete(case, "disclosure", "disclose", "dora")
    seen = await case.until(
        lambda seen: any((e.name, e.state) == ("disclose-us", "manual") for e in seen.effects)
    )
    order = seen.effect_named("disclose-us")
    assert order is not None
    accepted(await case.act(Dissent(gate=GATE, reason="wrong person"), person="sven"))
    await case.in_stage(GATE)
    late = SettleEffect(effect=order.key, resolution=Resolution.DONE, reference="sent")
    refused(await case.act(late, person="dora"), Outcome.ALREADY_DECIDED, Reason.SETTLED)
    await open_gate(case)
    await reject(case, GATE, "eve")
    await complete(case, "watch", "settled", "sana")
    await close(case, "watch")


@story()
async def a_call_is_refuted_late(case: CaseUnderTest) -> None:
    """The agency takes its word back: what was approved is withdrawn, the expert looks again."""
    case.world.effect_results["disclose-us"] = EffectResult(state=EffectState.MANUAL)
    await asked(case, result=CallBackResult.CONFIRMED)
    await approve(case, GATE, "sana")
    await approve(case, GATE, "dora")
    await case.in_stage("disclosure")
    await call(case, CallBackResult.REFUTED)
    barred = await case.act(Complete(stage="disclosure", outcome="disclose"), person="dora")
    refused(barred, Outcome.REFUSED, Reason.NOT_CALLED_BACK)
    await call(case, CallBackResult.CONFIRMED)
    await complete(case, "disclosure", "disclose", "dora")
    await case.until(
        lambda seen: any((e.name, e.state) == ("disclose-us", "manual") for e in seen.effects)
    )
    await call(case, CallBackResult.REFUTED)
    seen = await case.picture()
    order = seen.effect_named("disclose-us")
    assert order is not None
    assert (order.state, order.settled_by) == ("skipped", "escalate")
    await complete(case, "receipt", "unconfirmed", "levi")
    await case.until(lambda seen: sum(visit.stage == "receipt" for visit in seen.visits) == 2)
    await complete(case, "receipt", "withdrawn", "levi")
    await complete(case, "investigation", "reviewed", "sana")
    await open_gate(case)
    await call(case, CallBackResult.CONFIRMED)
    await open_gate(case)
    await approve(case, GATE, "sana")
    await approve(case, GATE, "dora")
    await complete(case, "disclosure", "withdrawn", "dora")
    await complete(case, "investigation", "reviewed", "sana")
    await open_gate(case)
    await reject(case, GATE, "sana")
    await reject(case, GATE, "dora")
    await complete(case, "watch", "settled", "sana")
    await close(case, "watch")
    assert "disclose-us" not in {
        entry.body.get("effect")
        for entry in case.world.entries[case.handle.id]
        if entry.kind.value == "effect:action:done"
    }


@story()
async def silence_never_discloses(case: CaseUnderTest) -> None:
    """Hours of silence disclose nothing: the gate waits for people (I11)."""
    await asked(case, result=CallBackResult.CONFIRMED)
    await approve(case, GATE, "sana")
    await case.forward(timedelta(hours=5))
    seen = await case.until(lambda seen: seen.breached)
    assert (seen.stage, seen.effect_named("disclose-us")) == (GATE, None)
    await reject(case, GATE, "dora")
    await open_gate(case)
    await reject(case, GATE, "eve")
    await complete(case, "watch", "settled", "sana")
    await close(case, "watch")


@story(origin="authority")
async def a_fake_request_is_rejected(case: CaseUnderTest) -> None:
    """The agency knows nothing of the request: two roles refuse it, and nothing leaves."""
    await complete(case, "triage", "emergency-request", "tess")
    await case.in_stage("verification")
    accepted(await case.act(Answer(answers=ASKED), person="levi"))
    for outcome in ("verified", "fake"):
        early = await case.act(Complete(stage="verification", outcome=outcome), person="levi")
        refused(early, Outcome.REFUSED, Reason.NOT_CALLED_BACK)
    await call(case, CallBackResult.REFUTED)
    verified = await case.act(Complete(stage="verification", outcome="verified"), person="levi")
    refused(verified, Outcome.REFUSED, Reason.NOT_CALLED_BACK)
    await complete(case, "verification", "fake", "levi")
    await refuse_memo(case)
    await approve(case, "refusal", "sana")
    seen = await open_gate(case, "refusal")
    assert seen.stage == "refusal"
    await approve(case, "refusal", "dora")
    await close(case, "edr-rejected-fraud")
    assert "disclose-us" not in performed(case)
    recorded = (await case.picture()).call_backs[0]
    assert (recorded.by, recorded.number, recorded.result) == (
        "levi",
        "555-0100",
        CallBackResult.REFUTED,
    )


async def refuse_memo(case: CaseUnderTest) -> None:
    """The memo of the refusal is written, and its round is open."""
    await case.in_stage("refusal")
    fields = {"facts": "known", "why-refused": "no basis is given"}
    accepted(await case.act(Memo(gate="refusal", fields=fields), person="dora"))
    await open_gate(case, "refusal")


@story(origin="authority")
async def a_request_is_insufficient(case: CaseUnderTest) -> None:
    """Late at every step, asked back once, split: an executive refuses what lacks its grounds."""
    await case.forward(timedelta(minutes=6))
    await complete(case, "triage", "emergency-request", "tess")
    await case.in_stage("verification")
    accepted(await case.act(Answer(answers=ASKED), person="levi"))
    await case.forward(timedelta(minutes=16))
    await complete(case, "verification", "insufficient", "levi")
    await refuse_memo(case)
    more = Decide(gate="refusal", verdict=Verdict.MORE_INFORMATION, reason="what is missing?")
    accepted(await case.act(more, person="sana"))
    await complete(case, "verification", "insufficient", "levi")
    await open_gate(case, "refusal")
    await case.forward(timedelta(minutes=11))
    await case.until(lambda seen: bool(seen.rounds[-1].backups))
    await approve(case, "refusal", "sana")
    await reject(case, "refusal", "dean")
    seen = await open_gate(case, "refusal")
    assert seen.rounds[-1].kind is RoundKind.SPLIT
    await approve(case, "refusal", "eve")
    await close(case, "edr-insufficient")


@story(origin="authority")
async def a_request_is_granted(case: CaseUnderTest) -> None:
    """Nobody refuses it, the agency confirms it, and what it asks for is disclosed."""
    await complete(case, "triage", "emergency-request", "tess")
    await case.in_stage("verification")
    accepted(await case.act(Answer(answers=ASKED), person="levi"))
    await complete(case, "verification", "insufficient", "levi")
    await refuse_memo(case)
    await reject(case, "refusal", "sana")
    decided = await case.binding("refusal")
    accepted(
        await case.act(
            Dissent(gate="refusal", reason="the danger is real"), person="sven", binding=decided
        )
    )
    await open_gate(case, "refusal")
    await reject(case, "refusal", "eve")
    await investigated(case)
    await call(case, CallBackResult.CONFIRMED)
    await written(case)
    await approve(case, GATE, "sana")
    await approve(case, GATE, "dora")
    await disclosed(case)
    await close(case, "disclosed-on-edr")


@story(origin="authority")
async def a_request_is_verified(case: CaseUnderTest) -> None:
    """The agency confirms at once; the expert and counsel are late, and their clocks say so."""
    await complete(case, "triage", "emergency-request", "tess")
    await case.in_stage("verification")
    accepted(await case.act(Answer(answers=ASKED), person="levi"))
    await call(case, CallBackResult.CONFIRMED)
    await complete(case, "verification", "verified", "levi")
    await case.in_stage("investigation")
    await case.forward(timedelta(minutes=46))
    await investigated(case)
    await written(case)
    await case.forward(timedelta(minutes=46))
    await approve(case, GATE, "sana")
    await approve(case, GATE, "dora")
    await case.in_stage("disclosure")
    await case.forward(timedelta(minutes=6))
    await complete(case, "disclosure", "disclose", "dora")
    await case.in_stage("receipt")
    await case.forward(timedelta(minutes=31))
    await received(case)
    await case.forward(timedelta(hours=25))
    await close(case, "disclosed-on-edr")


@story()
async def a_note_is_handed_over(case: CaseUnderTest) -> None:
    """Each hour a note is asked for; one that is missed is a breach; it opens no round anew."""
    await asked(case)
    shown = await case.binding(GATE)
    await case.forward(timedelta(minutes=61))
    seen = await case.until(lambda seen: any(not item.material for item in seen.requests))
    request = next(item for item in seen.requests if not item.material)
    accepted(await case.act(Reply(request=request.id, text="all is open"), person="ines"))
    assert await case.binding(GATE) == shown
    await case.forward(timedelta(minutes=121))
    seen = await case.until(
        lambda seen: any(c.id == "handover" and c.breached_at is not None for c in seen.clocks)
    )
    assert [item.id for item in seen.requests if not item.material] == ["handover-1", "handover-2"]
    await reject(case, GATE, "sana")
    await reject(case, GATE, "dora")
    await case.in_stage("watch")
    await case.forward(timedelta(minutes=61))
    await complete(case, "watch", "settled", "sana")
    await close(case, "watch")


@story()
async def triage_finds_self_harm(case: CaseUnderTest) -> None:
    """Somebody is a danger to themselves: the case goes on where people look after that."""
    await complete(case, "triage", "self-harm", "tess")


@story()
async def an_expert_finds_self_harm(case: CaseUnderTest) -> None:
    """The expert sees it later: the case goes on as another one, from there."""
    await complete(case, "triage", "assess", "tess")
    await case.in_stage("investigation")
    accepted(await case.act(Answer(answers=CREDIBLE), person="sana"))
    await complete(case, "investigation", "self-harm", "sana")


ROWS: tuple[tuple[dict[str, str], str, Severity], ...] = (
    ({"intent": "yes", "capability": "unknown"}, "2", Severity.SEV0),
    ({"capability": "no", "target": "yes"}, "3", Severity.SEV0),
    ({"target": "no", "timeframe": "yes"}, "4", Severity.SEV0),
    (
        {
            "timeframe": "no",
            "weak-indicators": "several",
            "ban-evasion": "yes",
        },
        "5",
        Severity.SEV0,
    ),
    ({"ban-evasion": "no"}, "6", Severity.SEV1),
    ({"pattern": "no", "violence-ban": "yes", "ban-evasion": "yes"}, "7", Severity.SEV0),
    ({"ban-evasion": "no"}, "8", Severity.SEV1),
    ({"violence-ban": "no", "ban-evasion": "yes"}, "9", Severity.SEV1),
    ({"ban-evasion": "no"}, "10", Severity.SEV2),
    ({"intent": "unknown"}, "11", Severity.SEV1),
    ({"intent": "no", "ban-evasion": "yes", "context": "grievance"}, "12", Severity.SEV1),
    ({"context": "fiction-or-research"}, "13", Severity.SEV2),
    ({"ban-evasion": "no", "context": "grievance"}, "14", Severity.SEV2),
    ({"context": "fiction-or-research"}, "15", Severity.SEV3),
    ({"context": "unclear"}, "16", Severity.SEV2),
    ({"expert-view": "credible"}, "1", Severity.SEV0),
)
"""Answers one after the other, and the row each of them leads to."""


@story()
async def the_table_is_read(case: CaseUnderTest) -> None:
    """Every row of the severity table holds for somebody."""
    assert (await case.picture()).severity.current is Severity.SEV1
    for answers, row, severity in ROWS:
        accepted(await case.act(Answer(answers=answers), person="tess"))
        seen = await case.until(lambda seen, row=row: seen.severity.row == row)  # type: ignore[misc]
        assert seen.severity.current is severity
    await complete(case, "triage", "self-harm", "tess")
