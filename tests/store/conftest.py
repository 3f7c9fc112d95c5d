"""Every test of the store runs on SQLite and on a real Postgres."""

import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import make_url

from store import DEMO_KEK, Store, upgrade
from tests.servers.postgres import PostgresCluster
from tests.stores import empty_store

BOTH = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(scope="session")
async def postgres_template(postgres_cluster: PostgresCluster) -> str:
    """A migrated, empty Postgres store, to be copied."""
    url = postgres_cluster.fresh_database()
    await upgrade(url)
    return make_url(url).database or ""


@pytest.fixture(params=BOTH)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a store that does not exist yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'home' / 'escalate.db'}"
    fresh: str = request.getfixturevalue("postgres_url")
    return fresh


@pytest.fixture
async def sqlite_url(tmp_path: Path) -> str:
    """The URL of a migrated, empty SQLite store."""
    url = f"sqlite:///{tmp_path / 'escalate.db'}"
    await empty_store(url)
    return url


@pytest.fixture(params=BOTH)
def url(request: pytest.FixtureRequest) -> str:
    """The URL of a migrated, empty store."""
    if request.param == "sqlite":
        migrated: str = request.getfixturevalue("sqlite_url")
        return migrated
    cluster: PostgresCluster = request.getfixturevalue("postgres_cluster")
    template: str = request.getfixturevalue("postgres_template")
    name = f"store_{secrets.token_hex(6)}"
    with psycopg.connect(cluster.dsn("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())
    return cluster.dsn(name)


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    """An open, empty store."""
    async with await Store.open(url, kek=DEMO_KEK) as opened:
        yield opened


@pytest.fixture
async def sqlite_store(sqlite_url: str) -> AsyncIterator[Store]:
    """An open, empty store in a SQLite file."""
    async with await Store.open(sqlite_url, kek=DEMO_KEK) as opened:
        yield opened
