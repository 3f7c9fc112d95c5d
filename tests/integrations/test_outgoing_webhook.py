"""Actions as signed webhooks, against a receiver that checks with the reference library."""

import asyncio
import json
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydantic import SecretStr

from cases.many import Part
from integrations._http import new_client
from integrations.errors import (
    OutcomeUnknownError,
    RefusedError,
    ThrottledError,
    UnavailableError,
    UnusableSecretError,
    VendorError,
)
from integrations.outgoing_webhook import OutgoingWebhook, webhook_id
from integrations.ports.actions import ActionOrder
from integrations.signed_webhook import Connector
from tests.fakes.clock import FixedClock
from tests.fakes.connector import FakeConnector
from tests.fakes.transport import LossyTransport

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
URL = "https://platform.example.test/orders"
ORDER = ActionOrder(
    name="disable-content",
    title="Content is disabled in the Union",
    case_number="1042",
    key="case-1042/disable-content",
    facts={"content": "ref-17"},
    ordered_at=datetime(2026, 11, 22, 9, 0, tzinfo=UTC),
)


async def public(host: str, port: int) -> list[str]:
    """Every name leads to one public address."""
    return ["93.184.216.34"]


async def loopback(host: str, port: int) -> list[str]:
    """Every name leads to this machine."""
    return ["127.0.0.1"]


@pytest.fixture
def wall_clock() -> FixedClock:
    """The receiver's library reads the wall clock, so these tests start there."""
    return FixedClock(datetime.now(tz=UTC))


def connector(**changed: Any) -> Connector:
    """The settings of a connector."""
    fields: dict[str, Any] = {
        "name": "content-platform",
        "url": URL,
        "secrets": (SecretStr(SECRET),),
        "source": "urn:escalate:test",
    }
    return Connector(**{**fields, **changed})


def actions(
    network: httpx.AsyncBaseTransport, clock: FixedClock, **changed: Any
) -> OutgoingWebhook:
    """The adapter over this network."""
    return OutgoingWebhook(
        new_client(transport=network),
        connector=connector(**changed),
        clock=clock,
        resolver=public,
    )


async def test_order_is_carried_out_and_receipted(wall_clock: FixedClock) -> None:
    """The reference library believes our signature; the body is a thin CloudEvent."""
    receiver = FakeConnector(SECRET)

    receipt = await actions(receiver.transport(), wall_clock).act(ORDER)

    assert receipt.reference == "order-1"
    assert receipt.detail == "content-platform answered 202"
    assert json.loads(receiver.attempts[0][1]) == {
        "specversion": "1.0",
        "id": webhook_id(ORDER.key),
        "source": "urn:escalate:test",
        "type": "escalate.action.ordered.v1",
        "subject": "case/1042",
        "time": "2026-11-22T09:00:00+00:00",
        "datacontenttype": "application/json",
        "data": {
            "action": "disable-content",
            "title": "Content is disabled in the Union",
            "case": "1042",
            "facts": {"content": "ref-17"},
        },
    }


async def test_retry_after_a_lost_answer_acts_once(wall_clock: FixedClock) -> None:
    """Every try has the same id and the same bytes, so a receiver that keeps ids acts once."""
    receiver = FakeConnector(SECRET)
    network = LossyTransport(receiver.transport())
    adapter = actions(network, wall_clock)
    network.lose_answer("POST")

    with pytest.raises(OutcomeUnknownError):
        await adapter.act(ORDER)
    wall_clock.move(timedelta(minutes=1))
    receipt = await adapter.act(ORDER)

    assert receipt.reference == "order-1"
    assert len(receiver.acted) == 1
    assert receiver.attempts[0] == receiver.attempts[1]


PART = Part(
    of="key-of-the-whole",
    action="lock",
    step=2,
    steps=3,
    share="10%",
    first=21,
    last=200,
    total=2000,
    listed="list-17",
)


async def test_an_order_for_one_step_says_which(wall_clock: FixedClock) -> None:
    """Step, share, from where to where of which list, and the instant that was agreed."""
    receiver = FakeConnector(SECRET)
    at = datetime(2026, 11, 24, 18, tzinfo=UTC)
    order = ORDER.model_copy(update={"part": PART, "set_for": at})

    receipt = await actions(receiver.transport(), wall_clock).act(order)

    data = json.loads(receiver.attempts[0][1])["data"]
    assert data["step"] == {
        "number": 2,
        "of": 3,
        "share": "10%",
        "first": 21,
        "last": 200,
        "total": 2000,
        "list": "list-17",
    }
    assert data["set-for"] == "2026-11-24T18:00:00+00:00"
    assert receipt.found is None


@pytest.mark.parametrize(
    "answer,found",
    [
        ({"checked": 40, "wrong": 2}, (40, 2)),
        ({"checked": 40, "wrong": 0}, (40, 0)),
        ({"checked": 0, "wrong": 0}, None),
        ({"checked": 40, "wrong": 41}, None),
        ({"checked": "40", "wrong": 2}, None),
        ({"checked": True, "wrong": False}, None),
        ({}, None),
    ],
)
async def test_a_look_is_answered_with_two_numbers(
    wall_clock: FixedClock, answer: dict[str, object], found: tuple[int, int] | None
) -> None:
    """How many were checked and how many were wrong; anything else leaves it to a person."""
    receiver = FakeConnector(SECRET)
    receiver.found = answer
    part = PART.model_copy(update={"action": "observe-lock"})
    order = ORDER.model_copy(update={"part": part, "name": "observe-lock"})

    receipt = await actions(receiver.transport(), wall_clock).act(order)

    assert receipt.found == found


async def test_secrets_rotate_without_a_gap(wall_clock: FixedClock) -> None:
    """While a second secret is configured, a receiver with either believes us."""
    old = "whsec_" + "b2xk" * 8
    for secret in (SECRET, old):
        receiver = FakeConnector(secret)
        adapter = actions(
            receiver.transport(), wall_clock, secrets=(SecretStr(SECRET), SecretStr(old))
        )

        assert (await adapter.act(ORDER)).reference == "order-1"


@pytest.mark.parametrize(
    "status,kind",
    [
        (410, RefusedError),
        (301, RefusedError),
        (307, RefusedError),
        (400, RefusedError),
        (429, ThrottledError),
        (500, UnavailableError),
        (503, UnavailableError),
        (504, OutcomeUnknownError),
    ],
)
async def test_answers_have_their_meaning(
    wall_clock: FixedClock, status: int, kind: type[VendorError]
) -> None:
    """410 and redirects end the matter; throttling and outages are tried again, when allowed."""
    receiver = FakeConnector(SECRET)
    receiver.fail_next(status, retry_after="9", location="https://elsewhere.test/")
    network = LossyTransport(receiver.transport())

    with pytest.raises(kind) as caught:
        await actions(network, wall_clock).act(ORDER)

    assert caught.value.retry_after == timedelta(seconds=9)
    assert caught.value.retryable == (kind is not RefusedError)
    assert len(network.requests) == 1
    assert receiver.acted == {}


async def test_wrong_secret_is_refused_by_the_receiver(wall_clock: FixedClock) -> None:
    """A receiver with another secret does not act."""
    receiver = FakeConnector("whsec_" + "b3RoZXI=" * 4)

    with pytest.raises(RefusedError):
        await actions(receiver.transport(), wall_clock).act(ORDER)

    assert receiver.acted == {}


@pytest.mark.parametrize(
    "content,reference",
    [
        (b"", None),
        (b"thanks", None),
        (b"[1]", None),
        (b'{"reference": 5}', None),
        (b'{"reference": "a\\nb"}', None),
        (b'{"reference": "R-1"}', "R-1"),
        (b'{"reference": "' + b"x" * 300 + b'"}', "x" * 200),
    ],
)
async def test_receipt_has_a_reference_either_way(
    clock: FixedClock, content: bytes, reference: str | None
) -> None:
    """A receiver that gives no usable reference is receipted under the webhook's id."""
    network = httpx.MockTransport(lambda _: httpx.Response(204, content=content))

    receipt = await actions(network, clock).act(ORDER)

    assert receipt.reference == (reference or webhook_id(ORDER.key))


@pytest.mark.hostile(59)
async def test_private_destination_is_refused_and_nothing_is_sent(clock: FixedClock) -> None:
    """A connector whose name leads inside our network is not called."""
    receiver = FakeConnector(SECRET)

    async def inside(host: str, port: int) -> list[str]:
        return ["10.0.0.7"]

    adapter = OutgoingWebhook(
        new_client(transport=receiver.transport()),
        connector=connector(),
        clock=clock,
        resolver=inside,
    )
    with pytest.raises(RefusedError) as caught:
        await adapter.act(ORDER)

    assert "settings" in caught.value.mend
    assert receiver.attempts == []


@pytest.mark.hostile(59)
async def test_a_name_that_leads_elsewhere_at_the_second_look_is_not_asked_again(
    clock: FixedClock,
) -> None:
    """DNS rebinding: the address that was checked is the one that is connected to."""
    seen: list[httpx.URL] = []
    looks = iter((["93.184.216.34"], ["127.0.0.1"]))

    async def rebinding(host: str, port: int) -> list[str]:
        return next(looks)

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.url)
        return httpx.Response(204)

    network = httpx.MockTransport(answer)
    adapter = OutgoingWebhook(
        new_client(transport=network), connector=connector(), clock=clock, resolver=rebinding
    )
    await adapter.act(ORDER)
    with pytest.raises(RefusedError):
        await adapter.act(ORDER)

    assert [url.host for url in seen] == ["93.184.216.34"]


@pytest.mark.hostile(59)
@pytest.mark.parametrize("to", ["http://169.254.169.254/latest", "https://127.0.0.1/", "/inside"])
async def test_a_receiver_that_redirects_is_not_followed(clock: FixedClock, to: str) -> None:
    """One request, to the receiver itself; the order is refused for a person to look at."""
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.path)
        return httpx.Response(307, headers={"Location": to})

    with pytest.raises(RefusedError):
        await actions(httpx.MockTransport(answer), clock).act(ORDER)

    assert seen == [httpx.URL(str(connector().url)).path]


async def test_name_that_does_not_resolve_is_tried_again(clock: FixedClock) -> None:
    """DNS may come back."""

    async def nowhere(host: str, port: int) -> list[str]:
        raise OSError("no such name")

    adapter = OutgoingWebhook(new_client(), connector=connector(), clock=clock, resolver=nowhere)
    with pytest.raises(UnavailableError):
        await adapter.act(ORDER)


def test_unfit_connector_is_found_at_the_start(clock: FixedClock) -> None:
    """A connector that could never work stops the worker's start, not a case's deadline."""
    with pytest.raises(RefusedError):
        OutgoingWebhook(
            new_client(), connector=connector(url="http://platform.example.test/"), clock=clock
        )
    with pytest.raises(UnusableSecretError):
        OutgoingWebhook(
            new_client(), connector=connector(secrets=(SecretStr("short"),)), clock=clock
        )


async def test_order_that_carries_content_is_refused(clock: FixedClock) -> None:
    """Orders are thin: beyond twenty kilobytes it is content, and content does not travel."""
    fat = ORDER.model_copy(update={"facts": {"x": "y" * 20_000}})

    with pytest.raises(RefusedError):
        await actions(httpx.MockTransport(lambda _: httpx.Response(200)), clock).act(fat)


@asynccontextmanager
async def listening(receiver: FakeConnector, **tls: Any) -> AsyncIterator[int]:
    """The receiver on a real port of this machine."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(receiver.app, log_config=None, **tls)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        await serving


async def test_loopback_works_over_a_real_network_when_allowed(wall_clock: FixedClock) -> None:
    """The demo's receiver is reached at its pinned address, under its own name."""
    receiver = FakeConnector(SECRET)
    async with listening(receiver) as port, new_client() as client:
        adapter = OutgoingWebhook(
            client,
            connector=connector(url=f"http://127.0.0.1:{port}/orders", allow_loopback=True),
            clock=wall_clock,
        )
        receipt = await adapter.act(ORDER)

    assert receipt.reference == "order-1"


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """A certificate for one name, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(tz=UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate_file, key_file = folder / "certificate.pem", folder / "key.pem"
    certificate_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return certificate_file, key_file


@pytest.mark.parametrize("name,reached", [("localhost", True), ("elsewhere.example.test", False)])
async def test_certificate_is_asked_for_by_name_although_the_address_is_pinned(
    wall_clock: FixedClock, tmp_path: Path, *, name: str, reached: bool
) -> None:
    """The pinned address must show the certificate of the configured name, and no other."""
    receiver = FakeConnector(SECRET)
    certificate_file, key_file = certificate(tmp_path, name)
    trust = ssl.create_default_context(cafile=certificate_file)
    tls = {"ssl_certfile": certificate_file, "ssl_keyfile": key_file}
    # The client closes first: a server over TLS waits half a minute for its farewell.
    async with listening(receiver, **tls) as port, new_client(trust=trust) as client:
        adapter = OutgoingWebhook(
            client,
            connector=connector(url=f"https://localhost:{port}/orders", allow_loopback=True),
            clock=wall_clock,
            resolver=loopback,
        )
        if reached:
            assert (await adapter.act(ORDER)).reference == "order-1"
        else:
            with pytest.raises(UnavailableError):
                await adapter.act(ORDER)

    assert bool(receiver.acted) is reached
