"""What the house around a case costs: acts at the door, the sandbox, the proof, an outage."""

import contextlib
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from statistics import median

from temporalio import workflow
from temporalio.worker import (
    Replayer,
    WorkflowInstance,
    WorkflowInstanceDetails,
    WorkflowRunner,
)

from audit.export import Seal, export_case
from audit.log.note import NoteKey
from audit.log.recorder import Recorder
from audit.verdict import Outcome
from audit.verify import verify
from bench.bare import BareTogether, Shape, bare
from bench.canonical import ours
from bench.line import Line, spread
from gateway.log_key import load_or_create_log_key
from gateway.signer import load_or_create_keys
from tests.faults.course import canonical
from tests.faults.place import Place, place, quick_doors
from tests.faults.test_outage import all_complete, applied, entries_of, opened
from tests.workflows.world import OneKeyring
from workers.engine import Engine
from workers.processes import doors_of, running_gateway, running_worker
from workflows.converter import converter
from workflows.escalation import EscalationWorkflow
from workflows.runner import CaseRunner

ACT, INSTANCE, PROOF, ACTS = 2.0, 5.0, 60.0, 50
MILLISECOND = 1000


@contextlib.asynccontextmanager
async def _installation(engine: Engine, *, apart: bool = False) -> AsyncIterator[Place]:
    """Real store, gateway and worker; `apart` gives the worker its own process, as in production.

    Elsewhere it works in this one, with production's patience: a history that is replayed strictly
    holds the time-outs it was made with.
    """
    with tempfile.TemporaryDirectory(prefix="escalate-bench-") as folder:
        async with contextlib.AsyncExitStack() as stack:
            made = await stack.enter_async_context(place(Path(folder), engine=engine))
            if apart:
                worker = await made.worker()
                stack.push_async_callback(worker.kill)
            else:
                await stack.enter_async_context(
                    running_worker(made.house, engine.address, client=made.client)
                )
            await stack.enter_async_context(running_gateway(made.house, engine.address))
            yield made


async def act(*, rounds: int, acts: int) -> list[Line]:
    """From the POST of an act to the workflow's receipt, beside a bare update."""
    mine: list[float] = []
    others: list[float] = []
    async with (
        Engine.start(pinned_only=True) as engine,
        _installation(engine, apart=True) as made,
        bare(engine.address, engine.namespace) as their,
    ):
        number = await made.opened_case(tags=["fraud"])
        await made.at(number, stage="triage")
        await made.quiet(number)
        handle = await their.client.start_workflow(
            BareTogether.run,
            args=[Shape([0] * (rounds * acts + 100)), their.payload],
            id=f"bare-{uuid.uuid4().hex}",
            task_queue=their.task_queue,
        )
        for turn in range(rounds + 1):
            for _ in range(acts):
                # People act one at a time: what the last act set off is not measured.
                await made.quiet(number)
                content = await made.content("tessa", number, verb="answer", answers=_answer())
                began = time.perf_counter()
                answer = await made.post("tessa", number, content)
                took = time.perf_counter() - began
                if answer.json()["outcome"] != "accepted":
                    message = f"the act was not accepted: {answer.json()}"
                    raise RuntimeError(message)
                began = time.perf_counter()
                await handle.execute_update("decide", their.payload)
                if turn:
                    mine.append(took * MILLISECOND)
                    others.append((time.perf_counter() - began) * MILLISECOND)
        await handle.terminate()
    ratio = median(mine) / median(others)
    return [
        Line(
            "act POST to the workflow's receipt, p50, against a bare update",
            f"<= {ACT:.0f} x",
            f"{ratio:.2f} x",
            ratio <= ACT,
            f"{median(mine):.1f} ms against {median(others):.1f} ms, {len(mine)} of each in turn; "
            "HTTP, session, directory, signature, two transactions of the SQLite store included; "
            "worker apart",
        )
    ]


def _answer() -> dict[str, str]:
    # Another value each time, of a question that changes nothing material.
    return {"channel": uuid.uuid4().hex[:8]}


async def instance(*, rounds: int) -> list[Line]:
    """What one instance of the workflow costs in the sandbox, imports passed through."""
    took: list[float] = []
    async with Engine.start(pinned_only=True) as engine, ours(engine) as place_:
        handle = await place_.whole()
        history = await handle.fetch_history()
        runner = _Timed(took)
        for _ in range(rounds):
            await Replayer(
                workflows=[EscalationWorkflow],
                namespace=engine.namespace,
                data_converter=converter(OneKeyring()),
                workflow_runner=runner,
            ).replay_workflow(history)
    got = median(took)
    return [
        Line(
            "workflow instance in the sandbox",
            f"<= {INSTANCE:.0f} ms",
            f"{got:.2f} ms",
            got <= INSTANCE,
            f"median of {len(took)} instances, {spread(took, digits=2)} ms",
        )
    ]


class _Timed(WorkflowRunner):
    """Our sandbox, with a watch on how long an instance takes."""

    def __init__(self, took: list[float]) -> None:
        self._sandbox = CaseRunner()
        self._took = took

    def prepare_workflow(self, defn: workflow._Definition) -> None:
        """As the sandbox does."""
        self._sandbox.prepare_workflow(defn)

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        """As the sandbox does, timed."""
        began = time.perf_counter()
        made = self._sandbox.create_instance(det)
        self._took.append((time.perf_counter() - began) * MILLISECOND)
        return made

    def set_worker_level_failure_exception_types(
        self, types: Sequence[type[BaseException]]
    ) -> None:
        """As the sandbox does."""
        self._sandbox.set_worker_level_failure_exception_types(types)


async def proof(*, rounds: int) -> list[Line]:
    """Strict replay and verification of one closed case's export."""
    took: list[float] = []
    verdicts: set[Outcome] = set()
    with tempfile.TemporaryDirectory(prefix="escalate-bench-") as folder:
        out, root, log = await _exported(Path(folder))
        # An auditor has the export and nothing else: no installation runs beside the verification.
        for turn in range(rounds + 1):
            began = time.perf_counter()
            verdict = await verify(out, pinned=frozenset({root}), logs=frozenset({log}))
            if turn:
                took.append((time.perf_counter() - began) * MILLISECOND)
            verdicts.add(verdict.outcome)
    got = median(took)
    return [
        Line(
            "strict replay and verification of one closed case",
            f"<= {PROOF:.0f} ms",
            f"{got:.0f} ms",
            got <= PROOF and verdicts == {Outcome.PASS},
            f"{spread(took, digits=0)} ms, {rounds} rounds after a warm-up, "
            f"verdict {', '.join(sorted(verdicts))}",
        )
    ]


async def _exported(folder: Path) -> tuple[Path, bytes, NoteKey]:
    """The export of a canonical case, and the public keys of root and log."""
    async with Engine.start(pinned_only=True) as engine, _installation(engine) as made:
        number = await made.opened_case(tags=["fraud"])
        await canonical(made, number, acts=[])
        case = await made.case_of(number)
        await made.client.get_workflow_handle(case).result()
        signer = load_or_create_keys(made.settings.keys)
        at = datetime.now(UTC)
        log = load_or_create_log_key(made.settings.keys, origin=made.settings.log_name)
        await Recorder(made.house.store, signer=log, apart=timedelta(0)).record(at=at)
        out = await export_case(
            case,
            store=made.house.store,
            client=made.client,
            seal=Seal(
                key=signer.door,
                certificate=signer.certificate_at(at),
                root=signer.root_key,
                log=str(log.key),
            ),
            out=folder / "export",
            at=at,
            version=version("escalate"),
            # Doors go on writing for a moment after the case has closed.
            patience=timedelta(seconds=30),
        )
        return out, signer.root_public, log.key


async def outage() -> list[Line]:
    """Acts posted once while every worker and the server are down, and applied later."""
    with tempfile.TemporaryDirectory(prefix="escalate-bench-") as folder:
        home = Path(folder)
        async with (
            Engine.start(database=home / "engine.db", pinned_only=True) as engine,
            place(home / "home", engine=engine) as made,
        ):
            real = await doors_of(made.house, engine.address)
            doors = quick_doors(real, made.client, task_queue=made.settings.task_queue)
            async with running_gateway(made.house, engine.address, doors=doors):
                numbers = await opened(made, engine, ACTS)
                await engine.kill()
                heard = await all_complete(made, numbers)
                await engine.restart()
                async with running_worker(made.house, engine.address, client=made.client):
                    await applied(made, numbers)
                    counted = await entries_of(made, numbers, heard)
    recorded = sum(each["outcome"] == "recorded" for each in heard)
    once = sum(count == 1 for count in counted)
    return [
        Line(
            "acts answered while workers and server are down, and applied later, sent once",
            f"{ACTS} of {ACTS}",
            f"{once} of {ACTS}",
            recorded == once == ACTS,
            f"{recorded} answered 'recorded', {sum(c > 1 for c in counted)} applied twice",
        )
    ]
