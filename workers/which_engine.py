"""Which Temporal this installation uses, and why: told without starting, fetching or building."""

import asyncio
import fcntl
import re
import shutil
from pathlib import Path

from temporalio.api.enums.v1 import IndexedValueType, TaskQueueType
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import (
    DescribeNamespaceRequest,
    DescribeTaskQueueRequest,
    GetSystemInfoRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError

from cases.values import Value
from workers._engine_build import SERVER
from workers._engine_choice import Kind, recent_enough
from workers._engine_namespace import SEARCH_ATTRIBUTES
from workers._settings_sources import current
from workers.engine import tls_of
from workers.settings import Settings

_PATIENCE = 10.0
_SERVER = re.compile(r"Server (\d+\.\d+\.\d+)")


class EngineAnswer(Value):
    """The engine as it stands now."""

    kind: str
    why: str
    address: str = ""
    namespace: str
    reachable: bool | None = None
    """None when nobody can tell: our own server runs inside another process."""
    running: bool | None = None
    """Whether some process of ours works on the engine's file."""
    server_version: str = ""
    recent_enough: bool | None = None
    retention_days: float | None = None
    missing_attributes: tuple[str, ...] = ()
    pollers: int | None = None
    urgent_pollers: int | None = None
    """Of the queue of what SEV0 and SEV1 cases cannot wait for."""
    trouble: str = ""


async def which_engine(settings: Settings) -> EngineAnswer:
    """The Temporal in use is named, with the reason for it."""
    if settings.engine.address:
        return await _given(settings, settings.engine.address)
    answer = await _own(settings)
    if settings.engine.port is None:
        return answer
    # Our own server, at a port that the settings name: it can be asked.
    asked = await _given(settings, f"127.0.0.1:{settings.engine.port}")
    return asked.model_copy(
        update={"kind": answer.kind, "why": answer.why, "running": answer.running}
    )


async def _given(settings: Settings, address: str) -> EngineAnswer:
    answer = EngineAnswer(
        kind=Kind.ADDRESS,
        why=f"the settings name {address}",
        address=address,
        namespace=settings.engine.namespace,
    )
    try:
        async with asyncio.timeout(_PATIENCE):
            return await _asked(settings, address, answer)
    except (RPCError, RuntimeError, OSError, TimeoutError) as error:
        # The SDK raises RuntimeError for a connection it cannot make; its text names hosts only.
        trouble = str(error).partition("\n")[0][:200] or "no answer in time"
        return answer.model_copy(update={"reachable": False, "trouble": trouble})


async def _asked(settings: Settings, address: str, answer: EngineAnswer) -> EngineAnswer:
    engine = settings.engine
    client = await Client.connect(
        address,
        namespace=engine.namespace,
        api_key=engine.api_key.get_secret_value() if engine.api_key else None,
        tls=tls_of(engine) if engine.uses_tls else False,
    )
    service = client.workflow_service
    version = (await service.get_system_info(GetSystemInfoRequest())).server_version
    namespace = await service.describe_namespace(
        DescribeNamespaceRequest(namespace=engine.namespace)
    )
    present = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=engine.namespace)
    )
    queue = await service.describe_task_queue(
        DescribeTaskQueueRequest(
            namespace=engine.namespace,
            task_queue=TaskQueue(name=settings.task_queue),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
        )
    )
    urgent = await service.describe_task_queue(
        DescribeTaskQueueRequest(
            namespace=engine.namespace,
            task_queue=TaskQueue(name=settings.urgent_queue),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
        )
    )
    kept = namespace.config.workflow_execution_retention_ttl.ToTimedelta()
    return answer.model_copy(
        update={
            "reachable": True,
            "server_version": version,
            "recent_enough": recent_enough(version),
            "retention_days": kept.total_seconds() / 86_400,
            "missing_attributes": _missing(dict(present.custom_attributes)),
            "pollers": len(queue.pollers),
            "urgent_pollers": len(urgent.pollers),
        }
    )


def _missing(present: dict[str, IndexedValueType.ValueType]) -> tuple[str, ...]:
    return tuple(
        sorted(name for name, kind in SEARCH_ATTRIBUTES.items() if present.get(name) != kind)
    )


async def _own(settings: Settings) -> EngineAnswer:
    kind, why, version = await _choice(settings)
    where = "Postgres" if settings.engine.postgres_url else str(settings.engine_database)
    return EngineAnswer(
        kind=kind,
        why=f"no address is set; {why}, state in {where}",
        namespace=settings.engine.namespace,
        server_version=version,
        recent_enough=recent_enough(version) if version else None,
        running=None if settings.engine.postgres_url else in_use(settings.engine_database),
    )


async def _choice(settings: Settings) -> tuple[Kind, str, str]:
    """The first way that can be told without trying it; the order is that of the engine."""
    pinned = SERVER.path(settings.cache)
    if pinned.exists():
        return Kind.PINNED, f"the pinned server from the cache ({pinned})", SERVER.version
    if command := shutil.which("temporal", path=current().get("PATH")):
        version = await _version_of(command)
        if not version or recent_enough(version):
            return Kind.CLI, f"the temporal command on the PATH ({command})", version
    fetched = sorted((settings.cache / "temporal-cli").glob("temporal-sdk-python-*"))
    if fetched:
        return Kind.DOWNLOAD, f"the Temporal SDK's own download ({fetched[0]})", ""
    why = f"the first start fetches a server, or builds the pinned one into {pinned}"
    return Kind.BUILT, why, ""


async def _version_of(command: str) -> str:
    process = await asyncio.create_subprocess_exec(
        command,
        "--version",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        said, _ = await asyncio.wait_for(process.communicate(), _PATIENCE)
    except TimeoutError:
        process.kill()
        await process.wait()
        return ""
    found = _SERVER.search(said.decode(errors="replace"))
    return found[1] if found else ""


def in_use(database: Path) -> bool:
    """Whether a process of ours runs its engine on the file now."""
    lock = database.with_name(f"{database.name}.lock")
    if not lock.exists():
        return False
    with lock.open() as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
