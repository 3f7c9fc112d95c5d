"""The engine is a real Temporal, is ready when it says so, and leaves nothing behind."""

import asyncio
import json
import os
import signal
import sys
import urllib.request
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio import workflow
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes
from temporalio.testing import TimeSkipper
from temporalio.worker import Worker

# The workflow below is read again in the sandbox, which must not read all of this with it.
with workflow.unsafe.imports_passed_through():
    from tests.conftest import MakeEngine
    from tests.servers.postgres import PostgresCluster
    from workers._engine_config import PORTS_NEEDED, write_files
    from workers._engine_namespace import SEARCH_ATTRIBUTES, ensure_namespace
    from workers._engine_process import GuardedProcess
    from workers.engine import Engine, Kind
    from workers.errors import EngineNotFoundError, EngineStartError, EngineUseError
    from workers.settings import EngineSettings

_OWNER = """
import asyncio, signal, sys
from pathlib import Path
from workers.engine import Engine

async def main():
    async with Engine.start(pinned_only=True, database=Path(sys.argv[1])) as engine:
        print(engine.pid, flush=True)
        await asyncio.sleep(120)

# In the background of a shell, interrupts are ignored, and by the children too.
signal.signal(signal.SIGINT, signal.default_int_handler)
asyncio.run(main())
"""


@workflow.defn
class Waits:
    """Waits for one signal, or for a day."""

    def __init__(self) -> None:
        self._told = False

    @workflow.run
    async def run(self) -> str:
        """`told`, or `late` after a day."""
        try:
            await workflow.wait_condition(lambda: self._told, timeout=timedelta(days=1))
        except TimeoutError:
            return "late"
        return "told"

    @workflow.signal
    def tell(self) -> None:
        """The wait is over."""
        self._told = True


async def _ended(pid: int, *, seconds: float = 10) -> bool:
    deadline = asyncio.get_running_loop().time() + seconds
    while Path(f"/proc/{pid}").exists():
        if asyncio.get_running_loop().time() > deadline:
            return False
        await asyncio.sleep(0.05)
    return True


async def test_namespace_and_attributes_are_ready_and_asking_again_changes_nothing(
    engine: Engine, client: Client
) -> None:
    """The namespace has its retention and the six attributes, however often they are asked for."""
    for _ in range(2):
        await ensure_namespace(
            client,
            namespace=engine.namespace,
            retention=engine.retention,
            patience=timedelta(seconds=10),
        )

    listed = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=engine.namespace)
    )
    described = await client.workflow_service.describe_namespace(
        DescribeNamespaceRequest(namespace=engine.namespace)
    )
    kept = described.config.workflow_execution_retention_ttl.ToTimedelta()
    assert dict(listed.custom_attributes).items() >= SEARCH_ATTRIBUTES.items()
    assert kept == timedelta(days=30)


async def test_search_attributes_can_be_used_at_once(
    make_engine: MakeEngine, task_queue: str
) -> None:
    """The first case of a new engine may carry attributes, and is found by them."""
    engine = await make_engine()
    client = await Client.connect(engine.address, namespace=engine.namespace)
    stage = SearchAttributeKey.for_keyword("EscalationStage")

    await client.start_workflow(
        Waits.run,
        id=task_queue,
        task_queue=task_queue,
        search_attributes=TypedSearchAttributes([SearchAttributePair(stage, "triage")]),
    )

    found: list[str] = []
    while not found:
        query = "EscalationStage = 'triage'"
        found = [execution.id async for execution in client.list_workflows(query)]
        await asyncio.sleep(0.05)
    assert found == [task_queue]


async def test_two_engines_run_side_by_side(make_engine: MakeEngine) -> None:
    """Each engine has ports and a process of its own."""
    first, second = await asyncio.gather(make_engine(), make_engine())

    assert first.address != second.address
    assert first.pid != second.pid
    for engine in (first, second):
        client = await Client.connect(engine.address, namespace=engine.namespace)
        assert await client.count_workflows() is not None


async def test_time_can_be_skipped(client: Client, task_queue: str) -> None:
    """A day's wait takes about a second in a simulation."""
    skipper = TimeSkipper(client)

    async with Worker(client, task_queue=task_queue, workflows=[Waits]):
        handle = await skipper.client.start_workflow(
            Waits.run, id=task_queue, task_queue=task_queue
        )

        assert await asyncio.wait_for(handle.result(), 30) == "late"


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
async def test_no_server_outlives_its_owner(sent: signal.Signals, tmp_path: Path) -> None:
    """Killed, told to end, or interrupted: when the owner is gone, so is the server."""
    owner = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        _OWNER,
        str(tmp_path / "engine.db"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert owner.stdout is not None
    pid = int(await owner.stdout.readline())

    owner.send_signal(sent)
    await owner.wait()

    assert await _ended(pid)


async def test_no_server_outlives_its_guard(make_engine: MakeEngine) -> None:
    """Even the guard may be killed: the kernel ends the server with it."""
    engine = await make_engine()
    pid = engine.pid
    assert pid is not None
    guard = int(Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[1])

    os.kill(guard, signal.SIGKILL)

    assert await _ended(pid)


async def test_a_failed_body_leaves_no_server() -> None:
    """An error inside goes out, and the server with it."""
    pid = 0
    with pytest.raises(ZeroDivisionError):  # noqa: PT012 - the body is what fails
        async with Engine.start(pinned_only=True) as engine:
            pid = engine.pid or 0
            raise ZeroDivisionError

    assert pid > 0
    assert await _ended(pid)


async def test_a_killed_server_comes_back_with_its_workflows(
    make_engine: MakeEngine, task_queue: str, tmp_path: Path
) -> None:
    """What the server had confirmed before kill -9 is there at the same address after a restart."""
    engine = await make_engine(database=tmp_path / "engine.db")
    address = engine.address
    client = await Client.connect(address, namespace=engine.namespace)
    handle = await client.start_workflow(Waits.run, id=task_queue, task_queue=task_queue)
    await handle.signal(Waits.tell)

    await engine.kill()
    await engine.restart()

    assert engine.address == address
    again = await Client.connect(address, namespace=engine.namespace)
    async with Worker(again, task_queue=task_queue, workflows=[Waits]):
        found = again.get_workflow_handle_for(Waits.run, workflow_id=task_queue)
        assert await asyncio.wait_for(found.result(), 30) == "told"


async def test_a_file_is_taken_up_again_on_other_ports(
    make_engine: MakeEngine, task_queue: str, tmp_path: Path
) -> None:
    """Tomorrow's run of the demo goes on with today's cases, wherever the server listens."""
    database = tmp_path / "engine.db"
    async with Engine.start(pinned_only=True, database=database) as today:
        client = await Client.connect(today.address, namespace=today.namespace)
        await client.start_workflow(Waits.run, id=task_queue, task_queue=task_queue)

    tomorrow = await make_engine(database=database)

    client = await Client.connect(tomorrow.address, namespace=tomorrow.namespace)
    handle = client.get_workflow_handle_for(Waits.run, workflow_id=task_queue)
    await handle.signal(Waits.tell)
    async with Worker(client, task_queue=task_queue, workflows=[Waits]):
        assert await asyncio.wait_for(handle.result(), 30) == "told"


def test_memory_is_kept_as_long_as_the_server_runs(tmp_path: Path) -> None:
    """The server is never told to renew the one connection that holds what is in memory.

    With a connection that lived an hour, everything was gone after an hour.
    """
    files = write_files(tmp_path, ports=list(range(PORTS_NEEDED)), storage=None, simulation=True)
    stores = json.loads(files.config.read_text(encoding="utf-8"))["persistence"]["datastores"]

    assert [store["sql"]["connectAttributes"]["mode"] for store in stores.values()] == [
        "memory"
    ] * 2
    assert all("maxConnLifetime" not in store["sql"] for store in stores.values())


def test_a_simulated_case_goes_on_as_a_new_run_only_when_it_must(tmp_path: Path) -> None:
    """Time skips over what is due while a new run begins; the server ends a run at 51,200 events.

    Seen as seven hours without an hourly update, after a run of 4,096 events.
    """
    files = write_files(tmp_path, ports=list(range(PORTS_NEEDED)), storage=None, simulation=True)
    named = json.loads(files.config.read_text(encoding="utf-8"))["dynamicConfigClient"]["filepath"]
    values = json.loads(Path(named).read_text(encoding="utf-8"))

    assert 30_000 < values["limit.historyCount.suggestContinueAsNew"][0]["value"] < 51_200
    assert 30 < values["limit.historySize.suggestContinueAsNew"][0]["value"] / 2**20 < 50


async def test_what_is_not_listed_is_there_all_the_same(
    make_engine: MakeEngine, task_queue: str
) -> None:
    """A simulation lists nothing: its server works as ever, and writes next to no records."""
    engine = await make_engine(simulation=True, listed=False)
    client = await Client.connect(engine.address, namespace=engine.namespace)
    many = 40

    async with Worker(client, task_queue=task_queue, workflows=[Waits]):
        handles = [
            await client.start_workflow(
                Waits.run, id=f"{task_queue}-{number}", task_queue=task_queue
            )
            for number in range(many)
        ]
        for handle in handles:
            await handle.signal(Waits.tell)
        told = await asyncio.gather(*(handle.result() for handle in handles))

    assert told == ["told"] * many
    assert (await client.count_workflows()).count < many


async def test_memory_cannot_be_restarted(make_engine: MakeEngine) -> None:
    """A server in memory refuses to pretend that its cases survive."""
    engine = await make_engine()

    with pytest.raises(EngineUseError, match="in memory"):
        await engine.restart()


@pytest.mark.postgres
async def test_the_same_build_runs_on_postgres(
    make_engine: MakeEngine, postgres_cluster: PostgresCluster, task_queue: str
) -> None:
    """Databases and schemas are made once; after kill -9 the workflow is still there."""
    engine = await make_engine(postgres=postgres_cluster.for_engine())
    client = await Client.connect(engine.address, namespace=engine.namespace)
    await client.start_workflow(Waits.run, id=task_queue, task_queue=task_queue)
    assert "Postgres" in engine.why

    await engine.kill()
    await engine.restart()

    again = await Client.connect(engine.address, namespace=engine.namespace)
    handle = again.get_workflow_handle_for(Waits.run, workflow_id=task_queue)
    await handle.signal(Waits.tell)
    async with Worker(again, task_queue=task_queue, workflows=[Waits]):
        assert await asyncio.wait_for(handle.result(), 30) == "told"


async def test_an_address_is_used_as_given(engine: Engine) -> None:
    """Somebody else's Temporal is taken, explained, and not ours to kill."""
    settings = EngineSettings(address=engine.address, namespace="elsewhere")

    async with Engine.at(settings) as given:
        assert given.kind is Kind.ADDRESS
        assert given.why == f"Temporal server 1.32.0 at {engine.address}, as the settings say"
        assert not given.own
        with pytest.raises(EngineUseError, match="not ours"):
            await given.kill()


async def test_an_address_nobody_answers_at_is_said() -> None:
    """A wrong address is an error that names it and the way out."""
    engine = Engine.at(EngineSettings(address="127.0.0.1:9"))

    with pytest.raises(EngineNotFoundError, match=r"127\.0\.0\.1:9.*unset the address"):
        await engine.__aenter__()


async def test_a_file_that_is_no_database_is_said(make_engine: MakeEngine, tmp_path: Path) -> None:
    """A wrong file is an error that names it, not a hang."""
    database = tmp_path / "engine.db"
    database.write_bytes(b"this is no database" * 100)

    with pytest.raises(EngineStartError, match="not a database"):
        await make_engine(database=database)


async def test_one_file_serves_one_engine(make_engine: MakeEngine, tmp_path: Path) -> None:
    """A second engine on the same file is refused, and the first goes on."""
    engine = await make_engine(database=tmp_path / "engine.db")

    with pytest.raises(EngineStartError, match="another escalate runs"):
        await make_engine(database=tmp_path / "engine.db")

    client = await Client.connect(engine.address, namespace=engine.namespace)
    assert await client.count_workflows() is not None


async def test_a_command_that_is_not_there_is_said(tmp_path: Path) -> None:
    """A missing binary is an error of ours, not a hang."""
    process = GuardedProcess([str(tmp_path / "nothing")], log=tmp_path / "log")

    with pytest.raises(EngineStartError, match="cannot be run"):
        await process.start()


@pytest.mark.ui
async def test_the_web_ui_shows_the_engine(engine: Engine) -> None:
    """Temporal's own pages run beside the engine and know its namespace."""
    async with engine.ui() as url:

        def fetch() -> str:
            page = f"{url}/api/v1/namespaces/{engine.namespace}"
            with urllib.request.urlopen(page, timeout=10) as answer:  # noqa: S310 - our own server
                said: bytes = answer.read()
                return said.decode()

        assert engine.namespace in await asyncio.to_thread(fetch)
