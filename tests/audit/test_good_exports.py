"""Exports of cases that nobody altered pass: no false alarm, whatever happened in the case."""

from pathlib import Path

import pytest

from audit.verdict import Outcome
from audit.verify import verify
from store import Store
from tests.audit.casework import PINNED, PINNED_LOG, office
from tests.audit.scenarios import CLOSED
from workers.engine import Engine


@pytest.mark.parametrize("name", CLOSED)
async def test_unaltered_export_passes(
    name: str, engine: Engine, store: Store, tmp_path: Path
) -> None:
    """A closed case's export passes every check, strict replay included."""
    async with office(engine, store) as at_work:
        case = await CLOSED[name](at_work)
        export = await at_work.export(case, tmp_path / "export")

    verdict = await verify(export, pinned=PINNED, logs=PINNED_LOG)

    assert verdict.outcome is Outcome.PASS, "\n".join(verdict.lines())


@pytest.mark.parametrize("name", ["approved", "continued", "forged"])
async def test_export_of_a_case_that_was_replayed_at_each_task_passes(
    name: str, engine: Engine, store: Store, tmp_path: Path
) -> None:
    """A worker that keeps nothing in memory makes a history that verifies just as well."""
    async with office(engine, store, cached=0) as at_work:
        case = await CLOSED[name](at_work)
        export = await at_work.export(case, tmp_path / "export")

    verdict = await verify(export, pinned=PINNED, logs=PINNED_LOG)

    assert verdict.outcome is Outcome.PASS, "\n".join(verdict.lines())
