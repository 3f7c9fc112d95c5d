"""The case's picture, worked out from its history: what every batch of entries said had changed."""

from collections.abc import Iterator
from typing import Any

from pydantic import JsonValue

from audit.kinds import EVENT
from audit.payloads import only, read
from audit.runs import CaseHistory, Run
from cases.state import CasePicture, picture
from workflows.effects import APPEND_JOURNAL, JournalBatch


def batches(run: Run) -> Iterator[JournalBatch]:
    """Every batch that the run wanted to be stored, in the order it asked."""
    for event in run.events:
        if event.event_type != EVENT.ACTIVITY_TASK_SCHEDULED:
            continue
        asked = event.activity_task_scheduled_event_attributes
        if asked.activity_type.name != APPEND_JOURNAL.name:
            continue
        batch = read(only(asked.input.payloads), JournalBatch)
        if batch is not None and batch.entries:
            yield batch


def picture_of(history: CaseHistory) -> dict[str, JsonValue]:
    """The case as its history leaves it; empty where nothing was stored, or makes no picture."""
    fields: dict[str, Any] = {}
    for run in history.runs:
        for batch in batches(run):
            fields |= batch.changes
    try:
        return picture(CasePicture.of(fields))
    except (KeyError, ValueError):
        return {}
