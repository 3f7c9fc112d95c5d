"""`doctor --live` asks witnesses and the authority of time, and changes nothing by it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.log.cosignature import WitnessSigner
from audit.log.note import NoteSigner
from audit.log.recorder import Recorder
from audit.log.witness import Witness
from audit.log.witness_door import witness_app
from audit.log.witness_state import STATE_FILE, WitnessState
from store import DEMO_KEK, Store, upgrade
from tests.audit.log.growing import Growing
from tests.audit.log.tsa import authority, serving
from tests.gateway.world import MovableClock
from tests.store.building import START, accepted, later
from workers._doctor_check import Check, Level
from workers._doctor_vouching import fresh, live_vouching, vouching
from workers.errors import NotSetUpError
from workers.settings import Settings
from workers.vouching import freshness, policy_of, roots_of, stamping, witnessing

SIGNER = WitnessSigner(name="w.example/1", private=Ed25519PrivateKey.generate())


def settings(folder: Path, **more: str) -> Settings:
    """With a policy of one witness that has an address, and one that has none."""
    other = WitnessSigner(name="w.example/2", private=Ed25519PrivateKey.generate())
    (folder / "policy").write_text(
        f"witness w1 {SIGNER.key} http://witness\nwitness w2 {other.key}\n"
        "group both any w1 w2\nquorum both\n"
    )
    return Settings.load(
        {
            "ESCALATE_HOME": str(folder),
            "ESCALATE_WITNESSES__POLICY_FILE": str(folder / "policy"),
            **more,
        }
    )


async def looked_at(of: Settings, http: httpx.AsyncClient) -> dict[str, Check]:
    """What is said of each."""
    at = datetime.now(UTC)
    return {check.name: check async for check in live_vouching(of, http, at=at)}


async def test_a_witness_that_answers_is_fine_and_learns_nothing(tmp_path: Path) -> None:
    """It is asked something that nobody could cosign."""
    state = WitnessState.opened(tmp_path / "w", has_key=False)
    witness = Witness(SIGNER, logs=[Growing().signer.key], state=state)
    app = witness_app(witness, key=SIGNER.key, clock=MovableClock())
    before = (tmp_path / "w" / STATE_FILE).read_bytes()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app)) as http:
        found = await looked_at(settings(tmp_path), http)

    assert [(name, check.level) for name, check in found.items()] == [("live witness w1", Level.OK)]
    assert (tmp_path / "w" / STATE_FILE).read_bytes() == before


@pytest.mark.parametrize("status", [200, 405, 500, 0])
async def test_a_server_that_is_no_witness_is_told(tmp_path: Path, status: int) -> None:
    """Says yes to anything, knows no POST, is broken, or is not there."""

    def answer(_request: httpx.Request) -> httpx.Response:
        if not status:
            message = "down"
            raise httpx.ConnectError(message)
        return httpx.Response(status)

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        found = await looked_at(settings(tmp_path), http)

    assert found["live witness w1"].level is Level.FAIL
    assert found["live witness w1"].mend


async def test_an_authority_is_asked_for_a_token_that_holds(tmp_path: Path) -> None:
    """Under the roots that are named; a stranger's and none at all are told."""
    here, stranger = authority(tmp_path / "here"), authority(tmp_path / "stranger", between=False)
    with serving(here) as server:
        known = settings(
            tmp_path,
            ESCALATE_TSA__URL=server.url,
            ESCALATE_TSA__ROOTS_FILE=str(here.roots_file),
        )
        async with httpx.AsyncClient(trust_env=False) as http:
            good = await looked_at(known, http)
            server.authority, server.chain = stranger, False
            bogus = await looked_at(known, http)
            server.status = 503
            server.instead = b""
            down = await looked_at(known, http)

    assert good["live tsa"].level is Level.OK
    assert bogus["live tsa"].level is Level.FAIL
    assert down["live tsa"].level is Level.FAIL
    offline = {check.name: check.level for check in vouching(known, at=datetime.now(UTC))}
    assert offline == {"witness-policy": Level.OK, "tsa-roots": Level.OK}


async def test_settings_say_who_is_asked(tmp_path: Path) -> None:
    """Witnesses with an address; an authority with a URL; nobody without."""
    (tmp_path / "bare").mkdir()
    bare = Settings.load({"ESCALATE_HOME": str(tmp_path / "bare")})
    full = settings(tmp_path, ESCALATE_TSA__URL="https://tsa.example/", ESCALATE_TSA__EVERY="12h")
    async with httpx.AsyncClient() as http:
        assert (witnessing(bare, http), stamping(bare, http)) == (None, None)
        asked, stamps = witnessing(full, http), stamping(full, http)

    assert asked is not None
    assert [each.name for each in asked.asked] == ["w1"]
    assert stamps is not None
    assert (stamps.every, stamps.witnesses, stamps.roots) == (timedelta(hours=12), 1, None)
    assert freshness(bare).policy is None
    assert freshness(bare).stamped_within is None
    assert freshness(full).stamped_within == timedelta(hours=26)
    assert {check.name: check.level for check in vouching(full, at=datetime.now(UTC))} == {
        "witness-policy": Level.OK,
        "tsa-roots": Level.WARN,
    }


async def test_what_nobody_vouches_for_is_told_without_asking(tmp_path: Path) -> None:
    """Entries that wait for witnesses longer than they should: a warning, from the store alone."""
    known = settings(tmp_path)
    await upgrade(known.store)
    log = NoteSigner(name="example.org/log", private=Ed25519PrivateKey.generate())
    async with await Store.open(known.store, kek=DEMO_KEK) as store:
        await accepted(store)
        await Recorder(store, signer=log).record(at=START)

        early = [check async for check in fresh(known, store, at=START)]
        late = [check async for check in fresh(known, store, at=later(minutes=16))]
        (tmp_path / "policy").write_text("nonsense\n")
        broken = [check async for check in fresh(known, store, at=later(minutes=16))]

    assert (early, broken) == ([], [])
    assert [(check.name, check.level) for check in late] == [("unwitnessed", Level.WARN)]


def test_files_that_cannot_be_used_stop_the_process(tmp_path: Path) -> None:
    """Not there, or not what they should be: the setting is named."""
    gone = settings(tmp_path, ESCALATE_TSA__ROOTS_FILE=str(tmp_path / "none"))
    with pytest.raises(NotSetUpError, match="ESCALATE_TSA__ROOTS_FILE"):
        roots_of(gone)
    (tmp_path / "policy").write_text("nonsense\n")
    with pytest.raises(NotSetUpError, match="ESCALATE_WITNESSES__POLICY_FILE"):
        policy_of(gone)
