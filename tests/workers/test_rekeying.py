"""Keys are renewed without losing what they protect."""

import stat
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.signer import load_or_create_keys
from store import KeyEncryptionKey, Store, UnknownKey, upgrade
from tests.store.building import START, accepted, later
from workers.errors import NotSetUpError
from workers.rekeying import renew_door_key, renew_kek
from workers.settings import Settings


@pytest.fixture
async def settings(tmp_path: Path) -> Settings:
    """A store with one case, under a key of its own."""
    found = Settings.load({"ESCALATE_HOME": str(tmp_path)})
    found.keys.mkdir(mode=0o700)
    key = KeyEncryptionKey.generate()
    found.kek.write_bytes(key.written())
    found.kek.chmod(0o600)
    await upgrade(found.store)
    async with await Store.open(found.store, kek=key) as store:
        await accepted(store)
        await store.health.heartbeat(kind="worker", id="w", at=START)
    return found


async def test_every_case_opens_with_the_new_key_only(settings: Settings) -> None:
    """The old key opens nothing of the store any more; it is kept for older backups."""
    old = KeyEncryptionKey.read(settings.kek.read_bytes())

    renewed = await renew_kek(settings, at=later(minutes=2))

    new = KeyEncryptionKey.read(settings.kek.read_bytes())
    assert (renewed.before, renewed.after) == (old.key_id, new.key_id)
    assert settings.kek.with_name(f"kek.{old.key_id}").exists()
    assert stat.S_IMODE(settings.kek.stat().st_mode) == 0o600
    async with await Store.open(settings.store, kek=new) as store:
        assert (await store.deliveries.show("zendesk:1")).body
    async with await Store.open(settings.store, kek=old) as store:
        with pytest.raises(UnknownKey):
            await store.deliveries.show("zendesk:1")


async def test_renewal_waits_for_workers_to_stop(settings: Settings) -> None:
    """A running process would go on wrapping new keys with the old one."""
    before = settings.kek.read_bytes()

    with pytest.raises(NotSetUpError, match="still running: worker"):
        await renew_kek(settings, at=START + timedelta(seconds=10))

    assert settings.kek.read_bytes() == before


async def test_interrupted_renewal_is_finished_by_the_next(settings: Settings) -> None:
    """Killed between wrapping and renaming: the same new key is used, nothing is lost."""
    with pytest.raises(NotSetUpError):
        await renew_kek(settings, at=START)
    draft = KeyEncryptionKey.read(settings.kek.with_name("kek.new").read_bytes())
    old = KeyEncryptionKey.read(settings.kek.read_bytes())
    async with await Store.open(settings.store, kek=draft, earlier_keks=[old]) as store:
        await store.vault.rewrap()

    renewed = await renew_kek(settings, at=later(minutes=2))

    assert renewed.after == draft.key_id
    async with await Store.open(settings.store, kek=draft) as store:
        assert (await store.deliveries.show("zendesk:1")).body


def test_door_key_is_renewed_and_the_root_stays(settings: Settings) -> None:
    """Cases pin the root: a new door key does not touch them."""
    before = load_or_create_keys(settings.keys)

    renewed = renew_door_key(settings)

    after = load_or_create_keys(settings.keys)
    assert (renewed.before, renewed.after) == (before.key_id, after.key_id)
    assert before.root_public == after.root_public
