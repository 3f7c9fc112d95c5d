"""The provider's published keys: which one may have signed a token."""

from typing import Any

import jwt

from integrations.errors import IdentityError, IdentityReason

_MOST_KEYS = 100
_KEY_TYPES = {"R": "RSA", "P": "RSA", "E": "EC"}
_SMALLEST_RSA = 2048


class KeySet:
    """A JSON Web Key Set; keys that cannot be used here are left out, whatever they are for."""

    def __init__(self, document: dict[str, Any]) -> None:
        listed = document.get("keys")
        self._keys = [
            each
            for each in (listed[:_MOST_KEYS] if isinstance(listed, list) else [])
            if isinstance(each, dict) and each.get("use", "sig") == "sig"
        ]

    def __len__(self) -> int:
        return len(self._keys)

    def find(self, name: object, *, algorithm: str) -> Any:
        """The public key a token names; without a name, the only one that fits its algorithm."""
        fitting = [key for key in self._keys if _fits(key, algorithm)]
        if name is not None:
            named = [key for key in self._keys if key.get("kid") == name]
            if not named:
                raise IdentityError(
                    IdentityReason.UNKNOWN_KEY, "the token names a key the provider does not have"
                )
            fitting = [key for key in named if _fits(key, algorithm)]
            if not fitting:
                raise IdentityError(
                    IdentityReason.WRONG_ALGORITHM, "the token's algorithm is not its key's"
                )
        if len(fitting) != 1:
            raise IdentityError(
                IdentityReason.UNKNOWN_KEY, "the token does not say which key signed it"
            )
        return _read(fitting[0], algorithm)


def _fits(key: dict[str, Any], algorithm: str) -> bool:
    wanted = "OKP" if algorithm == "EdDSA" else _KEY_TYPES[algorithm[0]]
    return key.get("kty") == wanted and key.get("alg", algorithm) == algorithm


def _read(key: dict[str, Any], algorithm: str) -> Any:
    try:
        read = jwt.PyJWK(key, algorithm=algorithm).key
    except (jwt.PyJWTError, ValueError, TypeError, KeyError) as error:
        raise IdentityError(
            IdentityReason.UNKNOWN_KEY, "the provider's key cannot be read"
        ) from error
    if hasattr(read, "private_numbers"):
        # A provider that publishes its private key can be impersonated by anybody.
        raise IdentityError(IdentityReason.UNKNOWN_KEY, "the provider published a private key")
    if key.get("kty") == "RSA" and read.key_size < _SMALLEST_RSA:
        raise IdentityError(IdentityReason.UNKNOWN_KEY, "the provider's key is too short")
    return read
