"""The codec server opens payloads case by case, for who may, on record; and encodes nothing."""

import base64
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
import ruamel.yaml
from temporalio.api.common.v1 import Payload
from temporalio.converter import WorkflowSerializationContext

from cases.journal import Kind
from gateway.app import build_app
from gateway.codec_server import MOST_PAYLOADS, written
from gateway.doors import CodecParts, ProviderDoor
from integrations.errors import IdentityError, IdentityReason
from integrations.ports.identity import Bearer, Identity
from store import ClaimedRow
from tests.gateway.world import World
from workers.kept import StoreKeyring
from workflows.converter import ENCODING as SEALED
from workflows.converter import Codec

NAMESPACE, UI = "escalate", "http://127.0.0.1:8233"
SECRET = b'{"verdict":"approve","reason":"words of people"}'
Json = dict[str, Any]


@pytest.fixture
async def http(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """A gateway that decodes for legal and incident managers, on the same store."""
    parts = CodecParts(
        keyring=StoreKeyring(world.store),
        namespace=NAMESPACE,
        roles=frozenset({"legal", "incident-manager"}),
        origins=frozenset({UI}),
        per_minute=600,
    )
    app = build_app(replace(world.doors, codec=parts))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url=world.url) as opened:
        yield opened


async def log_in(world: World, http: httpx.AsyncClient, person: str, *, code: bool = True) -> Json:
    """The headers of a logged-in person."""
    who = {"person": person, "password": "demo", "totp": world.code(person) if code else ""}
    token = (await http.post("/api/login", json=who)).json()["token"]
    return {"Authorization": f"Bearer {token}"}


async def reader(world: World, http: httpx.AsyncClient, person: str) -> Json:
    """The headers Temporal's tools send for that person."""
    answer = await http.post("/api/codec/token", headers=await log_in(world, http, person))
    assert answer.status_code == 201, answer.text
    return {"Authorization": f"Bearer {answer.json()['token']}", "X-Namespace": NAMESPACE}


async def sealed(world: World, workflow: str, data: bytes = SECRET) -> Payload:
    """A payload as it stands in the workflow's history."""
    context = WorkflowSerializationContext(namespace=NAMESPACE, workflow_id=workflow)
    codec = Codec(StoreKeyring(world.store)).with_context(context)
    (payload,) = await codec.encode([Payload(metadata={"encoding": b"json/plain"}, data=data)])
    return payload


async def decoded(
    http: httpx.AsyncClient, headers: Json, *payloads: Payload, path: str = "/codec/decode"
) -> list[Json]:
    """What Temporal's Web UI gets."""
    answer = await http.post(
        path, json={"payloads": [written(each) for each in payloads]}, headers=headers
    )
    assert answer.status_code == 200, answer.text
    found: list[Json] = answer.json()["payloads"]
    return found


def plain(payload: Json) -> bytes:
    """Its data."""
    return base64.b64decode(payload["data"])


async def case_of(world: World, number: str) -> str:
    """The case's id."""
    row = await world.store.cases.by_number(number)
    assert row is not None
    return row.id


async def test_a_payload_is_opened_for_who_may_see_its_case_and_that_is_on_record(
    world: World, http: httpx.AsyncClient
) -> None:
    """The case's own, and of what it owes, in one request; one entry says who read how many."""
    number = await world.case()
    case = await case_of(world, number)
    imani = await reader(world, http, "imani")

    opened = await decoded(
        http,
        imani,
        await sealed(world, case),
        await sealed(world, case, b'"second"'),
        path=f"/codec/{NAMESPACE}/decode",
    )

    assert [plain(each) for each in opened] == [SECRET, b'"second"']
    assert base64.b64decode(opened[0]["metadata"]["encoding"]) == b"json/plain"
    entries = await world.store.journal.entries(case, stream="door")
    (entry,) = [item for item in entries if item.kind is Kind.DOOR_PAYLOADS_OPENED]
    assert (entry.body["who"], entry.body["count"], entry.body["by"]) == ("imani", 2, "session")
    assert "words of people" not in entry.model_dump_json()


async def test_who_may_not_see_the_case_gets_it_back_sealed(
    world: World, http: httpx.AsyncClient
) -> None:
    """Being allowed to decode is not being allowed to read every case: refused, on record."""
    number, other = await world.case(), await world.case(id="evt-2", subject="R-2")
    case, another = await case_of(world, number), await case_of(world, other)
    await world.to_gate(number)
    lena = await log_in(world, http, "lena")
    token = (await http.post("/api/codec/token", headers=lena)).json()["token"]
    reads = {"Authorization": f"Bearer {token}", "X-Namespace": NAMESPACE}
    body = {"verb": "acknowledge", "stage": "legal-review", "conflicted": True, "reason": "known"}
    act = {"act_id": "00000000-0000-4000-8000-00000000abcd", "body": body}
    done = await http.post(f"/api/cases/{number}/acts", json=act, headers=lena)
    assert done.json()["outcome"] == "accepted", done.text
    hers, not_hers = await sealed(world, another), await sealed(world, case)

    opened, back = await decoded(http, reads, hers, not_hers)

    assert plain(opened) == SECRET
    assert back == written(not_hers)
    entries = await world.store.journal.entries(case, stream="door")
    (entry,) = [item for item in entries if item.kind is Kind.DOOR_PAYLOADS_REFUSED]
    assert (entry.body["who"], entry.body["count"]) == ("lena", 1)
    altered = Payload(metadata=dict(hers.metadata), data=hers.data[:-1] + b"x")
    moved = await sealed(world, f"{another}/obligation/nothing-of-that-name")
    for each in await decoded(http, reads, altered, moved):
        assert b"does not open" in plain(each)


async def test_engineers_decode_nothing(world: World, http: httpx.AsyncClient) -> None:
    """No role that was not named, no token that was not made for this, no cookie."""
    case = await case_of(world, await world.case())
    body = {"payloads": [written(await sealed(world, case))]}
    erin = await log_in(world, http, "erin")
    assert (await http.post("/api/codec/token", headers=erin)).status_code == 403
    for headers in (
        {},
        {"Authorization": "Bearer " + "x" * 43},
        {"Authorization": "Basic eDp5"},
        # A log-in of the API is not a token of the codec server.
        await log_in(world, http, "imani", code=False),
    ):
        answer = await http.post("/codec/decode", json=body, headers=headers)
        assert answer.status_code == 401, headers
    imani = await reader(world, http, "imani")
    # And a token of the codec server is a log-in nowhere.
    assert (await http.get("/api/inbox", headers=imani)).status_code == 401
    weak = await log_in(world, http, "imani", code=False)
    answer = await http.post("/api/codec/token", headers=weak)
    assert answer.json()["error"] == "codec-second-factor"


class OneToken:
    """A log-in provider that made one token for the codec server."""

    issuer = "https://id.example"

    async def read_access_token(self, token: str, *, audience: str) -> Bearer:
        """Whose it is."""
        if (token, audience) != ("made-for-codec", "codec"):
            raise IdentityError(IdentityReason.WRONG_AUDIENCE, "for another application")
        return Bearer(issuer=self.issuer, subject="account-7")


async def test_a_token_of_the_provider_is_taken_for_whom_it_is_bound_to(world: World) -> None:
    """Its own audience; an account that never logged in here is nobody's."""
    case = await case_of(world, await world.case())
    payload = await sealed(world, case)
    parts = CodecParts(
        keyring=StoreKeyring(world.store),
        namespace=NAMESPACE,
        roles=frozenset({"incident-manager"}),
    )
    identity = cast("Identity", OneToken())
    doors = replace(world.doors, codec=parts, provider=ProviderDoor(identity=identity))
    transport = httpx.ASGITransport(app=build_app(doors))
    body = {"payloads": [written(payload)]}
    async with httpx.AsyncClient(transport=transport, base_url=world.url) as http:

        async def status(token: str) -> int:
            headers = {"Authorization": f"Bearer {token}", "X-Namespace": NAMESPACE}
            return (await http.post("/codec/decode", json=body, headers=headers)).status_code

        assert await status("made-for-codec") == 401
        await world.store.claimed.told(
            ClaimedRow(
                person="imani",
                issuer=OneToken.issuer,
                subject="account-7",
                name="Imani",
                email="",
                told_at=await world.clock.now(),
            )
        )
        assert await status("made-for-codec") == 200
        assert await status("made-for-another") == 401
    entries = await world.store.journal.entries(case, stream="door")
    (entry,) = [item for item in entries if item.kind is Kind.DOOR_PAYLOADS_OPENED]
    assert (entry.body["who"], entry.body["by"]) == ("imani", "provider")


async def test_what_escalate_did_not_seal_is_never_shown_as_if_it_had(
    world: World, http: httpx.AsyncClient
) -> None:
    """A plain payload that somebody put into a history is marked, also with our name on it."""
    await world.case()
    imani = await reader(world, http, "imani")
    forged = Payload(metadata={"encoding": b"json/plain"}, data=SECRET)
    ours = Payload(
        metadata={"encoding": SEALED, "escalate-key": b"0" * 16},
        data=bytes(64),
    )

    answers = await decoded(http, imani, forged, ours)

    assert all(SECRET not in plain(each) for each in answers)
    assert "not encrypted" in json.loads(plain(answers[0]))["escalate"]
    assert "no case" in json.loads(plain(answers[1]))["escalate"]


async def test_nothing_is_encoded(world: World, http: httpx.AsyncClient) -> None:
    """Not a decision, not anything."""
    imani = await reader(world, http, "imani")
    for path in ("/codec/encode", f"/codec/{NAMESPACE}/encode"):
        answer = await http.post(path, json={"payloads": []}, headers=imani)
        assert (answer.status_code, answer.json()["error"]) == (403, "no-encode")


async def test_only_the_named_page_may_ask(world: World, http: httpx.AsyncClient) -> None:
    """CORS names one origin exactly, and allows no credentials a browser adds by itself."""
    asked = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type,x-namespace",
    }
    fine = await http.options("/codec/decode", headers={"Origin": UI, **asked})
    assert fine.status_code == 204
    assert fine.headers["access-control-allow-origin"] == UI
    assert fine.headers["access-control-allow-methods"] == "POST"
    assert "access-control-allow-credentials" not in fine.headers
    assert fine.headers["vary"] == "Origin"
    imani = await reader(world, http, "imani")
    for origin in (
        "https://evil.test",
        "http://127.0.0.1:8233.evil.test",
        "http://127.0.0.1",
        "https://127.0.0.1:8233",
        "null",
    ):
        refused = await http.options("/codec/decode", headers={"Origin": origin, **asked})
        assert refused.status_code == 403
        assert "access-control-allow-origin" not in refused.headers
        answer = await http.post(
            "/codec/decode", json={"payloads": []}, headers={**imani, "Origin": origin}
        )
        assert answer.status_code == 403
    allowed = await http.post(
        "/codec/decode", json={"payloads": []}, headers={**imani, "Origin": UI}
    )
    assert allowed.headers["access-control-allow-origin"] == UI


async def test_sizes_and_rates_are_bounded(world: World, http: httpx.AsyncClient) -> None:
    """Too many at once, too many in a minute, too large, another namespace, not the protocol."""
    imani = await reader(world, http, "imani")
    one = {"metadata": {"encoding": base64.b64encode(b"json/plain").decode()}, "data": "e30="}

    async def sent(content: Any, **headers: str) -> httpx.Response:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        return await http.post("/codec/decode", content=body, headers={**imani, **headers})

    assert (await sent({"payloads": [one] * (MOST_PAYLOADS + 1)})).status_code == 429
    assert (await sent({"payloads": [one] * 400})).status_code == 200
    over = await sent({"payloads": [one] * 400})
    assert (over.status_code, over.headers["retry-after"]) == (429, "60")
    assert (await sent(b"x" * (3 * 1024 * 1024))).status_code == 413
    assert (await sent({"payloads": []}, **{"X-Namespace": "other"})).status_code == 403
    for content in (b"", b"[]", b"\xff", b'{"payloads": 7}', b'{"payloads": [7]}'):
        assert (await sent(content)).status_code == 400, content
    malformed: tuple[Json, ...] = (
        {"data": "%"},
        {"data": 7},
        {"metadata": []},
        {"metadata": {"a": "é"}},
    )
    for broken in malformed:
        assert (await sent({"payloads": [broken]})).status_code == 400, broken


async def test_it_is_off_unless_a_role_is_named(world: World) -> None:
    """Without settings there is no such address."""
    async with httpx.AsyncClient(base_url=world.url) as http:
        assert (await http.post("/codec/decode", json={"payloads": []})).status_code == 404


def test_in_compose_it_is_on_this_machine_only() -> None:
    """Every port that is published is the loopback's."""
    compose = ruamel.yaml.YAML(typ="safe").load(Path("docker-compose.yml"))
    ports = [port for each in compose["services"].values() for port in each.get("ports", ())]

    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)
