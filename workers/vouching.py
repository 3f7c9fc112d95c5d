"""Who vouches for the log, by the settings: for gateway, watch, and whoever verifies."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import httpx

from audit.log.errors import LogError
from audit.log.keyring_note import FILE as KEYRING_NOTE
from audit.log.policy import Policy, read_policy
from audit.log.timestamp import Roots, read_roots
from audit.vouchers import Vouchers
from gateway.vouching import Stamping, Witnessing
from gateway.watching.vouching import Freshness
from workers.errors import NotSetUpError
from workers.settings import Settings


def policy_of(settings: Settings) -> Policy | None:
    """The installation's policy; None where there is none."""
    file = settings.witnesses.policy_file
    if file is None:
        return None
    try:
        return read_policy(file.read_bytes())
    except (OSError, LogError) as error:
        raise NotSetUpError(
            f"ESCALATE_WITNESSES__POLICY_FILE cannot be used: {_why(error)}",
            mend="It is a C2SP tlog-policy: docs/transparency-log.md shows one.",
        ) from error


def roots_of(settings: Settings) -> Roots | None:
    """The certificates that time is believed from; None where none are named."""
    file = settings.tsa.roots_file
    if file is None:
        return None
    try:
        return read_roots(file.read_bytes())
    except (OSError, LogError) as error:
        raise NotSetUpError(
            f"ESCALATE_TSA__ROOTS_FILE cannot be used: {_why(error)}",
            mend="It is a PEM file with the certificates of the authority's root.",
        ) from error


def keyring_note_of(settings: Settings) -> bytes:
    """The root's keyring note as this installation holds it; empty before the first."""
    file = settings.keys / KEYRING_NOTE
    return file.read_bytes() if file.is_file() else b""


def witnessing(settings: Settings, http: httpx.AsyncClient) -> Witnessing | None:
    """Who is asked to cosign; None where the policy says nobody's address."""
    policy = policy_of(settings)
    if policy is None or not any(each.url for each in policy.witnesses):
        return None
    return Witnessing(policy=policy, http=http, within=settings.witnesses.timeout)


def stamping(settings: Settings, http: httpx.AsyncClient) -> Stamping | None:
    """Who stamps; None where no authority is named."""
    tsa = settings.tsa
    if tsa.url is None:
        return None
    asked = witnessing(settings, http)
    return Stamping(
        url=str(tsa.url),
        http=http,
        roots=roots_of(settings),
        every=tsa.every,
        apart=tsa.apart,
        witnesses=len(asked.asked) if asked is not None else 0,
        patience=tsa.patience,
        within=tsa.timeout,
    )


def freshness(settings: Settings) -> Freshness:
    """How long the watch lets an entry be without anybody outside vouching for it."""
    return Freshness(
        policy=policy_of(settings),
        witnessed_within=settings.witnesses.alarm_after,
        stamped_within=settings.tsa.alarm_after if settings.tsa.url is not None else None,
    )


def voucher_files(
    own: Settings | None, *, policy: Path | None, roots: Path | None, keyring: Path | None
) -> dict[str, Path]:
    """By the option that `audit.verifying` takes it with, the file of each that there is."""
    if own is not None:
        note = own.keys / KEYRING_NOTE
        policy = policy or own.witnesses.policy_file
        roots = roots or own.tsa.roots_file
        keyring = keyring or (note if note.is_file() else None)
    named = {"--policy": policy, "--tsa-roots": roots, "--keyring": keyring}
    return {name: file for name, file in named.items() if file is not None}


def vouchers(
    own: Settings | None,
    *,
    at: datetime,
    policy: Path | None = None,
    roots: Path | None = None,
    keyring: Path | None = None,
) -> Vouchers:
    """What an export is held against: the files that are named, else those of an installation."""
    found = Vouchers(at=at)
    if own is not None:
        found = Vouchers(
            at=at, policy=policy_of(own), roots=roots_of(own), keyring=keyring_note_of(own)
        )
    if policy is not None:
        found = replace(found, policy=read_policy(policy.read_bytes()))
    if roots is not None:
        found = replace(found, roots=read_roots(roots.read_bytes()))
    if keyring is not None:
        found = replace(found, keyring=keyring.read_bytes())
    return found


def _why(error: OSError | LogError) -> str:
    return (error.strerror or "") if isinstance(error, OSError) else str(error)
