"""The delivery ledger at the doors: listed, shown, sent again; and events to who subscribed."""

import dataclasses
import json
import uuid
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.responses import Response

from activities.on_record import StoreLedger
from cases.journal import Kind
from gateway.arriving import REFUSALS, SPAN
from gateway.event_dispatcher import GONE, PAUSES, EventDispatcher, pause_before
from integrations._http import VendorHttp, new_client
from integrations.errors import VendorError
from integrations.event_webhook import EventWebhooks
from integrations.ledger import speaking
from integrations.ports.ledger import Behalf
from store import EventState, Store
from tests.fakes.event_receiver import URL, EventReceiver
from tests.gateway.world import CANARY, Page, World, make_world


async def public(host: str, port: int) -> Sequence[str]:
    """Every name leads to one public address."""
    return ["93.184.216.34"]


@dataclasses.dataclass
class Sending:
    """A gateway whose events go to a receiver of the test's, and one person who may look."""

    world: World
    receiver: EventReceiver
    dispatcher: EventDispatcher
    http: httpx.AsyncClient

    async def log_in(self, person: str = "imani") -> None:
        """The person is logged in, for the next hours of the doors' clock."""
        answer = await self.http.post("/api/login", json={"person": person, "password": "demo"})
        self.http.headers["authorization"] = f"Bearer {answer.json()['token']}"

    async def subscribe(self, *kinds: str, name: str = "warehouse") -> None:
        """Somebody is sent events, and knows the secret."""
        answer = await self.http.post(
            "/api/subscriptions", json={"name": name, "url": URL, "kinds": list(kinds)}
        )
        assert answer.status_code == 201, answer.text
        self.receiver.secrets.append(answer.json()["secret"])

    async def entry(self, number: str, kind: Kind = Kind.DOOR_LINK_OPENED) -> None:
        """Something more is recorded."""
        row = await self.world.store.cases.by_number(number)
        assert row is not None
        await self.world.store.journal.append_door(row.id, kind, at=await self.world.clock.now())

    async def all_sent(self) -> None:
        """Nothing is due."""
        while await self.dispatcher.once():
            pass

    async def listed(self, **asked: str) -> list[dict[str, Any]]:
        """The ledger's lines."""
        answer = await self.http.get("/api/deliveries", params=asked)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["deliveries"]
        return found

    async def again(self, key: str) -> dict[str, Any]:
        """Somebody wants it sent again."""
        answer = await self.http.post("/api/deliveries/redeliver", json={"key": key})
        assert answer.status_code == 200, answer.text
        said: dict[str, Any] = answer.json()
        return said


@pytest.fixture
async def sending(store: Store, tmp_path: Path) -> AsyncIterator[Sending]:
    """The dispatcher runs when the test says so."""
    receiver = EventReceiver()
    async with make_world(store, tmp_path) as world:
        webhooks = EventWebhooks(
            new_client(transport=receiver.transport()),
            clock=world.clock,
            source=world.url,
            resolver=public,
        )
        # The running doors are asked for the sender at each request.
        object.__setattr__(world.doors, "events", webhooks)
        async with httpx.AsyncClient(base_url=world.url, timeout=30) as http:
            made = Sending(world, receiver, EventDispatcher(world.doors, webhooks), http)
            await made.log_in()
            yield made


async def called(world: World, case: str, status: int = 200, **behalf: str) -> None:
    """A call that an activity would make."""
    client = new_client(
        transport=httpx.MockTransport(lambda _: httpx.Response(status, text=CANARY))
    )
    on = Behalf.model_validate({"case": case, "key": f"n-{uuid.uuid4().hex[:6]}", **behalf})
    with speaking(StoreLedger(world.store), on):
        try:
            await VendorHttp(client, vendor="zendesk", clock=world.clock).call(
                "add a note",
                "PUT",
                "https://zendesk.example/api/v2/tickets/17",
                content=CANARY.encode(),
                headers={"Authorization": "Bearer hush"},
            )
        except VendorError:
            return


async def case_of(world: World, number: str) -> str:
    """The case's id."""
    row = await world.store.cases.by_number(number)
    assert row is not None
    return row.id


async def test_events_arrive_in_order_and_once(sending: Sending) -> None:
    """Everything a case records from now on, in its order, ids and kinds only."""
    await sending.subscribe()
    number = await sending.world.case(data={"note": CANARY})
    await sending.all_sent()

    events = sending.receiver.told(number)
    for stream in ("case", "door"):
        told = [each for each in events if each["stream"] == stream]
        kinds = await sending.world.kinds(number, stream)
        assert [each["kind"] for each in told] == kinds
        assert [each["sequence"] for each in told] == list(range(1, len(kinds) + 1))
    assert not [body for body in sending.receiver.bodies if b"canary" in body]
    assert len(sending.receiver.tries) == len(sending.receiver.taken)


async def test_an_event_that_fails_holds_back_what_follows_in_its_case_only(
    sending: Sending,
) -> None:
    """Later ones wait for it; another case goes on."""
    first, second = [await sending.world.case(id=f"e{n}", subject=f"R-{n}") for n in (1, 2)]
    await sending.subscribe("door")
    await sending.entry(first)
    await sending.entry(first)
    sending.receiver.answers = [Response(status_code=500)]
    await sending.all_sent()
    await sending.entry(second)
    await sending.all_sent()
    before = [len(sending.receiver.events(number)) for number in (first, second)]
    sending.world.clock.ahead += PAUSES[0] * 2
    await sending.all_sent()

    assert before == [0, 1]
    told = [each["sequence"] for each in sending.receiver.told(first)]
    assert told == sorted(told)
    assert len(told) == 2


async def test_tries_are_spread_over_days_and_end_as_a_dead_letter(sending: Sending) -> None:
    """Ten tries, each pause longer; then the duty manager hears, and a person may send it again."""
    number = await sending.world.case()
    await sending.subscribe("door:link")
    await sending.entry(number)
    sending.receiver.always = lambda: Response(status_code=500)
    for pause in (*PAUSES, timedelta()):
        await sending.all_sent()
        sending.world.clock.ahead += pause * 1.2

    await sending.log_in()
    (event,) = await sending.world.store.events.list()
    (line,) = await sending.listed(outcome="dead")
    alarms = {alarm.kind: alarm.mend for alarm in await sending.world.store.health.open_alarms()}
    sending.receiver.always = None
    again = await sending.again(event.key)
    await sending.all_sent()

    assert (event.state, event.attempts) == (EventState.DEAD, len(PAUSES) + 1)
    assert sum(PAUSES, timedelta()) > timedelta(days=3)
    assert event.key in alarms["dead-event"]
    assert (line["error"], line["mend"][:12]) == ("answered 500", "The receiver")
    assert again["redelivered"]
    assert list(sending.receiver.taken) == [event.key]
    assert set(sending.receiver.tries) == {event.key}
    assert Kind.DOOR_SENT_AGAIN in await sending.world.kinds(number, "door")


async def test_a_receiver_says_how_long_to_wait(sending: Sending) -> None:
    """Retry-After of a 429 is kept, where it is longer than our own pause."""
    number = await sending.world.case()
    await sending.subscribe("door")
    await sending.entry(number)
    sending.receiver.answers = [Response(status_code=429, headers={"Retry-After": "3600"})]
    await sending.all_sent()

    (event,) = await sending.world.store.events.list()
    wait = event.next_attempt_at - await sending.world.clock.now()
    assert timedelta(minutes=59) < wait <= timedelta(hours=1)


async def test_gone_stops_a_receiver_and_a_person_hears_of_it(sending: Sending) -> None:
    """410: not called again until somebody resumes it; then it has what waited, in order."""
    number = await sending.world.case()
    await sending.subscribe("door")
    await sending.entry(number)
    await sending.entry(number)
    sending.receiver.always = lambda: Response(status_code=410)
    await sending.all_sent()
    sending.world.clock.ahead += timedelta(hours=1)
    await sending.all_sent()
    tries = len(sending.receiver.tries)
    (shown,) = (await sending.http.get("/api/subscriptions")).json()["subscriptions"]
    told = [(a.kind, a.key) for a in await sending.world.store.health.open_alarms()]
    sending.receiver.always = None
    answer = await sending.http.post("/api/subscriptions/resume", json={"name": "warehouse"})
    await sending.all_sent()

    assert tries == 1
    assert (shown["state"], shown["because"]) == ("gone", "answered 410")
    assert told == [(GONE, "warehouse")]
    assert answer.json() == {"name": "warehouse", "resumed": True}
    assert len(sending.receiver.events(number)) == 2
    assert await sending.world.store.health.open_alarms() == []


async def test_every_try_of_an_event_is_a_call_on_record(sending: Sending) -> None:
    """With its number, its status and its duration; the secret and the signature are not there."""
    number = await sending.world.case()
    await sending.subscribe("door")
    await sending.entry(number)
    sending.receiver.answers = [Response(status_code=500)]
    await sending.all_sent()
    sending.world.clock.ahead += PAUSES[0] * 2
    await sending.all_sent()

    (event,) = await sending.listed(vendor="warehouse", outcome="delivered")
    shown = (await sending.http.get("/api/deliveries/one", params={"key": event["key"]})).json()
    tries = [(call["attempts"], call["status"], call["outcome"]) for call in shown["calls"]]
    assert tries == [(2, 204, "answered"), (1, 500, "unavailable")]
    headers = shown["calls"][0]["detail"]["request"]["headers"]
    assert headers["webhook-id"] == event["key"]
    assert headers["webhook-signature"] == "[redacted]"
    assert shown["calls"][0]["detail"]["url"] == "https://events.example.test/in"


async def test_the_ledger_is_one_list_with_filters(sending: Sending) -> None:
    """Reports, acts, calls and events, without a word of what they say."""
    number = await sending.world.case(data={"note": CANARY})
    await sending.world.to_gate(number)
    await called(sending.world, await case_of(sending.world, number))
    await sending.world.case(id="evt-2", subject="R-2")

    whats = [line["what"] for line in await sending.listed(case=number)]
    everything = await sending.http.get("/api/deliveries")
    assert sorted(set(whats)) == ["act", "arrival", "call", "report"]
    assert [line["title"] for line in await sending.listed(vendor="zendesk")] == ["add a note"]
    assert {line["what"] for line in await sending.listed(direction="out")} == {"call"}
    assert len(await sending.listed(outcome="started")) == 2
    assert await sending.listed(outcome="refused") == []
    assert len(await sending.listed(since="1h")) == len(await sending.listed())
    assert "canary" not in everything.text
    assert "hush" not in everything.text
    for asked in ({"since": "yesterday"}, {"direction": "up"}, {"since": "2026-11-22T10:00"}):
        assert (await sending.http.get("/api/deliveries", params=asked)).status_code == 422
    assert (await sending.http.get("/api/deliveries", params={"case": "9"})).status_code == 404


FORGED = {"webhook-id": "evt-9", "webhook-timestamp": "0", "webhook-signature": "v1,xx"}


async def test_every_request_at_a_door_is_on_record_with_its_answer(sending: Sending) -> None:
    """Taken, known, in conflict, forged: in the ledger, without secret or content."""
    world = sending.world
    number = await world.case(id="evt-7", data={"note": CANARY})
    await world.deliver(id="evt-7", data={"note": CANARY})
    await world.deliver(id="evt-7", data={"note": "another"})
    await world.send("standard", CANARY.encode(), FORGED)

    lines = [each for each in await sending.listed() if each["what"] == "arrival"]

    assert [(each["outcome"], each["status"]) for each in lines] == [
        ("refused", 401), ("conflict", 409), ("known", 200), ("taken", 202),
    ]  # fmt: skip
    assert [each["number"] for each in lines] == [None, None, number, number]
    shown = (await sending.http.get("/api/deliveries/one", params={"key": lines[0]["key"]})).json()
    request = shown["delivery"]["detail"]["request"]
    assert request["bytes"] == len(CANARY)
    assert request["headers"]["webhook-signature"] == "[redacted]"
    assert CANARY not in json.dumps(shown)
    told = await sending.again(lines[0]["key"])
    assert not told["redelivered"]
    assert "sender" in told["says"]


async def test_a_flood_of_forgeries_is_counted_and_not_kept_one_by_one(sending: Sending) -> None:
    """Thirty a minute; the next one says how many more there were."""
    world = sending.world
    for _ in range(REFUSALS + 12):
        await world.send("standard", b"{}", FORGED, http=sending.http)
    assert len(await sending.listed(outcome="refused")) == REFUSALS

    world.clock.ahead += SPAN
    await world.send("standard", b"{}", FORGED, http=sending.http)

    latest = (await sending.listed(outcome="refused"))[0]
    shown = (await sending.http.get("/api/deliveries/one", params={"key": latest["key"]})).json()
    assert shown["delivery"]["detail"]["refused_alike"] == 12


async def test_a_call_whose_step_waits_is_tried_now_and_others_are_not(sending: Sending) -> None:
    """Hurried under its own key and on record; what has an outcome is the case's to repeat."""
    world = sending.world
    number = await world.case()
    case = await case_of(world, number)
    step = {"workflow": case, "run": "run-1", "activity": "7"}
    await called(world, case, 503, **step)
    await called(world, case, 403, **{**step, "activity": "8"})
    world.engine.waiting.add((case, "run-1", "7"))
    refused, waiting = (await sending.listed(direction="out"))[:2]

    hurried, told = await sending.again(waiting["key"]), await sending.again(refused["key"])

    assert (hurried["redelivered"], told["redelivered"]) == (True, False)
    assert world.engine.hurried == [(case, "run-1", "7")]
    assert f"escalate case show {number}" in told["mend"]
    entries = await world.store.journal.entries(case, stream="door")
    again = [e.body for e in entries if e.kind is Kind.DOOR_SENT_AGAIN]
    assert again == [{"delivery": waiting["key"], "what": "call", "by": "imani"}]


async def test_a_call_of_the_gateways_own_is_looked_at_and_not_repeated(sending: Sending) -> None:
    """A page or a card is told again by who keeps it, while it is needed; no step has it."""
    world = sending.world
    number = await world.case()
    await called(world, await case_of(world, number), 503)
    (waiting,) = await sending.listed(direction="out")

    told = await sending.again(waiting["key"])

    assert told["redelivered"] is False
    assert "by itself" in told["says"]
    assert Kind.DOOR_SENT_AGAIN not in await world.kinds(number, "door")


async def test_only_who_answers_for_the_house_sees_it(sending: Sending) -> None:
    """Others have neither list nor receivers, and can send nothing again."""
    await sending.log_in("lena")

    for path in ("/api/deliveries", "/api/deliveries/one?key=x", "/api/subscriptions"):
        assert (await sending.http.get(path)).status_code == 403
    for path in ("deliveries/redeliver", "subscriptions/remove", "subscriptions/resume"):
        answer = await sending.http.post(f"/api/{path}", json={"key": "x", "name": "x"})
        assert answer.status_code in (403, 422)
    lena = await sending.world.browser("lena")
    for path in ("/deliveries", "/deliveries/one?key=x", "/subscriptions"):
        assert (await lena.get(path)).status == 404


@pytest.mark.parametrize(
    "name,url,kinds",
    [
        ("warehouse", "http://events.example/in", []),
        ("warehouse", "https://events.example/in", ["gates"]),
        ("Ware House", "https://events.example/in", []),
    ],
)
async def test_a_subscription_that_cannot_work_is_refused_with_what_to_do(
    sending: Sending, name: str, url: str, kinds: list[str]
) -> None:
    """Address, kinds and name are looked at before anything is kept."""
    answer = await sending.http.post(
        "/api/subscriptions", json={"name": name, "url": url, "kinds": kinds}
    )

    assert answer.status_code in (400, 422), answer.text
    assert (await sending.http.get("/api/subscriptions")).json()["subscriptions"] == []


async def test_pages_list_show_and_send_again(sending: Sending) -> None:
    """By forms alone: subscribe, look, redeliver, unsubscribe."""
    imani = await sending.world.browser("imani")
    page = await imani.get("/subscriptions")
    form = next(form for form in page.forms() if form.action == "/subscriptions")
    made = await imani.post(form, name="warehouse", url=URL, kinds="door")
    number = await sending.world.case(data={"note": CANARY})
    sending.receiver.secrets = ["whsec_" + made.text.partition("whsec_")[2].split()[0]]
    await sending.all_sent()

    listed = await imani.get(f"/deliveries?case={number}&direction=out&outcome=delivered")
    (event, *_) = await sending.world.store.events.list()
    one = await imani.get(f"/deliveries/one?key={event.key}")
    again = await imani.post(_form(one, "/deliveries/redeliver"))
    await sending.all_sent()
    receivers = await imani.get("/subscriptions")
    gone = await imani.post(_form(receivers, "/subscriptions/remove"))

    assert sending.receiver.unbelieved == 0
    assert "delivered" in listed.text
    assert "answered" in one.text
    assert (again.status, "Tried again" in again.text) == (200, True)
    assert sending.receiver.tries.count(event.key) == 2
    assert "whsec_" not in receivers.text
    assert "Nobody is." in gone.text
    assert not [page for page in (listed, one) if "canary" in page.text]


async def test_old_calls_and_events_are_forgotten(sending: Sending) -> None:
    """After the time the settings say, and not before."""
    number = await sending.world.case()
    await called(sending.world, await case_of(sending.world, number))
    await sending.all_sent()
    kept = len(await sending.listed(direction="out"))
    sending.world.clock.ahead += sending.world.doors.settings.ledger_keep + timedelta(hours=1)
    await sending.all_sent()

    assert (kept, await sending.world.store.calls.list()) == (1, [])


def test_pauses_are_spread_by_the_events_own_id() -> None:
    """Never shorter than the standard's, at most a tenth longer, the same in every gateway."""
    pauses = [pause_before(f"evt_{number}", 2) for number in range(50)]

    assert all(PAUSES[0] <= pause <= PAUSES[0] * 1.1 for pause in pauses)
    assert len(set(pauses)) > 10
    assert pause_before("evt_1", 2) == pauses[1]


def _form(page: Page, action: str) -> Any:
    return next(form for form in page.forms() if form.action == action)
