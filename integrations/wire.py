"""Reading what came over the wire: bytes into JSON or text, strictly, with one typed refusal."""

import json
import re
from typing import Any, NoReturn

from integrations.errors import RefusalReason, UnreadableBodyError, WebhookRefusedError

RawHeaders = list[tuple[bytes, bytes]]
"""Headers as ASGI hands them over: bytes, in order, repetitions kept."""

_DEEPEST = 32
# NUL and lone surrogates pass JSON but no database and no UTF-8 encoder takes them.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_VISIBLE = re.compile(rb"[\x20-\x7e]*")
_MEND_SENDER = "Compare the sender's signing settings with ours, then let it deliver again."


def read_json(body: bytes) -> dict[str, Any]:
    """The JSON object in the body; anything else is an `UnreadableBodyError`, never another error.

    Refused as well: not UTF-8, repeated names, NaN, nesting deeper than 32, text that cannot be
    stored.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UnreadableBodyError("the body is not UTF-8") from error
    try:
        value = json.loads(text, object_pairs_hook=_pairs, parse_constant=_constant)
    except (ValueError, RecursionError) as error:
        raise UnreadableBodyError("the body is not JSON") from error
    if not isinstance(value, dict):
        raise UnreadableBodyError("the body is not a JSON object")
    _check(value, depth=0)
    return value


def one_header(headers: RawHeaders, name: str, *, longest: int = 4096) -> str:
    """The header's only value, visible ASCII, or a `WebhookRefusedError`."""
    wanted = name.lower().encode()
    values = [value for key, value in headers if key.lower() == wanted]
    if not values:
        raise refused(RefusalReason.HEADER_MISSING, f"the header {name} is missing")
    if len(values) > 1:
        raise refused(RefusalReason.HEADER_REPEATED, f"the header {name} comes more than once")
    value = values[0]
    if len(value) > longest or not _VISIBLE.fullmatch(value):
        raise refused(RefusalReason.HEADER_MALFORMED, f"the header {name} is malformed")
    return value.decode("ascii")


def refused(reason: RefusalReason, message: str) -> WebhookRefusedError:
    """The refusal of a delivery; its message shows nothing the sender wrote."""
    return WebhookRefusedError(reason, message, mend=_MEND_SENDER)


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name is repeated")
    return found


def _constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _check(value: Any, *, depth: int) -> None:
    if depth > _DEEPEST:
        raise UnreadableBodyError(f"the body is nested deeper than {_DEEPEST}")
    if isinstance(value, str) and _UNSTORABLE.search(value):
        raise UnreadableBodyError("the body holds text that cannot be stored")
    if isinstance(value, dict):
        for key, item in value.items():
            _check(key, depth=depth + 1)
            _check(item, depth=depth + 1)
    elif isinstance(value, list):
        for item in value:
            _check(item, depth=depth + 1)
