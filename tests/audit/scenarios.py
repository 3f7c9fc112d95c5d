"""Cases of every kind, each walked to its end by people at doors."""

from datetime import timedelta

from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest

from cases.acts import (
    Acknowledge,
    Answer,
    Assign,
    Cancel,
    ChangeSeverity,
    Close,
    Complete,
    Decide,
    Evidence,
    Hold,
    Migrate,
    Raise,
    Receipt,
    Reply,
    Resolution,
    Resume,
    Verdict,
    Withdraw,
)
from cases.acts_between_cases import Move
from cases.envelope import ActEnvelope
from cases.receipts import ActReceipt, Outcome
from runbooks.library import library
from runbooks.plan import Severity
from tests.audit.casework import HOUR, Matter, Office, Scenario
from tests.workflows.runbooks import TWO_LAWYERS
from workflows.effects import EffectResult, EffectState
from workflows.messages import ACT_SIGNAL, ACT_UPDATE

FRAUD = {"danger": "no", "kind": "fraud"}
RECORD = "facts, rule, decision"


async def _opened(office: Office, **how: object) -> Matter:
    return await office.open(answers=FRAUD, **how)  # type: ignore[arg-type]


async def _escalated(office: Office, **how: object) -> Matter:
    case = await _opened(office, **how)
    await case.does(Complete(stage="triage", outcome="escalate"), person="tess")
    return case


async def _approve(case: Matter, gate: str, person: str) -> ActReceipt:
    return await case.does(Decide(gate=gate, verdict=Verdict.APPROVE), person=person)


async def _closed(case: Matter, disposition: str) -> Matter:
    await case.quiet()
    await case.does(Close(disposition=disposition, record=RECORD), person="ines")
    await case.handle.result()
    return case


async def approved_and_closed(case: Matter) -> Matter:
    """From legal review on: approved twice, applied, closed."""
    await case.until(lambda seen: seen.open_round("legal-review") is not None)
    await _approve(case, "legal-review", "lena")
    await _approve(case, "policy-sign-off", "pia")
    return await _closed(case, "actioned")


async def approved(office: Office, **how: object) -> Matter:
    """The canonical case: triage, two approvals, an action, closed."""
    return await approved_and_closed(await _escalated(office, **how))


async def walked_by_code(office: Office) -> Matter:
    """The canonical case, walked by the pathway in Python."""
    return await approved_and_closed(await _escalated(office, walk="user-safety-escalation"))


async def rejected_by_legal(office: Office) -> Matter:
    """Legal says no."""
    case = await _escalated(office)
    rejection = Decide(gate="legal-review", verdict=Verdict.REJECT, reason="no legal basis")
    await case.does(rejection, person="lena")
    return await _closed(case, "not-approved")


async def rejected_by_policy(office: Office) -> Matter:
    """Policy says no."""
    case = await _escalated(office)
    await _approve(case, "legal-review", "lena")
    rejection = Decide(gate="policy-sign-off", verdict=Verdict.REJECT, reason="not our rule")
    await case.does(rejection, person="pia")
    return await _closed(case, "not-approved")


async def more_information(office: Office) -> Matter:
    """Legal asks, triage answers, Legal approves."""
    case = await _escalated(office)
    question = Decide(
        gate="legal-review", verdict=Verdict.MORE_INFORMATION, reason="which country?"
    )
    await case.does(question, person="lena")
    await case.does(Reply(request="info-1", text="the first one"), person="tess")
    await case.does(Complete(stage="triage", outcome="escalate"), person="tess")
    return await approved_and_closed(case)


async def no_violation(office: Office) -> Matter:
    """Nothing to act on."""
    case = await _opened(office)
    await case.does(Complete(stage="triage", outcome="no-violation"), person="tess")
    return await _closed(case, "no-violation")


async def cancelled(office: Office) -> Matter:
    """Opened by mistake."""
    case = await _opened(office)
    await case.until(lambda seen: seen.ticket is not None)
    await case.does(Cancel(reason="a test"), person="ines")
    await case.handle.result()
    return case


async def held(office: Office) -> Matter:
    """On hold for two hours, then resumed."""
    case = await _opened(office)
    review = await case.now() + HOUR
    await case.does(Hold(reason="waits for the vendor", review_at=review), person="ines")
    await case.forward(2 * HOUR)
    await case.does(Resume(reason="goes on"), person="ines")
    await case.does(Complete(stage="triage", outcome="escalate"), person="tess")
    return await approved_and_closed(case)


async def late(office: Office) -> Matter:
    """Every reminder and page is due before anybody does anything."""
    case = await _opened(office)
    await case.forward(6 * HOUR)
    await case.does(Complete(stage="triage", outcome="escalate"), person="tess")
    await case.forward(10 * HOUR)
    return await approved_and_closed(case)


async def facts_changed(office: Office) -> Matter:
    """A new answer voids the round that was open; the first approval came too late."""
    case = await _escalated(office)
    before = await case.binding("legal-review")
    await case.does(Answer(answers={"proposed-action": "suspend"}), person="tess")
    old = Decide(gate="legal-review", verdict=Verdict.APPROVE)
    receipt = await case.act(old, person="lena", binding=before)
    assert receipt.outcome is Outcome.SUPERSEDED
    return await approved_and_closed(case)


async def severity_set(office: Office) -> Matter:
    """A person knows better than the table."""
    case = await _opened(office)
    worse = ChangeSeverity(severity=Severity.SEV1, reason="seen before")
    await case.does(worse, person="ines")
    await case.does(Complete(stage="triage", outcome="escalate"), person="tess")
    return await approved_and_closed(case)


async def evidence_added(office: Office) -> Matter:
    """Evidence before the review, an assignment, a page."""
    case = await _opened(office)
    item = Evidence(label="screenshot", reference="vault:1", digest="ab" * 32)
    await case.does(item, person="tess")
    await case.does(Assign(role="legal", person="lena", reason="knows it"), person="ines")
    await case.does(Raise(to="legal", reason="now"), person="ines")
    await case.does(Complete(stage="triage", outcome="escalate"), person="tess")
    return await approved_and_closed(case)


async def acknowledged(office: Office) -> Matter:
    """One has it, another is conflicted and out."""
    case = await _escalated(office)
    await case.does(Acknowledge(stage="legal-review"), person="lena")
    conflicted = Acknowledge(stage="legal-review", conflicted=True, reason="a relative")
    await case.does(conflicted, person="luca", role="legal")
    vote = Decide(gate="legal-review", verdict=Verdict.APPROVE)
    refused = await case.act(vote, person="luca", role="legal")
    assert refused.outcome is Outcome.NOT_YOURS
    return await approved_and_closed(case)


async def refused_often(office: Office) -> Matter:
    """The wrong person tries thirty times: counted after the twentieth."""
    case = await _escalated(office)
    for _ in range(30):
        vote = Decide(gate="legal-review", verdict=Verdict.APPROVE)
        receipt = await case.act(vote, person="tess")
        assert receipt.outcome is Outcome.NOT_YOURS
    return await approved_and_closed(case)


async def same_person_twice(office: Office) -> Matter:
    """Who approved for Legal may not sign off for Policy."""
    case = await _escalated(office)
    vote = Decide(gate="legal-review", verdict=Verdict.APPROVE)
    await case.does(vote, person="luca", role="legal")
    again = Decide(gate="policy-sign-off", verdict=Verdict.APPROVE)
    receipt = await case.act(again, person="luca", role="policy")
    assert receipt.outcome is Outcome.NOT_YOURS
    await _approve(case, "policy-sign-off", "pia")
    return await _closed(case, "actioned")


async def sent_twice(office: Office) -> Matter:
    """The same envelope comes as an update and again as a signal."""
    case = await _opened(office)
    envelope = await case.envelope(Complete(stage="triage", outcome="escalate"), person="tess")
    first = await case.deliver(envelope)
    assert first.outcome is Outcome.ACCEPTED
    await case.handle.signal(ACT_SIGNAL, envelope)
    again: ActReceipt = await case.handle.execute_update(
        ACT_UPDATE, envelope, result_type=ActReceipt, id="another-update"
    )
    assert again.outcome is Outcome.DUPLICATE
    return await approved_and_closed(case)


async def forged(office: Office) -> Matter:
    """An unsigned act, an altered one, a plain signal and an unknown update: all refused."""
    case = await _opened(office)
    envelope = await case.envelope(Complete(stage="triage", outcome="escalate"), person="tess")
    unsigned = ActEnvelope(payload=envelope.payload)
    altered = envelope.model_copy(
        update={"payload": envelope.payload.replace("escalate", "no-violation", 1)}
    )
    for bad in (unsigned, altered):
        receipt: ActReceipt = await case.handle.execute_update(
            ACT_UPDATE, bad, result_type=ActReceipt
        )
        assert receipt.outcome is Outcome.REFUSED
    await case.handle.signal("approve_everything", "please")
    await case.handle.signal(ACT_SIGNAL, "not an envelope")
    await case.handle.execute_update("anything", "please")
    await case.does(Complete(stage="triage", outcome="escalate"), person="tess")
    return await approved_and_closed(case)


async def cancelled_from_outside(office: Office) -> Matter:
    """Temporal's own cancel is no act: refused, on record, and the case goes on."""
    case = await _escalated(office)
    await case.handle.cancel()
    await case.until(lambda seen: seen.stage == "legal-review")
    return await approved_and_closed(case)


async def failed_action(office: Office) -> Matter:
    """The action fails for good; a person does it by hand."""
    office.world.fail_next("perform_effect")
    case = await _escalated(office)
    await _approve(case, "legal-review", "lena")
    await _approve(case, "policy-sign-off", "pia")
    await case.until(lambda seen: any(item.state == "failed" for item in seen.effects))
    effect = (await case.picture()).effects[0]
    done = Receipt(effect=effect.key, resolution=Resolution.DONE, reference="by hand")
    await case.does(done, person="ines")
    return await _closed(case, "actioned")


async def retried_action(office: Office) -> Matter:
    """The action fails, is tried again, and is done."""
    office.world.fail_next("perform_effect")
    case = await _escalated(office)
    await _approve(case, "legal-review", "lena")
    await _approve(case, "policy-sign-off", "pia")
    await case.until(lambda seen: any(item.state == "failed" for item in seen.effects))
    effect = (await case.picture()).effects[0]
    await case.does(Receipt(effect=effect.key, resolution=Resolution.RETRY), person="ines")
    await case.until(lambda seen: seen.effects[0].state == "done")
    return await _closed(case, "actioned")


async def manual_action(office: Office) -> Matter:
    """The action is a manual task."""
    office.world.effect_results["apply-action"] = EffectResult(state=EffectState.MANUAL)
    case = await _escalated(office)
    await _approve(case, "legal-review", "lena")
    await _approve(case, "policy-sign-off", "pia")
    await case.until(lambda seen: any(item.state == "manual" for item in seen.effects))
    effect = (await case.picture()).effects[0]
    done = Receipt(effect=effect.key, resolution=Resolution.SKIP, reason="not needed any more")
    await case.does(done, person="ines")
    # Only this case's: the next one's is done by the machine again.
    del office.world.effect_results["apply-action"]
    return await _closed(case, "actioned")


async def undelivered_notices(office: Office) -> Matter:
    """Two mails never arrive."""
    office.world.fail_next("notify", times=2)
    return await approved(office)


async def continued(office: Office) -> Matter:
    """The history is cut into several runs."""
    return await approved_and_closed(await _escalated(office, continue_after=30))


async def eventful(office: Office) -> Matter:
    """Cut into runs; refused, cancelled from outside, on hold, sent twice, tried again."""
    office.world.fail_next("notify")
    office.world.fail_next("perform_effect")
    case = await _opened(office, continue_after=40)
    await case.until(lambda seen: seen.ticket is not None)
    unsigned = ActEnvelope(payload="{}")
    refused: ActReceipt = await case.handle.execute_update(
        ACT_UPDATE, unsigned, result_type=ActReceipt
    )
    assert refused.outcome is Outcome.REFUSED
    await case.handle.cancel()
    review = await case.now() + HOUR
    await case.does(Hold(reason="waits for the vendor", review_at=review), person="ines")
    await case.forward(2 * HOUR)
    await case.does(Resume(reason="goes on"), person="ines")
    envelope = await case.envelope(Complete(stage="triage", outcome="escalate"), person="tess")
    assert (await case.deliver(envelope)).outcome is Outcome.ACCEPTED
    await case.handle.signal(ACT_SIGNAL, envelope)
    await _approve(case, "legal-review", "lena")
    await _approve(case, "policy-sign-off", "pia")
    await case.until(lambda seen: any(item.state == "failed" for item in seen.effects))
    effect = (await case.picture()).effects[0]
    await case.does(Receipt(effect=effect.key, resolution=Resolution.RETRY), person="ines")
    await case.until(lambda seen: seen.effects[0].state == "done")
    return await _closed(case, "actioned")


async def moved(office: Office) -> Matter:
    """Triage moves the case to another runbook."""
    case = await _opened(office)
    move = Move(runbook="terrorist-content-removal-order", reason="an order came")
    await case.does(move, person="ines")
    await case.handle.result()
    return case


async def dissenting_vote_withdrawn(office: Office) -> Matter:
    """A vote is taken back while the round is open: there is none to take back after."""
    case = await _escalated(office)
    nothing = await case.act(Withdraw(gate="legal-review"), person="lena")
    assert nothing.outcome is Outcome.REFUSED
    return await approved_and_closed(case)


async def disabled_automatically(office: Office) -> Matter:
    """A removal order nobody acts on: the content is disabled at minute fifty."""
    case = await office.open(runbook="terrorist-content-removal-order")
    await case.forward(timedelta(minutes=55))
    await case.until(lambda seen: any(item.state == "done" for item in seen.effects))
    await case.does(Cancel(reason="a drill"), person="ines")
    await case.handle.result()
    return case


async def _migrated(case: Matter, office: Office, text: bytes, *people: str) -> None:
    version = office.world.pathway("user-safety-escalation", text=text)
    await case.store.objects.put(kind="runbook", data=text, at=await case.now())
    for person in people:
        await case.does(
            Migrate(version=version.version, reason="the rule has changed", pathway=version),
            person=person,
        )
    await case.until(lambda seen: seen.version == version.version and seen.rounds[-1].votes == [])


async def migrated(office: Office) -> Matter:
    """Moved to a version under which two lawyers have to agree; both do."""
    case = await _escalated(office)
    await _migrated(case, office, TWO_LAWYERS, "ines", "ivan")
    await case.until(lambda seen: len(seen.rounds) == 2)
    await _approve(case, "legal-review", "luca")
    return await approved_and_closed(case)


async def taken_back(office: Office) -> Matter:
    """Moved, and taken back by one person before anybody had decided."""
    case = await _escalated(office)
    await _migrated(case, office, TWO_LAWYERS, "ines", "ivan")
    await _migrated(case, office, library()["user-safety-escalation"], "ivan")
    await case.until(lambda seen: len(seen.rounds) == 3)
    return await approved_and_closed(case)


CLOSED: dict[str, Scenario] = {
    scenario.__name__: scenario
    for scenario in (
        approved,
        walked_by_code,
        migrated,
        taken_back,
        rejected_by_legal,
        rejected_by_policy,
        more_information,
        no_violation,
        cancelled,
        held,
        late,
        facts_changed,
        severity_set,
        evidence_added,
        acknowledged,
        refused_often,
        same_person_twice,
        sent_twice,
        forged,
        cancelled_from_outside,
        failed_action,
        retried_action,
        manual_action,
        undelivered_notices,
        continued,
        moved,
        dissenting_vote_withdrawn,
        disabled_automatically,
    )
}
"""Every scenario ends with a closed or cancelled case."""

__all__ = ["CLOSED", "approved", "eventful"]


async def reset_to_the_beginning(at_work: Office, case: Matter) -> None:
    """Somebody has reset the case's run to its first workflow task, in Temporal."""
    request = ResetWorkflowExecutionRequest(
        namespace=at_work.client.namespace,
        reason="a test",
        workflow_task_finish_event_id=4,
        request_id="reset-once",
    )
    request.workflow_execution.workflow_id = case.handle.id
    await at_work.client.workflow_service.reset_workflow_execution(request)


def after_the_reset(at_work: Office, case: Matter) -> Matter:
    """The same case in the run that the reset began: acts that had come in are applied again."""
    return Matter(
        world=case.world,
        handle=at_work.client.get_workflow_handle(case.handle.id),
        skipper=case.skipper,
        request=case.request,
        store=case.store,
    )
