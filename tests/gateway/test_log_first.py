"""Decisions take effect once the transparency log has them; everything else goes on meanwhile."""

import json
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from audit.log.checkpoint import trusted_checkpoint
from audit.log.directory import DirectoryTiles
from audit.log.errors import LogUnwritableError
from audit.log.leaf import late_of, leaf_of
from audit.log.proof import read_proof
from audit.log.reader import proofs_of
from cases.journal import Kind, Stream
from cases.log_glass import read_line
from store import DEMO_KEK, MAIN, ActState, LogBehind, LogKey, Published, Store
from tests.gateway.world import World, make_world
from tests.stores import empty_store


class Disk(DirectoryTiles):
    """A directory on a disk that can be told to be full."""

    full = False

    async def ahead(self, new: Published) -> bool:
        """As the directory does, or as a full disk does."""
        if self.full:
            raise LogUnwritableError(Path("log"), OSError(28, "No space left on device"))
        return await super().ahead(new)


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    """Where the log's files are."""
    return Disk(tmp_path / "log")


@pytest.fixture
async def store(tmp_path: Path, disk: Disk) -> AsyncIterator[Store]:
    """A store whose log is kept in files."""
    url = f"sqlite:///{tmp_path / 'escalate.db'}"
    await empty_store(url)
    async with await Store.open(url, kek=DEMO_KEK, tiles=disk) as opened:
        yield opened


@pytest.fixture
async def world(store: Store, tmp_path: Path) -> AsyncIterator[World]:
    """A gateway that writes the log, and whose decisions wait for it."""
    async with make_world(store, tmp_path, leaf_first=True) as made:
        yield made


async def the_act(world: World) -> str:
    """The only decision that was recorded."""
    (act,) = [row for row in await world.store.acts.list() if row.verb == "decide"]
    return act.id


async def test_a_decision_is_delivered_with_the_proof_that_the_log_has_it(world: World) -> None:
    """The envelope carries an inclusion proof of the door's entry of that very act."""
    number = await world.case()
    await world.to_gate(number)
    lena = await world.browser("lena")

    done = await lena.act(f"/cases/{number}", "decide", "approve")

    assert (done.status, "Your act counts." in done.text) == (200, True)
    act = await world.store.acts.show(await the_act(world))
    proof = read_proof(act.envelope.logged.encode())
    assert world.doors.log is not None
    head = trusted_checkpoint(proof.checkpoint, [world.doors.log.key])
    door = await world.store.journal.entries(act.case, stream=Stream.DOOR)
    (entry,) = [
        each for each in door if each.kind is Kind.DOOR_ACT_RECORDED and each.body["act"] == act.id
    ]
    assert proof.extra == leaf_of(entry, branch=MAIN)
    assert proof.holds(proof.extra, head)
    assert act.log_after == entry.sequence


async def test_other_acts_wait_for_nothing(world: World, disk: Disk) -> None:
    """While the log cannot be written, intake is answered, work completed and a case held."""
    disk.full = True
    number = await world.case()
    tessa = await world.browser("tessa")

    answered = await tessa.act(f"/cases/{number}", "answer", q__kind="fraud")
    await world.to_gate(number)

    assert answered.status == 200, answered.text
    assert (await world.picture(number))["stage"] == "legal-review"
    assert all(act.log_after is None for act in await world.store.acts.list())


async def test_a_decision_waits_while_the_log_cannot_be_written(world: World, disk: Disk) -> None:
    """It is recorded and says what it waits for; later acts of the case overtake it; then it goes.

    Its instant is the one at which it was signed.
    """
    number = await world.case()
    await world.to_gate(number)
    lena = await world.browser("lena")
    disk.full = True

    waits = await lena.act(f"/cases/{number}", "decide", "approve")

    assert waits.status == 202
    assert "It takes effect once the transparency log has it" in waits.text
    act = await the_act(world)
    assert (await world.picture(number))["rounds"][0]["votes"] == []
    assert (await world.store.acts.show(act)).waits_for_log
    luca = await world.browser("luca")
    taken = await luca.api_act(number, {"verb": "acknowledge", "stage": "legal-review"})
    assert taken.status_code == 200, taken.text
    imani = await _token(world, "imani")
    told = await world.until(world.store.health.open_alarms)
    assert {alarm.kind for alarm in told} == {"log-unwritable"}
    explained = await _get(world, imani, f"/api/cases/{number}/explain")
    assert "waits for the transparency log since" in json.dumps(explained)

    disk.full = False

    async def voted() -> bool:
        votes = (await world.picture(number))["rounds"][0]["votes"]
        return bool(votes)

    await world.until(voted)
    row = await world.store.acts.show(act)
    (vote,) = (await world.picture(number))["rounds"][0]["votes"]
    assert vote["at"].startswith(row.signed_at.isoformat()[:19])
    assert await world.until(lambda: _cleared(world))


async def _cleared(world: World) -> bool:
    return not await world.store.health.open_alarms()


async def test_two_people_let_decisions_go_on_and_the_spool_joins_first(
    world: World, disk: Disk
) -> None:
    """Asked, confirmed by another, spooled before it takes effect, in the log first and late."""
    assert world.doors.spool is not None
    number = await world.case()
    await world.to_gate(number)
    disk.full = True
    lena = await world.browser("lena")
    assert (await lena.act(f"/cases/{number}", "decide", "approve")).status == 202
    tokens = {name: await _token(world, name) for name in ("imani", "duc", "lena", "emeka")}
    path = "/api/log/break-glass"
    order = {"id": str(uuid.uuid4()), "reason": "a child is in danger now", "minutes": 10}

    refused = await _post(world, tokens["lena"], path, order)
    asked = await _post(world, tokens["imani"], path, order)
    alone = await _post(world, tokens["imani"], f"{path}/1/confirm", {"reason": "yes"})
    opened = await _post(world, tokens["duc"], f"{path}/1/confirm", {"reason": "agreed"})

    assert (refused[0], refused[1]["error"]) == (403, "log-glass-role")
    assert (asked[0], asked[1]["state"]) == (202, "waits")
    assert (alone[0], alone[1]["error"]) == (409, "log-glass-same-human")
    assert (opened[0], opened[1]["state"]) == (200, "open")

    async def voted() -> bool:
        return bool((await world.picture(number))["rounds"][0]["votes"])

    await world.until(voted)
    (glass,) = await world.store.log_glass.list()
    assert glass.confirmed_at is not None
    early = glass.confirmed_at - timedelta(microseconds=1)
    assert await world.store.log_glass.open_at(early) is None
    assert await world.store.log_glass.open_at(glass.confirmed_at) is not None
    assert (glass.open_at(early), glass.open_at(glass.confirmed_at)) == (False, True)
    act = await world.store.acts.show(await the_act(world))
    line = read_line(act.envelope.logged.encode(), root=world.doors.signer.root_public)
    assert (line.case, line.stream, line.sequence) == (act.case, Stream.DOOR, act.log_after)
    assert act.envelope.logged.encode() in world.doors.spool.file.read_bytes()

    before = (await world.store.log.head()).leaves
    disk.full = False
    key = LogKey(act.case, Stream.DOOR, MAIN, line.sequence)

    async def joined() -> bool:
        return key in await world.store.log.covered([key])

    await world.until(joined)
    head = await world.store.log.head()
    proof = (await proofs_of(world.store, act.case, head=head))[key]
    assert len(late_of(proof.extra)) == 64
    assert proof.index <= before
    ended = await _post(world, tokens["imani"], f"{path}/1/end", {"reason": "it is written again"})
    own = await _post(world, tokens["duc"], f"{path}/1/review", {"reason": "fine"})
    reviewed = await _post(world, tokens["emeka"], f"{path}/1/review", {"reason": "one decision"})
    assert ended[1]["state"] == "to-review"
    assert own[1]["error"] == "log-glass-own-review"
    assert reviewed[1]["state"] == "reviewed"
    assert await world.store.door_record.check() >= 4


async def _token(world: World, person: str) -> str:
    browser = await world.browser(person)
    said = await browser.http.post("/api/login", json={"person": person, "password": "demo"})
    token: str = said.json()["token"]
    return token


async def _get(world: World, token: str, path: str) -> dict[str, object]:
    browser = await world.browser("imani")
    said = await browser.http.get(path, headers={"Authorization": f"Bearer {token}"})
    found: dict[str, object] = said.json()
    return found


async def _post(
    world: World, token: str, path: str, content: dict[str, object]
) -> tuple[int, dict[str, object]]:
    browser = await world.browser("imani")
    said = await browser.http.post(
        path, content=json.dumps(content), headers={"Authorization": f"Bearer {token}"}
    )
    return said.status_code, said.json()


async def test_what_was_recorded_in_time_is_collected_once_the_log_has_it(
    world: World, disk: Disk
) -> None:
    """Silence finds the decision, closes the round, and waits with it for the log (I18)."""
    number = await world.case()
    await world.to_gate(number)
    view = await world.view(number)
    assert view is not None
    world.engine.down = True
    disk.full = True
    lena = await world.browser("lena")
    await lena.act(f"/cases/{number}", "decide", "approve")
    act = await world.store.acts.show(await the_act(world))
    assert act.state is ActState.PENDING
    asked = {
        "case": act.case,
        "gate": "legal-review",
        "round": 1,
        "deadline": act.signed_at + timedelta(seconds=1),
        "at": act.signed_at + timedelta(seconds=1),
    }

    with pytest.raises(LogBehind):
        await world.store.acts.collect(**asked)  # type: ignore[arg-type]
    disk.full = False

    async def released() -> bool:
        return not await world.store.acts.held_for_log()

    await world.until(released)
    (found,) = await world.store.acts.collect(**asked)  # type: ignore[arg-type]
    assert found.logged
