"""One way to turn a value into bytes, so that a signature or a hash means the same everywhere."""

import hashlib
import hmac
import json
from typing import Any

import rfc8785
from pydantic import BaseModel

COMMITMENT_HEX = 32
"""128 bits: a commitment is in every entry, and nobody can try 2^128 values."""


def canonical(value: BaseModel | dict[str, Any] | list[Any] | str) -> bytes:
    """The RFC 8785 bytes of a value; a model is written in JSON mode first.

    Floats are not used in signed values (audit facts §1): an amount is a string or an int < 2^53.
    """
    # JSON text first: pydantic's own writer decides how instants and durations are spelt.
    plain: Any = json.loads(value.model_dump_json()) if isinstance(value, BaseModel) else value
    return rfc8785.dumps(plain)


def sha256(data: bytes) -> str:
    """The SHA-256 of `data` in lower-case hex."""
    return hashlib.sha256(data).hexdigest()


def commit(salt: bytes, value: BaseModel | dict[str, Any] | list[Any] | str) -> str:
    """A salted commitment to a value: HMAC-SHA256 over its canonical bytes, 128 bits of it in hex.

    Without the case's salt nobody can guess a short answer from it.
    """
    return hmac.new(salt, canonical(value), hashlib.sha256).hexdigest()[:COMMITMENT_HEX]
