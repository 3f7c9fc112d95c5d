"""Workers' keys, as operators look at them and revoke them."""

import base64
from collections.abc import Sequence
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.log.keyring_note import Listed, Role, worker_key
from cases.values import Instant, Value
from cases.worker_keys import said_by
from store import Store, WorkerKeyRow, WorkerKeyState
from workers.errors import NotSetUpError
from workers.key_ring import key_ring
from workers.keyrings import sign_keyring
from workers.settings import Settings

_RECENT = timedelta(days=2)
"""Each process makes two keys a day."""


class WorkerLine(Value):
    """A worker's key, as a person looks at it."""

    key: str
    build: str
    host: str
    state: str
    """asked | certified | ended | refused | revoked"""
    said: str = ""
    """Why it was refused or revoked."""
    runbooks: int = 0
    """How many documents its certificate covers."""
    asked_at: Instant
    not_after: Instant | None = None


async def workers_of(settings: Settings, *, at: datetime, every: bool = False) -> list[WorkerLine]:
    """Workers' keys, oldest first: every one there was, or those of the last days."""
    async with await Store.open(settings.store, kek=key_ring(settings)) as store:
        rows = await store.worker_keys.all()
    return [_line(row, at) for row in rows if every or _is_recent(row, at)]


async def revoke_workers(
    settings: Settings,
    *,
    keys: Sequence[str],
    root: Ed25519PrivateKey,
    reason: str,
    at: datetime,
) -> int:
    """The root says that these workers' keys count no more, and they stop; the note's number."""
    async with await Store.open(settings.store, kek=key_ring(settings)) as store:
        rows = {key: await store.worker_keys.get(key) for key in keys}
        strange = sorted(key for key, row in rows.items() if row is None)
        if strange:
            raise NotSetUpError(
                f"no worker has the key {', '.join(strange)}",
                mend="`escalate keys workers` lists them.",
            )
        known = [row for row in rows.values() if row is not None]
        note = sign_keyring(
            settings,
            root=root,
            at=at,
            listed=[_listed(row) for row in known],
            revoke=[_listed(row).key for row in known],
        )
        for row in known:
            await store.worker_keys.revoke(
                row.key, why=reason or "somebody revoked its key", by="", at=at
            )
    return note.number


def _is_recent(row: WorkerKeyRow, at: datetime) -> bool:
    return max(row.asked_at, row.not_after or row.asked_at) >= at - _RECENT


def _listed(row: WorkerKeyRow) -> Listed:
    public = base64.b64decode(row.request.public_key)
    # Its certificate says since when it counts, and that is a little before it asked.
    since = (row.asked_at - timedelta(hours=1)).replace(microsecond=0)
    return Listed(role=Role.WORKER, key=worker_key(public, key_id=row.key), since=since)


def _line(row: WorkerKeyRow, at: datetime) -> WorkerLine:
    certified = row.state is WorkerKeyState.CERTIFIED
    ended = certified and row.not_after is not None and row.not_after <= at
    return WorkerLine(
        key=row.key,
        build=row.build,
        host=row.host,
        state="ended" if ended else row.state.value,
        said=row.said,
        runbooks=len(said_by(row.certificate).runbooks) if row.certificate is not None else 0,
        asked_at=row.asked_at,
        not_after=row.not_after,
    )
