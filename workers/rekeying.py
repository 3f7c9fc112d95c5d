"""Keys are renewed, and keys that got into wrong hands are no longer trusted."""

from datetime import datetime

from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from cases.values import Instant, Value
from gateway.signer import load_or_create_keys, rotate_door_key
from store import CaseFilter, Rotated, Store
from store.rotation import BATCH, Tell
from workers.errors import NotSetUpError
from workers.key_ring import key_ring
from workers.settings import Settings
from workflows.messages import KEYS_SIGNAL, Revocation
from workflows.revocation import sign_revocation

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


class EpochLine(Value):
    """One key-encryption key, as a person looks at it."""

    epoch: str
    source: str
    wraps: int
    """How many keys of cases it wraps."""
    state: str
    """present | earlier | retired | missing: not in the list, and yet something is wrapped by it"""
    begun_at: Instant | None = None
    retired_at: Instant | None = None


async def rotate_kek(
    settings: Settings, *, at: datetime, batch: int = BATCH, tell: Tell | None = None
) -> Rotated:
    """Every case key is wrapped by a new epoch, while workers and gateways go on."""
    if settings.demo:
        raise NotSetUpError(
            "the demo's key-encryption key is everybody's", mend="Rotate a real one."
        )
    async with await Store.open(settings.store, kek=key_ring(settings)) as store:
        return await store.rotation.rotate(at=at, batch=batch, tell=tell or (lambda *_: None))


async def retire_kek(settings: Settings, epoch: str, *, at: datetime) -> None:
    """The epoch's key is destroyed; refused while anything is wrapped by it."""
    async with await Store.open(settings.store, kek=key_ring(settings)) as store:
        await store.rotation.retire(epoch, at=at)


async def epochs_of(settings: Settings) -> list[EpochLine]:
    """Every epoch, oldest first; before the first rotation the one there is."""
    ring = key_ring(settings, make=False)
    async with await Store.open(settings.store, kek=ring) as store:
        listed, wrapping = await store.epochs.all(), await store.epochs.wrapping()
        first = None
        kept = settings.demo or settings.wrapping.source != "file" or settings.kek.exists()
        if not listed and kept:
            first = await ring.first()
    present = next(
        (each.name for each in reversed(listed) if each.retired_at is None),
        first.key_id if first is not None else None,
    )
    known = {each.name: each for each in listed}
    names = [*known, *sorted({*wrapping, *([present] if present else [])} - known.keys())]
    lines = []
    for name in names:
        epoch = known.get(name)
        retired = epoch.retired_at if epoch is not None else None
        state = "retired" if retired else "earlier" if epoch is not None else "missing"
        lines.append(
            EpochLine(
                epoch=name,
                source=(epoch.source if epoch is not None else ring.source).value,
                wraps=wrapping.get(name, 0),
                state="present" if name == present else state,
                begun_at=epoch.begun_at if epoch is not None else None,
                retired_at=retired,
            )
        )
    return lines


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
