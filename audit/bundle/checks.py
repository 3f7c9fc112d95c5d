"""What can be said of an export without Temporal: each check a function, shared by both verifiers.

`audit.verify` knows Temporal's histories and says more; `audit.bundle.alone` says this and needs
little. A check that another part of an export brings along is a module of its own and a line here.
"""

from collections.abc import Iterator, Mapping, Sequence

from audit.access import check_access, digests_of, policy_file
from audit.acts import Proven, check_decisions, check_door, root_of
from audit.bundle.clock_rows import FILE as CLOCKS
from audit.bundle.clock_rows import clock_rows, unpinned
from audit.bundle.code import FILE as BUILD
from audit.bundle.code import read_build
from audit.bundle.dsse import ACTS, CERTIFICATES, envelope_files
from audit.bundle.made import MADE
from audit.bundle.opened import FOLDER as OPENED
from audit.bundle.opened import files_of, read_all
from audit.bundle.whole import Bundle, need
from audit.bundle.workers import FILE as WORKERS
from audit.comments import COMMENTS, OpenComments, check_comments, said_openly
from audit.custody import check_custody
from audit.errors import ExportUnreadableError
from audit.incoming import Incoming, salt_of
from audit.log.exported import FOLDER as LOG
from audit.log.exported import Logged
from audit.log.keyring_note import FILE as KEYRING_NOTE
from audit.manifest import KEYRING, MANIFEST, SIGNATURE, StreamHead, check_signature
from audit.personal_files import FOLDER as PERSONAL
from audit.quorum import Count
from audit.reading import broken_at, check_files, read_model
from audit.rules import Rules, document, read_rules
from audit.verdict import Check, judged
from cases.envelope import ActEnvelope
from cases.journal import GENESIS, Kind, Stream
from workflows.messages import CaseInput

CLOSED = (Kind.CASE_CLOSED, Kind.CASE_CANCELLED)
AGAIN = (Kind.CASE_REOPENED, Kind.CASE_UNMERGED)
"""What a journal can go on with after its last entry."""
ALONE = (
    BUILD,
    CLOCKS,
    KEYRING,
    MANIFEST,
    SIGNATURE,
    COMMENTS,
    KEYRING_NOTE,
    WORKERS,
    *MADE,
)
"""Files that stand alone in an export."""
CHECKED = (ACTS, CERTIFICATES, OPENED, LOG, f"{PERSONAL}/")
"""Folders whose files are each expected by a check of their own."""
_OF_BEFORE = "it was written before exports had acts, opened fields and sealed events of their own"


def files_check(bundle: Bundle) -> Check:
    """Every file is the one that the manifest names, and there is no other."""
    return judged("files", wrong=check_files(bundle.files, bundle.manifest))


def signature_check(
    bundle: Bundle, request: CaseInput | None, *, pinned: frozenset[bytes]
) -> Check:
    """A door that the trusted root certified signed the manifest."""
    root = bundle.keyring.root_bytes
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
        bundle.files[MANIFEST], bundle.signed, root=root, at=bundle.manifest.created_at
    )
    if why:
        wrong.append(why)
    return judged("signature", wrong=wrong, missing=missing)


def journal_check(bundle: Bundle) -> Check:
    """Every stream is a chain, of this case, and ends where the manifest says."""
    wrong: list[str] = []
    case = bundle.manifest.case
    streams = [
        ("case stream", bundle.case_stream, Stream.CASE, bundle.manifest.case_head),
        ("door stream", bundle.door_stream, Stream.DOOR, bundle.manifest.door_head),
        *((f"branch {name}", items, Stream.CASE, None) for name, items in bundle.branches.items()),
    ]
    for name, lines, stream, told in streams:
        broken = broken_at(lines)
        if broken:
            wrong.append(f"{name}: {broken}")
        if any((entry.case, entry.stream) != (case, stream) for entry in lines.entries):
            wrong.append(f"{name}: an entry belongs elsewhere")
        head = StreamHead(
            sequence=len(lines.entries), hash=lines.hashes[-1] if lines.hashes else GENESIS
        )
        if told is not None and told != head:
            wrong.append(f"{name}: does not end where the manifest says")
    for place, entry in enumerate(bundle.entries, start=1):
        if entry.kind not in CLOSED:
            continue
        following = bundle.entries[place] if place < len(bundle.entries) else None
        if following is not None and following.kind not in AGAIN:
            wrong.append("case stream: goes on after its last entry")
        if entry.body.get("entries") != place:
            wrong.append("case stream: its last entry counts another number of entries")
    return judged("journal", wrong=wrong)


def closed_check(bundle: Bundle) -> Check:
    """The case has ended: nothing of it is still to come."""
    missing = [] if is_closed(bundle) else ["the case is not closed; it may go on"]
    return judged("closed", wrong=[], missing=missing)


def is_closed(bundle: Bundle) -> bool:
    """Whether the case stream has its last entry."""
    return bool(bundle.entries) and bundle.entries[-1].kind in CLOSED


def decisions_check(bundle: Bundle, incoming: Sequence[Incoming], proven: Proven) -> Check:
    """Whatever the journal says that people did, they signed."""
    found = check_decisions(incoming, proven, bundle.entries, open_case=not is_closed(bundle))
    return judged("decisions", wrong=list(found))


def rules_checks(
    bundle: Bundle, request: CaseInput, proven: Proven
) -> tuple[Rules | None, list[Check]]:
    """The rules are those of the documents, and every round was counted by them."""
    rules, wrong = read_rules(bundle.files, request, proven, bundle.entries)
    checks = [judged("runbook", wrong=wrong)]
    if rules is not None:
        count = Count(rules.first, later=rules.versions)
        checks.append(judged("quorum", wrong=list(count.check(bundle.entries))))
    return rules, checks


def doors_check(bundle: Bundle, request: CaseInput, proven: Proven) -> Check:
    """What the doors recorded and what the case knows are the same acts."""
    wrong, missing = check_door(
        bundle.door, proven, salt=salt_of(request), open_case=not is_closed(bundle)
    )
    return judged("doors", wrong=wrong, missing=missing)


def kept_checks(bundle: Bundle, request: CaseInput, proven: Proven) -> Iterator[Check]:
    """Policies, comments and custody, where the case has any: what is kept is what was recorded."""
    if digests_of(bundle.entries, bundle.door):
        wrong, missing = check_access(bundle.files, proven, bundle.entries, bundle.door)
        yield judged("access", wrong=wrong, missing=missing)
    if COMMENTS in bundle.files or said_openly(bundle.entries):
        yield _comments(bundle)
    if any(entry.kind is Kind.DOOR_CUSTODY for entry in bundle.door):
        found = check_custody(
            bundle.entries,
            bundle.door,
            case=bundle.manifest.case,
            root=root_of(request.root_key),
        )
        yield judged("custody", wrong=list(found))


def _comments(bundle: Bundle) -> Check:
    said = OpenComments()
    if COMMENTS in bundle.files:
        try:
            said = read_model(COMMENTS, bundle.files[COMMENTS], OpenComments)
        except ExportUnreadableError as error:
            return judged("comments", wrong=[str(error)])
    wrong, missing = check_comments(bundle.entries, said)
    return judged("comments", wrong=wrong, missing=missing)


def parts_check(
    bundle: Bundle, rules: Rules | None, *, envelopes: Mapping[str, ActEnvelope] | None = None
) -> Check:
    """What stands beside the record for other people's tools says the same as the record.

    `envelopes` are the acts of the histories, where somebody has read them.
    """
    if bundle.before:
        return judged("parts", wrong=[], missing=[_OF_BEFORE])
    wrong: list[str] = []
    try:
        wrong += [*_opened(bundle), *_signed(bundle, envelopes), *_strange(bundle, rules)]
        build = read_build(need(bundle.files, BUILD))
        if rules is not None and set(build.runbooks) != set(rules.versions):
            wrong.append(f"{BUILD}: names other rules than the case was bound to")
        if rules is not None and need(bundle.files, CLOCKS) != clock_rows(rules.versions):
            wrong.append(f"{CLOCKS}: are not the clocks and calendars of the runbook")
    except ExportUnreadableError as error:
        wrong.append(str(error))
    if rules is not None:
        wrong += unpinned(bundle.entries, rules.versions)
    return judged("parts", wrong=wrong)


def logged(bundle: Bundle) -> Logged:
    """What of the export the log has to vouch for."""
    return Logged(
        files=bundle.files,
        key=bundle.keyring.log,
        streams=[
            (lines.entries, bundle.manifest.lineage.get(file, ()))
            for file, lines in bundle.streams.items()
        ],
        opened={id(entry): (place.branch, fields) for entry, place, fields in bundle.opened},
    )


def _strange(bundle: Bundle, rules: Rules | None) -> Iterator[str]:
    """Files that nothing names: what stands in an export means something, or is not in it."""
    told = bundle.manifest
    runs = (
        *told.runs,
        *told.left_behind,
        *(run for item in told.owed.values() for run in item.runs),
    )
    named = {
        *ALONE,
        *bundle.streams,
        *(item.stream for item in told.owed.values()),
        *(name for run in runs for name in (run.file, run.sealed)),
        *map(policy_file, digests_of(bundle.entries, bundle.door)),
        *(document(digest) for digest in (rules.versions if rules is not None else ())),
    }
    for name in sorted(bundle.files.keys() - named):
        if not name.startswith(CHECKED):
            yield f"{name}: nothing in an export has that name"


def _opened(bundle: Bundle) -> Iterator[str]:
    expected = files_of((place, fields) for _, place, fields in bundle.opened)
    differing = list(
        _same(bundle.files, expected, OPENED, "opens other fields than the journal has")
    )
    if differing:
        # What is none of their spellings is called so; what is the expected bytes needs no reading.
        read_all(bundle.files)
    yield from differing


def _signed(bundle: Bundle, envelopes: Mapping[str, ActEnvelope] | None) -> Iterator[str]:
    certificates = envelope_files((), bundle.keyring.certificates, root=bundle.keyring.root_bytes)
    yield from _same(
        bundle.files, certificates, CERTIFICATES, "is not a certificate of the keyring"
    )
    if envelopes is not None:
        acts = envelope_files(envelopes.values(), (), root=bundle.keyring.root_bytes)
        yield from _same(bundle.files, acts, ACTS, "is not an act of the history")


def _same(
    files: Mapping[str, bytes], expected: Mapping[str, bytes], folder: str, why: str
) -> Iterator[str]:
    for name in sorted(expected.keys() - files.keys()):
        yield f"{name}: missing"
    for name, data in sorted(files.items()):
        if name.startswith(folder) and expected.get(name) != data:
            yield f"{name}: {why}"
