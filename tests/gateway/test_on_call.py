"""Who is on call, on the page and over the API."""

from pathlib import Path

import httpx
from pydantic import JsonValue

from gateway.phrases import details
from integrations.file_directory import DEMO_FILE, FileDirectory
from integrations.on_call import OnCallRotas
from store import Store
from tests.gateway.world import MovableClock, make_world

TEAMS = """\
teams:
  legal: {people: [lena, tessa, nobody]}
  triage: {calendar: missing.ics}
  policy: {people: [tessa], else: [legal]}
"""


async def test_who_is_on_call_is_shown_to_whoever_is_logged_in(
    store: Store, tmp_path: Path
) -> None:
    """Names on the page; over the API also another instant; a broken rota says what mends it."""
    (tmp_path / "on-call.yaml").write_text(TEAMS)
    rotas = OnCallRotas(
        tmp_path / "on-call.yaml", directory=FileDirectory(DEMO_FILE, clock=MovableClock())
    )
    async with make_world(store, tmp_path, on_call=rotas) as world:
        lena = await world.browser("lena")
        page = await lena.get("/on-call")
        async with httpx.AsyncClient(base_url=world.url, timeout=30) as http:
            nobody = await http.get("/api/on-call")
            token = await http.post("/api/login", json={"person": "lena", "password": "demo"})
            http.headers["Authorization"] = f"Bearer {token.json()['token']}"
            then = await http.get("/api/on-call", params={"at": "2026-11-22T03:00:00Z"})
            odd = [
                (await http.get("/api/on-call", params={"at": text})).status_code
                for text in ("yesterday", "2026-11-22T03:00:00")
            ]

    assert page.status == 200
    assert "Lena Sample" in page.text
    assert "passed over: tessa" in page.text
    assert "everybody of the role is told" in page.text
    assert "nobody ; instead: legal, then the duty manager" in page.text
    assert nobody.status_code == 401
    said = then.json()
    assert said["as_of"].startswith("2026-11-22T03:00:00")
    legal, policy, triage = said["teams"]
    assert (legal["people"], legal["without_role"], legal["strangers"]) == (["lena"], ["tessa"], 1)
    assert (policy["people"], policy["instead"]) == ([], ["legal"])
    assert triage["trouble"]
    assert odd == [422, 422]


def test_what_a_rota_said_is_read_in_the_timeline() -> None:
    """In words, and a rota that could not be asked says so."""
    notes: list[JsonValue] = [
        {"team": "legal", "as_of": "2026-11-22T03:00:00Z", "on_call": ["lena"]},
        {"team": "policy", "as_of": "2026-11-22T03:00:00Z"},
        {"team": "triage", "as_of": "2026-11-22T03:00:00Z", "trouble": "UnavailableError"},
    ]

    assert details({"end": "fell-back", "on_call": notes}) == (
        "fell-back · on call for legal: lena, on call for policy: nobody, "
        "on call for triage: the rota could not be asked, everybody was told"
    )
