"""What people say about a case: read by whom it is for, and by nobody else in any way out."""

import httpx

from cases.comments import Comment
from cases.envelope import Act
from cases.journal import Stream
from tests.gateway.world import Browser, World

SECRET = "our position is weak"


async def read(browser: Browser, path: str) -> httpx.Response:
    """The answer of the API to the person's program."""
    who = {"person": browser.person, "password": "demo"}
    token = (await browser.http.post("/api/login", json=who)).json()["token"]
    return await browser.http.get(path, headers={"Authorization": f"Bearer {token}"})


async def words(browser: Browser, number: str) -> list[str | None]:
    """The texts of the case's comments, as the person reads them."""
    answer = (await read(browser, f"/api/cases/{number}/comments")).json()
    return [each["text"] for each in answer["comments"]]


async def test_a_comment_is_read_by_those_it_is_for(world: World) -> None:
    """By the page and the API: who runs the case reads no privileged one, its writer does."""
    number = await world.case()
    path = f"/cases/{number}"
    tessa = await world.browser("tessa")
    done = await tessa.act(path, "comment", text="two reports agree")
    assert done.status == 200, done.text
    done = await tessa.act(path, "comment", "privileged", text=SECRET, restricted_to="legal")
    assert done.status == 200, done.text

    lena, imani = await world.browser("lena"), await world.browser("imani")

    async def both() -> bool:
        return len(await words(lena, number)) == 2

    await world.until(both)

    assert await words(tessa, number) == ["two reports agree", SECRET]
    assert await words(lena, number) == ["two reports agree", SECRET]
    assert await words(imani, number) == ["two reports agree", None]
    assert SECRET in (await lena.get(path)).text
    shown = (await imani.get(path)).text
    assert SECRET not in shown
    assert "For legal only" in shown
    assert "two reports agree" in shown


async def test_the_words_are_nowhere_but_at_the_door_sealed(world: World) -> None:
    """Not in the signed act, the journal, the picture, a notice or what a subscriber is sent."""
    number = await world.case()
    tessa = await world.browser("tessa")
    act_id = "6f1d1c1e-0b5e-4b8e-9f55-0f3f6d2c9a11"
    body = {"verb": "comment", "text": SECRET, "restricted_to": ["legal"]}

    first = await tessa.api_act(number, body, act_id=act_id)
    again = await tessa.api_act(number, body, act_id=act_id)

    assert (first.status_code, again.json()) == (200, first.json())
    view = await world.view(number)
    assert view is not None
    case, store = view.line.case, world.store
    signed = (await store.acts.show(act_id)).envelope
    entries = [
        entry
        for stream in (Stream.CASE, Stream.DOOR)
        for entry in await store.journal.entries(case, stream=stream)
    ]
    said = [signed.payload, *(entry.data.decode() for entry in entries), str(view.state)]
    assert all(SECRET not in text for text in said)
    kept = await store.comments.of_case(case)
    assert [each.text for each in kept.values()] == [SECRET]
    body_signed = Act.model_validate_json(signed.payload).body
    assert isinstance(body_signed, Comment)
    assert list(kept) == [body_signed.digest]


async def test_what_is_privileged_says_for_whom(world: World) -> None:
    """And a role that the runbook does not know reads nothing: it is refused, and not kept."""
    number = await world.case()
    tessa = await world.browser("tessa")

    for body, why in (
        ({"text": SECRET, "privileged": True}, "no-readers"),
        ({"text": SECRET, "restricted_to": ["strangers"]}, "role"),
        ({"text": " "}, "reason-required"),
    ):
        refused = await tessa.api_act(number, {"verb": "comment", **body})
        said = refused.json()
        assert (said.get("error") or said["receipt"]["reason"]) == why
    assert await words(tessa, number) == []
