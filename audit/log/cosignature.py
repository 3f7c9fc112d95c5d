"""C2SP tlog-cosignature, Ed25519 (type 0x04): a witness saw this checkpoint, and when.

What is signed is a header, the instant, and the checkpoint's whole text. It says more than that
the text was seen: of everything the witness ever signed for this log, this is the largest tree, and
all of it is one tree. The Ed25519 form does not sign the witness's name, so one key has one name.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from audit.log.errors import LogUnreadableError, NoteRefusedError
from audit.log.note import Note, Signature, is_name, key_hash, parse_key, spell_key

COSIGNATURE = b"\x04"
_STAMP = 8
_SIGNATURE = 64
_LATEST = 253_402_300_800
"""The year 10000: later instants cannot be written down, and no witness lives in them."""


@dataclass(frozen=True)
class WitnessKey:
    """A witness's public key under its name, as a verifier pins it."""

    name: str
    public: bytes

    @property
    def id(self) -> bytes:
        """Four bytes that, with the name, say which key cosigned."""
        return key_hash(self.name, kind=COSIGNATURE, public=self.public)

    def __str__(self) -> str:
        """The spelling that is written down and pinned."""
        return spell_key(self.name, kind=COSIGNATURE, public=self.public)

    @classmethod
    def parse(cls, text: str) -> Self:
        """The key that is spelt so; LogUnreadableError for anything else."""
        name, public = parse_key(text, kind=COSIGNATURE)
        return cls(name=name, public=public)

    def signed_at(self, signature: bytes, text: str) -> datetime:
        """When this key cosigned the text; NoteRefusedError when it did not."""
        if len(signature) != _STAMP + _SIGNATURE:
            raise NoteRefusedError(f"the cosignature of {self.name} is not one")
        seconds = int.from_bytes(signature[:_STAMP], "big")
        try:
            key = Ed25519PublicKey.from_public_bytes(self.public)
            key.verify(signature[_STAMP:], _message(text, seconds))
        except (InvalidSignature, ValueError) as error:
            raise NoteRefusedError(f"the cosignature of {self.name} does not hold") from error
        if seconds >= _LATEST:
            raise NoteRefusedError(f"the cosignature of {self.name} is of no instant")
        return datetime.fromtimestamp(seconds, UTC)


@dataclass(frozen=True)
class WitnessSigner:
    """A witness's private key under its name."""

    name: str
    private: Ed25519PrivateKey = field(repr=False)

    def __post_init__(self) -> None:
        """The name is one that a note can carry."""
        if not is_name(self.name):
            raise LogUnreadableError("a key's name has no space and no plus in it")

    @property
    def key(self) -> WitnessKey:
        """What others pin."""
        return WitnessKey(name=self.name, public=self.private.public_key().public_bytes_raw())

    def cosign(self, text: str, *, at: datetime) -> Signature:
        """The cosignature over a checkpoint's text, of that instant to the second."""
        seconds = int(at.timestamp())
        signed = self.private.sign(_message(text, seconds))
        stamped = seconds.to_bytes(_STAMP, "big") + signed
        return Signature(name=self.name, id=self.key.id, signature=stamped)


@dataclass(frozen=True)
class Cosigned:
    """A cosignature that holds."""

    key: WitnessKey
    at: datetime


def cosignatures(note: Note, keys: Iterable[WitnessKey]) -> Iterator[Cosigned]:
    """Those of these witnesses on the note; NoteRefusedError when one of theirs does not hold."""
    known = {(key.name, key.id): key for key in keys}
    for line in note.signatures:
        key = known.get((line.name, line.id))
        if key is not None:
            yield Cosigned(key=key, at=key.signed_at(line.signature, note.text))


def _message(text: str, seconds: int) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()
