"""CSV and JSON lines: one row an entry, everything that the reader may see."""

import csv
import io
import json
from collections.abc import Iterable

from audit.formats.seen import Seen
from cases.values import spoken

COLUMNS = (
    "at", "stream", "branch", "sequence", "kind", "who", "role", "details", "held_back", "hash",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_csv(rows: Iterable[Seen]) -> str:
    """RFC 4180, with a heading; no cell is a formula to a spreadsheet."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for row in rows:
        entry = row.entry
        details = json.dumps(entry.body, ensure_ascii=False, sort_keys=True)
        cells = (
            spoken(entry.at),
            entry.stream,
            row.branch,
            str(entry.sequence),
            entry.kind.value,
            row.who,
            str(entry.body.get("role", "")),
            details,
            " ".join(row.held_back),
            row.hash,
        )
        writer.writerow([_inert(cell) for cell in cells])
    return out.getvalue()


def as_jsonl(rows: Iterable[Seen]) -> str:
    """One JSON object a line."""
    return "".join(
        json.dumps(
            {
                "at": row.entry.at.isoformat(),
                "case": row.entry.case,
                "stream": row.entry.stream,
                "branch": row.branch,
                "sequence": row.entry.sequence,
                "kind": row.entry.kind.value,
                "body": row.entry.body,
                "held_back": list(row.held_back),
                "hash": row.hash,
            },
            ensure_ascii=False,
        )
        + "\n"
        for row in rows
    )


def _inert(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
