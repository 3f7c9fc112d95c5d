"""Whoever waits for the answer to an act hears of it in the moment it is stored."""

import asyncio
from datetime import timedelta

import pytest

from cases.receipts import ActReceipt
from gateway.hearing import Hearing
from store import Store
from tests.store.building import START, accepted, batch, chain, open_round, receipt, recorded

WITHIN = timedelta(seconds=5)


@pytest.fixture
async def case(store: Store) -> str:
    """A case with an act that has no answer yet."""
    answer = await accepted(store)
    await store.append_case(batch(answer.case, chain(answer.case, "a"), rounds=(open_round(),)))
    await recorded(store, answer.case, "act-1")
    return answer.case


async def waiting(hearing: Hearing, store: Store) -> asyncio.Task[ActReceipt | None]:
    """Somebody who waits by now."""
    task = asyncio.create_task(hearing.receipt(store, "act-1", within=WITHIN))
    # So that it listens.
    await asyncio.sleep(0)
    return task


async def test_everybody_who_waits_here_hears_at_once(store: Store, case: str) -> None:
    """Nobody looks at the row for it: the answer is handed over, and only that act's."""
    del case
    hearing = Hearing()
    both = [await waiting(hearing, store), await waiting(hearing, store)]

    hearing.came(receipt("act-2"), act_id="act-2")
    hearing.came(receipt("act-1"), act_id="act-1")
    hearing.came(receipt("act-1"), act_id="act-1")

    async with asyncio.timeout(1):
        assert [await each for each in both] == [receipt("act-1")] * 2
    assert await store.acts.receipt("act-1") is None


async def test_an_answer_that_another_gateway_brought_is_found(store: Store, case: str) -> None:
    """It was stored before anybody listened, or while nobody here said so."""
    del case
    hearing = Hearing()
    task = await waiting(hearing, store)

    await store.acts.answered("act-1", receipt=receipt("act-1"), at=START)

    assert await task == receipt("act-1")
    assert await hearing.receipt(store, "act-1", within=WITHIN) == receipt("act-1")


async def test_nobody_waits_longer_than_they_said(store: Store, case: str) -> None:
    """No answer in that time is no answer; none is waited for afterwards."""
    del case
    hearing = Hearing()

    assert await hearing.receipt(store, "act-1", within=timedelta(milliseconds=30)) is None
    assert await hearing.receipt(store, "act-1", within=timedelta(0)) is None
    hearing.came(receipt("act-1"), act_id="act-1")
