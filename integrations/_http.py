"""One way to call a vendor over HTTP: bounded in time and size, with every failure typed.

No retries here: Temporal is the retry layer, and two would multiply.
"""

import json
import logging
import re
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from integrations.errors import (
    ConflictError,
    MisansweredError,
    OutcomeUnknownError,
    RefusedError,
    ThrottledError,
    UnavailableError,
    VendorError,
)
from integrations.ledger import on_record
from integrations.ports.clock import Clock

TIMEOUT = httpx.Timeout(15.0, connect=5.0)
MEGABYTE = 1024 * 1024

_NOTHING_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_CONFLICTS = frozenset({409, 412})
_TRANSIENT_4XX = frozenset({408, 425})
# A proxy in front of the vendor gave up: the vendor behind it may have gone on.
_PROXY_GAVE_UP = frozenset({502, 504})
_LONGEST_WAIT = timedelta(hours=24)
_REASON = re.compile(r"[a-z0-9-]{1,60}", flags=re.ASCII)


def new_client(
    *,
    transport: httpx.AsyncBaseTransport | None = None,
    trust: ssl.SSLContext | None = None,
) -> httpx.AsyncClient:
    """A client that follows no redirects and reads neither proxy variables nor .netrc.

    `trust` names other certificate authorities than the public ones.
    """
    return httpx.AsyncClient(
        timeout=TIMEOUT,
        follow_redirects=False,
        trust_env=False,
        transport=transport,
        verify=trust if trust is not None else True,
    )


def parse_retry_after(value: str | None, *, now: datetime) -> timedelta | None:
    """How long the vendor asks us to wait: from seconds or an HTTP date; None when it says neither.

    Never negative, never more than a day: a vendor's broken clock must not park a case.
    """
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        wait = timedelta(seconds=min(int(text[:9]), int(_LONGEST_WAIT.total_seconds())))
    else:
        try:
            until = parsedate_to_datetime(text)
        except ValueError:
            return None
        # RFC 9110: an HTTP date is in GMT, also one that (against the RFC) says "-0000".
        wait = (until if until.tzinfo else until.replace(tzinfo=UTC)) - now
    return min(max(wait, timedelta()), _LONGEST_WAIT)


class UrlRedactor(logging.Filter):
    """Log records of httpx keep scheme, host and path; queries, which carry keys, are cut."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Every URL among the record's arguments is bared; the record always passes."""
        if isinstance(record.args, tuple):
            record.args = tuple(bare_url(a) if isinstance(a, httpx.URL) else a for a in record.args)
        return True


def bare_url(url: httpx.URL) -> str:
    """The URL without user, query and fragment."""
    return str(url.copy_with(username=None, password=None, query=None, fragment=None))


class Answer:
    """A vendor's answer, read to its end."""

    def __init__(
        self, response: httpx.Response, body: bytes, *, vendor: str, operation: str
    ) -> None:
        self.status = response.status_code
        self.headers = response.headers
        self.body = body
        self._vendor = vendor
        self._operation = operation

    def json(self) -> Any:
        """The body as JSON; a body that is none is a misanswer."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise self.misanswered("the body is not JSON") from error

    def object(self) -> dict[str, Any]:
        """The body as a JSON object."""
        value = self.json()
        if not isinstance(value, dict):
            raise self.misanswered("the body is not a JSON object")
        return value

    def misanswered(self, message: str) -> MisansweredError:
        """The error for an answer that contradicts its own status."""
        return MisansweredError(
            message,
            vendor=self._vendor,
            operation=self._operation,
            status=self.status,
            mend="Look at the thing in the vendor's own pages; if it is right there, record a "
            "receipt by hand.",
        )


class VendorHttp:
    """Calls one vendor with a client that is handed in."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        *,
        vendor: str,
        clock: Clock,
        headers: Mapping[str, str] | None = None,
        limit: int = 8 * MEGABYTE,
    ) -> None:
        self._client = client
        self._vendor = vendor
        self._clock = clock
        self._headers = dict(headers or {})
        self._limit = limit

    async def call(
        self,
        operation: str,
        method: str,
        url: str,
        *,
        json_body: object = None,
        content: bytes | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        extensions: Mapping[str, Any] | None = None,
        reads: frozenset[int] = frozenset(),
    ) -> Answer:
        """The 2xx answer; everything else is raised as the error it means.

        `reads` are further statuses whose body the adapter understands by itself.
        """
        sent = {**self._headers, **(headers or {})}
        if json_body is not None:
            content = json.dumps(json_body, ensure_ascii=False).encode()
            sent.setdefault("Content-Type", "application/json")
        request = self._client.build_request(
            method,
            url,
            content=content,
            params=params,
            headers=sent,
            timeout=TIMEOUT,
            extensions=dict(extensions or {}),
        )
        async with on_record(
            self._clock,
            vendor=self._vendor,
            operation=operation,
            method=method,
            url=request.url,
            headers=sent,
            body=content or b"",
        ) as heard:
            try:
                response = await self._client.send(request, stream=True, follow_redirects=False)
                heard.status, heard.headers = response.status_code, response.headers
                try:
                    heard.body = await self._read(response, operation)
                finally:
                    await response.aclose()
            except httpx.TransportError as error:
                raise self._unanswered(error, operation, method) from error
            if response.is_success or response.status_code in reads:
                return Answer(response, heard.body, vendor=self._vendor, operation=operation)
            raise await self._refusal(response, operation, method)

    async def _read(self, response: httpx.Response, operation: str) -> bytes:
        parts = bytearray()
        async for part in response.aiter_bytes():
            parts += part
            if len(parts) > self._limit:
                raise MisansweredError(
                    f"the answer is longer than {self._limit} bytes",
                    vendor=self._vendor,
                    operation=operation,
                    status=response.status_code,
                    mend="Check that the address is really this vendor's API.",
                )
        return bytes(parts)

    def _unanswered(self, error: httpx.TransportError, operation: str, method: str) -> VendorError:
        kind = type(error).__name__
        if isinstance(error, _NOTHING_SENT) or method in _READS:
            return UnavailableError(
                f"no answer ({kind})",
                vendor=self._vendor,
                operation=operation,
                mend="Check the vendor's status page and our network; it is tried again.",
            )
        return OutcomeUnknownError(
            f"sent, but no answer came ({kind})",
            vendor=self._vendor,
            operation=operation,
            mend="It is looked for before it is tried again; nothing to do unless this repeats.",
        )

    async def _refusal(self, response: httpx.Response, operation: str, method: str) -> VendorError:
        status = response.status_code
        retry_after = parse_retry_after(
            response.headers.get("Retry-After"), now=await self._clock.now()
        )
        kind: type[VendorError]
        if status == httpx.codes.TOO_MANY_REQUESTS:
            kind, mend = ThrottledError, "Nothing: it is tried again when the vendor allows."
        elif status in _CONFLICTS:
            kind, mend = ConflictError, "Nothing: it is read again and tried again."
        elif status in _PROXY_GAVE_UP and method not in _READS:
            kind, mend = OutcomeUnknownError, "Nothing: it is looked for before the next try."
        elif status >= httpx.codes.INTERNAL_SERVER_ERROR or status in _TRANSIENT_4XX:
            kind, mend = UnavailableError, "Check the vendor's status page; it is tried again."
        else:
            kind, mend = RefusedError, _mend_refusal(status)
        return kind(
            f"answered {status}{_reason(response)}",
            vendor=self._vendor,
            operation=operation,
            status=status,
            retry_after=retry_after,
            mend=mend,
        )


def _reason(response: httpx.Response) -> str:
    """Which of several limits was met, where the vendor says so in a word."""
    said = response.headers.get("RateLimit-Reason", "")
    return f" ({said})" if _REASON.fullmatch(said) else ""


def _mend_refusal(status: int) -> str:
    if status in {401, 403}:
        return "Check the credentials and their rights with `escalate doctor --live`."
    if status == httpx.codes.NOT_FOUND:
        return "The thing is gone or the address is wrong: check it in the vendor's own pages."
    if status == httpx.codes.GONE:
        return "The receiver asks never to be called again: disconnect it or give a new address."
    if status < httpx.codes.BAD_REQUEST:
        return "The vendor redirects, which is never followed: configure its final address."
    return "The request itself is refused: do it by hand, and report it to the engineers."
