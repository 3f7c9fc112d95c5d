"""The door's key: made once, certified by the root, renewed in time."""

import base64
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cases.acts import Cancel
from cases.envelope import Act, Actor, Door, read_certificate, verify_envelope
from gateway.errors import KeysUnusableError
from gateway.signer import DOOR_FILE, ROOT_FILE, load_or_create_keys, rotate_door_key
from runbooks.plan import Assurance

AT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


def act_at(at: datetime) -> Act:
    """An act signed then."""
    return Act(
        act="a",
        case="case/x",
        actor=Actor(person="p", roles=("r",), directory_digest="d", directory_as_of=at),
        role="r",
        assurance=Assurance.L1,
        door=Door.WEB,
        signed_at=at,
        body=Cancel(reason="x"),
    )


def test_keys_are_made_once_and_readable_by_us_only(tmp_path: Path) -> None:
    """The same folder gives the same keys; files are 0600."""
    first = load_or_create_keys(tmp_path / "keys")
    second = load_or_create_keys(tmp_path / "keys")

    assert (first.key_id, first.root_key) == (second.key_id, second.root_key)
    for name in (ROOT_FILE, DOOR_FILE):
        assert stat.S_IMODE((tmp_path / "keys" / name).stat().st_mode) == 0o600


def test_an_envelope_verifies_at_any_instant_it_is_signed(tmp_path: Path) -> None:
    """Certificates are renewed before they run out, also when time jumps both ways."""
    signer = load_or_create_keys(tmp_path)
    root = base64.b64decode(signer.root_key)

    for days in (0, 10, 29, 31, 400, 1):
        at = AT + timedelta(days=days)
        envelope = signer.sign(act_at(at))
        assert verify_envelope(envelope, case="case/x", root=root).signed_at == at
        assert envelope.certificate is not None
        certified = read_certificate(envelope.certificate, root=root)
        assert certified.not_after - certified.not_before <= timedelta(days=30)


def test_a_rotated_key_keeps_the_root(tmp_path: Path) -> None:
    """Cases pin the root: a new door key needs no change in them."""
    before = load_or_create_keys(tmp_path)
    after = rotate_door_key(tmp_path)

    assert before.root_key == after.root_key
    assert before.key_id != after.key_id
    assert (tmp_path / f"door.{before.key_id}.pem").exists()


def test_unsafe_keys_are_refused(tmp_path: Path) -> None:
    """Readable by others, not a key, or a door key whose root is missing."""
    load_or_create_keys(tmp_path)
    (tmp_path / DOOR_FILE).chmod(0o644)
    with pytest.raises(KeysUnusableError, match="0600"):
        load_or_create_keys(tmp_path)
    (tmp_path / DOOR_FILE).chmod(0o600)
    (tmp_path / DOOR_FILE).write_text("nonsense")
    with pytest.raises(KeysUnusableError, match="not a private key"):
        load_or_create_keys(tmp_path)
    (tmp_path / ROOT_FILE).unlink()
    with pytest.raises(KeysUnusableError, match="missing"):
        load_or_create_keys(tmp_path)


def test_a_certificate_lives_between_a_day_and_thirty(tmp_path: Path) -> None:
    """Shorter would stop the door at night; longer is no rotation."""
    for lifetime in (timedelta(hours=23), timedelta(days=31)):
        with pytest.raises(KeysUnusableError):
            load_or_create_keys(tmp_path, lifetime=lifetime)
