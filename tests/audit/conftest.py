"""A real store for every audit test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from store import DEMO_KEK, Store, upgrade


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """An empty store in a file of its own."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'store.db'}"
    await upgrade(url)
    async with await Store.open(url, kek=DEMO_KEK) as opened:
        yield opened
