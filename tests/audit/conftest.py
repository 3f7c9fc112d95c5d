"""A real store for every audit test, and the case whose history is altered in some."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from audit.export import CaseRecord, gather
from cases.acts import Close, Complete, Decide
from cases.acts import Verdict as Answer
from store import DEMO_KEK, Store
from tests.audit.casework import office
from tests.stores import empty_store
from workers.engine import Engine


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """An empty store in a file of its own."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'store.db'}"
    await empty_store(url)
    async with await Store.open(url, kek=DEMO_KEK) as opened:
        yield opened


@pytest.fixture(scope="module")
async def record(
    engine: Engine, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[CaseRecord]:
    """The canonical case, closed, in clear."""
    url = f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('twenty') / 'store.db'}"
    await empty_store(url)
    async with await Store.open(url, kek=DEMO_KEK) as store, office(engine, store) as at_work:
        case = await at_work.open(answers={"danger": "no", "kind": "fraud"})
        await case.does(Complete(stage="triage", outcome="escalate"), person="tess")
        for gate, person in (("legal-review", "lena"), ("policy-sign-off", "pia")):
            vote = Decide(gate=gate, verdict=Answer.APPROVE, reason="section four applies")
            await case.does(vote, person=person)
        await case.quiet()
        await case.does(Close(disposition="actioned", record="facts, rule"), person="ines")
        await case.handle.result()
        await at_work.log()
        yield await gather(case.handle.id, store=store, client=at_work.client)
