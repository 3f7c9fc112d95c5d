"""An export for a reader who may not see everything: entries with fields held back, still proven.

What a field says stands in the journal's line, in signed acts, in histories and in their seals, so
none of those can be in an excerpt. Its entries are: every field as it is opened, or as its hash.
Each is a leaf of the log that the reader trusts, in a row without a gap; what an excerpt cannot
show is said, so its verdict is INCOMPLETE at best.
"""

from collections.abc import Iterator, Mapping, Sequence

from audit.bundle.dsse import CERTIFICATES, envelope_files
from audit.bundle.opened import Opened, read_all
from audit.bundle.redactions import FILE as REDACTIONS
from audit.bundle.redactions import Place, Redactions
from audit.bundle.script import FILE as SCRIPT
from audit.errors import ExportUnreadableError
from audit.log.checkpoint import Checkpoint, trusted_checkpoint
from audit.log.errors import LogError
from audit.log.exported import CHECKPOINT, proof_file
from audit.log.exported import FOLDER as LOG
from audit.log.note import NoteKey
from audit.log.proof import read_proof
from audit.manifest import (
    KEYRING,
    MANIFEST,
    SIGNATURE,
    FileSum,
    Keyring,
    SignedBy,
    check_signature,
)
from audit.reading import Model, differing, read_model
from audit.strict_json import read_json
from audit.verdict import Check, Verdict, judged
from cases.canonical import canonical
from cases.values import Inbound, Instant

FORMAT = "escalate-excerpt/1"
ALONE = (KEYRING, MANIFEST, REDACTIONS, SIGNATURE, SCRIPT, "README.txt", "report.html")
_SHOWN = 5


class ExcerptManifest(Inbound):
    """Everything an excerpt holds; files are named by their place in it."""

    format: str = FORMAT
    case: str
    number: str
    created_at: Instant
    escalate: str
    """The release that wrote it."""
    entries: int
    """How many entries it shows, whole or in part."""
    files: dict[str, FileSum]


def is_excerpt(files: Mapping[str, bytes]) -> bool:
    """Whether the manifest says that it is one; ExportUnreadableError without a manifest."""
    if MANIFEST not in files:
        raise ExportUnreadableError(MANIFEST, "is missing")
    told = read_json(MANIFEST, files[MANIFEST])
    return isinstance(told, dict) and told.get("format") == FORMAT


def verify_excerpt(
    files: Mapping[str, bytes], *, pinned: frozenset[bytes], logs: frozenset[NoteKey]
) -> Verdict:
    """What the excerpt proves: FAIL or INCOMPLETE; ExportUnreadableError if it cannot be read."""
    manifest = _exact(files, MANIFEST, ExcerptManifest)
    keyring = _exact(files, KEYRING, Keyring)
    signed = _exact(files, SIGNATURE, SignedBy)
    redactions = _exact(files, REDACTIONS, Redactions)
    opened = read_all(files)
    return Verdict(
        case=manifest.case,
        number=manifest.number,
        checks=(
            judged("files", wrong=[*differing(files, manifest.files), *_strange(files, keyring)]),
            _signature(files, manifest, keyring, signed, pinned=pinned),
            _entries(opened, manifest, redactions),
            _log(files, opened, keyring, logs=logs),
            judged("excerpt", wrong=[], missing=_missing(redactions)),
        ),
    )


def _signature(
    files: Mapping[str, bytes],
    manifest: ExcerptManifest,
    keyring: Keyring,
    signed: SignedBy,
    *,
    pinned: frozenset[bytes],
) -> Check:
    root = keyring.root_bytes
    wrong: list[str] = []
    missing: list[str] = []
    if pinned and root not in pinned:
        wrong.append("the excerpt rests on another root key than the one you gave")
    elif not pinned:
        missing.append("no root key was given: the excerpt vouches for itself (self-attested)")
    why = check_signature(files[MANIFEST], signed, root=root, at=manifest.created_at)
    return judged("signature", wrong=[*wrong, *([why] if why else [])], missing=missing)


def _entries(
    opened: Mapping[Place, Opened], manifest: ExcerptManifest, redactions: Redactions
) -> Check:
    """No entry is missing between two others, and nothing is held back that is not listed."""
    wrong: list[str] = []
    if len(opened) != manifest.entries:
        wrong.append(f"{manifest.entries} entries were exported, and {len(opened)} are here")
    before: Place | None = None
    for place in sorted(opened):
        same = before is not None and before[:2] == place[:2]
        if same and before is not None and place.sequence != before.sequence + 1:
            wrong.append(
                f"{_named(place)}: {place.sequence - before.sequence - 1} before it missing"
            )
        before = place
        item = opened[place]
        listed = redactions.by_entry.get(place, frozenset())
        if len(listed) != item.held_back or listed & item.shown.keys():
            wrong.append(f"{_named(place)}: holds back other fields than it says")
        told = {"stream": place.stream, "branch": place.branch, "sequence": place.sequence}
        if any(item.shown.get(path, value) != value for path, value in told.items()):
            wrong.append(f"{_named(place)}: belongs elsewhere")
        if item.shown.get("case", manifest.case) != manifest.case:
            wrong.append(f"{_named(place)}: belongs to another case")
    wrong += [f"{_named(place)}: not here" for place in redactions.by_entry.keys() - opened.keys()]
    return judged("entries", wrong=wrong)


def _log(
    files: Mapping[str, bytes],
    opened: Mapping[Place, Opened],
    keyring: Keyring,
    *,
    logs: frozenset[NoteKey],
) -> Check:
    missing = [] if logs else ["no log key was given: the log vouches for itself (self-attested)"]
    if CHECKPOINT not in files:
        return judged("log", wrong=[], missing=["no checkpoint of the log is in it"])
    try:
        named = NoteKey.parse(keyring.log)
        if logs and named not in logs:
            return judged("log", wrong=["the excerpt rests on another log than the one you gave"])
        checkpoint = trusted_checkpoint(files[CHECKPOINT], logs or [named])
    except LogError as error:
        return judged("log", wrong=[f"{CHECKPOINT}: {error}"], missing=missing)
    wrong = list(_unproven(files, opened, checkpoint))
    proven = {proof_file(*place) for place in opened}
    unproven = len(proven - files.keys())
    if unproven:
        missing.append(f"{unproven} entries are not in a checkpoint yet: export again in a moment")
    return judged("log", wrong=wrong[:_SHOWN], missing=missing)


def _unproven(
    files: Mapping[str, bytes], opened: Mapping[Place, Opened], checkpoint: Checkpoint
) -> Iterator[str]:
    expected = {CHECKPOINT: None} | {proof_file(*place): item for place, item in opened.items()}
    for name in sorted(name for name in files if name.startswith(LOG)):
        if name not in expected:
            yield f"{name}: proves no entry of this excerpt"
            continue
        item = expected[name]
        if item is None:
            continue
        try:
            proof = read_proof(files[name])
        except LogError as error:
            yield f"{name}: {error}"
            continue
        under = proof.checkpoint == files[CHECKPOINT]
        if not under or proof.extra != item.leaf or not proof.holds(item.leaf, checkpoint):
            yield f"{name}: the log holds another entry at this place"


def _missing(redactions: Redactions) -> list[str]:
    grounds = sorted({(item.ground, item.by) for item in redactions.fields})
    told = "; ".join(f"{ground}, by {by}" for ground, by in grounds)
    held = (
        f"{len(redactions.fields)} fields are held back ({told})"
        if told
        else "nothing is held back"
    )
    return [f"{held}; acts, rules, histories and seals are not in an excerpt"]


def _strange(files: Mapping[str, bytes], keyring: Keyring) -> Iterator[str]:
    certificates = envelope_files((), keyring.certificates, root=keyring.root_bytes)
    for name, data in sorted(files.items()):
        if name.startswith(CERTIFICATES):
            if certificates.get(name) != data:
                yield f"{name}: is not a certificate of the keyring"
        elif name not in ALONE and not name.startswith((LOG, "opened/")):
            yield f"{name}: nothing in an excerpt has that name"


def _named(place: Sequence[object]) -> str:
    return "entry " + "/".join(str(part) for part in place)


def _exact(files: Mapping[str, bytes], name: str, kind: type[Model]) -> Model:
    if name not in files:
        raise ExportUnreadableError(name, "is missing")
    found = read_model(name, files[name], kind)
    if canonical(found) != files[name]:
        raise ExportUnreadableError(name, "is not written canonically")
    return found
