"""How everything reaches Temporal: one plugin configures client, worker and replayer alike."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from temporalio.client import Client
from temporalio.common import HeaderCodecBehavior
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import DataConverter
from temporalio.plugin import SimplePlugin
from temporalio.runtime import Runtime
from temporalio.service import GrpcCompression, TLSConfig
from temporalio.worker import Worker, WorkerConfig

from workers.settings import URGENT
from workflows.converter import PLAIN, CaseKeyring, converter
from workflows.escalation import EscalationWorkflow
from workflows.obligation import ObligationWorkflow
from workflows.runner import CaseRunner, Sign

WORKFLOWS: Sequence[type] = (EscalationWorkflow, ObligationWorkflow)

RECOMPUTED_WITHIN = 8
"""Seconds that a case may compute before its worker calls it stuck.

Less than the ten the server gives a workflow task. The SDK says two, which a long case that is
recomputed from its first event passes on a loaded machine; its task then fails, is recomputed
from the first event again, and the more of them there are the longer each takes.
"""


def plugin(
    keyring: CaseKeyring | None,
    *,
    activities: Sequence[Callable[..., Any]] = (),
    sign: Sign | None = None,
) -> SimplePlugin:
    """Converter with codec, sandbox, workflows and activities, in one thing to hand over.

    Without a keyring nothing is sealed: what is made up needs no secrecy.
    """
    spoken = PLAIN if keyring is None else converter(keyring)
    return plugin_with(spoken, activities=activities, sign=sign)


def plugin_with(
    data_converter: DataConverter,
    *,
    activities: Sequence[Callable[..., Any]] = (),
    sign: Sign | None = None,
) -> SimplePlugin:
    """The same, around a converter that is already there: opened histories need no keys.

    With `sign` a worker marks what its code writes down.
    """
    return CasePlugin(
        "escalate",
        data_converter=data_converter,
        workflows=list(WORKFLOWS),
        activities=list(activities),
        workflow_runner=CaseRunner(sign=sign),
    )


class CasePlugin(SimplePlugin):
    """As the SDK's, with two differences.

    A worker of an urgent queue polls for no case: its slots are kept free. A case may take
    RECOMPUTED_WITHIN to compute.
    """

    def configure_worker(self, config: WorkerConfig) -> WorkerConfig:
        """The worker runs our workflows and activities, or the activities only."""
        made = super().configure_worker(config)
        if made["task_queue"].endswith(URGENT):
            made["workflows"] = []
        return made

    async def run_worker(
        self,
        worker: Worker,
        next: Callable[[Worker], Awaitable[None]],  # noqa: A002 - so the SDK calls it
    ) -> None:
        """The worker runs, and waits as long for what its cases compute."""
        cases = worker._workflow_worker  # noqa: SLF001 - the SDK names no option for it
        if cases is not None:
            cases._deadlock_timeout_seconds = RECOMPUTED_WITHIN  # noqa: SLF001 - see above
        await super().run_worker(worker, next)


async def connect(
    address: str,
    *,
    namespace: str,
    keyring: CaseKeyring | None,
    activities: Sequence[Callable[..., Any]] = (),
    api_key: str | None = None,
    tls: bool | TLSConfig = False,
    runtime: Runtime | None = None,
    lazy: bool = False,
    extra_plugins: Sequence[SimplePlugin] = (),
    sign: Sign | None = None,
) -> Client:
    """A client that speaks our payloads; workers made from it run our workflows and activities.

    A lazy client is connected by its first call: a door must come up while the engine is down.
    """
    return await Client.connect(
        address,
        namespace=namespace,
        data_converter=pydantic_data_converter,
        plugins=[plugin(keyring, activities=activities, sign=sign), *extra_plugins],
        api_key=api_key,
        tls=tls,
        runtime=runtime,
        lazy=lazy,
        # Headers carry trace context: encrypted like everything else that belongs to a case.
        header_codec_behavior=HeaderCodecBehavior.CODEC,
        # A payload is deflated and then encrypted: packed once more it costs both ends and saves
        # nothing (measured: 4 % of a server's time).
        grpc_compression=GrpcCompression.NONE,
    )
