"""What a person reads before an act is signed: the act, and for a verdict all it rests on."""

from dataclasses import dataclass

from cases.acts import ActBody, Decide, Dissent, Extend, Settle, Withdraw
from cases.acts_at_gates import BreakGlass, Revoke
from cases.acts_on_tasks import Finish, HandOn, SetTask
from cases.drafts.draft import reports_of
from cases.gate import Round
from cases.obligations.answers import answers_of
from gateway.casework import OpenCase
from gateway.drafts import ReportShown, report_shown
from gateway.form_content import verdict_label
from gateway.gate_words import AT_A_GATE, corrects, gate_lines, others_of
from gateway.phrases import words
from gateway.times import Show
from runbooks.forms import FORMS
from runbooks.plan import Assurance, FollowUp, GateRule, Late

Lines = list[tuple[str, str]]


@dataclass(frozen=True)
class RoundShown:
    """One asking of a gate, as a decider must see it."""

    gate: str
    title: str
    question: str
    number: int
    revision: int
    content_hash: str
    memo: Lines
    facts: Lines
    changed: list[tuple[str, str, str]]
    silence: str
    others: str
    corrects: str
    """Which decision was taken back, by whom and why, where this question corrects it."""
    needs_second_factor: bool
    reports: list[ReportShown]
    """The drafts that an approval approves, word for word."""


def act_in_words(body: ActBody, case: OpenCase) -> str:
    """The act, as its button said it."""
    match body:
        case Decide():
            rule = case.rule(body.gate)
            return f"{verdict_label(rule, body.verdict)} — {case.title_of(body.gate)}"
        case Dissent() | Withdraw() | Revoke() | BreakGlass():
            return f"{AT_A_GATE[body.verb]} — {case.title_of(body.gate)}"
        case Finish():
            return f"{words(body.settlement.value).capitalize()} — {body.task}"
        case SetTask():
            return "Set a task"
        case HandOn():
            return f"Give {body.task} to somebody else"
        case Settle():
            plan = _owed(case, body.obligation)
            known = answers_of(plan).get(body.answer) if plan is not None else None
            said = known.label if known is not None else body.answer
            return f"{said} — {_owed_title(plan, body.obligation)}"
        case Extend():
            return f"Extend — {_owed_title(_owed(case, body.obligation), body.obligation)}"
    return _work_in_words(body, case)


def _work_in_words(body: ActBody, case: OpenCase) -> str:
    if body.verb == "acknowledge":
        return "I am conflicted" if body.conflicted else "I have it"
    if body.verb == "migrate":
        return f"Go on under version {body.version}"
    if body.verb == "complete":
        return f"Complete {case.title_of(body.stage)}: {body.outcome.replace('-', ' ')}"
    return body.verb.replace("-", " ").capitalize()


def act_lines(body: ActBody, case: OpenCase, show: Show) -> Lines:
    """What the person wrote and chose, line by line."""
    return gate_lines(body, case, show) or _work_lines(body, case, show)


def _work_lines(body: ActBody, case: OpenCase, show: Show) -> Lines:
    match body.verb:
        case "answer":
            return [(case.shelved.question(name), value) for name, value in body.answers.items()]
        case "memo":
            return [(words(name), value) for name, value in body.fields.items()]
        case "extend":
            return [("Reason", body.reason), ("Due instead", show.text(body.until))]
        case "hold":
            return [("Reason", body.reason), ("Review on", show.text(body.review_at))]
        case "receipt":
            effect = case.state.effect(body.effect)
            lines = [("Action", effect.title if effect is not None else body.effect)]
            lines += [("Settled as", body.resolution.value), ("Reference", body.reference)]
            return [*lines, ("Reason", body.reason)]
        case "observe":
            said = f"{body.checked} checked, {body.wrong} of them wrong"
            return [("Action", _effect_title(case, body.effect)), ("Seen", said)]
        case "roll-back":
            return [("Action", _effect_title(case, body.effect)), ("Reason", body.reason)]
    written = body.model_dump(mode="json", exclude={"verb"})
    return [
        (words(name).capitalize(), str(value))
        for name, value in written.items()
        if value not in ("", False, None)
    ]


def _effect_title(case: OpenCase, key: str) -> str:
    effect = case.state.effect(key)
    return effect.title if effect is not None else key


def _owed(case: OpenCase, name: str) -> FollowUp | None:
    return case.pathway.owed_plan(name)


def _owed_title(plan: FollowUp | None, name: str) -> str:
    return (plan.title or plan.name) if plan is not None else name


def shown_round(
    case: OpenCase, gate: str, show: Show, *, verb: str = "decide"
) -> RoundShown | None:
    """The gate's open round with everything a verdict is signed on; None when none is open.

    A dissent is also shown the decision it objects to.
    """
    round_ = case.round_for(verb, gate)
    rule = case.rule(gate)
    if round_ is None or rule is None:
        return None
    return RoundShown(
        gate=gate,
        title=case.title_of(gate),
        question=rule.ask,
        number=round_.number,
        revision=round_.revision,
        content_hash=round_.content_hash,
        memo=memo_lines(case, gate),
        facts=fact_lines(case),
        changed=[(change.what, change.was, change.now) for change in round_.changed],
        silence=silence_of(case, round_, rule, show),
        others=others_of(case, round_, rule),
        corrects=corrects(case, round_),
        needs_second_factor=rule.assurance is not Assurance.L1,
        reports=[
            # How it will be handed in is no part of what is approved.
            report_shown(case, plan, connected=frozenset(FORMS))
            for plan in reports_of(case.pathway)
            if plan.gate == gate
        ],
    )


def memo_lines(case: OpenCase, gate: str) -> Lines:
    """The memo of one gate."""
    written = case.state.memos.get(gate, {})
    rule = case.rule(gate)
    names = rule.memo if rule is not None and rule.memo else tuple(written)
    return [(words(name), written.get(name, "")) for name in names]


def fact_lines(case: OpenCase) -> Lines:
    """The facts that are signed with a verdict, with the questions as they were asked."""
    state = case.state
    lines: Lines = [
        ("Runbook", f"{state.runbook} {state.version}"),
        ("Severity", state.severity.current.value),
    ]
    lines += [
        (case.shelved.question(name), answer.value)
        for name, answer in sorted(state.answers.items())
    ]
    lines += [(f"Evidence: {item.label}", item.reference) for item in state.standing_evidence]
    lines += [
        (
            f"Call-back: {call.agency}",
            f"{words(call.result.value)}, {call.by} called {call.number} ({call.source})",
        )
        for call in state.call_backs
    ]
    lines += [
        (f"Asked by {request.asked_by}: {request.question}", request.answer or "not answered yet")
        for request in state.requests
        if request.material
    ]
    return lines


def silence_of(case: OpenCase, round_: Round, rule: GateRule, show: Show) -> str:
    """What happens when nobody decides, and at which local time."""
    clock = next((run for run in reversed(case.state.clocks) if run.stage == round_.gate), None)
    due = round_.expires_at or (clock.due_at(case.now) if clock is not None else None)
    when = f"at {show.text(due)}" if due is not None else "when its time is over"
    if rule.silence.go is not None and round_.expires_at is not None:
        outcome = rule.silence.go.replace("-", " ")
        return f"If nobody decides, the case takes the outcome “{outcome}” by itself {when}."
    if rule.silence.stand_in is not None:
        stand_in = rule.silence.stand_in
        who = " or ".join(map(words, stand_in.allow))
        return (
            f"Silence decides nothing. {when[0].upper()}{when[1:]} {who} may {stand_in.only} in "
            f"place of {words(stand_in.instead_of)}."
        )
    paged = [words(step.page) for step in _late(case, round_.gate) if step.page]
    told = f" By then {' and '.join(dict.fromkeys(paged))} will have been paged." if paged else ""
    return f"Silence decides nothing: the gate waits. Its target is reached {when}.{told}"


def _late(case: OpenCase, gate: str) -> tuple[Late, ...]:
    return next(stage.late for stage in case.pathway.stages if stage.name == gate)
