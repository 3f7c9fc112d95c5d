"""What doctor says of the transparency log: whose it is, whether it holds, how far behind it is."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from audit.log.recorder import Recorder
from cases.journal import Kind
from gateway.log_key import LOG_FILE, LOG_KEY_FILE, load_or_create_log_key
from store import DEMO_KEK, Store, upgrade
from store.log_tables import log_head
from tests.store.building import START, accepted
from workers._doctor_check import Level
from workers._doctor_log import transparency_log
from workers.settings import Settings

LATER = START + timedelta(minutes=5)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """An installation in a folder of its own."""
    return Settings.load(
        {"ESCALATE_HOME": str(tmp_path), "ESCALATE_PUBLIC_URL": "https://escalate.example"}
    )


@pytest.fixture
async def store(settings: Settings) -> AsyncIterator[Store]:
    """Its store, with one case."""
    await upgrade(settings.store)
    async with await Store.open(settings.store, kek=DEMO_KEK) as opened:
        await accepted(opened)
        yield opened


async def signed(settings: Settings, store: Store) -> None:
    """Everything is in the log."""
    signer = load_or_create_log_key(settings.keys, origin=settings.log_name)
    await Recorder(store, signer=signer, apart=timedelta(0)).record(at=START)


async def test_a_log_that_holds_is_fine(settings: Settings, store: Store) -> None:
    """Its size and its name are told; the name is the address of its tiles."""
    empty = await transparency_log(settings, store, at=START)
    await signed(settings, store)

    check = await transparency_log(settings, store, at=LATER)

    assert (empty.level, check.level) == (Level.OK, Level.OK)
    assert check.text == "1 leaves are under a checkpoint of escalate.example/log"


async def test_entries_that_wait_are_told(settings: Settings, store: Store) -> None:
    """Nobody writes the log: a warning that says who would."""
    await signed(settings, store)
    row = await accepted(store)
    await store.journal.append_door(row.case, Kind.DOOR_LINK_OPENED, at=START, by="one")

    check = await transparency_log(settings, store, at=LATER)

    assert check.level is Level.WARN
    assert "1 entries wait" in check.text
    assert "escalate gateway" in check.mend


@pytest.mark.parametrize("trouble", ["no key", "no key at all", "another key", "false checkpoint"])
async def test_a_log_that_does_not_hold_fails(
    trouble: str, settings: Settings, store: Store
) -> None:
    """Key gone, unreadable or another's, or a checkpoint that nobody signed."""
    await signed(settings, store)
    file = settings.keys / LOG_KEY_FILE
    if trouble == "no key":
        file.unlink()
    elif trouble == "no key at all":
        file.write_text("nonsense")
    elif trouble == "another key":
        file.unlink()
        (settings.keys / LOG_FILE).unlink()
        load_or_create_log_key(settings.keys, origin=settings.log_name)
    else:
        async with store.database.write() as connection:
            await connection.execute(log_head.update().values(checkpoint="nonsense"))

    check = await transparency_log(settings, store, at=START)

    assert check.level is Level.FAIL
    assert check.mend


def test_a_log_may_be_called_otherwise() -> None:
    """By default it is called as the address it is read under."""
    named = Settings.load({"ESCALATE_LOG_ORIGIN": "audit.example/runbooks"})
    behind = Settings.load({"ESCALATE_PUBLIC_URL": "https://example.org/escalate/"})

    assert named.log_name == "audit.example/runbooks"
    assert behind.log_name == "example.org/escalate/log"
