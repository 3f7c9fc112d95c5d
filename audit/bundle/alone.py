"""`escalate-verify`: what an export proves, with neither Temporal nor the rest of us installed.

It reads the record, holds every signature, every hash, every proof of the log, every rule and every
vote, and the bytes of the histories against their seals; of those bytes it reads what came in and
what was ordered. That today's code would do the same again it cannot know: strict replay needs the
whole of escalate, and its absence is said. So it never says PASS.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from audit.bundle.checks import parts_check
from audit.bundle.events import run_of
from audit.bundle.record import (
    Told,
    owed_reasons,
    record_checks,
    vouched_checks,
    whole_checks,
)
from audit.bundle.sealed import SealedRun, check_sealed
from audit.bundle.whole import Bundle, bundle_of, start_of
from audit.came_in import case_input
from audit.errors import ExportUnreadableError
from audit.incoming import salt_of
from audit.log.note import NoteKey
from audit.manifest import RunFile
from audit.owed import OwedExport
from audit.reading import read_files
from audit.redacted.checking import is_redacted, verify_redacted
from audit.runs import CaseHistory
from audit.verdict import Check, Verdict, judged
from audit.vouchers import Vouchers
from cases.ids import obligation_id
from cases.journal import Stream, obligation_stream
from workflows.messages import CaseInput

LEFT_OUT = "left out: it needs the whole of escalate (`escalate audit verify --replay`)"


def verify_alone(
    place: Path,
    *,
    pinned: frozenset[bytes] = frozenset(),
    logs: frozenset[NoteKey] = frozenset(),
    vouchers: Vouchers | None = None,
) -> Verdict:
    """What the export at that place proves, without replaying it; FAIL or INCOMPLETE."""
    if is_redacted(place):
        return verify_redacted(place, pinned=pinned, logs=logs, vouchers=vouchers)
    try:
        files = read_files(place)
    except ExportUnreadableError as error:
        return unreadable(error)
    except OSError as error:
        return Verdict(checks=(judged("files", wrong=[f"cannot be read: {error.strerror}"]),))
    return verify_files_alone(files, pinned=pinned, logs=logs, vouchers=vouchers)


def verify_files_alone(
    files: Mapping[str, bytes],
    *,
    pinned: frozenset[bytes] = frozenset(),
    logs: frozenset[NoteKey] = frozenset(),
    vouchers: Vouchers | None = None,
) -> Verdict:
    """The same of files that were read already."""
    try:
        bundle = bundle_of(files)
        request, told = told_of(bundle)
        readable = start_of(bundle)
    except ExportUnreadableError as error:
        return unreadable(error)
    checks = list(whole_checks(bundle, request, pinned=pinned))
    if told is not None:
        checks += record_checks(told)
        checks += _sealed(told, readable)
    elif bundle.before:
        checks.append(parts_check(bundle, None))
    checks += vouched_checks(bundle, told, pinned=pinned, logs=logs, vouchers=vouchers)
    checks.append(judged("strict replay", wrong=[], missing=[LEFT_OUT]))
    return Verdict(
        case=bundle.manifest.case,
        number=bundle.manifest.number,
        shadow=request is not None and request.shadow,
        checks=tuple(checks),
    )


def unreadable(error: ExportUnreadableError) -> Verdict:
    """The verdict on what is no export."""
    return Verdict(checks=(judged("files", wrong=[str(error)]),))


def told_of(bundle: Bundle) -> tuple[CaseInput | None, Told | None]:
    """What the case was started with, and its record, out of the bytes that were sealed.

    An export of before has no such bytes: then there is only what people read.
    """
    if bundle.before:
        return start_of(bundle), None
    manifest = bundle.manifest
    history = _history(bundle, Stream.CASE, manifest.case, manifest.runs)
    request = case_input(history)
    if request is None:
        return None, None
    owed = {
        name: OwedExport(
            told=item,
            lines=bundle.owed[name],
            history=_history(
                bundle, obligation_stream(name), obligation_id(manifest.case, name), item.runs
            ),
        )
        for name, item in manifest.owed.items()
    }
    left_behind = [
        run_of(each, file=item.sealed)
        for each, item in zip(
            bundle.sealed[Stream.CASE][len(manifest.runs) :], manifest.left_behind, strict=True
        )
    ]
    return request, Told(
        bundle=bundle, request=request, history=history, owed=owed, left_behind=left_behind
    )


def _history(bundle: Bundle, stream: str, workflow_id: str, runs: Sequence[RunFile]) -> CaseHistory:
    sealed: Sequence[SealedRun] = bundle.sealed[stream]
    return CaseHistory(
        case=workflow_id,
        namespace=bundle.manifest.namespace,
        # Runs that a reset left behind follow those that are the history.
        runs=[run_of(each, file=item.sealed) for each, item in zip(sealed, runs, strict=False)],
    )


def _sealed(told: Told, readable: CaseInput | None) -> list[Check]:
    """Histories as they were sealed, of which people read the same start; and what is owed."""
    bundle = told.bundle
    wrong, missing = check_sealed(bundle.sealed, bundle.door, salt=salt_of(told.request))
    if readable != told.request:
        wrong.append("what can be read of the case's start is not what was sealed")
    owed, not_there = owed_reasons(told)
    return [
        judged("seals", wrong=wrong, missing=missing),
        judged("owed", wrong=owed, missing=not_there),
    ]
