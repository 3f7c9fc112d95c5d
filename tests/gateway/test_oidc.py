"""Log-in at a real OpenID provider: who gets in, with which proof, and how it ends."""

import asyncio
import json
import os
import re
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from datetime import timedelta
from html import unescape
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Page as BrowserPage
from playwright.async_api import async_playwright

from cases.journal import Kind
from docs.make_pictures import FLAGS
from gateway.provider_logins import challenge_of
from gateway.web import csrf_of
from runbooks.plan import Assurance
from store import Store
from tests.docs.test_browser import is_fit
from tests.gateway.openid_world import (
    NAME,
    callback_of,
    openid_world,
    person,
    prove,
    sign_in,
    status_of,
)
from tests.gateway.test_api import change_gate
from tests.gateway.world import Browser, Page, World
from tests.servers.openid import CODE, PASSWORD, OpenIdProvider

pytestmark = pytest.mark.oidc


@pytest.fixture
async def world(
    store: Store, tmp_path: Path, openid_provider: OpenIdProvider
) -> AsyncIterator[World]:
    """The gateway, and the provider its people log in at; no runbook is live."""
    async with openid_world(store, tmp_path, openid_provider, runbooks=False) as made:
        yield made


@pytest.fixture
async def desk(
    store: Store, tmp_path: Path, openid_provider: OpenIdProvider
) -> AsyncIterator[World]:
    """The same, with runbooks that cases walk."""
    async with openid_world(store, tmp_path, openid_provider) as made:
        yield made


async def test_roles_come_from_the_provider_s_claims(world: World) -> None:
    """Log-in by code flow; groups give the roles; the session is closed to scripts."""
    lena = await person(world, "lena")
    page = await lena.get("/login?next=/")
    assert f"Log in at {NAME}" in page.text
    assert "Password" not in page.text

    home = await sign_in(lena)

    assert "What waits on you" in home.text
    assert (await world.doors.directory.person("lena")).roles == {"legal"}
    cookie = next(c for c in lena.http.cookies.jar if c.name == "escalate-session")
    assert cookie.has_nonstandard_attr("HttpOnly")
    (session,) = await world.store.sessions.of_person("lena", at=await world.clock.now())
    assert session.assurance is Assurance.L1
    assert session.account is not None
    assert session.account.subject == "account-lena"


async def test_somebody_the_file_does_not_list_gets_in_by_their_groups(world: World) -> None:
    """The provider's people need no entry here; what is known of them is what it says."""
    nadia = await person(world, "nadia")
    assert "What waits on you" in (await sign_in(nadia)).text

    found = await world.doors.directory.person("nadia")
    assert found.email == "nadia@provider.example"
    assert found.roles == {"legal"}


async def test_a_link_is_decided_after_log_in_and_a_second_factor(desk: World) -> None:
    """Link → provider → question → provider again → what was written → confirm → L2 vote."""
    lena = await person(desk, "lena")
    number = await to_gate(desk)
    link = await desk.link(number, "lena")
    login = await lena.get(f"/a/{link}")
    assert number not in login.text

    question = await sign_in(lena, f"/login/provider?next=/a/{link}")
    assert str(question.response.url).endswith(link)
    step_up = await lena.post(question.form("decide"), "reject", reason="canary reason")
    proved = await prove(lena, step_up)
    assert "You have proved yourself" in proved.text
    confirm = await lena.post(proved.form("decide"))
    assert "canary reason" in confirm.text
    done = await lena.post(confirm.form("decide", step="act"))

    assert done.status == 200, done.text
    vote = (await desk.picture(number))["rounds"][0]["votes"][0]
    assert (vote["person"], vote["assurance"]) == ("lena", "L2")


async def test_one_factor_is_not_enough_for_l2(desk: World) -> None:
    """The provider asked again, and got a password only."""
    lena = await person(desk, "lena")
    number = await to_gate(desk)
    await sign_in(lena)
    page = await lena.get(f"/cases/{number}")
    step_up = await lena.post(page.form("decide"), "approve")

    refused = await prove(lena, step_up, code="")

    assert status_of(refused.response) == (403, "no-second-factor")
    (session,) = await desk.store.sessions.of_person("lena", at=await desk.clock.now())
    assert session.stepped_up_at is None


async def test_somebody_else_s_second_factor_proves_nothing(desk: World) -> None:
    """A colleague's proof at the same provider does not raise my session; it is on record."""
    lena = await person(desk, "lena")
    number = await to_gate(desk)
    await sign_in(lena)
    page = await lena.get(f"/cases/{number}")
    step_up = await lena.post(page.form("decide"), "approve")

    refused = await prove(lena, step_up, account="nadia")

    assert status_of(refused.response) == (403, "another-person")
    record = await desk.store.door_record.entries(person="lena")
    assert record[-1].kind is Kind.DOOR_SESSION_REFUSED
    assert record[-1].body["proved"] == "nadia"


async def test_a_second_factor_grows_old(desk: World) -> None:
    """Logged in with a code: L2 at once, and L1 again after the window."""
    lena = await person(desk, "lena")
    await sign_in(lena, code=CODE)
    number = await to_gate(desk)
    shown = (await lena.get(f"/api/cases/{number}")).status
    assert shown == 401  # A cookie opens no API.
    page = await lena.get(f"/cases/{number}")
    assert "Confirm" in (await lena.post(page.form("decide"), "approve")).text

    desk.clock.ahead = timedelta(minutes=6)
    page = await lena.get(f"/cases/{number}")
    assert "Prove your second factor" in (await lena.post(page.form("decide"), "approve")).text


async def test_a_person_without_roles_stays_out(world: World) -> None:
    """None of their groups is mapped: refused, on record, and no name is taken by it."""
    rolf = await person(world, "rolf")

    refused = await sign_in(rolf)

    assert status_of(refused.response) == (403, "no-roles")
    assert [e.body["why"] for e in await world.store.door_record.entries(person="rolf")] == [
        "no-roles"
    ]
    assert await world.store.claimed.all() == ()


async def test_roles_taken_away_are_gone_at_the_next_proof(
    world: World, openid_provider: OpenIdProvider
) -> None:
    """Who proves themselves again is told of anew: the other sessions lose the roles as well."""
    nadia = await person(world, "nadia")
    await sign_in(nadia)
    try:
        openid_provider.give_groups("account-nadia", "grp-other")
        again = await person(world, "nadia-elsewhere")
        refused = await sign_in(again, account="nadia")
        assert status_of(refused.response) == (403, "no-roles")
        assert (await world.doors.directory.person("nadia")).roles == frozenset()
    finally:
        openid_provider.give_groups("account-nadia", "grp-legal")


async def test_a_name_given_to_another_account_opens_nothing(world: World) -> None:
    """The account is who somebody is; its name at the provider may go to somebody else one day."""
    lena, other = await person(world, "lena"), await person(world, "other-lena")
    await sign_in(lena)

    refused = await sign_in(other)

    assert status_of(refused.response) == (403, "person-taken")


async def test_an_unknown_person_stays_out_where_the_file_gives_roles(
    store: Store, tmp_path: Path, openid_provider: OpenIdProvider
) -> None:
    """Without a map of roles the file says who is one of us, and what they may do."""
    async with openid_world(store, tmp_path, openid_provider, roles={}) as world:
        nadia, lena = await person(world, "nadia"), await person(world, "lena")
        assert status_of((await sign_in(nadia)).response) == (403, "person-unknown")
        assert "What waits on you" in (await sign_in(lena)).text
        assert "legal" in (await world.doors.directory.person("lena")).roles


async def test_a_state_works_once_and_in_its_own_browser(world: World) -> None:
    """Replayed, in another browser, made up, or too old: each is refused with its reason."""
    lena, thief = await person(world, "lena"), await person(world, "thief")
    callback = await callback_of(lena)

    stolen = await thief.http.get(callback)
    assert status_of(stolen) == (403, "other-browser")
    assert (await lena.http.get(callback)).status_code == 303
    lena.http.cookies.delete("escalate-session")
    assert status_of(await lena.http.get(callback))[1] in ("log-in-used", "other-browser")
    assert status_of(await lena.http.get("/login/callback?state=x&code=y")) == (
        403,
        "log-in-unknown",
    )
    late = await callback_of(thief, account="lena")
    world.clock.ahead = timedelta(minutes=11)
    assert status_of(await thief.http.get(late)) == (403, "log-in-unknown")


async def test_a_callback_of_another_provider_is_refused(world: World) -> None:
    """The answer says whom it comes from (RFC 9207); another name, or none, is no answer."""
    for changed in ("", "&iss=https%3A%2F%2Fevil.example"):
        lena = await person(world, f"lena{len(changed)}")
        callback = await callback_of(lena, account="lena")
        without = callback.partition("&iss=")[0]
        assert status_of(await lena.http.get(without + changed)) == (403, "wrong-issuer")


async def test_clocks_that_differ_too_much_let_nobody_in(world: World) -> None:
    """The provider's token lies in our past or future: the page says what to look at."""
    lena = await person(world, "lena")
    callback = await callback_of(lena)
    world.clock.ahead = timedelta(minutes=-5)

    assert status_of(await lena.http.get(callback)) == (403, "clock-skew")


async def test_after_log_in_one_s_own_pages_only(world: World) -> None:
    """`next` on another site, or with a trick in it, leads to the inbox."""
    lena = await person(world, "lena")
    for number, onward in enumerate(("https://evil.example/", "//evil.example", "/\\evil")):
        browser = await person(world, f"lena-{number}")
        home = await sign_in(browser, f"/login/provider?next={onward}", account="lena")
        assert str(home.response.url) == f"{world.url}/"
    assert (await lena.get("/login/provider?next=/a/x")).status == 303


async def test_a_new_log_in_ends_the_former_one(world: World) -> None:
    """The session changes at log-in: a token planted or seen before is worth nothing after."""
    lena = await person(world, "lena")
    await sign_in(lena)
    former = lena.http.cookies["escalate-session"]

    await sign_in(lena)

    assert lena.http.cookies["escalate-session"] != former
    assert await world.store.sessions.find(former, at=await world.clock.now()) is None


async def test_passwords_are_not_taken_beside_the_provider(world: World) -> None:
    """Neither on the page nor through the API, however right."""
    lena = await person(world, "lena")
    visit = lena.http.cookies.get("escalate-visit") or ""
    if not visit:
        await lena.get("/login")
        visit = lena.http.cookies["escalate-visit"]
    fields = {"csrf": csrf_of(visit), "person": "lena", "password": "demo", "next": "/"}
    assert (await lena.http.post("/login", data=fields)).status_code == 403
    answer = await lena.http.post("/api/login", json={"person": "lena", "password": "demo"})
    assert (answer.status_code, answer.json()["error"]) == (403, "no-passwords")


async def test_log_ins_are_listed_and_ended(world: World) -> None:
    """Mine by me, anybody's by who runs cases, nobody's by others; all of it is on record."""
    lena, again, imani = (
        await person(world, "lena"),
        await person(world, "lena-phone"),
        await person(world, "imani"),
    )
    await sign_in(lena)
    await sign_in(again, account="lena")
    await sign_in(imani)

    page = await lena.get("/sessions")
    assert page.text.count("A browser") == 2
    assert (await lena.get("/sessions/imani")).status == 404
    await lena.post(next(f for f in page.forms() if f.fields.get("session") == "all"))
    assert (await again.get("/")).status == 303
    assert (await lena.get("/")).status == 200
    others = await imani.get("/sessions/lena")
    await imani.post(next(f for f in others.forms() if "session" in f.fields))
    assert (await lena.get("/")).status == 303

    record = await world.store.door_record.entries(person="lena")
    ends = [e.body for e in record if e.kind is Kind.DOOR_SESSION_ENDED]
    assert [end["by"] for end in ends] == ["lena", "imani"]
    assert await world.store.door_record.check() == 5


async def test_the_provider_s_log_out_ends_the_session_here(
    world: World, openid_provider: OpenIdProvider
) -> None:
    """Back-channel: whoever logs out at the provider is logged out here, without a page of ours."""
    lena = await person(world, "lena")
    await sign_in(lena)
    kept = lena.http.cookies["escalate-session"]
    page = await lena.http.get(f"{openid_provider.issuer}/session/end")
    asked = Page(page).forms()[0]
    done = await lena.http.post(
        asked.action, data={**asked.fields, "logout": "yes"}, follow_redirects=True
    )
    assert done.status_code == 200

    async def ended() -> bool:
        return await world.store.sessions.find(kept, at=await world.clock.now()) is None

    assert await world.until(ended)
    why = [e.body.get("why") for e in await world.store.door_record.entries(person="lena")]
    assert why[-1] == "ended-by-provider"


async def test_a_log_out_by_anybody_else_is_refused(world: World) -> None:
    """No token, or junk for one, ends nothing."""
    async with httpx.AsyncClient(base_url=world.url) as http:
        for token in ("", "junk", "a.b.c"):
            answer = await http.post("/login/back-channel", data={"logout_token": token})
            assert answer.status_code == 400


async def test_logged_out_here_says_how_to_log_out_there(world: World) -> None:
    """The provider's own session goes on; the page says so and leads there."""
    lena = await person(world, "lena")
    await sign_in(lena)
    home = await lena.get("/")

    page = await lena.post(next(form for form in home.forms() if form.action == "/logout"))

    assert "You are logged out here" in page.text
    assert "/session/end?client_id=" in page.response.text


async def test_a_terminal_is_let_in_by_the_browser(world: World) -> None:
    """The code works once, for the secret's holder, while the browser's session holds."""
    lena = await person(world, "lena")
    verifier = "v" * 64
    path = f"/login/terminal/l1/{challenge_of(verifier)}/{'s' * 22}/0"
    asked = await sign_in(lena, f"/login/provider?next={path}")
    assert "Let a terminal act as you?" in asked.text
    form = next(form for form in asked.forms() if form.action == path)

    async def code() -> str:
        page = await lena.post(form)
        return page.response.text.partition('<code class="code">')[2].partition("<")[0]

    async def enter(code: str, verifier: str) -> httpx.Response:
        content = {"code": code, "verifier": verifier}
        return await lena.http.post("/api/login/code", json=content)

    first = await code()
    assert (await enter(first, "w" * 64)).status_code == 401
    assert (await enter(first, verifier)).status_code == 401  # It has been used.
    entered = await enter(await code(), verifier)
    assert entered.status_code == 200, entered.text
    bearer = {"Authorization": f"Bearer {entered.json()['token']}"}
    mine = (await lena.http.get("/api/sessions", headers=bearer)).json()
    assert sorted(each["door"] for each in mine["sessions"]) == ["cli", "page"]
    last = await code()
    await world.store.sessions.revoke(
        lena.http.cookies["escalate-session"], at=await world.clock.now()
    )
    assert (await enter(last, verifier)).status_code == 401


async def test_a_terminal_that_needs_l2_sends_the_browser_to_prove_it(world: World) -> None:
    """`escalate login --second-factor`: the browser steps up first, the terminal has its age."""
    lena = await person(world, "lena")
    verifier = "v" * 64
    path = f"/login/terminal/l2/{challenge_of(verifier)}/{'s' * 22}/40000"
    step_up = await sign_in(lena, f"/login/provider?next={path}")
    asked = await prove(lena, step_up)
    page = await lena.post(next(form for form in asked.forms() if form.action == path))

    assert "http://127.0.0.1:40000/?code=" in page.response.text
    code = page.response.text.partition("?code=")[2].partition("&")[0]
    entered = await lena.http.post("/api/login/code", json={"code": code, "verifier": verifier})
    assert entered.json()["assurance"] == "L2"


async def test_a_device_log_in_is_finished_at_the_provider(
    world: World, openid_provider: OpenIdProvider
) -> None:
    """RFC 8628: pending, then a token, then nothing more; asked too often it says slow down."""
    lena = await person(world, "lena")
    begun = (await lena.http.post("/api/login/device")).json()
    handle = {"handle": begun["handle"]}
    pending = await lena.http.post("/api/login/device/token", json=handle)
    assert (pending.status_code, pending.json()["slow_down"]) == (202, False)
    hurried = await lena.http.post("/api/login/device/token", json=handle)
    assert hurried.json()["slow_down"] is True

    page = Page(await lena.http.get(begun["url"]))
    form = page.forms()[0]
    page = Page(await lena.http.post(form.action, data=form.fields, follow_redirects=True))
    if "Log in at the provider" not in page.text:
        form = page.forms()[0]
        page = Page(await lena.http.post(form.action, data=form.fields, follow_redirects=True))
    await sign_in(lena, str(page.response.url))
    world.clock.ahead = timedelta(seconds=6)
    entered = await lena.http.post("/api/login/device/token", json=handle)

    assert entered.status_code == 200, entered.text
    assert entered.json()["person"] == "lena"
    again = await lena.http.post("/api/login/device/token", json=handle)
    assert (again.status_code, again.json()["error"]) == (403, "log-in-unknown")


async def test_what_is_kept_of_a_log_in_holds_no_words_in_clear(desk: World) -> None:
    """What a person had written lies sealed while they are at the provider (I13)."""
    lena = await person(desk, "lena")
    number = await to_gate(desk)
    await sign_in(lena)
    page = await lena.get(f"/cases/{number}")
    await lena.post(page.form("decide"), "reject", reason="canary-4711 words of a lawyer")
    file = desk.store.database.file
    assert file is not None

    for path in file.parent.glob(f"{file.name}*"):
        assert b"canary-4711" not in path.read_bytes()
    assert "canary" not in json.dumps(
        [e.model_dump(mode="json") for e in await desk.store.door_record.entries()]
    )


async def test_a_person_is_bound_anew_by_who_runs_cases(world: World) -> None:
    """Forgetting ends their log-ins and frees the name; nobody may do it to themselves."""
    lena, other, imani = (
        await person(world, "lena"),
        await person(world, "other-lena"),
        await person(world, "imani"),
    )
    await sign_in(lena)
    await sign_in(imani)

    async def forget(by: Browser, whom: str) -> int:
        headers = {"Authorization": f"Bearer {by.http.cookies['escalate-session']}"}
        answer = await by.http.post("/api/sessions/forget", json={"person": whom}, headers=headers)
        return answer.status_code

    assert await forget(lena, "imani") == 403
    assert await forget(imani, "imani") == 403
    assert await forget(imani, "nobody") == 404
    assert await forget(imani, "lena") == 200

    assert (await lena.get("/")).status == 303
    assert "What waits on you" in (await sign_in(other)).text
    assert status_of((await sign_in(lena)).response) == (403, "person-taken")
    kinds = [e.kind for e in await world.store.door_record.entries(person="lena")]
    assert kinds[:3] == [
        Kind.DOOR_SESSION_OPENED,
        Kind.DOOR_SESSION_ENDED,
        Kind.DOOR_SESSION_FORGOTTEN,
    ]


@pytest.mark.browser
async def test_a_browser_decides_at_l2_through_the_provider(desk: World, chromium: Path) -> None:
    """A phone without scripts: link, log-in, question, second factor, confirm, receipt."""
    number = await to_gate(desk)
    link = await desk.link(number, "lena")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        context = await browser.new_context(
            viewport={"width": 390, "height": 844}, base_url=desk.url, java_script_enabled=False
        )
        page = await context.new_page()

        await page.goto(f"/a/{link}")
        await is_fit(page)
        await page.get_by_role("link", name=f"Log in at {NAME}").click()
        await at_provider(page)
        assert page.url == f"{desk.url}/a/{link}"
        await page.get_by_role("button", name="Lawful", exact=True).click()
        await is_fit(page)
        await page.get_by_role("link", name=f"Prove it at {NAME}").click()
        await at_provider(page, code=CODE)
        await is_fit(page)
        await page.get_by_role("button", name="Go on").click()
        assert "level L2" in await page.inner_text("main")
        await page.get_by_role("button", name="Lawful").click()
        await page.wait_for_load_state()
        assert "Your act counts." in await page.inner_text("main")

        await page.goto("/sessions")
        await is_fit(page)
        assert "Second factor given" in await page.inner_text("main")
        cookies = {each["name"]: each for each in await context.cookies(desk.url)}
        assert cookies["escalate-session"]["sameSite"] == "Lax"
        assert cookies["escalate-session"]["httpOnly"] is True
        await browser.close()
    vote = (await desk.picture(number))["rounds"][0]["votes"][0]
    assert vote["assurance"] == "L2"


async def at_provider(page: BrowserPage, *, code: str = "") -> None:
    """The provider's own page, filled in."""
    await page.get_by_label("Account").fill("lena")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_label("One-time code").fill(code)
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_load_state()


async def test_the_command_line_logs_in_through_a_browser(
    world: World, tmp_path: Path, openid_provider: OpenIdProvider
) -> None:
    """`escalate login` opens a browser, waits at the loopback address, and is let in."""
    lena = await person(world, "lena")
    asked = tmp_path / "asked"
    opener = tmp_path / "open.sh"
    opener.write_text(f'#!/bin/sh\nprintf %s "$1" > {asked}.new && mv {asked}.new {asked}\n')
    opener.chmod(0o700)
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "BROWSER": str(opener),
    }
    command = [str(Path(sys.executable).with_name("escalate")), "login"]
    running = await asyncio.create_subprocess_exec(
        *command, "--url", world.url, "--json", env=environ, stdout=PIPE, stderr=PIPE
    )

    async def opened() -> bool:
        return asked.exists()

    await world.until(opened, seconds=60)
    path = asked.read_text().removeprefix(world.url)
    page = await sign_in(lena, f"/login/provider?next={path}")
    handed = await lena.post(next(form for form in page.forms() if form.action == path))
    found = re.search(r'href="(http://127.0.0.1:[0-9]+/[?]code=[^"]*)"', handed.response.text)
    assert found is not None, handed.text
    wrong = await lena.http.get(unescape(found[1]).replace("&state=", "&state=x"))
    assert wrong.status_code == 404
    assert "logged in" in (await lena.http.get(unescape(found[1]))).text
    out, errors = await running.communicate()

    assert running.returncode == 0, errors
    assert json.loads(out)["person"] == "lena"
    listed = await asyncio.create_subprocess_exec(
        *command, "--sessions", "--json", env=environ, stdout=PIPE, stderr=PIPE
    )
    said = json.loads((await listed.communicate())[0])
    assert [each["door"] for each in said["sessions"] if each["this"]] == ["cli"]
    ending = await asyncio.create_subprocess_exec(
        *command, "--revoke", "all", env=environ, stdout=PIPE, stderr=PIPE
    )
    assert b"1 log-ins of lena have ended." in (await ending.communicate())[0]
    assert (await lena.get("/")).status == 303


async def to_gate(world: World) -> str:
    """A case that waits at a legal review which asks for L2."""
    number = await world.case()
    tessa = await person(world, "tessa")
    at = await world.clock.now()
    new = await world.store.sessions.create(
        person="tessa", assurance=Assurance.L1, at=at, expires_at=at + timedelta(hours=1)
    )
    tessa.http.cookies.set("escalate-session", new.token)
    await world.to_gate(number)
    change_gate(world, number, assurance=Assurance.L2)
    return number
