"""Acts of the people who work on a case: answers, memos, evidence, completions, receipts."""

from datetime import datetime

from cases.acts import Answer, Complete, Evidence, Memo, Reply
from cases.answers import fits
from cases.bulk import go_on_everywhere
from cases.call_back import must_be_called_back
from cases.clock_starts import follow, instant_of, starts_clock
from cases.conditions import must_hold
from cases.drafts.standing import redraft
from cases.dual_control import must_be_orderable
from cases.effects import reconsider
from cases.envelope import Act
from cases.file import CaseFile
from cases.handlers.checks import (
    body_of,
    must_be_in,
    must_give_reason,
    must_have_role,
    must_not_be_held,
)
from cases.handover import begin_anew, is_handover
from cases.independence import must_be_independent
from cases.journal import Kind
from cases.people import is_conflicted
from cases.pinning import pin_answers
from cases.receipts import Outcome, Reason
from cases.records import AnswerGiven, EvidenceItem
from cases.refusal import Refusal, not_yours, refused
from cases.rounds import facts_changed
from cases.rules import roles_to_reply
from cases.stages import ask_when_ready
from cases.updates import written
from cases.windows import must_be_open
from runbooks.plan import StageKind


def answer(file: CaseFile, act: Act, *, key: str, commitment: str, at: datetime) -> None:
    """The questions have those answers; the severity table is to be asked again."""
    del key
    must_have_role(file, act)
    body = body_of(act, Answer)
    before = file.state.facts()
    asked = file.asked(body.answers)
    for name, value in body.answers.items():
        question = file.pathway.questions.get(name)
        if question is None:
            raise refused(Reason.NO_SUCH_QUESTION, name)
        if name not in asked and name not in file.asked():
            raise refused(Reason.NOT_ASKED, name)
        if not fits(value, question):
            expected = ", ".join(question.choices) or question.kind.value
            raise refused(Reason.BAD_ANSWER, f"{name} takes {expected}")
        instant = instant_of(value)
        if instant is not None and instant > act.signed_at and starts_clock(file, name):
            raise refused(Reason.BAD_ANSWER, f"{name} takes an instant that has come")
    changed = [
        name
        for name, value in body.answers.items()
        if name in asked
        and (name not in file.state.answers or file.state.answers[name].value != value)
    ]
    if not changed:
        raise refused(Reason.UNCHANGED)
    not_asked = set(file.pathway.questions) - set(asked)
    unasked = sorted({*file.state.answers, *body.answers} & not_asked)
    for name in unasked:
        # Not asked any more is not answered: should it be asked again, somebody looks again.
        file.state.answers.pop(name, None)
    for name in changed:
        file.state.answers[name] = AnswerGiven(
            value=body.answers[name], by=act.actor.person, at=act.signed_at
        )
    file.note(
        Kind.INTAKE_ANSWERED,
        at,
        by=act.actor.person,
        act=act.act,
        questions=sorted(changed),
        unasked=unasked or None,
        input=commitment,
    )
    follow(file, changed=changed, at=at)
    pin_answers(file, changed, at=at)
    reconsider(file, at=at)
    file.state.reassess = True
    voids = any(file.pathway.questions[name].material for name in (*changed, *unasked))
    if voids or redraft(file, at=at):
        facts_changed(file, before, at=at)
    go_on_everywhere(file, at=at)


def complete(file: CaseFile, act: Act, *, key: str, commitment: str, at: datetime) -> None:
    """The stage of work is about to be left by that outcome."""
    del key
    body = body_of(act, Complete)
    stage = must_be_in(file, body.stage)
    must_have_role(file, act)
    must_not_be_held(file)
    if is_conflicted(file.state, act.actor.own_names):
        raise not_yours(Reason.CONFLICTED)
    if stage.kind is not StageKind.WORK:
        raise refused(Reason.NOT_THE_STAGE, f"{stage.name} is decided, not completed")
    for name in act.actor.own_names:
        must_be_independent(file, stage, person=name)
    if body.outcome not in stage.outcomes:
        raise refused(Reason.NO_SUCH_OUTCOME, f"one of: {', '.join(stage.outcomes)}")
    only_at = stage.next[body.outcome].only_at
    if only_at and file.state.severity.current not in only_at:
        raise refused(Reason.OTHER_SEVERITY, f"only at {', '.join(only_at)}")
    asked = file.asked()
    needs = (*stage.needs, *stage.next[body.outcome].needs)
    missing = [name for name in needs if name in asked and name not in file.state.answers]
    if missing:
        raise refused(Reason.UNANSWERED, ", ".join(missing))
    must_be_called_back(file.state, stage, body.outcome)
    must_be_open(file, stage, body.outcome, at=act.signed_at)
    must_hold(file, stage, body.outcome)
    must_be_orderable(file, stage, body.outcome, at=act.signed_at)
    file.state.pending_outcome = body.outcome
    file.state.pending_by = act.actor.person
    visit = file.state.current_visit()
    if visit is not None:
        visit.note = body.note
    file.note(
        Kind.STAGE_COMPLETED,
        at,
        stage=stage.name,
        outcome=body.outcome,
        by=act.actor.person,
        also=sorted(act.actor.accounts) or None,
        role=act.role,
        act=act.act,
        note=body.note or None,
        signed=act.signed_at.isoformat(),
        input=commitment,
    )


def reply(file: CaseFile, act: Act, *, key: str, commitment: str, at: datetime) -> None:
    """The request for information has its answer, and who asked is told."""
    del key
    body = body_of(act, Reply)
    request = next((item for item in file.state.requests if item.id == body.request), None)
    must_have_role(file, act, of=roles_to_reply(file, request))
    if request is None:
        raise refused(Reason.NO_SUCH_REQUEST, body.request)
    if request.answer is not None:
        raise Refusal(Outcome.ALREADY_DECIDED, Reason.SETTLED, request.id)
    must_give_reason(body.text)
    before = file.state.facts()
    request.answer = body.text
    request.answered_by = act.actor.person
    request.answered_at = act.signed_at
    file.note(
        Kind.INFORMATION_GIVEN,
        at,
        request=request.id,
        by=act.actor.person,
        act=act.act,
        input=commitment,
    )
    if is_handover(request):
        begin_anew(file, at=at)
    written(file, request, at=at)
    facts_changed(file, before, at=at)


def memo(file: CaseFile, act: Act, *, key: str, commitment: str, at: datetime) -> None:
    """The memo has those fields; a gate that waited for it is asked."""
    del key
    body = body_of(act, Memo)
    rule = file.gate_rule(body.gate)
    if rule is None or not rule.memo:
        raise refused(Reason.NO_SUCH_STAGE, f"{body.gate} has no memo")
    must_have_role(file, act)
    unknown = [name for name in body.fields if name not in rule.memo]
    if unknown:
        raise refused(Reason.NO_SUCH_QUESTION, f"the memo has {', '.join(rule.memo)}")
    before = file.state.facts()
    file.state.memos[body.gate] = {**file.state.memos.get(body.gate, {}), **body.fields}
    file.note(
        Kind.MEMO_WRITTEN,
        at,
        gate=body.gate,
        fields=sorted(body.fields),
        by=act.actor.person,
        act=act.act,
        input=commitment,
    )
    facts_changed(file, before, at=at)
    ask_when_ready(file, at=at)


def evidence(file: CaseFile, act: Act, *, key: str, commitment: str, at: datetime) -> None:
    """The item is on the case's list, by reference and digest."""
    del key
    must_have_role(file, act)
    body = body_of(act, Evidence)
    before = file.state.facts()
    if any(item.digest == body.digest for item in file.state.standing_evidence):
        raise refused(Reason.UNCHANGED, "this item is already on the list")
    file.state.evidence.append(
        EvidenceItem(
            label=body.label,
            reference=body.reference,
            digest=body.digest,
            by=act.actor.person,
            at=act.signed_at,
        )
    )
    file.note(
        Kind.EVIDENCE_ADDED,
        at,
        label=body.label,
        digest=body.digest,
        by=act.actor.person,
        act=act.act,
        input=commitment,
    )
    facts_changed(file, before, at=at)
