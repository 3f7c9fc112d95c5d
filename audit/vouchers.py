"""What a verifier brings to hold an export against: nothing of it comes from the export.

A policy says which log and whose cosignatures, certificates say whose time is believed, a keyring
note which keys counted when. What was not brought is not asked for, with one exception: a keyring
note in the export counts where the root that the verifier pinned has signed it, because an older
one could only hide a revocation, and the verifier may bring a newer.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from audit.incoming import Incoming
from audit.keyring import (
    NAME,
    check_keyring,
    door_uses,
    log_uses,
    seal_use,
    spool_uses,
    stamp_use,
    witness_uses,
)
from audit.log.errors import LogError
from audit.log.keyring_note import FILE, KeyringNote, newer, read_keyring
from audit.log.note import NoteKey
from audit.log.policy import Policy, read_policy
from audit.log.stamped import Claim, check_time
from audit.log.timestamp import Roots, read_roots
from audit.log.witnessed import Witnessed, check_witnesses
from audit.manifest import SignedBy
from audit.verdict import Check, judged
from cases.values import Instant


@dataclass(frozen=True)
class Vouchers:
    """What was brought, and the instant by the verifier's own clock."""

    at: datetime
    policy: Policy | None = None
    roots: Roots | None = None
    keyring: bytes = b""


def brought(*, at: datetime, policy: bytes, roots: bytes, keyring: bytes) -> Vouchers:
    """The vouchers in these files; an empty one was not brought."""
    return Vouchers(
        at=at,
        policy=read_policy(policy) if policy else None,
        roots=read_roots(roots) if roots else None,
        keyring=keyring,
    )


@dataclass(frozen=True)
class Vouched:
    """An export, as far as others vouch for it."""

    files: Mapping[str, bytes]
    claims: Sequence[Claim]
    """Of what is under its checkpoint."""
    signed: SignedBy
    created_at: Instant
    incoming: Sequence[Incoming] = ()
    """What came in, where histories are in it."""
    logged: Sequence[str] = ()
    """By what decisions and effects say that the log, or a spool, had them before."""


@dataclass(frozen=True)
class Keyrings:
    """The keyring note that counts, or why there is none."""

    note: KeyringNote | None = None
    fault: str = ""


def keyring_of(
    files: Mapping[str, bytes], vouchers: Vouchers | None, *, pinned: frozenset[bytes]
) -> Keyrings:
    """The newer of the verifier's and the export's, each signed by a pinned root."""
    brought = vouchers.keyring if vouchers is not None else b""
    found: KeyringNote | None = None
    try:
        for data in (brought, files.get(FILE, b"")):
            if data and pinned:
                found = newer(found, _by_any(data, pinned))
    except LogError as error:
        return Keyrings(fault=f"{FILE}: {error}")
    return Keyrings(note=found)


def trusted_logs(
    logs: frozenset[NoteKey], vouchers: Vouchers | None, keyrings: Keyrings
) -> frozenset[NoteKey]:
    """The log keys that count: the policy's, else those given, else those the root listed."""
    if vouchers is not None and vouchers.policy is not None and vouchers.policy.logs:
        return frozenset(vouchers.policy.logs)
    if not logs and keyrings.note is not None:
        return keyrings.note.logs
    return logs


def check_vouchers(
    export: Vouched,
    vouchers: Vouchers | None,
    *,
    logs: frozenset[NoteKey],
    keyrings: Keyrings,
) -> Iterator[Check]:
    """The witnesses' word, the time stamp, and the keyring: whatever of it can be asked."""
    if keyrings.fault:
        yield judged(NAME, wrong=[keyrings.fault])
    if vouchers is None:
        return
    witnessed = Witnessed(judged("witnesses", wrong=[]))
    if vouchers.policy is not None:
        witnessed = check_witnesses(export.files, policy=vouchers.policy, logs=logs, at=vouchers.at)
        yield witnessed.check
    timed = check_time(
        export.files,
        roots=vouchers.roots,
        claims=export.claims,
        cosigned=witnessed.cosigned,
        at=vouchers.at,
    )
    if timed is not None:
        yield timed.check
    if keyrings.note is None:
        return
    stamped = timed.stamped if timed is not None else None
    instants = [each.at for each in witnessed.cosigned]
    instants += [stamped.at] if stamped is not None else []
    uses = [
        *seal_use(export.signed, at=export.created_at),
        *door_uses(export.incoming),
        *spool_uses(export.logged),
        *witness_uses(witnessed.cosigned),
        *stamp_use(stamped),
    ]
    # Others' word on when the checkpoint was there; without it only the export's own.
    signed_at = min(instants, default=export.created_at)
    yield check_keyring(keyrings.note, uses, logs=log_uses(export.files, at=signed_at))


def _by_any(data: bytes, pinned: frozenset[bytes]) -> KeyringNote:
    failed: LogError | None = None
    for root in sorted(pinned):
        try:
            return read_keyring(data, root=root)
        except LogError as error:
            failed = error
    raise failed or LogError("no root key was given")
