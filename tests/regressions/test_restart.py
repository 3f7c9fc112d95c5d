"""Escalations that others lost on a restart go on here; the test carries the report's name."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cases.journal import Entry, Kind
from cases.state import CasePicture
from tests.conftest import MakeEngine
from tests.faults.who_has_it import POLICY, work

TEXT = POLICY.replace(b"WITHIN", b"8h").replace(b"FIRST", b"1s").replace(b"SECOND", b"3s")


def _steps(entries: list[Entry]) -> list[object]:
    return [entry.body["step"] for entry in entries if entry.kind is Kind.ESCALATION_STEP]


@pytest.mark.faults
@pytest.mark.timeout(300)
async def test_oncall_1206_an_escalation_goes_on_when_every_process_was_killed(
    make_engine: MakeEngine, tmp_path: Path
) -> None:
    """Worker and Temporal die by signal 9 between two steps: the next one comes, late, and once."""
    engine = await make_engine(database=tmp_path / "engine.db")
    async with work(engine, tmp_path / "home", TEXT, skip=False) as at:

        async def told(step: int) -> list[Entry] | None:
            entries = await at.made.entries(at.number)
            return entries if step in _steps(entries) else None

        await at.made.until(lambda: told(1), what="the first step")
        assert at.worker is not None
        await at.worker.kill()
        await engine.kill()
        before = _steps(await at.made.entries(at.number))
        view = await at.made.view(at.number)
        assert view is not None
        due = CasePicture.of(view.state).escalations[0].next_at
        assert due is not None
        await asyncio.sleep(max((due - datetime.now(UTC)).total_seconds(), 0))

        await engine.restart()
        at.worker = await at.made.worker()
        await at.made.until(lambda: told(2), what="the second step")
        await at.made.quiet(at.number)
        entries, pages = await at.made.entries(at.number), await at.pages()
        wrong = await at.ended()

    second = next(e for e in entries if e.kind is Kind.ESCALATION_STEP and e.body["step"] == 2)
    paged = [(row.role, row.recipient) for row in pages]
    assert before == [1]
    assert _steps(entries) == [1, 2]
    assert second.at >= due
    assert {role for role, _ in paged} == {"triage", "incident-manager"}
    assert len(paged) == len(set(paged))
    assert wrong == []
