"""Verifies an export offline: PASS, FAIL or INCOMPLETE, each check with its reasons (design §6)."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from audit.bundle.alone import unreadable
from audit.bundle.record import (
    Told,
    owed_reasons,
    record_checks,
    vouched_checks,
    whole_checks,
)
from audit.bundle.sealed import read_events
from audit.bundle.whole import Bundle, bundle_of, need, read_bundle
from audit.came_in import case_input
from audit.errors import ExportUnreadableError
from audit.findings import Replayed
from audit.histories import CaseHistory, Run, from_json
from audit.incoming import salt_of
from audit.log.note import NoteKey
from audit.manifest import Keyring, Manifest, RunFile
from audit.owed import OwedExport
from audit.reading import read_files
from audit.redacted.checking import is_redacted, verify_redacted
from audit.sealing import check_exported
from audit.strict_json import read_json
from audit.strict_replay import strict_replay
from audit.verdict import Check, Outcome, Verdict, judged
from audit.vouchers import Vouchers
from audit.written import spelt
from cases.ids import obligation_id
from cases.journal import Entry, Stream, obligation_stream


@dataclass(frozen=True)
class Export:
    """An export as it was read, with Temporal's histories in it."""

    bundle: Bundle
    history: CaseHistory
    owed: Mapping[str, OwedExport]
    left_behind: Sequence[Run] = ()
    """What resets left behind: sealed like the others, and not replayed."""

    @property
    def files(self) -> Mapping[str, bytes]:
        """Every file by its place."""
        return self.bundle.files

    @property
    def manifest(self) -> Manifest:
        """What it says it consists of."""
        return self.bundle.manifest

    @property
    def keyring(self) -> Keyring:
        """Whose word it rests on."""
        return self.bundle.keyring

    @property
    def entries(self) -> Sequence[Entry]:
        """The case stream."""
        return self.bundle.entries

    @property
    def door(self) -> Sequence[Entry]:
        """The doors' stream."""
        return self.bundle.door

    @property
    def runs(self) -> dict[str, Sequence[Run]]:
        """Every run, by the stream it wrote."""
        return {
            Stream.CASE.value: (*self.history.runs, *self.left_behind),
            **{obligation_stream(name): item.history.runs for name, item in self.owed.items()},
        }


async def verify(
    place: Path,
    *,
    pinned: frozenset[bytes] = frozenset(),
    logs: frozenset[NoteKey] = frozenset(),
    vouchers: Vouchers | None = None,
    replay: bool = True,
) -> Verdict:
    """What the export at that place proves, a folder or a tar.

    INCOMPLETE without pinned keys of root and log: then it has only its own word. `vouchers` is
    what witnesses, authorities of time and the root's keyring are held against.
    """
    if is_redacted(place):
        return verify_redacted(place, pinned=pinned, logs=logs, vouchers=vouchers)
    try:
        files = read_files(place)
    except ExportUnreadableError as error:
        return unreadable(error)
    except OSError as error:
        return Verdict(checks=(judged("files", wrong=[f"cannot be read: {error.strerror}"]),))
    return await verify_files(files, pinned=pinned, logs=logs, vouchers=vouchers, replay=replay)


async def verify_files(
    files: Mapping[str, bytes],
    *,
    pinned: frozenset[bytes] = frozenset(),
    logs: frozenset[NoteKey] = frozenset(),
    vouchers: Vouchers | None = None,
    replay: bool = True,
) -> Verdict:
    """The same of files that were read already."""
    try:
        export = _export(bundle_of(files))
    except ExportUnreadableError as error:
        return unreadable(error)
    request = case_input(export.history)
    told = None
    checks = list(whole_checks(export.bundle, request, pinned=pinned))
    if request is not None:
        told = Told(
            bundle=export.bundle,
            request=request,
            history=export.history,
            owed=export.owed,
            left_behind=export.left_behind,
        )
        checks += record_checks(told)
    checks += vouched_checks(export.bundle, told, pinned=pinned, logs=logs, vouchers=vouchers)
    checks += await _replayed(export, told, replay=replay)
    if told is not None:
        wrong, missing = check_exported(
            export.runs, export.bundle.sealed, export.door, salt=salt_of(told.request)
        )
        checks.append(judged("seals", wrong=wrong, missing=missing))
    return Verdict(
        case=export.manifest.case,
        number=export.manifest.number,
        shadow=told is not None and told.request.shadow,
        checks=tuple(checks),
    )


def read_export(place: Path) -> Export:
    """The export, read strictly; ExportUnreadableError names the file that cannot be read."""
    return _export(read_bundle(place))


def _export(bundle: Bundle) -> Export:
    manifest = bundle.manifest
    return Export(
        bundle=bundle,
        history=_history(bundle, manifest.case, manifest.runs),
        owed={
            name: OwedExport(
                told=item,
                lines=bundle.owed[name],
                history=_history(bundle, obligation_id(manifest.case, name), item.runs),
            )
            for name, item in manifest.owed.items()
        },
        left_behind=_history(bundle, manifest.case, manifest.left_behind).runs,
    )


def _history(bundle: Bundle, workflow_id: str, runs: Sequence[RunFile]) -> CaseHistory:
    return CaseHistory(
        case=workflow_id,
        namespace=bundle.manifest.namespace,
        runs=tuple(_run(bundle, item) for item in runs),
    )


def _run(bundle: Bundle, told: RunFile) -> Run:
    """The run out of its history's JSON, in the one spelling that an export has: no byte is free.

    Where the bytes that were sealed are in the export too, they are what is read, if the JSON says
    the same of them.
    """
    name = told.file
    data = need(bundle.files, name)
    kept = () if bundle.before else read_events(told.sealed, need(bundle.files, told.sealed))
    value = read_json(name, data, floats=True)
    try:
        if spelt(value) != data:
            raise ExportUnreadableError(name, "is not written as an export writes it")
        return from_json(value, run=told.run, file=name, kept=kept)
    except RecursionError as error:
        raise ExportUnreadableError(name, "is nested too deeply") from error


async def _replayed(export: Export, told: Told | None, *, replay: bool) -> list[Check]:
    """The case done again, and what it owes."""
    known = export.owed if told is not None else {}
    owed = {name: item for name, item in known.items() if item.history.runs}
    others: list[Replayed] = []
    if replay:
        incoming = told.incoming if told is not None else None
        # Side by side: while Temporal's core prepares a step of one, the code does one of another.
        found, *others = await asyncio.gather(
            strict_replay(export.history, export.entries, incoming=incoming),
            *(strict_replay(item.history, item.lines.entries) for item in owed.values()),
        )
        missing = ["the last run goes on"] if found.open else []
        wrong = [str(finding) for finding in found.findings]
    else:
        wrong, missing = [], ["left out"]
    checks = [judged("strict replay", wrong=wrong, missing=missing)]
    if told is not None:
        wrong, missing = owed_reasons(told)
        for name, other in zip(owed, others, strict=replay):
            wrong += [f"{name}: {finding}" for finding in other.findings]
        checks.append(judged("owed", wrong=wrong, missing=missing))
    return checks


__all__ = ["Export", "Outcome", "read_export", "verify"]
