"""Events as the reference libraries of both standards read them, and where they never go."""

from collections.abc import Sequence
from datetime import UTC, datetime

import httpx
import pytest
from starlette.responses import Response

from cases.journal import Kind
from integrations._http import new_client
from integrations.errors import (
    IntegrationError,
    RefusedError,
    ThrottledError,
    UnavailableError,
    VendorError,
)
from integrations.event_webhook import Event, EventWebhooks, type_of
from tests.fakes.clock import FixedClock
from tests.fakes.event_receiver import URL, EventReceiver

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
EVENT = Event(
    id="evt_abcdefghijklmnopqrstuvwxyz234567",
    number="1042",
    kind="gate:round:opened",
    stream="case",
    sequence=7,
    at=datetime(2026, 11, 22, 9, 0, tzinfo=UTC),
)


async def public(host: str, port: int) -> Sequence[str]:
    """Every name leads to one public address."""
    return ["93.184.216.34"]


@pytest.fixture
def receiver() -> EventReceiver:
    """Believes our secret."""
    made = EventReceiver()
    made.secrets = [SECRET]
    return made


def webhooks(transport: httpx.AsyncBaseTransport, *addresses: str) -> EventWebhooks:
    """The sender; names lead to these addresses, or to a public one."""

    async def resolver(host: str, port: int) -> Sequence[str]:
        return addresses or await public(host, port)

    return EventWebhooks(
        new_client(transport=transport),
        clock=FixedClock(),
        source="https://escalate.example",
        resolver=resolver,
    )


async def sent(sender: EventWebhooks, event: Event = EVENT, url: str = URL) -> int:
    """The event, sent."""
    return await sender.send(event, name="warehouse", url=url, secret=SECRET)


async def test_both_reference_libraries_read_an_event(receiver: EventReceiver) -> None:
    """Signed as Standard Webhooks says, structured as CloudEvents 1.0 says, ids and kinds only."""
    assert await sent(webhooks(receiver.transport())) == 204

    (event,) = receiver.events("1042")
    assert event.get_specversion() == "1.0"
    assert event.get_type() == "escalate.gate.round.opened.v1"
    assert event.get_source() == "https://escalate.example"
    assert event.get_time() == EVENT.at
    assert event.get_extension("partitionkey") == "1042"
    assert event.get_data() == {
        "case": "1042",
        "kind": "gate:round:opened",
        "stream": "case",
        "sequence": 7,
    }


async def test_every_try_sends_the_same_bytes_under_the_same_id(receiver: EventReceiver) -> None:
    """A receiver that keeps ids has it once."""
    sender = webhooks(receiver.transport())
    receiver.answers = [Response(status_code=503)]

    with pytest.raises(UnavailableError):
        await sent(sender)
    for _ in range(2):
        await sent(sender)

    assert receiver.tries == [EVENT.id] * 3
    assert len({body.partition(b"[")[0] for body in receiver.bodies}) == 1
    assert len(receiver.taken) == 1


async def test_what_is_owed_is_not_named(receiver: EventReceiver) -> None:
    """An obligation's name may tell what a case is about; its kind does not."""
    owed = EVENT.model_copy(update={"stream": "obligation/preservation-90d"})

    await sent(webhooks(receiver.transport()), owed)

    assert b"preservation" not in receiver.bodies[0]


@pytest.mark.parametrize(
    "status,kind", [(302, RefusedError), (410, RefusedError), (429, ThrottledError)]
)
async def test_anything_but_2xx_is_a_failure(
    receiver: EventReceiver, status: int, kind: type[VendorError]
) -> None:
    """Redirects are not followed either, wherever they lead."""
    receiver.answers = [Response(status_code=status, headers={"location": "https://else.example"})]

    with pytest.raises(kind) as caught:
        await sent(webhooks(receiver.transport()))

    assert caught.value.status == status
    assert len(receiver.tries) == 1


@pytest.mark.parametrize(
    "addresses",
    [["10.0.0.7"], ["169.254.169.254"], ["127.0.0.1"], ["::1"], ["93.184.216.34", "10.0.0.7"]],
)
async def test_no_event_goes_inside(receiver: EventReceiver, addresses: list[str]) -> None:
    """One private address among all that a name leads to is enough; it is looked up at each try."""
    with pytest.raises(RefusedError):
        await sent(webhooks(receiver.transport(), *addresses))

    assert receiver.tries == []


@pytest.mark.parametrize(
    "url",
    [
        "http://events.example/in",
        "https://someone:word@events.example/in",
        "https://events.example:22/in",
        "https://events.example/in#part",
        "ftp://events.example/in",
        "http://127.0.0.1:9000/in",
        "not an address",
    ],
)
def test_an_address_that_may_never_be_called_is_refused_at_once(
    receiver: EventReceiver, url: str
) -> None:
    """When somebody subscribes, not days later."""
    with pytest.raises(IntegrationError):
        webhooks(receiver.transport()).check(name="x", url=url, secret=SECRET)


def test_every_kind_has_a_type_of_its_own() -> None:
    """A receiver tells kinds apart by their type alone."""
    assert len({type_of(kind.value) for kind in Kind}) == len(Kind)
