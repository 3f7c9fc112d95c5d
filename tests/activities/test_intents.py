"""What cannot be undone is done once the transparency log has its intent, and proves it."""

from collections.abc import AsyncIterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities import Outside
from activities.actions import Performing
from activities.intents import Intents, LoggedIntents, Unlogged
from audit.log.leaf import leaf_of
from audit.log.proof import proven
from cases.journal import Stream
from gateway.log_waiting import release
from store import DEMO_KEK, MAIN, Store
from tests.activities.on_record import ordered
from tests.audit.log.building import SIGNER, case_with, recorder
from tests.fakes.ports import FakeActions, FakeDirectory
from tests.store.building import START
from tests.stores import empty_store
from workflows.effects import EffectOrder, EffectResult, EffectState
from workflows.failures import WAITS_FOR_LOG


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """An open store."""
    url = f"sqlite:///{tmp_path / 'escalate.db'}"
    await empty_store(url)
    async with await Store.open(url, kek=DEMO_KEK) as opened:
        yield opened


class Worker:
    """A worker's hands: one connector, and whatever waits before it is used."""

    def __init__(self, store: Store, intents: Intents) -> None:
        self.actions = FakeActions()
        self._perform = Performing(
            Outside(
                store=store,
                directory=FakeDirectory(),
                channels=(),
                public_url="https://escalate.test",
                mail_domain="escalate.test",
                zone=ZoneInfo("UTC"),
                connectors={"desk": self.actions},
                intents=intents,
            )
        ).perform_effect

    async def does(self, case: str, *, entry: int) -> EffectResult:
        """The order has been carried out."""
        return await ActivityEnvironment().run(self._perform, order_of(case, entry=entry))


def order_of(case: str, *, entry: int = 0) -> EffectOrder:
    """What cannot be undone, ordered by that entry."""
    return EffectOrder(
        key="k-1",
        case=case,
        number="1001",
        name="disclose",
        title="Disclose",
        by="webhook:desk",
        stage="action",
        irreversible=True,
        entry=entry,
        at=START,
    )


async def ordering(store: Store, *words: str) -> str:
    """A case that has ordered it, with an entry a word."""
    case = await case_with(store, "a")
    await ordered(store, order_of(case), *words)
    return case


async def test_an_irreversible_action_waits_for_the_log(store: Store) -> None:
    """Nothing is done before; the wait says what to do; afterwards the answer carries the proof."""
    case = await ordering(store, "triage", "action")
    worker = Worker(store, LoggedIntents(store, looks=2))

    with pytest.raises(ApplicationError) as waits:
        await worker.does(case, entry=2)
    assert (waits.value.type, waits.value.non_retryable) == (WAITS_FOR_LOG, False)
    assert "escalate log show" in waits.value.message
    assert worker.actions.acted == []
    pressing = await store.log.pressing()
    assert (pressing.effects, pressing.since) == (1, START)
    await recorder(store).record(at=START)
    await release(store)

    done = await worker.does(case, entry=2)

    entry = (await store.journal.entries(case, stream=Stream.CASE))[1]
    assert done.state is EffectState.DONE
    assert proven(done.logged.encode(), leaf_of(entry, branch=MAIN), [SIGNER.key])
    assert len(worker.actions.acted) == 1


async def test_without_a_log_there_is_nothing_to_wait_for(store: Store) -> None:
    """An order of before, and an installation without a log, go ahead and prove nothing."""
    case = await ordering(store, "triage")

    for worker, entry in (
        (Worker(store, LoggedIntents(store, looks=1)), 0),
        (Worker(store, Unlogged()), 1),
    ):
        done = await worker.does(case, entry=entry)
        assert (done.state, done.logged) == (EffectState.DONE, "")


async def test_an_entry_that_is_not_stored_yet_is_waited_for(store: Store) -> None:
    """The order came before its entry did: asked again, nothing done."""
    case = await ordering(store, "triage")
    worker = Worker(store, LoggedIntents(store, looks=1))

    with pytest.raises(ApplicationError):
        await worker.does(case, entry=9)
    assert worker.actions.acted == []
