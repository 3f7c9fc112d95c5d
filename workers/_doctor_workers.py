"""Workers' own keys: whether whoever works is certified, and whether it will be tomorrow."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

from audit.bundle.code import source_digest
from audit.log.errors import LogError
from audit.log.keyring_note import KeyringNote, Role, build_digest, read_keyring
from gateway.signer import ROOT_FILE
from store import Store, WorkerKeyRow
from workers._doctor_check import Check, fail, fine, warn
from workers.errors import NotSetUpError
from workers.keyrings import root_in
from workers.settings import Settings
from workers.vouching import keyring_note_of
from workers.worker import KIND

NAME = "worker-keys"
_SILENCE = timedelta(seconds=45)
_SOON = timedelta(days=14)


async def worker_keys(settings: Settings, store: Store, *, at: datetime) -> AsyncIterator[Check]:
    """Each worker that is heard of has a key that counts, for a while yet."""
    for check in _builds(settings, at=at):
        yield check
    beats = await store.health.beats(KIND)
    heard = {beat.id for beat in beats if beat.at >= at - _SILENCE}
    newest: dict[str, WorkerKeyRow] = {}
    for row in await store.worker_keys.counting(at):
        newest[row.host] = row
    without = sorted(heard - newest.keys())
    if without:
        yield warn(
            NAME,
            f"{len(without)} workers write without a certificate: {', '.join(without)}",
            mend="A running gateway certifies them; `escalate keys workers` says how each stands.",
        )
    ending = [newest[host] for host in sorted(heard & newest.keys()) if _ends(newest[host], at)]
    for row in ending:
        yield warn(
            NAME,
            f"the certificate of worker {row.key} ends at {row.not_after:%Y-%m-%d %H:%M} UTC, "
            "and it has no newer one",
            mend="A running gateway certifies its next key; is one heard of?",
        )
    if heard and not without and not ending:
        yield fine(NAME, f"{len(heard)} workers are heard of, each with a key that counts")


def _ends(row: WorkerKeyRow, at: datetime) -> bool:
    """Less than a third of its time is left: the next key was due at the half."""
    if row.not_after is None or row.answered_at is None:
        return False
    return row.not_after - at < (row.not_after - row.answered_at) / 3


def _builds(settings: Settings, *, at: datetime) -> list[Check]:
    note = _keyring(settings)
    if note is None or not note.of(Role.BUILD):
        return []
    own = note.find(Role.BUILD, build_digest(source_digest()))
    mend = "If this code is to work: `escalate keys certify-build` where the root key is."
    if own is None:
        return [fail("worker-build", "the root does not list the code that is here", mend=mend)]
    if own.fault_at(at):
        return [fail("worker-build", f"the code that is here {own.fault_at(at)}", mend=mend)]
    if own.until is not None and own.until < at + _SOON:
        until = f"{own.until:%Y-%m-%d %H:%M} UTC"
        return [warn("worker-build", f"the code that is here counts until {until}", mend=mend)]
    return [fine("worker-build", "the root lists the code that is here")]


def _keyring(settings: Settings) -> KeyringNote | None:
    """The note, where it is the root's; that it is not is said where keyrings are looked at."""
    data = keyring_note_of(settings)
    if not data or not (settings.keys / ROOT_FILE).is_file():
        return None
    try:
        return read_keyring(data, root=root_in(settings).public_key().public_bytes_raw())
    except (LogError, NotSetUpError):
        return None
