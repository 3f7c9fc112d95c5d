"""Payloads as values: where two of them differ, and what one of them says."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from pydantic import BaseModel, JsonValue, ValidationError

from workflows.refused import REFUSED

Message = TypeVar("Message", bound=BaseModel)


class Payload(Protocol):
    """Temporal's, or one that was read without it."""

    @property
    def metadata(self) -> Mapping[str, bytes]:
        """How it is encoded."""
        ...

    @property
    def data(self) -> bytes:
        """What it says."""
        ...


@dataclass(frozen=True)
class _Nothing:
    metadata: Mapping[str, bytes] = field(default_factory=dict)
    data: bytes = b""


def read(payload: Payload, kind: type[Message]) -> Message | None:
    """The payload as `kind`, as the workflow reads it; None where the workflow cannot."""
    if payload.metadata.get("encoding") == REFUSED:
        return None
    try:
        return kind.model_validate_json(payload.data)
    except ValidationError:
        return None


def where_they_differ(one: object, other: object) -> tuple[str, object, object]:
    """The path to the first difference inside JSON payloads, and both values there."""
    left, right = _value(one), _value(other)
    if left is None or right is None:
        return "", "" if one is None else one, "" if other is None else other
    path: list[str] = []
    while True:
        step = _step(left, right)
        if step is None:
            return "".join(path), left, right
        name, left, right = step
        path.append(f".{name}")


def _step(left: JsonValue, right: JsonValue) -> tuple[str, JsonValue, JsonValue] | None:
    if isinstance(left, dict) and isinstance(right, dict):
        for name in sorted(left.keys() | right.keys()):
            if left.get(name) != right.get(name):
                return name, left.get(name), right.get(name)
    if isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        for index, (mine, other) in enumerate(zip(left, right, strict=True)):
            if mine != other:
                return str(index), mine, other
    return None


def _value(value: object) -> JsonValue | None:
    if isinstance(value, tuple) and len(value) == 1:
        value = value[0]
    if not isinstance(value, bytes):
        return None
    try:
        read: JsonValue = json.loads(value)
    except ValueError:
        return None
    return read


def only(payloads: Sequence[Payload]) -> Payload:
    """The first of the payloads; an empty one where there are none."""
    return payloads[0] if payloads else _Nothing()
