"""What is written down of a call, and what never is."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations._http import VendorHttp, new_client
from integrations.errors import UnavailableError, VendorError
from integrations.ledger import speaking
from integrations.ports.ledger import Begun, Behalf, CallOutcome, Ended
from integrations.redaction import GAP, HIDDEN, redacted_headers, redacted_url, summary_of
from integrations.smtp import SmtpMail, SmtpServer, Tls
from tests.fakes.clock import FixedClock
from tests.integrations.test_smtp import DOMAIN, notice
from workers._engine_process import free_ports

CANARY = "canary-4711 words of a report"
BEHALF = Behalf(case="case/one", key="notice-1", attempt=3)


class FakeLedger:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.begun: list[Begun] = []
        self.ended: list[Ended] = []

    async def begin(self, call: Begun) -> str:
        """Remembered."""
        self.begun.append(call)
        return str(len(self.begun))

    async def end(self, call: str, ended: Ended) -> None:
        """Remembered."""
        assert call == str(len(self.begun))
        self.ended.append(ended)


def vendor(answer: Callable[[httpx.Request], httpx.Response]) -> VendorHttp:
    """An adapter's way to a vendor that answers so."""
    client = new_client(transport=httpx.MockTransport(answer))
    return VendorHttp(client, vendor="zendesk", clock=FixedClock())


async def called(http: VendorHttp, **options: Any) -> None:
    """One call with secrets and content in it."""
    await http.call(
        "add a note",
        "PUT",
        "https://someone:password@zendesk.example/api/v2/tickets/17/notes?token=hush",
        json_body={"ticket": {"id": 17, "comment": CANARY, "status": "open"}},
        headers={"Authorization": "Bearer hush", "Idempotency-Key": "k-1"},
        **options,
    )


async def test_a_call_is_begun_before_it_leaves_and_ended_by_its_answer() -> None:
    """On record stand names, codes and sizes; no secret and no content."""
    ledger = FakeLedger()

    def answer(request: httpx.Request) -> httpx.Response:
        assert len(ledger.begun) == 1, "begun before it left"
        body = {"ticket": {"id": 17, "description": CANARY}, "ok": True}
        return httpx.Response(200, json=body, headers={"Set-Cookie": "hush", "Retry-After": "3"})

    with speaking(ledger, BEHALF):
        await called(vendor(answer))

    (begun,), (ended,) = ledger.begun, ledger.ended
    assert (begun.behalf, begun.vendor, begun.operation) == (BEHALF, "zendesk", "add a note")
    assert begun.url == "https://zendesk.example/api/v2/tickets/17/notes"
    assert begun.request.summary == {"ticket.id": 17, "ticket.status": "open"}
    assert begun.request.headers["authorization"] == HIDDEN
    assert begun.request.headers["idempotency-key"] == "k-1"
    assert (ended.outcome, ended.status) == (CallOutcome.ANSWERED, 200)
    assert ended.answer.summary == {"ok": True, "ticket.id": 17}
    assert (ended.answer.headers["set-cookie"], ended.answer.headers["retry-after"]) == (
        HIDDEN,
        "3",
    )
    kept = begun.model_dump_json(exclude={"request": {"body"}}) + repr(begun) + repr(ended)
    kept += ended.model_dump_json(exclude={"answer": {"body"}})
    assert not [word for word in ("hush", "password", "canary") if word in kept]


@pytest.mark.parametrize(
    "status,outcome",
    [
        (404, CallOutcome.REFUSED),
        (409, CallOutcome.CONFLICT),
        (429, CallOutcome.THROTTLED),
        (503, CallOutcome.UNAVAILABLE),
        (502, CallOutcome.UNKNOWN),
    ],
)
async def test_a_call_ends_as_the_error_it_means(status: int, outcome: CallOutcome) -> None:
    """With the kind of error and what to do about it."""
    ledger = FakeLedger()

    with speaking(ledger, BEHALF), pytest.raises(VendorError):
        await called(vendor(lambda _: httpx.Response(status, text=CANARY)))

    (ended,) = ledger.ended
    assert (ended.outcome, ended.status) == (outcome, status)
    assert ended.error.endswith("Error")
    assert ended.mend


async def test_a_lost_answer_and_a_cancelled_call_have_an_unknown_end() -> None:
    """Whether it was carried out nobody can say, and the record says so."""
    ledger = FakeLedger()

    def lost(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("lost", request=request)

    async def never(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(60)
        return httpx.Response(200)

    with speaking(ledger, BEHALF):
        with pytest.raises(VendorError):
            await called(vendor(lost))
        client = new_client(transport=httpx.MockTransport(never))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await called(VendorHttp(client, vendor="zendesk", clock=FixedClock()))

    assert [ended.outcome for ended in ledger.ended] == [CallOutcome.UNKNOWN] * 2


async def test_a_mail_is_on_record_without_address_subject_and_text() -> None:
    """Its Message-ID, size and end are; whom it goes to stands with the notice."""
    ledger = FakeLedger()
    (port,) = free_ports(1)
    server = SmtpServer(host="127.0.0.1", port=port, tls=Tls.NONE, sender=f"robot@{DOMAIN}")
    message = notice("lena@example.test", text=CANARY)

    with speaking(ledger, BEHALF), pytest.raises(UnavailableError):
        await SmtpMail(server, clock=FixedClock()).send(message)

    (begun,), (ended,) = ledger.begun, ledger.ended
    assert (begun.url, begun.method) == (f"smtp://127.0.0.1:{port}/", "SMTP")
    assert begun.request.headers == {"message-id": message.message_id}
    assert CANARY.encode() in begun.request.body, "handed over to be digested"
    assert "lena" not in begun.model_dump_json(exclude={"request": {"body"}})
    assert ended.outcome is CallOutcome.UNAVAILABLE


async def test_calls_for_nobody_are_not_kept() -> None:
    """A poll or a check of the doctor is no delivery."""
    ledger = FakeLedger()
    with speaking(ledger, BEHALF):
        pass

    await called(vendor(lambda _: httpx.Response(200, json={})))

    assert ledger.begun == []


@pytest.mark.parametrize(
    "url,shown",
    [
        ("https://a.example/rest/api/3/issue/ABC-12", "https://a.example/rest/api/3/issue/ABC-12"),
        ("https://a.example/REST/2.0/ticket/7", "https://a.example/REST/2.0/ticket/7"),
        ("https://slack.com/api/chat.postMessage", "https://slack.com/api/chat.postMessage"),
        (
            "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXX8XXXXXXXXXXX",
            f"https://hooks.slack.com/services/{GAP}/{GAP}/{GAP}",
        ),
        ("https://a.example:8443/in/9f8b2c3d4e5f6a7b?sig=x#y", f"https://a.example:8443/in/{GAP}"),
        ("smtp://mail.example:25", "smtp://mail.example:25/"),
    ],
)
def test_words_of_an_api_are_shown_and_tokens_are_not(url: str, shown: str) -> None:
    """A path may hold a secret: what does not look like a word, a number or an issue is a gap."""
    assert redacted_url(httpx.URL(url)) == shown


@given(st.text(min_size=12), st.sampled_from(["note", "error", "status", "id", "type"]))
def test_prose_never_passes(prose: str, field: str) -> None:
    """Whatever field it stands in, text with a space or a letter beyond ASCII is left out."""
    body = json.dumps({field: f"{prose} x", "in": {field: f"{prose} x"}}).encode()

    assert summary_of(body) == {}
    assert redacted_headers({"X-Note": prose}) == {"x-note": HIDDEN}


@given(st.binary(max_size=200))
def test_any_bytes_have_a_summary(body: bytes) -> None:
    """No body breaks the record of a call."""
    assert isinstance(summary_of(body), dict)
