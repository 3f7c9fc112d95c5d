"""Pages and what pagers say: once each, on record, and never backwards."""

import asyncio
from datetime import timedelta

import pytest

from cases.journal import Kind
from store import PagerEvent, PageRow, PageState, Store
from tests.fakes.clock import START
from tests.store.building import accepted


async def opened(store: Store, key: str = "escalate/1") -> PageRow:
    """A page of a case."""
    case = (await accepted(store)).case
    return await store.pages.open(
        PageRow(
            key=key,
            case=case,
            service="default",
            stage="triage",
            role="legal",
            severity="SEV1",
            summary="PAGE",
            link="https://escalate.test/cases/1",
            at=START,
            changed_at=START,
            next_at=START,
        )
    )


def event(id_: str = "01A", *, digest: str = "d") -> PagerEvent:
    """Something the pager said."""
    return PagerEvent(
        id=id_, body_digest=digest, kind="incident.acknowledged", incident="Q1", received_at=START
    )


async def test_a_page_is_opened_once(store: Store) -> None:
    """The first of its key stays, as it stands by then."""
    first = await opened(store)
    await store.pages.told(first, PageState.TRIGGERED, at=START)

    again = await store.pages.open(first)

    assert again.state is PageState.TRIGGERED
    assert [row.key for row in await store.pages.standing()] == [first.key]


@pytest.mark.parametrize("ended", [PageState.RESOLVED, PageState.SUPERSEDED, PageState.REFUSED])
async def test_what_has_ended_does_not_ring_again(store: Store, ended: PageState) -> None:
    """A late answer of the pager, or of another gateway, changes nothing and is not on record."""
    row = await opened(store)

    assert await store.pages.told(row, ended, at=START)
    later = [
        await store.pages.told(row, state, at=START)
        for state in (ended, PageState.TRIGGERED, PageState.ACKNOWLEDGED)
    ]

    assert later == [False, False, False]
    assert await store.pages.standing() == []
    entries = await store.journal.entries(row.case, stream="door")
    assert [e.body["state"] for e in entries if e.kind is Kind.DOOR_PAGE] == [ended.value]


async def test_an_acknowledged_page_is_not_triggered_again(store: Store) -> None:
    """The acknowledgement overtook the answer to the trigger."""
    row = await opened(store)
    await store.pages.told(row, PageState.ACKNOWLEDGED, at=START, by="the pager")

    assert not await store.pages.told(row, PageState.TRIGGERED, at=START)
    assert await store.pages.told(row, PageState.RESOLVED, at=START)


async def test_a_failure_is_counted_until_the_pager_takes_it(store: Store) -> None:
    """Then nothing of it is left."""
    row = await opened(store)
    for attempt in range(3):
        later = START + timedelta(minutes=attempt)
        await store.pages.failed(row.key, failure="ThrottledError", at=START, next_at=later)
    failed = await store.pages.get(row.key)
    await store.pages.told(row, PageState.TRIGGERED, at=START)
    taken = await store.pages.get(row.key)

    assert failed is not None
    assert taken is not None
    assert (failed.attempts, failed.failure) == (3, "ThrottledError")
    assert (taken.attempts, taken.failure) == (0, "")


async def test_an_event_is_new_once_however_often_it_comes(store: Store) -> None:
    """Five at once are one; the first body stays."""
    heard = await asyncio.gather(*(store.pages.heard(event()) for _ in range(5)))
    other, new = await store.pages.heard(event(digest="other"))

    assert [new for _, new in heard].count(True) == 1
    assert (new, other.body_digest, other.times) == (False, "d", 6)
    assert [each.id for each in await store.pages.unhandled()] == ["01A"]


async def test_what_came_of_an_event_is_recorded_once(store: Store) -> None:
    """Two gateways handle it: the case's record has it once."""
    row = await opened(store)
    heard, _ = await store.pages.heard(event())
    await store.pages.known_as(row.key, incident="Q1")

    for outcome in ("noted", "again"):
        await store.pages.handled(heard, outcome=outcome, at=START, page=row)

    [kept] = await store.pages.events(page=row.key)
    assert (kept.outcome, await store.pages.unhandled()) == ("noted", [])
    entries = await store.journal.entries(row.case, stream="door")
    assert [e.body["outcome"] for e in entries if e.kind is Kind.DOOR_PAGER_SAID] == ["noted"]
    found = await store.pages.of_incident("Q1")
    assert found is not None
    assert found.key == row.key
