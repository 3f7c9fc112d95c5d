"""The JSON doors of the command line: the same acts, a bearer token."""

import json
import uuid
from typing import Any

import httpx
import pytest

from gateway.shelf import Shelved
from runbooks import library
from runbooks.plan import Assurance, Votes
from tests.gateway.world import World


class Cli:
    """What `escalate login` would hold."""

    def __init__(self, http: httpx.AsyncClient, token: str) -> None:
        self.http = http
        self.headers = {"authorization": f"Bearer {token}"}

    async def get(self, path: str) -> Any:
        """The JSON answer."""
        response = await self.http.get(path, headers=self.headers)
        assert response.status_code == 200, response.text
        return response.json()

    async def act(self, number: str, **content: Any) -> httpx.Response:
        """An act."""
        content = {"act_id": str(uuid.uuid4()), **content}
        return await self.http.post(f"/api/cases/{number}/acts", json=content, headers=self.headers)


async def cli(world: World, http: httpx.AsyncClient, person: str, totp: str = "") -> Cli:
    """A logged-in command line."""
    content = {"person": person, "password": "demo", "totp": totp}
    response = await http.post("/api/login", json=content)
    assert response.status_code == 200, response.text
    return Cli(http, response.json()["token"])


@pytest.fixture
async def http(world: World) -> Any:
    """A client of the gateway."""
    async with httpx.AsyncClient(base_url=world.url, timeout=30) as opened:
        yield opened


async def test_a_case_is_opened_worked_and_decided_from_the_command_line(
    world: World, http: httpx.AsyncClient
) -> None:
    """Report, inbox, act, decide with the shown binding, timeline."""
    tessa = await cli(world, http, "tessa")
    report = {"id": "c-1", "source": "cli", "type": "escalate.report.opened", "data": {}}
    opened = await http.post("/api/reports", json=report, headers=tessa.headers)
    assert opened.status_code == 202
    number = opened.json()["case"]
    await world.until(lambda: world.view(number))

    inbox = await tessa.get("/api/inbox")
    assert [item["number"] for item in inbox["mine"]] == [number]
    body = {"verb": "complete", "stage": "triage", "outcome": "escalate"}
    done = await tessa.act(number, body=body)
    assert done.json()["outcome"] == "accepted", done.text

    lena = await cli(world, http, "lena")
    shown = await lena.get(f"/api/cases/{number}")
    decide = next(item for item in shown["allowed"] if item["verb"] == "decide")
    verdict = {"verb": "decide", "gate": "legal-review", "verdict": "approve"}
    unbound = await lena.act(number, body=verdict)
    assert unbound.status_code == 422
    bound = await lena.act(number, body=verdict, binding=decide["binding"])
    assert (bound.status_code, bound.json()["says"]) == (200, "Your act counts.")
    timeline = await lena.get(f"/api/cases/{number}/timeline")
    kinds = [entry["kind"] for entry in timeline["entries"]]
    assert "gate:vote:cast" in kinds
    assert "door:act:answered" in kinds


async def test_the_command_line_needs_a_token(world: World, http: httpx.AsyncClient) -> None:
    """No cookie, no other scheme, no made-up token."""
    for headers in ({}, {"authorization": "Bearer " + "x" * 43}, {"authorization": "Basic eDp5"}):
        for path in ("/api/inbox", "/api/cases", "/api/cases/1001"):
            assert (await http.get(path, headers=headers)).status_code == 401
    tessa = await world.browser("tessa")
    assert (await tessa.http.get("/api/inbox")).status_code == 401


async def test_an_act_by_api_waits_while_the_engine_is_down(
    world: World, http: httpx.AsyncClient
) -> None:
    """202 with the sentence, and the same id asked again has the receipt."""
    number = await world.case()
    tessa = await cli(world, http, "tessa")
    world.engine.down = True
    act = {"act_id": str(uuid.uuid4()), "body": {"verb": "raise", "to": "triage", "reason": "x"}}

    recorded = await tessa.act(number, **act)
    assert (recorded.status_code, recorded.json()["outcome"]) == (202, "recorded")
    world.engine.down = False

    async def answered() -> bool:
        outcome: str = (await tessa.act(number, **act)).json()["outcome"]
        return outcome == "accepted"

    await world.until(answered, seconds=20)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"body": {"verb": "fly"}, "act_id": "x"}', b"\xff", b'{"act_id": 1}'],
)
async def test_malformed_acts_are_refused_with_the_place(
    world: World, http: httpx.AsyncClient, content: bytes
) -> None:
    """4xx and never 500; no value is repeated."""
    number = await world.case()
    tessa = await cli(world, http, "tessa")
    response = await http.post(f"/api/cases/{number}/acts", content=content, headers=tessa.headers)

    assert response.status_code in (400, 422)
    assert response.json()["mend"]


async def test_a_round_overtaken_by_new_facts_is_not_called_decided(
    world: World, http: httpx.AsyncClient
) -> None:
    """Until the severity table has answered, nothing is asked and nothing was decided."""
    number = await world.case()
    await world.to_gate(number)
    lena, tessa = await cli(world, http, "lena"), await cli(world, http, "tessa")
    world.engine.judges = False
    await tessa.act(number, body={"verb": "answer", "answers": {"kind": "fraud"}})

    path = f"/api/cases/{number}/rounds/legal-review"
    early = await http.get(path, headers=lena.headers)
    await world.engine.judge()

    assert (early.status_code, early.json()["error"]) == (409, "link-superseded")
    assert (await lena.get(path))["binding"]["round"] == 2


async def test_blind_votes_are_hidden_until_one_has_voted(
    world: World, http: httpx.AsyncClient
) -> None:
    """Pages, JSON and timeline show no verdict of an open blind round before one's own."""
    number = await world.case()
    await world.to_gate(number)
    make_blind(world, number, Votes.BLIND)
    lena, luca = await cli(world, http, "lena"), await cli(world, http, "luca")
    await vote(lena, number, "reject", "because of the canary reason")

    hidden = await luca.get(f"/api/cases/{number}")
    lines = await luca.get(f"/api/cases/{number}/timeline")
    page = await (await world.browser("luca")).get(f"/cases/{number}")
    assert hidden["state"]["rounds"][0]["votes"] == []
    for text in (json.dumps(hidden), json.dumps(lines), page.response.text):
        assert "canary reason" not in text
    assert "hidden until you have voted" in page.text
    own = await lena.get(f"/api/cases/{number}")
    assert len(own["state"]["rounds"][0]["votes"]) == 1
    await vote(luca, number, "approve", "")
    after = await luca.get(f"/api/cases/{number}")
    assert "canary reason" in json.dumps(after)


async def test_a_gate_that_needs_a_second_factor_leads_through_it(
    world: World, http: httpx.AsyncClient
) -> None:
    """Press the button, prove the factor, find what was written, confirm, decide."""
    number = await world.case()
    await world.to_gate(number)
    change_gate(world, number, assurance=Assurance.L2)
    lena = await world.browser("lena")
    page = await lena.get(f"/cases/{number}")

    step_up = await lena.post(page.form("decide"), "reject", reason="not allowed there")
    assert "Prove your second factor" in step_up.text
    form = next(form for form in step_up.forms() if form.action == "/step-up")
    wrong = await lena.post(form, code="000000")
    assert wrong.status == 401
    again = next(form for form in wrong.forms() if form.action == "/step-up")
    confirm = await lena.post(again, code=world.code("lena"))
    assert "Confirm: Not lawful" in confirm.text
    assert "not allowed there" in confirm.text
    done = await lena.post(confirm.form("decide", step="act"))
    assert done.status == 200, done.text
    assert (await world.picture(number))["rounds"][0]["votes"][0]["assurance"] == "L2"


def make_blind(world: World, number: str, votes: Any) -> None:
    """The gate of this case needs two votes, and hides them."""
    change_gate(world, number, votes=votes, approve={"legal": 2}, reject={"legal": 2})
    running = next(c for c in world.engine.cases.values() if c.request.number == number)
    round_ = running.file.state.rounds[0]
    round_.approve, round_.reject = {"legal": 2}, {"legal": 2}


def change_gate(world: World, number: str, **changes: Any) -> None:
    """The case runs, and is shown, under a changed rule for its legal review."""
    running = next(c for c in world.engine.cases.values() if c.request.number == number)
    pathway = running.file.pathway
    stages = []
    for stage in pathway.stages:
        gate = stage.gate
        if stage.name == "legal-review" and gate is not None:
            stages.append(stage.model_copy(update={"gate": gate.model_copy(update=changes)}))
        else:
            stages.append(stage)
    changed = pathway.model_copy(update={"stages": tuple(stages)})
    running.file.pathway = changed
    shelf = world.doors.shelf._known  # noqa: SLF001 - the shelf's cache stands in for a release
    shelf[pathway.digest] = Shelved(runbook=shelf[pathway.digest].runbook, pathway=changed)


async def vote(person: Cli, number: str, verdict: str, reason: str) -> None:
    """A verdict with the binding that is shown."""
    shown = await person.get(f"/api/cases/{number}")
    decide = next(item for item in shown["allowed"] if item["verb"] == "decide")
    body = {"verb": "decide", "gate": "legal-review", "verdict": verdict, "reason": reason}
    response = await person.act(number, body=body, binding=decide["binding"])
    assert response.status_code == 200, response.text


async def test_a_proposal_with_a_fault_is_answered_with_the_way_to_it(
    world: World, http: httpx.AsyncClient
) -> None:
    """Nothing is proposed, and the answer says by which way a case comes to the fault."""
    name = "user-safety-escalation"
    text = library()[name].decode().replace("version: 1.0.0", "version: 1.1.0")
    policy = "    silence: wait\n    next: {approved: {do"
    assert text.count(policy) == 1
    text = text.replace(policy, policy.replace("wait", "{go: approved}"))
    petra = await cli(world, http, "petra")

    answer = await http.post(
        f"/api/runbooks/{name}/propose", json={"source": text}, headers=petra.headers
    )

    assert answer.status_code == 422
    found = {each["rule"]: each["evidence"] for each in answer.json()["findings"]}
    assert found["RB052"][-1] == "policy-sign-off -approved (by silence)-> closure"
    released = await world.store.releases.released()
    assert {each.version for each in released if each.runbook == name} == {"1.0.0"}
