"""Verifies a redacted bundle: everything but content, which it says it could not check."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from audit.acts import root_of
from audit.errors import ExportUnreadableError
from audit.log.checkpoint import Checkpoint, trusted_checkpoint
from audit.log.errors import LogError
from audit.log.exported import CHECKPOINT, FOLDER, TOKEN, proof_file
from audit.log.leaf import late_of, made_late
from audit.log.note import NoteKey
from audit.log.proof import read_proof
from audit.log.stamped import Claim
from audit.manifest import CASE_STREAM, DOOR_STREAM, KEYRING, Keyring, SignedBy, check_signature
from audit.manifest import write as written
from audit.reading import read_directory, read_model
from audit.redacted.manifest import (
    FORMAT,
    MANIFEST,
    REDACTIONS,
    SIGNATURE,
    RedactedManifest,
    Redactions,
)
from audit.redacted.opening import OpenedEntry, hidden, read_lines
from audit.redacted.order import FOLDER as ORDER
from audit.redacted.order import Order
from audit.verdict import Check, Verdict, judged
from audit.vouchers import Vouched, Vouchers, check_vouchers, keyring_of, trusted_logs
from cases.canonical import canonical, sha256
from cases.envelope import ActEnvelope, RefusedEnvelope
from cases.house_acts import AgreeToErase, Erase, HouseAct, read_house_act
from cases.journal import GENESIS, Kind

_SHOWN = 5
Streams = Mapping[str, Sequence[OpenedEntry]]


@dataclass(frozen=True)
class Bundle:
    """A redacted bundle as it was read."""

    files: Mapping[str, bytes]
    manifest: RedactedManifest
    signed: SignedBy
    keyring: Keyring
    redactions: Redactions
    streams: Streams


def is_redacted(directory: Path) -> bool:
    """Whether the directory says that it is a redacted bundle."""
    return (directory / MANIFEST).is_file()


def verify_redacted(
    directory: Path,
    *,
    pinned: frozenset[bytes] = frozenset(),
    logs: frozenset[NoteKey],
    vouchers: Vouchers | None = None,
) -> Verdict:
    """What the bundle proves; never PASS as a whole, since content is left out."""
    try:
        bundle = read_bundle(directory)
    except ExportUnreadableError as error:
        return Verdict(checks=(judged("files", wrong=[str(error)]),))
    except OSError as error:
        return Verdict(checks=(judged("files", wrong=[f"cannot be read: {error.strerror}"]),))
    return Verdict(
        case=bundle.manifest.case,
        number=bundle.manifest.number,
        checks=(*_checks(bundle, pinned, logs, vouchers), _content(bundle)),
    )


def read_bundle(directory: Path) -> Bundle:
    """The bundle, read strictly; ExportUnreadableError names the file that cannot be read."""
    files = read_directory(directory)
    manifest = _exact(files, MANIFEST, RedactedManifest)
    if manifest.format != FORMAT:
        raise ExportUnreadableError(MANIFEST, f"this release reads {FORMAT}")
    streams = {name: read_lines(name, _need(files, name)) for name in manifest.streams}
    for name, entries in streams.items():
        for entry in entries:
            _known_kind(name, entry)
    return Bundle(
        files=files,
        manifest=manifest,
        signed=_exact(files, SIGNATURE, SignedBy),
        keyring=_exact(files, KEYRING, Keyring),
        redactions=_exact(files, REDACTIONS, Redactions),
        streams=streams,
    )


def _checks(
    bundle: Bundle,
    pinned: frozenset[bytes],
    given: frozenset[NoteKey],
    vouchers: Vouchers | None,
) -> Iterator[Check]:
    keyrings = keyring_of(bundle.files, vouchers, pinned=pinned)
    logs = trusted_logs(given, vouchers, keyrings)
    yield judged("files", wrong=_files(bundle))
    yield _signature(bundle, pinned)
    yield judged("journal", wrong=list(_order(bundle)))
    yield _log(bundle, logs)
    yield from check_vouchers(_vouched(bundle), vouchers, logs=logs, keyrings=keyrings)
    yield judged("signers", wrong=list(_signers(bundle.streams)))
    yield judged("clocks", wrong=list(_clocks(bundle.streams)))
    if bundle.manifest.waits or any(name.startswith(ORDER) for name in bundle.files):
        yield Order(files=bundle.files, streams=bundle.streams, keys=_keys(bundle, logs)).check()
    if bundle.manifest.erased:
        yield judged("erasure", wrong=list(_erasure(bundle)))


def _vouched(bundle: Bundle) -> Vouched:
    """The bundle, as far as others vouch for it."""
    claims = [
        Claim(told.stream, entry.sequence, at)
        for name, told in bundle.manifest.streams.items()
        for entry in bundle.streams[name]
        if (at := _instant(entry.text("at"))) is not None
        and proof_file(told.stream, entry.text("branch"), entry.sequence) in bundle.files
    ]
    return Vouched(
        files=bundle.files,
        claims=claims,
        signed=bundle.signed,
        created_at=bundle.manifest.created_at,
    )


def _files(bundle: Bundle) -> list[str]:
    told = bundle.manifest.files
    unknown = bundle.files.keys() - told.keys() - {MANIFEST, SIGNATURE}
    wrong = [f"{name}: not in the manifest" for name in sorted(unknown)]
    for name, item in sorted(told.items()):
        data = bundle.files.get(name)
        if data is None:
            wrong.append(f"{name}: missing")
        elif len(data) != item.size or sha256(data) != item.sha256:
            wrong.append(f"{name}: altered")
    return wrong


def _signature(bundle: Bundle, pinned: frozenset[bytes]) -> Check:
    root = bundle.keyring.root_bytes
    wrong: list[str] = []
    missing: list[str] = []
    if not root:
        wrong.append("the keyring has no root key")
    elif pinned and root not in pinned:
        wrong.append("the bundle rests on another root key than the one you gave")
    elif not pinned:
        missing.append("no root key was given: the bundle vouches for itself (self-attested)")
    manifest = bundle.files[MANIFEST]
    why = check_signature(manifest, bundle.signed, root=root, at=bundle.manifest.created_at)
    return judged("signature", wrong=[*wrong, *([why] if why else ())], missing=missing)


def _order(bundle: Bundle) -> Iterator[str]:
    """Whether every stream is whole, in order, and of this case."""
    for name, told in bundle.manifest.streams.items():
        previous = GENESIS
        for number, entry in enumerate(bundle.streams[name], start=1):
            place = f"{name}: entry {number}"
            if entry.sequence != number:
                yield f"{place}: found sequence {entry.sequence}"
                break
            if entry.text("previous") != previous:
                yield f"{place}: previous hash differs"
            if (entry.text("case"), entry.text("stream")) != (bundle.manifest.case, told.stream):
                yield f"{place}: belongs elsewhere"
            on = [item.branch for item in told.lineage if item.after < number]
            if not on or entry.text("branch") != on[-1]:
                yield f"{place}: was recorded on another branch"
            previous = entry.hash
        if (len(bundle.streams[name]), previous) != (told.head.sequence, told.head.hash):
            yield f"{name}: does not end where the manifest says"
    for entry in bundle.streams.get(CASE_STREAM, ()):
        count = entry.value("body.entries")
        closes = entry.kind in (Kind.CASE_CLOSED, Kind.CASE_CANCELLED)
        if closes and count is not None and count != entry.sequence:
            yield f"{CASE_STREAM}: its last entry counts another number of entries"


def _log(bundle: Bundle, pinned: frozenset[NoteKey]) -> Check:
    if CHECKPOINT not in bundle.files:
        return judged("log", wrong=[], missing=["no checkpoint of the log is in it"])
    missing = [] if pinned else ["no log key was given: the log vouches for itself"]
    try:
        named = NoteKey.parse(bundle.keyring.log)
        if pinned and named not in pinned:
            return judged("log", wrong=["the bundle rests on another log than the one you gave"])
        checkpoint = trusted_checkpoint(bundle.files[CHECKPOINT], pinned or [named])
    except LogError as error:
        return judged("log", wrong=[f"{CHECKPOINT}: {error}"], missing=missing)
    expected = {CHECKPOINT, TOKEN}
    wrong: list[str] = []
    unproven = 0
    for name, told in bundle.manifest.streams.items():
        for entry in bundle.streams[name]:
            file = proof_file(told.stream, entry.text("branch"), entry.sequence)
            data = bundle.files.get(file)
            if data is None:
                unproven += 1
                continue
            expected.add(file)
            why = _unproven(data, entry, bundle.files[CHECKPOINT], checkpoint)
            if why:
                wrong.append(f"{file}: {why}")
    stray = sorted(
        name for name in bundle.files if name.startswith(FOLDER) and name not in expected
    )
    wrong += [f"{name}: proves no entry of this case" for name in stray]
    if unproven:
        missing.append(f"{unproven} entries are not in a checkpoint yet: export again in a moment")
    more = [f"and {len(wrong) - _SHOWN} more"] if len(wrong) > _SHOWN else []
    return judged("log", wrong=[*wrong[:_SHOWN], *more], missing=missing)


def _keys(bundle: Bundle, pinned: frozenset[NoteKey]) -> frozenset[NoteKey]:
    try:
        return pinned or frozenset([NoteKey.parse(bundle.keyring.log)])
    except LogError:
        # That no key is named is told with the log itself; then no proof can hold.
        return frozenset()


def _unproven(data: bytes, entry: OpenedEntry, published: bytes, checkpoint: Checkpoint) -> str:
    try:
        proof = read_proof(data)
    except LogError as error:
        return str(error)
    if proof.checkpoint != published:
        return f"stands on another checkpoint than {CHECKPOINT}"
    # An entry that took effect before the log had it says so in its leaf, and is no other.
    late = late_of(proof.extra)
    leaf = made_late(entry.leaf, late) if late else entry.leaf
    if proof.extra != leaf or not proof.holds(leaf, checkpoint):
        return "the log holds another entry at this place"
    return ""


def _signers(streams: Streams) -> Iterator[str]:
    """Every act that the case's stream rests on came through a door, by the same person."""
    recorded = {
        entry.text("body.act"): entry
        for entry in streams.get(DOOR_STREAM, ())
        if entry.kind is Kind.DOOR_ACT_RECORDED
    }
    for entry in streams.get(CASE_STREAM, ()):
        act = entry.text("body.act")
        if not act or entry.kind in (Kind.ACT_REFUSED, Kind.ACTS_REFUSED):
            continue
        door = recorded.get(act)
        if door is None:
            yield f"{CASE_STREAM}: entry {entry.sequence}: act {act} did not come through a door"
            continue
        who, person = entry.text("body.who"), door.text("body.person")
        if entry.kind is not Kind.EFFECT_INTENDED and who and person and who != person:
            yield f"{CASE_STREAM}: entry {entry.sequence}: another person than at the door"


def _clocks(streams: Streams) -> Iterator[str]:
    """No clock is called missed before it was due, and none ran that was not started."""
    due: dict[str, datetime | None] = {}
    for entry in streams.get(CASE_STREAM, ()):
        clock = entry.text("body.clock")
        if not clock:
            continue
        if entry.kind in (Kind.CLOCK_STARTED, Kind.CLOCK_RESTARTED, Kind.CLOCK_DEADLINE):
            due[clock] = _instant(entry.text("body.due")) or due.get(clock)
        elif entry.kind is Kind.CLOCK_BREACHED:
            at, since = _instant(entry.text("at")), due.get(clock)
            told = _instant(entry.text("body.due")) or since
            if clock not in due:
                yield f"{CASE_STREAM}: entry {entry.sequence}: a clock that never started"
            elif at is not None and told is not None and at < told:
                yield f"{CASE_STREAM}: entry {entry.sequence}: missed before it was due"


def _erasure(bundle: Bundle) -> Iterator[str]:
    """Content went by the hands of two people, or by the retention table, after time to think."""
    gone = [entry for entry in bundle.streams[DOOR_STREAM] if entry.kind is Kind.KEY_SHREDDED]
    if not gone:
        yield "no entry says that its key was destroyed"
    for entry in gone:
        if entry.value("body.restored") is not None:
            continue
        place = f"{DOOR_STREAM}: entry {entry.sequence}"
        due, at = _instant(entry.text("body.due")), _instant(entry.text("at"))
        if due is None or at is None or at < due:
            yield f"{place}: destroyed before its time had come"
        acts = entry.value("body.acts")
        if not acts and entry.text("body.rule"):
            continue
        yield from (f"{place}: {why}" for why in _two_hands(bundle, entry, acts))


def _two_hands(bundle: Bundle, entry: OpenedEntry, told: object) -> Iterator[str]:
    root = root_of(bundle.keyring.root)
    acts: list[HouseAct] = []
    for item in told if isinstance(told, list) else ():
        try:
            acts.append(read_house_act(ActEnvelope.model_validate(item), root=root))
        except (RefusedEnvelope, ValidationError):
            yield "a signature does not hold"
            return
    asked = [act for act in acts if isinstance(act.body, Erase)]
    agreed = [
        act
        for act in acts
        if isinstance(act.body, AgreeToErase) and act.body.erasure == entry.text("body.erasure")
    ]
    if len(asked) != 1 or len(agreed) != 1:
        yield "it is not signed by one who asked and one who agreed"
        return
    (first,), (second,) = asked, agreed
    if {first.case, second.case} != {bundle.manifest.case}:
        yield "it was signed for another case"
    if first.actor.names & second.actor.names:
        yield "one person signed for both"
    if (first.actor.person, second.actor.person) != (
        entry.text("body.asked_by"),
        entry.text("body.agreed_by"),
    ):
        yield "it names other people than those who signed"


def _content(bundle: Bundle) -> Check:
    by_reason: dict[str, int] = {}
    for item in bundle.redactions.entries:
        by_reason[item.because.value] = by_reason.get(item.because.value, 0) + item.fields
    told = {(item.file, item.sequence): item.fields for item in bundle.redactions.entries}
    found = {
        (name, entry.sequence): len(entry.digests)
        for name, entries in bundle.streams.items()
        for entry in entries
        if entry.digests
    }
    wrong = [] if told == found else [f"{REDACTIONS}: lists other fields than are left out"]
    total = sum(hidden(entries) for entries in bundle.streams.values())
    missing = [f"{count} fields are left out: {why}" for why, count in sorted(by_reason.items())]
    missing += [f"{name} is left out whole" for name in bundle.redactions.withheld]
    if not total and not missing:
        missing.append("nothing of it could be held against its history")
    return judged("content", wrong=wrong, missing=missing)


def _known_kind(name: str, entry: OpenedEntry) -> None:
    try:
        _ = entry.kind
    except ValueError:
        place = f"{name}:{entry.sequence}"
        raise ExportUnreadableError(place, "is of a kind that this release knows not") from None


def _instant(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


def _exact(files: Mapping[str, bytes], name: str, kind: Any) -> Any:
    """The file as `kind`, if it is spelt the one way we spell it."""
    data = _need(files, name)
    value = read_model(name, data, kind)
    again = written(value) if isinstance(value, SignedBy | Keyring) else canonical(value)
    if again != data:
        raise ExportUnreadableError(name, "is not written canonically")
    return value


def _need(files: Mapping[str, bytes], name: str) -> bytes:
    data = files.get(name)
    if data is None:
        raise ExportUnreadableError(name, "is missing")
    return data
