"""Requests to read a case and grants: answered once, over at their instant, on record."""

import asyncio
from datetime import timedelta

from cases.journal import Kind, Stream
from store import GIVEN_BACK, RAN_OUT, UNHEARD, Grant, GrantVerdict, Store
from tests.fakes.clock import START
from tests.store.building import accepted

HOUR = timedelta(hours=1)
TICK = timedelta(microseconds=1)


async def asked(store: Store, *, case: str | None, number: str = "1001") -> Grant:
    """A request of an hour that can be answered for two."""
    return await store.grants.ask(
        number,
        case=case,
        person="tariq",
        lasts=HOUR,
        expires_at=START + 2 * HOUR,
        reason="a reason",
        asked_at=START,
        at=START,
    )


async def given(
    store: Store, row: Grant, *, by: str = "imani", minutes: int = 60, late: bool = False
) -> Grant:
    """It is granted, at once or when nobody can any more."""
    return await store.grants.give(
        row,
        by=by,
        lasts=timedelta(minutes=minutes),
        why="",
        policies=("owner-lets-read",),
        digest="d" * 64,
        door_at=row.expires_at if late else START,
        at=START,
    )


async def kinds(store: Store, case: str) -> list[Kind]:
    """What the door's stream of the case says of it."""
    entries = await store.journal.entries(case, stream=Stream.DOOR)
    return [each.kind for each in entries if each.kind.value.startswith("access:grant")]


async def test_a_grant_is_open_from_its_beginning_to_its_end_and_no_moment_more(
    store: Store,
) -> None:
    """The end itself is outside, and so is everything after somebody ended it."""
    case = (await accepted(store)).case
    row = await given(store, await asked(store, case=case), minutes=30)
    end = START + timedelta(minutes=30)

    assert [row.open_at(each) for each in (START - TICK, START, end - TICK, end)] == [
        False,
        True,
        True,
        False,
    ]
    over = await store.grants.end(row.id, how=GIVEN_BACK, by="tariq", at=START + TICK)
    again = await store.grants.end(row.id, how=RAN_OUT, by="", at=end)
    assert not over.open_at(START + TICK)
    assert (again.ended_how, again.ended_at) == (GIVEN_BACK, START + TICK)
    assert await kinds(store, case) == [Kind.GRANT_ASKED, Kind.GRANT_GIVEN, Kind.GRANT_ENDED]
    assert await store.grants.given_to("tariq") == []


async def test_nobody_is_let_in_for_longer_than_they_asked(store: Store) -> None:
    """Whoever answers can only shorten it."""
    case = (await accepted(store)).case

    row = await given(store, await asked(store, case=case), minutes=600)

    assert row.until == START + HOUR


async def test_one_answer_counts_of_those_that_come_at_once(store: Store) -> None:
    """A grant and a refusal meet: one is on record, and the row says the same."""
    case = (await accepted(store)).case
    row = await asked(store, case=case)

    await asyncio.gather(
        given(store, row),
        store.grants.refuse(row, by="ivar", why="no", door_at=START, at=START),
        given(store, row, by="ivar"),
    )
    now = await store.grants.get(row.id)
    answers = [each for each in await kinds(store, case) if each is not Kind.GRANT_ASKED]

    of = {GrantVerdict.GIVEN: Kind.GRANT_GIVEN, GrantVerdict.REFUSED: Kind.GRANT_REFUSED}
    assert now.verdict is not None
    assert answers == [of[now.verdict]]


async def test_what_nobody_answered_in_time_cannot_be_answered(store: Store) -> None:
    """At its end it lapses, once; an answer that is too late changes nothing."""
    case = (await accepted(store)).case
    row = await asked(store, case=case)

    late = await given(store, row, late=True)
    await store.grants.lapse(row, door_at=row.expires_at, at=START)
    await store.grants.lapse(row, door_at=row.expires_at, at=START)

    assert (late.verdict, late.opened_at) == (None, None)
    assert row.waits_at(row.expires_at - TICK)
    assert not row.waits_at(row.expires_at)
    assert (await store.grants.get(row.id)).verdict is GrantVerdict.LAPSED
    assert await kinds(store, case) == [Kind.GRANT_ASKED, Kind.GRANT_LAPSED]


async def test_a_request_without_a_case_is_kept_like_any_other(store: Store) -> None:
    """It waits and lapses, and no case has a word of it."""
    case = (await accepted(store)).case
    row = await asked(store, case=None, number="9999")
    waiting = await store.grants.standing()
    await store.grants.lapse(row, door_at=row.expires_at, at=row.expires_at)

    assert [each.id for each in waiting] == [row.id]
    assert await store.grants.standing() == []
    assert (await store.grants.of_person("tariq"))[0].verdict is GrantVerdict.LAPSED
    assert await kinds(store, case) == []


async def test_an_answer_ends_the_alarm_that_nobody_was_told(store: Store) -> None:
    """Whichever it is, and also when none came."""
    case = (await accepted(store)).case
    for end in ("given", "lapsed"):
        row = await asked(store, case=case)
        await store.health.alarm(kind=UNHEARD, key=row.id, text="x", mend="y", at=START)
        if end == "given":
            await given(store, row)
        else:
            await store.grants.lapse(row, door_at=row.expires_at, at=START)

    assert [each for each in await store.health.open_alarms() if each.kind == UNHEARD] == []
