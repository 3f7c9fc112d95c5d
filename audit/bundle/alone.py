"""`escalate-verify`: what an export proves, with neither Temporal nor the rest of us installed.

It reads the record, holds every signature, every hash, every proof of the log, every rule and every
vote, and the bytes of the histories against their seals. What those bytes mean it does not know:
strict replay needs the whole of escalate, and its absence is said. So it never says PASS.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from audit.acts import Proven, prove, root_of
from audit.bundle.checks import (
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
from audit.bundle.sealed import check_sealed
from audit.bundle.whole import Bundle, bundle_of, start_of
from audit.bundle.workers import batches_alone, check_workers, own_keyring, record_of
from audit.errors import ExportUnreadableError
from audit.incoming import Incoming, salt_of
from audit.log.exported import check_log
from audit.log.note import NoteKey
from audit.personal_files import differing
from audit.reading import read_files
from audit.redacted.checking import is_redacted, verify_redacted
from audit.verdict import Check, Verdict, judged
from cases.acts import OBLIGATION_VERBS
from cases.envelope import RefusedEnvelope, verify_envelope
from workflows.messages import CaseInput

LEFT_OUT = "left out: it needs the whole of escalate (`escalate audit verify --replay`)"


def verify_alone(
    place: Path,
    *,
    pinned: frozenset[bytes] = frozenset(),
    logs: frozenset[NoteKey] = frozenset(),
) -> Verdict:
    """What the export at that place proves, without replaying it; FAIL or INCOMPLETE."""
    if is_redacted(place):
        return verify_redacted(place, pinned=pinned, logs=logs)
    try:
        files = read_files(place)
    except ExportUnreadableError as error:
        return unreadable(error)
    except OSError as error:
        return Verdict(checks=(judged("files", wrong=[f"cannot be read: {error.strerror}"]),))
    return verify_files_alone(files, pinned=pinned, logs=logs)


def verify_files_alone(
    files: Mapping[str, bytes],
    *,
    pinned: frozenset[bytes] = frozenset(),
    logs: frozenset[NoteKey] = frozenset(),
) -> Verdict:
    """The same of files that were read already."""
    try:
        bundle = bundle_of(files)
        request = start_of(bundle)
    except ExportUnreadableError as error:
        return unreadable(error)
    checks = list(_checks(bundle, request, pinned=pinned))
    checks.append(check_log(logged(bundle), pinned=logs))
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


def _checks(
    bundle: Bundle, request: CaseInput | None, *, pinned: frozenset[bytes]
) -> Iterator[Check]:
    yield files_check(bundle)
    yield signature_check(bundle, request, pinned=pinned)
    yield journal_check(bundle)
    if request is None:
        yield judged("case", wrong=["what the case was started with cannot be read"])
        return
    yield closed_check(bundle)
    if bundle.before:
        yield parts_check(bundle, None)
        return
    proven = _proven(bundle, request)
    unlike = differing(bundle.files, proven.acts.values())
    yield judged("acts", wrong=[*_unproven(bundle, request), *unlike])
    yield decisions_check(bundle, (), proven)
    rules, checks = rules_checks(bundle, request, proven)
    yield from checks
    yield from kept_checks(bundle, request, proven)
    yield doors_check(bundle, request, proven)
    yield parts_check(bundle, rules)
    wrong, missing = check_sealed(bundle.sealed, bundle.door, salt=salt_of(request))
    yield judged("seals", wrong=wrong, missing=missing)
    yield from _workers(bundle, request, pinned=pinned)


def _workers(bundle: Bundle, request: CaseInput, *, pinned: frozenset[bytes]) -> Iterator[Check]:
    root = root_of(request.root_key)
    try:
        batches = batches_alone(bundle)
    except ExportUnreadableError as error:
        yield judged("workers", wrong=[str(error)])
        return
    found = check_workers(
        batches,
        record_of(bundle, request.pathway.digest),
        root=root,
        note=own_keyring(bundle.files, pinned or frozenset({root})),
    )
    if found is not None:
        yield found


def _unproven(bundle: Bundle, request: CaseInput) -> Iterator[str]:
    """Every act in the export is one that holds: others were refused, and stay in the history."""
    root = root_of(request.root_key)
    for name, envelope in bundle.acts.items():
        try:
            verify_envelope(envelope, case=bundle.manifest.case, root=root)
        except RefusedEnvelope as refused:
            yield f"{name}: {refused.reason.value}"


def _proven(bundle: Bundle, request: CaseInput) -> Proven:
    """The acts of the case itself; what it owes has a record of its own."""
    incoming = [
        Incoming(run="", event_id=0, what="act", commitment="", envelope=envelope)
        for envelope in bundle.acts.values()
    ]
    proven = prove(incoming, case=bundle.manifest.case, root=root_of(request.root_key))
    own = {
        act_id: act for act_id, act in proven.acts.items() if act.body.verb not in OBLIGATION_VERBS
    }
    envelopes = {act_id: proven.envelopes[act_id] for act_id in own}
    return Proven(acts=own, envelopes=envelopes)
