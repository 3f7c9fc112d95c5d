"""Exports of cases that go on, and of cases whose workflow was reset."""

from dataclasses import replace
from pathlib import Path

import pytest

from audit.errors import HistoryMissingError
from audit.export import codec_of
from audit.histories import fetch
from audit.manifest import Manifest
from audit.steps import from_event
from audit.strict_replay import strict_replay
from audit.verdict import Outcome
from audit.verify import verify
from cases.acts import Complete
from store import Store
from tests.audit.casework import PINNED, PINNED_LOG, office
from tests.audit.scenarios import (
    FRAUD,
    after_the_reset,
    approved,
    approved_and_closed,
    reset_to_the_beginning,
)
from workers.engine import Engine
from workflows.runner import CaseRunner


async def test_a_case_that_goes_on_is_incomplete(
    engine: Engine, store: Store, tmp_path: Path
) -> None:
    """What is there holds, and the verdict says that it is not everything."""
    async with office(engine, store) as at_work:
        case = await at_work.open(answers=FRAUD)
        await case.does(Complete(stage="triage", outcome="escalate"), person="tess")
        await case.until(lambda seen: seen.open_round("legal-review") is not None)
        export = await at_work.export(case, tmp_path / "export")

    verdict = await verify(export, pinned=PINNED, logs=PINNED_LOG)

    assert verdict.outcome is Outcome.INCOMPLETE, verdict.lines()
    assert any("not closed" in line for line in verdict.lines())


async def test_a_history_replays_wherever_it_is_read(engine: Engine, store: Store) -> None:
    """However far a case has come, also in the middle of a workflow task, nothing is found."""
    async with office(engine, store) as at_work:
        case = await approved(at_work)
        history = await fetch(at_work.client, case.handle.id, codec=codec_of(at_work.client))
    (run,) = history.runs

    found = {}
    for events, following in enumerate(run.events[1:], start=1):
        if from_event(following) is not None:
            # What one answer asks for comes into a history in one piece.
            continue
        cut = replace(history, runs=(replace(run, events=run.events[:events]),))
        replayed = await strict_replay(cut, None)
        found[events] = [str(finding) for finding in replayed.findings]
        assert replayed.open

    assert {events: said for events, said in found.items() if said} == {}


async def test_a_case_without_history_cannot_be_exported(engine: Engine, store: Store) -> None:
    """After retention the error says what is missing."""
    async with office(engine, store) as at_work:
        with pytest.raises(HistoryMissingError):
            await fetch(at_work.client, "case/none", codec=codec_of(at_work.client))


@pytest.mark.hostile(50)
async def test_a_reset_case_exports_both_branches(
    engine: Engine, store: Store, tmp_path: Path
) -> None:
    """The branch the case lives on is verified; the run that was left behind is kept beside it."""
    async with office(engine, store) as at_work:
        case = await at_work.open(answers=FRAUD)
        await case.does(Complete(stage="triage", outcome="escalate"), person="tess")
        await case.until(lambda seen: seen.open_round("legal-review") is not None)
        await reset_to_the_beginning(at_work, case)
        again = await approved_and_closed(after_the_reset(at_work, case))
        export = await at_work.export(again, tmp_path / "export")

    manifest = Manifest.model_validate_json((export / "manifest.json").read_bytes())
    verdict = await verify(export, pinned=PINNED, logs=PINNED_LOG)

    assert len(manifest.left_behind) == 1
    assert len(manifest.runs) == 1
    assert verdict.outcome is Outcome.PASS, verdict.lines()


async def test_commands_are_the_same_in_and_out_of_the_sandbox(
    engine: Engine, store: Store
) -> None:
    """Leaving the sandbox out of a strict replay changes its cost and nothing else."""
    async with office(engine, store) as at_work:
        case = await approved(at_work)
        history = await fetch(at_work.client, case.handle.id, codec=codec_of(at_work.client))
        entries = await store.journal.entries(case.handle.id)

    outside = await strict_replay(history, entries)
    inside = await strict_replay(history, entries, runner=CaseRunner())

    assert outside == inside
    assert outside.ok
