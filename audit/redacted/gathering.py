"""A case's streams as they are read for somebody: out of the store alone, without Temporal."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from audit.log.part import LogPart, lineage, log_of
from audit.log.segments import Segment, placed
from audit.manifest import CASE_STREAM, DOOR_STREAM
from audit.owed import stream_file
from audit.redacted.fields import FieldClass, class_of
from audit.redacted.opening import OpenedEntry, Shows, counts, lines, opened, read_lines
from cases.journal import Entry, Kind, Stream
from cases.log_glass import SPOOL_LINE
from store import Branch, LogKey, Skeleton, Store

OF_SKELETON = frozenset({FieldClass.SKELETON, FieldClass.STAFF})
"""What stays when content is erased."""


@dataclass(frozen=True)
class ReadStream:
    """One stream: its entries, and the branches they were recorded on."""

    stream: str
    branch: str
    lineage: tuple[Segment, ...]
    entries: tuple[OpenedEntry, ...]


@dataclass(frozen=True)
class RedactedRecord:
    """A case's streams as one reader may have them."""

    streams: Mapping[str, ReadStream]
    """By file."""
    log: LogPart | None
    marks: Mapping[LogKey, bytes] = field(default_factory=dict)
    """The log's word over entries that something waited for."""
    waits: bool = False
    """What people decide in it waits for the log."""
    shreds: Sequence[str] = ()
    """The erasures that took content away."""
    erased: frozenset[tuple[str, int]] = field(default_factory=frozenset)
    """File and sequence of entries whose content is gone for everybody."""


def shows_classes(classes: frozenset[FieldClass]) -> Shows:
    """Shows the fields of these classes."""
    return lambda kind, path: class_of(kind, path) in classes


async def skeleton_of(store: Store, case: str) -> Skeleton:
    """What stays of a case when its key goes now."""
    streams: dict[str, tuple[OpenedEntry, ...]] = {}
    heads: dict[str, int] = {}
    branches = await store.journal.branches(case)
    for branch in branches:
        heads[f"{branch.stream}|{branch.branch}"] = branch.sequence
    for name, branch in _files(branches).items():
        entries = await store.journal.entries(case, stream=branch.stream, branch=branch.branch)
        segments = lineage(branches, stream=branch.stream, branch=branch.branch)
        streams[name] = tuple(_opened(entries, segments, shows_classes(OF_SKELETON)))
    return Skeleton(
        streams={name: lines(entries) for name, entries in streams.items()},
        heads=heads,
        counts=counts(streams),
    )


async def gather_redacted(store: Store, case: str, *, shows: Shows) -> RedactedRecord:
    """The streams with what `shows` lets through, joined to what earlier erasures left."""
    branches = await store.journal.branches(case)
    left: dict[str, list[OpenedEntry]] = {}
    for of_key in (await store.shredding.streams(case)).values():
        for name, data in of_key.items():
            left.setdefault(name, []).extend(read_lines(name, data))
    streams: dict[str, ReadStream] = {}
    erased: set[tuple[str, int]] = set()
    for name, branch in _files(branches).items():
        segments = lineage(branches, stream=branch.stream, branch=branch.branch)
        entries = await store.journal.entries(case, stream=branch.stream, branch=branch.branch)
        before = {entry.sequence: _less(entry, shows) for entry in left.get(name, ())}
        erased |= {(name, sequence) for sequence in before}
        now = {entry.sequence: entry for entry in _opened(entries, segments, shows)}
        both = before | now
        streams[name] = ReadStream(
            stream=branch.stream,
            branch=branch.branch,
            lineage=segments,
            entries=tuple(both[sequence] for sequence in sorted(both)),
        )
    waited = await store.acts.waited(case)
    return RedactedRecord(
        streams=streams,
        log=await _log(store, case, streams.values()),
        marks=await _marks(store, case, waited, streams[DOOR_STREAM].entries)
        if DOOR_STREAM in streams
        else {},
        waits=bool(waited),
        shreds=tuple(shred.erasure for shred in await store.shredding.shreds(case=case)),
        erased=frozenset(erased),
    )


def _files(branches: Sequence[Branch]) -> dict[str, Branch]:
    """Every branch by the file it stands in: the one a stream lives on, and those beside it."""
    newest: dict[str, Branch] = {}
    for branch in branches:
        known = newest.get(branch.stream)
        if known is None or branch.ordinal > known.ordinal:
            newest[branch.stream] = branch
    named: dict[str, Branch] = {}
    beside = 0
    for branch in branches:
        if branch.branch == newest[branch.stream].branch:
            named[_file(branch.stream)] = branch
        else:
            beside += 1
            named[f"journal/branch-{beside}.jsonl"] = branch
    return named


def _file(stream: str) -> str:
    if stream == Stream.CASE:
        return CASE_STREAM
    return DOOR_STREAM if stream == Stream.DOOR else stream_file(stream.partition("/")[2])


def _opened(
    entries: Sequence[Entry], segments: Sequence[Segment], shows: Shows
) -> list[OpenedEntry]:
    return [
        opened(entry, branch=branch, shows=shows) for entry, branch in placed(entries, segments)
    ]


def _less(entry: OpenedEntry, shows: Shows) -> OpenedEntry:
    """What is left of an erased entry, for a reader who may see less than is left."""
    return entry.without(path for path in entry.shown if not shows(entry.kind, path))


async def _marks(
    store: Store, case: str, waited: Mapping[str, bytes], door: Sequence[OpenedEntry]
) -> dict[LogKey, bytes]:
    """Each mark under the entry it is of; a spool's line names people, and stays here."""
    found = await store.log.relieved_of(case)
    for entry in door:
        mark = waited.get(entry.text("body.act"), b"")
        if entry.kind is Kind.DOOR_ACT_RECORDED and mark:
            found[LogKey(case, Stream.DOOR, entry.text("branch"), entry.sequence)] = mark
    return {key: mark for key, mark in found.items() if not mark.startswith(SPOOL_LINE.encode())}


async def _log(store: Store, case: str, streams: Iterable[ReadStream]) -> LogPart | None:
    wanted = {
        LogKey(case, read.stream, entry.text("branch"), entry.sequence)
        for read in streams
        for entry in read.entries
    }
    return await log_of(store, case, wanted)
