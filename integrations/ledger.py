"""Every call to a system outside is on record, whichever adapter makes it.

Whoever acts for a case says so once (`speaking`); what the adapters call inside is then written
down before it leaves and again when it ends. So a process that dies in between leaves a call that
is visibly under way, and a new adapter is on record without a line of its own. Calls made for
nobody in particular (a poll, `doctor --live`) are not kept.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

import httpx
from pydantic import JsonValue

from integrations.errors import (
    ConflictError,
    MisansweredError,
    OutcomeUnknownError,
    RefusedError,
    ThrottledError,
    UnavailableError,
    VendorError,
)
from integrations.ports.clock import Clock
from integrations.ports.ledger import Begun, Behalf, CallOutcome, Ended, Ledger, Said
from integrations.redaction import redacted_headers, redacted_url, summary_of

_OUTCOMES: Mapping[type[VendorError], CallOutcome] = {
    RefusedError: CallOutcome.REFUSED,
    ConflictError: CallOutcome.CONFLICT,
    ThrottledError: CallOutcome.THROTTLED,
    UnavailableError: CallOutcome.UNAVAILABLE,
    OutcomeUnknownError: CallOutcome.UNKNOWN,
    MisansweredError: CallOutcome.MISANSWERED,
}

_speaking: ContextVar[tuple[Ledger, Behalf] | None] = ContextVar("_speaking", default=None)


@contextmanager
def speaking(ledger: Ledger, behalf: Behalf) -> Iterator[None]:
    """What is called inside is called on this behalf, and on record."""
    token = _speaking.set((ledger, behalf))
    try:
        yield
    finally:
        _speaking.reset(token)


@dataclass
class Heard:
    """What came back, as far as it has."""

    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    summary: dict[str, JsonValue] | None = None


@asynccontextmanager
async def on_record(
    clock: Clock,
    *,
    vendor: str,
    operation: str,
    method: str,
    url: httpx.URL,
    headers: Mapping[str, str],
    body: bytes,
    summary: dict[str, JsonValue] | None = None,
) -> AsyncIterator[Heard]:
    """The call made inside is on record with its end; the block tells what it heard."""
    heard = Heard()
    spoken = _speaking.get()
    if spoken is None:
        yield heard
        return
    ledger, behalf = spoken
    call = await ledger.begin(
        Begun(
            behalf=behalf,
            vendor=vendor,
            operation=operation,
            method=method,
            url=redacted_url(url, host=_asked_for(headers)),
            request=Said(
                headers=redacted_headers(headers),
                body=body,
                summary=summary if summary is not None else summary_of(body),
            ),
            at=await clock.now(behalf.case),
        )
    )
    outcome, error_kind, mend = CallOutcome.ANSWERED, "", ""
    try:
        yield heard
    except VendorError as error:
        outcome = _outcome(error)
        error_kind, mend = type(error).__name__, error.mend
        raise
    except (asyncio.CancelledError, Exception) as error:
        # Cut off, or broken on our side: whether it was carried out nobody can say.
        outcome, error_kind = CallOutcome.UNKNOWN, type(error).__name__
        raise
    finally:
        await ledger.end(
            call,
            Ended(
                outcome=outcome,
                status=heard.status,
                answer=Said(
                    headers=redacted_headers(heard.headers),
                    body=heard.body,
                    summary=heard.summary if heard.summary is not None else summary_of(heard.body),
                ),
                error=error_kind,
                mend=mend,
                at=await clock.now(behalf.case),
            ),
        )


def _outcome(error: VendorError) -> CallOutcome:
    return next(
        (outcome for kind, outcome in _OUTCOMES.items() if isinstance(error, kind)),
        CallOutcome.UNKNOWN,
    )


def _asked_for(headers: Mapping[str, str]) -> str | None:
    return next((value for name, value in headers.items() if name.lower() == "host"), None)
