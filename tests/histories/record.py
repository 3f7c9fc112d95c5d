"""Records the golden histories: `python -m tests.histories.record [scenario ... | obligation]`.

They are never edited by hand. A history is recorded anew only when a change of control flow is
meant to leave running cases behind, a scenario is added, or cases begin under a new edition; the
old ones stay and must replay. Those of an edition have its number in their names: without one they
are older than editions.
"""

import asyncio
import json
import sys
import uuid
from collections.abc import Sequence
from pathlib import Path

from temporalio.client import WorkflowHistory

from cases.file import EDITION
from tests.workflows.obligation_stories import STORIES, play_owed
from tests.workflows.playing import play
from tests.workflows.scenarios import SCENARIOS
from workers.engine import Engine
from workflows.messages import OBLIGATION, WORKFLOW

HERE = Path(__file__).parent / WORKFLOW.lower()
OWED = Path(__file__).parent / OBLIGATION.lower()

GOLDEN = (
    "everybody_agrees",
    "more_information_is_asked",
    "somebody_stands_in",
    "silence_takes_effect",
    "an_order_is_tolled",
    "an_action_fails_and_is_retried",
    "the_case_continues_as_new",
    "moved_to_another_version_at_a_gate",
    "a_moved_case_continues_as_new",
)
"""Together they walk every kind of round, clock and effect."""


def golden(folder: Path = HERE) -> dict[str, list[WorkflowHistory]]:
    """Every recorded history of a workflow, by scenario and walk, run by run."""
    found: dict[str, list[WorkflowHistory]] = {}
    for path in sorted(folder.glob("*.json")):
        written = json.loads(path.read_text())
        found[path.stem] = [
            WorkflowHistory.from_json(written["case"], json.dumps(run)) for run in written["runs"]
        ]
    return found


async def record(names: tuple[str, ...]) -> None:
    """Each scenario is played by each of its walks, and its histories are written."""
    HERE.mkdir(exist_ok=True)
    async with Engine.start(simulation=True, pinned_only=True) as engine:
        for name in names:
            for walk in SCENARIOS[name].walks:
                queue = f"{name}-{uuid.uuid4().hex[:8]}"
                played = await play(engine, SCENARIOS[name], task_queue=queue, walk=walk)
                _write(
                    HERE / f"{name}.{walk}.edition-{EDITION}.json",
                    played.histories,
                    case=played.case.handle.id,
                    namespace=engine.namespace,
                )


async def record_owed() -> None:
    """Each story of an obligation is played, and its histories are written."""
    OWED.mkdir(exist_ok=True)
    async with Engine.start(simulation=True, pinned_only=True) as engine:
        for name, story in STORIES.items():
            owed, histories = await play_owed(engine, story)
            _write(
                OWED / f"{name}.edition-{EDITION}.json",
                histories,
                case=owed.handle.id,
                namespace=engine.namespace,
            )


def _write(
    path: Path, histories: Sequence[WorkflowHistory], *, case: str, namespace: str
) -> None:
    runs = [json.loads(history.to_json()) for history in histories]
    written = {"case": case, "namespace": namespace, "runs": runs}
    path.write_text(json.dumps(written, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    if sys.argv[1:] == [OBLIGATION.lower()]:
        asyncio.run(record_owed())
    else:
        asyncio.run(record(tuple(sys.argv[1:]) or GOLDEN))
