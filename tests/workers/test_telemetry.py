"""What a process says to its operators, and what it never says (I13)."""

import ast
import base64
import dataclasses
import io
import json
import logging
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import structlog
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.testing import ActivityEnvironment
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Worker

from cases.journal import Journal, Kind, packed
from runbooks.plan import Severity
from tests.fakes.clock import START
from workers._telemetry_logs import KEYS
from workers._telemetry_spans import ATTRIBUTES, CaseTracing, place
from workers.engine import Engine
from workers.settings import Settings
from workers.telemetry import configure_telemetry, telemetry_plugins, tracer_provider
from workflows.effects import APPEND_JOURNAL, NOTIFY, Heading, JournalBatch, Stored

CANARY = "canary-7f3a words of a person"
ROOT = Path(__file__).resolve().parents[2]
TREES = ("activities", "audit", "cli", "gateway", "insights", "integrations", "store", "workers")


@pytest.fixture
def restored_logging() -> Iterator[None]:
    """The loggers are afterwards as pytest had them."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def out(restored_logging: None) -> io.StringIO:
    """What the process writes as its log."""
    return io.StringIO()


def configured(out: io.StringIO, **environ: str) -> Any:
    """The telemetry of a worker that writes JSON."""
    settings = Settings.load({"ESCALATE_TELEMETRY__LOG_FORMAT": "json", **environ})
    return configure_telemetry(settings, "worker", stream=out)


def fails(words: str) -> None:
    """An error whose message holds words."""
    raise ValueError(words)


def lines(out: io.StringIO) -> list[dict[str, Any]]:
    """The log so far."""
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_known_keys_pass_and_others_are_counted(out: io.StringIO) -> None:
    """A key that nobody allowed is dropped, and the line says that something was."""
    running = configured(out)

    structlog.get_logger("x").info("act recorded", number="1001", memo=CANARY, note="x")

    (line,) = lines(out)
    assert line["event"] == "act recorded"
    assert (line["number"], line["process"], line["level"]) == ("1001", "worker", "info")
    assert line["dropped"] == 2
    assert running.dropped == {"unknown": 2}


@pytest.mark.hostile(57)
@pytest.mark.parametrize(
    "value",
    [
        *(CANARY, "x" * 101, "a\nb", "naïve", ["list"], {"a": "b"}, b"bytes", object()),
        *("\x1b[2J", "\x1b]0;title\x07", "a\u202eb", "\u2066x", "a\rb", "\x9b31m", "a\u2028b"),
    ],
)
def test_values_are_short_and_opaque(out: io.StringIO, value: object) -> None:
    """Words, structures and what a terminal obeys do not pass, even under a known key."""
    configured(out)

    structlog.get_logger().info("act recorded", number=value)

    (line,) = lines(out)
    assert "number" not in line
    assert line["dropped"] == 1


def test_error_is_told_by_kind_and_place(out: io.StringIO) -> None:
    """The message of an error and its locals may hold what people wrote: neither is shown."""
    configured(out)
    memo = CANARY

    try:
        fails(memo)
    except ValueError:
        structlog.get_logger().exception("dispatcher failed", dispatcher="acts")

    (line,) = lines(out)
    assert line["error"] == "ValueError"
    assert line["where"].startswith("tests/workers/test_telemetry.py:")
    assert CANARY not in out.getvalue()


def test_library_record_is_told_by_its_template(out: io.StringIO) -> None:
    """Arguments, extras and errors of a library's record are left out."""
    configured(out)

    try:
        fails(CANARY)
    except ValueError:
        logging.getLogger("temporalio.worker").warning(
            "Completing activity as failed: %s", CANARY, exc_info=True, extra={"memo": CANARY}
        )
    logging.getLogger("uvicorn.error").info("started\n%s", CANARY)

    first, second = lines(out)
    assert first["event"] == "Completing activity as failed: %s"
    assert (first["logger"], first["error"]) == ("temporalio.worker", "ValueError")
    assert second["event"] == "started"
    assert CANARY not in out.getvalue()


def test_console_says_the_same(out: io.StringIO) -> None:
    """On a terminal the same processors stand before a readable renderer."""
    configured(out, ESCALATE_TELEMETRY__LOG_FORMAT="console")

    structlog.get_logger().info("act recorded", number="1001", memo=CANARY)

    assert "act recorded" in out.getvalue()
    assert "1001" in out.getvalue()
    assert CANARY not in out.getvalue()


def test_level_is_kept(out: io.StringIO) -> None:
    """What is below the level is not said."""
    configured(out, ESCALATE_TELEMETRY__LOG_LEVEL="warning")

    structlog.get_logger().info("act recorded")

    assert out.getvalue() == ""


def _log_calls() -> Iterator[tuple[str, ast.Call]]:
    for tree in TREES:
        for path in sorted((ROOT / tree).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if (
                    isinstance(node, ast.Call)
                    and isinstance(node.func, ast.Attribute)
                    and isinstance(node.func.value, ast.Name)
                    and node.func.value.id == "log"
                ):
                    yield f"{path.relative_to(ROOT)}:{node.lineno}", node


def test_every_log_call_in_the_house_is_allowed() -> None:
    """An event is a literal, and every key of every call is known: nothing is lost by surprise."""
    wrong = []
    for where, call in _log_calls():
        literal = bool(call.args) and isinstance(call.args[0], ast.Constant)
        unknown = {word.arg for word in call.keywords if word.arg not in {*KEYS, "exc_info"}}
        if not literal or len(call.args) != 1 or unknown:
            wrong.append(f"{where}: {sorted(str(name) for name in unknown) or 'no literal'}")

    assert wrong == []


@workflow.defn(name="Speaking", sandboxed=False)
class Speaking:
    """Says a line before and after a wait."""

    @workflow.run
    async def run(self) -> None:
        """Says two lines."""
        structlog.get_logger().info("case started", number="1001")
        await workflow.sleep(timedelta(milliseconds=50))
        workflow.logger.info("library line")


async def test_replay_is_silent(client: Client, task_queue: str, out: io.StringIO) -> None:
    """With no cache every task replays, and each line is said once all the same."""
    configured(out)

    async with Worker(client, task_queue=task_queue, workflows=[Speaking], max_cached_workflows=0):
        await client.execute_workflow("Speaking", id=task_queue, task_queue=task_queue)

    said = [line["event"] for line in lines(out)]
    assert said.count("case started") == 1
    assert said.count("library line") == 1


class Collector:
    """An OTLP/HTTP receiver in this process."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.raw = b""
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                collector.raw += body
                for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                    for scope in resource.scope_spans:
                        collector.spans += scope.spans
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the library's name
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def named(self, name: str) -> Span:
        """The one span of that name."""
        (span,) = [span for span in self.spans if span.name == name]
        return span


@pytest.fixture
def collector() -> Iterator[Collector]:
    """A collector that listens."""
    running = Collector()
    thread = threading.Thread(target=running.server.serve_forever)
    thread.start()
    yield running
    running.server.shutdown()
    thread.join()
    running.server.server_close()


CASE = "case/abcdefghijklmnopqrstuvwxyz"
SALT = b"s" * 32


def batch(*words: str, after: JournalBatch | None = None) -> JournalBatch:
    """A batch as the recorder makes it, with a canary in what it changed."""
    journal = Journal(case=CASE)
    if after is not None:
        last = after.restore()[-1]
        journal.sequence, journal.head = last.sequence, last.hash
    entries = [
        journal.record(Kind.STAGE_ENTERED, at=START, salt=SALT, stage=word) for word in words
    ]
    return JournalBatch(
        case=CASE,
        original_run="run-1",
        first=entries[0].sequence,
        previous=entries[0].previous,
        salt=base64.b64encode(SALT).decode(),
        entries=packed(entries),
        heading=Heading(
            number="1001",
            runbook="user-safety-escalation",
            version="1.0.0",
            status="open",
            stage=words[-1],
            severity=Severity.SEV1,
        ),
        changes={"memo": CANARY},
        at=START,
    )


class Returns(ActivityInboundInterceptor):
    """The activity itself: answers, or fails with a person's words."""

    def __init__(self, answer: object) -> None:
        self.answer = answer

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 -- the SDK's name
        """The answer."""
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


async def ran(tracing: CaseTracing, name: str, order: object, answer: object) -> None:
    """The activity ran under the interceptor."""
    environment = ActivityEnvironment()
    environment.info = dataclasses.replace(
        ActivityEnvironment.default_info(), activity_type=name, workflow_id=CASE
    )
    around = tracing.intercept_activity(Returns(answer))

    async def run() -> None:
        call = ExecuteActivityInput(fn=run, args=[order], executor=None, headers={})
        await around.execute_activity(call)

    await environment.run(run)


async def test_steps_of_a_case_are_spans_linked_across_its_waits(collector: Collector) -> None:
    """Each step is a span; it leads back to the step before, whoever made that one and when."""
    settings = Settings.load({"ESCALATE_TELEMETRY__OTLP_ENDPOINT": collector.url})
    first = batch("intake", "triage")
    second = batch("legal-review", after=first)

    # Two workers, one after the other: the second knows nothing of the first but the journal.
    for each in (first, second):
        provider = tracer_provider(settings, "worker")
        assert provider is not None
        tracing = CaseTracing(provider.get_tracer("test"))
        await ran(tracing, APPEND_JOURNAL.name, each, Stored(sequence=each.last))
        provider.shutdown()

    root, before, after = (
        collector.named(name) for name in ("case", "step triage", "step legal-review")
    )
    assert {span.trace_id for span in (root, before, after)} == {place(CASE).trace_id.to_bytes(16)}
    assert before.parent_span_id == after.parent_span_id == root.span_id
    assert [link.span_id for link in before.links] == []
    assert [link.span_id for link in after.links] == [before.span_id]


async def test_failed_step_leaves_its_place_to_the_next_attempt(collector: Collector) -> None:
    """An attempt that the store refused is a span of its own, with the kind of the error only."""
    settings = Settings.load({"ESCALATE_TELEMETRY__OTLP_ENDPOINT": collector.url})
    provider = tracer_provider(settings, "worker")
    assert provider is not None
    tracing = CaseTracing(provider.get_tracer("test"))
    step = batch("triage")

    with pytest.raises(ValueError, match="canary"):
        await ran(tracing, APPEND_JOURNAL.name, step, ValueError(CANARY))
    await ran(tracing, APPEND_JOURNAL.name, step, Stored(sequence=1))
    provider.shutdown()

    failed, stored = collector.named("step triage, not stored"), collector.named("step triage")
    assert failed.span_id != stored.span_id
    assert failed.status.message == ""
    assert stored.span_id == place(CASE, "1").span_id.to_bytes(8)


async def test_words_of_people_are_in_no_span(collector: Collector) -> None:
    """Orders hold facts and notes; their spans say ids and codes, and nothing but known names."""
    settings = Settings.load({"ESCALATE_TELEMETRY__OTLP_ENDPOINT": collector.url})
    provider = tracer_provider(settings, "worker")
    assert provider is not None
    tracer = provider.get_tracer("test")
    tracing = CaseTracing(tracer)

    await ran(tracing, APPEND_JOURNAL.name, batch("triage"), Stored(sequence=1))
    with pytest.raises(RuntimeError):
        await ran(tracing, NOTIFY.name, batch("triage"), RuntimeError(CANARY))
    with tracer.start_as_current_span("careless", attributes={"memo": CANARY}) as span:
        span.add_event("said", {"words": CANARY})
    provider.shutdown()

    assert CANARY.encode() not in collector.raw
    assert {"step triage", "effect notify", "careless"} <= {span.name for span in collector.spans}
    assert {
        attribute.key for span in collector.spans for attribute in span.attributes
    } <= ATTRIBUTES


@activity.defn(name=NOTIFY.name)
async def tells() -> None:
    """Does nothing."""


@workflow.defn(name="Telling", sandboxed=False)
class Telling:
    """Asks for one effect."""

    @workflow.run
    async def run(self) -> None:
        """Asks."""
        await workflow.execute_activity(NOTIFY.name, start_to_close_timeout=timedelta(seconds=10))


async def test_doors_and_effects_of_a_case_share_its_trace(
    engine: Engine, task_queue: str, collector: Collector
) -> None:
    """By the plugin alone a start at the door and an effect of the worker meet in one trace."""
    settings = Settings.load({"ESCALATE_TELEMETRY__OTLP_ENDPOINT": collector.url})
    provider = tracer_provider(settings, "up")
    assert provider is not None
    client = await Client.connect(
        engine.address,
        namespace=engine.namespace,
        plugins=telemetry_plugins(settings, provider=provider),
    )
    case = f"case/{task_queue}"

    async with Worker(client, task_queue=task_queue, workflows=[Telling], activities=[tells]):
        handle = await client.start_workflow("Telling", id=case, task_queue=task_queue)
        await handle.result()
    provider.shutdown()

    started, effect = collector.named("start case"), collector.named("effect notify")
    assert started.trace_id == effect.trace_id == place(case).trace_id.to_bytes(16)
    headers = [
        event.activity_task_scheduled_event_attributes.header.fields
        for event in (await handle.fetch_history()).events
    ]
    assert not any(headers)


def test_without_a_collector_there_is_nothing_to_trace() -> None:
    """No endpoint, no interceptor: a case costs nothing more."""
    assert telemetry_plugins(Settings.load({})) == ()


async def test_collector_that_is_away_holds_nobody_up() -> None:
    """Spans that nobody takes are given up within seconds."""
    settings = Settings.load({"ESCALATE_TELEMETRY__OTLP_ENDPOINT": "http://127.0.0.1:9"})
    provider = tracer_provider(settings, "worker")
    assert provider is not None

    with provider.get_tracer("test").start_as_current_span("act"):
        pass

    provider.shutdown()
