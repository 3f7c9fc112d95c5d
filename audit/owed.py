"""What a case owes after closing, as its export carries it and a verifier checks it.

An obligation that goes on does not make its case's export incomplete: the case is whole, and what
it owes has a record of its own that says how far it has come.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from audit.acts import check_decisions, check_door, prove, root_of
from audit.came_in import inputs, start_input
from audit.ends import is_closed
from audit.incoming import salt_of
from audit.manifest import OwedFiles, StreamHead
from audit.reading import Stream as Lines
from audit.reading import broken_at
from audit.runs import CaseHistory
from cases.journal import GENESIS, Entry, Kind, obligation_stream
from runbooks.plan import Pathway
from workflows.messages import CaseInput, ObligationInput


def stream_file(name: str) -> str:
    """Where the stream of that obligation stands."""
    return f"owed/{name}/journal.jsonl"


def history_folder(name: str) -> str:
    """Where its histories stand."""
    return f"owed/{name}/history"


@dataclass(frozen=True)
class OwedExport:
    """One obligation of an export, as it was read."""

    told: OwedFiles
    lines: Lines
    history: CaseHistory


def check_owed(
    owed: Mapping[str, OwedExport],
    *,
    case: CaseInput,
    entries: Sequence[Entry],
    door: Sequence[Entry],
    pathway: Pathway | None,
) -> tuple[list[str], list[str]]:
    """What contradicts the case or itself, and what is not there; histories are not replayed."""
    recorded = {
        str(entry.body.get("obligation")): entry
        for entry in entries
        if entry.kind is Kind.OBLIGATION_RECORDED
    }
    wrong = [f"{name}: owed, and not in the export" for name in recorded.keys() - owed.keys()]
    wrong += [f"{name}: the case does not owe it" for name in owed.keys() - recorded.keys()]
    missing: list[str] = []
    begun = {entry.body.get("obligation") for entry in door if entry.kind is Kind.DOOR_OBLIGATION}
    for name in sorted(recorded.keys() & owed.keys()):
        item = owed[name]
        found = [f"chain: {_chain(item, case=case.case, name=name)}"]
        if not item.history.runs:
            if item.lines.entries or name in begun:
                missing.append(f"{name}: its history is not in the export")
        else:
            found += _own(item, case=case, recorded=recorded[name], pathway=pathway, door=door)
        wrong += [f"{name}: {what}" for what in found if not what.endswith(": ")]
    return wrong, missing


def _chain(item: OwedExport, *, case: str, name: str) -> str:
    broken = broken_at(item.lines)
    if broken:
        return broken
    stream = obligation_stream(name)
    if any((entry.case, entry.stream) != (case, stream) for entry in item.lines.entries):
        return "an entry belongs elsewhere"
    hashes = item.lines.hashes
    if item.told.head != StreamHead(sequence=len(hashes), hash=hashes[-1] if hashes else GENESIS):
        return "does not end where the manifest says"
    return ""


def _own(
    item: OwedExport,
    *,
    case: CaseInput,
    recorded: Entry,
    pathway: Pathway | None,
    door: Sequence[Entry],
) -> list[str]:
    request = start_input(item.history)
    if not isinstance(request, ObligationInput):
        return ["what it was started with cannot be read"]
    wrong: list[str] = []
    if (request.case, request.salt, request.root_key) != (case.case, case.salt, case.root_key):
        wrong.append("it was started for another case, or trusts another key")
    if request.due_at.isoformat() != recorded.body.get("due"):
        wrong.append("it was started for another instant than the case recorded")
    if pathway is not None and request.plan != pathway.owed_plan(request.plan.name):
        wrong.append("it was started with other rules than the case was bound to")
    salt = salt_of(request)
    incoming = inputs(item.history, salt=salt)
    proven = prove(incoming, case=request.case, root=root_of(request.root_key))
    goes_on = not is_closed(item.lines.entries)
    wrong += proven.wrong
    wrong += check_decisions(incoming, proven, item.lines.entries, open_case=goes_on)
    if proven.acts:
        own = [entry for entry in door if entry.body.get("act") in proven.acts]
        # An answer may still be on its way into the doors' stream: that is no contradiction.
        contradicted, _ = check_door(own, proven, salt=salt, open_case=True, owed=True)
        wrong += contradicted
        if not own:
            wrong.append("its acts did not come through a door")
    return wrong
