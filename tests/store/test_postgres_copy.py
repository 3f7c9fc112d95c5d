"""A Postgres store is copied by pg_dump and brought back by pg_restore."""

import stat
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest

from store import DEMO_KEK, BackupFailed, ProgramMissing, Store, restore, upgrade
from store.postgres_copy import Programs, check_dump
from tests.servers.postgres import PostgresCluster
from tests.store.building import CANARY, accepted, batch, chain


@pytest.fixture
async def store(postgres_url: str) -> AsyncIterator[Store]:
    """An open store on a Postgres database of its own."""
    await upgrade(postgres_url)
    async with await Store.open(postgres_url, kek=DEMO_KEK) as opened:
        yield opened


@pytest.mark.postgres
async def test_copy_of_a_live_postgres_store_is_whole(
    postgres_cluster: PostgresCluster, store: Store, tmp_path: Path
) -> None:
    """A dump is one moment, its owner's alone, and restores to an equal store in a new database."""
    answer = await accepted(store)
    entries = chain(answer.case, "a", "b")
    await store.append_case(batch(answer.case, entries, changes={"note": CANARY}))
    copy, back = tmp_path / "copy.dump", postgres_cluster.fresh_database()

    await store.backup.copy_to(copy)
    await accepted(store, key="zendesk:2", external_id="after the copy")
    await restore(copy, url=back)

    async with await Store.open(back, kek=DEMO_KEK) as again:
        assert [row.key for row in await again.deliveries.list()] == ["zendesk:1"]
        assert await again.journal.entries(answer.case) == entries
        assert await again.backup.reconcile() == []
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["copy.dump"]


@pytest.mark.postgres
async def test_postgres_copy_never_overwrites(
    postgres_url: str, store: Store, tmp_path: Path
) -> None:
    """Neither an earlier copy nor a database with anything in it is lost to a slip."""
    copy = tmp_path / "copy.dump"
    await store.backup.copy_to(copy)

    with pytest.raises(BackupFailed, match="exists already"):
        await store.backup.copy_to(copy)
    with pytest.raises(BackupFailed, match="not empty"):
        await restore(copy, url=postgres_url)


@pytest.mark.postgres
async def test_only_a_store_is_restored(
    postgres_cluster: PostgresCluster, store: Store, tmp_path: Path
) -> None:
    """A file that is no dump, or the dump of something else, leaves the database as it was."""
    back = postgres_cluster.fresh_database()
    broken, other = tmp_path / "broken.dump", tmp_path / "other.dump"
    broken.write_bytes(b"PGDMP, or so it says")
    await store.backup.copy_to(other)

    with pytest.raises(BackupFailed, match="pg_restore failed"):
        await restore(broken, url=back)
    with pytest.raises(BackupFailed, match="another database"):
        await check_dump(other, marked="something_else")
    with psycopg.connect(back.replace("+psycopg", "")) as connection:
        (tables,) = connection.execute(
            "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
        ).fetchone() or (None,)
    assert tables == 0


@pytest.mark.postgres
async def test_a_database_that_is_not_there_is_named(
    postgres_cluster: PostgresCluster, store: Store, tmp_path: Path
) -> None:
    """The error names the database, never the password."""
    copy = tmp_path / "copy.dump"
    await store.backup.copy_to(copy)
    absent = postgres_cluster.fresh_database() + "_not"

    with pytest.raises(BackupFailed, match=absent.rpartition("/")[2]) as caught:
        await restore(copy, url=absent)

    assert postgres_cluster.password not in str(caught.value)


@pytest.mark.postgres
async def test_a_missing_program_is_named_with_what_to_install(
    store: Store, tmp_path: Path
) -> None:
    """Without pg_dump nothing is written, and the error says which package has it."""
    nowhere = Programs(path="", usual=tmp_path / "none")

    with pytest.raises(ProgramMissing, match=r"pg_dump.*postgresql-client"):
        await store.backup.copy_to(tmp_path / "copy.dump", programs=nowhere)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.postgres
async def test_the_password_is_in_no_argument(
    postgres_cluster: PostgresCluster, store: Store, tmp_path: Path
) -> None:
    """Every user of a machine can list arguments: the program reads the password from a file."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("pg_dump", "pg_restore"):
        program = programs / name
        program.write_text(
            f'#!/bin/sh\necho "$@" > {tmp_path}/said\n'
            'cat "$(echo "$@" | grep -o "[^= ]*pgpass")" >> '
            f"{tmp_path}/read\necho no room left >&2\nexit 1\n"
        )
        program.chmod(0o755)

    with pytest.raises(BackupFailed, match="pg_dump failed: no room left"):
        await store.backup.copy_to(tmp_path / "copy", programs=Programs(path=str(programs)))

    assert postgres_cluster.password not in (tmp_path / "said").read_text()
    assert postgres_cluster.password in (tmp_path / "read").read_text()
    assert not list(tmp_path.glob("copy*"))


def test_the_newest_program_of_debian_is_found(tmp_path: Path) -> None:
    """Where none is on the PATH, the one of the newest version is used: 15 is newer than 9.6."""
    for version in ("15", "9.6", "13"):
        folder = tmp_path / version / "bin"
        folder.mkdir(parents=True)
        (folder / "pg_dump").touch(mode=0o755)

    found = Programs(path="", usual=tmp_path).find("pg_dump")

    assert found == tmp_path / "15" / "bin" / "pg_dump"
