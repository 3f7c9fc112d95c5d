"""Webhooks: verified, stored, answered (design §3.1, facts §7 cases 27 to 31)."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from integrations.standard_webhooks import sign_standard
from store import Store
from tests.gateway.world import CANARY, STANDARD, World, make_world
from workflows.messages import REPORT_SIGNAL, TICKET_SIGNAL, ReportReceived, TicketUpdated


async def test_a_signed_report_becomes_a_running_case(world: World) -> None:
    """A new delivery is answered 202 with the case's number, and its workflow starts."""
    response = await world.deliver(data={"tags": ["fraud"], "content_ref": "evidence://1"})

    assert response.status_code == 202
    number = response.json()["case"]
    view = await world.until(lambda: world.view(number))
    assert view.state["answers"]["kind"]["value"] == "fraud"
    assert await world.kinds(number, "door") == ["door:delivery:accepted"]


async def test_a_known_delivery_is_answered_alike(world: World) -> None:
    """The same delivery again is 200 with the same number; nothing starts twice."""
    first = await world.deliver()
    again = await world.deliver()

    assert (first.status_code, again.status_code) == (202, 200)
    assert first.json() == again.json()


@pytest.mark.hostile(29)
async def test_a_known_id_with_another_body_is_a_conflict(world: World) -> None:
    """409, and no second case (case 29)."""
    await world.deliver()
    other = await world.deliver(subject="R-2")

    assert other.status_code == 409
    assert await world.store.cases.by_number("1002") is None


@pytest.mark.hostile(30)
async def test_five_identical_webhooks_in_parallel_are_one_case(world: World) -> None:
    """One case, one workflow, whatever arrives at once (I1)."""
    async with httpx.AsyncClient(base_url=world.url, timeout=30) as http:
        answers = await asyncio.gather(*(world.deliver(http=http) for _ in range(5)))

    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 200, 202]
    assert len({answer.json()["case"] for answer in answers}) == 1
    await world.until(lambda: world.view("1001"))
    assert len(world.engine.cases) == 1


async def test_deliveries_wait_while_the_engine_is_down(world: World) -> None:
    """Accepted while nothing runs; the case starts when the engine is back."""
    world.engine.down = True
    response = await world.deliver()
    assert response.status_code == 202
    assert await world.view("1001") is None

    world.engine.down = False
    await world.until(lambda: world.view("1001"), seconds=20)
    assert len(world.engine.cases) == 1


async def test_a_later_report_reaches_the_case_that_runs(world: World) -> None:
    """Another delivery about the same report is a signal, not a case."""
    number = await world.case()
    again = await world.deliver(id="evt-2")
    assert (again.status_code, again.json()["case"]) == (202, number)

    async def told() -> bool:
        return bool(world.engine.signals)

    await world.until(told)
    _, name, message = world.engine.signals[0]
    assert name == REPORT_SIGNAL
    assert isinstance(message, ReportReceived)
    assert message.delivery == "standard:evt-2"


async def test_a_report_about_a_known_subject_is_offered_to_the_open_case(world: World) -> None:
    """Both cases learn of each other; neither learns the subject's name."""
    await world.case(data={"about": "account-9"})
    second = await world.case(id="evt-2", subject="R-2", data={"about": "account-9"})

    newer = world.engine.started[-1]
    assert newer.number == second
    assert newer.same_subject == ("1001",)
    assert [name for _, name, _ in world.engine.signals] == [REPORT_SIGNAL]
    assert "account-9" not in newer.model_dump_json()


async def test_zendesk_opens_and_updates_a_case(world: World) -> None:
    """A trigger's body opens the case; its change is news about the ticket."""
    ticket = {"id": "77", "url": "https://x.example/77", "status": "new", "tags": "fraud vip"}
    opened = {"escalate": "1", "event": "opened", "ticket": ticket, "actor": "5", "fields": {}}
    changed = {**opened, "event": "changed", "ticket": {**ticket, "status": "pending"}}

    first = await world.deliver_zendesk(json.dumps(opened).encode())
    assert first.status_code == 202
    await world.until(lambda: world.view(first.json()["case"]))
    second = await world.deliver_zendesk(json.dumps(changed).encode(), invocation="inv-2")
    assert second.json() == first.json()

    async def told() -> bool:
        return bool(world.engine.signals)

    await world.until(told)
    _, name, message = world.engine.signals[0]
    assert name == TICKET_SIGNAL
    assert isinstance(message, TicketUpdated)
    assert (message.ticket.id, message.status) == ("77", "pending")


@pytest.mark.parametrize("event", ["changed", "opened"])
async def test_what_our_own_zendesk_user_does_is_echo(
    store: Store, tmp_path: Path, *, event: str
) -> None:
    """A note of ours is no news to its case, and a ticket that we opened is no report."""
    async with make_world(store, tmp_path, own_zendesk_actor="901") as world:
        ticket = {"id": "77", "status": "new"}
        opened = {"escalate": "1", "event": "opened", "ticket": ticket, "actor": "5", "fields": {}}
        first = await world.deliver_zendesk(json.dumps(opened).encode())
        await world.until(lambda: world.view(first.json()["case"]))
        about = {"id": "77" if event == "changed" else "78", "status": "pending"}
        ours = {**opened, "event": event, "ticket": about, "actor": "901"}
        theirs = {**opened, "event": "changed", "ticket": {"id": "77", "status": "open"}}

        echo = await world.deliver_zendesk(json.dumps(ours).encode(), invocation="inv-2")
        news = await world.deliver_zendesk(json.dumps(theirs).encode(), invocation="inv-3")

        async def told() -> bool:
            return bool(world.engine.signals)

        await world.until(told)
        assert (echo.status_code, echo.json()) == (200, {"ignored": "our own doing"})
        assert news.json() == first.json()
        assert [
            message.status
            for _, _, message in world.engine.signals
            if isinstance(message, TicketUpdated)
        ] == ["open"]
        assert len(world.engine.started) == 1


async def test_news_about_a_strange_ticket_opens_nothing(world: World) -> None:
    """Authentic and of no concern: 200."""
    changed = {"escalate": "1", "event": "changed", "ticket": {"id": "78"}, "fields": {}}
    response = await world.deliver_zendesk(json.dumps(changed).encode())

    assert response.status_code == 200
    assert "ignored" in response.json()


@pytest.mark.hostile(27)
async def test_a_reserialised_body_is_refused(world: World) -> None:
    """The right signature over other bytes of the same JSON is 401 (case 27)."""
    content = {"id": "evt-1", "source": "form", "type": "escalate.report.opened"}
    body = json.dumps(content).encode()
    headers = sign_standard(STANDARD, id="evt-1", timestamp=await world.clock.now(), body=body)
    response = await world.send("standard", json.dumps(content, indent=1).encode(), headers)

    assert response.status_code == 401
    assert response.json()["error"] == "wrong-signature"


@pytest.mark.hostile(31)
async def test_a_secret_counts_until_its_rotation_is_over(store: Store, tmp_path: Path) -> None:
    """While both stand either signs; once the old one is out of the settings it is 401."""
    old = "whsec_" + base64.b64encode(b"o" * 32).decode()

    async def answers(*secrets: str) -> list[int]:
        async with make_world(store, tmp_path, standard_secrets=secrets) as world:
            found = []
            for number, secret in enumerate((old, STANDARD)):
                id_ = f"evt-{len(secrets)}-{number}"
                content = {"id": id_, "source": "form", "type": "escalate.report.opened"}
                body = json.dumps({**content, "subject": id_, "data": {}}).encode()
                at = await world.clock.now()
                headers = sign_standard(secret, id=id_, timestamp=at, body=body)
                found.append((await world.send("standard", body, headers)).status_code)
            return found

    assert await answers(STANDARD, old) == [202, 202]
    assert await answers(STANDARD) == [401, 202]


@pytest.mark.hostile(28)
@pytest.mark.parametrize("shift", [timedelta(minutes=6), timedelta(minutes=-6)])
async def test_an_old_or_future_delivery_is_refused(world: World, shift: timedelta) -> None:
    """Age is limited both ways."""
    sent = await world.clock.now() - shift
    headers = sign_standard(STANDARD, id="evt-1", timestamp=sent, body=b"{}")
    assert (await world.send("standard", b"{}", headers)).status_code == 401


@pytest.mark.parametrize(
    "body", [b"", b"not json", b"\xff\xfe", b"[]", b'{"id": 1, "id": 2}', b'{"id": "x"}']
)
async def test_an_authentic_body_that_cannot_be_read_is_400(world: World, body: bytes) -> None:
    """Signed rubbish is not a server error, and starts nothing."""
    headers = sign_standard(STANDARD, id="evt-1", timestamp=await world.clock.now(), body=body)
    response = await world.send("standard", body, headers)

    assert response.status_code == 400
    assert await world.store.cases.by_number("1001") is None


async def test_an_oversized_body_is_413_before_it_is_read(world: World) -> None:
    """The cap holds with a declared length and without one."""
    limit = world.doors.settings.max_body_bytes

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b"x" * 10_000

    declared = await world.send("standard", b"x" * (limit + 1), {})
    async with httpx.AsyncClient(base_url=world.url) as http:
        streamed = await http.post("/webhooks/standard", content=endless())
    assert (declared.status_code, streamed.status_code) == (413, 413)


async def test_a_full_store_is_503_and_nothing_is_half_done(world: World) -> None:
    """Disk full: the sender is told to try again, and the next try works."""
    await world.store.database.engine.dispose()

    def full(connection: Any, *_: object) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA max_page_count = 1")
        cursor.close()

    event.listen(world.store.database.engine.sync_engine, "connect", full)
    response = await world.deliver(data={"fields": {"x": "y" * 400}, "pad": "z" * 200_000})
    assert response.status_code == 503
    assert response.headers["retry-after"]
    event.remove(world.store.database.engine.sync_engine, "connect", full)
    await world.store.database.engine.dispose()
    assert (await world.deliver()).status_code == 202


async def test_reported_text_never_enters_the_case(world: World) -> None:
    """Undeclared fields and unknown names are digests in what travels (I13)."""
    await world.case(data={"fields": {"story": CANARY, "form": "x"}, "text": CANARY})

    assert CANARY not in world.engine.started[0].model_dump_json()
    assert world.engine.started[0].report.content_digest
    shown = await world.store.deliveries.show("standard:evt-1")
    assert CANARY in shown.body.decode()


@pytest.mark.hostile(32)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    body=st.binary(max_size=300),
    headers=st.dictionaries(
        st.sampled_from(["webhook-id", "webhook-timestamp", "webhook-signature"]),
        st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=60).map(str.strip),
    ),
    signed=st.booleans(),
)
async def test_no_bytes_make_a_server_error(
    fuzzed: World, body: bytes, headers: dict[str, str], *, signed: bool
) -> None:
    """Whatever is sent, signed or not, the answer is typed."""
    if signed:
        now = await fuzzed.clock.now()
        headers = {**headers, **sign_standard(STANDARD, id="evt-f", timestamp=now, body=body)}
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    async with httpx.AsyncClient(base_url=fuzzed.url) as http:
        response = await http.post("/webhooks/standard", content=body, headers=raw)

    assert response.status_code in (400, 401, 409, 413)


@pytest.fixture
async def fuzzed(world: World) -> World:
    """One gateway for all examples."""
    return world
