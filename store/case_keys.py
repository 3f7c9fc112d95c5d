"""A case's own keys, unwrapped: what they seal opens only with them, and only in its place."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from store.errors import BrokenSeal, ContentErased, UnknownKey

_NONCE = 12
_FORMAT = b"\x01"


@dataclass(frozen=True)
class CaseKeys:
    """A case's data key and its commitment salt, unwrapped."""

    case: str
    key_id: str
    key: bytes = field(repr=False)
    salt: bytes = field(repr=False)
    destroyed: frozenset[str] = frozenset()
    """Ids of keys that the case had before its content was erased."""

    def seal(self, data: bytes, *, aad: str) -> bytes:
        """The data encrypted for one place of one case; `aad` names the place."""
        nonce = secrets.token_bytes(_NONCE)
        name = self.key_id.encode()
        head = _FORMAT + bytes([len(name)]) + name + nonce
        return head + AESGCM(self.key).encrypt(nonce, data, self._bound(aad))

    def open_sealed(self, sealed: bytes, *, aad: str) -> bytes:
        """The data; BrokenSeal unless it was sealed by this key for this place."""
        key_id, rest = _split(sealed)
        if key_id in self.destroyed:
            raise ContentErased(self.case)
        if key_id != self.key_id:
            raise UnknownKey(f"{self.case}: sealed with key {key_id}, not {self.key_id}")
        try:
            return AESGCM(self.key).decrypt(rest[:_NONCE], rest[_NONCE:], self._bound(aad))
        except InvalidTag:
            raise BrokenSeal(f"{self.case}: {aad.split('|', 1)[0]} does not open") from None

    def digest(self, body: bytes) -> str:
        """The body's salted digest: a short one must not be guessable from it (I13)."""
        return hmac.new(self.salt, body, hashlib.sha256).hexdigest()

    def is_erased(self, sealed: bytes) -> bool:
        """Whether a key that was destroyed has sealed these bytes."""
        return bool(self.destroyed) and _split(sealed)[0] in self.destroyed

    def _bound(self, aad: str) -> bytes:
        return joined("escalate sealed 1", self.case, self.key_id, aad)


def _split(sealed: bytes) -> tuple[str, bytes]:
    head = len(_FORMAT) + 1
    if not sealed.startswith(_FORMAT) or len(sealed) < head:
        raise BrokenSeal("not sealed bytes")
    end = head + sealed[head - 1]
    if len(sealed) < end + _NONCE:
        raise BrokenSeal("not sealed bytes")
    return sealed[head:end].decode("ascii", "replace"), sealed[end:]


def joined(*parts: str) -> bytes:
    """The parts as bytes that no other list of parts has."""
    # Length-prefixed: no two lists of parts share bytes.
    return b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in parts)
