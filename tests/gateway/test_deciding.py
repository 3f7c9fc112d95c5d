"""Acts through pages and links: confirm screens, receipts, and everything that must not act."""

import asyncio
import re
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import event

from cases.journal import Kind
from store import ActState
from tests.gateway.world import CANARY, World

TOMORROW = (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
NOT_BEFORE_LOG_IN = ("legal-review", "lawful", "1001", "triage")


async def test_a_case_is_decided_through_its_link(world: World) -> None:
    """Link → log-in → question → confirm screen → receipt; the vote stands in the case."""
    number = await world.case()
    await world.to_gate(number)
    link = await world.link(number, "lena")
    lena = await world.browser("lena", logged_in=False)

    before = await lena.get(f"/a/{link}")
    assert before.status == 200
    assert not any(word in before.text.lower() for word in NOT_BEFORE_LOG_IN)
    page = await lena.log_in(onward=f"/a/{link}")
    assert "Is the proposed action lawful?" in page.text
    assert "Silence decides nothing" in page.text
    form = page.form("decide")
    assert ("approve", "Lawful") in form.buttons
    assert ("reject", "Not lawful") in form.buttons

    confirm = await lena.post(form, "approve")
    assert "Confirm: Lawful" in confirm.text
    assert "+1 555 0100" in confirm.text
    done = await lena.post(confirm.form("decide", step="act"))
    assert (done.status, "Your act counts." in done.text) == (200, True)
    picture = await world.picture(number)
    assert picture["stage"] == "policy-sign-off"
    assert picture["rounds"][0]["votes"][0]["door"] == "link"


@pytest.mark.hostile(1)
async def test_fifty_gets_of_a_link_decide_nothing(world: World) -> None:
    """A mail scanner may follow the link fifty times, with any safe method (I6, case 1)."""
    number = await world.case()
    await world.to_gate(number)
    link = await world.link(number, "lena")
    lena = await world.browser("lena")
    async with httpx.AsyncClient(base_url=world.url) as scanner:
        for method in ("GET", "HEAD", "OPTIONS") * 17:
            await scanner.request(method, f"/a/{link}")
            await lena.http.request(method, f"/a/{link}")

    assert (await world.picture(number))["rounds"][0]["votes"] == []
    assert (await lena.act(f"/a/{link}", "decide", "approve")).status == 200
    assert len((await world.picture(number))["rounds"][0]["votes"]) == 1


@pytest.mark.hostile(2)
async def test_a_forwarded_link_shows_and_decides_nothing(world: World) -> None:
    """Another person of the same role is told so, and hears nothing of the case."""
    number = await world.case()
    await world.to_gate(number)
    link = await world.link(number, "lena")
    luca = await world.browser("luca")

    own = await luca.get(f"/a/{await world.link(number, 'luca')}")
    form = own.form("decide")
    form.action = f"/a/{link}"

    for page in (await luca.get(f"/a/{link}"), await luca.post(form, "approve")):
        assert page.status == 404
        assert "made for somebody else" in page.text
        assert "lawful" not in page.text.lower()
    assert (await world.picture(number))["rounds"][0]["votes"] == []


@pytest.mark.hostile(5)
async def test_a_link_after_the_decision_says_so(world: World) -> None:
    """409, what was decided, and where to look: opened again, or with an old form (case 5)."""
    number = await world.case()
    await world.to_gate(number)
    link, mine = await world.link(number, "luca"), await world.link(number, "lena")
    luca, lena = await world.browser("luca"), await world.browser("lena")
    form = (await luca.get(f"/a/{link}")).form("decide")
    await lena.act(f"/a/{mine}", "decide", "approve")

    pages = [
        await luca.get(f"/a/{link}"),
        await luca.post(form, "reject", reason="no"),
        await lena.get(f"/a/{mine}"),
    ]

    assert [page.status for page in pages] == [409] * 3
    assert {tuple(re.findall(r"It was: (\w+),", page.text)) for page in pages} == {("approved",)}
    assert all("has been decided" in page.text for page in pages)
    assert len((await world.picture(number))["rounds"][0]["votes"]) == 1


@pytest.mark.hostile(7)
async def test_a_link_of_an_earlier_round_is_superseded(world: World) -> None:
    """The facts changed: the old page cannot be answered, the old link says so (case 7)."""
    number = await world.case()
    await world.to_gate(number)
    link = await world.link(number, "lena")
    lena = await world.browser("lena")
    shown = await lena.get(f"/a/{link}")
    confirm = await lena.post(shown.form("decide"), "approve")
    tessa = await world.browser("tessa")
    answered = await tessa.act(f"/cases/{number}", "answer", q__kind="fraud")
    assert answered.status == 200, answered.text

    late = await lena.post(confirm.form("decide", step="act"))
    assert late.status == 409
    page = await lena.get(f"/a/{link}")
    assert page.status == 409
    assert "facts have changed" in page.text
    fresh = await lena.get(f"/a/{await world.link(number, 'lena')}")
    assert "Changed since the last round" in fresh.text


async def test_a_question_that_waits_for_the_severity_table_is_not_decided(world: World) -> None:
    """Between the new facts and the new question every door says that the facts changed."""
    number = await world.case()
    await world.to_gate(number)
    link = await world.link(number, "lena")
    lena = await world.browser("lena")
    confirm = await lena.post((await lena.get(f"/a/{link}")).form("decide"), "approve")
    world.engine.judges = False
    tessa = await world.browser("tessa")
    await tessa.act(f"/cases/{number}", "answer", q__kind="fraud")

    pages = [
        await lena.get(f"/a/{link}"),
        await lena.post(confirm.form("decide", step="act")),
    ]
    await world.engine.judge()
    fresh = await lena.get(f"/a/{await world.link(number, 'lena')}")

    assert [page.status for page in pages] == [409, 409]
    for page in pages:
        assert "has been decided" not in page.text
        assert "facts have changed" in page.text
    assert "Changed since the last round" in fresh.text


@pytest.mark.hostile(8)
async def test_an_expired_link_is_gone(world: World) -> None:
    """410 after its time, for who opens it and for who answers a page from before."""
    number = await world.case()
    await world.to_gate(number)
    link = await world.link(number, "lena")
    lena = await world.browser("lena")
    form = (await lena.get(f"/a/{link}")).form("decide")
    world.clock.ahead = timedelta(hours=73)
    await lena.log_in()

    assert (await lena.get(f"/a/{link}")).status == 410
    fresh = (await lena.get(f"/cases/{number}")).form("decide")
    form.fields["csrf"] = fresh.fields["csrf"]
    assert (await lena.post(form, "approve")).status == 410
    assert (await world.picture(number))["rounds"][0]["votes"] == []


@pytest.mark.hostile(9)
@pytest.mark.parametrize(
    "token",
    ["x" * 43, "x" * 42, "x" * 10_000, "abc%00def", "%E2%98%83" * 14, "..%2f..%2fetc", ""],
)
async def test_an_altered_token_is_answered_alike(world: World, token: str) -> None:
    """404 with the same words, before and after log-in (case 9)."""
    lena = await world.browser("lena")
    async with httpx.AsyncClient(base_url=world.url) as nobody:
        unknown = await nobody.get(f"/a/{'y' * 43}")
        altered = await nobody.get(f"/a/{token}")
    known = await lena.get(f"/a/{token}")

    assert (altered.status_code, known.status) == (404, 404)
    assert altered.text == unknown.text == known.response.text


@pytest.mark.hostile(9)
async def test_a_near_miss_is_a_stranger(world: World) -> None:
    """One sign in the other case, or cut short: body and look-ups of a token nobody ever made.

    Links are looked up by digest, so that nothing takes longer the nearer a guess comes.
    """
    number = await world.case()
    await world.to_gate(number)
    link = await world.link(number, "lena")
    place = next(at for at, sign in enumerate(link) if sign.isalpha())
    near = [
        link[:place] + link[place].swapcase() + link[place + 1 :],
        link[:-1] + ("A" if link[-1] != "A" else "B"),
        link[::-1],
    ]
    asked: list[str] = []

    def note(*said: Any) -> None:
        asked.append(str(said[2]))

    async def looked_up(token: str) -> list[str]:
        asked.clear()
        assert await world.store.locators.find(token, at=await world.clock.now()) is None
        return [each for each in asked if "locators" in each]

    engine = world.store.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    costs = [await looked_up(token) for token in (*near, "y" * 43)]
    junk = [await looked_up(token) for token in (link[:-1], link + "A", "")]
    event.remove(engine, "before_cursor_execute", note)

    async with httpx.AsyncClient(base_url=world.url) as nobody:
        bodies = {(await nobody.get(f"/a/{token}")).text for token in (*near, "y" * 43, link[:-1])}
    assert len(bodies) == 1
    assert {len(cost) for cost in costs} == {1}
    assert len({cost[0] for cost in costs}) == 1
    assert junk == [[], [], []]


@pytest.mark.hostile(6)
async def test_a_double_post_is_one_act_with_one_receipt(world: World) -> None:
    """The form carries the act's id: pressing twice shows the same receipt."""
    number = await world.case()
    await world.to_gate(number)
    link = await world.link(number, "lena")
    lena = await world.browser("lena")
    confirm = await lena.confirm(f"/a/{link}", "decide", "approve")
    form = confirm.form("decide", step="act")

    first, second = await asyncio.gather(lena.post(form), lena.post(form))
    third = await lena.post(form)
    assert [page.status for page in (first, second, third)] == [200, 200, 200]
    assert len(set(world.engine.delivered)) == 2
    row = await world.store.cases.by_number(number)
    assert row is not None
    assert len(await world.store.acts.list(case=row.id)) == 2


async def test_an_act_counts_while_everything_behind_the_door_is_down(world: World) -> None:
    """What is said is "Recorded at …", and the act is applied when the engine is back (I7)."""
    number = await world.case()
    await world.to_gate(number)
    lena = await world.browser("lena")
    confirm = await lena.confirm(f"/cases/{number}", "decide", "approve")
    world.engine.down = True

    recorded = await lena.post(confirm.form("decide", step="act"))
    assert recorded.status == 202
    assert "It counts from that moment" in recorded.text
    waiting = await lena.get(f"/cases/{number}")
    assert "1 act recorded and not applied yet" in waiting.text
    assert (await lena.http.get("/readyz")).json()["degraded"]

    world.engine.down = False

    async def applied() -> bool:
        view = await world.view(number)
        return view is not None and view.line.stage == "policy-sign-off"

    await world.until(applied, seconds=20)
    again = await lena.post(confirm.form("decide", step="act"))
    assert (again.status, "Your act counts." in again.text) == (200, True)


async def test_an_act_after_closing_is_written_by_the_door(world: World) -> None:
    """The case is gone: too late, on record in the door's stream (I8)."""
    number = await world.case()
    imani = await world.browser("imani")
    confirm = await imani.confirm(f"/cases/{number}", "hold", reason="wait", review_at=TOMORROW)
    await imani.act(f"/cases/{number}", "cancel", reason="a test")

    late = await imani.post(confirm.form("hold", step="act"))
    assert late.status == 409
    assert "closed" in late.text
    assert "door:act:after-closing" in await world.kinds(number, "door")


@pytest.mark.hostile(3)
async def test_a_post_without_its_token_or_from_elsewhere_is_refused(world: World) -> None:
    """CSRF: 403, no act is recorded, and the refusal is, once an hour and reason."""
    number = await world.case()
    await world.to_gate(number)
    lena = await world.browser("lena")
    form = (await lena.get(f"/cases/{number}")).form("decide")
    path, good = f"/cases/{number}/acts", {**form.fields, "choice": "approve"}

    for data, headers in (
        ({**good, "csrf": ""}, {}),
        ({**good, "csrf": "0" * 64}, {}),
        (good, {"origin": "https://elsewhere.example"}),
        (good, {"sec-fetch-site": "cross-site", "origin": "null"}),
        (good, {"sec-fetch-site": "same-site"}),
    ):
        assert (await lena.http.post(path, data=data, headers=headers)).status_code == 403
    link = f"/a/{await world.link(number, 'lena')}"
    assert (await lena.http.post(link, data={**good, "csrf": ""})).status_code == 403
    async with httpx.AsyncClient(base_url=world.url) as nobody:
        assert (await nobody.post(path, data=good)).headers["location"].startswith("/login")
        assert (await nobody.post(link, data=good)).status_code == 403

    ours = {"sec-fetch-site": "same-origin", "origin": "null"}
    assert (await lena.http.post(path, data=good, headers=ours)).status_code == 200
    assert await world.store.acts.list(state=ActState.PENDING) == []
    row = await world.store.cases.by_number(number)
    assert row is not None
    door = await world.store.journal.entries(row.id, stream="door")
    refused = [entry.body for entry in door if entry.kind is Kind.DOOR_ACT_REFUSED]
    assert [(each["who"], each["why"]) for each in refused] == [
        ("lena", "page-outdated"),
        ("lena", "foreign-origin"),
    ]


@pytest.mark.hostile(4)
async def test_the_door_refuses_a_role_the_person_does_not_hold(world: World) -> None:
    """A form with another role in it is refused at the door and on record."""
    number = await world.case()
    await world.to_gate(number)
    lena = await world.browser("lena")
    confirm = await lena.confirm(f"/cases/{number}", "decide", "approve")
    form = confirm.form("decide", step="act")
    form.fields["role"] = "incident-manager"

    refused = await lena.post(form)
    assert refused.status == 403
    assert "door:act:refused" in await world.kinds(number, "door")


async def test_rejecting_needs_a_reason(world: World) -> None:
    """The workflow's refusal is told with what to do."""
    number = await world.case()
    await world.to_gate(number)
    lena = await world.browser("lena")

    refused = await lena.act(f"/cases/{number}", "decide", "reject")
    assert refused.status == 422
    assert "needs a reason" in refused.text


@pytest.mark.hostile(57)
async def test_what_people_write_is_inert(world: World) -> None:
    """Markup in a note is text everywhere it is shown (case 57)."""
    number = await world.case()
    tessa = await world.browser("tessa")
    nasty = "</script><img src=x onerror=alert(1)> \u202e" + CANARY
    page = await tessa.get(f"/cases/{number}")
    confirm = await tessa.post(page.form("answer"), q__summary=nasty)
    await tessa.post(confirm.form("answer", step="act"))

    shown = await tessa.get(f"/cases/{number}")
    assert "<img" not in shown.response.text
    assert "&lt;img" in shown.response.text


@pytest.mark.hostile(6)
async def test_an_act_id_belongs_to_its_first_words(world: World) -> None:
    """The same id with other words is not taken for the first act."""
    number = await world.case()
    imani = await world.browser("imani")
    first = await imani.confirm(f"/cases/{number}", "hold", reason="a", review_at=TOMORROW)
    second = await imani.confirm(f"/cases/{number}", "severity", severity="SEV0", reason="b")
    form = first.form("hold", step="act")
    other = second.form("severity", step="act")
    other.fields["act_id"] = form.fields["act_id"] = str(uuid.uuid4())

    assert (await imani.post(form)).status == 200
    assert (await imani.post(other)).status == 403
