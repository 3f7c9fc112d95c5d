"""How the provider is asked, and what happens when it errs, changes its keys, or is away."""

import json
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from integrations._http import new_client
from integrations.errors import IdentityError, IdentityReason, UnavailableError
from integrations.oidc.discovery import read_endpoints
from integrations.oidc.provider import OidcProvider
from integrations.ports.identity import Proof
from tests.fakes.clock import FixedClock
from tests.integrations.oidc_tokens import (
    ISSUER,
    NEXT,
    NOW,
    RSA,
    TERMS,
    Signer,
    at,
    claims,
    log_out_claims,
    published,
)

Reason = IdentityReason
DOCUMENT: dict[str, Any] = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/auth?tenant=7",
    "token_endpoint": f"{ISSUER}/token",
    "jwks_uri": f"{ISSUER}/keys",
    "userinfo_endpoint": f"{ISSUER}/me",
    "end_session_endpoint": f"{ISSUER}/out",
    "code_challenge_methods_supported": ["S256"],
}


class FakeProvider:
    """Answers as told, and remembers what it was asked."""

    def __init__(self) -> None:
        self.signers: tuple[Signer, ...] = (RSA,)
        self.signs: Signer = RSA
        self.claims = claims()
        self.userinfo: dict[str, Any] = {"sub": "account-7", "name": "From Userinfo"}
        self.refusal: str | None = None
        self.down: set[str] = set()
        self.asked: list[httpx.Request] = []

    def answer(self, request: httpx.Request) -> httpx.Response:
        """What the endpoint says."""
        self.asked.append(request)
        path = request.url.path
        if path in self.down:
            return httpx.Response(503)
        if path.endswith("openid-configuration"):
            return httpx.Response(200, json=DOCUMENT)
        if path == "/keys":
            return httpx.Response(200, json=published(*self.signers))
        if path == "/me":
            return httpx.Response(200, json=self.userinfo)
        if self.refusal is not None:
            return httpx.Response(400, json={"error": self.refusal})
        token = self.signs.sign(self.claims)
        return httpx.Response(200, json={"id_token": token, "access_token": "access"})

    def count(self, path: str) -> int:
        """How often it was asked there."""
        return sum(request.url.path == path for request in self.asked)


@pytest.fixture
def fake() -> FakeProvider:
    """A provider."""
    return FakeProvider()


@pytest.fixture
def clock() -> FixedClock:
    """The usual instant."""
    return FixedClock(NOW)


@pytest.fixture
async def provider(fake: FakeProvider, clock: FixedClock) -> AsyncIterator[OidcProvider]:
    """Our client of it."""
    async with new_client(transport=httpx.MockTransport(fake.answer)) as client:
        yield OidcProvider(client, terms=TERMS, clock=clock)


async def redeem(provider: OidcProvider, **options: Any) -> Proof:
    """The usual code."""
    usual: dict[str, Any] = {
        "code": "c-1",
        "verifier": "v-1",
        "nonce": "n-1",
        "issuer": ISSUER,
        "asked_at": NOW - timedelta(seconds=20),
    }
    return await provider.redeem(**{**usual, **options})


async def refusal(call: Callable[[], Any]) -> IdentityReason:
    """Why it was refused."""
    with pytest.raises(IdentityError) as refused:
        await call()
    return refused.value.reason


async def test_the_browser_is_sent_with_everything_that_binds_the_answer(
    provider: OidcProvider,
) -> None:
    """State, nonce and challenge; for a fresh proof the provider is told to ask again."""
    url = await provider.log_in_url(state="s", nonce="n", challenge="c", fresh=False)
    query = parse_qs(urlsplit(url).query)
    assert query["tenant"] == ["7"]
    assert query["state"] == ["s"]
    assert query["code_challenge_method"] == ["S256"]
    assert "prompt" not in query

    fresh = await provider.log_in_url(state="s", nonce="n", challenge="c", fresh=True)
    query = parse_qs(urlsplit(fresh).query)
    assert (query["prompt"], query["max_age"], query["acr_values"]) == (["login"], ["300"], ["phr"])


async def test_a_code_is_redeemed_with_its_verifier_and_our_secret(
    provider: OidcProvider, fake: FakeProvider
) -> None:
    """The secret goes in the header, escaped; what the token lacks is asked for at userinfo."""
    fake.claims = claims(sid="s-1", amr=["mfa"])
    proof = await redeem(provider)

    asked = next(request for request in fake.asked if request.url.path == "/token")
    assert parse_qs(asked.content.decode())["code_verifier"] == ["v-1"]
    assert "client secret" not in asked.content.decode()
    assert asked.headers["authorization"].startswith("Basic ")
    assert (proof.subject, proof.session, proof.second_factor) == ("account-7", "s-1", True)
    assert proof.proved_at == NOW - timedelta(seconds=5)


@pytest.mark.parametrize(
    "refusal_, reason",
    [
        ("invalid_grant", Reason.CODE_REFUSED),
        ("invalid_client", Reason.PROVIDER_UNUSABLE),
        ("anything", Reason.CODE_REFUSED),
    ],
)
async def test_a_refused_code_says_whose_fault_it_is(
    provider: OidcProvider, fake: FakeProvider, refusal_: str, reason: IdentityReason
) -> None:
    """Too late is the person's; an unknown client is the installation's."""
    fake.refusal = refusal_
    assert await refusal(lambda: redeem(provider)) is reason


async def test_an_answer_of_another_issuer_is_not_redeemed(
    provider: OidcProvider, fake: FakeProvider
) -> None:
    """A mixed-up provider never sees the code."""
    assert await refusal(lambda: redeem(provider, issuer="https://evil.example")) is (
        Reason.WRONG_ISSUER
    )
    assert fake.count("/token") == 0


async def test_a_new_key_is_looked_for_once(
    provider: OidcProvider, fake: FakeProvider, clock: FixedClock
) -> None:
    """After a rotation the next log-in gets in; made-up names of keys make nobody ask on."""
    await redeem(provider)
    fake.signers, fake.signs = (RSA, NEXT), NEXT
    clock.at = NOW + timedelta(minutes=1)
    fake.claims = claims(iat=at(minutes=1))
    await redeem(provider)
    assert fake.count("/keys") == 2

    fake.signers = (RSA,)
    fake.signs = Signer("made-up", "RS256", NEXT.private)
    for _ in range(3):
        assert await refusal(lambda: redeem(provider)) is Reason.UNKNOWN_KEY
    assert fake.count("/keys") == 2


async def test_a_revoked_key_is_forgotten_within_the_hour(
    provider: OidcProvider, fake: FakeProvider, clock: FixedClock
) -> None:
    """Keys are read again as they age: what the provider took back signs nothing any more."""
    await redeem(provider)
    fake.signers = (NEXT,)
    clock.at = NOW + timedelta(minutes=61)
    fake.claims = claims(iat=at(minutes=61), exp=at(minutes=70))
    assert await refusal(lambda: redeem(provider)) is Reason.UNKNOWN_KEY


async def test_a_provider_that_is_away_is_remembered_for_a_day(
    provider: OidcProvider, fake: FakeProvider, clock: FixedClock
) -> None:
    """Endpoints and keys hold while their pages are away; then nobody gets in, and is told so."""
    await redeem(provider)
    fake.down = {"/.well-known/openid-configuration", "/keys"}
    clock.at = NOW + timedelta(hours=2)
    fake.claims = claims(iat=at(hours=2), exp=at(hours=3))
    assert (await redeem(provider)).subject == "account-7"

    clock.at = NOW + timedelta(hours=25)
    with pytest.raises(UnavailableError) as away:
        await provider.ready()
    assert away.value.mend


async def test_userinfo_of_somebody_else_is_refused(
    provider: OidcProvider, fake: FakeProvider
) -> None:
    """A substituted access token describes another person."""
    fake.userinfo = {"sub": "account-8"}
    terms = TERMS.__class__(**{**vars(TERMS), "wanted": frozenset({"name"})})
    async with new_client(transport=httpx.MockTransport(fake.answer)) as client:
        wanting = OidcProvider(client, terms=terms, clock=FixedClock(NOW))
        assert await refusal(lambda: redeem(wanting)) is Reason.WRONG_SUBJECT
        fake.userinfo = {"sub": "account-7", "name": "Ada", "more": "never kept"}
        assert (await redeem(wanting)).claims == {"name": "Ada"}


async def test_a_log_out_is_read(provider: OidcProvider) -> None:
    """Whose session, and an id that works once."""
    said = await provider.read_log_out(RSA.sign(log_out_claims(), typ="logout+jwt"))
    assert (said.id, said.session, said.subject) == ("out-1", "s-1", "account-7")
    url = await provider.log_out_url()
    assert url is not None
    assert "post_logout_redirect_uri=https%3A%2F%2Fescalate.example%2Flogin" in url


@pytest.mark.parametrize(
    "changed",
    [
        {"issuer": f"{ISSUER}/"},
        {"issuer": "https://evil.example"},
        {"token_endpoint": "http://id.example/token"},
        {"jwks_uri": "http://127.0.0.1/keys"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": f"{ISSUER}/auth#x"},
        {"code_challenge_methods_supported": ["plain"]},
        {"jwks_uri": None},
        {"token_endpoint": 7},
    ],
    ids=json.dumps,
)
def test_a_discovery_document_that_is_not_the_provider_s_is_refused(
    changed: dict[str, Any],
) -> None:
    """Another issuer, an address in the clear, no PKCE, a missing endpoint."""
    with pytest.raises(IdentityError) as refused:
        read_endpoints({**DOCUMENT, **changed}, issuer=ISSUER)
    assert refused.value.reason is Reason.PROVIDER_UNUSABLE
    assert "ESCALATE_OIDC__ISSUER" in refused.value.mend
