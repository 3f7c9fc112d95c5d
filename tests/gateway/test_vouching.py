"""Witnesses and an authority of time are asked beside the recorder, and what they say is kept."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from starlette.applications import Starlette

from audit.log.checkpoint import read_checkpoint
from audit.log.cosignature import WitnessSigner, cosignatures
from audit.log.exported import Logged, check_log
from audit.log.note import NoteSigner, read_note
from audit.log.part import log_part
from audit.log.policy import Policy, read_policy
from audit.log.recorder import Recorder
from audit.log.segments import Segment
from audit.log.timestamp import query, read_token, verify_token
from audit.log.vouched import best_head, cosigned, published_head
from audit.log.witness import Witness
from audit.log.witness_door import witness_app
from audit.log.witness_state import WitnessState
from audit.log.witnessed import check_witnesses
from audit.verdict import Outcome
from cases.journal import Kind, Stream
from gateway.doors import Doors
from gateway.log_key import load_or_create_log_key
from gateway.log_pages import LogPages
from gateway.stamp_dispatcher import StampDispatcher
from gateway.vouching import Stamping, Witnessing
from gateway.watching.finding import FindingKind
from gateway.watching.vouching import Freshness, unvouched
from gateway.witness_dispatcher import REFUSED, WitnessDispatcher
from store import MAIN, Accepted, Store
from store.log_tables import log_cosignatures, log_vouched
from tests.audit.log.growing import Growing
from tests.audit.log.tsa import Authority, Server, authority, serving
from tests.gateway.world import MovableClock, make_world

LOG = NoteSigner(name="example.org/log", private=Ed25519PrivateKey.generate())


@dataclass
class Elsewhere:
    """Two witnesses in other hands, reached over HTTP without a network."""

    folder: Path
    clock: MovableClock
    log: NoteSigner = LOG
    down: set[str] = field(default_factory=set)
    asked: int = 0

    def __post_init__(self) -> None:
        """Both are up."""
        self.signers = [
            WitnessSigner(name=f"w{number}.example", private=Ed25519PrivateKey.generate())
            for number in (1, 2)
        ]
        self.apps: dict[str, httpx.ASGITransport] = {}
        for signer in self.signers:
            self.begin(signer)

    def begin(self, signer: WitnessSigner, *, at: str = "first") -> None:
        """The witness starts with a folder of its own."""
        state = WitnessState.opened(self.folder / signer.name / at, has_key=False)
        witness = Witness(signer, logs=[self.log.key], state=state)
        app = witness_app(witness, key=signer.key, clock=self.clock)
        self.apps[signer.name] = httpx.ASGITransport(app=app)

    async def handle(self, request: httpx.Request) -> httpx.Response:
        """Whoever is asked answers, unless it is down."""
        self.asked += 1
        host = request.url.host
        if host in self.down:
            raise httpx.ConnectError("down")
        return await self.apps[host].handle_async_request(request)

    @property
    def policy(self) -> Policy:
        """Both are needed."""
        lines = [f"log {self.log.key}"]
        lines += [f"witness {s.name} {s.key} https://{s.name}/" for s in self.signers]
        lines += ["group both all w1.example w2.example", "quorum both", ""]
        return read_policy("\n".join(lines).encode())


class _Through(httpx.AsyncBaseTransport):
    def __init__(self, elsewhere: Elsewhere) -> None:
        self._elsewhere = elsewhere

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await self._elsewhere.handle(request)


@dataclass
class Desk:
    """A store with one case, its log, and who is asked about it."""

    store: Store
    clock: MovableClock
    case: str
    elsewhere: Elsewhere
    http: httpx.AsyncClient

    @property
    def doors(self) -> Doors:
        """As much of a gateway as a dispatcher looks at."""
        return cast("Doors", SimpleNamespace(store=self.store, clock=self.clock, id="g-1"))

    async def grow(self, *kinds: Kind) -> None:
        """The doors wrote something, and a checkpoint covers it."""
        at = await self.clock.now()
        for kind in kinds or (Kind.DOOR_LINK_OPENED,):
            await self.store.journal.append_door(self.case, kind, at=at, by="one")
        await Recorder(self.store, signer=LOG, apart=timedelta(0)).record(at=at)

    def witnesses(self) -> WitnessDispatcher:
        """Asks both."""
        return WitnessDispatcher(
            self.doors, Witnessing(policy=self.elsewhere.policy, http=self.http)
        )

    async def vouched_by(self) -> list[str]:
        """Whose cosignatures hold on the newest checkpoint."""
        head = await published_head(self.store)
        note = read_note(head.checkpoint.encode())
        keys = [signer.key for signer in self.elsewhere.signers]
        return [each.key.name for each in cosignatures(note, keys)]


@pytest.fixture
async def desk(store: Store, tmp_path: Path) -> AsyncIterator[Desk]:
    """One case, in the log."""
    clock = MovableClock()
    accepted = await store.deliveries.accept(
        key="standard:1",
        source="standard",
        instance="i",
        external_id="1",
        body=b"{}",
        at=await clock.now(),
    )
    assert isinstance(accepted, Accepted)
    elsewhere = Elsewhere(tmp_path / "witnesses", clock)
    async with httpx.AsyncClient(transport=_Through(elsewhere)) as http:
        made = Desk(store, clock, accepted.case, elsewhere, http)
        await made.grow()
        yield made


async def test_every_checkpoint_that_stands_is_cosigned_by_each_witness(desk: Desk) -> None:
    """From an empty witness on, over many checkpoints; nobody is asked twice about one."""
    asking = desk.witnesses()
    for _ in range(3):
        await desk.grow()
        await asking.once()
        assert await desk.vouched_by() == ["w1.example", "w2.example"]
    asked = desk.elsewhere.asked

    await asking.once()

    assert desk.elsewhere.asked == asked


async def test_a_process_that_was_restarted_learns_where_the_witness_is(desk: Desk) -> None:
    """409 with the size: asked again from there, in the same turn."""
    await desk.witnesses().once()
    await desk.grow()

    await desk.witnesses().once()

    assert await desk.vouched_by() == ["w1.example", "w2.example"]
    assert await desk.store.health.open_alarms() == []


async def test_a_witness_that_is_down_holds_up_nobody(desk: Desk) -> None:
    """The other one's word is kept; the first is asked again later, and no alarm is raised yet."""
    asking = desk.witnesses()
    desk.elsewhere.down = {"w1.example"}
    await asking.once()
    assert await desk.vouched_by() == ["w2.example"]
    asked = desk.elsewhere.asked
    await asking.once()
    assert desk.elsewhere.asked == asked
    assert await desk.store.health.open_alarms() == []
    desk.elsewhere.down = set()
    desk.clock.ahead += timedelta(seconds=20)

    await asking.once()

    assert await desk.vouched_by() == ["w1.example", "w2.example"]


async def test_a_witness_that_refuses_is_told_of(desk: Desk) -> None:
    """The log was set back: the duty manager hears of it; it ends when the witness vouches."""
    await desk.grow()
    asking = desk.witnesses()
    await asking.once()
    other = Growing(leaves=40)
    other.signer = LOG
    for signer in desk.elsewhere.signers:
        desk.elsewhere.begin(signer, at="second")
        body = other.request(old=0).data
        answer = await desk.http.post(f"https://{signer.name}/add-checkpoint", content=body)
        assert answer.status_code == 200
    await desk.grow()

    await asking.once()

    alarms = await desk.store.health.open_alarms()
    assert {alarm.kind for alarm in alarms} == {REFUSED}
    assert {alarm.key for alarm in alarms} == {"w1.example", "w2.example"}
    assert "larger tree" in alarms[0].text
    for signer in desk.elsewhere.signers:
        desk.elsewhere.begin(signer, at="third")
    desk.clock.ahead += timedelta(seconds=20)
    await asking.once()
    assert await desk.store.health.open_alarms() == []


@pytest.mark.parametrize(
    "status,media,body",
    [
        (409, "text/x.tlog.size", b"1000000\n"),
        (409, "text/x.tlog.size", b"-1\n"),
        (409, "text/x.tlog.size", b"\xff"),
        (409, "text/plain", b"5\n"),
        (200, "text/plain", b""),
        (200, "text/plain", b"\xff\n"),
        (200, "text/plain", "\u2014 w1.example AAAAAAAA\n".encode()),
        (200, "text/plain", b"x" * 200_000),
        (302, "text/html", b"elsewhere"),
        (500, "text/html", b"broken"),
        (422, "text/plain", b"no\n"),
        (403, "text/plain", b"no\n"),
        (404, "text/plain", b"no\n"),
    ],
)
async def test_whatever_a_witness_answers_nothing_false_is_kept(
    desk: Desk, status: int, media: str, body: bytes
) -> None:
    """No word of it is stored, nothing breaks, and the log goes on."""

    def answer(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(status, content=body, headers={"Content-Type": media})

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        asking = WitnessDispatcher(desk.doors, Witnessing(policy=desk.elsewhere.policy, http=http))
        await asking.once()
        await desk.grow()
        await asking.once()

    assert await desk.vouched_by() == []
    assert await desk.store.vouching.covering(0) == []


async def test_a_silent_witness_is_left_after_its_time(desk: Desk) -> None:
    """It drips byte by byte: the turn ends all the same."""

    class Drip(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            while True:
                yield b"x"
                await asyncio.sleep(0.01)

    def answer(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, stream=Drip())

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        witnessing = Witnessing(
            policy=desk.elsewhere.policy, http=http, within=timedelta(milliseconds=100)
        )
        async with asyncio.timeout(5):
            await WitnessDispatcher(desk.doors, witnessing).once()

    assert await desk.vouched_by() == []


async def test_what_others_vouched_for_is_kept_and_the_rest_goes(desk: Desk) -> None:
    """Of many checkpoints the last ones stay, and of those with all cosignatures as many."""
    asking = desk.witnesses()
    await asking.once()
    first = (await desk.store.log.head()).size
    desk.elsewhere.down = {"w2.example"}
    for _ in range(20):
        await desk.grow()
        desk.clock.ahead += timedelta(seconds=1)
        await asking.once()

    rows = await desk.store.vouching.covering(0, limit=1000)

    assert len(rows) == 17
    assert rows[0].size == first
    assert len(rows[0].lines) == 2
    assert rows[-1].size == (await desk.store.log.head()).size
    best = await best_head(desk.store, leaves=1)
    assert best.head.size == first
    assert read_checkpoint(best.head.checkpoint.encode())[0].size == first


async def test_the_watch_hears_when_witnesses_fall_silent(desk: Desk) -> None:
    """Not while the log is quiet, and not while all is vouched for: only when entries wait."""
    fresh = Freshness(policy=desk.elsewhere.policy, witnessed_within=timedelta(minutes=15))

    async def found() -> list[str]:
        every = await unvouched(desk.store, fresh, at=await desk.clock.now())
        return [each.kind for each in every]

    asking = desk.witnesses()
    await asking.once()
    desk.clock.ahead += timedelta(hours=5)
    assert await found() == []
    desk.elsewhere.down = {"w1.example"}
    await desk.grow()
    await asking.once()
    assert await found() == []
    desk.clock.ahead += timedelta(minutes=16)
    assert await found() == [FindingKind.UNWITNESSED]
    desk.elsewhere.down = set()
    await asking.once()
    assert await found() == []


async def test_the_cosigned_checkpoint_is_served(desk: Desk) -> None:
    """The newest with what it has by now; beside it the newest that anybody cosigned."""
    app = Starlette(routes=LogPages(desk.store).routes())
    asking = desk.witnesses()
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://log") as anybody:
        nobody = await anybody.get("/log/checkpoint/vouched")
        await asking.once()
        newest = await anybody.get("/log/checkpoint")
        await desk.grow()
        bare = await anybody.get("/log/checkpoint")
        vouched = await anybody.get("/log/checkpoint/vouched")

    assert nobody.status_code == 404
    assert len(read_note(newest.content).signatures) == 3
    assert len(read_note(bare.content).signatures) == 1
    assert vouched.content == newest.content
    assert vouched.headers["cache-control"] == "public, max-age=1"


async def test_a_gateway_has_its_checkpoints_vouched_for(
    store: Store, tmp_path: Path, one_authority: Authority
) -> None:
    """The whole of it: a case comes in, and soon a cosigned and stamped checkpoint covers it."""
    log = load_or_create_log_key(tmp_path / "keys", origin="example.org/log")
    elsewhere = Elsewhere(tmp_path / "witnesses", MovableClock(), log)
    with serving(one_authority) as tsa:
        async with (
            httpx.AsyncClient(transport=_Through(elsewhere)) as witnesses,
            httpx.AsyncClient(trust_env=False) as http,
            make_world(
                store,
                tmp_path,
                witnessing=Witnessing(policy=elsewhere.policy, http=witnesses),
                stamping=Stamping(url=tsa.url, http=http, roots=one_authority.roots, witnesses=2),
            ) as world,
        ):
            number = await world.case()
            row = await store.cases.by_number(number)
            assert row is not None
            known = row.id
            await world.until(lambda: store.log.is_settled(known))
            assert await cosigned(store, known, within=timedelta(seconds=20))

            async def with_token() -> bool:
                return any(each.token for each in await store.vouching.covering(0))

            await world.until(with_token)
            door = await store.journal.entries(known, stream=Stream.DOOR)
            segments = (Segment(branch=MAIN, after=0),)
            part = await log_part(store, known, streams=[(door, segments)])

    assert part is not None
    logged = Logged(files=part.files, key=str(log.key), streams=[(door, segments)])
    found = check_witnesses(
        part.files, policy=elsewhere.policy, logs=[log.key], at=await world.clock.now()
    )
    assert check_log(logged, pinned=frozenset({log.key})).outcome is Outcome.PASS
    assert found.check.outcome is Outcome.PASS


# ── time stamps ──────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def one_authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Keys and certificates, made once."""
    return authority(tmp_path_factory.mktemp("tsa") / "here")


@pytest.fixture
def tsa(one_authority: Authority) -> Iterator[Server]:
    """It answers over HTTP."""
    with serving(one_authority) as server:
        yield server


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    """A client that reaches it."""
    async with httpx.AsyncClient(trust_env=False) as made:
        yield made


def stamper(desk: Desk, tsa: Server, http: httpx.AsyncClient, **rules: Any) -> StampDispatcher:
    """Has what is due stamped."""
    options = {"roots": tsa.authority.roots, **rules}
    return StampDispatcher(desk.doors, Stamping(url=tsa.url, http=http, **options))


async def stamped(desk: Desk) -> list[tuple[int, bytes, bytes]]:
    """The checkpoints with a token: size, token, and what it is over."""
    rows = await desk.store.vouching.covering(0)
    return [(row.size, row.token, row.stamped) for row in rows if row.token]


async def test_a_log_has_a_token_a_day_and_one_at_each_closure(
    desk: Desk, tsa: Server, http: httpx.AsyncClient
) -> None:
    """The first at once, the next with a closure after a minute, else after a day; never twice."""
    stamping = stamper(desk, tsa, http)
    await stamping.once()
    assert [size for size, _, _ in await stamped(desk)] == [2]
    await desk.grow()
    await stamping.once()
    assert len(tsa.asked) == 1
    await desk.grow(Kind.CASE_CLOSED, Kind.DOOR_LINK_OPENED)
    await stamping.once()
    assert len(tsa.asked) == 1
    desk.clock.ahead += timedelta(minutes=2)
    await stamping.once()
    assert [size for size, _, _ in await stamped(desk)] == [2, 5]
    await desk.grow(Kind.EFFECT_DONE)
    desk.clock.ahead += timedelta(minutes=2)
    await stamping.once()
    await desk.grow()
    desk.clock.ahead += timedelta(hours=23)
    await stamping.once()
    assert len(tsa.asked) == 3
    desk.clock.ahead += timedelta(hours=1)
    await stamping.once()
    await stamping.once()

    found = await stamped(desk)
    assert [size for size, _, _ in found] == [2, 5, 6, 7]
    for _, token, data in found:
        assert verify_token(token, data, roots=tsa.authority.roots).signer


async def test_witnesses_are_waited_for_and_not_for_ever(
    desk: Desk, tsa: Server, http: httpx.AsyncClient
) -> None:
    """The token is over the cosigned checkpoint; half a minute later over what there is."""
    stamping = stamper(desk, tsa, http, witnesses=2)
    asking = desk.witnesses()
    await stamping.once()
    assert await stamped(desk) == []
    await asking.once()
    await stamping.once()
    ((_, _, data),) = await stamped(desk)
    assert data.decode() == (await published_head(desk.store)).checkpoint
    assert len(read_note(data).signatures) == 3
    desk.elsewhere.down = {"w1.example", "w2.example"}
    await desk.grow(Kind.CASE_CLOSED)
    desk.clock.ahead += timedelta(minutes=2)
    await stamping.once()
    assert len(await stamped(desk)) == 1
    desk.clock.ahead += timedelta(seconds=31)
    await stamping.once()

    (_, (_, _, alone)) = await stamped(desk)
    assert len(read_note(alone).signatures) == 1


async def test_what_was_stamped_is_what_is_shown(
    desk: Desk, tsa: Server, http: httpx.AsyncClient
) -> None:
    """A cosignature that comes later does not change the bytes the token is over."""
    await stamper(desk, tsa, http).once()
    await desk.witnesses().once()

    row = await desk.store.vouching.at((await desk.store.log.head()).size)

    assert row is not None
    assert len(row.lines) == 2
    assert row.published == row.stamped.decode() == row.checkpoint
    assert read_token(row.token, row.published.encode()).signer == tsa.authority.digest


@pytest.mark.parametrize("what", ["down", "bogus", "other", "old", "html", "refused"])
async def test_an_authority_that_fails_leaves_no_token(
    what: str, desk: Desk, tsa: Server, http: httpx.AsyncClient, tmp_path: Path
) -> None:
    """Down, a stranger, another question's, no token at all: alarmed unless just silent."""
    roots = tsa.authority.roots
    if what == "down":
        tsa.status = 503
    elif what == "bogus":
        tsa.authority = authority(tmp_path / "stranger", between=False)
        tsa.chain = False
    elif what == "other":
        tsa.instead = tsa.authority.reply(query(b"other bytes").data)
    elif what == "old":
        await stamper(desk, tsa, http).once()
        tsa.instead = (await stamped(desk))[0][1]
        await desk.grow(Kind.CASE_CLOSED)
        desk.clock.ahead += timedelta(minutes=2)
    elif what == "html":
        tsa.instead = b"<html>"
    elif what == "refused":
        tsa.instead = bytes.fromhex("30053003020102")
    before = await stamped(desk)

    await stamper(desk, tsa, http, roots=roots).once()

    assert await stamped(desk) == before
    alarms = [alarm.kind for alarm in await desk.store.health.open_alarms()]
    assert alarms == ([] if what == "down" else ["log-not-stamped"])
    fresh = Freshness(stamped_within=timedelta(hours=26))
    later = await desk.clock.now() + timedelta(hours=27)
    found = await unvouched(desk.store, fresh, at=later)
    assert [each.kind for each in found] == [FindingKind.UNSTAMPED]


async def test_an_authority_is_asked_more_and_more_rarely(
    desk: Desk, tsa: Server, http: httpx.AsyncClient
) -> None:
    """While it does not answer; at most five minutes apart, and at once when it does again."""
    tsa.status = 500
    stamping = stamper(desk, tsa, http)
    for _ in range(12):
        await stamping.once()
        desk.clock.ahead += timedelta(seconds=2)
    assert len(tsa.asked) == 4
    tsa.status = 200
    desk.clock.ahead += timedelta(minutes=5)

    await stamping.once()

    assert len(await stamped(desk)) == 1


async def test_nobody_outside_is_asked_before_there_is_a_log(
    store: Store, tmp_path: Path, tsa: Server
) -> None:
    """No checkpoint, no question, nothing found."""
    clock = MovableClock()
    doors = cast("Doors", SimpleNamespace(store=store, clock=clock, id="g-1"))
    elsewhere = Elsewhere(tmp_path / "witnesses", clock)
    async with httpx.AsyncClient(transport=_Through(elsewhere)) as http:
        await WitnessDispatcher(doors, Witnessing(policy=elsewhere.policy, http=http)).once()
        await StampDispatcher(doors, Stamping(url=tsa.url, http=http)).once()

    fresh = Freshness(policy=elsewhere.policy, stamped_within=timedelta(hours=26))
    assert (elsewhere.asked, tsa.asked) == (0, [])
    assert await unvouched(store, fresh, at=datetime.now().astimezone()) == []
    async with store.database.read() as connection:
        for table in (log_vouched, log_cosignatures):
            assert (await connection.execute(table.select())).all() == []
