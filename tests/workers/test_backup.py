"""A live installation is copied, lost and put back, and its cases go on."""

import asyncio
import os
import shutil
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.signer import load_or_create_keys
from integrations.file_directory import DEMO_FILE
from store import BackupFailed, KeyEncryptionKey, Store, upgrade
from tests.cli.conftest import Installation
from tests.servers.postgres import PostgresCluster
from tests.store.building import START, accepted, batch, chain
from workers._keeping_engine import DUMPS
from workers._keeping_engine import FILE as ENGINE
from workers.engine import Engine
from workers.house import house
from workers.keeping import ABOUT, KEYS, STORE, STORE_DUMP, backup, put_back, reconciled
from workers.processes import listening, release_library, running_gateway, running_worker
from workers.rekeying import revoke_door_keys, rotate_kek
from workers.settings import Settings
from workers.worker import client_of

pytestmark = pytest.mark.timeout(240)

FACTS = ("danger=no", "kind=fraud", "proposed-action=suspend", "summary=code 17")


def settings_of(home: Path, **more: str) -> Settings:
    """An installation with keys of its own, and the demo's people."""
    return Settings.load(
        {
            "HOME": os.environ.get("HOME", ""),
            "PATH": os.environ["PATH"],
            "ESCALATE_HOME": str(home),
            "ESCALATE_DIRECTORY_FILE": str(DEMO_FILE),
            "ESCALATE_GATEWAY__PORT": "0",
            **more,
        }
    )


@asynccontextmanager
async def running(home: Path, folder: Path, **more: str) -> AsyncIterator[tuple[Installation, str]]:
    """Everything runs, with the engine on its file; the engine's address is told too."""
    home.mkdir(exist_ok=True)
    sock, settings = listening(settings_of(home, **more))
    async with house(settings, migrate=True) as opened, Engine.of(settings) as engine:
        await release_library(
            opened.store, proposed_by="petra", approved_by="lena", at=datetime.now(tz=UTC)
        )
        async with (
            running_worker(opened, engine.address),
            running_gateway(opened, engine.address, sock=sock) as gateway,
        ):
            folder.mkdir(exist_ok=True)
            yield (
                Installation(settings=settings, house=opened, gateway=gateway, folder=folder),
                engine.address,
            )


async def test_a_case_goes_on_after_a_restore(tmp_path: Path, logs_elsewhere: None) -> None:
    """Copied while it runs, destroyed, put back: the case is where it was and people go on.

    The store's copy here is older than the engine's: what it lacks is appended from the history.
    """
    home, early, late = tmp_path / "home", tmp_path / "early", tmp_path / "late"
    async with running(home, tmp_path / "first") as (before, _):
        tariq = await before.terminal("tariq")
        number = (await tariq.json("case", "open", "--id", "r-1"))["case"]
        await tariq.until(number, stage="triage")
        await backup(before.settings, early, at=datetime.now(tz=UTC))
        await tariq.run("case", "answer", number, *FACTS)
        await tariq.run("case", "complete", number, "escalate")
        await tariq.until(number, stage="legal-review")
        await asyncio.sleep(1)
        kept = await backup(before.settings, late, at=datetime.now(tz=UTC))
        (line,) = await before.house.store.views.list()
    kek = before.settings.kek.read_bytes()
    shutil.rmtree(home)
    put_kek(settings_of(home), kek)
    (late / STORE).unlink()
    shutil.copyfile(early / STORE, late / STORE)

    await put_back(settings_of(home), late)
    found = await reconciled(settings_of(home))

    assert kept.store
    assert kept.engine
    assert set(kept.keys) == {"door.pem", "log.pem", "log.vkey", "root.pem", "spool.pem"}
    assert found.findings == ()
    assert (found.cases, found.appended > 0) == (1, True)
    async with running(home, tmp_path / "second") as (after, address):
        (restored,) = await after.house.store.views.list()
        assert restored.sequence >= line.sequence
        assert restored.stage == "legal-review"
        lena = await after.terminal("lena")
        await lena.run("case", "decide", number, "approve", "--yes")
        await lena.until(number, stage="policy-sign-off")
        assert await after.house.store.backup.reconcile() == []
        revoked = await revoke_door_keys(
            after.settings,
            after.house.store,
            await client_of(after.house, address=address),
            keys=(after.gateway.doors.signer.key_id,),
            reason="machine lost",
            at=datetime.now(tz=UTC),
        )
        assert (revoked.told, revoked.gone) == (1, 0)
        # A vote under a key that is not trusted does not count: the next one is refused.
        paula = await after.terminal("paula")
        await paula.run("case", "decide", number, "approve", "--yes", code=1)


@pytest.mark.postgres
async def test_a_case_on_postgres_goes_on_after_a_restore(
    tmp_path: Path, postgres_cluster: PostgresCluster, logs_elsewhere: None
) -> None:
    """Store and engine on Postgres are dumped while a case runs, and go on in new databases."""
    home, copy = tmp_path / "home", tmp_path / "copy"
    first, second = on(postgres_cluster), on(postgres_cluster)
    async with running(home, tmp_path / "first", **first) as (before, _):
        tariq = await before.terminal("tariq")
        number = (await tariq.json("case", "open", "--id", "r-1"))["case"]
        await tariq.until(number, stage="triage")
        await tariq.run("case", "answer", number, *FACTS)
        await tariq.run("case", "complete", number, "escalate")
        await tariq.until(number, stage="legal-review")
        kept = await backup(before.settings, copy, at=datetime.now(tz=UTC))
    kek = before.settings.kek.read_bytes()
    shutil.rmtree(home)

    with pytest.raises(BackupFailed, match="in no backup"):
        await put_back(settings_of(home, **second), copy)
    assert not home.exists()
    put_kek(settings_of(home), kek)
    with pytest.raises(BackupFailed, match="ESCALATE_STORE_URL"):
        await put_back(settings_of(home), copy)
    with pytest.raises(BackupFailed, match="not empty"):
        await put_back(settings_of(home, **first), copy)
    assert [path.name for path in home.rglob("*") if path.is_file()] == ["kek"]
    await put_back(settings_of(home, **second), copy)
    found = await reconciled(settings_of(home, **second))

    assert (kept.store, kept.engine) == (True, True)
    assert [line.partition(":")[0] for line in kept.by_hand] == ["key-encryption key"]
    assert {*DUMPS.values(), STORE_DUMP} < {path.name for path in copy.iterdir()}
    assert (found.cases, found.findings) == (1, ())
    async with running(home, tmp_path / "second", **second) as (after, _):
        lena = await after.terminal("lena")
        await lena.run("case", "decide", number, "approve", "--yes")
        await lena.until(number, stage="policy-sign-off")
        assert await after.house.store.backup.reconcile() == []


def put_kek(settings: Settings, kek: bytes) -> None:
    """The key-encryption key, which was kept apart, is in its place."""
    settings.keys.mkdir(parents=True)
    settings.kek.touch(mode=0o600)
    settings.kek.write_bytes(kek)


def on(cluster: PostgresCluster) -> dict[str, str]:
    """An installation whose store and engine have databases of their own in that cluster."""
    engine = cluster.for_engine()
    return {
        "ESCALATE_STORE_URL": cluster.fresh_database(),
        "ESCALATE_ENGINE__POSTGRES_URL": cluster.dsn(engine.database),
    }


@pytest.fixture
async def small(tmp_path: Path) -> Settings:
    """A store with one case and a key, without an engine."""
    settings = settings_of(tmp_path / "home")
    settings.keys.mkdir(parents=True)
    key = KeyEncryptionKey.generate()
    settings.kek.write_bytes(key.written())
    settings.kek.chmod(0o600)
    await upgrade(settings.store)
    async with await Store.open(settings.store, kek=key) as store:
        opened = await accepted(store)
        await store.append_case(batch(opened.case, chain(opened.case, "triage")))
    return settings


async def test_backup_is_its_owners_alone(small: Settings, tmp_path: Path) -> None:
    """Everything in it can be read by its owner only: keys that sign are in it."""
    load_or_create_keys(small.keys)

    kept = await backup(small, tmp_path / "copy", at=START)

    assert (kept.store, kept.engine, kept.keys) == (True, False, ("door.pem", "root.pem"))
    for path in (tmp_path / "copy").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    names = {path.name for path in (tmp_path / "copy").iterdir()}
    assert names == {STORE, KEYS, ABOUT}
    assert ENGINE not in names


async def test_backup_wants_a_new_folder(small: Settings, tmp_path: Path) -> None:
    """A backup never writes over another one."""
    await backup(small, tmp_path / "copy", at=START)

    with pytest.raises(BackupFailed, match="not empty"):
        await backup(small, tmp_path / "copy", at=START)


async def test_restore_wants_an_empty_home(small: Settings, tmp_path: Path) -> None:
    """Where anything is, nothing is touched; the key-encryption key must be there."""
    load_or_create_keys(small.keys)
    await backup(small, tmp_path / "copy", at=START)
    before = small.kek.read_bytes()

    with pytest.raises(BackupFailed, match="empty home"):
        await put_back(small, tmp_path / "copy")

    assert small.kek.read_bytes() == before


async def test_a_backup_holds_keys_only_wrapped(small: Settings, tmp_path: Path) -> None:
    """Whoever has nothing but the backup reads no case, also none of an earlier epoch."""
    key = KeyEncryptionKey.read(small.kek.read_bytes())
    await rotate_kek(small, at=START)
    new = KeyEncryptionKey.read(small.kek.read_bytes())

    await backup(small, tmp_path / "copy", at=START)

    copied = b"".join(
        path.read_bytes() for path in (tmp_path / "copy").rglob("*") if path.is_file()
    )
    for kek in (key, new):
        assert kek.secret not in copied
        assert kek.written().strip() not in copied


async def test_the_key_kept_apart_opens_the_restored_store(small: Settings, tmp_path: Path) -> None:
    """Without it nothing is put back; with it in its place everything opens."""
    await backup(small, tmp_path / "copy", at=START)
    elsewhere = settings_of(tmp_path / "elsewhere")
    with pytest.raises(BackupFailed, match="in no backup"):
        await put_back(elsewhere, tmp_path / "copy")
    put_kek(elsewhere, small.kek.read_bytes())

    await put_back(elsewhere, tmp_path / "copy")

    key = KeyEncryptionKey.read(elsewhere.kek.read_bytes())
    async with await Store.open(elsewhere.store, kek=key) as store:
        (delivery,) = await store.deliveries.list()
        assert b"canary" in (await store.deliveries.show(delivery.key)).body


async def test_a_backup_of_an_earlier_release_brings_its_key(
    small: Settings, tmp_path: Path
) -> None:
    """It holds the key-encryption key, which is put in its place."""
    kept = await backup(small, tmp_path / "copy", at=START)
    put_in = tmp_path / "copy" / KEYS / "kek"
    put_in.write_bytes(small.kek.read_bytes())
    told = kept.model_copy(update={"keys": (*kept.keys, "kek")})
    (tmp_path / "copy" / ABOUT).write_text(told.model_dump_json())
    elsewhere = settings_of(tmp_path / "elsewhere")

    await put_back(elsewhere, tmp_path / "copy")

    assert elsewhere.kek.read_bytes() == small.kek.read_bytes()
    assert stat.S_IMODE(elsewhere.kek.stat().st_mode) == 0o600


async def test_folder_that_is_no_backup_is_refused(tmp_path: Path) -> None:
    """A wrong path is told before anything is made."""
    with pytest.raises(BackupFailed, match="holds no backup"):
        await put_back(settings_of(tmp_path / "home"), tmp_path)

    assert not (tmp_path / "home").exists()


async def test_case_that_the_engine_does_not_know_is_told(small: Settings, tmp_path: Path) -> None:
    """A store without its engine: the open case is named, with what can be done."""
    await backup(small, tmp_path / "copy", at=START)
    elsewhere = settings_of(tmp_path / "elsewhere")
    put_kek(elsewhere, small.kek.read_bytes())
    await put_back(elsewhere, tmp_path / "copy")

    found = await reconciled(elsewhere)

    (finding,) = found.findings
    assert "the engine does not know it" in finding.what
    assert found.waiting_deliveries == 1
