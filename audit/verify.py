"""Verifies an export offline: PASS, FAIL or INCOMPLETE, each check with its reasons (design §6)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from audit.access import check_access, digests_of
from audit.acts import check_decisions, check_door, prove, root_of
from audit.comments import COMMENTS, OpenComments, check_comments
from audit.commitments import Incoming, case_input, inputs, salt_of
from audit.custody import check_custody
from audit.errors import ExportUnreadableError
from audit.findings import Replayed
from audit.histories import CaseHistory, Run
from audit.log.errors import LogError
from audit.log.exported import Logged, check_log, covered
from audit.log.note import NoteKey
from audit.log.stamped import Claim
from audit.manifest import (
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
    StreamHead,
    check_signature,
    write,
)
from audit.merges import MERGES, check_merges
from audit.owed import OwedExport, check_owed
from audit.personal_files import differing
from audit.quorum import Count
from audit.reading import Stream as Lines
from audit.reading import (
    broken_at,
    check_files,
    read_directory,
    read_json,
    read_model,
    read_stream,
)
from audit.redacted.checking import is_redacted, verify_redacted
from audit.reopened import check_reopened
from audit.rules import newest, read_rules
from audit.sealing import check_seals
from audit.shadow import left_the_house
from audit.strict_replay import is_closed, strict_replay
from audit.sub_cases import CANCELLED_TOGETHER, check_cancelled_together
from audit.verdict import Check, Outcome, Verdict, judged
from audit.vouchers import Vouched, Vouchers, check_vouchers, keyring_of, trusted_logs
from audit.write_order import WriteOrder
from cases.ids import obligation_id
from cases.journal import GENESIS, Entry, Kind, Stream, obligation_stream
from workflows.messages import CaseInput

Written = TypeVar("Written", Manifest, SignedBy, Keyring)

_CLOSED = (Kind.CASE_CLOSED, Kind.CASE_CANCELLED)
_AGAIN = (Kind.CASE_REOPENED, Kind.CASE_UNMERGED)
"""What a journal can go on with after its last entry."""


@dataclass(frozen=True)
class Export:
    """An export as it was read: every file is in the manifest or named in a check."""

    files: Mapping[str, bytes]
    manifest: Manifest
    keyring: Keyring
    signed: SignedBy
    history: CaseHistory
    case_stream: Lines
    door_stream: Lines
    branches: Mapping[str, Lines]
    owed: Mapping[str, OwedExport]
    left_behind: Sequence[Run] = ()
    """What resets left behind: sealed like the others, and not replayed."""

    @property
    def entries(self) -> Sequence[Entry]:
        """The case stream."""
        return self.case_stream.entries

    @property
    def door(self) -> Sequence[Entry]:
        """The doors' stream."""
        return self.door_stream.entries


async def verify(
    directory: Path,
    *,
    pinned: frozenset[bytes] = frozenset(),
    logs: frozenset[NoteKey] = frozenset(),
    vouchers: Vouchers | None = None,
    replay: bool = True,
) -> Verdict:
    """What the export proves; INCOMPLETE without pinned keys of root and log: its own word only.

    `vouchers` is what witnesses, authorities of time and the root's keyring are held against.
    """
    if is_redacted(directory):
        return verify_redacted(directory, pinned=pinned, logs=logs, vouchers=vouchers)
    try:
        export = read_export(directory)
    except ExportUnreadableError as error:
        return Verdict(checks=(judged("files", wrong=[str(error)]),))
    except OSError as error:
        return Verdict(checks=(judged("files", wrong=[f"cannot be read: {error.strerror}"]),))
    request = case_input(export.history)
    incoming = inputs(export.history, salt=salt_of(request)) if request is not None else None
    checks = list(_checks(export, pinned, request, incoming or ()))
    logged, keyrings = _logged(export), keyring_of(export.files, vouchers, pinned=pinned)
    logs = trusted_logs(logs, vouchers, keyrings)
    checks.append(check_log(logged, pinned=logs))
    vouched = Vouched(
        files=export.files,
        claims=[Claim(entry.stream, entry.sequence, entry.at) for entry in covered(logged)],
        signed=export.signed,
        created_at=export.manifest.created_at,
        incoming=incoming or (),
    )
    checks.extend(check_vouchers(vouched, vouchers, logs=logs, keyrings=keyrings))
    if request is not None:
        checks.extend(_write_order(export, request, incoming or (), pinned=logs))
    replayed: Replayed | None = None
    if replay:
        replayed = await strict_replay(export.history, export.entries, incoming=incoming)
    checks.append(_replay(replayed))
    if request is not None:
        wrong, missing = await check_owed(
            export.owed,
            case=request,
            entries=export.entries,
            door=export.door,
            pathway=newest(export.files, request, export.entries),
            replay=replay,
        )
        checks.append(judged("owed", wrong=wrong, missing=missing))
        wrong, missing = check_seals(_runs(export), export.door, salt=salt_of(request))
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


def read_export(directory: Path) -> Export:
    """The export, read strictly; ExportUnreadableError names the file that cannot be read."""
    files = read_directory(directory)
    manifest = _exact(files, MANIFEST, Manifest)
    if manifest.format != FORMAT:
        raise ExportUnreadableError(MANIFEST, f"this release reads {FORMAT}")
    return Export(
        files=files,
        manifest=manifest,
        signed=_exact(files, SIGNATURE, SignedBy),
        keyring=_exact(files, KEYRING, Keyring),
        history=_history(files, manifest, manifest.case, manifest.runs),
        case_stream=read_stream(CASE_STREAM, _need(files, CASE_STREAM)),
        door_stream=read_stream(DOOR_STREAM, _need(files, DOOR_STREAM)),
        branches={
            name: read_stream(file, _need(files, file)) for name, file in manifest.branches.items()
        },
        owed={
            name: OwedExport(
                told=item,
                lines=read_stream(item.stream, _need(files, item.stream) if item.stream else b""),
                history=_history(files, manifest, obligation_id(manifest.case, name), item.runs),
            )
            for name, item in manifest.owed.items()
        },
        left_behind=_history(files, manifest, manifest.case, manifest.left_behind).runs,
    )


def _runs(export: Export) -> dict[str, Sequence[Run]]:
    """Every run of the export, by the stream it wrote."""
    return {
        Stream.CASE.value: (*export.history.runs, *export.left_behind),
        **{obligation_stream(name): item.history.runs for name, item in export.owed.items()},
    }


def _history(
    files: Mapping[str, bytes], manifest: Manifest, workflow_id: str, runs: Sequence[RunFile]
) -> CaseHistory:
    return CaseHistory(
        case=workflow_id,
        namespace=manifest.namespace,
        runs=tuple(
            Run.from_json(
                read_json(item.file, _need(files, item.file)), run=item.run, file=item.file
            )
            for item in runs
        ),
    )


def _checks(
    export: Export,
    pinned: frozenset[bytes],
    request: CaseInput | None,
    incoming: Sequence[Incoming],
) -> Iterator[Check]:
    yield judged("files", wrong=check_files(export.files, export.manifest))
    yield _signature(export, request, pinned)
    yield _chains(export)
    if request is None:
        yield judged("case", wrong=["what the case was started with cannot be read"])
        return
    open_case = not is_closed(export.entries)
    yield judged(
        "closed", wrong=[], missing=["the case is not closed; it may go on"] if open_case else []
    )
    proven = prove(incoming, case=export.manifest.case, root=root_of(request.root_key))
    unlike = differing(export.files, proven.acts.values())
    yield judged("acts", wrong=[*proven.wrong, *unlike])
    yield judged(
        "decisions",
        wrong=list(check_decisions(incoming, proven, export.entries, open_case=open_case)),
    )
    if digests_of(export.entries, export.door):
        wrong, missing = check_access(export.files, proven, export.entries, export.door)
        yield judged("access", wrong=wrong, missing=missing)
    if any(entry.kind in MERGES for entry in export.entries):
        found = check_merges(export.history, proven, export.entries, root=root_of(request.root_key))
        yield judged("merges", wrong=list(found))
    if any(entry.kind in CANCELLED_TOGETHER for entry in export.entries):
        root = root_of(request.root_key)
        found = check_cancelled_together(export.history, proven, export.entries, root=root)
        yield judged("sub-cases", wrong=list(found))
    if COMMENTS in export.files:
        said = read_model(COMMENTS, export.files[COMMENTS], OpenComments)
        yield judged("comments", wrong=list(check_comments(export.entries, said)))
    rules, wrong = read_rules(export.files, request, proven, export.entries)
    yield judged("runbook", wrong=wrong)
    if rules is not None:
        count = Count(rules.first, later=rules.versions)
        yield judged("quorum", wrong=list(count.check(export.entries)))
        if any(entry.kind in _AGAIN for entry in export.entries):
            found = check_reopened(export.history, export.entries, rules.versions)
            yield judged("reopened", wrong=list(found))
    if any(entry.kind is Kind.DOOR_CUSTODY for entry in export.door):
        found = check_custody(
            export.entries,
            export.door,
            case=export.manifest.case,
            root=root_of(request.root_key),
        )
        yield judged("custody", wrong=list(found))
    wrong, missing = check_door(export.door, proven, salt=salt_of(request), open_case=open_case)
    yield judged("doors", wrong=wrong, missing=missing)


def _signature(export: Export, request: CaseInput | None, pinned: frozenset[bytes]) -> Check:
    root = export.keyring.root_bytes
    wrong: list[str] = []
    missing: list[str] = []
    if not root:
        wrong.append("the keyring has no root key")
    elif pinned and root not in pinned:
        wrong.append("the export rests on another root key than the one you gave")
    elif not pinned:
        missing.append("no root key was given: the export vouches for itself (self-attested)")
    if request is not None and root_of(request.root_key) != root:
        wrong.append("the case trusts another root key than the keyring names")
    why = check_signature(
        export.files[MANIFEST], export.signed, root=root, at=export.manifest.created_at
    )
    if why:
        wrong.append(why)
    return judged("signature", wrong=wrong, missing=missing)


def _logged(export: Export) -> Logged:
    streams = {CASE_STREAM: export.case_stream, DOOR_STREAM: export.door_stream}
    streams |= {export.manifest.branches[name]: lines for name, lines in export.branches.items()}
    return Logged(
        files=export.files,
        key=export.keyring.log,
        streams=[
            (lines.entries, export.manifest.lineage.get(file, ()))
            for file, lines in streams.items()
        ],
    )


def _write_order(
    export: Export,
    request: CaseInput,
    incoming: Sequence[Incoming],
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
        proven=prove(incoming, case=export.manifest.case, root=root_of(request.root_key)),
        entries=export.entries,
        segments=export.manifest.lineage.get(CASE_STREAM, ()),
        door=export.door,
        files=export.files,
        keys=keys,
    ).check()
    if check is not None:
        yield check


def _chains(export: Export) -> Check:
    wrong: list[str] = []
    streams = [
        ("case stream", export.case_stream, Stream.CASE, export.manifest.case_head),
        ("door stream", export.door_stream, Stream.DOOR, export.manifest.door_head),
        *((f"branch {name}", items, Stream.CASE, None) for name, items in export.branches.items()),
    ]
    for name, lines, stream, told in streams:
        broken = broken_at(lines)
        if broken:
            wrong.append(f"{name}: {broken}")
        if any(
            (entry.case, entry.stream) != (export.manifest.case, stream) for entry in lines.entries
        ):
            wrong.append(f"{name}: an entry belongs elsewhere")
        head = StreamHead(
            sequence=len(lines.entries), hash=lines.hashes[-1] if lines.hashes else GENESIS
        )
        if told is not None and told != head:
            wrong.append(f"{name}: does not end where the manifest says")
    for place, entry in enumerate(export.entries, start=1):
        if entry.kind not in _CLOSED:
            continue
        following = export.entries[place] if place < len(export.entries) else None
        if following is not None and following.kind not in _AGAIN:
            wrong.append("case stream: goes on after its last entry")
        if entry.body.get("entries") != place:
            wrong.append("case stream: its last entry counts another number of entries")
    return judged("journal", wrong=wrong)


def _replay(replayed: Replayed | None) -> Check:
    if replayed is None:
        return judged("strict replay", wrong=[], missing=["left out"])
    wrong = [str(finding) for finding in replayed.findings]
    missing = ["the last run goes on"] if replayed.open else []
    return judged("strict replay", wrong=wrong, missing=missing)


def _exact(files: Mapping[str, bytes], name: str, kind: type[Written]) -> Written:
    """The file as `kind`, if it is spelt the one way we spell it: no byte of it is free."""
    data = _need(files, name)
    value = read_model(name, data, kind)
    if write(value) != data:
        raise ExportUnreadableError(name, "is not written canonically")
    return value


def _need(files: Mapping[str, bytes], name: str) -> bytes:
    data = files.get(name)
    if data is None:
        raise ExportUnreadableError(name, "is missing")
    return data


__all__ = ["Export", "Outcome", "read_export", "verify"]
