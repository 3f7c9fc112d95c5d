"""Reports that a rule holds back: no case, nothing lost, listed, told of, let in by a person."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import httpx
import pytest

from cases.journal import Kind, Stream
from gateway.shelf import Shelf
from gateway.watching.finding import FindingKind
from gateway.watching.looking import Looking
from runbooks.library import routing
from tests.gateway.world import CANARY, World

QUIET = """
  - if: {tag: bounce}
    runbook: user-safety-escalation
    answers: {danger: "no", kind: other}
    because: "a bounced mail"
suppress:
  - name: bounces
    if: {tag: [bounce, fraud]}
    owner: incident-manager
    since: DAY
    until: DAY
    tell-at: 3
    because: "a newsletter bounces"
"""
BOUNCE = {"tags": ["bounce"], "about": "account-9"}


@pytest.fixture
async def quiet(world: World) -> World:
    """The world, with a rule that hides bounced mail today."""
    today = (await world.clock.now()).date().isoformat()
    shelf = Shelf(world.store, routing=routing() + QUIET.replace("DAY", today).encode())
    # The doors share one shelf, made at their start; here its table is another one from now on.
    world.doors.shelf.routing = shelf.routing
    return world


@asynccontextmanager
async def api(world: World, person: str) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody of whom the API knows."""
    async with httpx.AsyncClient(base_url=world.url, timeout=30) as http:
        answer = await http.post("/api/login", json={"person": person, "password": "demo"})
        http.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        yield http


async def test_a_hidden_report_opens_no_case_and_is_listed(quiet: World) -> None:
    """The sender hears 202 and which rule; the list has no word of it; sent twice it is one."""
    data = {**BOUNCE, "fields": {"text": CANARY}}

    answers = [await quiet.deliver(data=data) for _ in range(3)]
    async with api(quiet, "imani") as http:
        said = (await http.get("/api/suppressed")).json()

    assert [answer.status_code for answer in answers] == [202] * 3
    assert answers[0].json()["held"] == "bounces"
    assert quiet.engine.started == []
    assert await quiet.store.deliveries.list() == []
    (hidden,) = said["suppressed"]
    assert (hidden["key"], hidden["because"]) == ("standard:evt-1", "a newsletter bounces")
    assert "canary" not in str(said)
    (rule,) = said["rules"]
    assert (rule["holds"], rule["hides"]) == (True, 1)


async def test_a_person_lets_a_hidden_report_in(quiet: World) -> None:
    """It opens its case with the instant it was received at; who let it in is on record, once."""
    await quiet.deliver(data=BOUNCE)
    before = (await quiet.store.suppression.hidden())[0].received_at
    quiet.clock.ahead = timedelta(hours=2)
    async with api(quiet, "imani") as http:
        first = await http.post("/api/suppressed/release", json={"key": "standard:evt-1"})
        again = await http.post("/api/suppressed/release", json={"key": "standard:evt-1"})
        none = await http.post("/api/suppressed/release", json={"key": "standard:evt-9"})
    await quiet.until(lambda: quiet.view("1001"))

    assert first.json() == again.json() == {"key": "standard:evt-1", "case": "1001"}
    assert none.status_code == 404
    assert quiet.engine.started[0].report.received_at == before
    door = await quiet.store.journal.entries(quiet.engine.started[0].case, stream=Stream.DOOR)
    (entry,) = [each for each in door if each.kind is Kind.DOOR_DELIVERY]
    assert (entry.body["why"], entry.body["by"]) == ("released", "imani")
    assert await quiet.store.suppression.hidden() == []
    assert (await quiet.deliver(data=BOUNCE)).status_code == 200


async def test_a_grave_report_is_not_hidden(quiet: World) -> None:
    """Fraud of which nobody knows whether somebody is in danger is SEV1: it opens its case."""
    number = await quiet.case(data={"tags": ["fraud", "bounce"]})

    assert number == "1001"
    assert quiet.engine.started[0].severity.value == "SEV1"


async def test_what_has_a_case_is_not_hidden(quiet: World) -> None:
    """A later delivery of a report that is being worked on reaches the people who do."""
    number = await quiet.case(data={"tags": ["harassment"]})

    again = await quiet.deliver(id="evt-2", data=BOUNCE)

    assert (again.status_code, again.json()["case"]) == (202, number)


async def test_after_its_last_day_a_rule_hides_nothing(quiet: World) -> None:
    """What it hid stays in the list."""
    await quiet.deliver(data=BOUNCE)
    quiet.clock.ahead = timedelta(days=1)

    await quiet.case(id="evt-2", subject="R-2", data=BOUNCE)

    assert len(await quiet.store.suppression.hidden()) == 1


async def test_the_watch_tells_when_a_rule_hides_many(quiet: World) -> None:
    """At as many as the rule says; no longer when they were let in, or the rule has ended."""
    looking = Looking(quiet.store, clock=quiet.clock, grace=timedelta(minutes=2), simulated=False)

    async def found() -> list[str]:
        at = await quiet.clock.now()
        return [
            each.text
            for each in await looking.all(at=at, since=at)
            if each.kind == FindingKind.HIDDEN
        ]

    for number in (1, 2):
        await quiet.deliver(id=f"evt-{number}", subject=f"R-{number}", data=BOUNCE)
    assert await found() == []
    await quiet.deliver(id="evt-3", subject="R-3", data=BOUNCE)
    assert await found() == ["the suppression bounces of incident-manager hides 3 reports"]
    await quiet.store.suppression.release("standard:evt-3", by="imani", at=await quiet.clock.now())
    assert await found() == []
    await quiet.deliver(id="evt-4", subject="R-4", data=BOUNCE)
    assert len(await found()) == 1
    quiet.clock.ahead = timedelta(days=1)
    assert await found() == []


async def test_only_who_answers_for_all_cases_sees_what_is_hidden(quiet: World) -> None:
    """Others are refused, and nothing is let in."""
    await quiet.deliver(data=BOUNCE)
    async with api(quiet, "paula") as http:
        seen = await http.get("/api/suppressed")
        done = await http.post("/api/suppressed/release", json={"key": "standard:evt-1"})

    assert (seen.status_code, done.status_code) == (403, 403)
    assert len(await quiet.store.suppression.hidden()) == 1
