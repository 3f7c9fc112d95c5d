"""Each batch of entries was signed by a worker that may: every way in which it was not is told."""

import base64
from collections.abc import AsyncIterator, Callable
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.bundle.alone import verify_files_alone
from audit.bundle.workers import KINDS, certificates_file, key_of, read_certificates
from audit.contents import export_files
from audit.errors import ExportUnreadableError
from audit.export import CaseRecord, gather
from audit.histories import Run
from audit.kinds import EVENT
from audit.log.keyring_note import (
    KeyringNote,
    Listed,
    Role,
    build_digest,
    door_key,
    worker_key,
)
from audit.marks import batches_of, marking
from audit.verdict import Check, Outcome
from audit.verify import verify_files
from cases.envelope import issue_certificate, key_id
from cases.worker_keys import (
    MARK,
    CertifiedWorker,
    WorkerCertificate,
    certify_worker,
    mark_of,
)
from store import DEMO_KEK, Store
from tests.audit.casework import MADE_AT, PINNED, SEAL, Office, office
from tests.audit.scenarios import approved
from tests.stores import empty_store
from tests.workflows.world import DOOR, ROOT
from workers.engine import Engine

BEGUN, ENDED = datetime(2020, 1, 1, tzinfo=UTC), datetime(2090, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
BUILD = "ab" * 32
OTHER = "cd" * 32
_DOOR = DOOR.public_key().public_bytes_raw()


@dataclass
class Maker:
    """A worker's key, and what a door may say of it."""

    private: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    @property
    def public(self) -> bytes:
        """Its public part."""
        return self.private.public_key().public_bytes_raw()

    @property
    def name(self) -> str:
        """Its short name."""
        return key_id(self.public)

    def sign(self, data: bytes) -> bytes:
        """Its mark."""
        return mark_of(data, key=self.private, named=self.name).written

    def certified(
        self,
        *runbooks: str,
        build: str = BUILD,
        until: datetime = ENDED,
        root: Ed25519PrivateKey = ROOT,
        door: Ed25519PrivateKey = DOOR,
    ) -> WorkerCertificate:
        """What a door says of it."""
        worker = CertifiedWorker(
            key_id=self.name,
            public_key=base64.b64encode(self.public).decode(),
            build=build,
            runbooks=tuple(sorted(runbooks)),
            not_before=BEGUN,
            not_after=until,
            issued_at=BEGUN + DAY,
        )
        own = issue_certificate(
            root, door.public_key(), use="door", not_before=BEGUN, not_after=ENDED
        )
        return certify_worker(worker, door=door, certificate=own)


WORKER = Maker()
LISTED = (
    Listed(Role.DOOR, door_key(_DOOR, key_id=key_id(_DOOR)), since=BEGUN),
    Listed(Role.BUILD, build_digest(BUILD), since=BEGUN),
)


@dataclass(frozen=True)
class Cases:
    """Two closed cases of one worker, as they are known."""

    one: CaseRecord
    other: CaseRecord

    @property
    def runbook(self) -> str:
        """What both ran on."""
        return self.one.request.pathway.digest


@pytest.fixture(scope="module")
async def cases(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Cases]:
    """Both, from a real engine."""
    url = f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('marked') / 'store.db'}"
    await empty_store(url)
    async with await Store.open(url, kek=DEMO_KEK) as store:
        async with office(engine, store, sign=WORKER.sign) as at_work:
            one = await _known(at_work)
        # Nothing is kept in memory here: every step of the case replays all before it.
        async with office(engine, store, sign=WORKER.sign, cached=0) as at_work:
            other = await _known(at_work)
        yield Cases(one, other)


async def _known(at_work: Office) -> CaseRecord:
    case = await approved(at_work)
    await at_work.log()
    return await gather(case.handle.id, store=at_work.store, client=at_work.client)


def exported(record: CaseRecord, *, listed: tuple[Listed, ...] = LISTED) -> dict[str, bytes]:
    """The files of the case's export, with what the root says of keys and builds."""
    note = KeyringNote(number=1, at=MADE_AT, keys=listed)
    seal = replace(SEAL, keyring_note=note.signed(ROOT).encode() if listed else b"")
    return export_files(record, seal=seal, at=MADE_AT, version="test")


async def told(
    record: CaseRecord,
    *certificates: WorkerCertificate,
    listed: tuple[Listed, ...] = LISTED,
) -> Check | None:
    """What both verifiers say of its workers, which is the same."""
    files = exported(replace(record, workers=certificates), listed=listed)
    full = await verify_files(files, pinned=PINNED, replay=False)
    alone = verify_files_alone(files, pinned=PINNED)
    found = [
        next((check for check in each.checks if check.name == "workers"), None)
        for each in (full, alone)
    ]
    assert found[0] == found[1]
    return found[0]


def altered(record: CaseRecord, change: Callable[[int, str, bytes, bytes], bytes]) -> CaseRecord:
    """The record with other marks: `change` takes a batch's number, kind, bytes and mark."""
    (run,) = record.history.runs
    events = [deepcopy(event) for event in run.events]
    number = 0
    for event in events:
        asked = event.activity_task_scheduled_event_attributes
        if (
            event.event_type != EVENT.ACTIVITY_TASK_SCHEDULED
            or asked.activity_type.name not in KINDS
        ):
            continue
        (payload,) = asked.input.payloads
        number += 1
        mark = change(number, asked.activity_type.name, payload.data, payload.metadata[MARK])
        if mark:
            payload.metadata[MARK] = mark
        else:
            del payload.metadata[MARK]
    history = replace(record.history, runs=(Run(run=run.run, events=tuple(events)),))
    return replace(record, history=history)


async def test_every_batch_of_a_case_carries_the_mark_of_its_worker(cases: Cases) -> None:
    """Certified to its build and its runbook, under builds that the root lists: PASS.

    Also where each step of the case replays what was before.
    """
    found = await told(cases.one, WORKER.certified(cases.runbook))

    assert found == Check(name="workers", outcome=Outcome.PASS)
    for record in (cases.one, cases.other):
        (run,) = record.history.runs
        batches = list(batches_of([("", run)]))
        assert len(batches) > 3
        assert {key_of(batch.mark) for batch in batches} == {WORKER.name}
        assert marking([run]) == {WORKER.name}


async def test_a_mark_is_no_part_of_what_a_replay_derives(cases: Cases) -> None:
    """An auditor has no worker's key: strict replay finds no difference."""
    verdict = await verify_files(exported(cases.one), pinned=PINNED)

    replayed = next(check for check in verdict.checks if check.name == "strict replay")
    assert replayed.outcome is Outcome.PASS, verdict.lines()


@pytest.mark.parametrize(
    "what, because",
    [
        ("forged signature", f"is not what worker {WORKER.name} signed"),
        ("another worker's", f"is not what worker {WORKER.name} signed"),
        ("of another batch", f"is not what worker {WORKER.name} signed"),
        ("no mark at all", "the mark of a worker cannot be read"),
    ],
    # The worker's name is another one in each process that collects tests.
    ids=lambda said: said.partition(f" {WORKER.name}")[0],
)
async def test_a_mark_that_the_worker_did_not_make_fails_at_its_place(
    what: str, because: str, cases: Cases
) -> None:
    """One batch is enough, and the verdict names file and event."""
    marks: list[bytes] = []

    def change(number: int, _kind: str, data: bytes, mark: bytes) -> bytes:
        marks.append(mark)
        if number != 3:
            return mark
        forged = {
            "forged signature": mark[:-1] + bytes([mark[-1] ^ 1]),
            "another worker's": mark[:8] + Maker().sign(data)[8:],
            "of another batch": marks[0],
            "no mark at all": mark[:-1],
        }
        return forged[what]

    record = altered(cases.one, change)

    found = await told(record, WORKER.certified(cases.runbook))

    assert found is not None
    assert found.outcome is Outcome.FAIL
    assert found.reasons[0].startswith("history/1-")
    assert " event " in found.reasons[0]
    assert because in found.reasons[0]


async def test_a_batch_of_another_case_does_not_pass_for_one_of_this(cases: Cases) -> None:
    """Signed by the right worker, for a case it may serve, and put into another history."""
    (theirs,) = cases.other.history.runs
    batches = [
        event
        for event in theirs.events
        if event.activity_task_scheduled_event_attributes.activity_type.name in KINDS
    ]
    (run,) = cases.one.history.runs
    events = [deepcopy(event) for event in run.events]
    place = next(
        number
        for number, event in enumerate(events)
        if event.activity_task_scheduled_event_attributes.activity_type.name in KINDS
    )
    asked = events[place].activity_task_scheduled_event_attributes
    asked.input.CopyFrom(batches[0].activity_task_scheduled_event_attributes.input)
    history = replace(cases.one.history, runs=(Run(run=run.run, events=tuple(events)),))

    found = await told(replace(cases.one, history=history), WORKER.certified(cases.runbook))

    assert found is not None
    assert found.outcome is Outcome.FAIL
    assert "was signed for another case" in found.reasons[0]


@pytest.mark.parametrize("what", ["another runbook", "ended", "another build", "brought along"])
async def test_a_certificate_that_does_not_cover_the_case_fails(what: str, cases: Cases) -> None:
    """To its runbook, in its time, for a build the root lists, by a door of the pinned root."""
    begun = cases.one.entries[0].at
    stranger = Ed25519PrivateKey.generate()
    certificate, because = {
        "another runbook": (WORKER.certified("0" * 64), "is not certified to runbook"),
        "ended": (WORKER.certified(cases.runbook, until=begun - DAY), "counts from 2020-01-01"),
        "another build": (
            WORKER.certified(cases.runbook, build=OTHER),
            "ran build cdcdcdcdcdcd, which the keyring does not list",
        ),
        "brought along": (
            WORKER.certified(cases.runbook, root=stranger, door=stranger),
            "does not hold: unknown-key",
        ),
    }[what]

    found = await told(cases.one, certificate)

    assert found is not None
    assert found.outcome is Outcome.FAIL
    assert because in found.reasons[0]


@pytest.mark.hostile(53)
async def test_a_worker_that_nobody_certified_fails(cases: Cases) -> None:
    """No certificate at all, and one of another key, which then certifies nothing here."""
    none = await told(cases.one)
    other = await told(cases.one, Maker().certified(cases.runbook))

    assert none is not None
    assert none.outcome is Outcome.FAIL
    assert f"worker {WORKER.name} is certified by nobody" in none.reasons[0]
    assert other is not None
    assert any("which signed nothing here" in reason for reason in other.reasons)


@pytest.mark.parametrize("role", [Role.WORKER, Role.BUILD, Role.DOOR])
@pytest.mark.parametrize("when", ["before", "after"])
async def test_what_was_revoked_before_it_signed_fails_and_later_does_not(
    role: Role, when: str, cases: Cases
) -> None:
    """The worker's key, its build, and the door that certified it: the line is the instant."""
    first, last = cases.one.entries[0].at, cases.one.entries[-1].at
    at = {
        "before": BEGUN + timedelta(hours=1) if role is Role.DOOR else first - DAY,
        "after": last + DAY,
    }[when].replace(microsecond=0)
    own = Listed(Role.WORKER, worker_key(WORKER.public, key_id=WORKER.name), since=BEGUN)
    listed = tuple(
        replace(each, revoked=at) if each.role is role else each for each in (*LISTED, own)
    )

    found = await told(cases.one, WORKER.certified(cases.runbook), listed=listed)

    assert found is not None
    if when == "before":
        assert found.outcome is Outcome.FAIL
        assert "was revoked at" in found.reasons[0]
    else:
        assert found == Check(name="workers", outcome=Outcome.PASS)


@pytest.mark.hostile(53)
async def test_entries_without_a_mark_are_incomplete_once_the_root_lists_builds(
    cases: Cases,
) -> None:
    """A part of them, or all; of before the first build nobody asks, which is said."""
    some = altered(cases.one, lambda number, _kind, _data, mark: b"" if number < 3 else mark)
    bare = altered(cases.one, lambda *_: b"")
    certificate = WORKER.certified(cases.runbook)
    last = cases.one.entries[-1].at
    later = replace(LISTED[1], since=(last + DAY).replace(microsecond=0))

    partly = await told(some, certificate)
    wholly = await told(bare)
    before = await told(bare, listed=(LISTED[0], later))

    for found in (partly, wholly):
        assert found is not None
        assert found.outcome is Outcome.INCOMPLETE
        assert "are not signed by a certified worker; the first is 1" in found.reasons[0]
    assert before is not None
    assert before.outcome is Outcome.PASS
    assert "when the root listed no build yet" in before.reasons[0]


async def test_until_the_root_lists_a_build_nobody_asks_and_what_is_signed_must_hold(
    cases: Cases,
) -> None:
    """An older case has no such line at all; a false mark fails all the same."""
    bare = altered(cases.one, lambda *_: b"")
    forged = altered(cases.one, lambda *batch: batch[3][:-1] + bytes([batch[3][-1] ^ 1]))
    certificate = WORKER.certified(cases.runbook, build=OTHER)

    assert await told(bare, listed=()) is None
    signed = await told(cases.one, certificate, listed=())
    assert signed == Check(name="workers", outcome=Outcome.PASS)
    false = await told(forged, certificate, listed=())
    assert false is not None
    assert false.outcome is Outcome.FAIL


async def test_a_door_that_the_root_does_not_list_is_incomplete(cases: Cases) -> None:
    """Nothing is wrong with it, and nobody says that it counts."""
    found = await told(cases.one, WORKER.certified(cases.runbook), listed=LISTED[1:])

    assert found is not None
    assert found.outcome is Outcome.INCOMPLETE
    assert "does not list door" in found.reasons[0]


@pytest.mark.parametrize(
    "data", [b"", b"{}", b'{"v": 1, "workers": []}', b'{"v":1,"workers":[{}]}', b"[" * 10_000]
)
def test_certificates_have_one_spelling(data: bytes) -> None:
    """Not one byte more, and nothing that is no certificate; whatever order they came in."""
    one, two = Maker().certified("a"), Maker().certified("b")
    written = certificates_file([one, two])

    assert certificates_file([two, one]) == written
    assert len(read_certificates(written)) == 2
    for wrong in (data, written + b"\n"):
        with pytest.raises(ExportUnreadableError):
            read_certificates(wrong)
