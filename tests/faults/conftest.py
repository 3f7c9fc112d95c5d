"""Installations to do things to."""

from collections.abc import AsyncIterator

import pytest

from workers.engine import Engine


@pytest.fixture(scope="session")
async def present() -> AsyncIterator[Engine]:
    """The pinned Temporal server, in memory, in real time; one for the session."""
    async with Engine.start(pinned_only=True) as running:
        yield running
