"""What doctor says of pagers, rotas, webhook secrets, the public URL and the clock."""

from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path

import httpx
import pytest
from pytest_httpserver import HTTPServer

from integrations.public_secrets import PUBLISHED, weakness
from tests.fakes.clock import START
from tests.fakes.pagerduty import KEY, TOKEN
from tests.workers.test_doctor import checked, home, roles_file, settings
from workers._doctor_check import Level
from workers._doctor_live import ClockSkew
from workers.clock import SystemClock

__all__ = ["home"]

GOOD = "q8Zt3vLkX0rB7nYcW5eHjM2s"
"""A secret nobody would guess."""


def rota_file(home: Path, text: str) -> str:
    """The on-call file."""
    home.mkdir(exist_ok=True, parents=True)
    path = home / "on-call.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


async def test_a_pager_that_is_whole_is_fine(home: Path) -> None:
    """Keys, the way back, and somebody who is known there."""
    people = Path(roles_file(home, "incident-manager", "duty-manager"))
    text = people.read_text().replace("  - id: ada\n", "  - id: ada\n    pagerduty: PADA001\n")
    people.write_text(text)

    checks = await checked(
        settings(
            home,
            ESCALATE_DIRECTORY_FILE=str(people),
            ESCALATE_PAGERDUTY__KEY=KEY,
            ESCALATE_PAGERDUTY__SERVICES__DUTY_MANAGER__KEY=KEY,
            ESCALATE_WEBHOOKS__PAGERDUTY_SECRETS=GOOD,
        )
    )

    assert checks["pager"].text == "pages go to PagerDuty: default, duty-manager"
    assert checks["webhooks-pagerduty"].level is Level.OK
    assert [name for name in checks if name.startswith("pager-")] == []


async def test_a_pager_without_a_way_back_or_people_is_told(home: Path) -> None:
    """An acknowledgement there would be heard by nobody here."""
    people = {"ESCALATE_DIRECTORY_FILE": roles_file(home, "incident-manager")}
    own = {"ESCALATE_PAGERDUTY__SERVICES__LEGALL__KEY": KEY}

    deaf = await checked(settings(home, **people, **own))
    strangers = await checked(
        settings(home, **people, **own, ESCALATE_WEBHOOKS__PAGERDUTY_SECRETS=GOOD)
    )

    assert deaf["pager-back"].level is Level.WARN
    assert deaf["pager-default"].level is Level.WARN
    assert deaf["pager-roles"].level is Level.FAIL
    assert strangers["pager-people"].level is Level.WARN


async def test_an_example_key_pages_nobody(home: Path) -> None:
    """And the key is in no word of it."""
    example = "e93facc04764012d7bfb002500d5d1a6"

    check = (await checked(settings(home, ESCALATE_PAGERDUTY__KEY=example)))["pager"]

    assert check.level is Level.FAIL
    assert example not in check.model_dump_json()


@pytest.mark.parametrize(
    "rota, level, said",
    [
        ("  incident-manager: {people: [ada]}\n", None, ""),
        ("  incident-manager: {pagerduty: PSCHED1}\n", Level.FAIL, "no API key"),
        ("  legall: {people: [ada]}\n", Level.FAIL, "without holding the role"),
        ("  legall: {calendar: a.ics}\n", Level.FAIL, "nobody holds this role"),
        ("  incident-manager: {people: [eve]}\n", Level.FAIL, "without holding the role: eve"),
        ("  incident-manager: {people: [ada], else: [legall]}\n", Level.WARN, "names legall"),
    ],
)
async def test_a_rota_is_held_against_the_directory(
    home: Path, rota: str, level: Level | None, said: str
) -> None:
    """What a rota names must be there, or a page goes to nobody."""
    given = settings(
        home,
        ESCALATE_DIRECTORY_FILE=roles_file(home, "incident-manager"),
        ESCALATE_ON_CALL_FILE=rota_file(home, f"teams:\n{rota}"),
    )

    found = [check for name, check in (await checked(given)).items() if name.startswith("on-call ")]

    assert [check.level for check in found] == ([] if level is None else [level])
    assert all(said in check.text and check.mend for check in found)


async def test_a_broken_rota_file_is_told_with_its_line(home: Path) -> None:
    """As the directory's own."""
    given = settings(home, ESCALATE_ON_CALL_FILE=rota_file(home, "teams:\n  a: {people: 1}\n"))

    check = (await checked(given))["on-call"]

    assert check.level is Level.FAIL
    assert "on-call.yaml:2:" in check.text


@pytest.mark.parametrize("door", ["STANDARD", "ZENDESK", "PAGERDUTY"])
async def test_a_published_secret_protects_nothing(home: Path, door: str) -> None:
    """Examples out of documentation are refused at every door, and never repeated."""
    example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

    given = settings(home, **{f"ESCALATE_WEBHOOKS__{door}_SECRETS": example})
    check = (await checked(given))[f"webhooks-{door.lower()}"]

    assert check.level is Level.FAIL
    assert example not in check.model_dump_json()


@pytest.mark.parametrize(
    "secret, why",
    [
        (GOOD, None),
        ("abababababababababababab", "fewer than 8 different"),
        ("too-short-for-us", "shorter than 20"),
        ("my-webhook-secret-of-2026", "a word that guessers try"),
        *((secret, "public example") for secret in sorted(PUBLISHED)),
    ],
)
def test_a_weak_secret_is_known_as_one(secret: str, why: str | None) -> None:
    """Each with its reason."""
    found = weakness(secret)

    assert (found is None) if why is None else (found is not None and why in found)


async def test_live_asks_pagerduty_and_its_schedules(home: Path, httpserver: HTTPServer) -> None:
    """Read-only: who is on call now, with the key in the header."""
    users = {"users": [{"id": "PADA001", "email": "ADA@demo.example"}]}
    httpserver.expect_request("/abilities").respond_with_json({"abilities": []})
    httpserver.expect_request("/schedules/PSCHED1/users").respond_with_json(users)
    httpserver.expect_request("/schedules/PGONE00/users").respond_with_json({}, status=404)
    rota = (
        "teams:\n  duty-manager: {pagerduty: PSCHED1}\n  incident-manager: {pagerduty: PGONE00}\n"
    )
    given = settings(
        home,
        ESCALATE_DIRECTORY_FILE=roles_file(home, "incident-manager", "duty-manager"),
        ESCALATE_ON_CALL_FILE=rota_file(home, rota),
        ESCALATE_PAGERDUTY__TOKEN=TOKEN,
        ESCALATE_PAGERDUTY__API_URL=httpserver.url_for("").rstrip("/"),
    )

    checks = await checked(given, live=True)

    assert checks["live pagerduty"].level is Level.OK
    assert checks["live on-call duty-manager"].text == "pagerduty PSCHED1: ada"
    assert checks["live on-call incident-manager"].level is Level.FAIL
    assert checks["live clock"].level is Level.OK
    asked = [request for request, _ in httpserver.log]
    assert {request.method for request in asked} == {"GET"}
    assert all(request.headers["Authorization"] == f"Token token={TOKEN}" for request in asked)


@pytest.mark.parametrize(
    "status, body, level",
    [
        (200, "ok\n", Level.OK),
        (200, "<html>a parked domain</html>", Level.FAIL),
        (502, "", Level.FAIL),
    ],
)
async def test_live_looks_where_links_lead(
    home: Path, httpserver: HTTPServer, status: int, body: str, level: Level
) -> None:
    """A gateway answers there, and nothing else does."""
    httpserver.expect_request("/healthz").respond_with_data(body, status=status)
    given = settings(home, ESCALATE_PUBLIC_URL=httpserver.url_for("").rstrip("/"))

    checks = await checked(given, live=True)

    assert checks["live public-url"].level is level


@pytest.mark.parametrize(
    "seconds, level",
    [
        (0, Level.OK),
        (29, Level.OK),
        (-29, Level.OK),
        (90, Level.WARN),
        (-90, Level.WARN),
        (600, Level.FAIL),
        (-600, Level.FAIL),
    ],
)
def test_a_clock_that_is_wrong_is_told_before_signatures_fail(seconds: int, level: Level) -> None:
    """A warning from half a minute, a failure before the five minutes of the doors are over."""
    skew = ClockSkew()
    for _ in range(3):
        skew.compare(START, START + timedelta(seconds=seconds))

    assert skew.check().level is level


def test_one_server_with_a_wrong_clock_decides_nothing() -> None:
    """The middle of three."""
    skew = ClockSkew()
    for seconds in (0, 4000, 0):
        skew.compare(START, START + timedelta(seconds=seconds))

    assert skew.check().level is Level.OK


async def test_a_date_is_read_from_every_answer() -> None:
    """A missing or broken one says nothing."""
    skew = ClockSkew()
    now = await SystemClock().now()
    for headers in ({}, {"Date": "yesterday"}, {"Date": format_datetime(now, usegmt=True)}):
        await skew.heard(httpx.Response(200, headers=headers))

    assert skew.check().level is Level.OK
    assert ClockSkew().check().level is Level.WARN
