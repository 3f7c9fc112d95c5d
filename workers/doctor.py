"""What is fit for use in an installation and what is not, each with what mends it.

Nothing is changed and nothing is started. Without `live` no vendor is asked.
"""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

from cases.journal import BrokenChain
from integrations.errors import DirectoryError
from integrations.file_directory import FileDirectory
from integrations.ports.directory import DirectorySnapshot
from store import Store, StoreError
from store.database import Database
from store.ticket_drift import PERSON
from workers._doctor_access import access
from workers._doctor_chat import chats
from workers._doctor_check import Check, Level, fail, fine, warn
from workers._doctor_keeping import keeping
from workers._doctor_keys import kek_in, keys, live_keys
from workers._doctor_log import transparency_log
from workers._doctor_log_in import log_in, provider
from workers._doctor_outside import engine, live, messages, webhooks
from workers._doctor_paging import paging
from workers._doctor_people import people, runbooks
from workers._doctor_telling import telling
from workers._doctor_vouching import fresh, vouching
from workers._doctor_workers import worker_keys
from workers.clock import SystemClock
from workers.errors import NotSetUpError
from workers.house import people_file
from workers.log_in import directory_of
from workers.settings import Settings

__all__ = ["Check", "Level", "examine", "worst"]

_SILENCE = timedelta(seconds=45)


async def examine(settings: Settings, *, live_too: bool, at: datetime) -> list[Check]:
    """Every check, in the order in which things are needed."""
    return [check async for check in _checks(settings, live_too=live_too, at=at)]


def worst(checks: list[Check]) -> Level:
    """The gravest level among them."""
    order = [Level.OK, Level.WARN, Level.FAIL]
    return max((check.level for check in checks), key=order.index, default=Level.OK)


async def _checks(settings: Settings, *, live_too: bool, at: datetime) -> AsyncIterator[Check]:
    yield fine("settings", "every ESCALATE_ name is known and every value can be used")
    yield _public_url(settings)
    for check in (*keys(settings), *vouching(settings, at=at)):
        yield check
    directory = _directory(settings)
    async for check in _store(settings, directory, at=at, live_too=live_too):
        yield check
    for check in (*access(settings), *log_in(settings)):
        yield check
    for check in webhooks(settings):
        yield check
    for check in messages(settings):
        yield check
    for check in chats(settings, await _snapshot(directory)):
        yield check
    async for check in paging(settings, directory):
        yield check
    async for check in engine(settings):
        yield check
    if live_too:
        async for check in provider(settings, at=at):
            yield check
        async for check in live(settings, directory, at=at):
            yield check


def _public_url(settings: Settings) -> Check:
    url = settings.public_url
    local = url.host in ("127.0.0.1", "localhost", "::1", "[::1]")
    if settings.demo or not local:
        return fine("public-url", f"links in mails lead to {url.scheme}://{url.host}")
    return fail(
        "public-url",
        "links in mails would lead every reader to their own machine",
        mend="Set ESCALATE_PUBLIC_URL to the address people reach the gateway at.",
    )


def _directory(settings: Settings) -> FileDirectory | None:
    try:
        return FileDirectory(people_file(settings), clock=SystemClock())
    except NotSetUpError:
        return None


async def _snapshot(directory: FileDirectory | None) -> DirectorySnapshot | None:
    try:
        return await directory.snapshot() if directory is not None else None
    except DirectoryError:
        # What is wrong with the directory is said where people are looked at.
        return None


async def _store(
    settings: Settings, directory: FileDirectory | None, *, at: datetime, live_too: bool
) -> AsyncIterator[Check]:
    try:
        store = Store(Database(settings.store), kek=kek_in(settings))
    except StoreError as error:
        yield fail("store", str(error), mend=error.mend)
        return
    async with store:
        try:
            await store.check()
        except StoreError as error:
            yield fail("store", _without_mend(error), mend=error.mend)
            async for check in people(settings, directory):
                yield check
            return
        people_here = (
            directory_of(settings, directory, store=store, clock=SystemClock())
            if settings.oidc.on
            else directory
        )
        kind = "a SQLite file" if store.database.sqlite else "Postgres"
        yield fine("store", f"{kind} answers and has the schema of this release")
        async for check in _of_store(settings, store, at=at):
            yield check
        if live_too:
            async for check in live_keys(settings, store):
                yield check
        async for check in people(settings, people_here):
            yield check
        async for check in runbooks(settings, people_here, store=store, at=at):
            yield check


async def _door_record(store: Store) -> Check:
    try:
        count = await store.door_record.check()
    except BrokenChain as broken:
        return fail(
            "door-record",
            f"the record of log-ins does not follow itself: {broken}",
            mend="Compare it with the last backup: somebody changed or removed an entry.",
        )
    return fine("door-record", f"{count} entries on log-ins, each following the one before")


def _without_mend(error: StoreError) -> str:
    return str(error).removesuffix(f": {error.mend}")


async def _of_store(settings: Settings, store: Store, *, at: datetime) -> AsyncIterator[Check]:
    async for check in _case_keys(settings, store):
        yield check
    async for check in _running(store, at=at):
        yield check
    async for check in worker_keys(settings, store, at=at):
        yield check
    async for check in telling(settings, store):
        yield check
    yield await transparency_log(settings, store, at=at)
    async for check in fresh(settings, store, at=at):
        yield check
    yield await _tickets(store)
    yield await _door_record(store)
    async for check in keeping(settings, store, at=at):
        yield check
    alarms = await store.health.open_alarms()
    for alarm in alarms:
        yield warn(f"alarm {alarm.kind} {alarm.key}", alarm.text, mend=alarm.mend)
    if not alarms:
        yield fine("alarms", "none is open")


async def _case_keys(settings: Settings, store: Store) -> AsyncIterator[Check]:
    """Whether the keys of cases open here."""
    wrapped = await store.epochs.wrapping()
    strange = await _strange(settings, store, wrapped)
    if strange:
        yield fail(
            "case-keys",
            f"keys of {sum(wrapped[name] for name in strange)} cases are wrapped by "
            f"{', '.join(strange)}, which is not the key-encryption key here",
            mend="Put the key-encryption key they were made with back to "
            f"{settings.kek if settings.wrapping.source == 'file' else 'the settings'}.",
        )
    elif wrapped:
        yield fine("case-keys", f"keys of {sum(wrapped.values())} cases open with the key here")


async def _running(store: Store, *, at: datetime) -> AsyncIterator[Check]:
    """Whether every process is heard of, and what waits is handed on."""
    for name in ("worker", "gateway", "watch"):
        heard = max((beat.at for beat in await store.health.beats(name)), default=None)
        if heard is not None and heard >= at - _SILENCE:
            yield fine(name, "is heard of")
        else:
            last = f"was last heard of {heard:%Y-%m-%d %H:%M} UTC" if heard else "does not run"
            yield warn(name, f"no {name}: it {last}", mend=f"Start it: `escalate {name}`.")
    lag = await store.health.outbox()
    for what, box in (("acts", lag.acts), ("deliveries", lag.deliveries)):
        if box.dead:
            yield fail(
                f"dead-{what}",
                f"{box.dead} {what} could not be handed on",
                mend="`escalate deliveries list`, mend the cause, then `escalate deliveries "
                "redeliver`.",
            )
        elif box.oldest_at is not None and box.oldest_at < at - _SILENCE:
            yield warn(
                what,
                f"{box.pending} {what} wait, the oldest since {box.oldest_at:%Y-%m-%d %H:%M} UTC",
                mend="See the engine, worker and gateway above: they are applied when all run.",
            )


async def _strange(settings: Settings, store: Store, wrapped: dict[str, int]) -> list[str]:
    """Epochs that wrap something and do not open it here; whoever is far away is not asked."""
    if settings.wrapping.source == "vault" and not settings.demo:
        listed = {epoch.name for epoch in await store.epochs.all()}
        return sorted(set(wrapped) - listed)
    return [name for name in sorted(wrapped) if not await store.vault.opens(name)]


async def _tickets(store: Store) -> Check:
    """Whether tickets are as their cases say."""
    standing = await store.ticket_drift.standing()
    waiting = await store.ticket_keeping.placeholders()
    theirs = [row for row in standing if row.whose == PERSON]
    if theirs or waiting:
        return warn(
            "tickets",
            f"{len(theirs)} differences between cases and tickets are a person's to settle; "
            f"{waiting} cases have a placeholder while their tracker is down",
            mend="`escalate deliveries drift` says what to do about each.",
        )
    return fine("tickets", "every ticket that was looked at is as its case says")
