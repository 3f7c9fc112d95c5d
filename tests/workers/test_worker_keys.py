"""A worker's key is made in its process, certified by a gateway, followed by another, revoked."""

import asyncio
import base64
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from temporalio.worker import Worker

from audit.log.keyring_note import FILE, Role, build_digest, read_keyring
from cases.envelope import RefusedEnvelope
from cases.journal import Kind
from cases.worker_keys import (
    WorkerRequest,
    check_mark,
    read_mark,
    read_worker,
    sign_request,
)
from gateway.doors import Doors
from gateway.log_key import load_or_create_log_key
from gateway.signer import DoorSigner, load_or_create_keys
from gateway.worker_certifier import REFUSED, WorkerCertifier
from runbooks import library
from store import DEMO_KEK, Store, WorkerKeyState, upgrade
from tests.stores import release
from workers._doctor_check import Level
from workers._doctor_workers import worker_keys
from workers.certifying import revoke_workers, workers_of
from workers.enrolment import BARRED, enrolled, stay_enrolled
from workers.errors import NotSetUpError
from workers.house import House
from workers.keyrings import LogError, certify_build, root_in, sign_keyring
from workers.settings import Settings
from workers.vouching import keyring_note_of
from workers.worker import KIND
from workers.worker_key import Standing, WorkerKey

NOW = datetime.now(UTC).replace(microsecond=0)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BUILD, OTHER = "ab" * 32, "cd" * 32
HOST = "machine/1"


@dataclass
class Place:
    """A store, a gateway's certifier and its clock."""

    settings: Settings
    store: Store
    signer: DoorSigner
    at: datetime = NOW
    certifier: WorkerCertifier = field(init=False)

    def __post_init__(self) -> None:
        """The certifier works with the rest."""
        doors = SimpleNamespace(
            store=self.store,
            clock=self,
            signer=self.signer,
            settings=SimpleNamespace(worker_lifetime=DAY),
            keyring_note=lambda: keyring_note_of(self.settings),
        )
        self.certifier = WorkerCertifier(cast("Doors", doors))

    async def now(self, case: str | None = None) -> datetime:
        """The instant that the test says."""
        del case
        return self.at

    async def look(self, key: WorkerKey, *, host: str = HOST) -> Standing:
        """The worker looks, the gateway answers, the worker looks again."""
        await key.look(self.store, at=self.at, host=host)
        await self.certifier.once()
        return await key.look(self.store, at=self.at, host=host)

    def certify(self, build: str, **how: Any) -> None:
        """The root lists the build."""
        root = root_in(self.settings)
        certify_build(self.settings, build=build, root=root, at=self.at, **how)

    async def recorded(self) -> list[Kind]:
        """What the doors' own record says of workers."""
        return [each.kind for each in await self.store.door_record.entries()]


def a_worker(build: str = BUILD) -> WorkerKey:
    """A process that runs this code."""
    return WorkerKey(lambda: build)


def _settings(home: Path) -> Settings:
    return Settings.load({"ESCALATE_HOME": str(home), "ESCALATE_DEMO": "true"})


@pytest.fixture(scope="module")
async def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of an installation with keys and one released runbook: copied for each test."""
    settings = _settings(tmp_path_factory.mktemp("made"))
    load_or_create_keys(settings.keys)
    load_or_create_log_key(settings.keys, origin="example.org/log")
    await upgrade(settings.store)
    async with await Store.open(settings.store, kek=DEMO_KEK) as store:
        await release(store, library()["user-safety-escalation"], NOW)
    return settings.home


@pytest.fixture
async def place(made: Path, tmp_path: Path) -> AsyncIterator[Place]:
    """Such an installation."""
    settings = _settings(tmp_path / "home")
    shutil.copytree(made, settings.home)
    signer = load_or_create_keys(settings.keys)
    async with await Store.open(settings.store, kek=DEMO_KEK) as store:
        yield Place(settings, store, signer)


async def test_a_gateway_certifies_a_key_that_never_leaves_its_process(place: Place) -> None:
    """To its build and every released runbook, for a day; what it marks holds against that."""
    key = a_worker()
    assert key.sign(b"entries") is None

    standing = await place.look(key)

    assert standing is Standing.CERTIFIED
    mark = key.sign(b"entries")
    assert mark is not None
    named = read_mark(mark)
    certificates = await place.store.worker_keys.certificates([named.key_id])
    worker = read_worker(certificates[named.key_id], root=place.signer.root_public)
    assert worker == key.certified
    assert (worker.build, worker.not_after) == (BUILD, NOW + DAY)
    released = await place.store.releases.released()
    assert worker.runbooks == tuple(each.digest for each in released)
    check_mark(named, b"entries", worker=worker)
    with pytest.raises(RefusedEnvelope):
        check_mark(named, b"other entries", worker=worker)
    assert await place.recorded() == [Kind.DOOR_WORKER_CERTIFIED]


async def test_a_request_without_the_key_is_refused(place: Place) -> None:
    """Somebody who can write rows has no certificate for a key of somebody else."""
    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes_raw()
    asked = WorkerRequest(public_key=base64.b64encode(public).decode(), build=BUILD, asked_at=NOW)
    other = asked.model_copy(update={"build": OTHER})
    proof = sign_request(other, key=private)

    await place.store.worker_keys.ask(asked, proof=proof, host=HOST)
    await place.certifier.once()

    row = await place.store.worker_keys.get(asked.key_id)
    assert row is not None
    assert (row.state, row.certificate) == (WorkerKeyState.REFUSED, None)
    assert "not signed with its key" in row.said


async def test_once_the_root_lists_builds_no_other_code_is_certified(place: Place) -> None:
    """Refused with its reason, on record and told of; certified later it asks with a new key."""
    place.certify(OTHER)
    key = a_worker()

    assert await place.look(key) is Standing.BARRED
    assert key.sign(b"entries") is None
    assert key.barred == "the root's keyring does not list its build"
    (alarm,) = await place.store.health.open_alarms()
    assert (alarm.kind, alarm.key) == (REFUSED, BUILD[:12])
    assert await place.recorded() == [Kind.DOOR_WORKER_REFUSED]

    place.at += HOUR
    place.certify(BUILD)
    assert await place.look(a_worker()) is Standing.CERTIFIED
    assert await place.store.health.open_alarms() == []


async def test_keys_follow_one_another_and_overlap(place: Place) -> None:
    """At half its time a new one is asked for; the old one signs until that is certified."""
    key = a_worker()
    await place.look(key)
    first = key.certified
    place.at += 13 * HOUR
    await key.look(place.store, at=place.at, host=HOST)
    between = key.certified
    await place.certifier.once()
    await key.look(place.store, at=place.at, host=HOST)

    assert first is not None
    assert between == first
    second = key.certified
    assert second is not None
    assert second.key_id != first.key_id
    assert second.not_before < place.at < first.not_after < second.not_after


async def test_a_key_whose_time_is_over_signs_nothing(place: Place) -> None:
    """No gateway was there for a day: better no mark than one that counts for nothing."""
    key = a_worker()
    await place.look(key)
    place.at += DAY

    await key.look(place.store, at=place.at, host=HOST)

    assert key.standing is Standing.WAITING
    assert key.sign(b"entries") is None
    assert await place.look(key) is Standing.CERTIFIED


async def test_a_runbook_that_is_released_later_is_covered(place: Place) -> None:
    """The certificate of the same key grows; its time stays."""
    key = a_worker()
    await place.look(key)
    before = key.certified
    made = await release(place.store, library()["imminent-threat-to-life"], NOW)
    place.at += timedelta(minutes=1)

    await place.certifier.once()

    assert before is not None
    (row,) = await place.store.worker_keys.counting(place.at)
    assert row.certificate is not None
    worker = read_worker(row.certificate, root=place.signer.root_public)
    assert made.digest in worker.runbooks
    assert made.digest not in before.runbooks
    assert (worker.key_id, worker.not_after) == (before.key_id, before.not_after)


async def test_a_revoked_worker_signs_nothing_more_and_the_root_says_so(place: Place) -> None:
    """The note lists the key as revoked, the worker hears of it; its build goes on elsewhere."""
    key, other = a_worker(), a_worker()
    await place.look(key)
    await place.look(other, host="machine/2")
    assert key.certified is not None
    place.at += HOUR

    await revoke_workers(
        place.settings,
        keys=[key.certified.key_id],
        root=root_in(place.settings),
        reason="machine lost",
        at=place.at,
    )

    assert await place.look(key) is Standing.BARRED
    assert (key.barred, key.sign(b"entries")) == ("machine lost", None)
    assert await place.look(other, host="machine/2") is Standing.CERTIFIED
    note = read_keyring((place.settings.keys / FILE).read_bytes(), root=place.signer.root_public)
    (listed,) = note.of(Role.WORKER)
    assert listed.revoked == place.at
    assert listed.fault_at(NOW) == ""
    states = [line.state for line in await workers_of(place.settings, at=place.at)]
    assert sorted(states) == ["certified", "revoked"]
    later = place.at + 9 * DAY
    assert await workers_of(place.settings, at=later) == []
    every = await workers_of(place.settings, at=later, every=True)
    assert sorted(line.state for line in every) == ["ended", "revoked"]
    with pytest.raises(NotSetUpError, match="no worker has the key"):
        await revoke_workers(
            place.settings,
            keys=["nobody"],
            root=root_in(place.settings),
            reason="",
            at=place.at,
        )


@pytest.mark.parametrize("how", ["revoked", "its overlap is over"])
async def test_workers_of_a_build_that_counts_no_more_stop(how: str, place: Place) -> None:
    """Within moments, and until then the old and the new build work side by side."""
    place.certify(OTHER)
    place.certify(BUILD)
    old, new = a_worker(OTHER), a_worker(BUILD)
    await place.look(old)
    await place.look(new)

    place.certify(BUILD, others=HOUR)
    place.at += timedelta(minutes=30)
    assert await place.look(old) is Standing.CERTIFIED
    if how == "revoked":
        sign_keyring(
            place.settings,
            root=root_in(place.settings),
            at=place.at,
            revoke=[build_digest(OTHER)],
        )
    place.at += timedelta(minutes=31)

    assert await place.look(old) is Standing.BARRED
    assert await place.look(new) is Standing.CERTIFIED
    if how == "revoked":
        with pytest.raises(LogError, match="never counts again"):
            place.certify(OTHER)
    else:
        place.certify(OTHER)
        assert await place.look(a_worker(OTHER)) is Standing.CERTIFIED


async def test_a_keyring_that_is_not_the_roots_certifies_nobody_and_revokes_nobody(
    place: Place,
) -> None:
    """Whoever writes into the folder cannot stop workers that were certified before."""
    before = a_worker()
    await place.look(before)
    (place.settings.keys / FILE).write_bytes(b"escalate-keyring/v1\n")
    place.at += HOUR

    assert await place.look(before) is Standing.CERTIFIED
    assert await place.look(a_worker()) is Standing.BARRED


async def test_a_key_that_the_store_forgot_is_asked_for_again(place: Place) -> None:
    """The store was restored from an earlier backup: the process goes on under a new key."""
    key = a_worker()
    await place.look(key)
    first = key.certified
    async with place.store.database.write() as connection:
        await connection.exec_driver_sql("DELETE FROM worker_keys")

    assert await place.look(key) is Standing.CERTIFIED
    assert key.certified != first


def _house(place: Place, key: WorkerKey, **workers: Any) -> House:
    settings = place.settings.model_copy(
        update={"workers": place.settings.workers.model_copy(update=workers)}
    )
    house = SimpleNamespace(store=place.store, clock=place, worker_key=key, settings=settings)
    return cast("House", house)


class Polls:
    """A worker that polls until it is told not to."""

    def __init__(self) -> None:
        self.stopped = False

    async def shutdown(self) -> None:
        """It polls no more."""
        self.stopped = True


async def test_a_starting_worker_waits_for_a_gateway_that_runs(place: Place) -> None:
    """Certified before it polls; where no gateway runs it goes on without."""
    alone, beside = a_worker(), a_worker()
    beside.gateways = 1

    async with asyncio.timeout(20):
        await enrolled(_house(place, alone))
        async with _answering(place):
            await enrolled(_house(place, beside))

    assert alone.standing is Standing.WAITING
    assert beside.standing is Standing.CERTIFIED


@pytest.mark.hostile(53)
async def test_hostile_53_a_worker_of_an_unapproved_build_joins_no_queue(place: Place) -> None:
    """It ends before it polls, and says which code it has; one of a listed build begins."""
    place.certify(BUILD)
    strange, own = a_worker(OTHER), a_worker(BUILD)
    strange.gateways = own.gateways = 1

    async with asyncio.timeout(20), _answering(place):
        with pytest.raises(NotSetUpError, match="does not list its build"):
            await enrolled(_house(place, strange))
        await enrolled(_house(place, own))

    assert strange.sign(b"entries") is None
    assert own.sign(b"entries") is not None


async def test_where_a_certificate_is_required_nothing_begins_without(place: Place) -> None:
    """However long no gateway is there; a refusal says what to do."""
    key, strange = a_worker(), a_worker(OTHER)
    waiting = asyncio.create_task(enrolled(_house(place, key, required=True)))
    await asyncio.sleep(0.3)
    assert not waiting.done()

    place.certify(BUILD)
    async with asyncio.timeout(20), _answering(place):
        await waiting
        with pytest.raises(NotSetUpError, match="certify-build"):
            await enrolled(_house(place, strange, required=True))

    assert key.standing is Standing.CERTIFIED


async def test_a_worker_that_is_barred_polls_no_more(place: Place) -> None:
    """It shuts down, says why, and the duty manager hears of it."""
    key, polls = a_worker(), Polls()
    await place.look(key)
    assert key.certified is not None
    await place.store.worker_keys.revoke(key.certified.key_id, why="lost", by="", at=place.at)

    async with asyncio.timeout(20):
        await stay_enrolled(_house(place, key), [cast("Worker", polls)])

    assert polls.stopped
    assert key.stopped.is_set()
    assert [alarm.kind for alarm in await place.store.health.open_alarms()] == [BARRED]


@asynccontextmanager
async def _answering(place: Place) -> AsyncIterator[None]:
    async def answer() -> None:
        while True:
            await place.certifier.once()
            await asyncio.sleep(0.02)

    task = asyncio.create_task(answer())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_the_doctor_says_which_worker_has_no_key_for_tomorrow(place: Place) -> None:
    """Without one, with one, and with one that ends soon and has no next."""

    async def said() -> list[tuple[str, Level]]:
        checks = worker_keys(place.settings, place.store, at=place.at)
        return [(check.name, check.level) async for check in checks]

    assert await said() == []
    await place.store.health.heartbeat(kind=KIND, id=HOST, at=place.at)
    assert await said() == [("worker-keys", Level.WARN)]
    key = a_worker()
    await place.look(key)
    assert await said() == [("worker-keys", Level.OK)]
    place.certify(BUILD)
    place.at += 17 * HOUR
    await place.store.health.heartbeat(kind=KIND, id=HOST, at=place.at)
    assert await said() == [("worker-build", Level.FAIL), ("worker-keys", Level.WARN)]
