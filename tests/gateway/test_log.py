"""The gateway writes the transparency log and serves it, and nothing of a case is in it."""

import asyncio
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.log.checkpoint import trusted_checkpoint
from audit.log.leaf import leaf_of
from audit.log.merkle import leaf_hash
from audit.log.note import NoteKey, NoteSigner
from audit.log.recorder import Recorder
from audit.log.tiles import hashes_in, unbundled
from cases.journal import Kind, Stream
from gateway.errors import KeysUnusableError
from gateway.log_dispatcher import LogDispatcher
from gateway.log_key import LOG_FILE, LOG_KEY_FILE, load_or_create_log_key, log_key_in
from gateway.watching.finding import FindingKind
from gateway.watching.looking import Looking
from store import Accepted, Store
from store.log_tables import log_tiles
from tests.audit.log import naive
from tests.gateway.world import CANARY, MovableClock, World

NOW = timedelta(0)


def key_of(world: World) -> NoteKey:
    """What a verifier pins."""
    assert world.doors.log is not None
    return world.doors.log.key


async def settled(world: World, number: str) -> None:
    """Everything of the case is under a checkpoint."""
    row = await world.store.cases.by_number(number)
    assert row is not None
    await world.until(lambda: world.store.log.is_settled(row.id))


async def test_what_a_case_and_its_doors_recorded_is_in_the_log_soon(world: World) -> None:
    """The tiles over HTTP lead to the checkpoint, and hold a leaf of every entry of the case."""
    number = await world.case(data={"text": CANARY})
    await settled(world, number)
    row = await world.store.cases.by_number(number)
    assert row is not None
    entries = [
        entry
        for stream in Stream
        for entry in await world.store.journal.entries(row.id, stream=stream)
    ]

    async with httpx.AsyncClient(base_url=world.url) as anybody:
        note = await anybody.get("/log/checkpoint")
        head = trusted_checkpoint(note.content, [key_of(world)])
        tile = await anybody.get(f"/log/tile/0/000.p/{head.size}")
        entries_ = await anybody.get(f"/log/tile/entries/000.p/{head.size}")

    leaves = unbundled(entries_.content)
    assert [leaf_hash(leaf) for leaf in leaves] == hashes_in(tile.content)
    assert naive.root(leaves) == head.root
    assert {leaf_of(entry, branch="main") for entry in entries} <= set(leaves)
    assert CANARY.encode() not in entries_.content
    assert row.id.encode() not in entries_.content


async def test_tiles_may_be_kept_and_a_checkpoint_may_not(world: World) -> None:
    """C2SP's content types; long caching for what never changes."""
    number = await world.case()
    await settled(world, number)
    async with httpx.AsyncClient(base_url=world.url) as anybody:
        note = await anybody.get("/log/checkpoint")
        tile = await anybody.get("/log/tile/0/000.p/1")
        elsewhere = await anybody.get("/log/tile/0/001")

    assert note.headers["content-type"] == "text/plain; charset=utf-8"
    assert note.headers["cache-control"] == "public, max-age=1"
    assert tile.headers["content-type"] == "application/octet-stream"
    assert "immutable" in tile.headers["cache-control"]
    assert tile.headers["x-content-type-options"] == "nosniff"
    assert (elsewhere.status_code, elsewhere.headers["cache-control"]) == (404, "no-store")


@pytest.mark.parametrize(
    "path",
    [
        "0/000",
        "0/000.p/255",
        "0/000.p/0",
        "1/000.p/1",
        "64/000.p/1",
        "entries/000",
        "entries/x000/000.p/1",
        "0/../checkpoint",
        "0/%30%30%30%00",
    ],
)
async def test_what_is_not_in_the_tree_is_not_there(world: World, path: str) -> None:
    """No wider tile than the signed tree has, no second spelling, no way out of the prefix."""
    number = await world.case()
    await settled(world, number)

    async with httpx.AsyncClient(base_url=world.url) as anybody:
        answer = await anybody.get(f"/log/tile/{path}")

    assert answer.status_code == 404
    assert answer.content == b"not in the log\n" or "0/.." in path


async def test_the_log_is_read_only(world: World) -> None:
    """Nobody writes to it through a door."""
    async with httpx.AsyncClient(base_url=world.url) as anybody:
        for method in ("POST", "PUT", "DELETE", "PATCH"):
            answer = await anybody.request(method, "/log/checkpoint")
            assert answer.status_code == 405


async def test_size_and_lag_are_measured(world: World) -> None:
    """A scraper sees how large the log is and how much waits."""
    number = await world.case()
    await settled(world, number)
    async with httpx.AsyncClient(base_url=world.url) as anybody:
        metrics = (await anybody.get("/metrics")).text

    head = await world.store.log.head()
    assert f"escalate_log_size {float(head.size)}" in metrics
    assert "escalate_log_waiting 0.0" in metrics
    assert "escalate_log_cosigned_size 0.0" in metrics
    assert "escalate_log_stamped_size 0.0" in metrics
    assert "escalate_log_lag_seconds 0.0" in metrics


async def test_a_log_that_contradicts_itself_is_alarmed_once_and_not_signed(world: World) -> None:
    """A person hears of it; nothing is published over it, and it ends when it is mended."""
    number = await world.case()
    await settled(world, number)
    before = await world.store.log.head()
    assert world.doors.log is not None
    again = LogDispatcher(world.doors, world.doors.log, apart=NOW)
    kept = await world.store.log.tiles([(0, 0)])
    async with world.store.database.write() as connection:
        await connection.execute(log_tiles.update().values(hashes=b"x" * 32))
    row = await world.store.cases.by_number(number)
    assert row is not None
    at = await world.clock.now()
    await world.store.journal.append_door(row.id, Kind.DOOR_LINK_OPENED, at=at, by="one")

    await asyncio.sleep(1.2)

    await again.once()
    assert (await world.store.log.head()).checkpoint == before.checkpoint
    (alarm,) = await world.store.health.open_alarms()
    assert alarm.kind == "log-damaged"
    async with world.store.database.write() as connection:
        await connection.execute(sa.update(log_tiles).values(hashes=kept[0, 0]))
    await settled(world, number)
    await again.once()


async def test_entries_that_wait_too_long_are_found_by_the_watch(store: Store) -> None:
    """No recorder runs any more: the duty manager hears of it."""
    clock = MovableClock()
    at = await clock.now()
    signer = NoteSigner(name="example.org/log", private=Ed25519PrivateKey.generate())
    accepted = await store.deliveries.accept(
        key="standard:1", source="standard", instance="i", external_id="1", body=b"{}", at=at
    )
    assert isinstance(accepted, Accepted)
    looking = Looking(store, clock=clock, grace=timedelta(minutes=2), simulated=False)

    async def found(later: timedelta) -> list[str]:
        every = await looking.all(at=at + later, since=at)
        return [each.kind for each in every if each.kind == FindingKind.LOG_BEHIND]

    assert await found(timedelta(minutes=3)) == []
    await Recorder(store, signer=signer).record(at=at)
    await store.journal.append_door(accepted.case, Kind.DOOR_LINK_OPENED, at=at, by="one")

    assert await found(timedelta(minutes=1)) == []
    assert await found(timedelta(minutes=3)) == [FindingKind.LOG_BEHIND]
    await Recorder(store, signer=signer).record(at=at + timedelta(seconds=2))
    assert await found(timedelta(minutes=3)) == []


def test_key_and_name_are_settled_together(tmp_path: Path) -> None:
    """Made once, private, and called the same whatever a later start says."""
    first = load_or_create_log_key(tmp_path, origin="example.org/log")
    second = load_or_create_log_key(tmp_path, origin="example.org/another")

    assert first.key == second.key == log_key_in(tmp_path)
    assert (tmp_path / LOG_FILE).stat().st_mode & 0o777 == 0o600
    assert NoteKey.parse((tmp_path / LOG_KEY_FILE).read_text().strip()) == first.key


def test_a_log_never_begins_anew_silently(tmp_path: Path) -> None:
    """Its key gone, another key in its place, or a key file that is none: the gateway stops."""
    assert log_key_in(tmp_path) is None
    load_or_create_log_key(tmp_path, origin="example.org/log")
    (tmp_path / LOG_FILE).unlink()
    with pytest.raises(KeysUnusableError, match="missing"):
        load_or_create_log_key(tmp_path, origin="example.org/log")
    other = NoteSigner(name="example.org/log", private=Ed25519PrivateKey.generate())
    (tmp_path / "other").mkdir()
    load_or_create_log_key(tmp_path / "other", origin="example.org/log")
    (tmp_path / "other" / LOG_KEY_FILE).write_text(f"{other.key}\n")
    with pytest.raises(KeysUnusableError, match="not the public key of"):
        load_or_create_log_key(tmp_path / "other", origin="example.org/log")
    (tmp_path / LOG_KEY_FILE).write_text("nonsense")
    with pytest.raises(KeysUnusableError, match="not the public key of a log"):
        log_key_in(tmp_path)
    with pytest.raises(KeysUnusableError, match="cannot be called"):
        load_or_create_log_key(tmp_path / "third", origin="two words")
