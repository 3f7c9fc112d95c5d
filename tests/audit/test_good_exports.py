"""Exports of cases that nobody altered pass: no false alarm, whatever happened in the case.

`GOOD_BUNDLES` is how many exports the last test makes (1 without it; the acceptance has 200).
"""

import os
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import pytest

from audit.bundle.alone import verify_alone, verify_files_alone
from audit.bundle.tar import packed, unpacked
from audit.reading import read_files
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
    alone = verify_alone(export, pinned=PINNED, logs=PINNED_LOG)

    assert verdict.outcome is Outcome.PASS, "\n".join(verdict.lines())
    # Without Temporal only what needs it is missing.
    unchecked = [check.name for check in alone.checks if check.outcome is not Outcome.PASS]
    assert unchecked == ["strict replay"], "\n".join(alone.lines())


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


async def test_no_false_alarm_in_many(
    engine: Engine, store: Store, tmp_path: Path, record_property: Callable[[str, Any], None]
) -> None:
    """Story after story in one installation, each case exported beside the others' entries."""
    number = int(os.environ.get("GOOD_BUNDLES", "1"))
    alarms: list[str] = []
    async with office(engine, store) as at_work:
        for place, name in enumerate(islice(cycle(CLOSED), number)):
            case = await CLOSED[name](at_work)
            export = await at_work.export(case, tmp_path / str(place))
            verdict = await verify(export, pinned=PINNED, logs=PINNED_LOG)
            files = unpacked(packed(read_files(export)))
            alone = verify_files_alone(files, pinned=PINNED, logs=PINNED_LOG)
            if verdict.outcome is not Outcome.PASS or alone.outcome is Outcome.FAIL:
                alarms.append("\n".join((name, *verdict.lines(), *alone.lines())))

    record_property("good_bundles", number)
    record_property("false_alarms", len(alarms))
    assert alarms == []
