"""A draft: an authority's form, filled from what the case knows, with everything still missing.

It is a pure function of the case's state and its runbook, so the workflow, the pages and an
auditor build the same one, byte for byte.
"""

from cases.drafts.record import Draft, Gap
from cases.state import CaseState
from runbooks.forms import form_of, sources
from runbooks.forms.sources import Origin, origin
from runbooks.plan import CallBackResult, EffectPlan, Pathway, Source


def draft_of(state: CaseState, pathway: Pathway, plan: EffectPlan) -> Draft:
    """The report that the effect would hand in, as the case stands; ValueError if it is none."""
    form = form_of(plan.by)
    if form is None:
        raise ValueError(f"{plan.name} is no report")
    said: dict[str, str] = {}
    came: dict[str, str] = {}
    for field in form.fields:
        source = plan.fill.get(field.name) or _natural(field.name, pathway, plan)
        if source is None:
            continue
        came[field.name] = source.of
        text = _said(state, origin(source.of))
        said[field.name] = source.words.get(text, text)
    filled, faults = form.fill(said)
    asked = form.by_name
    return Draft(
        form=form.name,
        version=form.version,
        fields=filled,
        gaps=tuple(
            Gap(
                field=fault.field,
                title=asked[fault.field].title,
                what=fault.what,
                fill=came.get(fault.field, ""),
            )
            for fault in faults
        ),
    )


def reports_of(pathway: Pathway) -> list[EffectPlan]:
    """The effects of the runbook that are reports."""
    return [plan for plan in pathway.effects if form_of(plan.by) is not None]


def _natural(field: str, pathway: Pathway, plan: EffectPlan) -> Source | None:
    """The question of the field's own name, else the memo field of that name."""
    if field in pathway.questions:
        return Source(of=f"{sources.ANSWER}:{field}")
    gates = [stage for stage in pathway.stages if stage.gate is not None]
    for stage in sorted(gates, key=lambda stage: stage.name != plan.gate):
        if stage.gate is not None and field in stage.gate.memo:
            return Source(of=f"{sources.MEMO}:{stage.name}.{field}")
    return None


def _said(state: CaseState, came: Origin) -> str:
    """What the case says there; empty while it says nothing."""
    match came.area:
        case sources.ANSWER:
            given = state.answers.get(came.name)
            return given.value if given is not None else ""
        case sources.MEMO:
            return state.memos.get(came.name, {}).get(came.field, "")
        case sources.DONE:
            effect = state.effect_named(came.name)
            done = effect is not None and effect.state == "done"
            at = effect.settled_at if effect is not None and done else None
            return at.isoformat(timespec="seconds") if at is not None else ""
        case sources.CASE:
            return _known(state, came.name)
        case sources.CALL_BACK:
            return _called_back(state)
        case _:
            return came.name


def _known(state: CaseState, what: str) -> str:
    if what == "number":
        return state.number
    at = state.report.receipt_at or state.report.received_at
    return (at if what == "received" else state.opened_at).isoformat(timespec="seconds")


def _called_back(state: CaseState) -> str:
    """The newest call, if it was confirmed: anything else verifies nobody."""
    call = state.call_backs[-1] if state.call_backs else None
    if call is None or call.result is not CallBackResult.CONFIRMED:
        return ""
    at = call.called_at.isoformat(timespec="minutes")
    return f"{call.agency}, called at {call.number} ({call.source}) on {at} by {call.by}: confirmed"
