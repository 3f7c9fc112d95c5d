"""JSON that two readers cannot understand differently."""

import json
import re
import unicodedata
from collections.abc import Callable
from typing import Any

from audit.errors import ExportUnreadableError

EXACT = 2**53
"""From here on some readers round."""
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def read_json(name: str, data: bytes, *, floats: bool = False) -> Any:
    """The value; ExportUnreadableError for anything that has no single meaning.

    No key twice, also not under two spellings of one letter; no BOM, no NaN, no number that loses
    digits somewhere, no half of a surrogate pair. Floats only where they are asked for: Temporal's
    own histories have some.
    """
    try:
        value = (_WITH_FLOATS if floats else _WITHOUT).decode(data.decode("utf-8"))
        if _SURROGATE.search(data):
            # A lone one can be escaped and has no bytes; a pair is one letter, and has.
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeError as error:
        raise ExportUnreadableError(name, "is not UTF-8") from error
    except RecursionError as error:
        raise ExportUnreadableError(name, "is nested too deeply") from error
    except ValueError as error:
        raise ExportUnreadableError(name, f"is not strict JSON: {error}"[:200]) from error
    return value


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a key stands twice")
    if not "".join(value).isascii():
        composed = {unicodedata.normalize("NFC", key) for key in value}
        if len(composed) != len(value):
            raise ValueError("two keys are one key in two spellings")
    return value


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number")


def _no_float(number: str) -> Any:
    raise ValueError(f"{number[:20]} is a fraction")


def _exact(number: str) -> int:
    value = int(number)
    if abs(value) >= EXACT:
        raise ValueError("a number is too large to be exact everywhere")
    return value


def _decoder(parse_float: Callable[[str], float]) -> json.JSONDecoder:
    return json.JSONDecoder(
        object_pairs_hook=_no_twins,
        parse_constant=_no_constant,
        parse_float=parse_float,
        parse_int=_exact,
    )


# Made once: a decoder costs more than most lines that it reads.
_WITH_FLOATS = _decoder(float)
_WITHOUT = _decoder(_no_float)
