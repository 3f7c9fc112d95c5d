"""Whoever heard "recorded" is not paged afterwards, and not said to have let it lapse (I18)."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from temporalio.testing import TimeSkipper, TimeSkippingConfig

from cases.journal import Kind
from cases.state import CasePicture
from tests.conftest import MakeEngine
from tests.faults.who_has_it import POLICY, TEXT, work
from workers.engine import Engine

MINUTE = timedelta(minutes=1)


@pytest.mark.faults
@pytest.mark.timeout(300)
async def test_no_page_leaves_after_the_server_was_down_when_it_was_acknowledged(
    make_engine: MakeEngine, tmp_path: Path
) -> None:
    """Kill -9 of Temporal and worker, "I have it" is recorded, the page comes due, all is back."""
    engine = await make_engine(database=tmp_path / "engine.db")
    text = TEXT.replace(b"WITHIN", b"60s")
    async with work(engine, tmp_path / "home", text, skip=False) as at:
        view = await at.made.view(at.number)
        assert view is not None
        (visit,) = CasePicture.of(view.state).visits
        await at.made.quiet(at.number)
        assert at.worker is not None
        await at.worker.kill()
        await engine.kill()
        # As when its next try is minutes away: the act is still at the door when all is back.
        at.road.closed = True

        await at.says(verb="acknowledge", stage="work")
        due = visit.entered_at + timedelta(seconds=6)
        await asyncio.sleep(max((due - datetime.now(UTC)).total_seconds(), 0) + 0.2)
        await engine.restart()
        at.worker = await at.made.worker()

        async def heard() -> bool:
            return Kind.ACKNOWLEDGED in await at.kinds()

        await at.made.until(heard, what="the case to hear who has it")
        pages, entries = await at.pages(), await at.made.entries(at.number)
        at.road.closed = False
        await at.all_answered()
        wrong = await at.ended()

    ordered = [e for e in entries if e.kind is Kind.NOTICE_ORDERED and e.body["purpose"] == "page"]
    ends = {e.body["key"]: e.body["end"] for e in entries if "end" in e.body and "key" in e.body}
    assert pages == []
    assert all(ends[order.body["key"]] == "acknowledged" for order in ordered)
    assert any(entry.kind is Kind.ACKNOWLEDGED for entry in entries)
    assert wrong == []


@pytest.mark.parametrize("works", [True, False], ids=["worked meanwhile", "did nothing"])
async def test_whoever_worked_while_nothing_arrived_is_not_named(
    engine: Engine, tmp_path: Path, *, works: bool
) -> None:
    """The lease runs out while what its holder did is still on its way."""
    text = POLICY.replace(b"WITHIN", b"8h").replace(b"FIRST", b"10m").replace(b"SECOND", b"10m")
    async with work(engine, tmp_path, text, skip=True) as at:
        skipper = TimeSkipper(at.made.client, config=TimeSkippingConfig(enabled=False))
        handle = skipper.client.get_workflow_handle(at.case)
        await at.made.act("tessa", at.number, verb="acknowledge", stage="work")
        await at.all_answered()
        at.road.closed = True
        if works:
            await at.says(verb="evidence", label="item", reference="vault:1", digest="ab" * 32)

        await skipper.fast_forward(handle, 35 * MINUTE)
        await at.made.quiet(at.number)
        named = Kind.LEASE_LAPSED in await at.kinds()
        pages = await at.pages()
        at.road.closed = False
        await at.all_answered()
        wrong = await at.ended()

    assert named is not works
    assert bool(pages) is not works
    assert wrong == []
