"""Backup and restore: the store first, then the engine's file, the keys last.

The store is copied first, so the engine can only be ahead of it: its histories hold every batch
that the store's copy lacks, and a restore appends them again. The other way round a case would say
for a second time, at another instant, what its journal says already. The keys come last, so that
they open everything that was copied before. Whoever has the backup has the keys: keep it like them.
"""

import asyncio
import json
import shutil
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

from cases.values import Instant, Value
from store import BackupFailed, Store, restore
from store.database import Database, normal_url
from workers._doctor_keys import kek_in
from workers._reconcile import Reconciled, reconcile
from workers.engine import Engine
from workers.errors import NotSetUpError
from workers.house import house
from workers.settings import Settings
from workers.which_engine import in_use
from workers.worker import client_of

STORE, ENGINE, KEYS, ABOUT = "escalate.db", "engine.db", "keys", "backup.json"
_PRIVATE, _PRIVATE_FOLDER = 0o600, 0o700


class Kept(Value):
    """What a backup holds, and what somebody else has to copy."""

    at: Instant
    store: bool
    engine: bool
    keys: tuple[str, ...]
    by_hand: tuple[str, ...] = ()
    """What this command cannot copy, with the command that does."""


async def backup(settings: Settings, folder: Path, *, at: datetime) -> Kept:
    """A consistent copy stands in `folder`, which was empty; nothing was stopped for it."""
    if folder.exists() and any(folder.iterdir()):
        raise BackupFailed(f"{folder} is not empty: name a new folder for each backup")
    folder.mkdir(parents=True, exist_ok=True, mode=_PRIVATE_FOLDER)
    folder.chmod(_PRIVATE_FOLDER)
    by_hand: list[str] = []
    store = await _copy_store(settings, folder / STORE, by_hand)
    engine = await _copy_engine(settings, folder / ENGINE, by_hand)
    keys = _copy_keys(settings, folder / KEYS)
    kept = Kept(at=at, store=store, engine=engine, keys=keys, by_hand=tuple(by_hand))
    about = folder / ABOUT
    about.write_text(kept.model_dump_json(indent=2), encoding="utf-8")
    about.chmod(_PRIVATE)
    return kept


async def _copy_store(settings: Settings, path: Path, by_hand: list[str]) -> bool:
    async with Store(Database(settings.store), kek=kek_in(settings)) as store:
        await store.check()
        if not store.database.sqlite:
            by_hand.append(
                "store: `pg_dump --format=custom` of the database in ESCALATE_STORE_URL, before "
                "the engine's database is copied"
            )
            return False
        await store.backup.copy_to(path)
    return True


async def _copy_engine(settings: Settings, path: Path, by_hand: list[str]) -> bool:
    if settings.engine.address:
        by_hand.append("engine: ask whoever runs Temporal for a backup taken after the store's")
        return False
    if settings.engine.postgres_url is not None:
        by_hand.append(
            "engine: `pg_dump --format=custom` of both databases of ESCALATE_ENGINE__POSTGRES_URL, "
            "after the store's copy"
        )
        return False
    if not settings.engine_database.exists():
        return False
    await asyncio.to_thread(_online_copy, settings.engine_database, path)
    return True


def _online_copy(file: Path, path: Path) -> None:
    """SQLite's own online backup: one moment of the file, while its server goes on writing."""
    try:
        with (
            closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=30)) as source,
            closing(sqlite3.connect(path)) as target,
        ):
            source.backup(target)
            (answer,) = target.execute("PRAGMA integrity_check").fetchone()
    except sqlite3.Error as error:
        path.unlink(missing_ok=True)
        raise BackupFailed(f"the engine's file could not be copied: {error}") from error
    if answer != "ok":
        raise BackupFailed(f"the copy of the engine's file is damaged: {answer}")
    path.chmod(_PRIVATE)


def _key_files(settings: Settings) -> list[Path]:
    files = sorted(settings.keys.glob("*")) if settings.keys.exists() else []
    if settings.kek.exists() and settings.kek not in files:
        files.append(settings.kek)
    return [file for file in files if file.is_file() and not file.name.startswith(".")]


def _copy_keys(settings: Settings, folder: Path) -> tuple[str, ...]:
    folder.mkdir(mode=_PRIVATE_FOLDER)
    names = []
    for file in _key_files(settings):
        name = "kek" if file == settings.kek else file.name
        _copy_private(file, folder / name)
        names.append(name)
    return tuple(names)


def _copy_private(file: Path, target: Path) -> None:
    target.touch(mode=_PRIVATE, exist_ok=False)
    shutil.copyfile(file, target)


async def put_back(settings: Settings, folder: Path) -> Kept:
    """The files of the backup are in place; refused, with nothing done, where files are already."""
    about = folder / ABOUT
    if not about.is_file():
        raise BackupFailed(f"{folder} holds no backup: {ABOUT} is missing")
    try:
        kept = Kept.model_validate_json(about.read_bytes())
    except ValueError as error:
        raise BackupFailed(f"{about} cannot be read") from error
    taken = [str(path) for path in _targets(settings) if path.exists()]
    if taken:
        raise BackupFailed(f"a restore wants an empty home; there is {', '.join(taken)} already")
    settings.home.mkdir(parents=True, exist_ok=True, mode=_PRIVATE_FOLDER)
    settings.keys.mkdir(parents=True, exist_ok=True, mode=_PRIVATE_FOLDER)
    for name in kept.keys:
        target = settings.kek if name == "kek" else settings.keys / name
        target.parent.mkdir(parents=True, exist_ok=True, mode=_PRIVATE_FOLDER)
        _copy_private(folder / KEYS / name, target)
    if kept.engine:
        settings.engine_database.parent.mkdir(parents=True, exist_ok=True)
        _copy_private(folder / ENGINE, settings.engine_database)
    if kept.store:
        await restore(folder / STORE, url=settings.store)
    return kept


def _targets(settings: Settings) -> list[Path]:
    targets = [settings.kek, *(settings.keys.glob("*") if settings.keys.exists() else ())]
    targets.append(settings.engine_database)
    url = normal_url(settings.store)
    if url.get_backend_name() == "sqlite":
        targets.append(Path(url.database or ""))
    return list(dict.fromkeys(targets))


async def reconciled(settings: Settings) -> Reconciled:
    """Store and engine agree as far as they can be made to; what a person must do is listed.

    Starts the engine for it when it is our own, and stops it again.
    """
    if not settings.engine.address and in_use(settings.engine_database):
        raise NotSetUpError(
            "the engine runs in another process", mend="Stop `escalate up` and try again."
        )
    async with house(settings, migrate=True) as home, Engine.of(settings) as engine:
        client = await client_of(home, address=engine.address)
        return await reconcile(home.store, client, at=await home.clock.now())


def about(kept: Kept) -> dict[str, object]:
    """The backup as JSON."""
    found: dict[str, object] = json.loads(kept.model_dump_json())
    return found
