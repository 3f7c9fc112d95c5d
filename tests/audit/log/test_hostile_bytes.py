"""Readers of what others send, against bytes that were made to break them.

Each good input is altered at random, many times. Every reader takes it, or says in its own error
what is wrong; nothing else comes out. ESCALATE_HOSTILE_BYTES says how many (acceptance: a million).
"""

import os
import random
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from audit.log.checkpoint import read_checkpoint
from audit.log.cosignature import cosignatures
from audit.log.errors import LogError
from audit.log.keyring_note import read_keyring
from audit.log.note import read_note, read_signatures
from audit.log.policy import read_policy
from audit.log.proof import Proof, read_proof
from audit.log.timestamp import in_order
from audit.log.witness import read_request
from tests.audit.log.growing import Growing
from tests.audit.log.test_keyring_note import NOTE, PUBLIC, ROOT
from tests.audit.log.test_policy import SPECIFICATION
from tests.audit.log.test_witness import SIGNER

COUNT = int(os.environ.get("ESCALATE_HOSTILE_BYTES", "1500"))
AT = datetime(2026, 11, 26, tzinfo=UTC)
LOG = Growing(leaves=9)
COSIGNED = LOG.checkpoint() + SIGNER.cosign(LOG.head().text, at=AT).line
PIECES = (b"\n", b"\n\n", b"\0", b"\xff", b" ", "\u2014 ".encode(), b"+", b"=", b"0", b"-1", b"\r")


def _signed_note(data: bytes) -> object:
    note = read_note(data)
    return list(cosignatures(note, [SIGNER.key]))


def _lines(data: bytes) -> object:
    return read_signatures(data.decode("utf-8", "replace"))


def _keyring(data: bytes) -> object:
    return read_keyring(data, root=PUBLIC)


def _der(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return bytes((tag, 0x81, len(body))) + body


_CERTIFICATES = _der(0xA0, _der(0x30, b"later"), _der(0x30, b"earlier"))
_SIGNED = _der(0x30, _der(0x02, b"1"), _der(0x31), _der(0x30), _CERTIFICATES, _der(0x31))
TOKEN = _der(
    0x30,
    _der(0x30, _der(0x02, b"0")),
    _der(0x30, _der(0x06, b"signed data"), _der(0xA0, _SIGNED)),
)
READERS: dict[str, tuple[Callable[[bytes], object], bytes]] = {
    "checkpoint": (read_checkpoint, COSIGNED.encode()),
    "keyring": (_keyring, NOTE.signed(ROOT).encode()),
    "note": (_signed_note, COSIGNED.encode()),
    "policy": (read_policy, SPECIFICATION.encode()),
    "proof": (
        read_proof,
        Proof(index=3, hashes=(b"x" * 32,) * 3, checkpoint=COSIGNED.encode(), extra=b"leaf").data,
    ),
    "request": (read_request, LOG.request(old=5).data),
    "signature lines": (_lines, SIGNER.cosign(LOG.head().text, at=AT).line.encode() * 2),
    "time stamp": (in_order, TOKEN),
}


@pytest.mark.hostile(40)
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", READERS)
def test_no_bytes_break_a_reader(name: str, record_property: Callable[[str, object], None]) -> None:
    """Taken or refused in its own words, as often as was asked."""
    read, good = READERS[name]
    read(good)
    rolled = random.Random(name)  # noqa: S311 -- the same bytes every time
    taken = 0
    for _ in range(COUNT):
        try:
            read(_altered(good, rolled))
        except LogError:
            continue
        taken += 1

    record_property("inputs", COUNT)
    record_property("taken", taken)
    assert taken < COUNT


def _altered(good: bytes, rolled: random.Random) -> bytes:
    data = bytearray(good)
    for _ in range(rolled.randint(1, 4)):
        at = rolled.randrange(len(data) + 1)
        match rolled.randrange(6):
            case 0 if at < len(data):
                data[at] ^= 1 << rolled.randrange(8)
            case 1:
                data[at:at] = rolled.choice(PIECES)
            case 2:
                del data[at : at + rolled.randint(1, 40)]
            case 3:
                data[at:at] = data[max(0, at - rolled.randint(1, 80)) : at]
            case 4:
                data[at:at] = rolled.randbytes(rolled.randint(1, 8))
            case _:
                data = data[: max(1, at)]
    return bytes(data)
