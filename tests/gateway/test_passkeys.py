"""People's own keys at the doors: enrolled by two, and what they sign counts at L3."""

import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest

from cases.journal import Kind
from cases.receipts import Reason
from gateway.passkeys import PASSKEY_WORDS
from integrations.authenticators import Authenticators, Model
from runbooks.library import library
from store import Store
from tests.fakes.authenticator import MODEL, UP, Authenticator, Maker
from tests.gateway.world import World, make_world
from tests.stores import release

Json = dict[str, Any]
NAME = "user-safety-escalation"


class Terminal:
    """A program of one person's that can reach their authenticator."""

    def __init__(self, world: World, http: httpx.AsyncClient, person: str, token: str) -> None:
        self.world, self.http, self.person = world, http, person
        self.headers = {"Authorization": f"Bearer {token}"}

    async def post(self, path: str, content: Json | None = None) -> httpx.Response:
        """The answer."""
        return await self.http.post(path, json=content or {}, headers=self.headers)

    async def get(self, path: str) -> Json:
        """The JSON."""
        answer = await self.http.get(path, headers=self.headers)
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    async def enrol(self, **options: Any) -> Authenticator:
        """A key of theirs, which waits."""
        site = self.world.url.removeprefix("http://").partition(":")[0]
        key = Authenticator(rp_id=site, origin=self.world.url, **options)
        begun = (await self.post("/api/passkeys/options")).json()
        made = key.register(begun["publicKey"])
        answer = await self.post(
            "/api/passkeys", {"state": begun["state"], "label": "key ring", "credential": made}
        )
        assert (answer.status_code, answer.json()["state"]) == (201, "waiting"), answer.text
        return key

    async def decide(
        self,
        number: str,
        verdict: str,
        key: Authenticator | None,
        *,
        act_id: str = "",
        other: Json | None = None,
        reason: str = "",
        **change: Any,
    ) -> httpx.Response:
        """A verdict, signed with the key: asked for, signed, posted."""
        shown = await self.get(f"/api/cases/{number}/rounds/legal-review")
        body = {"verb": "decide", "gate": "legal-review", "verdict": verdict, "reason": reason}
        act = {
            "body": body,
            "binding": shown["binding"],
            "act_id": act_id or str(uuid.uuid4()),
            "role": "legal",
        }
        if key is not None:
            asked = await self.post(f"/api/cases/{number}/acts/options", {**act, **(other or {})})
            assert asked.status_code == 200, asked.text
            options = asked.json()
            signed = key.sign(options["publicKey"], **change)
            act["personal"] = {"statement": options["statement"], **signed}
        return await self.post(f"/api/cases/{number}/acts", act)


async def terminal(world: World, http: httpx.AsyncClient, person: str, *, code: bool) -> Terminal:
    """The person's terminal, with a second factor or without."""
    who = {"person": person, "password": "demo", "totp": world.code(person) if code else ""}
    answer = await http.post("/api/login", json=who)
    assert answer.status_code == 200, answer.text
    return Terminal(world, http, person, answer.json()["token"])


@pytest.fixture
async def http(world: World) -> Any:
    """A client of the gateway."""
    async with httpx.AsyncClient(base_url=world.url, timeout=30) as opened:
        yield opened


async def strict_case(world: World) -> str:
    """A case whose legal review takes only keys that cannot leave their device."""
    text = library()[NAME].decode()
    head, gate, rest = text.partition("  - stage: legal-review\n")
    source = head.replace("version: ", "version: 9", 1) + gate
    source += "    assurance: L3\n    passkeys: device-bound\n" + rest
    await release(world.store, source.encode(), await world.clock.now())
    number = await world.case()
    await world.to_gate(number)
    return number


def refused(answer: httpx.Response) -> tuple[int, str]:
    """The status and the name of the problem."""
    return answer.status_code, answer.json().get("error", "")


@pytest.mark.hostile(17, 19)
async def test_a_verdict_signed_with_ones_own_key_counts_where_nothing_else_does(
    world: World, http: httpx.AsyncClient
) -> None:
    """Enrolled by lena, confirmed by imani, signed by lena: L3, in the envelope for ever."""
    number = await strict_case(world)
    lena = await terminal(world, http, "lena", code=True)
    imani = await terminal(world, http, "imani", code=True)
    key = await lena.enrol()

    # The hostile cases of a key that nobody else has confirmed, and of its own owner.
    assert refused(await lena.decide(number, "approve", key)) == (403, Reason.PERSONAL_KEY)
    own = await lena.post(f"/api/passkeys/{key.credential}/confirm")
    assert refused(own) == (403, "passkey-not-yours")
    waiting = (await imani.get("/api/passkeys"))["waiting"]
    assert [(item["person"], item["device_bound"]) for item in waiting] == [("lena", True)]
    assert (await imani.post(f"/api/passkeys/{key.credential}/confirm")).status_code == 200
    again = await imani.post(f"/api/passkeys/{key.credential}/confirm")
    assert refused(again) == (404, "no-such-passkey")

    # Hostile assertions, each by the right key.
    sign_count = key.counter
    for change in (
        {"flags": UP},
        {"origin": "https://evil.test"},
        {"rp_id": "evil.test"},
        {"type": "webauthn.create"},
    ):
        answer = await lena.decide(number, "approve", key, **change)
        assert refused(answer) == (403, Reason.PERSONAL_SIGNATURE), change
    other = {"verb": "decide", "gate": "legal-review", "verdict": "reject", "reason": "no"}
    answer = await lena.decide(number, "approve", key, other={"body": other})
    assert refused(answer) == (403, Reason.PERSONAL_SIGNATURE)
    assert key.counter > sign_count

    # The door's word alone is refused by the case itself, on record.
    plain = await lena.decide(number, "approve", None)
    assert plain.json()["receipt"]["reason"] == Reason.ASSURANCE

    act_id = str(uuid.uuid4())
    counted = await lena.decide(number, "approve", key, act_id=act_id)
    assert counted.json()["outcome"] == "accepted", counted.text
    row = await world.store.acts.show(act_id)
    assert '"assurance":"L3"' in row.envelope.payload
    page = await (await world.browser("imani")).get(f"/cases/{number}")
    assert "signed with their own key" in page.text
    door = await world.kinds(number, "door")
    assert door.count(Kind.DOOR_ACT_REFUSED) == 6
    record = [entry.kind for entry in await world.store.door_record.entries(person="lena")]
    assert [kind for kind in record if "passkey" in kind] == [
        Kind.DOOR_PASSKEY_ENROLLED,
        Kind.DOOR_PASSKEY_CONFIRMED,
    ]


@pytest.mark.hostile(15, 17)
async def test_what_is_synced_or_counts_backwards_or_is_revoked_does_not_count(
    world: World, http: httpx.AsyncClient
) -> None:
    """A synced passkey at a device-bound gate, a copy of a key, and a key taken back."""
    number = await strict_case(world)
    lena = await terminal(world, http, "lena", code=True)
    imani = await terminal(world, http, "imani", code=True)
    synced = await lena.enrol(synced=True, counts=False)
    key = await lena.enrol()
    for each in (synced, key):
        assert (await imani.post(f"/api/passkeys/{each.credential}/confirm")).status_code == 200

    answer = await lena.decide(number, "approve", synced)
    assert answer.json()["receipt"]["reason"] == Reason.SYNCED_KEY

    key.counter = 7
    accepted = await lena.decide(
        number, "more-information", key, reason="which account?", counter=8
    )
    assert accepted.json()["outcome"] == "accepted", accepted.text
    number = await world.case(id="evt-2", subject="R-2")
    await world.to_gate(number)
    behind = await lena.decide(number, "approve", key, counter=8)
    assert refused(behind) == (403, Reason.OLD_COUNTER)
    (alarm,) = await world.store.health.open_alarms()
    assert (alarm.kind, alarm.key) == ("passkey-counter", key.credential)
    entries = await world.store.door_record.entries(person="lena")
    assert Kind.DOOR_PASSKEY_REFUSED in [entry.kind for entry in entries]

    page = await (await world.browser("lena")).get("/passkeys")
    forms = [form for form in page.forms() if form.fields.get("id") == key.credential]
    done = await (await world.browser("lena")).post(forms[0])
    assert "Revoked by lena" in done.text
    assert refused(await lena.decide(number, "approve", key)) == (403, Reason.PERSONAL_KEY)


@pytest.mark.hostile(19)
async def test_a_stolen_session_enrols_nothing(world: World, http: httpx.AsyncClient) -> None:
    """Without a fresh second factor nobody enrols or confirms; nobody brings another's ceremony."""
    weak = await terminal(world, http, "lena", code=False)
    assert refused(await weak.post("/api/passkeys/options")) == (403, "passkey-second-factor")
    lena = await terminal(world, http, "lena", code=True)
    key = await lena.enrol()
    begun = (await lena.post("/api/passkeys/options")).json()
    made = key.register(begun["publicKey"])
    content = {"state": begun["state"], "label": "again", "credential": made}

    assert refused(await lena.post("/api/passkeys", content)) == (409, "passkey-known")
    assert refused(await lena.post("/api/passkeys", content)) == (422, "passkey-unusable")
    imani = await terminal(world, http, "imani", code=False)
    early = await imani.post(f"/api/passkeys/{key.credential}/confirm")
    assert refused(early) == (403, "passkey-second-factor")
    tariq = await terminal(world, http, "tariq", code=True)
    assert refused(await tariq.post(f"/api/passkeys/{key.credential}/revoke")) == (
        403,
        "passkey-not-yours",
    )
    assert (await tariq.get("/api/passkeys"))["waiting"] == []
    assert (await lena.get("/api/passkeys"))["mine"][0]["state"] == "waiting"


@pytest.mark.parametrize(
    "change",
    [
        {"flags": UP | 0x40},
        {"origin": "https://evil.test"},
        {"rp_id": "evil.test"},
        {"type": "webauthn.get"},
        {"challenge": "AAAA"},
    ],
)
async def test_a_registration_that_proves_something_else_is_refused(
    world: World, http: httpx.AsyncClient, change: Json
) -> None:
    """No verified user, another page, another site, another ceremony, another challenge."""
    lena = await terminal(world, http, "lena", code=True)
    begun = (await lena.post("/api/passkeys/options")).json()
    key = Authenticator(rp_id="127.0.0.1", origin=world.url)
    made = key.register(begun["publicKey"], **change)

    answer = await lena.post(
        "/api/passkeys", {"state": begun["state"], "label": "x", "credential": made}
    )

    assert refused(answer) == (422, "passkey-unusable")
    assert (await lena.get("/api/passkeys"))["mine"] == []


async def test_the_page_says_where_the_own_key_is_asked(world: World) -> None:
    """A page without scripts cannot ask an authenticator, and says so instead of going in rings."""
    number = await strict_case(world)
    lena = await world.browser("lena")
    page = await lena.get(f"/cases/{number}")

    answer = await lena.post(page.form("decide"), "approve")

    assert answer.status == 403
    assert "Sign it with your own key" in answer.text
    assert PASSKEY_WORDS.keys() >= {"passkey-own", "passkey-known"}


async def test_where_models_are_listed_a_keys_own_word_is_not_believed(
    store: Store, tmp_path: Path
) -> None:
    """At a device-bound gate: with its maker's word it counts, by saying so it does not."""
    maker = Maker()
    listed = Authenticators({MODEL: Model(aaguid=MODEL, name="Key 5", roots=(maker.root,))})
    async with make_world(store, tmp_path, authenticators=listed) as world:
        number = await strict_case(world)
        async with httpx.AsyncClient(base_url=world.url, timeout=30) as at:
            lena = await terminal(world, at, "lena", code=True)
            imani = await terminal(world, at, "imani", code=True)
            claims = await lena.enrol(model=MODEL)
            attested = await lena.enrol(model=MODEL, maker=maker)
            for each in (claims, attested):
                answer = await imani.post(f"/api/passkeys/{each.credential}/confirm")
                assert answer.status_code == 200, answer.text

            mine = (await lena.get("/api/passkeys"))["mine"]
            refused_ = await lena.decide(number, "approve", claims)
            accepted = await lena.decide(number, "approve", attested)

        assert {each["id"]: each["model"] for each in mine} == {
            claims.credential: "",
            attested.credential: "Key 5",
        }
        assert refused_.json()["receipt"]["reason"] == Reason.UNLISTED_KEY
        assert accepted.json()["outcome"] == "accepted", accepted.text
        page = await (await world.browser("lena")).get("/passkeys")
        assert "Key 5" in page.text
