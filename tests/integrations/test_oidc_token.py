"""Every class of wrong token is refused, each with its own reason."""

import base64
import hashlib
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.errors import IdentityError, IdentityReason
from integrations.oidc.keys import KeySet
from integrations.oidc.terms import Terms
from integrations.oidc.token import (
    check_access_token,
    check_id_token,
    check_log_out_token,
    proved_at,
    second_factor,
)
from tests.integrations.oidc_tokens import (
    EC,
    ED,
    NEXT,
    NOW,
    RSA,
    STRANGER,
    TERMS,
    at,
    claims,
    log_out_claims,
    published,
    signed_with_public_key,
    unsigned,
)

KEYS = KeySet(published(RSA, EC, ED))
_TOKEN = RSA.sign(claims())
Reason = IdentityReason


def check(token: str, **options: Any) -> dict[str, Any]:
    """The token, checked as for the usual log-in."""
    usual: dict[str, Any] = {"nonce": "n-1", "now": NOW, "asked_at": NOW - timedelta(seconds=30)}
    return check_id_token(token, KEYS, TERMS, **{**usual, **options})


def refusal(call: Callable[[], object]) -> IdentityReason:
    """Why it was refused."""
    with pytest.raises(IdentityError) as refused:
        call()
    return refused.value.reason


@pytest.mark.parametrize("signer", [RSA, EC, ED], ids=lambda signer: signer.algorithm)
def test_a_right_token_says_who_it_is(signer: Any) -> None:
    """RSA, elliptic curves and Edwards curves, as the key says."""
    assert check(signer.sign(claims()))["sub"] == "account-7"


@pytest.mark.hostile(26)
@pytest.mark.parametrize(
    "changed, reason",
    [
        ({"iss": "https://id.example/"}, Reason.WRONG_ISSUER),
        ({"iss": "https://evil.example"}, Reason.WRONG_ISSUER),
        ({"iss": None}, Reason.WRONG_ISSUER),
        ({"aud": "another"}, Reason.WRONG_AUDIENCE),
        ({"aud": None}, Reason.WRONG_AUDIENCE),
        ({"aud": []}, Reason.WRONG_AUDIENCE),
        ({"aud": ["escalate", "another"]}, Reason.WRONG_AUDIENCE),
        ({"aud": ["escalate", "another"], "azp": "another"}, Reason.WRONG_AUDIENCE),
        ({"azp": "another"}, Reason.WRONG_AUDIENCE),
        ({"nonce": "n-2"}, Reason.WRONG_NONCE),
        ({"nonce": None}, Reason.WRONG_NONCE),
        ({"nonce": 7}, Reason.WRONG_NONCE),
        ({"nonce": "\ud800"}, Reason.WRONG_NONCE),
        ({"exp": at(seconds=-61)}, Reason.EXPIRED),
        ({"exp": at(seconds=-60)}, Reason.EXPIRED),
        ({"exp": None}, Reason.NOT_A_TOKEN),
        ({"exp": "tomorrow"}, Reason.NOT_A_TOKEN),
        ({"exp": True}, Reason.NOT_A_TOKEN),
        ({"exp": 1e300}, Reason.NOT_A_TOKEN),
        ({"iat": None}, Reason.NOT_A_TOKEN),
        ({"iat": at(seconds=61)}, Reason.CLOCK_SKEW),
        ({"iat": at(seconds=-91)}, Reason.CLOCK_SKEW),
        ({"nbf": at(seconds=61)}, Reason.CLOCK_SKEW),
        ({"sub": None}, Reason.NOT_A_TOKEN),
        ({"sub": ""}, Reason.NOT_A_TOKEN),
        ({"sub": "s" * 256}, Reason.NOT_A_TOKEN),
    ],
)
def test_a_token_for_another_purpose_is_refused(
    changed: dict[str, Any], reason: IdentityReason
) -> None:
    """Issuer, audience, authorised party, nonce, times and subject are each looked at."""
    assert refusal(lambda: check(RSA.sign(claims(**changed)))) is reason


def test_clocks_may_differ_by_as_much_as_the_settings_say() -> None:
    """Just inside the allowed skew a token still counts."""
    inside = claims(exp=at(seconds=-59), iat=at(seconds=59), nbf=at(seconds=59))
    assert check(RSA.sign(inside))["sub"] == "account-7"


@pytest.mark.hostile(26)
@pytest.mark.parametrize(
    "token, reason",
    [
        (unsigned(claims()), Reason.WRONG_ALGORITHM),
        (signed_with_public_key(claims(), RSA), Reason.WRONG_ALGORITHM),
        (STRANGER.sign(claims()), Reason.WRONG_SIGNATURE),
        (NEXT.sign(claims()), Reason.UNKNOWN_KEY),
        (EC.sign(claims(), kid="rsa-1"), Reason.WRONG_ALGORITHM),
        (RSA.sign(claims(), typ="at+jwt"), Reason.NOT_A_TOKEN),
        (RSA.sign(claims(), typ="logout+jwt"), Reason.NOT_A_TOKEN),
        (RSA.sign(claims(), crit=["exp"]), Reason.NOT_A_TOKEN),
        ("", Reason.NOT_A_TOKEN),
        ("a.b.c", Reason.NOT_A_TOKEN),
        ("a" * 70_000, Reason.NOT_A_TOKEN),
    ],
)
def test_a_token_of_somebody_else_is_refused(token: str, reason: IdentityReason) -> None:
    """No algorithm, a shared secret, another's key, a key nobody published, another type."""
    assert refusal(lambda: check(token)) is reason


@pytest.mark.hostile(26)
def test_a_token_brings_no_key_of_its_own() -> None:
    """`jwk`, `jku` and `x5u` in a header are not looked at: the signature stays a stranger's."""
    token = STRANGER.sign(claims(), jwk=STRANGER.jwk, jku="https://evil.example/keys")
    assert refusal(lambda: check(token)) is Reason.WRONG_SIGNATURE


def test_without_a_name_only_one_key_can_be_meant() -> None:
    """One fitting key is taken; of two nobody guesses."""
    token = RSA.sign(claims(), kid=None)
    assert check(token)["sub"] == "account-7"
    two = KeySet(published(RSA, NEXT))
    refused = refusal(lambda: check_id_token(token, two, TERMS, nonce="n-1", now=NOW, asked_at=NOW))
    assert refused is Reason.UNKNOWN_KEY


@pytest.mark.parametrize(
    "changed",
    [{"use": "enc"}, {"kty": "oct", "k": "c2VjcmV0"}, {"n": "AQAB"}, {"alg": "RS512"}, {"e": 3}],
)
def test_a_key_for_something_else_signs_nothing(changed: dict[str, Any]) -> None:
    """Keys for encryption, shared secrets, short keys and keys of another algorithm."""
    keys = KeySet({"keys": [{**RSA.jwk, **changed}]})
    token = RSA.sign(claims())
    assert refusal(
        lambda: check_id_token(token, keys, TERMS, nonce="n-1", now=NOW, asked_at=NOW)
    ) in (Reason.UNKNOWN_KEY, Reason.WRONG_ALGORITHM)


def test_an_access_token_belongs_to_its_id_token() -> None:
    """`at_hash`, where it is given, is the hash of the access token beside it."""
    digest = hashlib.sha256(b"access").digest()[:16]
    said = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    token = RSA.sign(claims(at_hash=said))
    assert check(token, access_token="access")["at_hash"] == said
    assert refusal(lambda: check(token, access_token="other")) is Reason.WRONG_SIGNATURE


ACCESS = {"aud": "codec", "nonce": None}


def codec(token: str, *, audience: str = "codec") -> dict[str, Any]:
    """The token, checked as the codec server checks it."""
    return check_access_token(token, KEYS, TERMS, audience=audience, now=NOW)


@pytest.mark.parametrize("kind", ["at+jwt", "application/at+jwt", "JWT", None])
def test_an_access_token_for_the_codec_server_says_whose_it_is(kind: str | None) -> None:
    """RFC 9068's type, or what older providers send; the audience alone or as a list."""
    for audience in ("codec", ["codec"]):
        token = RSA.sign(claims(**{**ACCESS, "aud": audience}), typ=kind)
        assert codec(token)["sub"] == "account-7"


@pytest.mark.parametrize(
    "changed, reason",
    [
        ({"aud": "escalate"}, Reason.WRONG_AUDIENCE),
        ({"aud": ["codec", "escalate"]}, Reason.WRONG_AUDIENCE),
        ({"aud": None}, Reason.WRONG_AUDIENCE),
        ({"iss": "https://evil.example"}, Reason.WRONG_ISSUER),
        ({"nonce": "n-1"}, Reason.NOT_A_TOKEN),
        ({"at_hash": "x"}, Reason.NOT_A_TOKEN),
        ({"sub": None}, Reason.NOT_A_TOKEN),
        ({"exp": at(minutes=-10)}, Reason.EXPIRED),
        ({"iat": at(minutes=10)}, Reason.CLOCK_SKEW),
    ],
)
def test_a_token_for_anything_else_decodes_nothing(
    changed: dict[str, Any], reason: IdentityReason
) -> None:
    """Of all tokens somebody may hold only the one that was made for it is taken."""
    token = RSA.sign(claims(**{**ACCESS, **changed}))
    assert refusal(lambda: codec(token)) is reason


def test_the_client_itself_is_no_audience_of_the_codec_server() -> None:
    """An ID token is for the client: naming the client as audience would let every log-in in."""
    token = RSA.sign(claims(aud="escalate", nonce=None))
    assert refusal(lambda: codec(token, audience="escalate")) is Reason.WRONG_AUDIENCE
    stranger = STRANGER.sign(claims(**ACCESS))
    assert refusal(lambda: codec(stranger)) is Reason.WRONG_SIGNATURE


def test_a_device_log_in_has_no_nonce() -> None:
    """Without one asked for, a token that carries one answers another log-in."""
    assert check(RSA.sign(claims(nonce=None)), nonce=None)["sub"] == "account-7"
    assert refusal(lambda: check(RSA.sign(claims()), nonce=None)) is Reason.WRONG_NONCE


@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_no_bit_of_a_token_can_be_changed(place: int, mask: int) -> None:
    """Whichever byte is altered, the token is refused, with a typed reason and nothing else."""
    token = bytearray(_TOKEN.encode())
    index = place % len(token)
    token[index] ^= mask
    altered = token.decode("latin-1")
    # The last digit of a part may hold bits that base64 does not use: then it is the same token.
    with suppress(IdentityError):
        assert check(altered) == claims()


@given(st.text(max_size=300) | st.binary(max_size=300).map(lambda b: b.decode("latin-1")))
def test_junk_is_refused_and_never_an_error(text: str) -> None:
    """Whatever comes, the answer is a typed refusal."""
    with pytest.raises(IdentityError):
        check(text)


few = settings(max_examples=30)
"""Of many shapes a few are enough each time: `--hypothesis-profile full` tries two thousand."""

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


@few
@given(
    st.sampled_from(["iss", "aud", "azp", "sub", "iat", "exp", "nbf", "nonce", "auth_time"]),
    json_values,
)
def test_claims_of_any_shape_are_refused_or_right(name: str, value: Any) -> None:
    """A signed token with any value under any claim has an answer, never a crash."""
    content = {**claims(), name: value}
    with suppress(IdentityError):
        found = check(ED.sign(content))
        # What got through is whole: who, from whom, for whom, and when can all be read.
        assert (found["iss"], found["nonce"]) == (TERMS.issuer, "n-1")
        assert isinstance(found["sub"], str)
        proved_at(found, TERMS, now=NOW)
        assert second_factor(found, TERMS) is False


@pytest.mark.parametrize(
    "changed, holds",
    [
        ({"amr": ["pwd"]}, False),
        ({"amr": ["pwd", "otp"]}, False),
        ({"amr": ["pwd", "otp", "mfa"]}, True),
        ({"amr": "mfa"}, False),
        ({"amr": [["mfa"]]}, False),
        ({"acr": "phr"}, True),
        ({"acr": "0"}, False),
        ({"acr": ["phr"]}, False),
        ({}, False),
    ],
)
def test_a_second_factor_is_what_the_settings_take_for_it(
    changed: dict[str, Any], *, holds: bool
) -> None:
    """By method (`amr`) or by level (`acr`); a code alone may be a single factor."""
    assert second_factor(claims(**changed), TERMS) is holds


def test_the_instant_of_the_proof_is_never_in_our_future() -> None:
    """Within the skew it is now; beyond it clocks have to be set; without it nothing is known."""
    assert proved_at(claims(auth_time=at(seconds=30)), TERMS, now=NOW) == NOW
    assert proved_at(claims(auth_time=at(minutes=-3)), TERMS, now=NOW) == NOW - timedelta(minutes=3)
    assert proved_at(claims(auth_time=None), TERMS, now=NOW) is None
    late = claims(auth_time=at(seconds=61))
    assert refusal(lambda: proved_at(late, TERMS, now=NOW)) is Reason.CLOCK_SKEW


@pytest.mark.parametrize(
    "changed, reason",
    [
        ({"events": None}, Reason.NOT_A_TOKEN),
        ({"events": {"https://other.example": {}}}, Reason.NOT_A_TOKEN),
        ({"nonce": "n-1"}, Reason.NOT_A_TOKEN),
        ({"jti": None}, Reason.NOT_A_TOKEN),
        ({"sub": None, "sid": None}, Reason.NOT_A_TOKEN),
        ({"iss": "https://evil.example"}, Reason.WRONG_ISSUER),
        ({"aud": "another"}, Reason.WRONG_AUDIENCE),
        ({"exp": at(minutes=-2)}, Reason.EXPIRED),
        ({"iat": at(minutes=-12)}, Reason.EXPIRED),
        ({"iat": at(minutes=2)}, Reason.CLOCK_SKEW),
    ],
)
def test_a_log_out_that_is_none_ends_nothing(
    changed: dict[str, Any], reason: IdentityReason
) -> None:
    """An ID token, which anybody who logs in holds one of, is no log-out."""
    token = RSA.sign(log_out_claims(**changed), typ="logout+jwt")
    assert refusal(lambda: check_log_out_token(token, KEYS, TERMS, now=NOW)) is reason


@pytest.mark.parametrize("kind", ["logout+jwt", "JWT"])
def test_a_log_out_names_a_session_or_an_account(kind: str) -> None:
    """Either is enough."""
    for changed in ({"sub": None}, {"sid": None}):
        token = RSA.sign(log_out_claims(**changed), typ=kind)
        assert check_log_out_token(token, KEYS, TERMS, now=NOW)["jti"] == "out-1"


def test_secrets_are_in_no_representation() -> None:
    """Terms may be logged."""
    assert isinstance(TERMS, Terms)
    assert "client secret" not in repr(TERMS)
