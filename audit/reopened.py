"""Whether a reopened case went on from where it had ended, by its own rules and nobody else's.

A new run is handed its state by a door. Nothing in it may be the door's own invention: it is worked
out again here, from what the run before had stored, and compared.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from audit.came_in import case_input
from audit.findings import Finding, Rule, shown
from audit.payloads import read
from audit.pictured import batches
from audit.runs import CaseHistory, Run, reopened_from
from cases.journal import Entry, Kind
from cases.reopening import inherited
from cases.state import CaseState
from runbooks.plan import Pathway

GRAPH = "runbook"
_SAME = ("case", "number", "root_key", "salt", "shadow", "report")


def check_inherited(history: CaseHistory) -> Iterator[Finding]:
    """Every run that began with another state than the one before had ended with."""
    if not any(reopened_from(run) is not None for run in history.runs):
        return
    fields: dict[str, Any] = {}
    last: Entry | None = None
    for run in history.runs:
        if reopened_from(run) is not None and last is not None:
            found = _state(run)
            expected = inherited(fields, sequence=last.sequence, head=last.hash)
            if found is None or found != expected:
                yield Finding(
                    rule=Rule.INPUT,
                    run=run.run,
                    event_id=1,
                    what="the reopened case did not begin with the state it had ended with",
                    expected=shown(expected.journal.head),
                    found=shown(found.journal.head if found is not None else None),
                )
        for batch in batches(run):
            fields |= batch.changes
            last = batch.restore()[-1]


def check_reopened(
    history: CaseHistory, entries: Sequence[Entry], versions: Mapping[str, Pathway]
) -> Iterator[str]:
    """Every reopening that went on by other rules, keys or obligations than the case's own."""
    first = case_input(history)
    for run in filter(reopened_from, history.runs):
        request, state = run.request, _state(run)
        if first is None or request is None or state is None:
            continue
        for name in _SAME:
            if getattr(request, name) != getattr(first, name):
                yield f"run {run.run}: it was reopened with another {name.replace('_', ' ')}"
        rules = versions.get(state.digest)
        if rules is None or rules.walked_by(GRAPH) != request.pathway:
            yield f"run {run.run}: it was reopened under other rules than it was bound to"
        before = [item for item in entries if item.sequence <= state.journal.sequence]
        owed = {
            str(item.body.get("obligation"))
            for item in before
            if item.kind in (Kind.OBLIGATION_RECORDED, Kind.RULE_ISSUED)
        }
        told = request.reopened.owed if request.reopened is not None else ()
        if set(told) != owed:
            yield f"run {run.run}: it was told of other obligations than it had recorded"


def _state(run: Run) -> CaseState | None:
    payloads = run.started.input.payloads
    return read(payloads[1], CaseState) if len(payloads) > 1 else None
