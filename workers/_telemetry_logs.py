"""What a log line may say: an allow-list of keys, short opaque values, no words of people (I13).

An unknown key is dropped and counted, so that a mistake in the code cannot become a leak. Records
of libraries are shown by their template, without arguments: an argument may hold anything.
"""

import logging
import sys
import traceback
from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import TextIO

import structlog
from structlog.types import EventDict, Processor, WrappedLogger
from temporalio import activity, workflow

KEYS = frozenset(
    {
        "act",
        "attempt",
        "attempts",
        "branch",
        "build",
        "case",
        "channel",
        "count",
        "delivery",
        "dispatcher",
        "door",
        "effect",
        "ended",
        "error",
        "found",
        "gate",
        "kind",
        "number",
        "obligation",
        "outcome",
        "port",
        "reason",
        "role",
        "round",
        "route",
        "run",
        "runbook",
        "seconds",
        "sequence",
        "severity",
        "stage",
        "state",
        "status",
        "step",
        "vendor",
        "verb",
        "version",
    }
)
"""What our own log calls may say; a test holds every call in the house against it."""

PHRASES = frozenset({"error", "reason"})
"""Keys whose values are words of our own code, so that they may hold spaces."""

_FRAME = frozenset(
    {"event", "level", "timestamp", "logger", "process", "where", "dropped"}
    | {"_record", "_from_structlog"}
)
_LONGEST = 100
_OUR_TREES = frozenset(
    {"activities", "audit", "cases", "cli", "gateway", "insights", "integrations"}
    | {"runbooks", "store", "workers", "workflows"}
)
_HOUSE = Path(__file__).resolve().parent.parent
_NOISY = ("httpx", "httpcore", "sqlalchemy.engine", "alembic", "urllib3", "asyncio")


class Opaque:
    """Only known keys with short opaque values pass; what did not is counted by key."""

    def __init__(self) -> None:
        self.dropped: Counter[str] = Counter()

    def __call__(self, logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        """The line without what may not be said; `dropped` tells how much that was."""
        kept: EventDict = {}
        dropped = 0
        for key, value in event.items():
            allowed = key in KEYS and _opaque(value, spaces=key in PHRASES)
            if key in _FRAME or allowed:
                kept[key] = value
            else:
                self.dropped[key if key in KEYS else "unknown"] += 1
                dropped += 1
        kept["event"] = _one_line(str(event.get("event", "")))
        if dropped:
            kept["dropped"] = dropped
        return kept


def silent_in_replay(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """A line that was said when the history was made is not said again when it is replayed."""
    if replaying():
        raise structlog.DropEvent
    return event


def replaying() -> bool:
    """Whether this is workflow code that walks through its past."""
    return workflow.in_workflow() and workflow.unsafe.is_replaying_history_events()


def configure(*, process: str, level: str, as_json: bool, stream: TextIO | None = None) -> Opaque:
    """Structlog and the standard library's loggers speak through one renderer, on stderr."""
    out = stream if stream is not None else sys.stderr
    opaque = Opaque()
    frame: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _Named(process),
    ]
    renderer: Processor = (
        structlog.processors.JSONRenderer(sort_keys=True)
        if as_json
        else structlog.dev.ConsoleRenderer(colors=out.isatty())
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[_template, *frame, structlog.stdlib.add_logger_name],
        processors=[
            opaque,
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            renderer,
        ],
        use_get_message=False,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(formatter)
    handler.addFilter(lambda _record: not replaying())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
    # Otherwise the SDK writes what it knows of a workflow or activity into the message itself.
    workflow.logger.workflow_info_on_message = False
    activity.logger.activity_info_on_message = False
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            silent_in_replay,
            _where,
            *frame,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    return opaque


class _Named:
    """Says which process speaks."""

    def __init__(self, process: str) -> None:
        self._process = process

    def __call__(self, logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        return {**event, "process": self._process}


def _template(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """A library's record as its template and the kind and place of its error, nothing else."""
    kept: EventDict = {key: event[key] for key in ("_record", "_from_structlog")}
    kept["event"] = _one_line(str(event["event"]))
    return _with_error(kept, event.get("exc_info"))


def _where(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """An error's kind and place; its message and its locals may hold what people wrote."""
    found = event.pop("exc_info", None)
    event.pop("stack_info", None)
    return _with_error(event, sys.exc_info() if found is True else found)


def _with_error(event: EventDict, found: object) -> EventDict:
    error = found[1] if isinstance(found, tuple) else found
    if isinstance(error, BaseException):
        event["error"] = type(error).__name__
        event["where"] = _place(error.__traceback__)
    return event


def _place(trace: TracebackType | None) -> str:
    """The innermost line of our own code that the error came through."""
    frames = traceback.extract_tb(trace)
    ours = [frame for frame in frames if Path(frame.filename).is_relative_to(_HOUSE)]
    ours = [
        frame for frame in ours if Path(frame.filename).relative_to(_HOUSE).parts[0] in _OUR_TREES
    ]
    for frame in reversed(ours or list(frames)):
        path = Path(frame.filename)
        name = path.relative_to(_HOUSE) if path.is_relative_to(_HOUSE) else path.name
        return f"{name}:{frame.lineno}"
    return ""


def _one_line(text: str) -> str:
    line = text.partition("\n")[0]
    return "".join(sign if sign.isprintable() else "?" for sign in line)[:_LONGEST]


def _opaque(value: object, *, spaces: bool) -> bool:
    if value is None or isinstance(value, bool | int | float):
        return True
    if not isinstance(value, str) or len(value) > _LONGEST or not value.isprintable():
        return False
    return value.isascii() and (spaces or " " not in value)
