"""The clocks and calendars a case was bound to: the pinned rows that any deadline is recomputed by.

They follow from the runbook's document and from what shipped with the release that compiled it, so
a reader without that release needs them beside the record.
"""

import json
from collections.abc import Iterator, Mapping, Sequence

from cases.canonical import canonical
from cases.journal import Entry, Kind
from runbooks.plan import Pathway

FILE = "clocks.json"
VERSION = 1


def clock_rows(versions: Mapping[str, Pathway]) -> bytes:
    """The file: by the digest of the document, the clocks and calendars of that version."""
    return canonical(
        {
            "v": VERSION,
            "rules": {
                digest: {
                    "clocks": [json.loads(clock.model_dump_json()) for clock in pathway.clocks],
                    "calendars": {
                        name: json.loads(calendar.model_dump_json())
                        for name, calendar in pathway.calendars.items()
                    },
                }
                for digest, pathway in versions.items()
            },
        }
    )


def unpinned(entries: Sequence[Entry], versions: Mapping[str, Pathway]) -> Iterator[str]:
    """Deadlines that were computed by a row that is not among the pinned ones."""
    pins = {clock.pin for pathway in versions.values() for clock in pathway.clocks}
    for entry in entries:
        if entry.kind is Kind.CLOCK_DEADLINE:
            pin = entry.body.get("pin")
            if pin is not None and pin not in pins:
                yield f"entry {entry.sequence}: a deadline by a row the case was never bound to"
