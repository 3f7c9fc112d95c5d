"""Effects, tickets, obligations, objects, releases, heartbeats and alarms."""

import asyncio
from datetime import datetime, timedelta

import pytest

from cases.canonical import sha256
from cases.journal import Journal, Kind, Stream
from cases.obligations.state import ObligationPicture, TurnAnswer
from cases.report import TicketRef
from runbooks.errors import ReleaseRefusedError
from runbooks.plan import FollowUp
from runbooks.release import ReleaseShelf, ReleaseState
from store import BrokenSeal, ObligationEntries, ObligationRow, Store, UnknownObject
from store.side_tables import objects
from tests.store.building import CANARY, START, accepted, later


@pytest.fixture
async def case(store: Store) -> str:
    """A case."""
    return (await accepted(store)).case


async def test_effect_is_begun_before_it_is_done(store: Store, case: str) -> None:
    """A second attempt knows that a first one may have reached the vendor (I9)."""
    first = await store.effects.begin("k", case=case, at=START)
    second = await store.effects.begin("k", case=case, at=later(minutes=1))

    assert (first.number, first.result) == (1, None)
    assert (second.number, second.result) == (2, None)
    assert await store.effects.recall("k") is None


async def test_first_result_of_an_effect_stays(store: Store, case: str) -> None:
    """What an effect came to is said once, also to whoever tries again."""
    await store.effects.begin("k", case=case, at=START)
    await store.effects.remember("k", case=case, result={"reference": CANARY}, at=START)

    kept = await store.effects.remember("k", case=case, result={"reference": "x"}, at=START)

    assert kept == {"reference": CANARY}
    assert await store.effects.recall("k") == {"reference": CANARY}
    assert (await store.effects.begin("k", case=case, at=START)).result == {"reference": CANARY}
    (row,) = await store.effects.written(case)
    assert (row.key, row.attempts, row.result) == ("k", 2, {"reference": CANARY})


async def test_result_without_a_beginning_is_remembered(store: Store, case: str) -> None:
    """Not every effect needs an attempt on record."""
    assert await store.effects.remember("k", case=case, result={"a": 1}, at=START) == {"a": 1}
    assert await store.effects.recall("k") == {"a": 1}


async def test_case_has_one_ticket(store: Store, case: str) -> None:
    """Two tries to open a ticket end in one (I1)."""
    first = TicketRef(system="rt", instance="example", id="7", url="https://example.test/7")
    assert await store.tickets.of(case) is None

    kept = [await store.tickets.opened(case, ref=ref, at=START) for ref in (first, first)]
    other = await store.tickets.opened(case, ref=first.model_copy(update={"id": "8"}), at=START)

    assert kept == [first, first]
    assert other == first
    assert await store.tickets.of(case) == first
    assert await store.tickets.cases_of(first) == [case]
    assert await store.tickets.cases_of(first.model_copy(update={"id": "9"})) == []


async def test_obligation_is_due_until_it_is_done(store: Store, case: str) -> None:
    """What is owed after closing is found when it is due."""
    row = an_obligation(case)
    assert await store.obligations.record(row) == row
    assert await store.obligations.record(row.model_copy(update={"owner": "x"})) == row

    assert await store.obligations.due(before=later(days=6)) == []
    assert await store.obligations.due(before=later(days=7)) == [row]
    await store.obligations.append(obligation_entries(row, settled_at=later(days=7)))
    assert await store.obligations.due(before=later(days=8)) == []
    assert [found.done_at for found in await store.obligations.by_case(case)] == [later(days=7)]


async def test_obligation_is_started_once_and_the_door_says_so(store: Store, case: str) -> None:
    """Two gateways that start the same one leave one entry."""
    await store.obligations.record(an_obligation(case))

    before = [row.key for row in await store.obligations.unstarted()]
    for _ in range(2):
        await store.obligations.started("k", at=later(days=1))

    door = await store.journal.entries(case, stream=Stream.DOOR)
    assert before == ["k"]
    assert await store.obligations.unstarted() == []
    assert [entry.kind for entry in door].count(Kind.DOOR_OBLIGATION) == 1


async def test_obligation_keeps_a_stream_of_its_own(store: Store, case: str) -> None:
    """The same batch twice is stored once, other bytes stand beside, the case is untouched."""
    row = an_obligation(case)
    await store.obligations.record(row)
    batch = obligation_entries(row, settled_at=later(days=7))

    first = [await store.obligations.append(batch) for _ in range(2)]
    forked = await store.obligations.append(obligation_entries(row, settled_at=later(days=9)))

    entries = await store.journal.entries(case, stream=row.stream)
    picture = await store.obligations.picture(case, row.name)
    assert [(each.sequence, each.forked) for each in first] == [(1, False), (1, False)]
    assert forked.forked
    assert entries == list(batch.entries)
    assert await store.journal.entries(case) == []
    assert picture is not None
    assert picture.number == batch.picture.number
    assert [item.what for item in await store.backup.reconcile()] == [
        "entry 1 of main was said twice, differently"
    ]


async def test_object_is_found_by_its_digest(store: Store) -> None:
    """Equal bytes are one object, and it never changes."""
    digest = await store.objects.put(kind="runbook", data=b"bytes", at=START)

    assert digest == sha256(b"bytes")
    assert await store.objects.put(kind="runbook", data=b"bytes", at=later(days=1)) == digest
    assert await store.objects.get(digest) == b"bytes"
    with pytest.raises(UnknownObject):
        await store.objects.get("0" * 64)


async def test_altered_object_is_noticed(store: Store) -> None:
    """A pinned row that was changed in the database is never used."""
    digest = await store.objects.put(kind="runbook", data=b"bytes", at=START)
    async with store.database.write() as connection:
        await connection.execute(objects.update().values(data=b"other"))

    with pytest.raises(BrokenSeal):
        await store.objects.get(digest)


async def propose(
    store: Store, version: str, source: bytes, *, by: str = "one", shadow: bool = False
) -> None:
    """A version is proposed."""
    await store.releases.propose(
        runbook="r",
        version=version,
        digest=sha256(source),
        source=source,
        by=by,
        at=START,
        shadow=shadow,
    )


async def test_release_needs_two_people(store: Store) -> None:
    """Nothing is live before somebody else approves it."""
    shelf: ReleaseShelf = store.releases
    await propose(store, "1.0.0", b"one")
    assert await store.releases.active("r") is None
    with pytest.raises(ReleaseRefusedError, match="second person"):
        await shelf.approve(runbook="r", version="1.0.0", by="one", at=START)

    await shelf.approve(runbook="r", version="1.0.0", by="two", at=later(minutes=1))

    active = await store.releases.active("r")
    assert active is not None
    assert (active.version, active.digest, active.state) == (
        "1.0.0",
        sha256(b"one"),
        ReleaseState.LIVE,
    )
    assert (active.proposed_by, active.approved_by) == ("one", "two")
    assert await store.objects.get(active.digest) == b"one"
    assert await store.releases.runbooks() == {"r": active}


async def test_version_means_the_same_bytes_for_ever(store: Store) -> None:
    """A number is never used for other bytes, and a digest must be the source's."""
    await propose(store, "1.0.0", b"one")
    await propose(store, "1.0.0", b"one")

    with pytest.raises(ReleaseRefusedError, match="taken"):
        await propose(store, "1.0.0", b"two")
    with pytest.raises(ReleaseRefusedError, match="not the source's"):
        await store.releases.propose(
            runbook="r", version="2.0.0", digest="0" * 64, source=b"x", by="one", at=START
        )
    assert [release.version for release in await store.releases.released()] == ["1.0.0"]


async def test_version_proposed_twice_at_once_is_one(store: Store) -> None:
    """Two people who propose different bytes at once: one wins, the other is told."""
    answers = await asyncio.gather(
        *(propose(store, "1.0.0", f"source {number}".encode()) for number in range(5)),
        return_exceptions=True,
    )

    assert sum(answer is None for answer in answers) == 1
    assert sum(isinstance(answer, ReleaseRefusedError) for answer in answers) == 4
    assert len(await store.releases.released()) == 1


async def test_retired_version_gives_way(store: Store) -> None:
    """New cases walk the highest version that is live."""
    for version in ("1.0.0", "1.10.0", "1.9.0"):
        await propose(store, version, version.encode())
        await store.releases.approve(runbook="r", version=version, by="two", at=START)

    await store.releases.retire(runbook="r", version="1.10.0", by="one", at=START)

    active = await store.releases.active("r")
    assert active is not None
    assert active.version == "1.9.0"


async def test_a_shadow_is_walked_until_a_version_is_live(store: Store) -> None:
    """The same version stands there twice; what goes live ends every shadow of its runbook."""
    shelf = store.releases
    for version in ("1.0.0", "1.1.0"):
        await propose(store, version, version.encode(), shadow=True)
        await shelf.approve(runbook="r", version=version, by="two", at=START, shadow=True)
    beside = await shelf.active("r")
    assert beside is not None
    assert (beside.version, beside.shadow) == ("1.1.0", True)

    await propose(store, "1.0.0", b"1.0.0")
    assert await shelf.active("r") == beside
    with pytest.raises(ReleaseRefusedError, match="taken"):
        await propose(store, "1.1.0", b"other bytes")
    await shelf.approve(runbook="r", version="1.0.0", by="two", at=later(days=7))

    active = await shelf.active("r")
    assert active is not None
    assert (active.version, active.shadow) == ("1.0.0", False)
    standing = [(it.version, it.shadow, it.state) for it in await shelf.released()]
    assert standing == [
        ("1.0.0", True, ReleaseState.RETIRED),
        ("1.1.0", True, ReleaseState.RETIRED),
        ("1.0.0", False, ReleaseState.LIVE),
    ]


async def test_nothing_runs_in_the_shadow_of_what_is_live(store: Store) -> None:
    """Refused when proposed, and when approved after something went live meanwhile."""
    shelf = store.releases
    await propose(store, "2.0.0", b"two", shadow=True)
    await propose(store, "1.0.0", b"one")
    await shelf.approve(runbook="r", version="1.0.0", by="two", at=START)

    for step in (
        shelf.approve(runbook="r", version="2.0.0", by="two", at=START, shadow=True),
        propose(store, "2.0.0", b"two", shadow=True),
    ):
        with pytest.raises(ReleaseRefusedError, match="backtest"):
            await step

    await shelf.retire(runbook="r", version="1.0.0", by="one", at=START)
    assert await shelf.active("r") is None


async def test_silent_process_is_stale(store: Store) -> None:
    """A process that was not heard of for a while is named, unless it ended on purpose."""
    await store.health.heartbeat(kind="worker", id="w1", at=START)
    await store.health.heartbeat(kind="worker", id="w2", at=START)
    await store.health.heartbeat(kind="worker", id="w2", at=later(minutes=2), detail="ok")
    await store.health.heartbeat(kind="gateway", id="g1", at=START)
    await store.health.forget(kind="gateway", id="g1")

    stale = await store.health.stale(at=later(minutes=2), older_than=timedelta(minutes=1))

    assert [beat.id for beat in stale] == ["w1"]
    assert [beat.id for beat in await store.health.beats("worker")] == ["w2", "w1"]


async def test_alarm_is_one_row_however_often_it_is_found(store: Store) -> None:
    """People are told once about one thing, until it comes back."""
    ring = {"kind": "due", "key": "1001", "text": "late", "mend": "look"}
    first = await store.health.alarm(**ring, at=START)
    await store.health.told(kind="due", key="1001", at=later(minutes=1))
    again = await store.health.alarm(**ring, at=later(minutes=2))

    assert first.told_at is None
    assert (again.raised_at, again.seen_at, again.told_at) == (
        START,
        later(minutes=2),
        later(minutes=1),
    )
    assert await store.health.open_alarms() == [again]

    await store.health.clear(kind="due", key="1001", at=later(minutes=3))
    assert await store.health.open_alarms() == []
    back = await store.health.alarm(**ring, at=later(minutes=4))
    assert (back.raised_at, back.told_at) == (later(minutes=4), None)


def an_obligation(case: str) -> ObligationRow:
    """Something owed in a week."""
    return ObligationRow(
        key="k",
        case=case,
        name="recheck",
        title="Look again",
        owner="triage",
        due_at=later(days=7),
        recorded_at=START,
    )


def obligation_entries(row: ObligationRow, *, settled_at: datetime) -> ObligationEntries:
    """The first batch of the obligation, which is also the one that settles it."""
    journal = Journal(case=row.case, stream=row.stream)
    entry = journal.record(Kind.OBLIGATION_SETTLED, at=settled_at, salt=b"s", answer="all-quiet")
    answer = TurnAnswer(
        turn=1, due_at=row.due_at, answer="all-quiet", by="t", role="triage", at=settled_at
    )
    return ObligationEntries(
        case=row.case,
        name=row.name,
        original_run="run-1",
        run="run-1",
        entries=(entry,),
        picture=ObligationPicture(
            number="1001",
            plan=FollowUp(name=row.name, owner=row.owner, after=timedelta(days=7)),
            turn=1,
            begun_at=START,
            first_due=row.due_at,
            due_at=row.due_at,
            answer_by=row.due_at,
            overdue=False,
            settled_by=answer,
        ),
        at=settled_at,
    )
