"""The seal of a run that has ended: what Temporal had of it, before anybody could change that.

Strict replay catches whatever the code depends on. What it does not depend on (who polled, who
sent) can be rewritten in Temporal's database without a trace. So the door takes a root over every
event as soon as a run has ended, and writes it into its own stream, which the transparency log
covers. The hashes are keyed with the case's salt: without it they say nothing.

An export keeps the events as the exact bytes that were sealed, beside the histories that people
read: a seal can be checked by whoever has HMAC and SHA-256, and knows nothing of Temporal.
"""

import hmac
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from audit.errors import ExportUnreadableError
from audit.log.merkle import Span, complete_root, joined, leaf_hash, nodes_of
from cases.journal import Entry, Kind
from cases.values import Inbound

SUFFIX = ".events"
_LENGTH = 4
_MOST_MARKS = 512
_MARK = 4
"""Bytes: enough to find the place; that there is one is what the root says."""


@dataclass(frozen=True)
class SealedRun:
    """A run as it is sealed: the bytes of its events, payloads in clear."""

    run: str
    ending: str
    """Empty while it goes on."""
    events: Sequence[bytes]


class RunSeal(Inbound):
    """What a run consisted of when it had ended."""

    stream: str
    """Whose run it was: the case's, or that of something it owes."""
    run: str
    events: int
    ending: str
    root: str
    """RFC 6962's root over the keyed hashes of its events, hex."""
    block: int
    """How many events share a mark."""
    marks: str
    """The beginnings of the blocks' roots, hex: where a difference is."""


def seals_in(door: Sequence[Entry]) -> dict[str, RunSeal]:
    """The seals in the doors' stream, by run; the first of a run is the one that counts."""
    found: dict[str, RunSeal] = {}
    for entry in door:
        if entry.kind is Kind.DOOR_RUN_SEALED:
            seal = RunSeal.model_validate(entry.body)
            found.setdefault(seal.run, seal)
    return found


def check_sealed(
    runs: Mapping[str, Sequence[SealedRun]], door: Sequence[Entry], *, salt: bytes
) -> tuple[list[str], list[str]]:
    """What is not as it was sealed, and which runs have no seal; runs by stream."""
    try:
        seals = seals_in(door)
    except ValidationError:
        return ["a seal in the doors' stream cannot be read"], []
    wrong: list[str] = []
    missing: list[str] = []
    for stream, of_stream in runs.items():
        for run in of_stream:
            seal = seals.pop(run.run, None)
            if seal is None and run.ending:
                missing.append(f"run {run.run} of {stream} is not sealed: export again in a moment")
            elif seal is not None:
                wrong += [
                    f"run {run.run} of {stream}: {why}"
                    for why in _differences(run, seal, stream=stream, salt=salt)
                ]
    # A history that Temporal has forgotten is missing; it was there when it was sealed.
    missing += [
        f"run {run} of {seal.stream} was sealed and is not here" for run, seal in seals.items()
    ]
    return wrong, missing


def as_it_is(run: SealedRun, *, stream: str, salt: bytes, block: int = 0) -> RunSeal:
    """What a seal of the run says; with a mark for each `block` events, if that is not zero."""
    hashes = _hashes(run.events, salt)
    block = block or max(1, math.ceil(len(hashes) / _MOST_MARKS))
    return RunSeal(
        stream=stream,
        run=run.run,
        events=len(hashes),
        ending=run.ending,
        root=_root(hashes).hex(),
        block=block,
        marks="".join(_marks(hashes, block)),
    )


def _differences(run: SealedRun, seal: RunSeal, *, stream: str, salt: bytes) -> Iterator[str]:
    # A run of another length would have other marks of its own.
    found = as_it_is(run, stream=stream, salt=salt, block=seal.block)
    if found == seal:
        return
    if found.root == seal.root:
        yield "the seal contradicts itself"
        return
    if found.events != seal.events:
        yield f"{seal.events} events were sealed, and {found.events} are here"
    width = 2 * _MARK
    marks = zip(_cut(seal.marks, width), _cut(found.marks, width), strict=False)
    places = [index for index, (then, now) in enumerate(marks) if then != now]
    if places:
        first = places[0] * seal.block + 1
        last = first + seal.block - 1
        place = f"event {first}" if first == last else f"events {first} to {last}"
        more = f", and {len(places) - 1} places more" if len(places) > 1 else ""
        yield f"{place} is not what was sealed{more}"
    elif found.events < seal.events:
        yield f"{_from_to(found.events + 1, seal.events)} missing"
    elif found.events > seal.events:
        yield f"{_from_to(seal.events + 1, found.events)} not sealed"
    else:
        yield "it is not what was sealed"


def _from_to(first: int, last: int) -> str:
    return f"event {first} is" if first == last else f"events {first} to {last} are"


def events_file(events: Sequence[bytes]) -> bytes:
    """The events as an export keeps them, each after its length in four bytes."""
    return b"".join(len(event).to_bytes(_LENGTH, "big") + event for event in events)


def read_events(name: str, data: bytes) -> tuple[bytes, ...]:
    """The events of such a file; ExportUnreadableError when it ends within one."""
    events: list[bytes] = []
    at = 0
    while at < len(data):
        length = int.from_bytes(data[at : at + _LENGTH], "big")
        event = data[at + _LENGTH : at + _LENGTH + length]
        if at + _LENGTH > len(data) or len(event) != length:
            raise ExportUnreadableError(name, "ends within an event")
        events.append(event)
        at += _LENGTH + length
    return tuple(events)


def _hashes(events: Sequence[bytes], salt: bytes) -> list[bytes]:
    """One hash an event, over its bytes with payloads in clear."""
    return [leaf_hash(hmac.digest(salt, event, "sha256")) for event in events]


def _root(hashes: Sequence[bytes]) -> bytes:
    return joined(
        [
            complete_root(hashes[node.number << node.level : (node.number + 1) << node.level])
            for node in nodes_of(Span(0, len(hashes)))
        ]
    )


def _marks(hashes: Sequence[bytes], block: int) -> Iterator[str]:
    for first in range(0, len(hashes), block):
        yield _root(hashes[first : first + block])[:_MARK].hex()


def _cut(text: str, width: int) -> list[str]:
    return [text[at : at + width] for at in range(0, len(text), width)]
