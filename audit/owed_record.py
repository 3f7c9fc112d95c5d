"""What a case owes after closing, read from the engine and from the store."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from temporalio.client import Client
from temporalio.converter import PayloadCodec

from audit.errors import HistoryMissingError
from audit.histories import fetch
from audit.runs import Run
from audit.together import read_together
from cases.journal import Entry
from store import Store


@dataclass(frozen=True)
class OwedRecord:
    """Everything that is known of one obligation."""

    name: str
    entries: Sequence[Entry]
    runs: Sequence[Run]
    """None while it is not started, or when the engine has forgotten it."""


async def gather_owed(
    case: str, *, store: Store, client: Client, codec: PayloadCodec
) -> list[OwedRecord]:
    """The record of everything the case owes, by name."""
    records: list[OwedRecord] = []
    for row in sorted(await store.obligations.by_case(case), key=lambda found: found.name):
        history = partial(fetch, client, row.workflow_id, codec=codec)
        stream = partial(store.journal.entries, case, stream=row.stream)
        try:
            read = await read_together(history, stream)
        except HistoryMissingError:
            records.append(OwedRecord(name=row.name, entries=await stream(), runs=()))
        else:
            records.append(OwedRecord(name=row.name, entries=read.entries, runs=read.history.runs))
    return records
