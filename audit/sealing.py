"""Temporal's runs as they are sealed, and held against their seals (`audit.bundle.sealed`)."""

from collections.abc import Iterator, Mapping, Sequence

from google.protobuf.message import DecodeError
from temporalio.api.history.v1 import HistoryEvent

from audit.bundle.sealed import RunSeal, SealedRun, as_it_is, check_sealed
from audit.ends import ending
from audit.runs import Run
from cases.journal import Entry


def seal_of(run: Run, *, stream: str, salt: bytes) -> RunSeal:
    """The seal of the run; ValueError while it goes on."""
    if ending(run) is None:
        raise ValueError(f"run {run.run} goes on")
    return as_it_is(as_sealed(run), stream=stream, salt=salt)


def check_seals(
    runs: Mapping[str, Sequence[Run]], door: Sequence[Entry], *, salt: bytes
) -> tuple[list[str], list[str]]:
    """What is not as it was sealed, and which runs have no seal; runs by stream."""
    found = {stream: [as_sealed(run) for run in of_stream] for stream, of_stream in runs.items()}
    return check_sealed(found, door, salt=salt)


def check_exported(
    runs: Mapping[str, Sequence[Run]],
    sealed: Mapping[str, Sequence[SealedRun]],
    door: Sequence[Entry],
    *,
    salt: bytes,
) -> tuple[list[str], list[str]]:
    """The same of an export that also keeps the bytes that were sealed.

    The bytes are held against the seals, and what people and replay read against the bytes: a
    later release may spell an event otherwise, and what it says stays the same.
    """
    if not sealed:
        return check_seals(runs, door, salt=salt)
    wrong, missing = check_sealed(sealed, door, salt=salt)
    for stream, of_stream in runs.items():
        for run, kept in zip(of_stream, sealed.get(stream, ()), strict=True):
            wrong += [f"run {run.run} of {stream}: {why}" for why in _other_than(run, kept)]
    return wrong, missing


def _other_than(run: Run, kept: SealedRun) -> Iterator[str]:
    if len(run.events) != len(kept.events):
        yield f"{len(kept.events)} events were kept, and {len(run.events)} can be read"
    if (ending(run) or "") != kept.ending:
        yield "it did not end as the manifest says"
    for event, raw in zip(run.events, kept.events, strict=False):
        if raw == event.SerializeToString(deterministic=True):
            continue
        try:
            same = HistoryEvent.FromString(raw) == event
        except DecodeError:
            same = False
        if not same:
            yield f"event {event.event_id} is not what was sealed"
            return


def as_sealed(run: Run) -> SealedRun:
    """The run as the bytes that are sealed."""
    return SealedRun(
        run=run.run,
        ending=ending(run) or "",
        events=tuple(event.SerializeToString(deterministic=True) for event in run.events),
    )
