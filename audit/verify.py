"""Verifies an export offline: PASS, FAIL or INCOMPLETE, each check with its reasons (design §6)."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from audit.acts import Proven, prove, root_of
from audit.bundle.alone import unreadable
from audit.bundle.checks import (
    AGAIN,
    closed_check,
    decisions_check,
    doors_check,
    files_check,
    journal_check,
    kept_checks,
    logged,
    parts_check,
    rules_checks,
    signature_check,
)
from audit.bundle.sealed import read_events
from audit.bundle.whole import Bundle, bundle_of, need, read_bundle
from audit.commitments import case_input, inputs
from audit.errors import ExportUnreadableError
from audit.findings import Replayed
from audit.histories import CaseHistory, Run
from audit.incoming import Incoming, salt_of
from audit.log.errors import LogError
from audit.log.exported import check_log, covered
from audit.log.note import NoteKey
from audit.log.stamped import Claim
from audit.manifest import CASE_STREAM, Keyring, Manifest, RunFile
from audit.merges import MERGES, check_merges
from audit.owed import OwedExport, check_owed, envelopes_owed
from audit.personal_files import differing
from audit.reading import read_files
from audit.redacted.checking import is_redacted, verify_redacted
from audit.reopened import check_reopened
from audit.rules import newest
from audit.sealing import check_exported
from audit.shadow import left_the_house
from audit.strict_json import read_json
from audit.strict_replay import strict_replay
from audit.sub_cases import CANCELLED_TOGETHER, check_cancelled_together
from audit.verdict import Check, Outcome, Verdict, judged
from audit.vouchers import Vouched, Vouchers, check_vouchers, keyring_of, trusted_logs
from audit.write_order import WriteOrder
from audit.written import spelt
from cases.envelope import ActEnvelope
from cases.ids import obligation_id
from cases.journal import Entry, Stream, obligation_stream
from workflows.messages import CaseInput


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
    incoming = inputs(export.history, salt=salt_of(request)) if request is not None else None
    root = root_of(request.root_key) if request is not None else b""
    proven = prove(incoming or (), case=export.manifest.case, root=root)
    checks = list(_checks(export, pinned, request, incoming or (), proven))
    keyrings = keyring_of(export.files, vouchers, pinned=pinned)
    logs = trusted_logs(logs, vouchers, keyrings)
    told = logged(export.bundle)
    checks.append(check_log(told, pinned=logs))
    vouched = Vouched(
        files=export.files,
        claims=[Claim(entry.stream, entry.sequence, entry.at) for entry in covered(told)],
        signed=export.bundle.signed,
        created_at=export.manifest.created_at,
        incoming=incoming or (),
    )
    checks.extend(check_vouchers(vouched, vouchers, logs=logs, keyrings=keyrings))
    if request is not None:
        checks.extend(_write_order(export, request, proven, pinned=logs))
    # Side by side: while Temporal's core prepares a step of one, the code does a step of another.
    replayed, owed = await asyncio.gather(
        _replayed(export, incoming, replay=replay), _owed(export, request, replay=replay)
    )
    checks.append(_replay(replayed))
    if request is not None:
        wrong, missing = owed
        checks.append(judged("owed", wrong=wrong, missing=missing))
        wrong, missing = check_exported(
            export.runs, export.bundle.sealed, export.door, salt=salt_of(request)
        )
        checks.append(judged("seals", wrong=wrong, missing=missing))
    shadow = request is not None and request.shadow
    if shadow:
        checks.append(judged("nothing left", wrong=left_the_house(export.history)))
    return Verdict(
        case=export.manifest.case,
        number=export.manifest.number,
        shadow=shadow,
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
        return Run.from_json(value, run=told.run, file=name, kept=kept)
    except RecursionError as error:
        raise ExportUnreadableError(name, "is nested too deeply") from error


def _checks(
    export: Export,
    pinned: frozenset[bytes],
    request: CaseInput | None,
    incoming: Sequence[Incoming],
    proven: Proven,
) -> Iterator[Check]:
    bundle = export.bundle
    yield files_check(bundle)
    yield signature_check(bundle, request, pinned=pinned)
    yield journal_check(bundle)
    if request is None:
        yield judged("case", wrong=["what the case was started with cannot be read"])
        return
    yield closed_check(bundle)
    root = root_of(request.root_key)
    unlike = differing(export.files, proven.acts.values())
    yield judged("acts", wrong=[*proven.wrong, *unlike])
    yield decisions_check(bundle, incoming, proven)
    if any(entry.kind in MERGES for entry in export.entries):
        found = check_merges(export.history, proven, export.entries, root=root)
        yield judged("merges", wrong=list(found))
    if any(entry.kind in CANCELLED_TOGETHER for entry in export.entries):
        found = check_cancelled_together(export.history, proven, export.entries, root=root)
        yield judged("sub-cases", wrong=list(found))
    rules, checks = rules_checks(bundle, request, proven)
    yield from checks
    if rules is not None and any(entry.kind in AGAIN for entry in export.entries):
        found = check_reopened(export.history, export.entries, rules.versions)
        yield judged("reopened", wrong=list(found))
    yield from kept_checks(bundle, request, proven)
    yield doors_check(bundle, request, proven)
    envelopes: dict[str, ActEnvelope] = {**proven.envelopes}
    for item in export.owed.values():
        envelopes |= envelopes_owed(item.history, case=export.manifest.case, root=root)
    yield parts_check(bundle, rules, envelopes=envelopes)


def _write_order(
    export: Export,
    request: CaseInput,
    proven: Proven,
    *,
    pinned: frozenset[NoteKey],
) -> Iterator[Check]:
    try:
        keys = pinned or frozenset([NoteKey.parse(export.keyring.log)])
    except LogError:
        # That no key is named is told with the log itself; then no proof can hold.
        keys = frozenset()
    check = WriteOrder(
        request=request,
        history=export.history,
        proven=proven,
        entries=export.entries,
        segments=export.manifest.lineage.get(CASE_STREAM, ()),
        door=export.door,
        files=export.files,
        keys=keys,
    ).check()
    if check is not None:
        yield check


async def _replayed(
    export: Export, incoming: Sequence[Incoming] | None, *, replay: bool
) -> Replayed | None:
    if not replay:
        return None
    return await strict_replay(export.history, export.entries, incoming=incoming)


async def _owed(
    export: Export, request: CaseInput | None, *, replay: bool
) -> tuple[list[str], list[str]]:
    if request is None:
        return [], []
    return await check_owed(
        export.owed,
        case=request,
        entries=export.entries,
        door=export.door,
        pathway=newest(export.files, request, export.entries),
        replay=replay,
    )


def _replay(replayed: Replayed | None) -> Check:
    if replayed is None:
        return judged("strict replay", wrong=[], missing=["left out"])
    wrong = [str(finding) for finding in replayed.findings]
    missing = ["the last run goes on"] if replayed.open else []
    return judged("strict replay", wrong=wrong, missing=missing)


__all__ = ["Export", "Outcome", "read_export", "verify"]
