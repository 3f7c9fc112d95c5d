"""A whole gateway on a real store and a real port, with an engine in this process."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from store import DEMO_KEK, Store
from tests.gateway.world import World, make_world
from tests.stores import released_store


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """An open store with the shipped runbooks released."""
    url = f"sqlite:///{tmp_path / 'escalate.db'}"
    await released_store(url)
    async with await Store.open(url, kek=DEMO_KEK) as opened:
        yield opened


@pytest.fixture
async def world(store: Store, tmp_path: Path) -> AsyncIterator[World]:
    """The gateway listens; dispatchers run."""
    async with make_world(store, tmp_path) as made:
        yield made
