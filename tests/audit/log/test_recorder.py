"""The recorder: every entry once, under checkpoints that only ever grow, wherever it is stopped."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from audit.log.checkpoint import read_checkpoint
from audit.log.errors import LogDamagedError
from audit.log.leaf import late_of
from audit.log.merkle import extends
from audit.log.note import NoteSigner
from audit.log.reader import consistency, settled
from audit.log.recorder import LogPoint, Recorder
from cases.journal import Stream
from store import LogHead, LogKey, NewLeaf, SpooledLine, Store, upgrade
from store.log_tables import log_head, log_leaves, log_tiles
from store.tables import journal
from tests.audit.log.building import (
    SIGNER,
    case_with,
    committed,
    door_says,
    recorder,
    sound,
)
from tests.store.building import START, batch, chain, later


class KilledError(BaseException):
    """The process is gone: nothing may catch this."""


def dying_at(point: LogPoint) -> Callable[[LogPoint], None]:
    """A seam that ends the work at that point."""

    def seam(reached: LogPoint) -> None:
        if reached is point:
            raise KilledError

    return seam


async def test_entries_of_both_streams_are_proven(store: Store) -> None:
    """Whatever case and door wrote has one leaf and a proof, in the order of its stream."""
    one = await case_with(store, "a", "triage", "legal-review", "closure")
    two = await case_with(store, "b", "triage")

    written = await recorder(store).record(at=START)

    assert (written.leaves, written.size) == (6, 6)
    await committed(store, one, two)
    places = await store.log.of_case(one)
    case_stream = [places[LogKey(one, Stream.CASE, "main", at)].number for at in (1, 2, 3)]
    assert case_stream == sorted(case_stream)
    assert await settled(store, one, within=timedelta(seconds=5))


async def test_checkpoints_only_ever_grow(store: Store) -> None:
    """Each checkpoint extends every one before, across bundles and tiles."""
    case = await case_with(store, "a", "triage")
    writing = recorder(store)
    seen = []
    for number in (1, 7, 250, 1, 300):
        await door_says(store, case, number)
        await writing.record(at=START)
        seen.append(read_checkpoint((await store.log.head()).checkpoint.encode())[0])

    assert [each.size for each in seen] == [3, 10, 260, 261, 561]
    for at, earlier in enumerate(seen):
        for found in seen[at:]:
            proof = await consistency(store, earlier=earlier.size, size=found.size)
            assert extends(
                earlier=earlier.size,
                earlier_root=earlier.root,
                size=found.size,
                root=found.root,
                proof=proof,
            )
    await committed(store, case)


async def test_at_most_one_checkpoint_a_second(store: Store) -> None:
    """Leaves are durable at once, the signature waits; a clock set back does not stop it."""
    case = await case_with(store, "a")
    writing = Recorder(store, signer=SIGNER)

    assert (await writing.record(at=START)).size == 1
    await door_says(store, case)
    assert await writing.record(at=later(milliseconds=900)) == (1, 0, 0, 0)
    assert (await store.log.backlog()).pending == 1
    assert not await store.log.is_settled(case)
    assert (await writing.record(at=later(seconds=1))).size == 2
    await door_says(store, case)
    assert (await writing.record(at=later(hours=-1))).size == 3


@pytest.mark.hostile(41)
@pytest.mark.parametrize("point", LogPoint)
async def test_killed_anywhere_it_goes_on_without_gap_or_double(
    store: Store, point: LogPoint
) -> None:
    """Before leaves, after them, signed but not stored, stored: the next one finishes it."""
    case = await case_with(store, "a", "triage", "closure")
    await recorder(store).record(at=START)
    before = await store.log.head()
    await door_says(store, case, 300)

    with pytest.raises(KilledError):
        await recorder(store, reached=dying_at(point)).record(at=START)
    await door_says(store, case, 2)
    await recorder(store).record(at=START)

    await committed(store, case)
    after = await store.log.head()
    assert after.size == before.size + 302
    earlier, later_ = (read_checkpoint(each.checkpoint.encode())[0] for each in (before, after))
    assert extends(
        earlier=earlier.size,
        earlier_root=earlier.root,
        size=later_.size,
        root=later_.root,
        proof=await consistency(store, earlier=earlier.size, size=later_.size),
    )


@pytest.mark.hostile(43)
async def test_two_recorders_sign_one_tree(store: Store) -> None:
    """Whoever loses the swap has published nothing, and nothing is lost or doubled."""
    case = await case_with(store, "a", "triage")
    both = [recorder(store), recorder(store)]
    for _ in range(5):
        await door_says(store, case, 3)
        await asyncio.gather(*(each.record(at=START) for each in both))
    await both[0].record(at=START)

    await committed(store, case)
    assert (await store.log.head()).size == 2 + 5 * 3


@pytest.mark.hostile(43)
async def test_the_swap_is_refused_to_who_has_seen_another_head(store: Store) -> None:
    """Compare and swap: neither tiles nor checkpoint of the loser are stored."""
    await case_with(store, "a", "triage")
    seen = await store.log.head()
    await recorder(store).record(at=START)
    kept = await store.log.head()

    swapped = await store.log.publish(
        {(0, 0): b"x" * 32}, checkpoint="another", size=1, seen=seen, at=START
    )

    assert not swapped
    assert await store.log.head() == kept
    await sound(store)


async def test_nothing_is_published_over_leaves_that_are_not_durable(store: Store) -> None:
    """A checkpoint never covers more than is there."""
    seen = await store.log.head()

    assert seen == LogHead(leaves=0, size=0)
    assert not await store.log.publish({}, checkpoint="early", size=1, seen=seen, at=START)


async def test_the_same_entry_again_has_no_second_leaf(store: Store) -> None:
    """Exact dedup by case, stream, branch and sequence."""
    case = await case_with(store, "a", "triage")
    (first, *_) = await store.log.waiting()
    await recorder(store).record(at=START)

    assert (
        await store.log.append([NewLeaf(first, (await store.log.leaves(0, 1))[0])], at=START) == []
    )
    assert (await store.log.head()).leaves == 2
    await committed(store, case)
    assert await store.health.open_alarms() == []


async def test_other_bytes_under_a_known_key_are_refused_and_alarmed(store: Store) -> None:
    """A journal that was rewritten behind the log's back changes nothing in it."""
    case = await case_with(store, "a", "triage")
    await recorder(store).record(at=START)
    before = await store.log.head()
    async with store.database.write() as connection:
        await connection.execute(journal.delete().where(journal.c.stream == Stream.CASE))
        await connection.execute(sa.text("DELETE FROM branches WHERE stream = 'case'"))
        await connection.execute(sa.text("DELETE FROM runs"))
    rewritten = chain(case, "closure")
    await store.append_case(batch(case, rewritten))

    written = await recorder(store).record(at=START)

    assert (written.refused, written.size) == (1, 0)
    assert await store.log.head() == before
    (alarm,) = await store.health.open_alarms()
    assert alarm.kind == "log-conflict"
    assert (await store.log.backlog()).pending == 0


async def test_an_entry_that_does_not_open_keeps_waiting_and_holds_nobody_up(
    store: Store,
) -> None:
    """It is alarmed; everything else goes into the log."""
    case = await case_with(store, "a", "triage")
    other = await case_with(store, "b", "triage")
    async with store.database.write() as connection:
        spoilt = sa.and_(journal.c.case == case, journal.c.stream == Stream.CASE)
        await connection.execute(journal.update().where(spoilt).values(entry=b"spoilt"))

    written = await recorder(store).record(at=START)

    assert (written.leaves, written.unreadable, written.size) == (3, 1, 3)
    assert [alarm.kind for alarm in await store.health.open_alarms()] == ["log-unreadable"]
    assert (await store.log.backlog()).pending == 1
    assert not await settled(store, case, within=timedelta(milliseconds=120))
    assert await store.log.is_settled(other)


async def test_the_edge_is_proved_before_the_first_signature(store: Store) -> None:
    """A leaf that was altered after it was signed: the new recorder signs nothing."""
    case = await case_with(store, "a", "triage", "closure")
    await recorder(store).record(at=START)
    await door_says(store, case)
    async with store.database.write() as connection:
        await connection.execute(
            log_leaves.update().where(log_leaves.c.number == 1).values(leaf=b"another")
        )
    before = await store.log.head()

    with pytest.raises(LogDamagedError):
        await recorder(store).record(at=START)
    assert await store.log.head() == before


async def test_tiles_that_do_not_lead_to_the_checkpoint_are_never_extended(store: Store) -> None:
    """Also while a recorder runs: whatever it extends is held against what was signed."""
    case = await case_with(store, "a", "triage")
    writing = recorder(store)
    await writing.record(at=START)
    await door_says(store, case)
    async with store.database.write() as connection:
        await connection.execute(log_tiles.update().values(hashes=b"x" * 64))

    with pytest.raises(LogDamagedError):
        await writing.record(at=START)


async def test_another_key_never_goes_on_with_the_log(store: Store) -> None:
    """A checkpoint that this key did not sign is not extended, and neither is another origin's."""
    case = await case_with(store, "a", "triage")
    await recorder(store).record(at=START)
    await door_says(store, case)
    renamed = NoteSigner(name="example.org/other", private=SIGNER.private)

    with pytest.raises(LogDamagedError):
        await Recorder(store, signer=renamed).record(at=START)


async def test_a_checkpoint_that_was_set_back_is_noticed(store: Store) -> None:
    """The head says fewer leaves than the tiles hold: an older tree is not signed anew."""
    case = await case_with(store, "a", "triage")
    writing = recorder(store)
    await writing.record(at=START)
    await door_says(store, case)
    async with store.database.write() as connection:
        await connection.execute(log_head.update().values(size=1))

    with pytest.raises(LogDamagedError):
        await writing.record(at=START)


async def set_back(store: Store, url: str, *, to: str) -> None:
    """The store has the schema of then, and of its rows what that schema can hold."""
    async with store.database.write() as connection:
        kept = await connection.run_sync(_taken)
    await upgrade(url, to=to)
    async with store.database.write() as connection:
        await connection.run_sync(_put_back, kept)


def _taken(connection: sa.Connection) -> dict[str, list[dict[str, object]]]:
    tables = sa.MetaData()
    tables.reflect(connection)
    rows = {
        table.name: [dict(row._mapping) for row in connection.execute(sa.select(table))]  # noqa: SLF001 -- SQLAlchemy's public name
        for table in tables.sorted_tables
    }
    tables.drop_all(connection)
    return rows


def _put_back(connection: sa.Connection, rows: dict[str, list[dict[str, object]]]) -> None:
    tables = sa.MetaData()
    tables.reflect(connection)
    for table in tables.sorted_tables:
        names = set(table.columns.keys())
        fitting = [
            {name: value for name, value in row.items() if name in names}
            for row in rows.get(table.name, [])
        ]
        # What a migration fills itself, it filled for that schema.
        filled = connection.execute(sa.select(table).limit(1)).first() is not None
        if fitting and not filled:
            connection.execute(table.insert(), fitting)


async def test_entries_from_before_the_log_are_in_it(store: Store, url: str) -> None:
    """The migration lets whatever the journal holds wait for its leaf."""
    case = await case_with(store, "a", "triage", "closure")
    await set_back(store, url, to="0001")

    await upgrade(url)
    await recorder(store).record(at=START)

    await committed(store, case)


async def test_a_decision_that_waits_has_its_checkpoint_sooner(store: Store) -> None:
    """While something is pressed for, checkpoints come twenty times as often."""
    case = await case_with(store, "a")
    writing = Recorder(store, signer=SIGNER)
    await writing.record(at=START)
    await door_says(store, case)

    assert (await writing.record(at=later(milliseconds=40), pressed=True)).size == 0
    assert (await writing.record(at=later(milliseconds=50))).size == 0
    assert (await writing.record(at=later(milliseconds=50), pressed=True)).size == 2


async def test_what_a_spool_holds_joins_first_and_late(store: Store) -> None:
    """Before whatever waited longer, under a leaf that names its line; what came in time stays."""
    case = await case_with(store, "a", "triage")
    keys = [LogKey(case, Stream.DOOR, "main", 2), LogKey(case, Stream.CASE, "main", 1)]
    await recorder(store).record(at=START)
    await door_says(store, case, 3)
    await store.log_spool.keep(
        [
            SpooledLine(spool="s", number=at, **key._asdict(), at=START, hash="ab" * 32, line=b"x")
            for at, key in enumerate(keys, start=1)
        ]
    )

    await recorder(store).record(at=START)

    placed = await store.log.of_case(case)
    assert placed[keys[0]].number == 2
    assert late_of(placed[keys[0]].leaf) == "ab" * 32
    assert late_of(placed[keys[1]].leaf) == ""
    assert (await store.log_spool.standing()).waiting == 0
    assert await store.health.open_alarms() == []
