"""What happens to cases: each scenario is a story that ends with a closed case.

The same stories are played with and without a workflow cache, by both walks of the default
pathway, and once for the golden histories.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from cases.acts import (
    Acknowledge,
    Answer,
    Assign,
    Cancel,
    ChangeSeverity,
    Close,
    Complete,
    Decide,
    Dissent,
    Evidence,
    Hold,
    Memo,
    Migrate,
    Raise,
    Reply,
    Resolution,
    Resume,
    Verdict,
    Withdraw,
)
from cases.acts import Receipt as SettleEffect
from cases.acts_between_cases import Attach, Move, Split
from cases.notice import OnCallNote
from cases.receipts import ActReceipt, Outcome, Reason
from cases.report import Source
from cases.state import CasePicture
from runbooks.library import library
from runbooks.plan import Severity
from tests.workflows.runbooks import FOUR_EYES, SILENT, TWO_LAWYERS
from tests.workflows.world import CaseUnderTest
from workflows.effects import EffectResult, EffectState
from workflows.messages import JOINED_SIGNAL, ReportJoined

Play = Callable[[CaseUnderTest], Awaitable[None]]

RECORD = "facts, rule, decision"
KNOWN = {"danger": "no", "kind": "fraud"}
DEFAULT = "user-safety-escalation"
ORDER = "terrorist-content-removal-order"


@dataclass(frozen=True)
class Scenario:
    """A story, and the runbook it is played on."""

    play: Play
    runbook: str = DEFAULT
    opened: dict[str, Any] = field(default_factory=dict)
    by_hand: tuple[str, ...] = ()
    """Effects that no system does in this story: people do them, and say so."""

    @property
    def name(self) -> str:
        """As the story's function is called."""
        return self.play.__name__

    @property
    def walks(self) -> tuple[str, ...]:
        """The default pathway is walked by its graph and by Python."""
        return ("runbook", DEFAULT) if self.runbook == DEFAULT else ("runbook",)


SCENARIOS: dict[str, Scenario] = {}


def scenario(runbook: str = DEFAULT, **opened: Any) -> Callable[[Play], Play]:
    """The story is one of the scenarios."""

    def add(play: Play) -> Play:
        told = Scenario(play=play, runbook=runbook, opened={"answers": KNOWN, **opened})
        SCENARIOS[told.name] = told
        return play

    return add


def accepted(receipt: ActReceipt) -> ActReceipt:
    """The receipt, which says that the act took effect."""
    assert receipt.outcome is Outcome.ACCEPTED, receipt
    return receipt


def refused(receipt: ActReceipt, outcome: Outcome, reason: Reason) -> ActReceipt:
    """The receipt, which says so and why."""
    assert (receipt.outcome, receipt.reason) == (outcome, reason), receipt
    return receipt


async def escalate(case: CaseUnderTest) -> None:
    """Triage sends the case to Legal."""
    accepted(await case.act(Complete(stage="triage", outcome="escalate"), person="tess"))
    await case.in_stage("legal-review")


async def approve(case: CaseUnderTest, gate: str, person: str, **how: Any) -> ActReceipt:
    """The person approves at the gate."""
    return accepted(
        await case.act(Decide(gate=gate, verdict=Verdict.APPROVE), person=person, **how)
    )


async def reject(case: CaseUnderTest, gate: str, person: str, **how: Any) -> ActReceipt:
    """The person rejects at the gate, with a reason."""
    body = Decide(gate=gate, verdict=Verdict.REJECT, reason="not for these reasons")
    return accepted(await case.act(body, person=person, **how))


async def close(case: CaseUnderTest, disposition: str, person: str = "ines") -> None:
    """The case is closed by its incident manager."""
    await case.in_stage("closure")
    accepted(await case.act(Close(disposition=disposition, record=RECORD), person=person))


async def to_closure(case: CaseUnderTest) -> None:
    """Everybody agrees and the action is done."""
    await escalate(case)
    await approve(case, "legal-review", "lena")
    await case.in_stage("policy-sign-off")
    await approve(case, "policy-sign-off", "pia")
    await case.in_stage("closure")
    await case.until(lambda seen: not any(effect.open for effect in seen.effects))


@scenario()
async def everybody_agrees(case: CaseUnderTest) -> None:
    """Triage, Legal and Policy agree; the action is applied and the case closed."""
    await to_closure(case)
    await close(case, "actioned")


@scenario()
async def legal_rejects(case: CaseUnderTest) -> None:
    """Legal rejects, with a reason: nothing is done to anybody."""
    await escalate(case)
    without = await case.act(Decide(gate="legal-review", verdict=Verdict.REJECT), person="lena")
    refused(without, Outcome.REFUSED, Reason.REASON_REQUIRED)
    await reject(case, "legal-review", "lena")
    await close(case, "not-approved")
    assert not case.world.performed


@scenario()
async def more_information_is_asked(case: CaseUnderTest) -> None:
    """Legal asks back, triage replies, Legal sees in a second round what changed."""
    await escalate(case)
    asked = Decide(
        gate="legal-review", verdict=Verdict.MORE_INFORMATION, reason="since when is it known?"
    )
    accepted(await case.act(asked, person="lena"))
    seen = await case.in_stage("triage")
    accepted(
        await case.act(Reply(request=seen.requests[0].id, text="since yesterday"), person="tess")
    )
    await escalate(case)
    round_ = (await case.picture()).round_of("legal-review")
    assert round_ is not None
    assert (round_.number, bool(round_.changed)) == (2, True)
    await approve(case, "legal-review", "lena")
    await case.in_stage("policy-sign-off")
    await reject(case, "policy-sign-off", "pia")
    await close(case, "not-approved")


@scenario()
async def facts_change_under_review(case: CaseUnderTest) -> None:
    """New evidence voids the open round: the verdict on the old facts counts no more (I5)."""
    await escalate(case)
    shown = await case.binding("legal-review")
    accepted(
        await case.act(
            Evidence(label="screenshot", reference="store:1", digest="a" * 64), person="tess"
        )
    )
    late = await case.act(
        Decide(gate="legal-review", verdict=Verdict.APPROVE), person="lena", binding=shown
    )
    refused(late, Outcome.SUPERSEDED, Reason.OLD_ROUND)
    accepted(await case.act(Answer(answers={"danger": "yes"}), person="tess"))
    seen = await case.until(lambda seen: seen.severity.current is Severity.SEV1)
    assert seen.revision == 4
    await approve(case, "legal-review", "lena")
    await case.in_stage("policy-sign-off")
    await approve(case, "policy-sign-off", "pia")
    await case.until(lambda seen: bool(seen.effects) and not seen.effects[0].open)
    await close(case, "actioned")


@scenario()
async def two_approve_at_once(case: CaseUnderTest) -> None:
    """Two people decide in the same instant: one decides, the other is told who did."""
    await escalate(case)
    mine = await case.envelope(Decide(gate="legal-review", verdict=Verdict.APPROVE), person="lena")
    yours = await case.envelope(Decide(gate="legal-review", verdict=Verdict.APPROVE), person="luca")
    first, second = await asyncio.gather(case.deliver(mine), case.deliver(yours))
    assert {first.outcome, second.outcome} == {Outcome.ACCEPTED, Outcome.ALREADY_DECIDED}
    again = await case.deliver(mine if first.accepted else yours)
    assert again.outcome is Outcome.DUPLICATE
    assert again.first is not None
    await case.in_stage("policy-sign-off")
    same = await case.act(
        Decide(gate="policy-sign-off", verdict=Verdict.APPROVE), person="luca", role="policy"
    )
    if second.accepted:
        refused(same, Outcome.NOT_YOURS, Reason.SAME_PERSON)
    else:
        accepted(same)
    if second.accepted:
        await approve(case, "policy-sign-off", "pia")
    await case.in_stage("closure")
    await case.until(lambda seen: not any(effect.open for effect in seen.effects))
    await close(case, "actioned")


@scenario("four-eyes", text=FOUR_EYES)
async def opinions_are_split(case: CaseUnderTest) -> None:
    """One approves, one rejects: the executive breaks the tie, and nobody else can."""
    accepted(await case.act(Memo(gate="review", fields={"facts": "known"}), person="lena"))
    await case.until(lambda seen: seen.open_round("review") is not None)
    await approve(case, "review", "lena")
    await reject(case, "review", "pia")
    seen = await case.until(lambda seen: len(seen.rounds) == 2)
    assert seen.rounds[1].kind.value == "split"
    mine = await case.act(Decide(gate="review", verdict=Verdict.APPROVE), person="lena")
    refused(mine, Outcome.NOT_YOURS, Reason.ROLE)
    await approve(case, "review", "eve")
    await close(case, "done")


@scenario("four-eyes", text=FOUR_EYES)
async def somebody_stands_in(case: CaseUnderTest) -> None:
    """Legal is silent: the incident manager may approve in its place, and counsel ratifies."""
    accepted(await case.act(Memo(gate="review", fields={"facts": "known"}), person="pia"))
    await case.until(lambda seen: seen.open_round("review") is not None)
    early = await case.act(Decide(gate="review", verdict=Verdict.APPROVE), person="ivan")
    refused(early, Outcome.NOT_YOURS, Reason.ROLE)
    await case.forward(timedelta(minutes=61))
    await case.until(lambda seen: seen.rounds[0].stand_in_from is not None)
    may_not = await case.act(
        Decide(gate="review", verdict=Verdict.REJECT, reason="no"), person="ivan"
    )
    refused(may_not, Outcome.REFUSED, Reason.ROLE)
    await approve(case, "review", "ivan")
    await approve(case, "review", "pia")
    await case.in_stage("closure")
    unratified = await case.act(Close(disposition="done", record=RECORD), person="ines")
    refused(unratified, Outcome.REFUSED, Reason.UNMET)
    accepted(
        await case.act(Evidence(label="later", reference="store:2", digest="b" * 64), person="ines")
    )
    await approve(case, "review", "dora")
    await case.until(lambda seen: seen.ratifications[0].settled == "approved")
    await close(case, "done")


@scenario("four-eyes", text=FOUR_EYES)
async def somebody_dissents(case: CaseUnderTest) -> None:
    """A reviewer objects while others would approve: the executive decides."""
    accepted(await case.act(Memo(gate="review", fields={"facts": "known"}), person="lena"))
    await case.until(lambda seen: seen.open_round("review") is not None)
    weak = await case.act(
        Decide(gate="review", verdict=Verdict.APPROVE), person="lena", assurance="L1"
    )
    refused(weak, Outcome.REFUSED, Reason.ASSURANCE)
    await approve(case, "review", "lena")
    accepted(await case.act(Withdraw(gate="review", reason="a slip"), person="lena"))
    accepted(await case.act(Dissent(gate="review", reason="too broad"), person="pia"))
    await reject(case, "review", "eve")
    await close(case, "done")


@scenario()
async def work_is_held(case: CaseUnderTest) -> None:
    """A hold stops our own target and the verdicts; at its review date the manager is asked."""
    await escalate(case)
    before = (await case.picture()).due_at(await case.now())
    assert before is not None
    review = await case.now() + timedelta(hours=6)
    accepted(
        await case.act(Hold(reason="waits for a translation", review_at=review), person="ines")
    )
    held = await case.act(Decide(gate="legal-review", verdict=Verdict.APPROVE), person="lena")
    refused(held, Outcome.REFUSED, Reason.ON_HOLD)
    await case.forward(timedelta(hours=7))
    seen = await case.until(lambda seen: seen.hold is not None and seen.hold.reviewed)
    assert not seen.breached
    accepted(await case.act(Resume(), person="ines"))
    after = (await case.picture()).due_at(await case.now())
    assert after is not None
    assert after - before > timedelta(hours=6)
    await reject(case, "legal-review", "lena")
    await close(case, "not-approved")


@scenario()
async def people_run_the_case(case: CaseUnderTest) -> None:
    """Assigned, acknowledged, conflicted, raised, made worse: each is on record and tells."""
    accepted(await case.act(Assign(role="triage", person="tess"), person="ines"))
    accepted(await case.act(Acknowledge(stage="triage"), person="tess"))
    accepted(
        await case.act(
            ChangeSeverity(severity=Severity.SEV1, reason="children may be involved"),
            person="ines",
        )
    )
    accepted(await case.act(Raise(to="legal", reason="look at it now"), person="ines"))
    accepted(await case.act(Raise(to="legal", reason="once more"), person="ines"))
    await escalate(case)
    accepted(
        await case.act(
            Acknowledge(stage="legal-review", conflicted=True, reason="knows them"), person="lena"
        )
    )
    out = await case.act(Decide(gate="legal-review", verdict=Verdict.APPROVE), person="lena")
    refused(out, Outcome.NOT_YOURS, Reason.CONFLICTED)
    await reject(case, "legal-review", "luca")
    await close(case, "not-approved")
    keys = [order.key for order in case.world.notices]
    assert len(keys) == len(set(keys))
    assert sum(order.purpose.value == "raised" for order in case.world.notices) == 2


@scenario()
async def the_case_is_cancelled(case: CaseUnderTest) -> None:
    """Opened by mistake: ended by a signed act with its reason, its open rounds voided."""
    await escalate(case)
    accepted(await case.act(Cancel(reason="a test"), person="ines"))


@scenario()
async def the_case_moves(case: CaseUnderTest) -> None:
    """The case ends as moved once the other case is there."""
    accepted(await case.act(Move(runbook="other", reason="fits better"), person="tess"))


@scenario()
async def the_case_cannot_move(case: CaseUnderTest) -> None:
    """No such runbook is released: the case does not end, and a person closes it (no case lost)."""
    case.world.fail_next("open_linked_case", 2)
    accepted(await case.act(Move(runbook="unknown", reason="fits better"), person="tess"))
    await case.until(lambda seen: seen.closing_act is None)
    accepted(await case.act(Complete(stage="triage", outcome="threat-to-life"), person="tess"))
    await close(case, "no-violation")


@scenario(same_subject=("77",))
async def the_report_is_attached(case: CaseUnderTest) -> None:
    """The report is given to the case about the same subject."""
    unknown = await case.act(Attach(to="78"), person="tess")
    refused(unknown, Outcome.REFUSED, Reason.NO_SUCH_REQUEST)
    accepted(await case.act(Attach(to="77", reason="the same"), person="tess"))


@scenario()
async def a_report_joins_and_leaves_again(case: CaseUnderTest) -> None:
    """A rule puts reports into the case, each once; a person takes one out, and one cannot go."""
    for delivery in ("standard:2", "standard:2", "standard:unknown"):
        report = ReportJoined(
            delivery=delivery,
            source=Source.STANDARD,
            at=await case.now(),
            matter="5f1d",
            because="several people report one account",
        )
        await case.handle.signal(JOINED_SIGNAL, report)
    await case.until(lambda seen: len(seen.offered) == 2)
    refused(
        await case.act(Split(delivery="standard:3", reason="another"), person="tess"),
        Outcome.REFUSED,
        Reason.NO_SUCH_REQUEST,
    )
    for delivery in ("standard:2", "standard:unknown"):
        accepted(await case.act(Split(delivery=delivery, reason="another"), person="tess"))
    ended = ["split-off", "joined"]
    seen = await case.until(lambda seen: [each.why for each in seen.offered] == ended)
    assert [(link.number, link.why) for link in seen.links] == [("9002", "split-off")]
    assert case.world.split == ["standard:2", "standard:unknown"]
    again = await case.act(Split(delivery="standard:2", reason="again"), person="tess")
    refused(again, Outcome.REFUSED, Reason.NO_SUCH_REQUEST)
    accepted(await case.act(Cancel(reason="the story ends"), person="ines"))


@scenario()
async def an_action_fails_and_is_retried(case: CaseUnderTest) -> None:
    """A failed action is tried again, then skipped with a reason; both are on record."""
    case.world.fail_next("perform_effect", 2)
    await escalate(case)
    await approve(case, "legal-review", "lena")
    await case.in_stage("policy-sign-off")
    await approve(case, "policy-sign-off", "pia")
    seen = await case.until(lambda seen: bool(seen.effects) and seen.effects[0].state == "failed")
    key = seen.effects[0].key
    accepted(await case.act(SettleEffect(effect=key, resolution=Resolution.RETRY), person="ines"))
    await case.until(
        lambda seen: seen.effects[0].attempt == 2 and seen.effects[0].state == "failed"
    )
    skip = SettleEffect(effect=key, resolution=Resolution.SKIP, reason="done elsewhere")
    accepted(await case.act(skip, person="ines"))
    await close(case, "actioned")


@scenario()
async def an_action_is_done_by_hand(case: CaseUnderTest) -> None:
    """Nobody's system does it: a person does, and closing waits for the receipt."""
    case.world.effect_results["apply-action"] = EffectResult(state=EffectState.MANUAL)
    await escalate(case)
    await approve(case, "legal-review", "lena")
    await case.in_stage("policy-sign-off")
    await approve(case, "policy-sign-off", "pia")
    seen = await case.until(lambda seen: bool(seen.effects) and seen.effects[0].state == "manual")
    open_yet = await case.act(Close(disposition="actioned", record=RECORD), person="ines")
    refused(open_yet, Outcome.REFUSED, Reason.UNMET)
    done = SettleEffect(
        effect=seen.effects[0].key, resolution=Resolution.DONE, reference="ticket 5"
    )
    accepted(await case.act(done, person="ines"))
    await close(case, "actioned")


@scenario()
async def a_notice_is_given_up(case: CaseUnderTest) -> None:
    """A notice that cannot be delivered ends in an outcome that the watch sees (I10)."""
    case.world.fail_next("notify", 1)
    seen = await case.until(lambda seen: seen.notices_failed == 1)
    # What rotas say of the notices that follow is in the journal, and derivable like all of it.
    note = OnCallNote(team="incident-manager", as_of=seen.opened_at, on_call=("ines",))
    case.world.rota = (note,)
    accepted(await case.act(Complete(stage="triage", outcome="no-violation"), person="tess"))
    await close(case, "no-violation")
    # What is told while a case closes is stored with its last entries.
    await case.handle.result()
    entries = case.world.entries[case.handle.id]
    assert [note.said()] in [entry.body.get("on_call") for entry in entries]


@scenario("silent-gate", text=SILENT)
async def silence_takes_effect(case: CaseUnderTest) -> None:
    """Nobody decided in time: the protective action goes ahead; a second later is too late."""
    round_ = (await case.picture()).round_of("review")
    assert round_ is not None
    assert round_.expires_at is not None
    late = await case.envelope(
        Decide(gate="review", verdict=Verdict.APPROVE),
        person="lena",
        signed_at=round_.expires_at + timedelta(seconds=1),
    )
    await case.forward(timedelta(minutes=61))
    await case.in_stage("closure")
    refused(await case.deliver(late), Outcome.TOO_LATE, Reason.AFTER_DEADLINE)
    await case.until(lambda seen: not any(effect.open for effect in seen.effects))
    await close(case, "done")


@scenario(ORDER, answers={})
async def an_order_is_followed(case: CaseUnderTest) -> None:
    """Disabled in time: the hour stops, confirmation and review follow, Legal finds it lawful."""
    order = {
        "authority": "authority-4",
        "signature": "yes",
        "reasons": "incites",
        "declared-language": "yes",
    }
    accepted(await case.act(Answer(answers=order), person="cora"))
    accepted(await case.act(Complete(stage="authentication", outcome="an-order"), person="cora"))
    await case.in_stage("act-on-order")
    accepted(await case.act(Complete(stage="act-on-order", outcome="disable"), person="cora"))
    await case.in_stage("confirmation")
    seen = await case.until(
        lambda seen: seen.clock("EU-TCO3-1h").reading(seen.opened_at + timedelta(days=1)).ended  # type: ignore[union-attr]
    )
    assert not seen.breached
    answers = {
        "content": "list-4",
        "order-reference": "ref-1",
        "received-at": "2026-01-01T00:00:00+00:00",
        "threat-to-life": "no",
        "gagged": "yes",
        "cross-border": "no",
        "real-world-attack": "no",
    }
    accepted(await case.act(Answer(answers=answers), person="cora"))
    accepted(await case.act(Complete(stage="confirmation", outcome="confirmed"), person="cora"))
    await case.in_stage("threat-to-life")
    accepted(await case.act(Complete(stage="threat-to-life", outcome="no-threat"), person="cora"))
    await case.in_stage("provider-notice")
    accepted(await case.act(Complete(stage="provider-notice", outcome="gagged"), person="cora"))
    await case.in_stage("legal-review")
    await reject(case, "legal-review", "lena")
    await case.in_stage("reinstatement")
    await approve(case, "reinstatement", "lena")
    await approve(case, "reinstatement", "pia")
    await case.in_stage("closure")
    seen = await case.until(lambda seen: any(item.compensates for item in seen.effects))
    await case.until(lambda seen: not any(effect.open for effect in seen.effects))
    assert [order.name for order in case.world.performed][-1] == "undo-disable-content"
    accepted(
        await case.act(
            Evidence(label="ruling", reference="store:3", digest="c" * 64), person="ines"
        )
    )
    await close(case, "scrutiny-won-reinstated")


@scenario(ORDER, answers={})
async def nobody_follows_an_order(case: CaseUnderTest) -> None:
    """Nobody acted: at minute fifty the content is disabled, and the stage is over (I11)."""
    await case.forward(timedelta(minutes=49))
    assert not case.world.performed
    await case.forward(timedelta(minutes=2))
    await case.in_stage("confirmation")
    assert case.world.performed[0].name == "disable-content"
    accepted(await case.act(Cancel(reason="the story ends here"), person="ines"))


@scenario(ORDER, answers={}, continue_after=200)
async def an_order_is_tolled(case: CaseUnderTest) -> None:
    """The order was unclear: the hour stands still, and begins anew once it can be followed."""
    await case.forward(timedelta(minutes=45))
    accepted(await case.act(Complete(stage="act-on-order", outcome="clarification"), person="cora"))
    await case.in_stage("tolled")
    await case.forward(timedelta(hours=3))
    assert not any(order.name == "disable-content" for order in case.world.performed)
    assert not any(run.active for run in (await case.picture()).escalations)
    accepted(await case.act(Complete(stage="tolled", outcome="resumed"), person="lena"))
    await case.in_stage("act-on-order")
    await case.forward(timedelta(minutes=45))
    assert not any(order.name == "disable-content" for order in case.world.performed)
    called = [run.because for run in (await case.picture()).escalations if run.clock]
    assert called == ["40m", "40m"]
    await case.forward(timedelta(minutes=6))
    await case.in_stage("confirmation")
    accepted(await case.act(Cancel(reason="the story ends here"), person="ines"))


@scenario(continue_after=40)
async def the_case_continues_as_new(case: CaseUnderTest) -> None:
    """A long history goes on as a new run, in the middle of a gate, and nothing is lost."""
    await escalate(case)
    for number in range(12):
        digest = f"{number:064x}"
        accepted(
            await case.act(
                Evidence(label=f"item-{number}", reference=f"store:{number}", digest=digest),
                person="tess",
            )
        )
    await case.until(lambda seen: len(seen.evidence) == 12)
    await approve(case, "legal-review", "lena")
    await case.in_stage("policy-sign-off")
    await reject(case, "policy-sign-off", "pia")
    await close(case, "not-approved")
    assert "case:run:continued" in case.kinds


def asked(seen: CasePicture) -> bool:
    """Whether Legal is being asked."""
    return seen.open_round("legal-review") is not None


async def migrate(case: CaseUnderTest, text: bytes, *people: str) -> None:
    """The people have said so, one after the other: the case is under that version."""
    version = case.world.pathway(DEFAULT, text=text)
    for person in people:
        body = Migrate(version=version.version, reason="the rule has changed", pathway=version)
        accepted(await case.act(body, person=person))
    seen = await case.until(lambda seen: seen.version == version.version)
    assert seen.digest == version.digest


@scenario()
async def moved_to_another_version_at_a_gate(case: CaseUnderTest) -> None:
    """Two people move the case while Legal is asked; two lawyers have to agree from then on."""
    await escalate(case)
    await migrate(case, TWO_LAWYERS, "ines", "ivan")
    await case.until(lambda seen: len(seen.rounds) == 2 and asked(seen))
    await approve(case, "legal-review", "lena")
    assert (await case.picture()).stage == "legal-review"
    await approve(case, "legal-review", "luca")
    await case.in_stage("policy-sign-off")
    await approve(case, "policy-sign-off", "pia")
    await case.in_stage("closure")
    await case.until(lambda seen: not any(effect.open for effect in seen.effects))
    await close(case, "actioned")
    assert case.world.notices[-1].runbook


@scenario()
async def taken_back_to_the_version_it_came_from(case: CaseUnderTest) -> None:
    """One person takes the case back before anybody has decided; one lawyer is enough again."""
    await escalate(case)
    await migrate(case, TWO_LAWYERS, "ines", "ivan")
    await case.until(lambda seen: len(seen.rounds) == 2 and asked(seen))
    await migrate(case, library()[DEFAULT], "ivan")
    await case.until(lambda seen: len(seen.rounds) == 3 and asked(seen))
    await approve(case, "legal-review", "lena")
    await case.in_stage("policy-sign-off")
    await reject(case, "policy-sign-off", "pia")
    await close(case, "not-approved")


@scenario(continue_after=60)
async def a_moved_case_continues_as_new(case: CaseUnderTest) -> None:
    """The rules the case was moved to cross to the next run with its state."""
    await escalate(case)
    await migrate(case, TWO_LAWYERS, "ines", "ivan")
    for number in range(14):
        item = Evidence(label=f"item-{number}", reference=f"r:{number}", digest=f"{number:064x}")
        accepted(await case.act(item, person="lena"))
    await case.until(lambda seen: len(seen.evidence) == 14)
    await approve(case, "legal-review", "lena")
    assert (await case.picture()).stage == "legal-review"
    await approve(case, "legal-review", "luca")
    await case.in_stage("policy-sign-off")
    await reject(case, "policy-sign-off", "pia")
    await close(case, "not-approved")
    assert case.kinds.index("case:run:continued") > case.kinds.index("case:migration:done")
