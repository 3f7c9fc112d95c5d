"""C2SP signed-note: a text, a blank line, and lines that say who signed it (Ed25519, type 0x01).

A key is known by its name and four bytes of hash together. Lines under unknown keys are ignored;
one line under a known key that does not hold refuses the whole note.
"""

import base64
import binascii
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from audit.log.errors import LogUnreadableError, NoteRefusedError

ED25519 = b"\x01"
LONGEST_NOTE = 64 * 1024
MOST_SIGNATURES = 64
_ID = 4
_KEY = 32
_SIGNATURE = 64
_DASH = "\u2014 "


@dataclass(frozen=True)
class NoteKey:
    """A public key under its name, as a verifier pins it: `<name>+<hash>+<base64 of type, key>`."""

    name: str
    public: bytes

    @property
    def id(self) -> bytes:
        """Four bytes that, with the name, say which key signed."""
        return key_hash(self.name, kind=ED25519, public=self.public)

    def __str__(self) -> str:
        """The spelling that is written down and pinned."""
        return spell_key(self.name, kind=ED25519, public=self.public)

    @classmethod
    def parse(cls, text: str) -> Self:
        """The key that is spelt so; LogUnreadableError for anything else."""
        name, public = parse_key(text, kind=ED25519)
        return cls(name=name, public=public)

    def holds(self, signature: bytes, text: bytes) -> bool:
        """Whether this key made the signature over the text."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True)
class NoteSigner:
    """A private key under its name."""

    name: str
    private: Ed25519PrivateKey = field(repr=False)
    beside: tuple["NoteSigner", ...] = ()
    """The keys it takes the place of: they sign as well while some know only them."""
    before: tuple["NoteKey", ...] = ()
    """Keys that signed under this name earlier: what they signed is still believed."""

    def __post_init__(self) -> None:
        """The name is one that a note can carry."""
        if not is_name(self.name):
            raise LogUnreadableError("a key's name has no space and no plus in it")

    @property
    def key(self) -> NoteKey:
        """What others pin."""
        return NoteKey(name=self.name, public=self.private.public_key().public_bytes_raw())

    @property
    def keys(self) -> tuple[NoteKey, ...]:
        """Every key that what is signed under this name may be held against, its own first."""
        return (self.key, *(signer.key for signer in self.beside), *self.before)

    def sign(self, text: str) -> str:
        """The note: the text, which ends in a newline, this key's signature, and those beside."""
        made = Signature(name=self.name, id=self.key.id, signature=self.private.sign(text.encode()))
        beside = "".join(signer.sign(text).rpartition("\n\n")[2] for signer in self.beside)
        return f"{text}\n{made.line}{beside}"


@dataclass(frozen=True)
class Signature:
    """A signature line that has not been believed yet."""

    name: str
    id: bytes
    signature: bytes

    @property
    def line(self) -> str:
        """The line as it stands in a note, with its newline."""
        return f"{_DASH}{self.name} {base64.b64encode(self.id + self.signature).decode()}\n"


@dataclass(frozen=True)
class Note:
    """A note as it was read: whoever uses the text asks `signed_by` first."""

    text: str
    signatures: tuple[Signature, ...]

    def signed_by(self, keys: Iterable[NoteKey]) -> NoteKey:
        """The first of these keys that signed; NoteRefusedError when none did, or one falsely."""
        known = {(key.name, key.id): key for key in keys}
        found: NoteKey | None = None
        for line in self.signatures:
            key = known.get((line.name, line.id))
            if key is None:
                continue
            if len(line.signature) != _SIGNATURE or not key.holds(
                line.signature, self.text.encode()
            ):
                raise NoteRefusedError(f"the signature of {key.name} does not hold")
            found = found or key
        if found is None:
            raise NoteRefusedError("no trusted key signed it")
        return found


def read_note(data: bytes) -> Note:
    """The note; LogUnreadableError for anything that two readers could split differently."""
    if len(data) > LONGEST_NOTE:
        raise LogUnreadableError("a note is not that long")
    try:
        whole = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise LogUnreadableError("a note is UTF-8") from error
    if any(character < " " and character != "\n" for character in whole):
        raise LogUnreadableError("a note has no control characters")
    text, blank, signatures = whole.rpartition("\n\n")
    if not blank or not text:
        raise LogUnreadableError("a note is a text, a blank line and signature lines")
    return Note(text=text + "\n", signatures=read_signatures(signatures))


def key_hash(name: str, *, kind: bytes, public: bytes) -> bytes:
    """The four bytes that a signature line begins with: of name, type and key together."""
    return hashlib.sha256(name.encode() + b"\n" + kind + public).digest()[:_ID]


def spell_key(name: str, *, kind: bytes, public: bytes) -> str:
    """C2SP's vkey: `<name>+<hash>+<base64 of type, key>`."""
    told = key_hash(name, kind=kind, public=public).hex()
    return f"{name}+{told}+{base64.b64encode(kind + public).decode()}"


def parse_key(text: str, *, kind: bytes) -> tuple[str, bytes]:
    """Name and public key of a vkey of that type; LogUnreadableError for anything else."""
    name, _, rest = text.partition("+")
    told, _, encoded = rest.partition("+")
    raw = unbase64(encoded)
    if not is_name(name) or len(raw) != 1 + _KEY or raw[:1] != kind:
        raise LogUnreadableError(f"not an Ed25519 public key of type 0x{kind.hex()}")
    if told != key_hash(name, kind=kind, public=raw[1:]).hex():
        raise LogUnreadableError("the key's hash is not the key's")
    return name, raw[1:]


def read_signatures(text: str) -> tuple["Signature", ...]:
    """The signature lines, each with its newline; LogUnreadableError for anything else."""
    if not text.endswith("\n"):
        raise LogUnreadableError("a signature line ends in a newline")
    lines = text[:-1].split("\n")
    if len(lines) > MOST_SIGNATURES:
        raise LogUnreadableError("too many signatures")
    return tuple(_signature(line) for line in lines)


def unbase64(text: str) -> bytes:
    """The bytes; LogUnreadableError unless it is their one spelling in standard base64."""
    try:
        raw = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise LogUnreadableError("not base64") from error
    if base64.b64encode(raw).decode() != text:
        raise LogUnreadableError("not the one spelling in base64")
    return raw


def is_name(text: str) -> bool:
    """Whether a key may be called so: it has bytes, and none that would split a line."""
    return bool(text) and not any(
        part.isspace() or part == "+" or part < " " or "\ud800" <= part <= "\udfff" for part in text
    )


def _signature(line: str) -> Signature:
    name, space, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not space or not is_name(name):
        raise LogUnreadableError("not a signature line")
    raw = unbase64(encoded)
    if len(raw) <= _ID:
        raise LogUnreadableError("a signature line without a signature")
    return Signature(name=name, id=raw[:_ID], signature=raw[_ID:])
