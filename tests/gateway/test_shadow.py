"""Shadow cases at the doors: released by two, opened by webhooks, ended by the ticket, compared."""

import json
from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from cases.acts import Migrate
from cases.ended_outside import ENDED_OUTSIDE
from cases.journal import Kind, Stream
from gateway.casework import find_case
from gateway.migrations import NoSuchVersionError, versions_of, with_rules
from gateway.watching.finding import FindingKind
from gateway.watching.looking import Looking
from runbooks import load_runbook
from runbooks.library import library
from runbooks.template import new_runbook
from store import DEMO_KEK, Store
from tests.gateway.world import World, make_world
from tests.stores import empty_store, release

NAME = "user-safety-escalation"
BESIDE = "beside"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """An open store in which nothing is live yet: a shadow begins only there."""
    url = f"sqlite:///{tmp_path / 'escalate.db'}"
    await empty_store(url)
    async with await Store.open(url, kek=DEMO_KEK) as opened:
        yield opened


@pytest.fixture
async def shadows(store: Store, tmp_path: Path) -> AsyncIterator[World]:
    """A gateway where the default pathway runs in the shadow, and the others are live."""
    from tests.gateway.world import MovableClock  # noqa: PLC0415 - its instant only

    await release(store, library()[NAME], await MovableClock().now(), shadow=True)
    async with make_world(store, tmp_path) as made:
        yield made


async def log_in(world: World, http: httpx.AsyncClient, person: str) -> dict[str, str]:
    """The headers of that person's terminal."""
    answer = await http.post("/api/login", json={"person": person, "password": "demo"})
    return {"Authorization": f"Bearer {answer.json()['token']}"}


async def solve(world: World, *, subject: str = "R-1", status: str = "solved") -> None:
    """The desk's own system says that it is done with the report."""
    answer = await world.deliver(
        id=f"evt-{subject}-{status}",
        subject=subject,
        type="escalate.report.changed",
        data={"status": status, "tags": ["suspended"]},
    )
    assert answer.status_code == 202, answer.text


async def closed(world: World, number: str) -> dict[str, Any]:
    """The case's picture, once it has ended."""

    async def look() -> dict[str, Any] | None:
        seen = await world.picture(number)
        return seen if seen["status"] == "closed" else None

    found: dict[str, Any] = await world.until(look)
    return found


async def test_a_shadow_is_released_by_two_people_and_ends_with_the_release(world: World) -> None:
    """Proposed, approved by another, walked in the shadow; the same version then goes live."""
    source = new_runbook(BESIDE, review_by=date(2027, 2, 1)).decode()
    version = load_runbook(source.encode(), file=BESIDE).version
    digest = load_runbook(source.encode(), file=BESIDE).digest
    path = f"/api/runbooks/{BESIDE}"
    async with httpx.AsyncClient(base_url=world.url, timeout=30) as http:
        petra, lena = await log_in(world, http, "petra"), await log_in(world, http, "lena")

        async def standing() -> list[tuple[bool, str, bool]]:
            answer = await http.get("/api/runbooks", headers=lena)
            return [
                (each["shadow"], each["state"].rpartition(":")[2], each["walked"])
                for each in answer.json()["releases"]
                if each["runbook"] == BESIDE
            ]

        async def say(word: str, who: dict[str, str], **said: Any) -> httpx.Response:
            return await http.post(f"{path}/{word}", json=said, headers=who)

        proposed = await say("propose", petra, source=source, shadow=True)
        assert proposed.status_code == 200, proposed.text
        assert proposed.json()["beside"] == f"{NAME} 1.0.0"
        approval = {"version": version, "digest": digest}
        own = await say("approve", petra, **approval, shadow=True)
        not_this = await say("approve", lena, **approval)
        assert (own.status_code, not_this.status_code) == (409, 404)
        assert (await say("approve", lena, **approval, shadow=True)).status_code == 200
        assert await standing() == [(True, "live", True)]

        assert (await say("propose", petra, source=source)).status_code == 200
        assert await standing() == [(True, "live", True), (False, "proposed", False)]
        assert (await say("approve", lena, **approval)).status_code == 200
        assert await standing() == [(True, "retired", False), (False, "live", True)]

        newer = source.replace(f"version: {version}", "version: 9.0.0")
        refused = await say("propose", petra, source=newer, shadow=True)
        assert refused.status_code == 409
        assert "escalate runbook backtest" in refused.json()["says"]


async def test_a_webhook_opens_a_shadow_case_and_every_door_says_so(shadows: World) -> None:
    """Inbox, list, case page, confirm screen and JSON: nothing is sent."""
    number = await shadows.case()
    imani, tessa = await shadows.browser("imani"), await shadows.browser("tessa")
    said = "Shadow: nothing is sent"

    assert shadows.engine.started[-1].shadow
    assert said in (await tessa.get("/")).text
    assert said in (await imani.get("/cases")).text
    assert number in (await imani.get("/cases?status=shadow")).text
    page = await tessa.get(f"/cases/{number}")
    assert said in page.text
    assert "Beside today's process" not in page.text
    confirm = await tessa.confirm(f"/cases/{number}", "complete", "escalate", note="practice")
    assert said in confirm.text
    await shadows.to_gate(number)
    lena = await shadows.browser("lena")
    assert said in (await lena.get(f"/a/{await shadows.link(number, 'lena')}")).text
    async with httpx.AsyncClient(base_url=shadows.url, timeout=30) as http:
        headers = await log_in(shadows, http, "imani")
        case = (await http.get(f"/api/cases/{number}", headers=headers)).json()
        listed = (await http.get("/api/cases?status=shadow", headers=headers)).json()["cases"]
        owed = (await http.get("/api/inbox", headers=headers)).json()
        explained = (await http.get(f"/api/cases/{number}/explain", headers=headers)).json()
    assert (case["shadow"], case["state"]["shadow"], case["comparison"]) == (True, True, None)
    assert [(line["number"], line["shadow"]) for line in listed] == [(number, True)]
    assert {item["shadow"] for item in [*owed["mine"], *owed["others"]]} == {True}
    assert explained["lines"][0].startswith(f"Case {number} (shadow: nothing is sent): ")


async def test_a_solved_ticket_ends_the_case_and_the_page_compares(shadows: World) -> None:
    """What today's process answered, what the runbook would have done; the total counts it."""
    number = await shadows.case()
    await shadows.to_gate(number)
    await solve(shadows, status="pending")
    await solve(shadows)

    seen = await closed(shadows, number)

    assert seen["closing"]["disposition"] == ENDED_OUTSIDE
    assert (seen["outside"]["status"], seen["outside"]["tags"]) == ("solved", ["suspended"])
    imani = await shadows.browser("imani")
    page = (await imani.get(f"/cases/{number}")).text
    assert "Beside today's process" in page
    assert "Tagged suspended." in page
    assert "In legal review." in page
    assert "legal would have been asked" in page
    async with httpx.AsyncClient(base_url=shadows.url, timeout=30) as http:
        headers = await log_in(shadows, http, "imani")
        case = (await http.get(f"/api/cases/{number}", headers=headers)).json()
        asked = {"runbook": NAME, "since": "2020-01-01T00:00:00+00:00"}
        total = (await http.get("/api/shadow", params=asked, headers=headers)).json()["totals"]
        later = {"since": (await shadows.clock.now() + timedelta(days=1)).isoformat()}
        none = (await http.get("/api/shadow", params=later, headers=headers)).json()["totals"]
        wrong = await http.get("/api/shadow", params={"since": "soon"}, headers=headers)
    assert case["comparison"]["asked"][0]["gate"] == "legal-review"
    assert (total["cases"], total["ended"], total["open"]) == (1, 1, 0)
    assert [row["title"] for row in total["gates"] if row["passed_over"]] == ["legal review"]
    assert total["worst"][0]["number"] == number
    assert none["cases"] == 0
    assert wrong.status_code == 422


async def test_zendesk_says_what_became_of_the_ticket(shadows: World) -> None:
    """A trigger's body opens the shadow; the one that says solved ends it, with its tags."""
    ticket = {"id": "77", "url": "https://x.example/77", "status": "new", "tags": "fraud"}
    opened = {"escalate": "1", "event": "opened", "ticket": ticket, "actor": "5", "fields": {}}
    over = {**ticket, "status": "solved", "tags": "fraud banned"}
    first = await shadows.deliver_zendesk(json.dumps(opened).encode())
    number = first.json()["case"]
    await shadows.until(lambda: shadows.view(number))

    news = json.dumps({**opened, "event": "changed", "ticket": over}).encode()
    await shadows.deliver_zendesk(news, invocation="inv-2")

    seen = await closed(shadows, number)
    assert (seen["outside"]["status"], seen["outside"]["tags"]) == ("solved", ["fraud", "banned"])
    assert seen["outside"]["by"] == "escalate"


async def test_todays_end_after_the_shadows_own_is_in_the_doors_stream(shadows: World) -> None:
    """Practice ended the case first: when today's process ends is recorded once, by the door."""
    number = await shadows.case()
    imani = await shadows.browser("imani")
    done = await imani.act(f"/cases/{number}", "cancel", reason="enough practised")
    assert done.status == 200, done.text

    await solve(shadows)
    await solve(shadows, status="closed")

    row = await shadows.store.cases.by_number(number)
    assert row is not None

    async def both() -> bool:
        rows = await shadows.store.deliveries.list(case=row.id)
        return all(each.settled_at is not None for each in rows)

    await shadows.until(both)
    entries = await shadows.store.journal.entries(row.id, stream=Stream.DOOR)
    ended = [entry.body for entry in entries if entry.kind is Kind.DOOR_OUTSIDE_ENDED]
    assert [body["status"] for body in ended] == ["solved"]
    assert "the ticket was solved" in (await imani.get(f"/cases/{number}")).text
    assert not await shadows.store.health.open_alarms()


async def test_a_report_is_not_lost_in_a_shadow_once_its_runbook_is_live(shadows: World) -> None:
    """It joined the open shadow by a rule; a live release has come: it has a live case."""
    fraud = {"tags": ["fraud"], "about": "account-9"}
    number = await shadows.case(data=fraud)
    await release(shadows.store, library()[NAME], await shadows.clock.now())

    joined = await shadows.deliver(id="evt-2", subject="R-2", data=fraud)
    assert joined.json()["case"] == number
    await shadows.until(lambda: shadows.view("1002"))

    newest = shadows.engine.started[-1]
    assert (newest.number, newest.shadow, newest.same_subject) == ("1002", False, ())
    assert (await shadows.picture(number))["shadow"]


async def test_a_joined_reports_ticket_ends_nothing(shadows: World) -> None:
    """The case's own report says when today's process is over; other news opens no live case."""
    fraud = {"tags": ["fraud"], "about": "account-9"}
    number = await shadows.case(data=fraud)
    second = await shadows.deliver(id="evt-2", subject="R-2", data=fraud)
    assert second.json()["case"] == number
    await shadows.until(lambda: told(shadows, 1))
    await release(shadows.store, library()[NAME], await shadows.clock.now())

    await solve(shadows, subject="R-2")
    await shadows.until(lambda: told(shadows, 2))
    assert (await shadows.picture(number))["status"] == "open"
    await solve(shadows)
    await closed(shadows, number)
    await solve(shadows, subject="R-2", status="closed")

    row = await shadows.store.cases.by_number(number)
    assert row is not None

    async def settled() -> bool:
        rows = await shadows.store.deliveries.list(case=row.id)
        return len(rows) == 5 and all(each.settled_at is not None for each in rows)

    await shadows.until(settled)
    assert await shadows.view("1002") is None
    entries = await shadows.store.journal.entries(row.id, stream=Stream.DOOR)
    assert all(entry.kind is not Kind.DOOR_OUTSIDE_ENDED for entry in entries)


async def told(world: World, times: int) -> bool:
    """Whether running cases were told of something so often."""
    return len(world.engine.signals) >= times


async def test_a_live_case_does_not_go_on_in_the_shadow(shadows: World) -> None:
    """A case that moves to a runbook which only runs in the shadow waits for a live one."""
    shelf = shadows.doors.shelf
    _, found = await shelf.moved("imminent-threat-to-life")
    assert not found.shadow
    with pytest.raises(Exception, match="neither"):
        await shelf.moved(NAME)


async def test_a_live_case_does_not_hear_of_a_shadow_about_the_same_subject(
    shadows: World,
) -> None:
    """Attached to a shadow a report would be lost, so it is not offered; shadows know shadows."""
    await shadows.case(data={"about": "account-9"})
    await shadows.case(id="evt-2", subject="R-2", data={"about": "account-9"})
    assert shadows.engine.started[-1].same_subject == ("1001",)
    await release(shadows.store, library()[NAME], await shadows.clock.now())

    await shadows.case(id="evt-3", subject="R-3", data={"about": "account-9"})

    newest = shadows.engine.started[-1]
    assert (newest.shadow, newest.same_subject) == (False, ())


async def test_a_live_case_is_not_moved_to_a_version_in_the_shadow(world: World) -> None:
    """A version that two people let run in the shadow is none for people who work on a case."""
    number = await world.case()
    at = await world.clock.now()
    shelf = world.store.releases
    await shelf.retire(runbook=NAME, version="1.0.0", by="one", at=at)
    source = library()[NAME].replace(b"version: 1.0.0", b"version: 1.1.0")
    digest = load_runbook(source, file=NAME).digest

    async def offered(*, shadow: bool) -> list[str]:
        await shelf.propose(
            runbook=NAME,
            version="1.1.0",
            digest=digest,
            source=source,
            by="one",
            at=at,
            shadow=shadow,
        )
        await shelf.approve(runbook=NAME, version="1.1.0", by="two", at=at, shadow=shadow)
        roles = frozenset({"incident-manager"})
        case = await find_case(world.doors, number, person="imani", roles=roles)
        assert case is not None
        return [each.pathway.version for each in await versions_of(world.doors, case)]

    assert await offered(shadow=True) == []
    row = await world.store.cases.by_number(number)
    assert row is not None
    with pytest.raises(NoSuchVersionError):
        await with_rules(world.doors, row, Migrate(version="1.1.0", reason="r"))
    assert await offered(shadow=False) == ["1.1.0"]


async def test_the_watch_pages_nobody_for_a_shadow(shadows: World) -> None:
    """Its instants pass without a word, and no worker runs: nobody waits for anything in it."""
    await shadows.case()
    looking = Looking(
        shadows.store, clock=shadows.clock, grace=timedelta(minutes=2), simulated=False
    )
    began = await shadows.clock.now()
    shadows.clock.ahead = timedelta(hours=3)

    found = await looking.all(at=await shadows.clock.now(), since=began)

    kinds = {each.kind for each in found}
    assert FindingKind.OVERDUE not in kinds
    assert FindingKind.NO_WORKER not in kinds


async def test_numbers_count_shadows_apart(shadows: World) -> None:
    """Metrics of live work do not move for a shadow."""
    await shadows.case()
    await shadows.case(id="evt-2", subject="R-2", data={"tags": ["danger"]})

    counts = await shadows.store.views.counts()

    assert counts.shadow >= 1
    assert sum(counts.by_status.values()) + counts.shadow == 2
