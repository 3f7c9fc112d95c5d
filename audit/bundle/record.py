"""The record of an export held against what people signed: the checks that both verifiers share.

A history is read as Temporal wrote it or out of the bytes that were sealed; from here on nobody
can tell which.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from audit.acts import Proven, prove, root_of
from audit.builds import ran_on
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
from audit.bundle.code import FILE as BUILD
from audit.bundle.code import read_build
from audit.bundle.made import differing_made, made_of
from audit.bundle.whole import Bundle, need
from audit.bundle.workers import check_workers, record_of
from audit.came_in import envelopes_owed, inputs
from audit.errors import ExportUnreadableError
from audit.incoming import Incoming, salt_of
from audit.log.errors import LogError
from audit.log.exported import check_log, covered
from audit.log.keyring_note import KeyringNote
from audit.log.note import NoteKey
from audit.log.stamped import Claim
from audit.manifest import CASE_STREAM
from audit.marks import batches_of
from audit.merges import MERGES, check_merges
from audit.owed import OwedExport, check_owed
from audit.personal_files import differing
from audit.reopened import check_reopened
from audit.rules import Rules, document, newest
from audit.runs import CaseHistory, Run
from audit.shadow import left_the_house
from audit.sub_cases import CANCELLED_TOGETHER, check_cancelled_together
from audit.verdict import Check, judged
from audit.vouchers import Vouched, Vouchers, check_vouchers, keyring_of, trusted_logs
from audit.write_order import WriteOrder, logged_by
from cases.envelope import ActEnvelope
from workflows.messages import CaseInput


@dataclass(frozen=True)
class Told:
    """An export with its histories, and what the case was started with."""

    bundle: Bundle
    request: CaseInput
    history: CaseHistory
    owed: Mapping[str, OwedExport]
    """What it owes after closing, by name."""
    left_behind: Sequence[Run] = ()
    """What resets left behind."""

    @cached_property
    def incoming(self) -> Sequence[Incoming]:
        """What came into the case."""
        return inputs(self.history, salt=salt_of(self.request))

    @cached_property
    def proven(self) -> Proven:
        """The acts among it that hold."""
        return prove(self.incoming, case=self.bundle.manifest.case, root=self.root)

    @property
    def root(self) -> bytes:
        """The root key that the case trusts."""
        return root_of(self.request.root_key)


def whole_checks(
    bundle: Bundle, request: CaseInput | None, *, pinned: frozenset[bytes]
) -> Iterator[Check]:
    """What can be asked before anything is known of the case."""
    yield files_check(bundle)
    yield signature_check(bundle, request, pinned=pinned)
    yield journal_check(bundle)
    if request is None:
        yield judged("case", wrong=["what the case was started with cannot be read"])
    else:
        yield closed_check(bundle)


def record_checks(told: Told) -> Iterator[Check]:
    """Acts, decisions, what cases did to each other, rules and votes, doors, and the parts."""
    bundle, proven, entries = told.bundle, told.proven, told.bundle.entries
    unlike = differing(bundle.files, proven.acts.values())
    yield judged("acts", wrong=[*proven.wrong, *unlike])
    yield decisions_check(bundle, told.incoming, proven)
    if any(entry.kind in MERGES for entry in entries):
        found = check_merges(told.history, proven, entries, root=told.root)
        yield judged("merges", wrong=list(found))
    if any(entry.kind in CANCELLED_TOGETHER for entry in entries):
        found = check_cancelled_together(told.history, proven, entries, root=told.root)
        yield judged("sub-cases", wrong=list(found))
    rules, checks = rules_checks(bundle, told.request, proven)
    yield from checks
    if rules is not None and any(entry.kind in AGAIN for entry in entries):
        found = check_reopened(told.history, entries, rules.versions)
        yield judged("reopened", wrong=list(found))
    yield from kept_checks(bundle, told.request, proven)
    yield doors_check(bundle, told.request, proven)
    envelopes: dict[str, ActEnvelope] = {**proven.envelopes}
    for item in told.owed.values():
        envelopes |= envelopes_owed(item.history, case=bundle.manifest.case, root=told.root)
    yield parts_check(bundle, rules, envelopes=envelopes)
    if rules is not None and not bundle.before:
        yield _for_people(told, rules, envelopes)
    if told.request.shadow:
        yield judged("nothing left", wrong=left_the_house(told.history))


def _for_people(told: Told, rules: Rules, envelopes: Mapping[str, ActEnvelope]) -> Check:
    """Page, picture, explanation and script are what is made of the record; and who worked."""
    bundle = told.bundle
    try:
        build = read_build(need(bundle.files, BUILD))
    except ExportUnreadableError as error:
        return judged("readable", wrong=[str(error)])
    made = made_again(told, rules, envelopes)
    wrong, missing = differing_made(bundle.files, made, build)
    if build.ran_on != ran_on(told.history.runs):
        wrong.append(f"{BUILD}: names other workers than the history")
    return judged("readable", wrong=wrong, missing=missing)


def made_again(told: Told, rules: Rules, envelopes: Mapping[str, ActEnvelope]) -> dict[str, bytes]:
    """What people read of the export, as this code makes it of the record."""
    files = told.bundle.files
    return made_of(
        told.request,
        told.history,
        told.bundle.entries,
        told.bundle.door,
        runbooks={digest: files[document(digest)] for digest in rules.versions},
        acts=envelopes.values(),
    )


def owed_reasons(told: Told) -> tuple[list[str], list[str]]:
    """What is wrong with the record of what the case owes, and what is not there."""
    return check_owed(
        told.owed,
        case=told.request,
        entries=told.bundle.entries,
        door=told.bundle.door,
        pathway=newest(told.bundle.files, told.request, told.bundle.entries),
    )


def vouched_checks(
    bundle: Bundle,
    told: Told | None,
    *,
    pinned: frozenset[bytes],
    logs: frozenset[NoteKey],
    vouchers: Vouchers | None,
) -> Iterator[Check]:
    """What the log says of the record, and others of the log; and what it had before what."""
    keyrings = keyring_of(bundle.files, vouchers, pinned=pinned)
    logs = trusted_logs(logs, vouchers, keyrings)
    in_the_log = logged(bundle)
    yield check_log(in_the_log, pinned=logs)
    vouched = Vouched(
        files=bundle.files,
        claims=[Claim(entry.stream, entry.sequence, entry.at) for entry in covered(in_the_log)],
        signed=bundle.signed,
        created_at=bundle.manifest.created_at,
        incoming=told.incoming if told is not None else (),
        logged=logged_by(told.incoming, told.history.runs) if told is not None else (),
    )
    yield from check_vouchers(vouched, vouchers, logs=logs, keyrings=keyrings)
    if told is not None:
        yield from _workers(told, keyrings.note)
        yield from _order(told, pinned=logs)


def _workers(told: Told, note: KeyringNote | None) -> Iterator[Check]:
    """Every batch of entries that is marked was marked by a worker that may."""
    manifest = told.bundle.manifest
    runs = [
        *zip(manifest.runs, told.history.runs, strict=True),
        *zip(manifest.left_behind, told.left_behind, strict=True),
    ]
    for name, item in told.owed.items():
        runs += zip(manifest.owed[name].runs, item.history.runs, strict=True)
    found = check_workers(
        list(batches_of((file.file, run) for file, run in runs)),
        record_of(told.bundle, told.request.pathway.digest),
        root=told.root,
        note=note,
    )
    if found is not None:
        yield found


def _order(told: Told, *, pinned: frozenset[NoteKey]) -> Iterator[Check]:
    """Whether the log had each decision before it took effect; nothing for a case of before."""
    bundle = told.bundle
    try:
        keys = pinned or frozenset([NoteKey.parse(bundle.keyring.log)])
    except LogError:
        # That no key is named is told with the log itself; then no proof can hold.
        keys = frozenset()
    check = WriteOrder(
        request=told.request,
        history=told.history,
        proven=told.proven,
        entries=bundle.entries,
        segments=bundle.manifest.lineage.get(CASE_STREAM, ()),
        door=bundle.door,
        files=bundle.files,
        keys=keys,
    ).check()
    if check is not None:
        yield check
