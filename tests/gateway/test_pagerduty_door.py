"""What PagerDuty says at our door, and what it is told when a page is answered here."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from pydantic import SecretStr

from activities import Outside
from activities.documents import Documents
from activities.paging import PagingOut
from cases.envelope import Act
from cases.notice import NoticeOrder, Purpose
from cases.state import CasePicture
from integrations.file_directory import DEMO_FILE
from integrations.pagerduty import DEFAULT, PagerDuty
from runbooks.plan import Assurance, Severity
from store import PageRow, PageState, Store
from tests.fakes.pagerduty import KEY, SECRET, FakePagerDuty, signed
from tests.gateway.world import World, make_world

LENA, TESSA = "PLENA01", "PTESSA1"


class Ringing:
    """A gateway with a pager, and a case whose legal review was paged."""

    def __init__(self, world: World, vendor: FakePagerDuty, pager: PagerDuty) -> None:
        self.world = world
        self.vendor = vendor
        self.pager = pager
        self.number = ""
        self.case = ""

    async def page(self, *, key: str = "n-1", role: str = "legal", **other: Any) -> PageRow:
        """The stage the case is in was paged."""
        picture = CasePicture.of(await self.world.picture(self.number))
        round_ = picture.open_round(picture.stage or "")
        outside = Outside(
            store=self.world.store,
            directory=self.world.doors.directory,
            channels=(),
            public_url=self.world.url,
            mail_domain="escalate.test",
            zone=ZoneInfo("UTC"),
            pager=self.pager,
        )
        order = NoticeOrder(
            key=key,
            case=self.case,
            number=self.number,
            purpose=Purpose.PAGE,
            role=role,
            stage=picture.stage,
            round=round_.number if round_ is not None else None,
            severity=Severity.SEV1,
            step="75%",
            at=await self.world.clock.now(),
            **other,
        )
        await PagingOut(outside, Documents(outside.store)).page(order)
        return (await self.world.store.pages.of_case(self.case))[-1]

    async def says(
        self, kind: str, row: PageRow, *, user: str | None = LENA, **event: Any
    ) -> httpx.Response:
        """PagerDuty delivers what somebody did there."""
        body, headers = self.vendor.said(kind, row.key, user=user, **event)
        return await self.world.send("pagerduty", body, headers)

    async def until_handled(self, times: int = 1) -> list[str]:
        """What came of each event, once nothing waits."""

        async def look() -> list[str] | None:
            events = await self.world.store.pages.events()
            done = [event.outcome for event in events if event.handled_at is not None]
            return done if len(done) >= times else None

        found: list[str] = await self.world.until(look)
        return found

    async def until_page(self, row: PageRow, state: PageState) -> PageRow:
        """The page, once it stands so."""

        async def look() -> PageRow | None:
            now = await self.world.store.pages.get(row.key)
            return now if now is not None and now.state is state else None

        found: PageRow = await self.world.until(look)
        return found

    async def lease_of(self, person: str) -> bool:
        """Whether the case says that the person has its stage."""
        picture = CasePicture.of(await self.world.picture(self.number))
        return any(lease.person == person for lease in picture.leases)


@pytest.fixture
async def ringing(store: Store, tmp_path: Path) -> AsyncIterator[Ringing]:
    """A case at legal review."""
    people = tmp_path / "people.yaml"
    text = DEMO_FILE.read_text()
    for name, id_ in (("lena", LENA), ("tessa", TESSA)):
        text = text.replace(f"  - id: {name}\n", f"  - id: {name}\n    pagerduty: {id_}\n")
    people.write_text(text)
    vendor = FakePagerDuty()
    async with httpx.AsyncClient(transport=vendor.network) as http:
        pager = PagerDuty(
            http,
            keys={DEFAULT: SecretStr(KEY)},
            clock=vendor.clock,
            events_url=vendor.events_url,
        )
        async with make_world(
            store, tmp_path, pager=pager, people=people, pagerduty_secrets=(SECRET,)
        ) as world:
            made = Ringing(world, vendor, pager)
            made.number = await world.case()
            await world.to_gate(made.number)
            row = await store.cases.by_number(made.number)
            assert row is not None
            made.case = row.id
            yield made


async def test_an_acknowledgement_there_is_one_here(ringing: Ringing) -> None:
    """It becomes the same signed act as the page's button, and says how little it proves."""
    row = await ringing.page()

    response = await ringing.says("incident.acknowledged", row)

    assert response.status_code == 202
    assert await ringing.until_handled() == ["lena acknowledged: accepted"]
    assert await ringing.lease_of("lena")
    entries = await ringing.world.store.journal.entries(ringing.case, stream="door")
    recorded = [e for e in entries if e.kind.value == "door:act:recorded"]
    shown = await ringing.world.store.acts.show(str(recorded[-1].body["act"]))
    act = Act.model_validate_json(shown.envelope.payload)
    assert (act.actor.person, act.role, act.body.verb) == ("lena", "legal", "acknowledge")
    assert (act.assurance, act.door.value) == (Assurance.L0, "pagerduty")


async def test_five_deliveries_of_one_event_are_one_act(ringing: Ringing) -> None:
    """PagerDuty delivers again for two days; the event's id comes once."""
    row = await ringing.page()
    body, headers = ringing.vendor.said("incident.acknowledged", row.key, user=LENA)

    answers = [await ringing.world.send("pagerduty", body, headers) for _ in range(5)]

    assert [answer.status_code for answer in answers] == [202, 200, 200, 200, 200]
    await ringing.until_handled()
    [event] = await ringing.world.store.pages.events()
    assert event.times == 5
    kinds = await ringing.world.kinds(ringing.number, "case")
    assert kinds.count("people:stage:acknowledged") == 1


async def test_what_was_acknowledged_there_is_not_acknowledged_back(ringing: Ringing) -> None:
    """The pager knows; when the step is answered it is told that."""
    row = await ringing.page()
    await ringing.says("incident.acknowledged", row)
    await ringing.until_handled()

    lena = await ringing.world.browser("lena")
    await lena.act(f"/cases/{ringing.number}", "decide", "approve")
    await ringing.until_page(row, PageState.RESOLVED)

    actions = [event["event_action"] for event in ringing.vendor.events]
    assert actions == ["trigger", "resolve"]


async def test_an_acknowledgement_here_is_one_there(ringing: Ringing) -> None:
    """Somebody takes it on our page: the pager stops escalating."""
    row = await ringing.page()
    lena = await ringing.world.browser("lena")

    await lena.act(f"/cases/{ringing.number}", "acknowledge")

    await ringing.until_page(row, PageState.ACKNOWLEDGED)
    assert ringing.vendor.status(row.key) == "acknowledged"


async def test_a_decision_here_resolves_every_page_of_its_step(ringing: Ringing) -> None:
    """All pages of the step, whoever was paged."""
    first = await ringing.page()
    second = await ringing.page(key="n-2", role="incident-manager")
    lena = await ringing.world.browser("lena")

    await lena.act(f"/cases/{ringing.number}", "decide", "approve")

    for row in (first, second):
        await ringing.until_page(row, PageState.RESOLVED)
        assert ringing.vendor.status(row.key) == "resolved"
    kinds = await ringing.world.kinds(ringing.number, "door")
    assert kinds.count("door:page:changed") == 4
    calls = [row for row in await ringing.world.store.calls.list() if row.vendor == "pagerduty"]
    assert {(row.operation, row.outcome, row.key) for row in calls} == {
        ("resolve", "answered", first.key),
        ("resolve", "answered", second.key),
    }
    assert KEY not in str(calls)


async def test_a_page_the_pager_could_not_take_is_tried_until_it_can(ringing: Ringing) -> None:
    """A storm of 429: it rings once, late, and nothing is lost."""
    ringing.vendor.throttle_next(seconds=1, times=3)
    row = await ringing.page()
    assert row.state is PageState.WANTED

    for _ in range(4):
        await _later(ringing, minutes=6)
    await ringing.until_page(row, PageState.TRIGGERED)

    assert ringing.vendor.opened == 1


async def test_a_page_that_was_answered_before_it_rang_never_rings(ringing: Ringing) -> None:
    """Nobody is got up for what is done."""
    ringing.vendor.throttle_next(seconds=3600)
    row = await ringing.page()
    lena = await ringing.world.browser("lena")
    await lena.act(f"/cases/{ringing.number}", "decide", "approve")

    await _later(ringing, minutes=61)
    await ringing.until_page(row, PageState.SUPERSEDED)

    assert ringing.vendor.opened == 0


async def test_a_page_that_waits_does_not_ring_after_somebody_was_told_it_is_recorded(
    ringing: Ringing,
) -> None:
    """Temporal is down, the pager is back: the page waits for the case, which says what it is."""
    ringing.vendor.throttle_next(seconds=60)
    row = await ringing.page()
    ringing.world.engine.down = True
    lena = await ringing.world.browser("lena")
    said = await lena.api_act(ringing.number, {"verb": "acknowledge", "stage": "legal-review"})
    assert said.json()["outcome"] == "recorded"

    for _ in range(3):
        await _later(ringing, minutes=2)
    waiting = await ringing.world.store.pages.get(row.key)
    ringing.world.engine.down = False
    await _later(ringing, minutes=6)
    await ringing.until_page(row, PageState.SUPERSEDED)

    assert waiting is not None
    assert waiting.state is PageState.WANTED
    assert ringing.vendor.opened == 0


async def test_a_stranger_is_recorded_and_answered(ringing: Ringing) -> None:
    """PagerDuty knows them, we do not: 2xx, on record, and nothing here changes."""
    row = await ringing.page()

    response = await ringing.says("incident.acknowledged", row, user="PSTRANGER")

    assert response.status_code == 202
    [outcome] = await ringing.until_handled()
    assert outcome.startswith("nobody here has this PagerDuty id")
    assert "people:stage:acknowledged" not in await ringing.world.kinds(ringing.number, "case")
    entries = await ringing.world.store.journal.entries(ringing.case, stream="door")
    said = [e.body for e in entries if e.kind.value == "door:pager:said"]
    assert [body["who"] for body in said] == ["PSTRANGER"]


async def test_somebody_of_another_role_is_refused_on_record(ringing: Ringing) -> None:
    """Tessa does triage: the case says what it thinks of her taking legal review."""
    row = await ringing.page()

    await ringing.says("incident.acknowledged", row, user=TESSA)

    [outcome] = await ringing.until_handled()
    assert outcome.startswith(("tessa acknowledged: not", "tessa acknowledged: ref"))
    assert not await ringing.lease_of("tessa")


async def test_an_event_after_the_step_was_answered_changes_nothing(ringing: Ringing) -> None:
    """Late, out of order: noted."""
    row = await ringing.page()
    lena = await ringing.world.browser("lena")
    await lena.act(f"/cases/{ringing.number}", "decide", "approve")
    await ringing.until_page(row, PageState.RESOLVED)

    await ringing.says("incident.acknowledged", row)

    assert await ringing.until_handled() == ["the step has been answered"]
    now = await ringing.world.store.pages.get(row.key)
    assert now is not None
    assert now.state is PageState.RESOLVED


async def test_resolving_there_answers_nothing_here(ringing: Ringing) -> None:
    """The case still waits; only the pager is quiet."""
    row = await ringing.page()

    await ringing.says("incident.resolved", row)

    [outcome] = await ringing.until_handled()
    assert outcome.startswith("resolved there")
    assert CasePicture.of(await ringing.world.picture(ringing.number)).stage == "legal-review"


async def test_other_events_are_noted(ringing: Ringing) -> None:
    """An integration's acknowledgement is our own echo; the rest concerns nobody."""
    row = await ringing.page()

    for kind, user in (
        ("incident.acknowledged", None),
        ("incident.triggered", LENA),
        ("incident.escalated", LENA),
    ):
        assert (await ringing.says(kind, row, user=user)).status_code == 202

    assert await ringing.until_handled(3) == ["noted: no person did it", "noted", "noted"]
    assert not await ringing.lease_of("lena")


async def test_an_event_of_anothers_incident_is_no_concern(ringing: Ringing) -> None:
    """PagerDuty tells of every incident of the service."""
    body, headers = ringing.vendor.said("incident.acknowledged", "disk/full", user=LENA)

    assert (await ringing.world.send("pagerduty", body, headers)).status_code == 202
    assert await ringing.until_handled() == ["no page of ours"]


async def test_an_authentic_body_is_never_a_4xx(ringing: Ringing) -> None:
    """Three of those would end the subscription for a day."""
    for body, status in (
        (b"{}", 200),
        (b"not json", 200),
        (b"\xff\xfe", 200),
        (b'{"event": {"id": "p1", "event_type": "pagey.ping", "data": {}}}', 202),
        (b'{"event": {"id": "p2", "event_type": "service.updated", "data": []}}', 202),
    ):
        assert (await ringing.world.send("pagerduty", body, signed(body))).status_code == status


async def test_an_id_used_twice_is_answered_and_kept_once(ringing: Ringing) -> None:
    """The first body counts."""
    row = await ringing.page()
    body, headers = ringing.vendor.said("incident.triggered", row.key)
    other = body.replace(b"incident.triggered", b"incident.acknowledged")

    await ringing.world.send("pagerduty", body, headers)
    answer = await ringing.world.send("pagerduty", other, signed(other))

    assert (answer.status_code, list(answer.json())) == (200, ["ignored"])
    assert await ringing.until_handled() == ["noted"]


async def test_what_is_not_proved_is_401_and_what_is_too_large_413(ringing: Ringing) -> None:
    """Neither is stored."""
    row = await ringing.page()
    body, headers = ringing.vendor.said("incident.acknowledged", row.key, user=LENA)
    large = json.dumps({"event": "x" * 300_000}).encode()

    assert (await ringing.world.send("pagerduty", body + b" ", headers)).status_code == 401
    assert (await ringing.world.send("pagerduty", body, {})).status_code == 401
    assert (await ringing.world.send("pagerduty", large, signed(large))).status_code == 413
    assert await ringing.world.store.pages.events() == []


async def test_without_a_secret_there_is_no_door(world: World) -> None:
    """404, like any address that does not exist."""
    assert (await world.send("pagerduty", b"{}", signed(b"{}"))).status_code == 404


async def _later(ringing: Ringing, *, minutes: int) -> None:
    """Time passes, for the gateway and the case."""
    ringing.world.clock.ahead += timedelta(minutes=minutes)
    ringing.world.doors.pages_due.set()
    await asyncio.sleep(0.3)
