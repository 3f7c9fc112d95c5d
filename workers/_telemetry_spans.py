"""Spans of a case: one a step, one an effect, one an act, linked across the waits between them.

A span over a two-week wait is lost when its worker dies, so none spans a wait. The ids are derived
from the case and its journal: every process, and every worker after a crash, puts its spans into
the same trace without writing a header into the history. For the same reason Temporal's own plugin
is not used: it draws span ids from the workflow's random seed, where the nonces of rounds come
from as well, and its headers would make every event longer.
"""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.id_generator import IdGenerator, RandomIdGenerator
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    Tracer,
    set_span_in_context,
)
from temporalio import activity, client, worker

from workflows.effects import APPEND_JOURNAL, JournalBatch, Stored

ATTRIBUTES = frozenset(
    {
        "escalate.act",
        "escalate.attempt",
        "escalate.case",
        "escalate.effect",
        "escalate.entries",
        "escalate.error",
        "escalate.number",
        "escalate.purpose",
        "escalate.role",
        "escalate.run",
        "escalate.runbook",
        "escalate.sequence",
        "escalate.severity",
        "escalate.stage",
        "escalate.status",
    }
)
"""All that a span may say (I13)."""

_FROM_ORDERS = ("number", "stage", "purpose", "role", "severity")
_LONGEST = 100
_CASE = "case/"

_wanted: ContextVar[tuple[int, int] | None] = ContextVar("_wanted", default=None)


class DerivedIds(IdGenerator):
    """Ids that the caller derived from the case, else random ones."""

    def __init__(self) -> None:
        self._random = RandomIdGenerator()

    def generate_span_id(self) -> int:
        """The derived id, where one is wanted."""
        wanted = _wanted.get()
        return wanted[1] if wanted else self._random.generate_span_id()

    def generate_trace_id(self) -> int:
        """The derived id, where one is wanted."""
        wanted = _wanted.get()
        return wanted[0] if wanted else self._random.generate_trace_id()


def place(case: str, step: str = "case") -> SpanContext:
    """Where a step of a case stands in its trace; every process derives the same."""
    trace = hashlib.sha256(f"escalate trace|{case}".encode()).digest()
    span = hashlib.sha256(f"escalate span|{case}|{step}".encode()).digest()
    return SpanContext(
        trace_id=int.from_bytes(trace[:16]),
        span_id=int.from_bytes(span[:8]),
        is_remote=True,
        trace_flags=TraceFlags(TraceFlags.SAMPLED),
    )


class CaseTracing(client.Interceptor, worker.Interceptor):
    """Makes the spans: at the doors' client and around each effect; nothing inside workflows."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer

    def intercept_client(self, next: client.OutboundInterceptor) -> client.OutboundInterceptor:  # noqa: A002 -- the SDK's name
        """Starts, acts and signals have spans."""
        return _Doors(next, tracer=self._tracer)

    def intercept_activity(
        self,
        next: worker.ActivityInboundInterceptor,  # noqa: A002 -- the SDK's name
    ) -> worker.ActivityInboundInterceptor:
        """Effects and journal steps have spans."""
        return _Effects(next, tracer=self._tracer)


class _Doors(client.OutboundInterceptor):
    def __init__(self, next: client.OutboundInterceptor, *, tracer: Tracer) -> None:  # noqa: A002 -- the SDK's name
        super().__init__(next)
        self._tracer = tracer

    async def start_workflow(self, input: client.StartWorkflowInput) -> Any:  # noqa: A002 -- the SDK's name
        with self._span("start case", input.id):
            return await super().start_workflow(input)

    async def signal_workflow(self, input: client.SignalWorkflowInput) -> None:  # noqa: A002 -- the SDK's name
        with self._span(f"tell {input.signal}", input.id):
            await super().signal_workflow(input)

    async def start_workflow_update(self, input: client.StartWorkflowUpdateInput) -> Any:  # noqa: A002 -- the SDK's name
        with self._span("act", input.id, **{"escalate.act": input.update_id}):
            return await super().start_workflow_update(input)

    @contextmanager
    def _span(self, name: str, case: str, **attributes: str | None) -> Iterator[None]:
        if not case.startswith(_CASE):
            yield
            return
        known = {key: value for key, value in attributes.items() if value}
        span = self._tracer.start_span(
            name,
            context=_under(place(case)),
            kind=SpanKind.CLIENT,
            attributes={"escalate.case": case, **known},
        )
        with _closed(span):
            yield


class _Effects(worker.ActivityInboundInterceptor):
    def __init__(self, next: worker.ActivityInboundInterceptor, *, tracer: Tracer) -> None:  # noqa: A002 -- the SDK's name
        super().__init__(next)
        self._tracer = tracer

    async def execute_activity(self, input: worker.ExecuteActivityInput) -> Any:  # noqa: A002 -- the SDK's name
        info = activity.info()
        case, order = info.workflow_id or "", input.args[0] if input.args else None
        attributes: dict[str, str | int] = {
            "escalate.case": case,
            "escalate.run": info.workflow_run_id or "",
            "escalate.attempt": info.attempt,
            "escalate.effect": info.activity_type,
        }
        if info.activity_type == APPEND_JOURNAL.name and isinstance(order, JournalBatch):
            return await self._step(input, order, attributes)
        attributes |= _said(order)
        span = self._tracer.start_span(
            f"effect {info.activity_type}", context=_under(place(case)), attributes=attributes
        )
        with _closed(span):
            return await super().execute_activity(input)

    async def _step(
        self,
        input: worker.ExecuteActivityInput,  # noqa: A002 -- the SDK's name
        batch: JournalBatch,
        attributes: dict[str, str | int],
    ) -> Any:
        """A step of the case: what it did between two waits, as its journal tells."""
        heading = batch.heading
        attributes |= _said(heading) | {
            "escalate.runbook": heading.runbook,
            "escalate.status": heading.status,
            "escalate.entries": len(batch.entries),
        }
        case, name = batch.case, f"step {heading.stage or heading.status}"
        # The step before ended with the entry before: the link leads back across the wait.
        links = [Link(place(case, f"{batch.first - 1}"))] if batch.first > 1 else []
        span = self._derived(name, case, f"{batch.last}", attributes=attributes, links=links)
        try:
            stored: Stored = await super().execute_activity(input)
        except BaseException as error:
            # The next attempt is the step; this one gets an id of its own, and the first is let go.
            failed = self._tracer.start_span(
                f"{name}, not stored", context=_under(place(case)), attributes=attributes
            )
            _failed(failed, error)
            failed.end()
            raise
        if batch.first == 1:
            self._derived("case", case, "case", attributes=attributes, links=[]).end()
        span.set_attribute("escalate.sequence", stored.sequence)
        span.end()
        return stored

    def _derived(
        self,
        name: str,
        case: str,
        step: str,
        *,
        attributes: dict[str, str | int],
        links: Sequence[Link],
    ) -> Span:
        where = place(case, step)
        above = Context() if step == "case" else _under(place(case))
        token = _wanted.set((where.trace_id, where.span_id))
        try:
            return self._tracer.start_span(name, context=above, attributes=attributes, links=links)
        finally:
            _wanted.reset(token)


class OpaqueSpans(SpanExporter):
    """Hands on what spans may say: no other attributes, no events, no texts of errors."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """The spans are with the collector, or it could not take them."""
        return self._exporter.export([_opaque(span) for span in spans])

    def shutdown(self) -> None:
        """Nothing more is exported."""
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """What waits is exported."""
        return self._exporter.force_flush(timeout_millis)


def _opaque(span: ReadableSpan) -> ReadableSpan:
    attributes = {
        key: value[:_LONGEST] if isinstance(value, str) else value
        for key, value in (span.attributes or {}).items()
        if key in ATTRIBUTES
    }
    return ReadableSpan(
        name=span.name[:_LONGEST],
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=attributes,
        links=[Link(link.context) for link in span.links],
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _said(order: object) -> dict[str, str | int]:
    """What an order says in clear: ids and codes, never its facts or notes."""
    found = {name: getattr(order, name, None) for name in _FROM_ORDERS}
    return {f"escalate.{name}": str(value) for name, value in found.items() if value}


def _under(context: SpanContext) -> Context:
    return set_span_in_context(NonRecordingSpan(context), Context())


@contextmanager
def _closed(span: Span) -> Iterator[None]:
    try:
        yield
    except BaseException as error:
        _failed(span, error)
        raise
    finally:
        span.end()


def _failed(span: Span, error: BaseException) -> None:
    # The kind only: a message may hold what people wrote.
    span.set_status(Status(StatusCode.ERROR))
    span.set_attribute("escalate.error", type(error).__name__)
