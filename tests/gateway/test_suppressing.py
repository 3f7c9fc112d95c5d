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


async def test_every_rule_says_where_it_stands_and_what_it_hid(quiet: World) -> None:
    """Source and line, what it looks for, who and why, since when, and how much was let in."""
    for number in (1, 2, 3):
        await quiet.deliver(id=f"evt-{number}", subject=f"R-{number}", data=BOUNCE)
    await quiet.store.suppression.release("standard:evt-2", by="imani", at=await quiet.clock.now())
    async with api(quiet, "imani") as http:
        (rule,) = (await http.get("/api/suppressed")).json()["rules"]

    table = quiet.doors.shelf.routing
    line = table.source.decode().splitlines().index("  - name: bounces") + 1
    assert rule["source"] == f"routing.yaml {table.document.routing}, line {line}"
    assert rule["looks_for"] == "tag bounce or fraud"
    assert (rule["standing"], rule["tell_at"]) == ("holds", 3)
    assert (rule["hides"], rule["released"]) == (2, 1)


async def test_a_rule_that_has_gone_is_listed_for_what_it_hid(quiet: World) -> None:
    """Also when it has ended, or has yet to begin: the list says which."""
    await quiet.deliver(data=BOUNCE)
    quiet.clock.ahead = timedelta(days=1)
    async with api(quiet, "imani") as http:
        (over,) = (await http.get("/api/suppressed")).json()["rules"]
        quiet.clock.ahead = timedelta(days=-1)
        later = await http.get("/api/suppressed")
        quiet.clock.ahead = timedelta()
        quiet.doors.shelf.routing = Shelf(quiet.store).routing
        gone = (await http.get("/api/suppressed")).json()

    assert over["standing"] == "over"
    assert later.json()["rules"][0]["standing"] == "not-yet"
    (rule,) = gone["rules"]
    assert (rule["standing"], rule["holds"], rule["hides"]) == ("gone", False, 1)
    assert rule["because"] == "a newsletter bounces"
    assert [each["rule"] for each in gone["suppressed"]] == ["bounces"]


async def test_who_answers_for_a_rule_sees_it_and_no_other(quiet: World) -> None:
    """The owner of one rule sees what it hides; only who sees all cases lets something in."""
    await quiet.deliver(data=BOUNCE)
    text = quiet.doors.shelf.routing.source.decode()
    own = text.replace("owner: incident-manager", "owner: policy")
    own += (
        own[own.index("  - name: bounces") :]
        .replace("bounces", "others", 1)
        .replace("owner: policy", "owner: legal")
    )
    quiet.doors.shelf.routing = Shelf(quiet.store, routing=own.encode()).routing
    async with api(quiet, "paula") as http:
        seen = (await http.get("/api/suppressed")).json()
        done = await http.post("/api/suppressed/release", json={"key": "standard:evt-1"})

    assert [rule["rule"] for rule in seen["rules"]] == ["bounces"]
    assert [each["key"] for each in seen["suppressed"]] == ["standard:evt-1"]
    assert done.status_code == 403


async def test_the_page_shows_each_rule_and_lets_a_report_in(quiet: World) -> None:
    """Rule by rule, without a word of a report; a button opens its case, looking opens none."""
    await quiet.deliver(data={**BOUNCE, "fields": {"text": CANARY}})
    imani = await quiet.browser("imani")

    cases = await imani.get("/cases")
    page = await imani.get("/suppressed")

    assert '<a href="/suppressed">' in cases.response.text
    for said in ("bounces", "a newsletter bounces", "tag bounce or fraud", "standard:evt-1"):
        assert said in page.text
    assert "canary" not in page.text
    assert quiet.engine.started == []
    form = next(form for form in page.forms() if form.action == "/suppressed/release")
    opened = await imani.post(form)
    await quiet.until(lambda: quiet.view("1001"))
    assert "1001" in opened.text
    again = await imani.get("/suppressed")
    assert "standard:evt-1" not in again.text
    assert "Let in" in again.text


async def test_the_page_is_nothing_to_others(quiet: World) -> None:
    """Whoever answers for no rule finds no page and no link, and lets nothing in."""
    await quiet.deliver(data=BOUNCE)
    imani, paula = await quiet.browser("imani"), await quiet.browser("paula")
    form = next(f for f in (await imani.get("/suppressed")).forms() if "release" in f.action)

    page = await paula.get("/suppressed")
    cases = await paula.get("/cases")
    logout = next(f for f in cases.forms() if f.action == "/logout")
    stolen = await paula.post(form, csrf=logout.fields["csrf"])

    assert page.status == 404
    assert "/suppressed" not in cases.response.text
    assert stolen.status == 404
    assert len(await quiet.store.suppression.hidden()) == 1
