"""A channel that fails again and again is left alone, for all processes, and heard of once."""

from datetime import datetime, timedelta

from store import Store
from store.channels import OUT
from tests.store.building import START, later

PAUSE = timedelta(seconds=30)


async def fails(store: Store, at: datetime, *, times: int = 1) -> list[bool]:
    """So many failures in a row; which of them put the channel out."""
    return [
        await store.channels.failed(
            "slack", reason="UnavailableError", mend="look", at=at, most=3, pause=PAUSE
        )
        for _ in range(times)
    ]


async def test_failures_in_a_row_put_it_out_and_one_alarm_is_raised(store: Store) -> None:
    """The third of three; the fourth is no news."""
    assert await fails(store, START, times=4) == [False, False, True, False]

    [row] = await store.channels.out()
    assert (row.name, row.out_since, row.probe_at) == ("slack", START, START + PAUSE)
    assert [(a.kind, a.key) for a in await store.health.open_alarms()] == [(OUT, "slack")]


async def test_an_answer_in_between_begins_the_count_anew(store: Store) -> None:
    """Two, an answer, two: it is used."""
    await fails(store, START, times=2)
    assert not await store.channels.answered("slack", at=START)

    assert await fails(store, START, times=2) == [False, False]
    assert await store.channels.enter("slack", at=START, pause=PAUSE) is None


async def test_while_it_is_out_one_at_a_time_tries_it(store: Store) -> None:
    """Everybody goes another way; after the pause one is let through, and the others go on."""
    await fails(store, START, times=3)

    early = await store.channels.enter("slack", at=later(seconds=29), pause=PAUSE)
    probing = await store.channels.enter("slack", at=later(seconds=30), pause=PAUSE)
    second = await store.channels.enter("slack", at=later(seconds=30), pause=PAUSE)
    forced = await store.channels.enter("slack", at=later(seconds=30), pause=PAUSE, forced=True)

    assert early is not None
    assert probing is None
    assert second is not None
    assert forced is None
    [row] = await store.channels.out()
    assert row.passed_over == 2


async def test_a_failed_probe_keeps_it_out_without_another_alarm(store: Store) -> None:
    """The outage is one, and told once."""
    await fails(store, START, times=3)
    [alarm] = await store.health.open_alarms()
    await store.health.told(kind=OUT, key="slack", at=START)

    assert await fails(store, later(minutes=1)) == [False]

    [row] = await store.channels.out()
    assert row.out_since == START
    assert row.probe_at == later(minutes=1) + PAUSE
    [again] = await store.health.open_alarms()
    assert (again.raised_at, again.told_at) == (alarm.raised_at, START)


async def test_an_answered_probe_ends_the_outage_and_clears_the_alarm(store: Store) -> None:
    """And the next outage is another one."""
    await fails(store, START, times=3)

    assert await store.channels.answered("slack", at=later(minutes=1))
    assert not await store.channels.answered("slack", at=later(minutes=2))

    assert await store.channels.out() == []
    assert await store.health.open_alarms() == []
    assert await fails(store, later(minutes=3), times=3) == [False, False, True]
