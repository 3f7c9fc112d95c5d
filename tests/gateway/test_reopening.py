"""Reopening at the door: who may, when, how often, and what a refusal leaves on record."""

from datetime import timedelta

from cases.journal import Kind, Stream
from tests.gateway.world import World


async def closed_case(world: World) -> str:
    """A case that has ended without a violation."""
    number = await world.case()
    imani = await world.browser("imani")
    await imani.act(f"/cases/{number}", "cancel", reason="a test")
    return number


async def reopened(world: World, number: str) -> None:
    """The incident manager reopens the case through its page."""
    imani = await world.browser("imani")
    done = await imani.act(f"/cases/{number}", "reopen", reason="it was none")
    assert (done.status, "Your act counts." in done.text) == (200, True), done.text


async def test_the_page_of_a_closed_case_reopens_it(world: World) -> None:
    """Same number, same page; the picture says so, and who did it and why."""
    number = await closed_case(world)

    await reopened(world, number)

    page = await (await world.browser("imani")).get(f"/cases/{number}")
    assert "Reopened by imani as incident manager" in page.text
    assert "It was cancelled" not in page.text
    row = await world.store.cases.by_number(number)
    assert row is not None
    assert row.status == "open"
    kinds = await world.kinds(number, Stream.CASE)
    assert kinds.index(Kind.CASE_REOPENED) == kinds.index(Kind.CASE_CANCELLED) + 1
    assert (await world.picture(number))["stage"] == "triage"


async def test_only_whom_the_runbook_names_is_offered_it(world: World) -> None:
    """Triage sees the closed case and cannot reopen it: the door says so, on record."""
    number = await closed_case(world)
    tessa = await world.browser("tessa")

    page = await tessa.get(f"/cases/{number}")
    answer = await tessa.api_act(number, {"verb": "reopen", "reason": "mine"})

    assert 'value="reopen"' not in page.text
    assert (answer.status_code, answer.json()["error"]) == (403, "role")
    assert (await world.kinds(number, Stream.DOOR))[-1] == Kind.DOOR_ACT_REFUSED
    assert len(world.engine.started) == 1


async def test_what_ended_long_ago_stays_ended(world: World) -> None:
    """After the runbook's window nobody is offered it, and the door refuses it."""
    number = await closed_case(world)
    world.clock.ahead = timedelta(days=91)
    imani = await world.browser("imani", logged_in=False)
    await imani.log_in()

    answer = await imani.api_act(number, {"verb": "reopen", "reason": "too late"})

    assert (answer.status_code, answer.json()["error"]) == (403, "reopened-too-late")


async def test_it_is_reopened_only_so_often(world: World) -> None:
    """The fourth time the door refuses: three are enough for one case."""
    number = await closed_case(world)
    imani = await world.browser("imani")
    for _ in range(3):
        await reopened(world, number)
        await imani.act(f"/cases/{number}", "cancel", reason="a test")

    answer = await imani.api_act(number, {"verb": "reopen", "reason": "once more"})

    assert (answer.status_code, answer.json()["error"]) == (403, "reopened-too-often")


async def test_an_open_case_is_not_reopened(world: World) -> None:
    """The running case refuses it itself, on record."""
    number = await world.case()
    imani = await world.browser("imani")

    answer = await imani.api_act(number, {"verb": "reopen", "reason": "to be sure"})

    assert (answer.status_code, answer.json()["receipt"]["reason"]) == (422, "not-closed")


async def test_an_act_sent_twice_reopens_once(world: World) -> None:
    """The second time the same act has the first answer, also once the case has moved on."""
    number = await closed_case(world)
    imani = await world.browser("imani")
    act = {"verb": "reopen", "reason": "a new report"}

    first = await imani.api_act(number, act, act_id="00000000-0000-4000-8000-000000000001")
    again = await imani.api_act(number, act, act_id="00000000-0000-4000-8000-000000000001")

    assert first.json()["receipt"] == again.json()["receipt"]
    assert len(world.engine.started) == 2


async def test_a_reopening_counts_while_the_engine_is_down(world: World) -> None:
    """It is recorded at once and begun when the engine is back."""
    number = await closed_case(world)
    imani = await world.browser("imani")
    world.engine.down = True

    answer = await imani.api_act(number, {"verb": "reopen", "reason": "a new report"})
    assert answer.json()["outcome"] == "recorded"
    world.engine.down = False

    async def open_again() -> bool:
        row = await world.store.cases.by_number(number)
        return row is not None and row.status == "open"

    await world.until(open_again, seconds=20)
