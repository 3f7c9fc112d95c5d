"""The journal: appended once, never overwritten, branched by a reset, kept beside on a fork."""

import asyncio

import pytest

from cases.journal import GENESIS, Kind, Stream, check_chain
from store import MAIN, JournalGap, Store, UnknownCase
from tests.store.building import START, accepted, batch, chain, later, open_round


@pytest.fixture
async def case(store: Store) -> str:
    """A case whose workflow has written nothing yet."""
    return (await accepted(store)).case


async def test_entries_come_back_as_they_were_written(store: Store, case: str) -> None:
    """What is read is byte for byte what was appended."""
    entries = chain(case, "a", "b", "c")

    result = await store.append_case(batch(case, entries))

    stored = await store.journal.entries(case)
    assert (result.sequence, result.branch, result.forked) == (3, MAIN, False)
    assert [entry.data for entry in stored] == [entry.data for entry in entries]
    assert (await store.journal.head(case)).hash == entries[-1].hash


async def test_same_batch_again_changes_nothing(store: Store, case: str) -> None:
    """A retried activity finds its entries there and gets the same answer."""
    entries = chain(case, "a", "b")
    first = await store.append_case(batch(case, entries, changes={"stage": "triage"}))

    again = await store.append_case(batch(case, entries, changes={"stage": "triage"}))

    assert again == first
    assert len(await store.journal.entries(case)) == 2
    assert await store.journal.forks(case) == []


async def test_batch_that_overlaps_appends_only_what_is_new(store: Store, case: str) -> None:
    """Entries that were not known to be stored are sent again with the next ones."""
    entries = chain(case, "a", "b", "c")
    await store.append_case(batch(case, entries[:2]))

    result = await store.append_case(batch(case, entries))

    assert result.sequence == 3
    assert await store.journal.entries(case) == entries


@pytest.mark.hostile(54)
async def test_same_sequence_with_other_bytes_is_kept_beside(store: Store, case: str) -> None:
    """A fork never overwrites: the first entry stays, the other is kept, people are told."""
    entries = chain(case, "a", "b")
    other = chain(case, "a", "x", "y")
    await store.append_case(batch(case, entries))

    result = await store.append_case(batch(case, other))

    assert (result.forked, result.sequence) == (True, 3)
    assert await store.journal.entries(case) == entries
    assert [fork.entry for fork in await store.journal.forks(case)] == other[1:]
    assert [alarm.kind for alarm in await store.health.open_alarms()] == ["journal-fork"]


@pytest.mark.hostile(54)
async def test_what_follows_a_fork_is_kept_beside_too(store: Store, case: str) -> None:
    """The case goes on, its journal stays what it was, and nothing it says is lost."""
    entries = chain(case, "a", "b")
    other = chain(case, "a", "x", "y")
    await store.append_case(batch(case, entries))
    await store.append_case(batch(case, other))

    result = await store.append_case(batch(case, chain(case, "z", after=other)))
    continued = await store.append_case(
        batch(case, chain(case, "w", after=[*other, *chain(case, "z", after=other)]), run="run-2")
    )

    assert (result.forked, continued.forked) == (True, True)
    assert await store.journal.entries(case) == entries
    assert len(await store.journal.forks(case)) == 4


async def test_entry_that_follows_nothing_is_refused(store: Store, case: str) -> None:
    """A hole in the journal is never papered over; people are told."""
    entries = chain(case, "a", "b", "c")
    await store.append_case(batch(case, entries[:1]))

    with pytest.raises(JournalGap):
        await store.append_case(batch(case, entries[2:], changes={"stage": "x"}))

    assert await store.journal.entries(case) == entries[:1]
    assert [alarm.kind for alarm in await store.health.open_alarms()] == ["journal-gap"]
    view = await store.views.get(case)
    assert view is not None
    assert "stage" not in view.state


async def test_first_entry_of_a_case_must_be_the_first(store: Store, case: str) -> None:
    """A journal begins at its beginning."""
    with pytest.raises(JournalGap):
        await store.append_case(batch(case, chain(case, "a", "b")[1:]))


async def test_continued_run_goes_on_with_the_same_branch(store: Store, case: str) -> None:
    """Continue-as-new and reopening are new runs of the same line."""
    entries = chain(case, "a", "b", "c")
    await store.append_case(batch(case, entries[:2], run="run-1"))

    result = await store.append_case(batch(case, entries[2:], run="run-2"))

    assert result.branch == MAIN
    assert await store.journal.entries(case) == entries


async def test_reset_opens_a_branch(store: Store, case: str) -> None:
    """A reset run that says otherwise writes beside what was there, and both can be read."""
    entries = chain(case, "a", "b", "c")
    await store.append_case(batch(case, entries, run="run-1"))
    other = chain(case, "x", "y", after=entries[:1], at=later(hours=1))

    result = await store.append_case(batch(case, other, run="run-2"))
    more = chain(case, "z", after=other)
    await store.append_case(batch(case, more, run="run-2"))

    assert (result.branch, result.forked) == ("run-2", False)
    assert await store.journal.entries(case, branch=MAIN) == entries
    line = await store.journal.entries(case)
    assert line == [entries[0], *other, *more]
    check_chain(line)
    assert [(b.branch, b.parent, b.after) for b in await store.journal.branches(case)] == [
        (MAIN, None, 0),
        ("run-2", MAIN, 1),
        (MAIN, None, 0),
    ]


async def test_reset_to_the_beginning_opens_a_branch_of_its_own(store: Store, case: str) -> None:
    """A branch may share nothing with its parent."""
    entries = chain(case, "a", "b")
    await store.append_case(batch(case, entries, run="run-1"))
    other = chain(case, "x", at=later(hours=1))

    await store.append_case(batch(case, other, run="run-2"))

    assert await store.journal.entries(case) == other
    assert await store.journal.entries(case, branch=MAIN) == entries


async def test_reset_of_a_reset_branches_from_the_branch(store: Store, case: str) -> None:
    """Each reset starts from the line it was made on."""
    entries = chain(case, "a", "b", "c")
    await store.append_case(batch(case, entries, run="run-1"))
    second = chain(case, "x", "y", after=entries[:1], at=later(hours=1))
    await store.append_case(batch(case, second, run="run-2"))
    third = chain(case, "z", after=[entries[0], second[0]], at=later(hours=2))

    await store.append_case(batch(case, third, run="run-3"))

    assert await store.journal.entries(case) == [entries[0], second[0], *third]


async def test_picture_of_a_reset_case_forgets_the_abandoned_line(store: Store, case: str) -> None:
    """What only the abandoned run did is not on the page any more."""
    entries = chain(case, "a", "b", "c")
    await store.append_case(batch(case, entries[:1], run="run-1", changes={"one": 1, "two": 1}))
    await store.append_case(
        batch(case, entries[1:], run="run-1", changes={"two": 2, "three": 3}, stage="closure")
    )
    other = chain(case, "x", after=entries[:1], at=later(hours=1))

    await store.append_case(
        batch(case, other, run="run-2", changes={"four": 4}, stage="triage", at=later(hours=1))
    )

    view = await store.views.get(case)
    assert view is not None
    assert view.state == {"one": 1, "two": 1, "four": 4}
    assert (view.line.branch, view.line.stage, view.line.sequence) == ("run-2", "triage", 2)


async def test_belated_batch_of_the_abandoned_run_leaves_the_picture(
    store: Store, case: str
) -> None:
    """A run that was reset may still have an activity under way: it does not win."""
    entries = chain(case, "a", "b", "c")
    await store.append_case(batch(case, entries[:2], run="run-1"))
    other = chain(case, "x", after=entries[:1], at=later(hours=1))
    await store.append_case(batch(case, other, run="run-2", changes={"new": 1}))

    await store.append_case(batch(case, entries[2:], run="run-1", changes={"old": 1}))

    view = await store.views.get(case)
    assert view is not None
    assert view.state == {"new": 1}


async def test_appends_of_many_at_once_keep_the_door_stream_whole(store: Store, case: str) -> None:
    """Doors that write at the same moment queue up: no gap, no fork."""
    await asyncio.gather(
        *(
            store.journal.append_door(case, Kind.DOOR_LINK_OPENED, at=START, link=str(number))
            for number in range(20)
        )
    )

    entries = await store.journal.entries(case, stream=Stream.DOOR)
    assert len(entries) == 21
    check_chain(entries, previous=GENESIS)


async def test_same_batch_twenty_times_at_once_is_stored_once(store: Store, case: str) -> None:
    """Two attempts of one activity may overlap."""
    entries = chain(case, "a", "b")

    results = await asyncio.gather(
        *(store.append_case(batch(case, entries, rounds=(open_round(),))) for _ in range(20))
    )

    assert {result.sequence for result in results} == {2}
    assert not any(result.forked for result in results)
    assert await store.journal.entries(case) == entries


async def test_unknown_case_is_refused(store: Store) -> None:
    """A journal belongs to a case that a door accepted."""
    with pytest.raises(UnknownCase):
        await store.append_case(batch("case/none", chain("case/none", "a")))


async def test_batch_without_entries_publishes_nothing(store: Store, case: str) -> None:
    """The picture follows the journal, never runs ahead of it."""
    result = await store.append_case(batch(case, [], changes={"a": 1}))

    assert result.sequence == 0
    assert await store.views.get(case) is None
