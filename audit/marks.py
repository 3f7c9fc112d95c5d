"""The batches that histories hold, with the marks of the workers that derived them."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from audit.bundle.workers import KINDS, Batch, key_of
from audit.kinds import EVENT
from audit.runs import Run
from cases.worker_keys import MARK


def batches_of(runs: Iterable[tuple[str, Run]]) -> Iterator[Batch]:
    """Every batch of these runs, each named by its file."""
    for file, run in runs:
        for event in run.events:
            if event.event_type != EVENT.ACTIVITY_TASK_SCHEDULED:
                continue
            asked: Any = event.activity_task_scheduled_event_attributes
            if asked.activity_type.name not in KINDS:
                continue
            for payload in asked.input.payloads:
                yield Batch(
                    place=f"{file} event {event.event_id}",
                    kind=asked.activity_type.name,
                    data=payload.data,
                    mark=payload.metadata.get(MARK, b""),
                )


def marking(runs: Sequence[Run]) -> frozenset[str]:
    """The keys of all workers that marked a batch of these runs."""
    named = (key_of(batch.mark) for batch in batches_of(("", run) for run in runs))
    return frozenset(named) - {""}
