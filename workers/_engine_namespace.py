"""The namespace and the six search attributes exist, whoever asked for them first."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

from google.protobuf.duration_pb2 import Duration
from temporalio.api.enums.v1 import IndexedValueType, TaskQueueType
from temporalio.api.namespace.v1 import NamespaceConfig
from temporalio.api.operatorservice.v1 import (
    AddSearchAttributesRequest,
    ListSearchAttributesRequest,
)
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import (
    CountWorkflowExecutionsRequest,
    DescribeNamespaceRequest,
    DescribeTaskQueueRequest,
    RegisterNamespaceRequest,
    UpdateNamespaceRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from workers.errors import EngineError

SEARCH_ATTRIBUTES = {
    "EscalationStage": IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    "EscalationSeverity": IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    "EscalationRunbook": IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    "WaitingOn": IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD_LIST,
    "DueAt": IndexedValueType.INDEXED_VALUE_TYPE_DATETIME,
    "Breached": IndexedValueType.INDEXED_VALUE_TYPE_BOOL,
}

_PROBE = "EscalationStage = 'none' AND EscalationSeverity = 'none' AND EscalationRunbook = 'none'"

# A server that has just come up answers some calls before its caches are filled.
_NOT_YET = (
    RPCStatusCode.UNAVAILABLE,
    RPCStatusCode.NOT_FOUND,
    RPCStatusCode.INVALID_ARGUMENT,
    RPCStatusCode.DEADLINE_EXCEEDED,
    RPCStatusCode.INTERNAL,
)
_REFUSED = (RPCStatusCode.PERMISSION_DENIED, RPCStatusCode.UNIMPLEMENTED)
_PAUSE = 0.05

_Answer = TypeVar("_Answer")


async def ensure_namespace(
    client: Client, *, namespace: str, retention: timedelta, patience: timedelta
) -> None:
    """The namespace exists with this retention and our search attributes, and both can be used."""
    await _until_answered(lambda: _register(client, namespace, retention), patience)
    await _until_answered(lambda: _keep_for(client, namespace, retention), patience)
    await _until_answered(lambda: _add_attributes(client, namespace), patience)
    await _until_answered(
        lambda: client.workflow_service.count_workflow_executions(
            CountWorkflowExecutionsRequest(namespace=namespace, query=_PROBE)
        ),
        patience,
    )
    # The service that hands tasks to workers joins last; without it a first case would only wait.
    await _until_answered(
        lambda: client.workflow_service.describe_task_queue(
            DescribeTaskQueueRequest(
                namespace=namespace,
                task_queue=TaskQueue(name="escalate-ready"),
                task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
            )
        ),
        patience,
    )


async def _register(client: Client, namespace: str, retention: timedelta) -> None:
    try:
        await client.workflow_service.register_namespace(
            RegisterNamespaceRequest(
                namespace=namespace,
                description="Escalation cases",
                workflow_execution_retention_period=_duration(retention),
            )
        )
    except RPCError as error:
        # A hosted Temporal makes namespaces elsewhere; whether ours is there, the next call tells.
        if error.status not in (RPCStatusCode.ALREADY_EXISTS, *_REFUSED):
            raise


async def _keep_for(client: Client, namespace: str, retention: timedelta) -> None:
    described = await client.workflow_service.describe_namespace(
        DescribeNamespaceRequest(namespace=namespace)
    )
    found = described.config.workflow_execution_retention_ttl.ToTimedelta()
    if found == retention:
        return
    try:
        await client.workflow_service.update_namespace(
            UpdateNamespaceRequest(
                namespace=namespace,
                config=NamespaceConfig(workflow_execution_retention_ttl=_duration(retention)),
            )
        )
    except RPCError as error:
        if error.status not in _REFUSED:
            raise


async def _add_attributes(client: Client, namespace: str) -> None:
    listed = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=namespace)
    )
    present = dict(listed.custom_attributes)
    for name, kind in SEARCH_ATTRIBUTES.items():
        if name in present and present[name] != kind:
            raise EngineError(
                f"search attribute {name} exists in namespace {namespace} as "
                f"{IndexedValueType.Name(present[name])}, but escalate needs it as "
                f"{IndexedValueType.Name(kind)}: remove it or use another namespace"
            )
    missing = {name: kind for name, kind in SEARCH_ATTRIBUTES.items() if name not in present}
    if not missing:
        return
    try:
        await client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(namespace=namespace, search_attributes=missing)
        )
    except RPCError as error:
        if error.status in _REFUSED:
            raise EngineError(
                f"namespace {namespace} lacks the search attributes {', '.join(missing)}, and this "
                "log-in may not add them: ask whoever runs Temporal"
            ) from error
        if error.status is not RPCStatusCode.ALREADY_EXISTS:
            raise


async def _until_answered(ask: Callable[[], Awaitable[_Answer]], patience: timedelta) -> _Answer:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + patience.total_seconds()
    while True:
        try:
            return await ask()
        except RPCError as error:
            if error.status not in _NOT_YET or loop.time() > deadline:
                raise
            await asyncio.sleep(_PAUSE)


def _duration(span: timedelta) -> Duration:
    duration = Duration()
    duration.FromTimedelta(span)
    return duration
