"""Whether every key that an export rests on counted when it signed, by the root's keyring note."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError

from audit.incoming import Incoming
from audit.log.checkpoint import read_checkpoint
from audit.log.cosignature import Cosigned
from audit.log.errors import LogError
from audit.log.exported import CHECKPOINT
from audit.log.keyring_note import KeyringNote, Role, door_key, spool_key
from audit.log.note import unbase64
from audit.log.timestamp import Stamped
from audit.manifest import SignedBy
from audit.verdict import Check, judged
from cases.envelope import Act, Certificate, CertifiedKey
from cases.log_glass import SPOOL_LINE, GlassOrder, Signed, SpoolLine

NAME = "keyring"


@dataclass(frozen=True)
class Use:
    """A key signed something at an instant."""

    role: Role
    key: str
    at: datetime
    what: str


def check_keyring(note: KeyringNote, uses: Iterable[Use], *, logs: Sequence[Use]) -> Check:
    """FAIL for a key used while it did not count, INCOMPLETE for one the note does not list.

    Of several keys that signed one checkpoint one has to count: that is what an overlap is for.
    """
    wrong: list[str] = []
    missing: list[str] = []
    for use in dict.fromkeys(uses):
        _judge(note, use, wrong=wrong, missing=missing)
    faults = [fault for use in logs if (fault := _fault(note, use)) is not None]
    if logs and len(faults) == len(logs):
        for use in logs[:1]:
            _judge(note, use, wrong=wrong, missing=missing)
    return judged(NAME, wrong=list(dict.fromkeys(wrong)), missing=list(dict.fromkeys(missing)))


def door_uses(incoming: Sequence[Incoming]) -> Iterator[Use]:
    """The door's key of each act that was accepted, at the act's own instant."""
    for item in incoming:
        envelope = item.envelope
        if envelope is None or envelope.certificate is None or not item.accepted:
            continue
        try:
            act = Act.model_validate_json(envelope.payload)
        except ValidationError:
            # It proves nothing, and the check of the acts says so.
            continue
        yield from _door(envelope.certificate, act.signed_at, f"act {act.act}")


def seal_use(signed: SignedBy, *, at: datetime) -> Iterator[Use]:
    """The key that signed the manifest."""
    yield from _door(signed.certificate, at, "the manifest")


def spool_uses(marks: Iterable[str]) -> Iterator[Use]:
    """The spool's key of each line that stood in for the log, and the doors' of its two orders."""
    for mark in marks:
        if not mark.startswith(SPOOL_LINE):
            continue
        try:
            signed = Signed.model_validate_json(mark)
            line = SpoolLine.model_validate_json(signed.payload)
            certified = CertifiedKey.model_validate_json(signed.certificate.payload)
            key = spool_key(unbase64(certified.public_key), key_id=certified.key_id)
            orders = [
                (each.certificate, GlassOrder.model_validate_json(each.payload))
                for each in (line.glass.opened, line.glass.confirmed)
            ]
        except (ValidationError, LogError):
            # It proves nothing, and the check of the write order says so.
            continue
        yield Use(Role.BREAK_GLASS, key, line.at, f"line {line.number} of the spool")
        for certificate, order in orders:
            yield from _door(certificate, order.signed_at, f"the order to {order.verb} the glass")


def log_uses(files: Mapping[str, bytes], *, at: datetime) -> list[Use]:
    """The keys of the log that signed the checkpoint."""
    data = files.get(CHECKPOINT)
    if data is None:
        return []
    try:
        found, note = read_checkpoint(data)
    except LogError:
        return []
    # A signature line names a key by four bytes; the note lists it whole.
    return [
        Use(Role.LOG, f"{line.name}+{line.id.hex()}", at, CHECKPOINT)
        for line in note.signatures
        if line.name == found.origin
    ]


def witness_uses(cosigned: Iterable[Cosigned]) -> Iterator[Use]:
    """Each witness's key, at the instant it says."""
    for each in cosigned:
        yield Use(Role.WITNESS, str(each.key), each.at, f"the cosignature of {each.key.name}")


def stamp_use(stamped: Stamped | None) -> Iterator[Use]:
    """The authority's certificate, at the token's instant."""
    if stamped is not None and stamped.signer:
        yield Use(Role.TSA, f"sha256:{stamped.signer}", stamped.at, "the time stamp")


def _door(certificate: Certificate, at: datetime, what: str) -> Iterator[Use]:
    try:
        certified = CertifiedKey.model_validate_json(certificate.payload)
        public = unbase64(certified.public_key)
        yield Use(Role.DOOR, door_key(public, key_id=certified.key_id), at, what)
    except (ValidationError, LogError):
        return


def _judge(note: KeyringNote, use: Use, *, wrong: list[str], missing: list[str]) -> None:
    fault = _fault(note, use)
    if fault is None:
        return
    if fault:
        wrong.append(
            f"{use.what}: the {use.role} key {fault}, and signed at {use.at:%Y-%m-%d %H:%M} UTC"
        )
    elif use.role is not Role.TSA or note.of(Role.TSA):
        missing.append(f"{use.what}: the keyring does not list this {use.role} key")


def _fault(note: KeyringNote, use: Use) -> str | None:
    """Why the key does not count; empty when it is not listed, None when it counts."""
    if use.role is Role.LOG:
        found = next((each for each in note.of(use.role) if each.key.startswith(use.key)), None)
    else:
        found = note.find(use.role, use.key)
    if found is None:
        return ""
    return found.fault_at(use.at) or None
