"""Stores for tests to begin with: made once in a process, then copied."""

import tempfile
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.engine import make_url

from runbooks import Runbook, load_runbook
from store import DEMO_KEK, Store, upgrade
from workers.processes import release_library

_MADE: dict[Callable[[str], Awaitable[object]], bytes] = {}


async def empty_store(url: str) -> None:
    """The SQLite store at `url` is as `store.upgrade` leaves a new one: empty, today's schema."""
    await _copy(upgrade, url)


async def released_store(url: str) -> None:
    """The SQLite store at `url` is a new one in which every shipped runbook is live."""
    await _copy(_upgrade_and_release, url)


async def release(store: Store, source: bytes, at: datetime, *, shadow: bool = False) -> Runbook:
    """The runbook's version is live, or in the shadow: one person proposed it, another agreed."""
    runbook = load_runbook(source, file="runbook.yaml")
    await store.releases.propose(
        runbook=runbook.name,
        version=runbook.version,
        digest=runbook.digest,
        source=source,
        by="one",
        at=at,
        shadow=shadow,
    )
    await store.releases.approve(
        runbook=runbook.name, version=runbook.version, by="two", at=at, shadow=shadow
    )
    return runbook


async def _copy(make: Callable[[str], Awaitable[object]], url: str) -> None:
    if make not in _MADE:
        with tempfile.TemporaryDirectory(prefix="template-") as folder:
            template = Path(folder, "escalate.db")
            await make(f"sqlite:///{template}")
            _MADE[make] = template.read_bytes()
    path = Path(make_url(url).database or "")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_MADE[make])


async def _upgrade_and_release(url: str) -> None:
    await upgrade(url)
    async with await Store.open(url, kek=DEMO_KEK) as opened:
        await release_library(opened, proposed_by="one", approved_by="two", at=datetime.now(UTC))
