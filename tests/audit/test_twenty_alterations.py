"""Which alterations of a history are caught: by Temporal's replay, strictly, and by verifying."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer

from audit.export import CaseRecord, write_export
from audit.findings import Replayed
from audit.strict_replay import strict_replay
from audit.verdict import Outcome, Verdict
from audit.verify import verify
from tests.audit.alterations import SEALED_ONLY, TWENTY, Alteration
from tests.audit.casework import MADE_AT, PINNED, PINNED_LOG, SEAL
from workflows.converter import PLAIN
from workflows.escalation import EscalationWorkflow
from workflows.runner import CaseRunner


@dataclass(frozen=True)
class Caught:
    """What became of one alteration."""

    name: str
    event_id: int
    temporal: bool
    strict: Replayed
    verdict: Verdict

    @property
    def line(self) -> str:
        """A row of the table."""
        located = [f"{item.rule.value}@{item.event_id}" for item in self.strict.findings[:3]]
        failed = [c.name for c in self.verdict.checks if c.outcome is Outcome.FAIL]
        return (
            f"{self.name:<26} event {self.event_id:>3}  "
            f"temporal {'yes' if self.temporal else 'no ':<4} "
            f"strict {'yes' if not self.strict.ok else 'no ':<4} "
            f"verify {self.verdict.outcome.value:<10} {', '.join(failed)}  [{', '.join(located)}]"
        )


async def _temporal_notices(record: CaseRecord) -> bool:
    replayer = Replayer(
        workflows=[EscalationWorkflow],
        namespace=record.history.namespace,
        data_converter=PLAIN,
        workflow_runner=CaseRunner(),
        # A busy machine is no deadlock.
        debug_mode=True,
    )
    run = record.history.runs[0]
    history = WorkflowHistory(record.history.case, run.events)
    result = await asyncio.wait_for(
        replayer.replay_workflow(history, raise_on_replay_failure=False), 20
    )
    return result.replay_failure is not None


async def _try(alteration: Alteration, record: CaseRecord, folder: Path) -> Caught:
    history, event_id = alteration(record.history)
    altered = replace(record, history=history)
    out = write_export(
        altered, seal=SEAL, out=folder / alteration.__name__, at=MADE_AT, version="test"
    )
    return Caught(
        name=alteration.__name__,
        event_id=event_id,
        temporal=await _temporal_notices(altered),
        strict=await strict_replay(history, record.entries),
        verdict=await verify(out, pinned=PINNED, logs=PINNED_LOG),
    )


@pytest.fixture(scope="module")
async def caught(record: CaseRecord, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Caught]:
    """Every alteration, tried once."""
    folder = tmp_path_factory.mktemp("altered")
    return {item.__name__: await _try(item, record, folder) for item in TWENTY}


@pytest.mark.parametrize("name", [item.__name__ for item in TWENTY])
def test_alteration_is_caught_and_located(name: str, caught: dict[str, Caught]) -> None:
    """Verifying catches it, and the seal names its event; strict replay does unless none cares."""
    tried = caught[name]

    assert tried.verdict.outcome is Outcome.FAIL, tried.line
    seals = next(check for check in tried.verdict.checks if check.name == "seals")
    assert seals.outcome is Outcome.FAIL, tried.line
    if not name.startswith("tail_cut"):
        # What is cut off at the end is no event that differs: their number says it.
        place = _events(seals.reasons)[0]
        # An event that is gone or comes in another order shifts what follows it.
        assert tried.event_id == 0 or 0 <= place - tried.event_id <= 1, (tried.line, seals.reasons)
    if name in SEALED_ONLY:
        assert tried.strict.ok, tried.line
        return
    places = [item.event_id for item in tried.strict.findings]
    # An event that is gone is missed where the next one should have been, and an act that came in
    # in another order has another answer, which is the event after it.
    assert places, tried.line
    assert tried.event_id == 0 or 0 <= places[0] - tried.event_id <= 1, tried.line


def _events(reasons: Sequence[str]) -> list[int]:
    return [int(found) for reason in reasons for found in re.findall(r": event (\d+) ", reason)]


async def test_unaltered_history_is_clean(record: CaseRecord) -> None:
    """The same history, unaltered, has no finding."""
    replayed = await strict_replay(record.history, record.entries)

    assert replayed.ok, [str(item) for item in replayed.findings]
    assert not replayed.open


def test_all_are_caught_and_all_but_two_without_the_seal(caught: dict[str, Caught]) -> None:
    """More than the thirteen of a replay that compares arguments; two more by the seal alone."""
    table = "\n".join(item.line for item in caught.values())
    strictly = {name for name, item in caught.items() if not item.strict.ok}

    assert strictly == caught.keys() - SEALED_ONLY, table
    assert len([item for item in caught.values() if item.temporal]) < len(strictly), table
