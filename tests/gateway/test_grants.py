"""Somebody outside a case asks to read it; its owner answers; what was granted ends by itself."""

import dataclasses
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from cases.journal import Kind
from gateway.access import Apart, Look, may
from integrations.cedar_folder import installed
from integrations.file_directory import DEMO_FILE
from runbooks.plan import Assurance
from store import DEMO_KEK, GrantVerdict, Store
from tests.fakes.ports import FakeMessaging
from tests.gateway.programs import Person, entries, id_of, reached_by
from tests.gateway.world import World, make_world

RESTRICTED: dict[str, Any] = {"id": "cs-1", "subject": "CS-1", "data": {"tags": ["child-safety"]}}
SECRET = "the reason nobody else may read"
SECOND = timedelta(seconds=1)
TICK = timedelta(microseconds=1)


@dataclasses.dataclass(frozen=True)
class Still:
    """A clock that stands at one instant."""

    instant: datetime

    async def now(self, case: str | None = None) -> datetime:
        """That instant."""
        del case
        return self.instant


async def asks(
    person: Person, number: str, *, minutes: int | None = 240, reason: str = SECRET
) -> httpx.Response:
    """They ask to read the case."""
    content: dict[str, Any] = {"reason": reason}
    if minutes is not None:
        content["minutes"] = minutes
    return await person.post(f"/api/access/cases/{number}/requests", content)


async def asked(person: Person, number: str, *, minutes: int | None = 240) -> str:
    """The id of their request."""
    said = await asks(person, number, minutes=minutes)
    assert said.status_code == 202, said.text
    request: str = said.json()["id"]
    return request


async def answers(person: Person, request: str, what: str, **content: Any) -> httpx.Response:
    """They grant, refuse or revoke it."""
    return await person.post(f"/api/access/requests/{request}/{what}", content)


async def granted(world: World, number: str, *, to: str = "tariq", minutes: int = 240) -> str:
    """The id of a request that an incident manager has granted."""
    request = await asked(await Person.of(world, to), number, minutes=minutes)
    said = await answers(await Person.of(world, "imani"), request, "grant")
    assert said.status_code == 200, said.text
    return request


async def seen_by(person: Person) -> list[dict[str, Any]]:
    """What is listed for them."""
    listed: list[dict[str, Any]] = (await person.get("/api/access/requests")).json()["requests"]
    return listed


async def reads(person: Person, number: str) -> int:
    """The status with which the door answers who wants to read the case."""
    return (await person.get(f"/api/cases/{number}")).status_code


def errors(*said: httpx.Response) -> list[tuple[int, str]]:
    """Why each was refused."""
    return [(each.status_code, each.json()["error"]) for each in said]


async def test_whoever_is_kept_out_asks_and_reads_for_a_time_and_only_reads(world: World) -> None:
    """Refused → asked → granted → read, listed, not acted on, nothing kept apart → over."""
    number, other = (
        await world.case(**RESTRICTED),
        await world.case(id="cs-2", subject="CS-2", data={"tags": ["child-safety"]}),
    )
    case = await id_of(world, number)
    tariq, imani = await Person.of(world, "tariq"), await Person.of(world, "imani")
    refused = await tariq.get(f"/api/cases/{number}")
    request = await asked(tariq, number)

    assert refused.status_code == 404
    assert "escalate access ask" in refused.json()["mend"]
    assert await reads(tariq, number) == 404
    (waits,) = await seen_by(imani)
    assert (waits["id"], waits["state"], waits["asks"], waits["mine"]) == (
        request,
        "asked",
        SECRET,
        False,
    )
    inbox = (await imani.get("/api/inbox")).json()["mine"]
    assert [each["number"] for each in inbox if "asks to read it" in each["what"]] == [number]
    explained = (await imani.get(f"/api/cases/{number}/explain")).text
    assert "case-owner: somebody asks to read it" in explained

    said = await answers(imani, request, "grant", reason="for the pattern in case 7")
    assert said.status_code == 200, said.text
    shown = await tariq.get(f"/api/cases/{number}")
    assert (shown.status_code, shown.json()["allowed"]) == (200, [])
    assert [each["number"] for each in (await tariq.get("/api/cases")).json()["cases"]] == [number]
    assert await reads(tariq, other) == 404
    written = await tariq.act(number, {"verb": "comment", "text": "mine as well"})
    assert written.status_code == 403
    for action in (Look.EXPORT, Look.DECODE, "assign", "close", "answer", "grant-access"):
        assert not (await may(world.doors, "tariq", action, case, assurance=Assurance.L3)).allowed
    for apart in Apart:
        assert not (await may(world.doors, "tariq", Look.READ_FIELD, case, apart=apart)).allowed
    explained = (await imani.get(f"/api/cases/{number}/explain")).json()
    assert [(each["who"], each["by"]) for each in explained["explanation"]["readers"]] == [
        ("tariq", "imani")
    ]
    assert any("tariq until" in line and "let by imani" in line for line in explained["lines"])
    why = await imani.get("/api/access/explain", case=number, person="tariq", action="read")
    assert why.json()["explained"]["policies"] == ["read-when-granted"]
    assert "granted" in why.json()["explained"]["relations"]
    assert any(line.startswith("imani lets them read it until") for line in why.json()["lines"])

    world.clock.ahead += timedelta(hours=4) + SECOND
    assert await reads(tariq, number) == 404

    async def over() -> list[dict[str, Any]]:
        return await entries(world, number, Kind.GRANT_ENDED)

    (ended,) = await world.until(over)
    assert (ended["how"], ended["about"], "who" in ended) == ("time-ran-out", "tariq", False)
    (asking,) = await entries(world, number, Kind.GRANT_ASKED)
    assert (asking["who"], asking["why"], asking["request"]) == ("tariq", SECRET, request)
    (given,) = await entries(world, number, Kind.GRANT_GIVEN)
    assert (given["who"], given["about"], given["until"]) == ("imani", "tariq", ended["until"])
    assert given["policies"] == ["managers-let-read", "owner-lets-read"]
    assert given["policy"] == world.doors.access.digest
    looks = await entries(world, number, Kind.LOOK_ALLOWED)
    assert ["read-when-granted"] in [each["policies"] for each in looks]
    log = (await imani.get(f"/api/access/cases/{number}/log")).json()["entries"]
    assert {each["kind"] for each in log} >= {
        Kind.GRANT_ASKED.value,
        Kind.GRANT_GIVEN.value,
        Kind.GRANT_ENDED.value,
    }
    (mine,) = await seen_by(tariq)
    assert (mine["state"], mine["says"], mine["asks"]) == ("over", "for the pattern in case 7", "")


async def test_a_grant_is_worth_nothing_from_its_end_on_whether_or_not_that_was_noted(
    world: World,
) -> None:
    """The moment before: read. At the instant, and a second after: nothing. Nor before it began."""
    number = await world.case(**RESTRICTED)
    request = await granted(world, number, minutes=30)
    row = await world.store.grants.get(request)
    case = await id_of(world, number)
    assert row.opened_at is not None
    assert row.until == row.opened_at + timedelta(minutes=30)

    async def allowed(instant: datetime) -> bool:
        doors = dataclasses.replace(world.doors, clock=Still(instant))
        return (await may(doors, "tariq", Look.READ, case)).allowed

    instants = (
        row.opened_at - TICK,
        row.opened_at,
        row.until - TICK,
        row.until,
        row.until + SECOND,
    )
    assert [await allowed(each) for each in instants] == [False, True, True, False, False]
    assert (await world.store.grants.get(request)).ended_at is None


async def test_asking_does_not_say_whether_there_is_such_a_case(
    store: Store, tmp_path: Path
) -> None:
    """No case, a case behind a wall, a case: one answer; only the last is anybody's to answer."""
    people = tmp_path / "people.yaml"
    text = DEMO_FILE.read_text()
    people.write_text(
        text.replace("  - id: tariq\n", '  - id: tariq\n    close-accounts: ["a-9"]\n')
    )
    async with make_world(store, tmp_path, people=people) as world:
        real = await world.case(**RESTRICTED)
        walled = await world.case(
            id="cs-9", subject="CS-9", data={"tags": ["child-safety"], "about": "a-9"}
        )
        tariq, imani = await Person.of(world, "tariq"), await Person.of(world, "imani")
        numbers = (real, walled, "9999")
        said = [await asks(tariq, number) for number in numbers]
        again = await asks(tariq, "9999")
        mine = await seen_by(tariq)
        own = [await answers(tariq, each.json()["id"], "grant") for each in said]
        ended = [await answers(tariq, each.json()["id"], "revoke") for each in said]

        assert [each.status_code for each in said] == [202, 202, 202]
        assert again.json()["id"] == said[2].json()["id"]
        shapes = [
            {
                **each.json(),
                "id": "",
                "number": "",
                "asked_at": "",
                "expires_at": "",
            }
            for each in said
        ]
        assert shapes[0] == shapes[1] == shapes[2]
        assert [each["number"] for each in mine] == ["9999", walled, real]
        assert {each["state"] for each in mine} == {"asked"}
        assert own[0].json() == own[1].json() == own[2].json()
        assert errors(*own) == [(403, "grant-own")] * 3
        assert ended[0].json() == ended[1].json() == ended[2].json()
        pages = [
            (await (await world.browser("tariq")).get(f"/cases/{each}")).text.replace(each, "#")
            for each in numbers
        ]
        assert pages[0] == pages[1] == pages[2]
        assert "Ask to read it for a time" in pages[0]

        assert [each["number"] for each in await seen_by(imani)] == [real]
        for each in said[1:]:
            assert errors(await answers(imani, each.json()["id"], "grant")) == [
                (404, "grant-unknown")
            ]
        assert not await entries(world, walled, Kind.GRANT_ASKED)
        (wall,) = await entries(world, walled, Kind.DOOR_ACT_REFUSED)
        assert (wall["who"], wall["what"], wall["why"]) == ("tariq", "ask-access", "conflicted")

        world.clock.ahead += timedelta(hours=72)

        async def lapsed() -> bool:
            rows = await store.grants.of_person("tariq")
            return {each.verdict for each in rows} == {GrantVerdict.LAPSED}

        await world.until(lapsed)
        tariq = await Person.of(world, "tariq")
        assert {each["state"] for each in await seen_by(tariq)} == {"lapsed"}
        assert len(await entries(world, real, Kind.GRANT_LAPSED)) == 1
        late = await answers(await Person.of(world, "imani"), said[0].json()["id"], "grant")
        assert errors(late) == [(409, "grant-answered")]
        assert await reads(tariq, real) == 404


@pytest.mark.parametrize("how", ["themselves", "linked account", "in their place"])
async def test_nobody_answers_their_own_request(store: Store, tmp_path: Path, how: str) -> None:
    """Not as an incident manager who is kept out, by a linked account, nor as who acts for them."""
    people = tmp_path / "people.yaml"
    text = DEMO_FILE.read_text()
    asker, owner = ("imani", "imani") if how == "themselves" else ("tariq", "imani")
    if how == "linked account":
        text = text.replace("  - id: tariq\n", "  - id: tariq\n    same-person-as: [imani]\n")
    people.write_text(text)
    cleared = "child-safety-expert, duty-manager"
    if how != "themselves":
        cleared += ", incident-manager"
    own = tmp_path / "policies"
    own.mkdir()
    (own / "classes.yaml").write_text(
        'classes:\n  child-safety: {says: "x", runbooks: [child-safety-report], '
        f"cleared: [{cleared}]}}\n"
    )
    async with make_world(store, tmp_path, people=people, access=installed(own)) as world:
        number = await world.case(**RESTRICTED)
        asking, answering = await Person.of(world, asker), await Person.of(world, owner)
        if how == "in their place":
            until = (await world.clock.now() + timedelta(days=3)).isoformat()
            away = await asking.post("/api/absences", {"until": until, "delegate": owner})
            assert away.status_code == 201, away.text
        request = await asked(asking, number)
        inbox = (await answering.get("/api/inbox")).json()["mine"]
        refused = [
            await answers(answering, request, "grant"),
            await answers(answering, request, "refuse", reason="no"),
        ]

        assert errors(*refused) == [(403, "grant-own")] * 2
        assert not [each for each in inbox if "asks to read it" in each["what"]]
        assert not [each for each in await seen_by(answering) if each["state"] != "asked"]
        assert await reads(asking, number) == 404
        on_record = await entries(world, number, Kind.DOOR_ACT_REFUSED)
        assert [(each["who"], each["why"]) for each in on_record] == [(owner, "same-person")] * 2

        second = await Person.of(world, "duc")
        assert (await answers(second, request, "grant")).status_code == 200
        assert await reads(asking, number) == 200


async def test_its_owner_takes_it_back_and_its_holder_gives_it_back(world: World) -> None:
    """Over at once and on record; nobody else can, and what is over cannot end again."""
    number = await world.case(**RESTRICTED)
    tariq, imani = await Person.of(world, "tariq"), await Person.of(world, "imani")
    taken = await granted(world, number)
    stranger = await answers(await Person.of(world, "tessa"), taken, "revoke")
    assert errors(stranger) == [(404, "grant-unknown")]
    assert await reads(tariq, number) == 200
    assert (await answers(imani, taken, "revoke", reason="it is done")).status_code == 200
    assert await reads(tariq, number) == 404
    again = await answers(imani, taken, "revoke")
    given_back = await granted(world, number)
    assert await reads(tariq, number) == 200
    assert (await answers(tariq, given_back, "revoke")).status_code == 200

    assert await reads(tariq, number) == 404
    assert errors(again) == [(409, "grant-not-open")]
    ended = await entries(world, number, Kind.GRANT_ENDED)
    assert [(each["who"], each["how"], each.get("why")) for each in ended] == [
        ("imani", "revoked", "it is done"),
        ("tariq", "given-back", None),
    ]


async def test_a_refusal_says_why_and_stays(world: World) -> None:
    """Whoever asked reads the reason; the first answer counts; only who has the case answers."""
    number = await world.case(**RESTRICTED)
    tariq, imani = await Person.of(world, "tariq"), await Person.of(world, "imani")
    request = await asked(tariq, number)
    stranger = await Person.of(world, "samir")
    outside = [await answers(stranger, request, each, reason="x") for each in ("grant", "refuse")]
    silent = await answers(imani, request, "refuse", reason="  ")
    said = await answers(imani, request, "refuse", reason="ask for case 7 instead")
    late = await answers(await Person.of(world, "ivar"), request, "grant")

    assert errors(*outside) == [(404, "grant-unknown")] * 2
    assert errors(silent) == [(422, "grant-no-reason")]
    assert said.status_code == 200, said.text
    assert errors(late) == [(409, "grant-answered")]
    (mine,) = await seen_by(tariq)
    assert (mine["state"], mine["answered_by"], mine["says"]) == (
        "refused",
        "imani",
        "ask for case 7 instead",
    )
    assert await reads(tariq, number) == 404
    (refused,) = await entries(world, number, Kind.GRANT_REFUSED)
    assert (refused["who"], refused["about"], refused["why"]) == (
        "imani",
        "tariq",
        "ask for case 7 instead",
    )


async def test_whoever_has_claimed_the_work_answers_too(world: World) -> None:
    """A holder of the stage's role cannot, until the work is theirs."""
    number = await world.case(**RESTRICTED)
    request = await asked(await Person.of(world, "tariq"), number)
    samir = await Person.of(world, "samir")
    before = await answers(samir, request, "grant")
    claimed = await samir.act(number, {"verb": "claim"}, role="child-safety-expert")
    assert claimed.status_code == 200, claimed.text

    async def theirs() -> bool:
        return bool((await world.picture(number))["claims"])

    await world.until(theirs)

    assert errors(before) == [(404, "grant-unknown")]
    assert (await answers(samir, request, "grant")).status_code == 200
    (given,) = await entries(world, number, Kind.GRANT_GIVEN)
    assert (given["who"], given["policies"]) == ("samir", ["owner-lets-read"])


async def test_how_long_is_bounded_and_only_shortened(store: Store, tmp_path: Path) -> None:
    """Nothing said: the default. Longer than the longest: refused. The owner may only shorten."""
    default, longest = timedelta(hours=2), timedelta(hours=6)
    async with make_world(store, tmp_path, grant_default=default, grant_longest=longest) as world:
        number, other = await world.case(**RESTRICTED), await world.case()
        tariq, imani = await Person.of(world, "tariq"), await Person.of(world, "imani")
        refused = [
            await asks(tariq, number, minutes=6 * 60 + 1),
            await asks(tariq, number, reason=" "),
            await asks(tariq, "10 42"),
            await asks(tariq, other),
        ]
        silent = await asked(tariq, number, minutes=None)
        said = await answers(imani, silent, "grant", minutes=6 * 60)
        assert said.status_code == 200, said.text
        first = await store.grants.get(silent)
        assert (await answers(imani, silent, "revoke")).status_code == 200
        shortened = await asked(tariq, number, minutes=6 * 60)
        assert (await answers(imani, shortened, "grant", minutes=5)).status_code == 200
        second = await store.grants.get(shortened)

        assert errors(*refused) == [
            (422, "grant-too-long"),
            (422, "grant-no-reason"),
            (422, "grant-number"),
            (422, "grant-not-needed"),
        ]
        assert first.until is not None
        assert second.until is not None
        assert first.opened_at is not None
        assert second.opened_at is not None
        assert first.until - first.opened_at == timedelta(hours=2)
        assert second.until - second.opened_at == timedelta(minutes=5)


async def test_only_so_many_requests_of_one_person_wait(world: World) -> None:
    """Nobody finds cases by asking for every number; what no grant can allow is said at once."""
    tariq = await Person.of(world, "tariq")
    for index in range(10):
        await asked(tariq, f"77{index}")
    eleventh = await asks(tariq, "7799")
    known = await asks(tariq, "770")

    assert errors(eleventh) == [(429, "grant-too-many")]
    assert known.status_code == 202


async def test_who_keeps_the_log_is_told_that_no_grant_helps(store: Store, tmp_path: Path) -> None:
    """Whichever case it is, a `forbid` over their role stands before it."""
    people = tmp_path / "people.yaml"
    people.write_text(DEMO_FILE.read_text().replace("roles: [engineer,", "roles: [recorder,"))
    async with make_world(store, tmp_path, people=people) as world:
        erin = await Person.of(world, "erin")
        page = await (await world.browser("erin")).get("/cases/9999")

        assert errors(await asks(erin, "9999")) == [(403, "role")]
        assert "Ask to read it" not in page.text


async def test_a_wall_that_rises_later_ends_what_was_granted(store: Store, tmp_path: Path) -> None:
    """Every `forbid` outweighs a grant: one that waits is of no use, one given is worthless."""
    people = tmp_path / "people.yaml"
    text = DEMO_FILE.read_text()
    people.write_text(text)
    async with make_world(store, tmp_path, people=people) as world:
        number = await world.case(
            id="cs-9", subject="CS-9", data={"tags": ["child-safety"], "about": "a-9"}
        )
        tariq, imani = await Person.of(world, "tariq"), await Person.of(world, "imani")
        first = await granted(world, number)
        assert await reads(tariq, number) == 200
        people.write_text(
            text.replace("  - id: tariq\n", '  - id: tariq\n    platform-accounts: ["a-9"]\n')
        )
        assert await reads(tariq, number) == 404
        case = await id_of(world, number)
        assert (await may(world.doors, "tariq", Look.READ, case)).policies == ("conflict-wall",)
        assert (await store.grants.get(first)).ended_at is None

        people.write_text(text)
        assert (await answers(imani, first, "revoke")).status_code == 200
        second = await asked(tariq, number)
        people.write_text(
            text.replace("  - id: tariq\n", '  - id: tariq\n    platform-accounts: ["a-9"]\n')
        )
        useless = await answers(imani, second, "grant")
        assert errors(useless) == [(422, "grant-no-use")]
        assert "declared conflict" in useless.json()["detail"]


async def test_a_restart_keeps_requests_and_grants(store: Store, tmp_path: Path) -> None:
    """Another process on the same store: what was granted is read, what waits is answered."""
    async with make_world(store, tmp_path) as world:
        number = await world.case(**RESTRICTED)
        await granted(world, number)
        waits = await asked(await Person.of(world, "tessa"), number)
    url = f"sqlite:///{tmp_path / 'escalate.db'}"
    async with (
        await Store.open(url, kek=DEMO_KEK) as again,
        make_world(again, tmp_path, runbooks=False) as world,
    ):
        tariq, tessa = await Person.of(world, "tariq"), await Person.of(world, "tessa")
        imani = await Person.of(world, "imani")

        assert (await reads(tariq, number), await reads(tessa, number)) == (200, 404)
        assert (await answers(imani, waits, "grant")).status_code == 200
        assert await reads(tessa, number) == 200


async def test_owner_and_asker_are_told_without_a_word_of_it(store: Store, tmp_path: Path) -> None:
    """The owner at once; whoever asked when it is answered and when it ends early; no reason."""
    mail = FakeMessaging()
    async with make_world(store, tmp_path, outside=reached_by(mail, store)) as world:
        number = await world.case(**RESTRICTED)
        snapshot = await world.doors.directory.snapshot()
        owners = {person.email for person in snapshot.holders("incident-manager")}
        (asker,) = [each.email for each in snapshot.people if each.id == "tariq"]
        request = await asked(await Person.of(world, "tariq"), number)

        def told(to: set[str], subject: str, word: str = "") -> Callable[[], Awaitable[bool]]:
            async def look() -> bool:
                found = {
                    each.to
                    for each in mail.sent
                    if each.subject.startswith(subject) and word in each.text
                }
                return found == to

            return look

        await world.until(told(owners, "Somebody asks to read case"))
        imani = await Person.of(world, "imani")
        assert (await answers(imani, request, "grant", reason=SECRET)).status_code == 200
        await world.until(told({asker}, "Reading case", "has been answered"))
        assert (await answers(imani, request, "revoke", reason=SECRET)).status_code == 200
        await world.until(told({asker}, "Reading case", "ended early"))

        assert all(SECRET not in each.text + each.subject for each in mail.sent)
        assert not [each for each in await store.health.open_alarms() if each.kind == "grant-asked"]


async def test_nobody_reachable_means_an_alarm_until_it_is_answered(world: World) -> None:
    """Without any channel the watch tells that somebody asks."""
    number = await world.case(**RESTRICTED)
    request = await asked(await Person.of(world, "tariq"), number)

    async def alarms() -> list[str]:
        found = await world.store.health.open_alarms()
        return [alarm.text for alarm in found if alarm.kind == "grant-asked"]

    (text,) = await world.until(alarms)
    assert number in text
    assert SECRET not in text
    said = await answers(await Person.of(world, "imani"), request, "refuse", reason="no")
    assert said.status_code == 200
    assert not await alarms()


async def test_it_is_asked_answered_and_given_back_on_pages(world: World) -> None:
    """Nothing here → ask → inbox → case page → let → read under a banner → given back."""
    number = await world.case(**RESTRICTED)
    tariq, imani = await world.browser("tariq"), await world.browser("imani")
    nothing = await tariq.get(f"/cases/{number}")
    form = next(each for each in nothing.forms() if each.action.endswith("/ask"))
    wrong = await tariq.post(form, reason=SECRET, hours="many")
    too_long = await tariq.post(form, reason=SECRET, hours="169")
    waits = await tariq.post(form, reason=SECRET, hours="4")
    inbox = await imani.get("/")
    page = await imani.get(f"/cases/{number}")
    let = next(each for each in page.forms() if each.action.endswith("/grant"))
    listed = await imani.post(let, hours="2")
    case = await tariq.get(f"/cases/{number}")

    assert (wrong.status, too_long.status) == (422, 403)
    assert "longer than anybody is let in for" in too_long.text
    assert "waits for its owner" in waits.text
    assert SECRET not in waits.text
    assert f"Case {number}: somebody asks to read it" in inbox.text
    assert SECRET in page.text
    assert "End it now" in listed.text
    assert "imani lets you read this case for a time" in case.text
    assert f"/cases/{number}/acts" not in case.response.text

    back = next(each for each in case.forms() if each.action.endswith("/revoke"))
    after = await tariq.post(back)
    assert "over" in after.text
    assert (await tariq.get(f"/cases/{number}")).status == 404
    log = await imani.get(f"/cases/{number}/access")
    assert "The owner lets somebody read the case for a time" in log.text
