"""Pins every new version of a row of the law; a version that is pinned keeps its text for ever.

`python -m deploy.clock_pins` adds what is missing, and ends with 1 where a row was changed without
a new version: an old case names that version, and must find what it meant.
"""

import sys
from pathlib import Path

from runbooks.statutes.table import every_version, pins

FILE = Path(__file__).parent.parent / "runbooks" / "library" / "clocks" / "pins.yaml"


def changed() -> list[str]:
    """References whose text is not the one that was pinned."""
    known = pins()
    return [
        row.reference
        for row in every_version().values()
        if known.get(row.reference, row.text_digest) != row.text_digest
    ]


def written() -> str:
    """The whole file: what was pinned, and what is new."""
    now = {row.reference: row.text_digest for row in every_version().values()}
    every = sorted((now | dict(pins())).items())
    lines = ["# Written by `python -m deploy.clock_pins`. Nothing here is ever changed or removed."]
    lines += ["pins:", *(f'  "{reference}": "{digest}"' for reference, digest in every)]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    wrong = changed()
    for reference in wrong:
        print(f"{reference}: the row was changed; give it a new version", file=sys.stderr)
    if not wrong:
        FILE.write_text(written(), encoding="utf-8")
    sys.exit(bool(wrong))
