"""Backup and restore: the store first, then the engine's database, the keys last.

The store is copied first, so the engine can only be ahead of it: its histories hold every batch
that the store's copy lacks, and a restore appends them again. The other way round a case would say
for a second time, at another instant, what its journal says already. The keys that sign come last.

The key-encryption key is in no backup: keys of cases are in it wrapped, and without that key nobody
reads a case. So a key that is destroyed is destroyed in every backup too, and a backup that is lost
tells nothing. It has to be kept apart, and is put in its place before a restore.
"""

import json
import shutil
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from cases.values import Instant, Value
from store import BackupFailed, Store, restore
from store.database import Database, normal_url
from store.postgres_copy import check_dump, must_be_empty
from workers._doctor_keys import kek_in
from workers._keeping_engine import check_engine, copy_engine, put_engine_back
from workers._keeping_erased import keep_notes, notes_for, reapply_notes
from workers._reconcile import Reconciled, reconcile
from workers.engine import Engine
from workers.errors import NotSetUpError
from workers.house import house
from workers.settings import Settings
from workers.which_engine import in_use
from workers.worker import client_of

STORE, STORE_DUMP, KEYS, ABOUT = "escalate.db", "escalate.dump", "keys", "backup.json"
ERASED = "erased"
_PRIVATE, _PRIVATE_FOLDER = 0o600, 0o700


class Kept(Value):
    """What a backup holds, and what somebody else has to copy."""

    at: Instant
    store: bool
    engine: bool
    keys: tuple[str, ...]
    by_hand: tuple[str, ...] = ()
    """What is not ours to copy, with whom to ask for it."""


async def backup(settings: Settings, folder: Path, *, at: datetime) -> Kept:
    """A consistent copy stands in `folder`, which was empty; nothing was stopped for it."""
    if folder.exists() and any(folder.iterdir()):
        raise BackupFailed(f"{folder} is not empty: name a new folder for each backup")
    folder.mkdir(parents=True, exist_ok=True, mode=_PRIVATE_FOLDER)
    folder.chmod(_PRIVATE_FOLDER)
    by_hand: list[str] = []
    store = await _copy_store(settings, folder)
    if settings.engine.address:
        by_hand.append("engine: ask whoever runs Temporal for a backup taken after the store's")
        engine = False
    else:
        engine = await copy_engine(settings, folder)
    keys = _copy_keys(settings, folder / KEYS)
    if not settings.demo:
        by_hand.append(_apart(settings))
    keep_notes(settings.erased, folder / ERASED)
    kept = Kept(at=at, store=store, engine=engine, keys=keys, by_hand=tuple(by_hand))
    about = folder / ABOUT
    about.write_text(kept.model_dump_json(indent=2), encoding="utf-8")
    about.chmod(_PRIVATE)
    return kept


def _apart(settings: Settings) -> str:
    match settings.wrapping.source:
        case "vault":
            return "key-encryption key: it is Vault's; back up Vault, apart from this"
        case "env":
            return "key-encryption key: keep ESCALATE_WRAPPING__KEY, apart from this"
        case _:
            return f"key-encryption key: keep a copy of {settings.kek}, apart from this"


async def _copy_store(settings: Settings, folder: Path) -> bool:
    async with Store(Database(settings.store), kek=kek_in(settings)) as store:
        await store.check()
        await store.backup.copy_to(folder / _store_name(settings))
    return True


def _store_name(settings: Settings) -> str:
    return STORE if normal_url(settings.store).get_backend_name() == "sqlite" else STORE_DUMP


def _key_files(settings: Settings) -> list[Path]:
    files = sorted(settings.keys.glob("*")) if settings.keys.exists() else []
    return [
        file
        for file in files
        if file.is_file() and not file.name.startswith(".") and not _wraps(settings, file)
    ]


def _wraps(settings: Settings, file: Path) -> bool:
    """Whether the file is a key-encryption key, the present one or one that it replaced."""
    name = settings.kek.name
    return file.parent == settings.kek.parent and (
        file.name == name or file.name.startswith(f"{name}.")
    )


def _copy_keys(settings: Settings, folder: Path) -> tuple[str, ...]:
    folder.mkdir(mode=_PRIVATE_FOLDER)
    names = []
    for file in _key_files(settings):
        _copy_private(file, folder / file.name)
        names.append(file.name)
    return tuple(names)


def _copy_private(file: Path, target: Path) -> None:
    target.touch(mode=_PRIVATE, exist_ok=False)
    shutil.copyfile(file, target)


async def put_back(settings: Settings, folder: Path, *, erased: Sequence[Path] = ()) -> Kept:
    """The files of the backup are in place; refused, with nothing done, where files are already.

    What was erased since the backup was made is erased in it before anybody can open it: as the
    notes of this installation, of the backup and of the folders `erased` say.
    """
    about = folder / ABOUT
    if not about.is_file():
        raise BackupFailed(f"{folder} holds no backup: {ABOUT} is missing")
    try:
        kept = Kept.model_validate_json(about.read_bytes())
    except ValueError as error:
        raise BackupFailed(f"{about} cannot be read") from error
    # Backups of earlier releases hold the key-encryption key themselves.
    held = "kek" in kept.keys
    if (
        not held
        and settings.wrapping.source == "file"
        and not (settings.demo or settings.kek.exists())
    ):
        raise BackupFailed(
            f"the key-encryption key is in no backup: put it to {settings.kek} first"
        )
    taken = [str(path) for path in _targets(settings, held=held) if path.exists()]
    if taken:
        raise BackupFailed(f"a restore wants an empty home; there is {', '.join(taken)} already")
    await _check_places(settings, folder, kept)
    notes = notes_for(settings, folder / KEYS, folders=(folder / ERASED, *erased))
    settings.home.mkdir(parents=True, exist_ok=True, mode=_PRIVATE_FOLDER)
    settings.keys.mkdir(parents=True, exist_ok=True, mode=_PRIVATE_FOLDER)
    for name in kept.keys:
        target = settings.kek if name == "kek" else settings.keys / name
        target.parent.mkdir(parents=True, exist_ok=True, mode=_PRIVATE_FOLDER)
        _copy_private(folder / KEYS / name, target)
    if kept.engine:
        await put_engine_back(settings, folder)
    if kept.store:
        gone = [(note.case, note.key_id) for note in notes]
        await restore(folder / _store_name(settings), url=settings.store, gone=gone)
    return kept


async def _check_places(settings: Settings, folder: Path, kept: Kept) -> None:
    """What the backup holds is of the kind that the settings name, and Postgres has room for it."""
    store = folder / _store_name(settings)
    if kept.store and not store.is_file():
        raise BackupFailed(
            f"the backup holds no {store.name}: ESCALATE_STORE_URL must name the kind of database "
            "that the backup was made of"
        )
    if kept.store and store.name == STORE_DUMP:
        await check_dump(store)
        await must_be_empty(normal_url(settings.store))
    if kept.engine:
        await check_engine(settings, folder)


def _targets(settings: Settings, *, held: bool) -> list[Path]:
    there = settings.keys.glob("*") if settings.keys.exists() else ()
    targets = [settings.kek] if held else []
    targets += [file for file in there if held or not _wraps(settings, file)]
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
        await reapply_notes(settings, home.store)
        return await reconcile(home.store, client, at=await home.clock.now())


def about(kept: Kept) -> dict[str, object]:
    """The backup as JSON."""
    found: dict[str, object] = json.loads(kept.model_dump_json())
    return found
