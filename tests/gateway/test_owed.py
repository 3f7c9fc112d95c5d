"""What closed cases owe, at the doors: started, shown, settled, extended."""

import asyncio
from datetime import timedelta

from cases.ids import obligation_id
from gateway.obligation_dispatcher import ObligationDispatcher
from store import ObligationRow
from tests.gateway.world import World

WEEK = timedelta(days=7)


async def closed_case(world: World, *names: str, due_in: timedelta = WEEK) -> tuple[str, str]:
    """The number and id of a case that has closed and owes those things."""
    number = await world.case()
    imani = await world.browser("imani")
    assert (await imani.act(f"/cases/{number}", "cancel", reason="a test")).status == 200
    row = await world.store.cases.by_number(number)
    assert row is not None
    now = await world.clock.now()
    for name in names:
        await world.store.obligations.record(
            ObligationRow(
                key=f"{number}-{name}",
                case=row.id,
                name=name,
                title=f"The {name}",
                owner="incident-manager",
                due_at=now + due_in,
                recorded_at=now,
            )
        )
    return number, row.id


async def started(world: World, case: str) -> None:
    """Everything the case owes runs."""

    async def all_started() -> bool:
        rows = await world.store.obligations.by_case(case)
        return all(row.started_at is not None for row in rows)

    await world.until(all_started)


async def test_what_is_owed_is_started_once_whoever_asks(world: World) -> None:
    """Five dispatchers at once, and the gateway's own: one obligation, one entry of the door."""
    number, case = await closed_case(world, "recheck-7d")

    await asyncio.gather(*(ObligationDispatcher(world.doors).once() for _ in range(5)))
    await started(world, case)

    assert list(world.engine.obligations) == [obligation_id(case, "recheck-7d")]
    assert (await world.kinds(number, "door")).count("door:obligation:started") == 1


async def test_what_is_owed_waits_while_the_engine_is_down(world: World) -> None:
    """The row stays, and is started as soon as the engine answers."""
    _, case = await closed_case(world)
    world.engine.down = True
    now = await world.clock.now()
    await world.store.obligations.record(
        ObligationRow(
            key="k",
            case=case,
            name="lessons",
            title="Lessons",
            owner="incident-manager",
            due_at=now + WEEK,
            recorded_at=now,
        )
    )

    tried = await ObligationDispatcher(world.doors).once()
    waiting = await world.store.obligations.unstarted()
    world.engine.down = False
    await started(world, case)

    assert (tried, [row.name for row in waiting]) == (0, ["lessons"])


async def test_the_pages_show_what_is_owed_and_a_person_settles_it(world: World) -> None:
    """The inbox has it, overdue first; the case page has a form; the act goes the usual way."""
    number, case = await closed_case(world, "recheck-7d", "lessons", due_in=timedelta(hours=1))
    await started(world, case)
    imani = await world.browser("imani")
    before = await imani.get("/")
    page = await imani.get(f"/cases/{number}")

    wordless = await imani.post(
        (await imani.post(page.form("settle", obligation="lessons"), "done")).form(
            "settle", step="act"
        )
    )
    done = await imani.post(
        (
            await imani.post(page.form("settle", obligation="lessons"), "done", reference="RETRO-7")
        ).form("settle", step="act")
    )
    after = await imani.get(f"/cases/{number}")
    inbox = await imani.get("/")

    assert f"Case {number}: The lessons" in before.text
    assert "Owed after closing" in page.text
    assert (wordless.status, done.status) == (422, 200), done.text
    assert "RETRO-7" in after.text
    assert f"Case {number}: The lessons" not in inbox.text
    assert f"Case {number}: The recheck-7d" in inbox.text
    kinds = await world.kinds(number, "door")
    assert kinds.count("door:act:answered") >= 3
    assert "obligation:work:ended" in await world.kinds(number, "obligation/lessons")


async def test_what_is_owed_is_extended_on_the_page(world: World) -> None:
    """The new instant stands on the page, and further than the maximum is refused."""
    number, case = await closed_case(world, "lessons")
    await started(world, case)
    imani = await world.browser("imani")
    row = await world.store.obligations.find(case, "lessons")
    assert row is not None
    answers = []
    for days in (3, 8):
        page = await imani.get(f"/cases/{number}")
        until = (row.due_at + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M")
        confirm = await imani.post(page.form("extend"), until=until, reason="one is ill")
        answers.append(await imani.post(confirm.form("extend", step="act")))

    moved = await world.store.obligations.find(case, "lessons")
    assert [answer.status for answer in answers] == [200, 422]
    assert "cannot be extended that far" in answers[1].text
    assert moved is not None
    assert abs(moved.due_at - row.due_at - timedelta(days=3)) < timedelta(hours=15)


async def test_an_act_on_what_is_settled_or_not_owed_is_answered(world: World) -> None:
    """Nothing is left waiting for a workflow that will never answer."""
    number, case = await closed_case(world, "lessons")
    await started(world, case)
    imani = await world.browser("imani")
    page = await imani.get(f"/cases/{number}")
    form = page.form("settle")
    confirms = [await imani.post(form, "dropped", note="not needed") for _ in range(2)]
    form.fields["obligation"] = "something-else"
    confirms.append(await imani.post(form, "dropped", note="not needed"))

    answers = [await imani.post(confirm.form("settle", step="act")) for confirm in confirms]

    assert [answer.status for answer in answers] == [200, 409, 422], [a.text for a in answers]
    assert await world.store.acts.pending(case) == []


async def test_the_interface_and_the_explanation_say_it_too(world: World) -> None:
    """JSON has every obligation with its answers; explain says who owes what."""
    number, case = await closed_case(world, "recheck-7d")
    await started(world, case)
    imani = await world.browser("imani")
    login = await imani.http.post("/api/login", json={"person": "imani", "password": "demo"})
    headers = {"authorization": f"Bearer {login.json()['token']}"}

    shown = (await imani.http.get(f"/api/cases/{number}", headers=headers)).json()
    said = (await imani.http.get(f"/api/cases/{number}/explain", headers=headers)).json()

    (owed,) = shown["owed"]
    assert (owed["name"], owed["kind"], owed["started"]) == ("recheck-7d", "recheck", True)
    assert [answer["name"] for answer in owed["answers"]] == ["all-quiet", "attention"]
    assert any("after closing" in line for line in said["lines"])
