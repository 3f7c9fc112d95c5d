"""`escalate audit replay --all` holds a release up when a case that runs would not survive it."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client
from typer.testing import CliRunner, Result

from audit.histories import CaseHistory, Run, opened
from audit.replay_pool import replaying
from cli.app import app
from tests.cli.conftest import Installation, Terminal, installed
from tests.conftest import MakeEngine
from tests.histories.record import HERE, golden
from tests.workflows.world import OneKeyring
from workers.processes import running_worker
from workflows.converter import converter
from workflows.effects import APPEND_JOURNAL
from workflows.messages import WORKFLOW
from workflows.policies import POLICIES

ELSEWHERE = "case/of-another-house"


class Live:
    """An installation whose engine runs nothing of anybody else's."""

    def __init__(self, running: Installation, imani: Terminal, client: Client) -> None:
        self._running, self._imani, self.client = running, imani, client
        self.address = client.service_client.config.target_host

    async def open(self) -> str:
        """A case was opened and waits for triage; its workflow id."""
        number = (await self._imani.json("case", "open"))["case"]
        await self._imani.until(number, stage="triage")
        row = await self._running.house.store.cases.by_number(number)
        assert row is not None
        return row.id

    async def replay(self, *words: str) -> Result:
        """What the gate says."""
        home = str(self._running.settings.home)
        return await asyncio.to_thread(
            CliRunner().invoke,
            app,
            ["audit", "replay", "--all", "--address", self.address, *words],
            env={"ESCALATE_HOME": home, "ESCALATE_DEMO": "true", "NO_COLOR": "1"},
        )

    async def told(self, *words: str, code: int) -> Any:
        """The same as JSON, having ended with that code."""
        result = await self.replay("--json", *words)
        assert result.exit_code == code, (result.output, result.exception)
        return json.loads(result.stdout)


@pytest.fixture
async def live(
    make_engine: MakeEngine, tmp_path: Path, task_queue: str, logs_elsewhere: None
) -> AsyncIterator[Live]:
    """Engine, store, gateway and worker of its own."""
    engine = await make_engine()
    async with (
        installed(tmp_path, task_queue=task_queue, address=engine.address) as running,
        running_worker(running.house, engine.address),
    ):
        client = await Client.connect(engine.address, namespace=engine.namespace)
        yield Live(running, await running.terminal("imani"), client)


async def test_a_release_that_a_running_case_would_not_survive_is_held_up(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    """0 while everything replays, 2 for what nobody can see, 1 with the case, its event and why."""
    good = await live.open()
    everything = await live.told(code=0)
    await live.client.start_workflow(WORKFLOW, id=ELSEWHERE, task_queue="nobody")
    await _listed(live.client, ELSEWHERE)
    incomplete = await live.told(code=2)

    # Another release of the workflow was at work here: Temporal's own replay would not notice.
    policy = POLICIES[APPEND_JOURNAL.name]
    with monkeypatch.context() as other:
        longer = replace(policy, attempt=policy.attempt + timedelta(seconds=1))
        other.setitem(POLICIES, APPEND_JOURNAL.name, longer)
        broken = await live.open()
    refused = await live.told("--jobs", "1", code=1)
    await live.client.get_workflow_handle(broken).terminate()
    lines = (await live.replay("--values", "--most-closed", "0")).stdout.splitlines()

    assert (everything["outcome"], everything["replayed"], everything["open"]) == ("PASS", 1, 1)
    assert (incomplete["outcome"], incomplete["not_looked_at"]) == ("INCOMPLETE", 1)
    assert _of(incomplete, ELSEWHERE)["unseen"] == "this installation has no such case"
    assert (refused["outcome"], refused["would_break"], refused["replayed"]) == ("FAIL", 1, 2)
    assert _of(refused, good)["ok"]
    [found, *_] = _of(refused, broken)["breaks"]
    assert (found["rule"], found["expected"], found["found"]) == ("command", "", "")
    place = f"would break: command: event {found['event_id']}: {found['what']}: expected "
    assert lines[0].startswith(f"{broken} (case 1002) run ")
    assert place in lines[0]
    assert lines[1].startswith(f"{ELSEWHERE} (case ?): not looked at: ")
    # Stopped from outside is no reason of its own: the store has it open, so it is looked at.
    assert lines[2].startswith("FAIL: 2 replayed, 1 open, 1 would break, 1 not looked at")
    assert len(lines) == 3


def _of(told: Any, workflow_id: str) -> Any:
    return next(each for each in told["workflows"] if each["workflow_id"] == workflow_id)


async def _listed(client: Client, workflow_id: str) -> None:
    for _ in range(100):
        if [each async for each in client.list_workflows(f'WorkflowId = "{workflow_id}"')]:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(workflow_id)


def test_a_span_that_is_none_is_a_wrong_use(tmp_path: Path) -> None:
    """Before anything is asked of anybody."""
    said = CliRunner().invoke(
        app,
        ["audit", "replay", "--all", "--closed", "yesterday"],
        env={"ESCALATE_HOME": str(tmp_path)},
    )

    assert said.exit_code == 2


async def test_processes_say_what_this_one_says() -> None:
    """Many histories are spread over processes, each of which replays as strictly."""
    name = "the_case_continues_as_new.runbook"
    namespace = json.loads((HERE / f"{name}.json").read_text())["namespace"]
    codec = converter(OneKeyring()).payload_codec
    assert codec is not None
    runs = [
        Run(
            run=each.run_id,
            events=await opened(
                each.events, case=each.workflow_id, namespace=namespace, codec=codec
            ),
        )
        for each in golden()[name]
    ]
    history = CaseHistory(case=golden()[name][0].workflow_id, namespace=namespace, runs=tuple(runs))

    async with replaying(1, jobs=1) as here, replaying(2, jobs=2, worth_a_process=1) as there:
        said = await here(history, None), await there(history, None)

    assert said[0].model_copy(update={"derived": ()}) == said[1]
    assert said[1].commands > 0
