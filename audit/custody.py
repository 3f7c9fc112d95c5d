"""Whether each entry about an item of evidence is what a person signed, of an item of the case."""

from collections.abc import Iterator, Sequence

from pydantic import ValidationError

from cases.envelope import ActEnvelope, RefusedEnvelope
from cases.house_acts import Custody, read_house_act
from cases.journal import Entry, Kind

OF_CUSTODY = (Kind.EVIDENCE_ADDED, Kind.DOOR_CUSTODY)
_SAID = ("event", "digest", "why", "kept_at", "to", "found")


def in_order(entries: Sequence[Entry], door: Sequence[Entry]) -> list[Entry]:
    """Every entry about evidence, as it happened."""
    both = [entry for entry in (*entries, *door) if entry.kind in OF_CUSTODY]
    return sorted(both, key=lambda entry: entry.at)


def check_custody(
    entries: Sequence[Entry], door: Sequence[Entry], *, case: str, root: bytes
) -> Iterator[str]:
    """Links of a chain that nobody signed, that say something else, or that are of no item."""
    acquired = {entry.body.get("digest") for entry in entries if entry.kind is Kind.EVIDENCE_ADDED}
    taken_in = any(entry.kind is Kind.CASE_MERGED for entry in entries)
    disposed: set[object] = set()
    for entry in door:
        if entry.kind is not Kind.DOOR_CUSTODY:
            continue
        place = f"door entry {entry.sequence}"
        item = entry.body.get("digest")
        if item not in acquired and not taken_in:
            yield f"{place}: custody of an item that was never acquired"
        if item in disposed:
            yield f"{place}: something was done with an item that had been destroyed"
        if entry.body.get("event") == "disposed":
            disposed.add(item)
        yield from (f"{place}: {why}" for why in _signed(entry, case=case, root=root))


def _signed(entry: Entry, *, case: str, root: bytes) -> Iterator[str]:
    try:
        envelope = ActEnvelope.model_validate(entry.body.get("envelope"))
        act = read_house_act(envelope, root=root)
    except (RefusedEnvelope, ValidationError):
        yield "no signed act stands behind it"
        return
    if not isinstance(act.body, Custody) or act.case != case:
        yield "another act was signed than it says"
        return
    said = act.body.model_dump(mode="json")
    told = {name: entry.body.get(name) or "" for name in _SAID}
    if told != {name: said[name] or "" for name in _SAID} or (
        act.actor.person,
        act.signed_at,
    ) != (entry.body.get("who"), entry.at):
        yield "it says something else than was signed"
