"""Tasks that people set, through pages and API: for a role, for a person, in whose inbox."""

from datetime import UTC, datetime, timedelta

import httpx

from tests.gateway.world import Browser, World


def local(world: World, ahead: timedelta) -> str:
    """An instant as a form of the tests' people takes it: they live in Dublin, in winter."""
    return (datetime.now(UTC) + world.clock.ahead + ahead).strftime("%Y-%m-%dT%H:%M")


async def read(browser: Browser, path: str) -> httpx.Response:
    """The answer of the API to the person's program."""
    who = {"person": browser.person, "password": "demo"}
    token = (await browser.http.post("/api/login", json=who)).json()["token"]
    return await browser.http.get(path, headers={"Authorization": f"Bearer {token}"})


async def owed(browser: Browser) -> list[str]:
    """What waits on the person."""
    return [item["what"] for item in (await read(browser, "/api/inbox")).json()["mine"]]


async def owes(browser: Browser) -> bool:
    """Whether the task waits on the person."""
    return "task-1" in await owed(browser)


async def test_a_task_is_set_shown_handed_on_and_settled(world: World) -> None:
    """By the page: set for a role, in its inbox, given to a person of another, done with a note."""
    number = await world.case()
    path = f"/cases/{number}"
    imani = await world.browser("imani")
    confirm = await imani.confirm(
        path,
        "task",
        "before-closing",
        what="Ask the bank for the trail",
        owner="legal",
        due=local(world, timedelta(days=2)),
    )
    assert "waits for it" in confirm.text
    done = await imani.post(confirm.form("task", step="act"))
    assert done.status == 200, done.text
    lena = await world.browser("lena")
    await world.until(lambda: owes(lena))
    assert "Ask the bank for the trail" in (await imani.get(path)).text

    given = await lena.act(path, "hand-on", person="paula", reason="she knows the bank")
    assert given.status == 200, given.text
    paula = await world.browser("paula")
    await world.until(lambda: owes(paula))
    assert "task-1" not in await owed(lena)
    settled = await paula.act(path, "finish", "done", note="asked; answer in OPS-9")
    assert settled.status == 200, settled.text

    (task,) = (await world.picture(number))["tasks"]
    assert (task["owner"], task["person"], task["state"]) == ("policy", "paula", "done")
    assert "A task was given to somebody else" in (await imani.get(path)).text


async def test_a_task_for_somebody_nobody_knows_is_refused_at_the_door(world: World) -> None:
    """So is work assigned to them: it would be nobody's."""
    number = await world.case()
    imani = await world.browser("imani")
    due = (datetime.now(UTC) + timedelta(days=2)).isoformat()

    for body in (
        {"verb": "task", "what": "x", "person": "nobody", "due": due},
        {"verb": "assign", "role": "triage", "person": "nobody"},
    ):
        refused = await imani.api_act(number, body)
        assert (refused.status_code, refused.json()["error"]) == (403, "no-such-person")


async def test_a_task_opens_the_case_to_who_owes_it(world: World) -> None:
    """Somebody without a role in the runbook sees the case while the task is theirs."""
    number = await world.case()
    imani = await world.browser("imani")
    other = await world.browser("oona")
    due = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    path = f"/api/cases/{number}"
    assert (await read(other, path)).status_code == 404

    body = {"verb": "task", "what": "x", "owner": "triage", "person": "oona", "due": due}
    assert (await imani.api_act(number, body)).json()["outcome"] == "accepted"

    await world.until(lambda: owes(other))
    done = await other.api_act(number, {"verb": "finish", "task": "task-1", "reference": "OPS-1"})
    assert done.json()["outcome"] == "accepted"

    async def gone() -> bool:
        return (await read(other, path)).status_code == httpx.codes.NOT_FOUND

    await world.until(gone)
