"""One export for everything that is done to exports: made once, and read as often as needed."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from audit.reading import read_files
from store import DEMO_KEK, Store
from tests.audit.casework import LOG, ROOT_KEY, office
from tests.audit.scenarios import CLOSED
from tests.stores import empty_store
from workers.engine import Engine


@pytest.fixture(scope="session")
async def exports(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Path]:
    """A folder with two exports: `short`, of few entries, and `whole`, with votes and a move."""
    folder = tmp_path_factory.mktemp("bundles")
    url = f"sqlite+aiosqlite:///{folder / 'store.db'}"
    await empty_store(url)
    (folder / "keys.json").write_text(json.dumps({"root": ROOT_KEY, "log": str(LOG.key)}))
    async with await Store.open(url, kek=DEMO_KEK) as store, office(engine, store) as at_work:
        short = await CLOSED["cancelled"](at_work)
        whole = await CLOSED["migrated"](at_work)
        await at_work.export(short, folder / "short")
        await at_work.export(whole, folder / "whole")
        yield folder


@pytest.fixture(scope="session")
def short(exports: Path) -> dict[str, bytes]:
    """The files of the short one."""
    return read_files(exports / "short")


@pytest.fixture(scope="session")
def whole(exports: Path) -> dict[str, bytes]:
    """The files of the whole one."""
    return read_files(exports / "whole")
