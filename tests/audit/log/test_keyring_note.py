"""The keyring note: what the root signs, when a key counts, and what no reader takes for a note."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.log.cosignature import WitnessSigner
from audit.log.errors import LogError, LogUnreadableError, NoteRefusedError
from audit.log.keyring_note import (
    KeyringNote,
    Listed,
    Role,
    door_key,
    newer,
    read_keyring,
)
from audit.log.note import NoteSigner
from cases.envelope import key_id
from tests.audit.log.growing import fixed_key

ROOT = Ed25519PrivateKey.from_private_bytes(b"root" * 8)
PUBLIC = ROOT.public_key().public_bytes_raw()
T0 = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
LOG = str(NoteSigner(name="example.org/log", private=fixed_key("log")).key)
WITNESS = str(WitnessSigner(name="w.example/1", private=fixed_key("witness")).key)
RAW = fixed_key("raw").public_key().public_bytes_raw()
DOOR = door_key(RAW, key_id=key_id(RAW))
TSA = "sha256:" + "0a" * 32
KEYS = (
    Listed(Role.LOG, LOG, since=T0),
    Listed(Role.WITNESS, WITNESS, since=T0, until=T0 + 9 * DAY),
    Listed(Role.DOOR, DOOR, since=T0, until=T0 + 30 * DAY, revoked=T0 + 5 * DAY),
    Listed(Role.TSA, TSA, since=T0),
)
NOTE = KeyringNote(number=7, at=T0 + DAY, keys=KEYS)


def test_what_the_root_signs_is_read_as_it_was_meant() -> None:
    """Number, instant, and every key with its times; found by role and key, not by name."""
    found = read_keyring(NOTE.signed(ROOT).encode(), root=PUBLIC)

    assert found == NOTE
    assert {str(key) for key in found.logs} == {LOG}
    renamed = door_key(RAW, key_id="another")
    assert found.find(Role.DOOR, renamed) == KEYS[2]
    assert found.find(Role.LOG, DOOR) is None
    assert found.find(Role.TSA, TSA) == KEYS[3]


def test_a_key_counts_between_its_times_and_never_once_revoked() -> None:
    """The first instant is in, the last is out, and a revocation ends it earlier."""
    log, witness, door, _ = KEYS

    assert log.fault_at(T0) == log.fault_at(T0 + 9999 * DAY) == ""
    assert "from 2026-01-01" in log.fault_at(T0 - timedelta(seconds=1))
    assert witness.fault_at(T0 + 9 * DAY - timedelta(seconds=1)) == ""
    assert "until 2026-01-10" in witness.fault_at(T0 + 9 * DAY)
    assert door.fault_at(T0 + 5 * DAY - timedelta(seconds=1)) == ""
    assert "revoked at 2026-01-06" in door.fault_at(T0 + 5 * DAY)


def test_the_next_note_keeps_every_key_that_ever_counted() -> None:
    """New ones are listed, gone ones count out the overlap, revoked ones end now."""
    later = T0 + 3 * DAY
    new = Listed(
        Role.LOG, str(NoteSigner("example.org/log", Ed25519PrivateKey.generate()).key), later
    )

    after = NOTE.next([new, KEYS[3]], at=later, overlap_until=later + 10 * DAY)
    revoked = NOTE.next([KEYS[0], KEYS[3]], at=later, revoked=[LOG])

    assert after.number == 8
    assert after.find(Role.LOG, LOG) == replace(KEYS[0], until=later + 10 * DAY)
    assert after.find(Role.LOG, new.key) == new
    assert (after.keys[1], after.keys[3]) == (KEYS[1], KEYS[3])
    assert revoked.keys[0].revoked == later
    again = revoked.next([KEYS[0]], at=later + DAY, revoked=[LOG])
    assert again.keys[0].revoked == later
    named = NOTE.next(list(KEYS), at=later, revoked=[key_id(RAW), "example.org/log+" + LOG[16:24]])
    assert (named.keys[0].revoked, named.keys[2].revoked) == (later, later)
    back = after.next([KEYS[0], KEYS[2]], at=later + DAY)
    assert (back.keys[0], back.keys[2]) == (KEYS[0], KEYS[2])
    with pytest.raises(LogUnreadableError, match="no key of this keyring: nobody"):
        NOTE.next([], at=later, revoked=["nobody"])


def test_the_newer_note_counts() -> None:
    """By its number; two that differ under one number are a root that says two things."""
    next_ = NOTE.next(list(KEYS), at=T0 + 2 * DAY)

    assert newer(NOTE, next_) == newer(next_, NOTE) == next_
    assert newer(None, NOTE) == newer(NOTE, None) == newer(NOTE, NOTE) == NOTE
    assert newer(None, None) is None
    with pytest.raises(NoteRefusedError, match="differ"):
        newer(NOTE, replace(NOTE, keys=KEYS[:1]))


def test_only_the_root_signs_it() -> None:
    """Another root, another name, no signature, or a text of its own by the root."""
    stranger = Ed25519PrivateKey.generate()
    other = NoteSigner(name="escalate/other", private=ROOT).sign(NOTE.text)
    plain = NoteSigner(name="escalate/root", private=ROOT).sign("escalate-keyring/v2\nx\ny\n")
    for data in (NOTE.signed(stranger), other, plain, NOTE.text):
        with pytest.raises(LogError):
            read_keyring(data.encode(), root=PUBLIC)


@pytest.mark.parametrize(
    "line",
    [
        "key log",
        f"key log {LOG} 2026-01-01T00:00:00Z - - -",
        f"key log {LOG} 2026-01-01T00:00:00+00:00 - -",
        f"key log {LOG} 2026-1-1T00:00:00Z - -",
        f"key log {LOG} - - -",
        f"key logs {LOG} 2026-01-01T00:00:00Z - -",
        f"key log {WITNESS} 2026-01-01T00:00:00Z - -",
        f"key witness {LOG} 2026-01-01T00:00:00Z - -",
        "key tsa sha256:00 2026-01-01T00:00:00Z - -",
        f"key tsa {TSA.upper()} 2026-01-01T00:00:00Z - -",
        f"note log {LOG} 2026-01-01T00:00:00Z - -",
        f"key log {LOG}  2026-01-01T00:00:00Z - -",
        KEYS[0].line,
        "",
    ],
)
def test_a_line_has_one_spelling(line: str) -> None:
    """Whatever two readers could take differently is refused, though the root signed it."""
    text = f"{NOTE.text}{line}\n"
    signed = NoteSigner(name="escalate/root", private=ROOT).sign(text)

    with pytest.raises(LogUnreadableError):
        read_keyring(signed.encode(), root=PUBLIC)
