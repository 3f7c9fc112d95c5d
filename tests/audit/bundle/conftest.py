"""One export for everything that is done to exports: made once, and read as often as needed."""

import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from audit.bundle.redactions import Redaction, Redactions
from audit.export import gather, write_export
from audit.reading import read_files
from cases.journal import Entry, Kind
from store import DEMO_KEK, Store, upgrade
from tests.audit.casework import LOG, MADE_AT, ROOT_KEY, SEAL, office
from tests.audit.scenarios import CLOSED
from workers.engine import Engine


def held_back(entries: Sequence[Entry]) -> Redactions:
    """Who voted, and when they signed; of the first entry everything that can be."""
    votes = [entry for entry in entries if entry.kind is Kind.VOTE_CAST]
    named = [(entry, path) for entry in votes for path in ("body.who", "body.signed")]
    first = entries[0]
    named += [(first, f"body.{name}") for name in first.body]
    return Redactions(
        reader="court",
        fields=tuple(
            Redaction(
                stream="case",
                branch="main",
                sequence=entry.sequence,
                path=path,
                ground="identity of those who decide",
                by="dpo",
            )
            for entry, path in named
        ),
    )


@pytest.fixture(scope="session")
async def exports(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Path]:
    """A folder with `short`, of few entries, `whole`, with votes and a move, and its `excerpt`."""
    folder = tmp_path_factory.mktemp("bundles")
    url = f"sqlite+aiosqlite:///{folder / 'store.db'}"
    await upgrade(url)
    (folder / "keys.json").write_text(json.dumps({"root": ROOT_KEY, "log": str(LOG.key)}))
    async with await Store.open(url, kek=DEMO_KEK) as store, office(engine, store) as at_work:
        short = await CLOSED["cancelled"](at_work)
        whole = await CLOSED["migrated"](at_work)
        await at_work.export(short, folder / "short")
        await at_work.export(whole, folder / "whole")
        record = await gather(whole.handle.id, store=store, client=at_work.client)
        write_export(
            record,
            seal=SEAL,
            out=folder / "excerpt",
            at=MADE_AT,
            version="test",
            redactions=held_back(record.entries),
        )
        yield folder


@pytest.fixture(scope="session")
def short(exports: Path) -> dict[str, bytes]:
    """The files of the short one."""
    return read_files(exports / "short")


@pytest.fixture(scope="session")
def whole(exports: Path) -> dict[str, bytes]:
    """The files of the whole one."""
    return read_files(exports / "whole")


@pytest.fixture(scope="session")
def excerpt(exports: Path) -> dict[str, bytes]:
    """The files of the excerpt."""
    return read_files(exports / "excerpt")
