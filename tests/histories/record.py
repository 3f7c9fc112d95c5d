"""Records the golden histories: `python -m tests.histories.record [scenario ...]`.

They are never edited by hand. A history is recorded anew only when a change of control flow is
meant to leave running cases behind, or a scenario is added; the old ones stay and must replay.
"""

import asyncio
import json
import sys
import uuid
from pathlib import Path

from temporalio.client import WorkflowHistory

from tests.workflows.playing import play
from tests.workflows.scenarios import SCENARIOS
from workers.engine import Engine
from workflows.messages import WORKFLOW

HERE = Path(__file__).parent / WORKFLOW.lower()

GOLDEN = (
    "everybody_agrees",
    "more_information_is_asked",
    "somebody_stands_in",
    "silence_takes_effect",
    "an_order_is_tolled",
    "an_action_fails_and_is_retried",
    "the_case_continues_as_new",
)
"""Together they walk every kind of round, clock and effect."""


def golden() -> dict[str, list[WorkflowHistory]]:
    """Every recorded history, by scenario and walk, run by run."""
    found: dict[str, list[WorkflowHistory]] = {}
    for path in sorted(HERE.glob("*.json")):
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
                runs = [json.loads(history.to_json()) for history in played.histories]
                written = {"case": played.case.handle.id, "namespace": engine.namespace}
                (HERE / f"{name}.{walk}.json").write_text(
                    json.dumps({**written, "runs": runs}, separators=(",", ":")) + "\n"
                )


if __name__ == "__main__":
    asyncio.run(record(tuple(sys.argv[1:]) or GOLDEN))
