"""An export as it is read without Temporal: every file strictly, nothing believed yet."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from audit.bundle.dsse import read_envelopes
from audit.bundle.opened import Place, opening_of
from audit.bundle.sealed import SealedRun, read_events
from audit.errors import ExportUnreadableError
from audit.log.segments import placed
from audit.manifest import (
    BEFORE,
    CASE_STREAM,
    DOOR_STREAM,
    FORMAT,
    KEYRING,
    MANIFEST,
    SIGNATURE,
    Keyring,
    Manifest,
    RunFile,
    SignedBy,
    write,
)
from audit.reading import Stream as Lines
from audit.reading import read_files, read_model, read_stream
from audit.strict_json import read_json
from cases.envelope import ActEnvelope
from cases.journal import Entry, Stream, obligation_stream
from workflows.messages import CaseInput
from workflows.refused import REFUSED

Written = TypeVar("Written", Manifest, SignedBy, Keyring)

_REFUSED = base64.b64encode(REFUSED).decode()


@dataclass(frozen=True)
class Bundle:
    """An export as it was read: every file is in the manifest or named in a check."""

    files: Mapping[str, bytes]
    manifest: Manifest
    keyring: Keyring
    signed: SignedBy
    case_stream: Lines
    door_stream: Lines
    branches: Mapping[str, Lines]
    owed: Mapping[str, Lines]
    """The streams of what the case owes, by name."""
    acts: Mapping[str, ActEnvelope] = field(default_factory=dict)
    """By their files, the acts that were signed for the case and for what it owes."""
    sealed: Mapping[str, Sequence[SealedRun]] = field(default_factory=dict)
    """By stream, the runs that wrote it, as the bytes that were sealed."""

    @property
    def before(self) -> bool:
        """Whether it was written before exports had these parts of their own."""
        return self.manifest.format == BEFORE

    @property
    def entries(self) -> Sequence[Entry]:
        """The case stream."""
        return self.case_stream.entries

    @property
    def door(self) -> Sequence[Entry]:
        """The doors' stream."""
        return self.door_stream.entries

    @property
    def streams(self) -> dict[str, Lines]:
        """Every stream that the log covers, by its file."""
        others = {self.manifest.branches[name]: lines for name, lines in self.branches.items()}
        return {CASE_STREAM: self.case_stream, DOOR_STREAM: self.door_stream, **others}

    @cached_property
    def opened(self) -> Sequence[tuple[Entry, Place, Sequence[bytes]]]:
        """Every entry with its fields opened, worked out of the entry: for the log and for people.

        An entry without a salt has nothing that could be opened.
        """
        found: list[tuple[Entry, Place, Sequence[bytes]]] = []
        for file, lines in self.streams.items():
            written = dict(zip(map(id, lines.entries), lines.lines, strict=True))
            for entry, branch in placed(lines.entries, self.manifest.lineage.get(file, ())):
                if entry.salt:
                    place = Place(entry.stream, branch, entry.sequence)
                    opened = opening_of(entry, branch, written=written[id(entry)])
                    found.append((entry, place, opened))
        return found


def read_bundle(place: Path) -> Bundle:
    """The export, read strictly; ExportUnreadableError names the file that cannot be read."""
    return bundle_of(read_files(place))


def bundle_of(files: Mapping[str, bytes]) -> Bundle:
    """The export that consists of these files."""
    manifest = exact(files, MANIFEST, Manifest)
    if manifest.format not in (FORMAT, BEFORE):
        raise ExportUnreadableError(MANIFEST, f"this release reads {FORMAT}")
    keyring = exact(files, KEYRING, Keyring)
    bundle = Bundle(
        files=files,
        manifest=manifest,
        signed=exact(files, SIGNATURE, SignedBy),
        keyring=keyring,
        case_stream=read_stream(CASE_STREAM, need(files, CASE_STREAM)),
        door_stream=read_stream(DOOR_STREAM, need(files, DOOR_STREAM)),
        branches={
            name: read_stream(file, need(files, file)) for name, file in manifest.branches.items()
        },
        owed={
            name: read_stream(item.stream, need(files, item.stream) if item.stream else b"")
            for name, item in manifest.owed.items()
        },
    )
    if bundle.before:
        return bundle
    return Bundle(
        **{name: getattr(bundle, name) for name in Bundle.__dataclass_fields__}
        | {
            "acts": read_envelopes(files, keyring.certificates),
            "sealed": _sealed(files, manifest),
        }
    )


def start_of(bundle: Bundle) -> CaseInput | None:
    """What the case was started with, read without Temporal; None if that cannot be read."""
    if not bundle.manifest.runs:
        return None
    name = bundle.manifest.runs[0].file
    history: Any = read_json(name, need(bundle.files, name), floats=True)
    try:
        begun = history["events"][0]["workflowExecutionStartedEventAttributes"]
        payload = begun["input"]["payloads"][0]
        if payload.get("metadata", {}).get("encoding") == _REFUSED:
            return None
        return CaseInput.model_validate_json(base64.b64decode(payload["data"], validate=True))
    # ValueError: what is no base64, no ASCII, or no input of a case.
    except (LookupError, TypeError, AttributeError, ValueError):
        return None


def exact(files: Mapping[str, bytes], name: str, kind: type[Written]) -> Written:
    """The file as `kind`, if it is spelt the one way we spell it: no byte of it is free."""
    data = need(files, name)
    value = read_model(name, data, kind)
    if write(value) != data:
        raise ExportUnreadableError(name, "is not written canonically")
    return value


def need(files: Mapping[str, bytes], name: str) -> bytes:
    """The file's bytes; ExportUnreadableError when it is not there."""
    data = files.get(name)
    if data is None:
        raise ExportUnreadableError(name, "is missing")
    return data


def _sealed(files: Mapping[str, bytes], manifest: Manifest) -> dict[str, Sequence[SealedRun]]:
    def runs(told: Sequence[RunFile]) -> list[SealedRun]:
        return [
            SealedRun(
                run=item.run,
                ending=item.ending,
                events=read_events(item.sealed, need(files, item.sealed)),
            )
            for item in told
        ]

    return {
        Stream.CASE.value: runs((*manifest.runs, *manifest.left_behind)),
        **{obligation_stream(name): runs(item.runs) for name, item in manifest.owed.items()},
    }
