"""Reports of one matter come together at the door, and are taken apart by a signed act."""

import asyncio
import random

import httpx

from cases.journal import Kind, Stream
from tests.gateway.world import World
from workflows.messages import JOINED_SIGNAL

FRAUD = {"tags": ["fraud"], "about": "account-9"}


async def joined_case(world: World) -> str:
    """A case that two reports belong to."""
    number = await world.case(data=FRAUD)
    second = await world.deliver(id="evt-2", subject="R-2", data=FRAUD)
    assert (second.status_code, second.json()["case"]) == (202, number)

    async def told() -> bool:
        picture = await world.picture(number)
        return bool(picture.get("offered"))

    await world.until(told)
    return number


async def test_a_second_report_of_a_matter_is_told_to_the_open_case(world: World) -> None:
    """One case, one number for both senders, and why is in both streams; no name is in any."""
    number = await joined_case(world)

    assert len(world.engine.started) == 1
    assert [name for _, name, _ in world.engine.signals] == [JOINED_SIGNAL]
    row = await world.store.cases.by_number(number)
    assert row is not None
    door = await world.store.journal.entries(row.id, stream=Stream.DOOR)
    case = await world.store.journal.entries(row.id, stream=Stream.CASE)
    at_door = next(e.body for e in door if e.body.get("why") == "joined")
    in_case = next(e.body for e in case if e.kind is Kind.REPORT_RECEIVED)
    assert (in_case["why"], in_case["because"]) == ("joined", at_door["because"])
    assert in_case["matter"] == at_door["matter"]
    assert "account-9" not in "".join(e.data.decode() for e in (*door, *case))
    page = await (await world.browser("imani")).get(f"/cases/{number}")
    assert "Joined by a rule: a report by standard" in page.text


async def test_a_report_that_says_something_new_opens_its_own_case(world: World) -> None:
    """The same account, but a life in danger: it is not swallowed by a case of fraud."""
    number = await world.case(data=FRAUD)

    other = await world.case(
        id="evt-2", subject="R-2", data={"tags": ["life-in-danger", "fraud"], "about": "account-9"}
    )

    assert other != number
    assert world.engine.started[-1].same_subject == (number,)


async def test_a_joined_report_gets_its_own_case_by_a_signed_act(world: World) -> None:
    """The act is done through the page; the new case starts with what had come, and both link."""
    number = await joined_case(world)
    imani = await world.browser("imani")

    await imani.act(
        f"/cases/{number}", "split", delivery="standard:evt-2", reason="another person is meant"
    )
    await world.until(lambda: world.view("1002"))

    assert world.engine.started[-1].report.delivery == "standard:evt-2"
    assert world.engine.started[-1].number == "1002"
    page = await imani.get(f"/cases/{number}")
    assert "(split off as 1002 )" in page.text
    again = await world.deliver(id="evt-3", subject="R-2", data=FRAUD)
    assert again.json()["case"] == "1002"
    entries = await world.store.journal.entries(world.engine.started[0].case, stream=Stream.CASE)
    assert [e.body["by"] for e in entries if e.kind is Kind.REPORT_SPLIT] == ["imani"]


async def test_a_report_whose_case_ended_meanwhile_is_not_lost(world: World) -> None:
    """It was put into an open case; by the time it is told the case has ended: it opens its own."""
    number = await world.case(data=FRAUD)
    world.engine.down = True
    second = await world.deliver(id="evt-2", subject="R-2", data=FRAUD)
    assert second.json()["case"] == number
    world.engine.cases[world.engine.started[0].case].file.state.status = "closed"
    world.engine.down = False

    await world.until(lambda: world.view("1002"), seconds=20)

    assert world.engine.started[-1].report.external_id == "R-2"


async def test_two_hundred_webhooks_are_as_many_cases_as_matters(world: World) -> None:
    """Twenty reports about four accounts, each sent ten times in any order: four cases start."""
    sent = [(report, turn) for report in range(20) for turn in range(10)]
    random.Random(11).shuffle(sent)  # noqa: S311 - an order, not a secret
    gate = asyncio.Semaphore(8)
    found: dict[int, set[str]] = {}
    async with httpx.AsyncClient(base_url=world.url, timeout=60) as http:

        async def send(report: int, turn: int) -> None:
            data = {"tags": ["scam"], "about": f"account-{report % 4}"}
            async with gate:
                answer = await world.deliver(
                    id=f"evt-{report}-{turn % 2}", subject=f"R-{report}", data=data, http=http
                )
            assert answer.status_code in {200, 202}, answer.text
            found.setdefault(report % 4, set()).add(answer.json()["case"])

        await asyncio.gather(*(send(*each) for each in sent))

    async def all_told() -> bool:
        return len(world.engine.started) == 4 and len(world.engine.signals) >= 36

    await world.until(all_told, seconds=60)
    assert sorted(len(cases) for cases in found.values()) == [1, 1, 1, 1]
    assert len({number for cases in found.values() for number in cases}) == 4


async def test_the_duty_manager_is_told_of_many_reports_once(world: World) -> None:
    """At twenty reports of one matter somebody looks whether it is still one case."""
    await world.case(data=FRAUD)
    for number in range(2, 23):
        await world.deliver(id=f"evt-{number}", subject=f"R-{number}", data=FRAUD)

    alarms = [
        each for each in await world.store.health.open_alarms() if each.kind == "many-reports"
    ]
    assert len(alarms) == 1
    assert "case 1001 has gathered 20 reports of one matter" in alarms[0].text
