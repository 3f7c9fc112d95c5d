"""The rules a case ran by, version after version: compiled again from the documents beside it (I2).

A case is bound to one version when it opens. Only a migration moves it to another one: two people
sign for the same rules, or one takes the case back before anybody has decided anything.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from audit.acts import Proven
from cases.acts import Migrate
from cases.canonical import sha256
from cases.journal import Entry, Kind
from cases.migration import DECIDED
from runbooks import RunbookProblems, compile_runbook, load_runbook
from runbooks.plan import Pathway
from workflows.messages import CaseInput

_DECIDED = {state.value for state in DECIDED}


@dataclass(frozen=True)
class Rules:
    """The version a case was opened under, and by digest all it has been under."""

    first: Pathway
    versions: Mapping[str, Pathway]


def document(digest: str) -> str:
    """Where an export keeps the runbook with exactly these bytes."""
    return f"runbooks/{digest}.yaml"


def digests(request: CaseInput, entries: Sequence[Entry]) -> list[str]:
    """Every version the case has been under, in that order, each once."""
    moved = (entry.body.get("digest") for entry in entries if entry.kind is Kind.CASE_MIGRATED)
    return list(dict.fromkeys((request.pathway.digest, *map(str, moved))))


def read_rules(
    files: Mapping[str, bytes],
    request: CaseInput,
    proven: Proven,
    entries: Sequence[Entry],
) -> tuple[Rules | None, list[str]]:
    """The rules, and whatever speaks against them; None where the first document is not there."""
    wrong: list[str] = []
    versions: dict[str, Pathway] = {}
    for digest in digests(request, entries):
        try:
            versions[digest] = _compiled(_source(files, digest))
        except LookupError as problem:
            wrong.append(f"{document(digest)} {problem.args[0]}")
        except RunbookProblems as problems:
            wrong.append(f"{document(digest)} cannot be read: {problems}")
    first = versions.get(request.pathway.digest)
    if first is not None and first.walked_by(request.pathway.walk) != request.pathway:
        wrong.append("the case ran on other rules than its document holds")
    wrong.extend(_migrations(entries, proven, versions))
    if first is None:
        return None, wrong
    return Rules(first=first, versions=versions), wrong


def newest(
    files: Mapping[str, bytes], request: CaseInput, entries: Sequence[Entry]
) -> Pathway | None:
    """The version the case was under at the end of its record; None without its document."""
    try:
        return _compiled(_source(files, digests(request, entries)[-1]))
    except (RunbookProblems, LookupError):
        return None


def compiled(documents: Mapping[str, bytes]) -> dict[str, Pathway]:
    """By digest, the pathways of these documents; without those this release cannot read."""
    found: dict[str, Pathway] = {}
    for digest, source in documents.items():
        try:
            found[digest] = _compiled(source)
        except RunbookProblems:
            # The record is whole without it, and verification says what cannot be read.
            continue
    return found


def _source(files: Mapping[str, bytes], digest: str) -> bytes:
    source = files.get(document(digest))
    if source is None:
        message = "is missing"
        raise LookupError(message)
    if sha256(source) != digest:
        message = "is not the document the case was bound to"
        raise LookupError(message)
    return source


@lru_cache(maxsize=64)
def _compiled(source: bytes) -> Pathway:
    # Many cases are bound to one document, and reading YAML is half of a verification.
    return compile_runbook(load_runbook(source, file="runbook.yaml"))


def _migrations(
    entries: Sequence[Entry], proven: Proven, versions: Mapping[str, Pathway]
) -> Iterator[str]:
    """What every migration lacks of the two signatures, or of its being the way back."""
    came_from, decided = "", True
    for entry in entries:
        state = str(entry.body.get("state"))
        if entry.kind is Kind.STAGE_LEFT or (entry.kind is Kind.ROUND_CLOSED and state in _DECIDED):
            decided = True
        elif entry.kind is Kind.CASE_MIGRATED:
            yield from _migration(entry, proven, versions)
            back = entry.body.get("back") is True
            if back and (decided or entry.body.get("digest") != came_from):
                yield f"entry {entry.sequence}: it was no way back any more"
            came_from = "" if back else str(entry.body.get("digest_was"))
            decided = False


def _migration(entry: Entry, proven: Proven, versions: Mapping[str, Pathway]) -> Iterator[str]:
    at = f"entry {entry.sequence}"
    signed = {"act": str(entry.body.get("act"))}
    if entry.body.get("back") is not True:
        signed["asked_act"] = str(entry.body.get("asked_act"))
    people: list[str] = []
    for name, act_id in signed.items():
        act = proven.acts.get(act_id)
        if act is None or not isinstance(act.body, Migrate):
            yield f"{at}: its {name.replace('_', ' ')} is no signed migration"
            continue
        people.append(act.actor.person)
        if act.body.pathway != versions.get(str(entry.body.get("digest"))):
            yield f"{at}: {act.actor.person} signed other rules than its document holds"
    if len(people) == len(signed) and len(set(people)) != len(signed):
        yield f"{at}: one person both asked and agreed"
