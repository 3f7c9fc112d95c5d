"""What operators see of a process: its log on stderr, its spans, the SDK's metrics.

Called once at the start of a process, before anything speaks to Temporal.
"""

import logging
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import TextIO

import opentelemetry.trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from temporalio.plugin import SimplePlugin
from temporalio.runtime import (
    LogForwardingConfig,
    LoggingConfig,
    PrometheusConfig,
    Runtime,
    TelemetryConfig,
    TelemetryFilter,
)

from workers import _telemetry_logs
from workers._telemetry_spans import CaseTracing, DerivedIds, OpaqueSpans
from workers.settings import Settings

_TRACES = "/v1/traces"
_EXPORT_SECONDS = 5


@dataclass
class Telemetry:
    """What was set up, to be closed at the end of the process."""

    provider: TracerProvider | None = None
    dropped: Counter[str] = field(default_factory=Counter)
    """Values that log calls were not allowed to say, by key."""

    def close(self) -> None:
        """Every finished span is with the collector, if it answers."""
        if self.provider is not None:
            self.provider.shutdown()


def configure_telemetry(
    settings: Settings, process: str, *, stream: TextIO | None = None
) -> Telemetry:
    """Logs, traces and metrics of this process are as the settings say."""
    wanted = settings.telemetry
    out = stream if stream is not None else sys.stderr
    as_json = wanted.log_format == "json" or (wanted.log_format == "auto" and not out.isatty())
    opaque = _telemetry_logs.configure(
        process=process, level=wanted.log_level, as_json=as_json, stream=out
    )
    measured = wanted.worker_metrics if process in ("worker", "up") else None
    Runtime.set_default(_runtime(measured), error_if_already_set=False)
    provider = tracer_provider(settings, process)
    if provider is not None:
        opentelemetry.trace.set_tracer_provider(provider)
    return Telemetry(provider=provider, dropped=opaque.dropped)


def log_alone(process: str, *, stream: TextIO | None = None) -> None:
    """The process logs as all do; for one that reads no settings and knows no collector."""
    out = stream if stream is not None else sys.stderr
    _telemetry_logs.configure(process=process, level="info", as_json=not out.isatty(), stream=out)


@cache
def _runtime(metrics: str | None) -> Runtime:
    """The SDK's core speaks through our renderer: by itself it writes on standard output."""
    logger = logging.getLogger("temporalio.core")
    return Runtime(
        telemetry=TelemetryConfig(
            logging=LoggingConfig(
                filter=TelemetryFilter(core_level="WARN", other_level="ERROR"),
                # The fields of a line may hold anything: its words alone are said.
                forwarding=LogForwardingConfig(
                    logger, append_log_fields_to_message=False, prepend_target_on_message=False
                ),
            ),
            metrics=PrometheusConfig(bind_address=metrics, durations_as_seconds=True)
            if metrics is not None
            else None,
        )
    )


@contextmanager
def telemetry(
    settings: Settings, process: str, *, stream: TextIO | None = None
) -> Iterator[Telemetry]:
    """The process is observed inside; at the end what it said has been handed over."""
    running = configure_telemetry(settings, process, stream=stream)
    try:
        yield running
    finally:
        running.close()


def tracer_provider(settings: Settings, process: str) -> TracerProvider | None:
    """Where spans go, if a collector is configured."""
    endpoint = settings.telemetry.otlp_endpoint
    if endpoint is None:
        return None
    url = str(endpoint)
    if endpoint.path in (None, "", "/"):
        url = f"{url.rstrip('/')}{_TRACES}"
    provider = TracerProvider(
        resource=Resource({"service.name": "escalate", "service.instance.id": process}),
        id_generator=DerivedIds(),
        shutdown_on_exit=False,
    )
    exporter = OTLPSpanExporter(endpoint=url, timeout=_EXPORT_SECONDS)
    provider.add_span_processor(BatchSpanProcessor(OpaqueSpans(exporter)))
    return provider


def telemetry_plugins(
    settings: Settings, *, provider: opentelemetry.trace.TracerProvider | None = None
) -> Sequence[SimplePlugin]:
    """What a client needs so that its case's steps have spans; nothing without a collector."""
    if settings.telemetry.otlp_endpoint is None:
        return ()
    tracer = (provider or opentelemetry.trace.get_tracer_provider()).get_tracer("escalate")
    return (SimplePlugin("escalate-tracing", interceptors=[CaseTracing(tracer)]),)
