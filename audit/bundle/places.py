"""Where a file may stand in an export: names that every system and every reader takes alike."""

import re
from collections.abc import Iterable

from audit.errors import ExportUnreadableError

LONGEST = 240
DEEPEST = 6
_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]{0,99}")


def check_place(name: str) -> None:
    """The name is relative, plain ASCII, and leads nowhere else; ExportUnreadableError if not."""
    parts = name.split("/")
    if len(name) > LONGEST or len(parts) > DEEPEST:
        raise ExportUnreadableError(_shown(name), "has too long a name")
    # A name that ends in a dot is another one on Windows; ".." cannot begin with a letter.
    if not all(_PART.fullmatch(part) and not part.endswith(".") for part in parts):
        raise ExportUnreadableError(_shown(name), "has a name that an export never uses")


def check_places(names: Iterable[str]) -> None:
    """No two of the names are one file anywhere: also where upper and lower case are the same."""
    seen: dict[str, str] = {}
    folders: set[str] = set()
    for name in names:
        check_place(name)
        folded = name.lower()
        if folded in seen:
            raise ExportUnreadableError(name, "stands there twice")
        seen[folded] = name
        parts = folded.split("/")
        folders.update("/".join(parts[:depth]) for depth in range(1, len(parts)))
    for name in sorted(folders & seen.keys()):
        raise ExportUnreadableError(name, "is a file and a folder")


def _shown(name: str) -> str:
    """The name as a message may repeat it."""
    return name[:LONGEST].encode("ascii", "backslashreplace").decode()
