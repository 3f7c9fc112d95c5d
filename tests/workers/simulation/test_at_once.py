"""The world answers a case in place, and a case that is recomputed stands where it stood."""

import base64

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client

from cases.journal import Journal, Kind, packed
from runbooks.plan import Severity
from tests.fakes.clock import START
from tests.workers.simulation.orders import order
from workers.engine import Engine
from workers.simulation.outside import Outside, Placed
from workers.simulation.simulation import Simulated, simulate
from workflows.effects import Heading, JournalBatch

ASKED = {
    EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED,
    EventType.EVENT_TYPE_MARKER_RECORDED,
}

CASE = "case/abcdefghijklmnopqrstuvwxyz"
SALT = b"s" * 32


@pytest.fixture(scope="module")
async def played(engine: Engine) -> Simulated:
    """Two cases, played to their end."""
    return await simulate(order(cases=2), engine=engine)


async def test_what_the_world_answers_costs_the_server_nothing(
    client: Client, played: Simulated
) -> None:
    """No case has asked it for an activity, and each was told, and wrote, what it had to."""
    for story in played.stories:
        placed = story.played.placed
        handle = client.get_workflow_handle(placed.id)
        kinds = {event.event_type async for event in handle.fetch_history_events()}

        assert EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED in kinds
        assert not kinds & ASKED
        assert placed.entries
        assert placed.told


async def test_what_is_written_again_changes_nothing() -> None:
    """A case that is recomputed writes its first batch again: its picture is not set back."""
    asked = order()
    (case,) = asked.drawn(asked.generator)[:1]
    outside = Outside(staff=asked.staff, trouble=asked.trouble, seed=asked.seed)
    placed = outside.placed[CASE] = Placed(case=case, id=CASE, begun=START)
    journal = Journal(case=CASE)
    batches = [_batch(journal, stage) for stage in ("triage", "legal-review")]

    stored = [await outside.append_journal(batch) for batch in (*batches, batches[0])]

    assert [each.forked for each in stored] == [False, False, False]
    assert [entry.body["stage"] for entry in placed.entries] == ["triage", "legal-review"]
    assert placed.fields == {"stage": "legal-review"}


def _batch(journal: Journal, stage: str) -> JournalBatch:
    entry = journal.record(Kind.STAGE_ENTERED, at=START, salt=SALT, stage=stage)
    heading = Heading(
        number="1001",
        runbook="user-safety-escalation",
        version="1.0.0",
        status="open",
        stage=stage,
        severity=Severity.SEV1,
    )
    return JournalBatch(
        case=CASE,
        original_run="",
        first=entry.sequence,
        previous=entry.previous,
        salt=base64.b64encode(SALT).decode(),
        entries=packed([entry]),
        heading=heading,
        changes={"stage": stage},
        at=START,
    )
