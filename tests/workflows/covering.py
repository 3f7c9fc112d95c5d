"""What of a runbook some stories have exercised, read from nothing but their journals."""

from collections.abc import Iterable, Iterator

from cases.journal import Entry, Kind
from runbooks.plan import Pathway
from runbooks.planner import GATE_OUTCOMES
from runbooks.runbook import Runbook

Line = tuple[str, ...]
"""One line of the table: `("outcome", "triage", "assess")`."""


def everything(runbook: Runbook, pathway: Pathway) -> set[Line]:
    """Every stage, outcome, gate's question, late step, clock, row, effect and ending there is."""
    table: set[Line] = {("row", str(row + 1)) for row in range(len(runbook.document.severity))}
    for stage in pathway.stages:
        table.add(("stage", stage.name))
        table |= {("outcome", stage.name, outcome) for outcome in stage.next}
        table |= {("late", stage.name, late.label) for late in stage.late}
        table |= {("ending", name) for name in stage.dispositions}
        if stage.gate is None:
            continue
        table |= {("round", stage.name, outcome) for outcome in GATE_OUTCOMES}
        questions = {
            "split": stage.gate.split,
            "dissent": stage.gate.dissent,
            "ratify": stage.gate.silence.stand_in,
        }
        table |= {("question", stage.name, name) for name, rule in questions.items() if rule}
    for clock in pathway.clocks:
        table.add(("clock", clock.id))
        table |= {("late", clock.id, late.label) for late in clock.late}
    table |= {("effect", effect.name) for effect in pathway.effects}
    table |= {("held back", effect.name) for effect in pathway.effects if effect.clearance}
    table |= {("rolled back", effect.name) for effect in pathway.effects if effect.bulk}
    set_ = {
        name
        for stage in pathway.stages
        for step in stage.next.values()
        for name in step.do
        if step.set_for is not None
    }
    table |= {(how, name) for name in set_ for how in ("set", "pulled forward", "called off")}
    for gag in pathway.gags:
        table |= {(state, name) for state in ("forbidden", "due again") for name in gag.suppresses}
    if pathway.handover is not None:
        table.add(("handover",))
    if pathway.legal_hold is not None:
        table.add(("legal hold",))
    return table


def exercised(entries: Iterable[Entry]) -> set[Line]:
    """Every line of the table that the entries of one case prove."""
    return {line for entry in entries for line in _lines(entry)}


def _lines(entry: Entry) -> Iterator[Line]:
    said = {name: str(value) for name, value in entry.body.items()}
    if entry.kind is Kind.CLOCK_REACHED:
        # A stage's target is `legal-review#2`, its step `50%:deputy-counsel`.
        yield "late", said["clock"].partition("#")[0], said["step"].partition(":")[0]
    elif entry.kind in _PROVES:
        what, fields = _PROVES[entry.kind]
        yield what, *(said.get(field, "") for field in fields)


_PROVES: dict[Kind, tuple[str, tuple[str, ...]]] = {
    Kind.SEVERITY_ASSESSED: ("row", ("row",)),
    Kind.STAGE_ENTERED: ("stage", ("stage",)),
    Kind.STAGE_LEFT: ("outcome", ("stage", "outcome")),
    Kind.ROUND_OPENED: ("question", ("gate", "question")),
    Kind.ROUND_CLOSED: ("round", ("gate", "state")),
    Kind.CLOCK_STARTED: ("clock", ("clock",)),
    Kind.EFFECT_INTENDED: ("effect", ("effect",)),
    Kind.EFFECT_CLEARED: ("effect", ("effect",)),
    Kind.EFFECT_HELD_BACK: ("held back", ("effect",)),
    Kind.BULK_BEGUN: ("effect", ("effect",)),
    Kind.EFFECT_ROLLED_BACK: ("rolled back", ("effect",)),
    Kind.EFFECT_SET: ("set", ("effect",)),
    Kind.EFFECT_PULLED_FORWARD: ("pulled forward", ("effect",)),
    Kind.EFFECT_WITHDRAWN: ("called off", ("effect",)),
    Kind.EFFECT_SUPPRESSED: ("forbidden", ("effect",)),
    Kind.EFFECT_DUE_AGAIN: ("due again", ("effect",)),
    Kind.HANDOVER_ASKED: ("handover", ()),
    Kind.LEGAL_HOLD: ("legal hold", ()),
    Kind.CASE_CLOSED: ("ending", ("disposition",)),
}
"""What an entry proves, and the parts of its body that say of what."""
