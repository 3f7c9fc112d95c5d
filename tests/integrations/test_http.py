"""The one way to call a vendor."""

import logging
import zlib
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations._http import UrlRedactor, VendorHttp, new_client, parse_retry_after
from integrations.errors import (
    ConflictError,
    MisansweredError,
    OutcomeUnknownError,
    RefusedError,
    ThrottledError,
    UnavailableError,
    VendorError,
)
from tests.fakes.clock import START, FixedClock


def vendor(
    answer: httpx.Response | Exception, clock: FixedClock, *, limit: int = 100
) -> VendorHttp:
    """A vendor that answers so."""

    def respond(request: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    client = new_client(transport=httpx.MockTransport(respond))
    return VendorHttp(client, vendor="acme", clock=clock, limit=limit)


@pytest.mark.parametrize(
    "value,wait",
    [
        ("0", timedelta()),
        (" 41 ", timedelta(seconds=41)),
        ("999999999999", timedelta(hours=24)),
        ("Sun, 22 Nov 2026 10:00:30 GMT", timedelta(seconds=30)),
        ("Sun, 22 Nov 2026 10:00:30 -0000", timedelta(seconds=30)),
        ("Sun, 22 Nov 2026 09:00:00 GMT", timedelta()),
        ("Sun, 22 Nov 2099 09:00:00 GMT", timedelta(hours=24)),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_read_in_both_forms(value: str | None, wait: timedelta | None) -> None:
    """Seconds and HTTP dates become a wait between nothing and a day; garbage becomes none."""
    assert parse_retry_after(value, now=START) == wait


@given(value=st.text(max_size=60))
def test_retry_after_never_surprises(value: str) -> None:
    """Whatever the header says, the wait is none or between nothing and a day."""
    wait = parse_retry_after(value, now=datetime(2026, 11, 22, tzinfo=UTC))

    assert wait is None or timedelta() <= wait <= timedelta(hours=24)


@pytest.mark.parametrize(
    "status,method,kind",
    [
        (400, "POST", RefusedError),
        (401, "POST", RefusedError),
        (404, "GET", RefusedError),
        (410, "POST", RefusedError),
        (302, "POST", RefusedError),
        (408, "POST", UnavailableError),
        (409, "PUT", ConflictError),
        (412, "PUT", ConflictError),
        (425, "POST", UnavailableError),
        (429, "POST", ThrottledError),
        (500, "POST", UnavailableError),
        (503, "POST", UnavailableError),
        (502, "POST", OutcomeUnknownError),
        (504, "POST", OutcomeUnknownError),
        (504, "GET", UnavailableError),
    ],
)
async def test_statuses_have_their_meaning(
    clock: FixedClock, status: int, method: str, kind: type[VendorError]
) -> None:
    """Every status that is no success is raised as what it means for a retry."""
    answer = httpx.Response(status, headers={"Retry-After": "7", "Location": "https://else.test"})

    with pytest.raises(VendorError) as caught:
        await vendor(answer, clock).call("do", method, "https://acme.test/x")

    assert type(caught.value) is kind
    assert caught.value.status == status
    assert caught.value.retry_after == timedelta(seconds=7)
    assert caught.value.mend


@pytest.mark.parametrize(
    "error,method,kind",
    [
        (httpx.ConnectError("x"), "POST", UnavailableError),
        (httpx.ConnectTimeout("x"), "POST", UnavailableError),
        (httpx.PoolTimeout("x"), "POST", UnavailableError),
        (httpx.ReadTimeout("x"), "POST", OutcomeUnknownError),
        (httpx.WriteError("x"), "POST", OutcomeUnknownError),
        (httpx.RemoteProtocolError("x"), "POST", OutcomeUnknownError),
        (httpx.ReadTimeout("x"), "GET", UnavailableError),
    ],
)
async def test_missing_answers_have_their_meaning(
    clock: FixedClock, error: Exception, method: str, kind: type[VendorError]
) -> None:
    """What left without an answer may have been done, unless it only read."""
    with pytest.raises(VendorError) as caught:
        await vendor(error, clock).call("do", method, "https://acme.test/x")

    assert type(caught.value) is kind


@pytest.mark.hostile(60)
async def test_endless_answer_is_cut(clock: FixedClock) -> None:
    """An answer beyond the limit is no answer."""
    with pytest.raises(MisansweredError):
        await vendor(httpx.Response(200, content=b"x" * 101), clock).call(
            "do", "GET", "https://acme.test/x"
        )


@pytest.mark.hostile(60)
async def test_what_unpacks_to_more_than_the_limit_is_cut(clock: FixedClock) -> None:
    """Fifty bytes on the wire that are fifty thousand when unpacked: no answer either."""
    packed = zlib.compress(b"x" * 50_000)
    bomb = httpx.Response(200, stream=httpx.ByteStream(packed))
    bomb.headers["Content-Encoding"] = "deflate"
    assert len(packed) < 100

    with pytest.raises(MisansweredError):
        await vendor(bomb, clock).call("do", "GET", "https://acme.test/x")


@pytest.mark.parametrize("content", [b"", b"<html>", b"[1]", b"\xff"])
async def test_success_that_is_no_json_object_is_a_misanswer(
    clock: FixedClock, content: bytes
) -> None:
    """A 200 with something else inside is not believed."""
    answer = await vendor(httpx.Response(200, content=content), clock).call(
        "do", "GET", "https://acme.test/x"
    )

    with pytest.raises(MisansweredError):
        answer.object()


async def test_errors_show_neither_address_nor_body(clock: FixedClock) -> None:
    """An error can be logged: it holds no URL, no body, no header."""
    answer = httpx.Response(422, text="canary-body")

    with pytest.raises(RefusedError) as caught:
        await vendor(answer, clock).call(
            "do", "POST", "https://acme.test/x?sig=canary", json_body={"text": "canary"}
        )

    assert "canary" not in f"{caught.value}{caught.value.mend}"


def test_logged_urls_are_bare() -> None:
    """Log lines of httpx keep no query and no user."""
    url = httpx.URL("https://user:canary@acme.test/path?sig=canary#canary")
    record = logging.LogRecord("httpx", logging.INFO, "f", 1, "%s %s", ("GET", url), None)

    assert UrlRedactor().filter(record)

    assert record.getMessage() == "GET https://acme.test/path"
