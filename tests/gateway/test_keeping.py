"""Legal holds, erasures, custody and retention at the doors: who may, and what refuses."""

import hashlib
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from cases.journal import Kind, Stream
from gateway.erased_folder import notes_in
from gateway.retention import propose_due
from store import Store
from tests.gateway.world import CANARY, World, make_world
from tests.workers.test_keeping_erased import opens

ITEM = hashlib.sha256(b"chat").hexdigest()


@pytest.fixture
async def world(store: Store, tmp_path: Path) -> AsyncIterator[World]:
    """The gateway, with a folder that tells restores what was erased."""
    async with make_world(store, tmp_path, erased=tmp_path / "erased") as made:
        yield made


class Hands:
    """People who use the API, each with a fresh second factor."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._tokens: dict[str, str] = {}

    async def call(
        self, person: str, method: str, path: str, *, proved: bool = True, **body: Any
    ) -> httpx.Response:
        """The answer to that person."""
        async with httpx.AsyncClient(base_url=self._world.url, timeout=30) as http:
            if person not in self._tokens:
                who = {"person": person, "password": "demo"}
                who |= {"totp": self._world.code(person)} if proved else {}
                answer = await http.post("/api/login", json=who)
                assert answer.status_code == 200, answer.text
                self._tokens[person] = answer.json()["token"]
            headers = {"Authorization": f"Bearer {self._tokens[person]}"}
            if method == "GET":
                return await http.get(path, headers=headers)
            content = {"act_id": str(uuid.uuid4()), **body}
            return await http.post(path, json=content, headers=headers)

    async def get(self, person: str, path: str) -> Any:
        """What stands there."""
        answer = await self.call(person, "GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, person: str, path: str, **body: Any) -> Any:
        """What came of it; it had to be taken."""
        answer = await self.call(person, "POST", path, **body)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    def forget(self) -> None:
        """Everybody logs in anew."""
        self._tokens.clear()


async def over(world: World, number: str) -> str:
    """The case has ended and is sealed; its id."""
    imani = await world.browser("imani")
    await imani.act(f"/cases/{number}", "cancel", reason=CANARY)
    row = await world.store.cases.by_number(number)
    assert row is not None
    for ended in await world.store.seals.waiting():
        await world.store.seals.drop(ended)
    return row.id


async def asked(hands: Hands, number: str, person: str = "paula") -> Any:
    """Data protection asks for the case to be erased."""
    return await hands.post(
        person, f"/api/cases/{number}/erasure", basis="retention-over", reason="its time is over"
    )


async def gone(world: World, case: str) -> None:
    """The dispatcher has destroyed its key."""

    async def look() -> bool:
        return bool((await world.store.cases.get(case)).erased)

    await world.until(look, seconds=30)


async def test_two_people_erase_a_case_and_its_skeleton_stands(
    world: World, tmp_path: Path
) -> None:
    """Asked, agreed, the time to think, gone: everywhere the content was there is none of it."""
    number = await world.case(data={"note": CANARY})
    case = await over(world, number)
    hands = Hands(world)

    row = await asked(hands, number)
    mine = await hands.call("paula", "POST", f"/api/erasures/{row['id']}/agree", reason="")
    side = await hands.call("luca", "POST", f"/api/erasures/{row['id']}/agree", reason="")
    agreed = await hands.post("erin", f"/api/erasures/{row['id']}/agree", reason="seen")
    assert (mine.status_code, mine.json()["error"]) == (403, "keepers-same-person")
    assert (side.status_code, side.json()["error"]) == (403, "keepers-same-side")
    assert agreed["state"] == "agreed"
    assert not (await world.store.cases.get(case)).erased

    world.clock.ahead = timedelta(days=7, minutes=1)
    await gone(world, case)

    hands.forget()
    seen = await hands.get("paula", f"/api/cases/{number}/erasure")
    kinds = [line["kind"] for line in seen["left"]["lines"]]
    assert seen["erased"]
    assert "case:closed:cancelled" in kinds
    assert kinds[-1] == Kind.KEY_SHREDDED.value
    assert any(line["left_out"] for line in seen["left"]["lines"])
    assert CANARY not in str(seen)
    imani = await world.browser("imani", logged_in=False)
    await imani.log_in()
    page = await imani.get(f"/cases/{number}")
    assert "erased" in page.text
    assert CANARY not in page.text
    late = await imani.api_act(number, {"verb": "reopen", "reason": "again"})
    assert (late.status_code, late.json()["error"]) == (410, "erased")
    told = await hands.get("imani", f"/api/cases/{number}/explain")
    assert told["explanation"]["status"] == "erased"
    assert [each["who"] for each in told["explanation"]["because"]] == [
        "paula as privacy", "erin as security", "",
    ]  # fmt: skip
    root = world.doors.signer.root_public
    ((note, kept),) = notes_in(tmp_path / "erased", root=root)
    assert (note.case, note.erasure) == (case, row["id"])
    assert CANARY not in kept.model_dump_json()
    again = await world.deliver(data={"note": CANARY})
    assert again.status_code == 200, "the same delivery is known"


@pytest.mark.hostile(61)
async def test_a_hold_refuses_and_only_two_lift_it(world: World) -> None:
    """Hostile case 61: refused on record; after the lift two new signatures are needed."""
    number = await world.case(data={"subject_ref": "account-9"})
    case = await over(world, number)
    hands = Hands(world)
    hold = await hands.post(
        "lena", "/api/legal-holds", case=number, matter="X v. Y", reason="a claim is announced",
        review_at="2099-01-01T00:00:00Z",
    )  # fmt: skip
    assert hold["stands"]

    refused = await hands.call(
        "paula", "POST", f"/api/cases/{number}/erasure", basis="objection", reason="she objects"
    )
    assert (refused.status_code, refused.json()["error"]) == (409, "under-legal-hold")
    page = await (await world.browser("imani")).get(f"/cases/{number}")
    assert "Legal hold" in page.text
    assert "X v. Y" in page.text
    explained = await hands.get("imani", f"/api/cases/{number}/explain")
    assert any("legal hold" in each["what"] for each in explained["explanation"]["owed"])
    said = (await hands.get("lena", f"/api/cases/{number}/erasure"))["against"]
    assert [each["why"] for each in said] == ["under-legal-hold"]

    alone = await hands.call("lena", "POST", f"/api/legal-holds/{hold['id']}/agree", reason="")
    assert alone.json()["error"] == "lift-not-asked"
    await hands.post("lena", f"/api/legal-holds/{hold['id']}/lift", reason="settled")
    again = await hands.call("lena", "POST", f"/api/legal-holds/{hold['id']}/agree", reason="")
    assert again.json()["error"] == "keepers-same-person"
    lifted = await hands.post("erin", f"/api/legal-holds/{hold['id']}/agree", reason="seen")
    assert not lifted["stands"]

    row = await asked(hands, number)
    assert row["state"] == "asked"
    kinds = await world.kinds(number, Stream.DOOR)
    assert [kind for kind in kinds if "legal-hold" in kind or "erasure" in kind] == [
        "door:legal-hold:set",
        "door:erasure:refused",
        "door:legal-hold:lift-asked",
        "door:legal-hold:lifted",
        "door:erasure:asked",
    ]
    assert (await world.store.cases.get(case)).erased == 0

    alone = await hands.call("paula", "POST", f"/api/erasures/{row['id']}/agree", reason="")
    assert alone.json()["error"] == "keepers-same-person"
    await hands.post("erin", f"/api/erasures/{row['id']}/agree", reason="seen")
    before = await opens(world.store, case)
    world.clock.ahead = timedelta(days=7, minutes=1)
    await gone(world, case)
    assert len(before) >= 5
    assert before & await opens(world.store, case) == set()


@pytest.mark.parametrize(
    "person,proved,error",
    [("tessa", True, "keepers-role"), ("paula", False, "keepers-assurance")],
    ids=["no keeper", "without a second factor"],
)
async def test_who_may_not_is_refused_on_record(
    world: World, person: str, *, proved: bool, error: str
) -> None:
    """A role of neither side, or a person who has not proved enough: nothing begins."""
    number = await world.case()
    await over(world, number)

    answer = await Hands(world).call(
        person, "POST", f"/api/cases/{number}/erasure", proved=proved, basis="other", reason="x"
    )

    assert (answer.status_code, answer.json()["error"]) == (403, error)
    assert (await world.kinds(number, Stream.DOOR))[-1] == Kind.DOOR_ACT_REFUSED


async def test_the_page_puts_a_hold_and_asks_for_an_erasure(world: World) -> None:
    """Without a script: forms that say what they do; nobody else finds the page."""
    number = await world.case()
    await over(world, number)
    lena = await world.browser("lena", logged_in=False)
    await lena.log_in(code=world.code("lena"))
    tessa = await world.browser("tessa")

    page = await lena.get("/keeping")
    form = next(form for form in page.forms() if form.fields.get("what") == "erase")
    done = await lena.post(form, number=number, basis="unlawful-processing", reason="never needed")
    assert "never needed" in done.text
    form = next(form for form in done.forms() if form.fields.get("what") == "hold")
    held = await lena.post(
        form, number=number, matter="X v. Y", reason="a claim", review_at="2099-01-01T09:00"
    )

    assert "As things stand it would be refused: under legal hold" in held.text
    assert (await tessa.get("/keeping")).status == 404
    (row,) = await world.store.erasures.list()
    assert (row.state.value, row.asked_by) == ("asked", "lena")


async def test_custody_is_a_chain_and_a_hold_keeps_the_item(world: World) -> None:
    """Acquired, accessed, copied, transferred: with who and why; its hash is looked at again."""
    number = await world.case()
    imani = await world.browser("imani")
    act = await imani.api_act(
        number,
        {"verb": "evidence", "label": "chat", "reference": "vault://17", "digest": ITEM},
    )
    assert act.status_code == 200, act.text
    hands = Hands(world)
    path = f"/api/cases/{number}/custody"

    await hands.post("imani", path, item="chat", event="accessed", why="to read it", found=ITEM)
    await hands.post("imani", path, item=ITEM[:12], event="copied", why="for the lab", to="lab")
    one = str(uuid.uuid4())
    for _ in range(2):
        await hands.post(
            "imani", path, item="chat", event="transferred", why="asked for", to="City police",
            act_id=one,
        )  # fmt: skip
    altered = await hands.post(
        "imani", path, item="chat", event="preserved", why="looked again", found="0" * 64
    )
    hold = await hands.post(
        "lena", "/api/legal-holds", case=number, matter="m", reason="r",
        review_at="2099-01-01T00:00:00Z",
    )  # fmt: skip
    kept = await hands.call("imani", "POST", path, item="chat", event="disposed", why="done")

    (chain,) = (await hands.get("imani", path))["items"]
    assert [step["event"] for step in chain["steps"]] == [
        "acquired", "accessed", "copied", "transferred", "preserved",
    ]  # fmt: skip
    assert [step["intact"] for step in chain["steps"]] == [True, True, None, None, False]
    assert chain["holder"] == "City police"
    assert not altered["intact"]
    assert (kept.status_code, kept.json()["error"]) == (409, "under-legal-hold")
    assert hold["id"] in kept.json()["detail"]
    assert [a.kind for a in await world.store.health.open_alarms()] == ["evidence-differs"]
    page = await imani.get(f"/cases/{number}")
    assert "Transferred, imani" in page.text
    assert "altered" in page.text
    form = next(form for form in page.forms() if "item" in form.fields)
    recorded = await imani.post(form, event="returned", why="it came back")
    assert "Returned, imani" in recorded.text


async def test_what_is_over_its_time_is_proposed_and_never_erased_by_itself(world: World) -> None:
    """The table proposes; years later the content is still there until two people sign."""
    number = await world.case()
    case = await over(world, number)
    world.clock.ahead = timedelta(days=1200)

    async def proposed() -> bool:
        return bool(await world.store.erasures.list())

    await propose_due(world.doors, at=await world.clock.now())
    await world.until(proposed)

    hands = Hands(world)
    due = await hands.get("paula", "/api/retention/due")
    assert [(each["number"], bool(each["proposed"])) for each in due["cases"]] == [(number, True)]
    assert [c["data"] for c in due["cases"][0]["classes"] if c["over"]] == ["B", "C"]
    table = await hands.get("tessa", "/api/retention")
    assert table["classes"]["B"]["mark"] == "K"
    assert "Not legal advice" in table["note"]
    assert (await world.store.cases.get(case)).erased == 0
    assert await propose_due(world.doors, at=await world.clock.now()) == 0
    assert (await asked(hands, number))["state"] == "asked"
