"""Keys are rotated with an overlap, and the root says which of them count."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.log.checkpoint import trusted_checkpoint
from audit.log.cosignature import WitnessSigner
from audit.log.errors import LogError
from audit.log.keyring_note import FILE, Role, read_keyring
from audit.log.note import NoteSigner, read_note
from audit.log.recorder import Recorder
from cases.journal import Kind
from gateway.errors import KeysUnusableError
from gateway.log_key import (
    BEFORE_FILE,
    LOG_FILE,
    load_or_create_log_key,
    log_key_in,
    log_keys_in,
    renew_log_key,
    retire_log_key,
)
from gateway.signer import load_or_create_keys, rotate_door_key
from store import DEMO_KEK, Store, upgrade
from tests.audit.log.tsa import authority
from tests.store.building import START, accepted
from workers._doctor_check import Level
from workers._doctor_vouching import vouching
from workers.errors import NotSetUpError
from workers.keyrings import keyring_in, root_in, sign_keyring
from workers.settings import Settings

NOW = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
DAY = timedelta(days=1)
WITNESS = WitnessSigner(name="w.example/1", private=Ed25519PrivateKey.generate())


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """An installation with keys and one witness in its policy."""
    policy = tmp_path / "policy"
    policy.write_text(f"witness w1 {WITNESS.key}\nquorum w1\n")
    found = Settings.load(
        {"ESCALATE_HOME": str(tmp_path), "ESCALATE_WITNESSES__POLICY_FILE": str(policy)}
    )
    load_or_create_keys(found.keys)
    load_or_create_log_key(found.keys, origin="example.org/log")
    return found


async def test_a_log_goes_on_under_a_new_key(settings: Settings) -> None:
    """Both keys sign while they overlap, so that either is enough; then only the new one."""
    old = log_key_in(settings.keys)
    assert old is not None
    await upgrade(settings.store)
    async with await Store.open(settings.store, kek=DEMO_KEK) as store:
        case = (await accepted(store)).case

        async def signed() -> bytes:
            signer = load_or_create_log_key(settings.keys, origin="ignored")
            await store.journal.append_door(case, Kind.DOOR_LINK_OPENED, at=START, by="one")
            await Recorder(store, signer=signer, apart=timedelta(0)).record(at=START)
            return (await store.log.head()).checkpoint.encode()

        first = await signed()
        new = renew_log_key(settings.keys).key
        both = await signed()
        retired = retire_log_key(settings.keys)
        last = await signed()

    assert retired == old
    assert log_keys_in(settings.keys) == (new, old)
    assert len(read_note(both).signatures) == 2
    for key, seen in ((old, (first, both)), (new, (both, last))):
        for data in seen:
            assert trusted_checkpoint(data, [key]).origin == "example.org/log"
    with pytest.raises(LogError):
        trusted_checkpoint(last, [old])


def test_a_renewal_that_was_killed_is_finished_by_the_next(settings: Settings) -> None:
    """At every step: the log is either as before or as after, and can be renewed to its end."""
    old = log_key_in(settings.keys)
    draft = settings.keys / "log.next.pem"
    load_or_create_log_key(settings.keys.parent / "other", origin="x")
    (settings.keys.parent / "other" / LOG_FILE).rename(draft)
    os.link(settings.keys / LOG_FILE, settings.keys / BEFORE_FILE)
    assert load_or_create_log_key(settings.keys, origin="x").keys == (old,)

    new = renew_log_key(settings.keys)

    assert new.keys == (new.key, old)
    assert not draft.exists()
    with pytest.raises(KeysUnusableError, match="two keys sign already"):
        renew_log_key(settings.keys)
    retire_log_key(settings.keys)
    with pytest.raises(KeysUnusableError, match="only one key"):
        retire_log_key(settings.keys)
    with pytest.raises(KeysUnusableError, match="no log's key"):
        renew_log_key(settings.keys.parent / "empty")


def test_a_keyring_lists_what_is_there_and_what_was(settings: Settings) -> None:
    """Door, log and witness at first; a replaced key counts out its overlap; TSA by certificate."""
    root = root_in(settings)
    first_door = load_or_create_keys(settings.keys).key_id
    first = sign_keyring(settings, root=root, at=NOW)
    second_door = rotate_door_key(settings.keys).key_id
    renew_log_key(settings.keys)
    tsa = authority(settings.home / "tsa", between=False)
    certificate = (tsa.folder / "stamp.crt").read_bytes()
    second = sign_keyring(
        settings, root=root, at=NOW + DAY, overlap=30 * DAY, certificates=[certificate]
    )
    retire_log_key(settings.keys)
    third = sign_keyring(settings, root=root, at=NOW + 2 * DAY, revoke=[first_door])

    assert [each.role for each in first.keys] == [Role.DOOR, Role.LOG, Role.WITNESS]
    assert all(each.since < NOW and each.until is None for each in first.keys)
    doors = {each.key.partition("+")[0]: each for each in third.of(Role.DOOR)}
    assert doors[f"door/{first_door}"].until == NOW + 31 * DAY
    assert doors[f"door/{first_door}"].revoked == NOW + 2 * DAY
    assert doors[f"door/{second_door}"].until is None
    assert [each.until for each in second.of(Role.LOG)] == [None, None]
    assert sorted(each.until or NOW for each in third.of(Role.LOG)) == [NOW, NOW + 2 * DAY]
    assert third.find(Role.TSA, f"sha256:{tsa.digest}")
    assert third.number == 3
    assert keyring_in(settings) == third
    public = root.public_key().public_bytes_raw()
    assert read_keyring((settings.keys / FILE).read_bytes(), root=public) == third


def test_keys_that_no_file_tells_are_added_by_hand_and_stay(settings: Settings) -> None:
    """A worker's, an approver's, a break-glass spool's: until they are revoked."""
    root = root_in(settings)
    spool = str(NoteSigner("spool.example/1", Ed25519PrivateKey.generate()).key)
    sign_keyring(settings, root=root, at=NOW, add={spool: Role.BREAK_GLASS})

    after = sign_keyring(settings, root=root, at=NOW + DAY)

    listed = after.find(Role.BREAK_GLASS, spool)
    assert listed is not None
    assert (listed.since, listed.until) == (NOW, None)
    before = (settings.keys / FILE).read_bytes()
    with pytest.raises(LogError):
        sign_keyring(settings, root=root, at=NOW, add={"nonsense": Role.WORKER})
    with pytest.raises(LogError, match="no key of this keyring"):
        sign_keyring(settings, root=root, at=NOW, revoke=["nobody"])
    with pytest.raises(LogError):
        sign_keyring(settings, root=Ed25519PrivateKey.generate(), at=NOW)
    assert (settings.keys / FILE).read_bytes() == before


def test_the_root_may_lie_elsewhere(settings: Settings, tmp_path: Path) -> None:
    """Its file is named; a file that is none says what to do."""
    elsewhere = tmp_path / "stick" / "root.pem"
    elsewhere.parent.mkdir()
    (settings.keys / "root.pem").rename(elsewhere)

    made = sign_keyring(settings, root=root_in(settings, elsewhere), at=NOW)

    assert made.number == 1
    with pytest.raises(NotSetUpError, match="not a private key"):
        root_in(settings)
    with pytest.raises(NotSetUpError, match="there is no"):
        keyring_in(settings, file=tmp_path / "none")


def test_doctor_says_when_a_key_in_use_does_not_count(settings: Settings) -> None:
    """Not listed, revoked, a note that does not hold, a policy that is none: each with its mend."""

    def levels() -> dict[str, Level]:
        return {check.name: check.level for check in vouching(settings, at=NOW + 9 * DAY)}

    assert levels() == {"witness-policy": Level.OK}
    root = root_in(settings)
    sign_keyring(settings, root=root, at=NOW)
    assert levels() == {"witness-policy": Level.OK, FILE: Level.OK}
    rotate_door_key(settings.keys)
    assert levels()[FILE] is Level.FAIL
    sign_keyring(settings, root=root, at=NOW + DAY)
    assert levels()[FILE] is Level.OK
    own = load_or_create_keys(settings.keys).key_id
    sign_keyring(settings, root=root, at=NOW + 2 * DAY, revoke=[own])
    assert levels()[FILE] is Level.FAIL
    (settings.keys / FILE).write_text("nonsense")
    assert levels()[FILE] is Level.FAIL
    assert settings.witnesses.policy_file is not None
    settings.witnesses.policy_file.write_text("quorum nobody\n")
    assert levels()["witness-policy"] is Level.FAIL
    log = NoteSigner("example.org/other", Ed25519PrivateKey.generate()).key
    settings.witnesses.policy_file.write_text(f"log {log}\nquorum none\n")
    assert levels()["witness-policy"] is Level.FAIL
