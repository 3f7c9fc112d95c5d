"""A watch process of a test's installation, as `escalate watch` runs it."""

from collections.abc import Callable

from workers.settings import Settings
from workers.watching import watch_alone


async def main(up: Callable[[], None]) -> None:
    """Looks until it is killed."""
    up()
    await watch_alone(Settings.load())
