"""Every test of the store runs on SQLite and on a real Postgres."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from store import DEMO_KEK, Store, upgrade

BOTH = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(params=BOTH)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a store that does not exist yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'home' / 'escalate.db'}"
    fresh: str = request.getfixturevalue("postgres_url")
    return fresh


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    """An open, empty store."""
    await upgrade(url)
    async with await Store.open(url, kek=DEMO_KEK) as opened:
        yield opened


@pytest.fixture
async def sqlite_store(tmp_path: Path) -> AsyncIterator[Store]:
    """An open, empty store in a SQLite file."""
    url = f"sqlite:///{tmp_path / 'escalate.db'}"
    await upgrade(url)
    async with await Store.open(url, kek=DEMO_KEK) as opened:
        yield opened
