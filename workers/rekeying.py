"""Keys are renewed, and keys that got into wrong hands are no longer trusted."""

import os
from datetime import datetime, timedelta
from pathlib import Path

from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from cases.values import Value
from gateway.signer import load_or_create_keys, rotate_door_key
from store import CaseFilter, KeyEncryptionKey, Store
from workers.errors import NotSetUpError
from workers.settings import Settings
from workflows.messages import KEYS_SIGNAL, Revocation
from workflows.revocation import sign_revocation

_SILENCE = timedelta(seconds=45)
_MANY = 100_000


class Renewed(Value):
    """Which key went, and which one came."""

    before: str
    after: str


class Revoked(Value):
    """How far the word went."""

    told: int
    gone: int
    """Cases that had ended in the engine by then."""


def renew_door_key(settings: Settings) -> Renewed:
    """New acts are signed by a new key; running gateways take it at their next start."""
    before = load_or_create_keys(settings.keys).key_id
    return Renewed(before=before, after=rotate_door_key(settings.keys).key_id)


async def renew_kek(settings: Settings, *, at: datetime) -> Renewed:
    """Every case key is wrapped by a new key; the old one stays beside it, for old backups.

    Refused while workers or gateways run: they would go on to wrap with the old key.
    """
    file = settings.kek
    if settings.demo or not file.exists():
        raise NotSetUpError(
            "there is no key-encryption key to renew", mend="It is made at the first start."
        )
    old = KeyEncryptionKey.read(file.read_bytes())
    # A draft that an interrupted run left may wrap the keys already: it is used to the end.
    draft = file.with_name(f"{file.name}.new")
    if not draft.exists():
        _write(draft, KeyEncryptionKey.generate().written())
    new = KeyEncryptionKey.read(draft.read_bytes())
    async with await Store.open(settings.store, kek=new, earlier_keks=[old]) as store:
        heard = [
            beat.kind
            for beat in await store.health.beats()
            if beat.at > at - _SILENCE and beat.kind in ("worker", "gateway")
        ]
        if heard:
            raise NotSetUpError(
                f"still running: {', '.join(sorted(set(heard)))}",
                mend="Stop every worker and gateway, wait a minute, and try again.",
            )
        await store.vault.rewrap()
    file.rename(file.with_name(f"{file.name}.{old.key_id}"))
    draft.rename(file)
    return Renewed(before=old.key_id, after=new.key_id)


async def revoke_door_keys(
    settings: Settings,
    store: Store,
    client: Client,
    *,
    keys: tuple[str, ...],
    reason: str,
    at: datetime,
) -> Revoked:
    """Every open case knows that acts under these keys count no more; their rounds ask again.

    What closed cases still owe knows it too.
    """
    signer = load_or_create_keys(settings.keys)
    if signer.root is None:
        raise NotSetUpError("the root key is not here", mend="Run this where the root key is kept.")
    note = sign_revocation(Revocation(keys=keys, at=at, reason=reason), root=signer.root)
    told = gone = 0
    lines = await store.views.list(CaseFilter(status=("open", "held"), limit=_MANY))
    owed = [row for row in await store.obligations.open_of() if row.started_at is not None]
    for workflow in (*(line.case for line in lines), *(row.workflow_id for row in owed)):
        try:
            await client.get_workflow_handle(workflow).signal(KEYS_SIGNAL, note)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            gone += 1
        else:
            told += 1
    return Revoked(told=told, gone=gone)


def _write(file: Path, content: bytes) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as new:
        new.write(content)
        new.flush()
        os.fsync(new.fileno())
