"""What approvers do beyond a plain verdict, through pages and API: offered, shown, refused."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from runbooks.library import library
from tests.gateway.world import World
from tests.stores import release

GLASS = (
    library()["user-safety-escalation"]
    .replace(b"version: 1.0.0", b"version: 1.9.0", 1)
    .replace(
        b'    ask: "Is the proposed action lawful?"',
        b"    break-glass: {by: [incident-manager, executive], within: 30m, "
        b"review: {by: privacy, within: 24h}}\n"
        b'    ask: "Is the proposed action lawful?"',
        1,
    )
)
"""The default pathway, whose legal review two people can pass."""


def local(world: World, ahead: timedelta) -> str:
    """An instant as a form of the tests' people takes it: they live in Dublin, in winter."""
    return (datetime.now(UTC) + world.clock.ahead + ahead).strftime("%Y-%m-%dT%H:%M")


async def test_conditions_become_tasks_and_a_decision_is_taken_back(world: World) -> None:
    """Approved on a condition → a task on the page → met → the approval is taken back."""
    number = await world.case()
    await world.to_gate(number)
    path = f"/cases/{number}"
    lena = await world.browser("lena")
    confirm = await lena.confirm(
        path,
        "decide",
        "approve-with-conditions",
        c__1__what="Blur the faces first",
        c__1__owner="triage",
        c__1__due=local(world, timedelta(days=2)),
    )
    assert "Blur the faces first (triage, by" in confirm.text
    done = await lena.post(confirm.form("decide", step="act"))
    assert done.status == 200, done.text

    tessa = await world.browser("tessa")
    shown = await tessa.get(path)
    assert "Blur the faces first" in shown.text
    settled = await tessa.act(path, "finish", "done", note="blurred")
    assert settled.status == 200, settled.text
    picture = await world.picture(number)
    assert picture["tasks"][0]["state"] == "done"
    assert picture["stage"] == "policy-sign-off"

    back = await lena.act(path, "revoke", reason="a fact was wrong")
    assert back.status == 200, back.text
    picture = await world.picture(number)
    assert picture["stage"] == "legal-review"
    assert picture["rounds"][-1]["kind"] == "correction"
    page = await lena.get(path)
    assert "Taken back by lena" in page.text
    link = await world.link(number, "lena")
    decision = await lena.get(f"/a/{link}")
    assert "A decision was taken back" in decision.text
    assert "I need more information" not in decision.text


async def test_a_delegate_acts_for_whoever_said_they_are_away(world: World) -> None:
    """Said on the page, offered to the delegate, on record as both; nobody else can claim it."""
    number = await world.case()
    await world.to_gate(number)
    path = f"/cases/{number}"
    lena, pedro = await world.browser("lena"), await world.browser("pedro")
    assert not any(form.fields.get("verb") == "decide" for form in (await pedro.get(path)).forms())
    refused = await _act(world, "pedro", number, acting_for="lena", role="legal")
    assert (refused.status_code, refused.json()["error"]) == (403, "no-delegation")

    form = next(form for form in (await lena.get("/away")).forms() if form.action == "/away")
    said = await lena.post(
        form,
        since=local(world, -timedelta(hours=1)),
        until=local(world, timedelta(days=3)),
        delegate="pedro",
        role="legal",
    )
    assert "pedro" in said.text

    offered = (await pedro.get(path)).form("decide", acting_for="lena")
    confirm = await pedro.post(offered, "approve")
    assert "in the place of lena" in confirm.text
    done = await pedro.post(confirm.form("decide", step="act"))
    assert done.status == 200, done.text
    picture = await world.picture(number)
    (vote,) = picture["rounds"][0]["votes"]
    assert (vote["person"], vote["acting_for"], vote["role"]) == ("pedro", "lena", "legal")
    # He has spoken for Legal: at Policy's gate, which needs somebody else, he has no voice.
    assert picture["stage"] == "policy-sign-off"
    second = await _act(world, "pedro", number, gate="policy-sign-off", role="policy")
    assert (second.status_code, second.json()["error"]) == (403, "same-person")


@pytest.mark.hostile(14)
async def test_an_absence_that_hands_on_anothers_voice_is_refused(world: World) -> None:
    """Not for somebody else, not of roles one does not hold, not to oneself, not backwards."""
    until = "2126-01-01T00:00:00Z"
    soon = (await world.clock.now() + timedelta(days=3)).isoformat()
    async with _api(world, "imani") as api, _api(world, "lena") as lena:
        tries = [
            (lena, {"until": until}, "absence-length"),
            (lena, {"until": soon, "delegate": "nobody-known"}, "absence-person"),
            (lena, {"until": soon, "delegate": "luca", "roles": ["policy"]}, "absence-roles"),
            (lena, {"until": soon, "delegate": "lena"}, "absence-same-human"),
            (lena, {"until": soon, "person": "luca"}, "absence-of-another"),
            (lena, {"until": soon, "runbooks": ["no-such"]}, "absence-runbook"),
            (api, {"until": soon, "person": "luca", "delegate": "pedro"}, "absence-of-another"),
        ]
        for http, body, error in tries:
            answer = await http.post("/api/absences", json=body)
            assert answer.json()["error"] == error
        made = await api.post("/api/absences", json={"until": soon, "person": "luca"})
        assert (made.status_code, made.json()["set_by"]) == (201, "imani")
        absence = made.json()["id"]
        assert (await lena.get("/api/absences")).json()["absences"] == []
        assert (await lena.post(f"/api/absences/{absence}/end")).status_code == 404
        ended = await api.post(f"/api/absences/{absence}/end")
        assert ended.json()["ended_by"] == "imani"
        assert (await api.get("/api/absences")).json()["absences"] == []


async def test_two_break_the_glass_and_the_review_is_shown(world: World) -> None:
    """A second factor each, a second human, a task that gates closure on everybody's page."""
    await release(world.store, GLASS, await world.clock.now())
    number = await world.case()
    await world.to_gate(number)
    weak = await _act(world, "imani", number, verb="break-glass", reason="nobody answers")
    assert weak.json()["receipt"]["reason"] == "assurance"

    first = await _act(
        world, "imani", number, verb="break-glass", reason="nobody answers", code=True
    )
    assert first.status_code == 200, first.text
    emeka = await world.browser("emeka")
    page = await emeka.get(f"/cases/{number}")
    assert "imani waits for a second person" in page.text
    second = await _act(
        world, "emeka", number, verb="break-glass", reason="nobody answers", code=True
    )
    assert second.status_code == 200, second.text

    picture = await world.picture(number)
    assert picture["stage"] == "policy-sign-off"
    assert picture["tasks"][0]["origin"] == "break-glass"
    paula = await world.browser("paula")
    shown = await paula.get(f"/cases/{number}")
    assert "Broke the glass" in shown.text
    assert "Review that legal-review was passed" in shown.text
    overturned = await paula.act(
        f"/cases/{number}", "finish", "overturned", note="counsel was there"
    )
    assert overturned.status == 200, overturned.text
    assert (await world.picture(number))["rounds"][-1]["kind"] == "correction"


async def test_an_old_link_shows_what_changed(world: World) -> None:
    """It decides nothing, and says which fact became what."""
    number = await world.case()
    await world.to_gate(number)
    link = await world.link(number, "lena")
    tessa, lena = await world.browser("tessa"), await world.browser("lena")
    await tessa.act(
        f"/cases/{number}",
        "evidence",
        label="chat",
        reference="store://1",
        digest="a" * 64,
    )

    page = await lena.get(f"/a/{link}")

    assert page.status == 409
    assert "What changed: evidence: “nothing” → “chat " in page.text
    fresh = await lena.get(f"/a/{await world.link(number, 'lena')}")
    assert "Changed since the last round" in fresh.text


def _api(world: World, person: str) -> "_Api":
    return _Api(world, person)


class _Api:
    """A person's client of the API."""

    def __init__(self, world: World, person: str, *, code: bool = False) -> None:
        self._world, self._person, self._code = world, person, code
        self._http = httpx.AsyncClient(base_url=world.url, timeout=30)

    async def __aenter__(self) -> httpx.AsyncClient:
        proof = {"person": self._person, "password": "demo"}
        if self._code:
            proof["totp"] = self._world.code(self._person)
        answer = await self._http.post("/api/login", json=proof)
        assert answer.status_code == 200, answer.text
        self._http.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        return self._http

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()


async def _act(
    world: World,
    person: str,
    number: str,
    *,
    verb: str = "decide",
    gate: str = "legal-review",
    role: str = "",
    acting_for: str = "",
    reason: str = "",
    code: bool = False,
) -> httpx.Response:
    """An act at a gate as a program would send it."""
    round_ = (await world.picture(number))["rounds"][-1]
    assert round_["gate"] == gate
    body: dict[str, Any] = {"verb": verb, "gate": gate, "reason": reason}
    if verb == "decide":
        body["verdict"] = "approve"
    async with _Api(world, person, code=code) as http:
        return await http.post(
            f"/api/cases/{number}/acts",
            json={
                "body": body,
                "act_id": str(uuid.uuid4()),
                "role": role,
                "acting_for": acting_for,
                "door": "api",
                "binding": {
                    "gate": gate,
                    "round": round_["number"],
                    "revision": round_["revision"],
                    "content_hash": round_["content_hash"],
                    "nonce": round_["nonce"],
                },
            },
        )
