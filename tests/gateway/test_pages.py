"""Log-in, inbox, case page: who sees what, and how it is served."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from cases.state import CasePicture
from gateway.access import Look, asking, judged
from gateway.web import local_path
from store import StoreUnavailable
from tests.gateway.world import World


async def test_every_answer_carries_the_security_headers(world: World) -> None:
    """No script, no frame, no cache, no referrer: pages, errors and redirects alike."""
    async with httpx.AsyncClient(base_url=world.url) as http:
        answers = [
            await http.get(path)
            for path in ("/login", "/", "/nowhere", "/healthz", "/a/x", "/api/inbox")
        ]

    for answer in answers:
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "server" not in answer.headers
        assert "<script" not in answer.text


async def test_log_in_and_out(world: World) -> None:
    """A session by password; the cookie is closed to scripts; log-out ends it."""
    imani = await world.browser("imani", logged_in=False)
    wrong = await imani.log_in(password="wrong")
    assert wrong.status == 401
    assert "Name, password or code is wrong" in wrong.text

    page = await imani.log_in()
    assert "What waits on you" in page.text
    cookie = next(c for c in imani.http.cookies.jar if c.name == "escalate-session")
    assert cookie.has_nonstandard_attr("HttpOnly")
    logout = next(form for form in page.forms() if form.action == "/logout")
    await imani.post(logout)
    imani.http.cookies.set("escalate-session", cookie.value or "")
    assert (await imani.http.get("/")).status_code == 303


@pytest.mark.hostile(56)
async def test_guessing_passwords_is_slowed(world: World) -> None:
    """After some failures in a minute even the right password has to wait."""
    imani = await world.browser("imani", logged_in=False)
    for _ in range(world.doors.settings.log_in_attempts):
        await imani.log_in(password="wrong")

    assert (await imani.log_in()).status == 429
    world.clock.ahead = timedelta(seconds=61)
    assert (await imani.log_in()).status == 200


@pytest.mark.hostile(20)
async def test_a_code_works_once(world: World) -> None:
    """A second factor seen on somebody's screen is worth nothing afterwards."""
    imani = await world.browser("imani", logged_in=False)
    code = world.code("imani")

    assert (await imani.log_in(code=code)).status == 200
    assert (await imani.log_in(code=code)).status == 401


@pytest.mark.hostile(10)
@pytest.mark.parametrize(
    "text",
    ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:x", "", "/a b"],
)
def test_log_in_leads_nowhere_else(text: str) -> None:
    """`next` is one of our own paths or the inbox."""
    assert local_path(text) == "/"


async def test_the_inbox_says_what_waits_on_me_overdue_first(world: World) -> None:
    """Mine by role or by name, the rest in another list."""
    first = await world.case()
    second = await world.case(id="evt-2", subject="R-2")
    await world.to_gate(second)
    lena, tessa = await world.browser("lena"), await world.browser("tessa")

    legal = (await lena.get("/")).text
    assert f"Case {second}" in legal
    assert f"Case {first}:" not in legal
    assert f"Case {first}" in (await tessa.get("/")).text
    world.clock.ahead = timedelta(minutes=30)
    imani = await world.browser("imani")
    everything = (await imani.get("/")).text
    assert "overdue by" in everything
    assert everything.index(f" {first} ") < everything.index(f" {second} ")


async def test_after_my_vote_the_case_waits_on_others(world: World) -> None:
    """What I have answered is not in my inbox any more."""
    number = await world.case()
    await world.to_gate(number)
    lena = await world.browser("lena")
    assert f"Case {number}" in (await lena.get("/")).text
    await lena.act(f"/cases/{number}", "decide", "approve")

    assert f"Case {number}:" not in (await lena.get("/")).text


async def test_a_case_shows_next_step_people_clocks_gates_and_timeline(world: World) -> None:
    """The whole case on one page, from the store."""
    number = await world.case(data={"tags": ["fraud"], "content_ref": "evidence://1"})
    await world.to_gate(number)
    imani = await world.browser("imani")
    page = await imani.get(f"/cases/{number}")

    for words in (
        "Next step",
        "waits for 1 verdict of legal",
        "Is the proposed action lawful?",
        "What is reported?",
        "evidence://1",
        "A stage began",
        "As of",
        "Put the case on hold",
        "Cancel the case",
    ):
        assert words in page.text, words


async def test_a_case_shows_its_way_so_far_and_what_may_come_next(world: World) -> None:
    """Stages behind with their outcome, the present one marked, the possible ones ahead."""
    number = await world.case(data={"tags": ["fraud"]})
    await world.to_gate(number)
    page = await (await world.browser("imani")).get(f"/cases/{number}")

    way = page.response.text.partition('<ol class="way">')[2].partition("</ol>")[0]
    steps = [step.partition("</li>")[0] for step in way.split("<li ")[1:]]
    assert [step.partition('"')[2].partition('"')[0] for step in steps] == [
        "behind",
        "here gate",
        "ahead gate",
        "ahead",
        "ahead",
    ]
    assert "escalate" in steps[0]
    assert "triage" in steps[3]
    assert "closure" in steps[4]
    assert 'aria-current="step"' in steps[1]


async def test_a_form_for_every_act_can_be_confirmed(world: World) -> None:
    """Each form the page offers leads to a confirm screen, never straight to an act."""
    other = await world.case(id="evt-0", subject="R-0")
    number = await world.case()
    imani = await world.browser("imani")
    page = await imani.get(f"/cases/{number}")
    filled = {
        "number": other,
        "kind": "related",
        "reason": "a reason",
        "due": (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M"),
        "what": "call back",
        "text": "a remark",
        "review_at": (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M"),
        "severity": "SEV0",
        "what-role": "triage",
        "person": "tessa",
        "to": "triage",
        "runbook": "user-safety-escalation",
        "label": "screenshot-1",
        "reference": "evidence://2",
        "digest": "a" * 64,
        "q.kind": "fraud",
    }
    seen = set()
    for form in page.forms():
        verb = form.fields.get("verb")
        if verb is None:
            continue
        seen.add(verb)
        choice = form.buttons[0][0]
        fields = {**form.fields, "choice": choice}
        fields |= {name: value for name, value in filled.items() if name in form.fields}
        fields |= {"q.kind": "fraud"} if verb == "answer" else {}
        confirm = await imani.http.post(form.action, data=fields)
        assert confirm.status_code == 200, (verb, confirm.text)
        assert "Nothing has been recorded yet" in confirm.text

    assert {"answer", "complete", "assign", "hold", "severity", "raise", "move", "cancel"} <= seen
    assert await world.store.acts.list() == []


async def test_someone_without_a_relation_sees_no_case(world: World) -> None:
    """The same 404 as for a case that does not exist; lists leave it out."""
    number = await world.case()
    sam = await world.browser(await outsider(world))

    here, nowhere = await sam.get(f"/cases/{number}"), await sam.get("/cases/9999")
    assert (here.status, nowhere.status) == (404, 404)
    # Nothing but the number that was asked for differs.
    assert here.response.text.replace(number, "9999") == nowhere.response.text
    assert number not in (await sam.get("/cases?status=all")).text


async def test_who_declares_a_conflict_sees_nothing_more(world: World) -> None:
    """The wall is up at once (design §7)."""
    number = await world.case()
    await world.to_gate(number)
    lena = await world.browser("lena")
    done = await lena.act(f"/cases/{number}", "acknowledge", "conflicted")

    assert done.status == 200, done.text
    assert (await lena.get(f"/cases/{number}")).status == 404


async def test_a_store_that_is_down_is_said_with_what_to_do(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503 with Retry-After, as a page and as JSON, and readiness says why."""

    async def down() -> None:
        raise StoreUnavailable("no disk")

    monkeypatch.setattr(world.store, "check", down)
    async with httpx.AsyncClient(base_url=world.url) as http:
        ready = await http.get("/readyz")
        metrics = await http.get("/metrics")

    assert ready.status_code == 503
    assert ready.json()["blocking"] == ["store: no disk"]
    assert "escalate_outbox_pending" in metrics.text


async def test_static_files_are_cached_and_pages_are_not(world: World) -> None:
    """One small style sheet, served by us."""
    async with httpx.AsyncClient(base_url=world.url) as http:
        sheet = await http.get("/static/escalate.css")

    assert sheet.status_code == 200
    assert sheet.headers["cache-control"].startswith("public")


async def outsider(world: World) -> str:
    """Somebody of the demo directory whose roles the default pathway does not know."""
    number = await world.store.cases.by_number("1001")
    assert number is not None
    view = await world.store.views.get(number.id)
    assert view is not None
    shelved = await world.doors.shelf.by_digest(str(view.state["digest"]))
    state = CasePicture.of(view.state)
    for person in (await world.doors.directory.snapshot()).people:
        who = await asking(world.doors, person.id)
        if not judged(world.doors, who, Look.READ, state, shelved.pathway).allowed:
            return person.id
    raise AssertionError("everybody of the demo has to do with the default pathway")
