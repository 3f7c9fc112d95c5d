"""Installations to do things to. The long tests run with `-m faults`, as `make accept-1` does."""

from collections.abc import AsyncIterator

import pytest

from workers.engine import Engine


@pytest.fixture(scope="session")
async def present() -> AsyncIterator[Engine]:
    """The pinned Temporal server, in memory, in real time; one for the session."""
    async with Engine.start(pinned_only=True) as running:
        yield running


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests marked `faults` take minutes: they are left out unless asked for."""
    if "faults" in str(config.getoption("-m")):
        return
    long = [item for item in items if item.get_closest_marker("faults")]
    if long:
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in long]
