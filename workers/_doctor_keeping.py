"""Erasure, legal holds and retention: what stands, what waits, and what has to be looked at."""

from collections.abc import AsyncIterator
from datetime import datetime

from gateway.erased_folder import note_file
from store import ErasureState, Store
from workers._doctor_check import Check, fail, fine, warn
from workers.errors import NotSetUpError
from workers.retention import retention_of
from workers.settings import Settings


async def keeping(settings: Settings, store: Store, *, at: datetime) -> AsyncIterator[Check]:
    """What an operator has to know of what is kept and what is erased."""
    yield _retention(settings, at=at)
    yield await _holds(store, at=at)
    async for check in _erasures(settings, store, at=at):
        yield check


def _retention(settings: Settings, *, at: datetime) -> Check:
    try:
        retention = retention_of(settings)
    except NotSetUpError as error:
        return fail("retention", str(error), mend=error.mend)
    if retention.overdue_review(at.date()):
        return warn(
            "retention",
            f"{retention.reference} should have been reviewed by {retention.table.review_by}",
            mend="Read it with counsel, and put the reviewed one in its place.",
        )
    return fine("retention", f"{retention.reference} says how long what is kept")


async def _holds(store: Store, *, at: datetime) -> Check:
    holds = await store.legal_holds.list()
    late = [hold.id for hold in holds if hold.review_at is not None and hold.review_at < at]
    if late:
        return warn(
            "legal-holds",
            f"{len(late)} of {len(holds)} legal holds should have been looked at: "
            + ", ".join(late),
            mend="`escalate legal-hold keep`, or `lift` by two people.",
        )
    return fine("legal-holds", f"{len(holds)} stand")


async def _erasures(settings: Settings, store: Store, *, at: datetime) -> AsyncIterator[Check]:
    open_ = [row for row in await store.erasures.list() if row.open]
    late = [
        row.id
        for row in open_
        if row.state is ErasureState.AGREED and row.due_at is not None and row.due_at < at
    ]
    if late:
        yield warn(
            "erasures",
            f"{len(late)} erasures are due and not done: {', '.join(late)}",
            mend="A running gateway does them; alarms below say what one waits for.",
        )
    else:
        yield fine("erasures", f"{len(open_)} are open")
    shreds = await store.shredding.shreds()
    missing = [
        shred.key_id for shred in shreds if not note_file(settings.erased, shred.key_id).exists()
    ]
    if missing:
        yield warn(
            "erased",
            f"{len(missing)} of {len(shreds)} erasures are not told in {settings.erased}: a "
            "restore from here would not know of them",
            mend="Start the gateway, which writes them; keep that folder beside the backups.",
        )
    elif shreds:
        yield fine("erased", f"{len(shreds)} keys destroyed, each told in {settings.erased}")
