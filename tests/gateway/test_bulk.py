"""One order over many cases: each has its own signed act, its own answer, and its own way back."""

import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from cases.bulk_orders import read_order
from cases.envelope import verify_envelope
from cases.journal import Kind, Stream
from gateway.faults import FaultPoint
from integrations.file_directory import DEMO_FILE
from store import Store
from tests.gateway.world import World, make_world

HOLD = {"verb": "hold", "reason": "one and the same wave"}


class Caller:
    """A person's program."""

    def __init__(self, http: httpx.AsyncClient, token: str) -> None:
        self._http = http
        self._headers = {"Authorization": f"Bearer {token}"}

    async def get(self, path: str = "") -> dict[str, Any]:
        """What stands there."""
        said: dict[str, Any] = (await self.ask("GET", path)).json()
        return said

    async def post(self, path: str, **content: Any) -> dict[str, Any]:
        """What came of it."""
        said: dict[str, Any] = (await self.ask("POST", path, **content)).json()
        return said

    async def ask(self, method: str, path: str, **content: Any) -> httpx.Response:
        """The whole answer."""
        body = content if method == "POST" else None
        return await self._http.request(
            method, f"/api/bulk{path}", json=body, headers=self._headers
        )


async def calls(world: World, person: str) -> Caller:
    """The person is logged in."""
    browser = await world.browser(person)
    said = await browser.http.post("/api/login", json={"person": person, "password": "demo"})
    return Caller(browser.http, said.json()["token"])


async def some_cases(world: World, count: int) -> list[str]:
    """Cases about as many reports."""
    return [await world.case(id=f"evt-{each}", subject=f"R-{each}") for each in range(count)]


async def hold(world: World) -> dict[str, Any]:
    """A hold for two days."""
    return {**HOLD, "review_at": (await world.clock.now() + timedelta(days=2)).isoformat()}


async def done(world: World, caller: Caller, order: dict[str, Any]) -> dict[str, Any]:
    """The order, once every case has answered."""

    async def answered() -> dict[str, Any] | None:
        said = await caller.get(f"/{order['order']}")
        return said if said["answered"] == said["cases"] else None

    found: dict[str, Any] = await world.until(answered, seconds=60)
    return found


async def give(
    world: World, caller: Caller, wish: dict[str, Any], numbers: list[str]
) -> dict[str, Any]:
    """The order is given and has been answered by every case."""
    order = await caller.post("", id=str(uuid.uuid4()), wish=wish, numbers=numbers)
    assert "order" in order, order
    return await done(world, caller, order)


async def test_each_case_gets_a_signed_act_of_its_own(world: World) -> None:
    """It verifies by itself, names the order it came out of, and the case's record says so."""
    numbers = await some_cases(world, 3)
    imani = await calls(world, "imani")

    order = await give(world, imani, await hold(world), numbers)

    assert order["outcomes"] == {"accepted": 3}
    assert {(await world.picture(number))["status"] for number in numbers} == {"held"}
    root = world.doors.signer.root_public
    said = read_order(await world.store.bulk_orders.envelope(order["id"]), root=root)
    assert [item.number for item in said.items] == numbers
    for item in said.items:
        act = verify_envelope(
            (await world.store.acts.show(item.act)).envelope, case=item.case, root=root
        )
        assert act.actor.person == "imani"
        assert act.ordered is not None
        assert act.ordered.digest == said.digest
        entries = await world.store.journal.entries(item.case, stream=Stream.DOOR)
        recorded = next(each for each in entries if each.kind is Kind.DOOR_ACT_RECORDED)
        assert (recorded.body["bulk"], recorded.body["of"]) == (order["order"], 3)


async def test_a_preview_says_what_would_happen_and_does_nothing(world: World) -> None:
    """Of each case: what it would record, or the very reason it would refuse with."""
    one, other = await some_cases(world, 2)
    imani = await calls(world, "imani")
    await give(world, imani, await hold(world), [other])

    said = await imani.post(
        "/preview", wish=await hold(world), which={"numbers": [one, other, "999999"]}
    )

    assert [each["refused"] for each in said["cases"]] == ["", "on-hold", "no-such-case"]
    assert said["cases"][0]["would"]
    assert said["cases"][0]["can_be_undone"]
    assert (said["willing"], said["refused"], said["needs_second"]) == (1, 2, False)
    assert (await world.picture(one))["status"] == "open"


async def test_cases_are_found_by_what_they_are(world: World) -> None:
    """Those that fit everything that is said; to say nothing is no choice."""
    one, other = await some_cases(world, 2)
    imani = await calls(world, "imani")
    await give(world, imani, await hold(world), [other])

    held = await imani.post("/preview", wish={"verb": "resume"}, which={"held": True})
    elsewhere = await imani.post("/preview", wish={"verb": "resume"}, which={"stage": "closure"})
    everything = await imani.ask("POST", "/preview", wish={"verb": "resume"}, which={})

    assert [each["number"] for each in held["cases"]] == [other]
    assert one not in str(held)
    assert elsewhere["cases"] == []
    assert (everything.status_code, everything.json()["error"]) == (422, "bulk-no-choice")


async def test_a_case_that_would_refuse_is_left_out_and_the_rest_is_done(world: World) -> None:
    """Its door records the refusal; the order keeps why."""
    one, other = await some_cases(world, 2)
    imani = await calls(world, "imani")
    await give(world, imani, await hold(world), [other])

    order = await give(world, imani, await hold(world), [one, other])

    assert order["outcomes"] == {"accepted": 1, "left-out": 1}
    assert [item["reason"] for item in order["items"]] == ["", "on-hold"]
    assert Kind.DOOR_ACT_REFUSED in await world.kinds(other, Stream.DOOR)


async def test_an_order_that_no_case_would_take_is_refused(world: World) -> None:
    """Nothing is signed: triage may not set a severity over all of them."""
    numbers = await some_cases(world, 2)
    tessa = await calls(world, "tessa")

    answer = await tessa.ask(
        "POST", "", id=str(uuid.uuid4()), wish={"verb": "resume"}, numbers=numbers
    )

    assert (answer.status_code, answer.json()["error"]) == (422, "bulk-empty")
    assert (await tessa.get())["orders"] == []


async def test_the_same_order_sent_again_is_done_once(world: World) -> None:
    """Its id names it; under the same id nothing else can be ordered."""
    numbers = await some_cases(world, 2)
    imani = await calls(world, "imani")
    own, wish = str(uuid.uuid4()), await hold(world)

    first = await imani.post("", id=own, wish=wish, numbers=numbers)
    await done(world, imani, first)
    again = await imani.post("", id=own, wish=wish, numbers=numbers)
    other = await imani.ask("POST", "", id=own, wish={"verb": "resume"}, numbers=numbers)

    assert again["order"] == first["order"]
    assert (other.status_code, other.json()["error"]) == (409, "bulk-id-taken")
    assert len(world.engine.delivered) == len(set(world.engine.delivered)) == 2


async def test_an_undo_brings_back_what_still_stands(world: World) -> None:
    """What somebody changed since is theirs, and the order says which case that is."""
    numbers = await some_cases(world, 3)
    imani = await calls(world, "imani")
    before = (await world.picture(numbers[0]))["severity"]["current"]
    wish = {"verb": "severity", "severity": "SEV3", "reason": "milder than it looked"}
    order = await give(world, imani, wish, numbers)
    own = {"verb": "severity", "severity": "SEV0", "reason": "not this one"}
    await give(world, imani, own, numbers[2:])

    plan = await imani.get(f"/{order['order']}/undo")
    back = await done(
        world, imani, await imani.post(f"/{order['order']}/undo", id=str(uuid.uuid4()))
    )

    assert [each["refused"] for each in plan["cases"]] == ["", "", "bulk-changed-since"]
    assert back["outcomes"] == {"accepted": 2, "left-out": 1}
    assert back["undoes"] == order["id"]
    now = [(await world.picture(number))["severity"]["current"] for number in numbers]
    assert now == [before, before, "SEV0"]


async def test_work_goes_back_to_whoever_had_it(world: World) -> None:
    """Where nobody had it there is no way back, and the preview says so before."""
    one, other = await some_cases(world, 2)
    imani = await calls(world, "imani")
    await give(world, imani, {"verb": "assign", "role": "triage", "person": "tariq"}, [one])
    wish = {"verb": "assign", "role": "triage", "person": "tessa"}
    preview = await imani.post("/preview", wish=wish, which={"numbers": [one, other]})
    order = await give(world, imani, wish, [one, other])

    await done(world, imani, await imani.post(f"/{order['order']}/undo", id=str(uuid.uuid4())))

    assert [each["can_be_undone"] for each in preview["cases"]] == [True, False]
    assert (await world.picture(one))["assignments"]["triage"] == "tariq"
    assert (await world.picture(other))["assignments"]["triage"] == "tessa"


@pytest.fixture
async def small(store: Store, tmp_path: Path) -> AsyncIterator[World]:
    """A house in which two cases are as many as one person orders alone."""
    async with make_world(store, tmp_path, bulk_cap=2) as made:
        yield made


async def test_above_the_cap_a_second_person_does_it(small: World) -> None:
    """The first one signs what they ask for; the acts are the second one's."""
    numbers = await some_cases(small, 3)
    imani, ivar = await calls(small, "imani"), await calls(small, "ivar")
    asked = await imani.post("", id=str(uuid.uuid4()), wish=await hold(small), numbers=numbers)
    assert asked["state"] == "asked"
    assert {(await small.picture(number))["status"] for number in numbers} == {"open"}
    path = f"/{asked['order']}/confirm"

    alone = await imani.ask("POST", path, id=str(uuid.uuid4()))
    order = await done(small, ivar, await ivar.post(path, id=str(uuid.uuid4())))
    twice = await ivar.ask("POST", path, id=str(uuid.uuid4()))

    assert (alone.status_code, alone.json()["error"]) == (422, "bulk-same-human")
    assert order["outcomes"] == {"accepted": 3}
    assert (twice.status_code, twice.json()["error"]) == (409, "bulk-not-waiting")
    assert (await imani.get(f"/{asked['order']}"))["confirmed_by"]["person"] == "ivar"
    root = small.doors.signer.root_public
    said = read_order(await small.store.bulk_orders.envelope(order["id"]), root=root)
    assert (said.actor.person, said.confirms) == ("ivar", asked["digest"])


async def test_who_confirms_learns_of_no_case_that_is_not_for_them(
    store: Store, tmp_path: Path
) -> None:
    """It is left out without its number, and nothing happens to it."""
    people = tmp_path / "people.yaml"
    roles = "incident-manager, trust-and-safety, law-enforcement"
    people.write_text(DEMO_FILE.read_text().replace(roles, "incident-manager, triage"))
    async with make_world(store, tmp_path, bulk_cap=2, people=people) as small:
        numbers = await some_cases(small, 3)
        imani, ivar = await calls(small, "imani"), await calls(small, "ivar")
        own = {"verb": "acknowledge", "stage": "triage", "conflicted": True, "reason": "a relative"}
        assert (await small.browsers["ivar"].api_act(numbers[0], own)).status_code == 200
        asked = await imani.post("", id=str(uuid.uuid4()), wish=await hold(small), numbers=numbers)

        seen = await ivar.get(f"/{asked['order']}")
        confirmed = await ivar.post(f"/{asked['order']}/confirm", id=str(uuid.uuid4()))
        order = await done(small, ivar, confirmed)

        assert ([item["number"] for item in seen["items"]], seen["hidden"]) == (numbers[1:], 1)
        assert [item["number"] for item in order["items"]] == ["", *numbers[1:]]
        assert order["outcomes"] == {"accepted": 2, "left-out": 1}
        assert (await small.picture(numbers[0]))["status"] == "open"


async def test_an_order_that_nobody_confirmed_for_a_day_is_over(small: World) -> None:
    """The cases have moved on; it is ordered anew, or not at all."""
    numbers = await some_cases(small, 3)
    imani, ivar = await calls(small, "imani"), await calls(small, "ivar")
    wish = {"verb": "severity", "severity": "SEV3", "reason": "milder"}
    asked = await imani.post("", id=str(uuid.uuid4()), wish=wish, numbers=numbers)
    row = await small.store.bulk_orders.find(asked["order"])
    assert row is not None
    small.clock.ahead = timedelta(hours=25)
    ivar = await calls_again(small, "ivar")

    late = await ivar.ask("POST", f"/{asked['order']}/confirm", id=str(uuid.uuid4()))

    assert (late.status_code, late.json()["error"]) == (409, "bulk-not-waiting")


async def calls_again(world: World, person: str) -> Caller:
    """The person has logged in anew: their session of yesterday has ended."""
    http = world.browsers[person].http
    said = await http.post("/api/login", json={"person": person, "password": "demo"})
    return Caller(http, said.json()["token"])


async def test_an_order_is_its_persons_and_the_incident_managers(world: World) -> None:
    """Others do not even learn that there is one."""
    numbers = await some_cases(world, 1)
    imani, ivar = await calls(world, "imani"), await calls(world, "ivar")
    order = await give(world, imani, await hold(world), numbers)
    lena = await calls(world, "lena")

    stranger = await lena.ask("GET", f"/{order['order']}")

    assert (stranger.status_code, stranger.json()["error"]) == (404, "bulk-unknown")
    assert (await lena.get())["orders"] == []
    assert [item["number"] for item in (await ivar.get(f"/{order['order']}"))["items"]] == numbers


async def test_the_pages_do_the_same_without_scripts(world: World) -> None:
    """Choose, see, order, watch, undo: forms and links on a phone."""
    numbers = await some_cases(world, 2)
    imani = await world.browser("imani")

    assert "One order for many cases" in (await imani.get("/cases")).text
    new = (await imani.get("/bulk/new/severity")).form("severity")
    plan = await imani.post(
        new, new_severity="SEV3", reason="milder", numbers=f"{numbers[0]}, {numbers[1]} 999999"
    )
    assert "2 cases" in plan.text
    assert "Left out: 1" in plan.text
    page = await imani.post(next(form for form in plan.forms() if form.action == "/bulk/order"))
    path = str(page.response.url.path)

    async def answered() -> str | None:
        text = (await imani.get(path)).text
        return text if "2 of 2 cases have answered" in text else None

    assert "2 accepted" in await world.until(answered, seconds=60)
    assert "order" in (await imani.get("/bulk")).text
    undo = await imani.get(f"{path}/undo")
    assert "2 cases" in undo.text
    form = next(form for form in undo.forms() if form.action == f"{path}/undo")
    assert (await imani.post(form, reason="worse after all")).status == 200
    assert (await imani.get("/bulk/new/decide")).status == 404
    assert (await imani.get("/bulk/4711")).status == 404


async def test_an_order_is_signed_with_all_its_acts_or_not_at_all(
    store: Store, tmp_path: Path
) -> None:
    """What fails between signing and storing has ordered nothing; sent again, it is done."""
    deaths: list[FaultPoint] = []

    def dying(point: FaultPoint) -> None:
        if point in deaths:
            deaths.remove(point)
            raise ConnectionError

    async with make_world(store, tmp_path, faults=dying) as world:
        numbers = await some_cases(world, 3)
        imani = await calls(world, "imani")
        content = {"id": str(uuid.uuid4()), "wish": await hold(world), "numbers": numbers}
        deaths.append(FaultPoint.AFTER_SIGN)

        died = await imani.ask("POST", "", **content)
        nothing = (await imani.get())["orders"]
        order = await done(world, imani, await imani.post("", **content))

        assert died.status_code == 503
        assert nothing == []
        assert order["outcomes"] == {"accepted": 3}


async def test_what_the_engine_cannot_take_now_it_takes_later(world: World) -> None:
    """The order is recorded while everything behind the door is down, and stands until answered."""
    numbers = await some_cases(world, 3)
    imani = await calls(world, "imani")
    world.engine.down = True
    order = await imani.post("", id=str(uuid.uuid4()), wish=await hold(world), numbers=numbers)
    waiting = await imani.get(f"/{order['order']}")
    world.engine.down = False

    finished = await done(world, imani, order)

    assert waiting["outcomes"] == {"on-its-way": 3}
    assert finished["outcomes"] == {"accepted": 3}
