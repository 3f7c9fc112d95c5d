"""Which tokens are believed (OpenID Connect Core §3.1.3.7, Back-Channel Logout §2.6): pure checks.

PyJWT proves the signature and nothing else: it reads the wall clock for the rest, and time is data
here (I16). Whatever header a token carries, the key comes from the provider's published set and the
algorithm from our list: neither `alg: none` nor a public key used as a shared secret gets through.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from jwt.types import Options

from integrations.errors import IdentityError, IdentityReason
from integrations.oidc.keys import KeySet
from integrations.oidc.terms import ALGORITHMS, Terms

LOG_OUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"

_LONGEST_TOKEN = 64 * 1024
_LONGEST_SUBJECT = 255
_OLDEST_LOG_OUT = timedelta(minutes=10)
# RFC 9068 asks for the first; most providers send the second.
_ACCESS_TOKEN_TYPES = frozenset({"AT+JWT", "JWT"})
_ID_TOKEN_TYPES = frozenset({"JWT"})
# The specification asks for the first; the second is what older providers send.
_LOG_OUT_TYPES = frozenset({"LOGOUT+JWT", "JWT"})
_SIGNATURE_ONLY: Options = {
    "verify_signature": True,
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
    "verify_aud": False,
    "verify_iss": False,
    "verify_sub": False,
    "verify_jti": False,
}

Claims = dict[str, Any]


def header_of(token: str) -> Mapping[str, Any]:
    """The unproved header: which algorithm and which key it claims, both allowed at all."""
    if len(token) > _LONGEST_TOKEN:
        raise _refused(IdentityReason.NOT_A_TOKEN, "the token is too long")
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise _refused(IdentityReason.NOT_A_TOKEN, "the token is not a signed JWT") from error
    if header.get("alg") not in ALGORITHMS:
        raise _refused(IdentityReason.WRONG_ALGORITHM, "the token's algorithm is not allowed")
    if "crit" in header:
        raise _refused(IdentityReason.NOT_A_TOKEN, "the token has extensions nobody here knows")
    return header


def check_id_token(
    token: str,
    keys: KeySet,
    terms: Terms,
    *,
    nonce: str | None,
    now: datetime,
    asked_at: datetime,
    access_token: str | None = None,
) -> Claims:
    """The claims of a token that the provider made for us, now, for this very log-in.

    Without a `nonce` (a device log-in has none) the token must not carry one either.
    """
    header = header_of(token)
    claims = _proved(token, header, keys, types=_ID_TOKEN_TYPES)
    _check_parties(claims, terms)
    _check_times(claims, terms, now=now)
    if _instant(claims, "iat") < asked_at - terms.skew:
        raise _refused(IdentityReason.CLOCK_SKEW, "the token is older than the log-in it answers")
    said = claims.get("nonce")
    if nonce is None and said is not None:
        raise _refused(IdentityReason.WRONG_NONCE, "the token answers another log-in")
    if nonce is not None and not (isinstance(said, str) and _same(said, nonce)):
        raise _refused(IdentityReason.WRONG_NONCE, "the token answers another log-in")
    at_hash = claims.get("at_hash")
    if at_hash is not None and access_token is not None:
        _check_at_hash(at_hash, access_token, str(header["alg"]))
    return claims


def check_log_out_token(token: str, keys: KeySet, terms: Terms, *, now: datetime) -> Claims:
    """The claims of a token by which the provider ends sessions."""
    claims = _proved(token, header_of(token), keys, types=_LOG_OUT_TYPES)
    _check_parties(claims, terms, subject=False)
    _check_times(claims, terms, now=now)
    if _instant(claims, "iat") < now - _OLDEST_LOG_OUT - terms.skew:
        raise _refused(IdentityReason.EXPIRED, "the log-out is too old")
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(LOG_OUT_EVENT), dict):
        raise _refused(IdentityReason.NOT_A_TOKEN, "the token is no log-out")
    # A nonce would make it an ID token, which anybody who logs in holds one of.
    if "nonce" in claims:
        raise _refused(IdentityReason.NOT_A_TOKEN, "the token is no log-out")
    if not isinstance(claims.get("jti"), str) or not claims["jti"]:
        raise _refused(IdentityReason.NOT_A_TOKEN, "the log-out has no id")
    if not any(isinstance(claims.get(name), str) and claims[name] for name in ("sub", "sid")):
        raise _refused(IdentityReason.NOT_A_TOKEN, "the log-out names nobody")
    return claims


def check_access_token(
    token: str, keys: KeySet, terms: Terms, *, audience: str, now: datetime
) -> Claims:
    """The claims of an access token (RFC 9068) that was made for this audience alone.

    An ID token of the same person is none: its audience is the client.
    """
    claims = _proved(token, header_of(token), keys, types=_ACCESS_TOKEN_TYPES)
    if claims.get("iss") != terms.issuer:
        raise _refused(IdentityReason.WRONG_ISSUER, "the token is another provider's")
    said = claims.get("aud")
    if audience == terms.client_id or said not in (audience, [audience]):
        raise _refused(IdentityReason.WRONG_AUDIENCE, "the token was made for another application")
    if "nonce" in claims or "at_hash" in claims:
        raise _refused(IdentityReason.NOT_A_TOKEN, "the token is no access token")
    _check_subject(claims)
    _check_times(claims, terms, now=now)
    return claims


def proved_at(claims: Mapping[str, Any], terms: Terms, *, now: datetime) -> datetime | None:
    """When the person proved themselves, never in our future; None when the token does not say."""
    if claims.get("auth_time") is None:
        return None
    at = _instant(claims, "auth_time")
    if at > now + terms.skew:
        raise _refused(IdentityReason.CLOCK_SKEW, "the log-in is said to lie in the future")
    return min(at, now)


def second_factor(claims: Mapping[str, Any], terms: Terms) -> bool:
    """Whether the proof was more than one factor, by what the settings take for it."""
    methods = claims.get("amr")
    if isinstance(methods, list) and any(
        isinstance(method, str) and method in terms.second_factor_amr for method in methods
    ):
        return True
    level = claims.get("acr")
    return isinstance(level, str) and level in terms.second_factor_acr


def _proved(
    token: str, header: Mapping[str, Any], keys: KeySet, *, types: frozenset[str]
) -> Claims:
    kind = header.get("typ")
    if kind is not None and (
        not isinstance(kind, str) or kind.upper().removeprefix("APPLICATION/") not in types
    ):
        raise _refused(IdentityReason.NOT_A_TOKEN, "the token is of another type")
    key = keys.find(header.get("kid"), algorithm=str(header["alg"]))
    try:
        claims = jwt.decode(token, key, algorithms=[str(header["alg"])], options=_SIGNATURE_ONLY)
    except jwt.InvalidSignatureError as error:
        raise _refused(
            IdentityReason.WRONG_SIGNATURE, "the token is not signed by the provider"
        ) from error
    except jwt.InvalidAlgorithmError as error:
        raise _refused(
            IdentityReason.WRONG_ALGORITHM, "the token's algorithm is not its key's"
        ) from error
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
        raise _refused(IdentityReason.NOT_A_TOKEN, "the token cannot be read") from error
    return dict(claims)


def _check_parties(claims: Mapping[str, Any], terms: Terms, *, subject: bool = True) -> None:
    if claims.get("iss") != terms.issuer:
        raise _refused(IdentityReason.WRONG_ISSUER, "the token is another provider's")
    audience = claims.get("aud")
    parties = audience if isinstance(audience, list) else [audience]
    if terms.client_id not in parties:
        raise _refused(IdentityReason.WRONG_AUDIENCE, "the token was made for another application")
    authorised = claims.get("azp")
    # Several parties, or one that is not us, as the authorised one: it was not made for us alone.
    if (len(parties) > 1 or authorised is not None) and authorised != terms.client_id:
        raise _refused(IdentityReason.WRONG_AUDIENCE, "the token was made for another application")
    if subject:
        _check_subject(claims)


def _check_subject(claims: Mapping[str, Any]) -> None:
    name = claims.get("sub")
    if not isinstance(name, str) or not 0 < len(name) <= _LONGEST_SUBJECT:
        raise _refused(IdentityReason.NOT_A_TOKEN, "the token names nobody")


def _check_times(claims: Mapping[str, Any], terms: Terms, *, now: datetime) -> None:
    if _instant(claims, "exp") + terms.skew <= now:
        raise _refused(IdentityReason.EXPIRED, "the token has expired")
    if _instant(claims, "iat") > now + terms.skew:
        raise _refused(IdentityReason.CLOCK_SKEW, "the token is made in our future")
    if claims.get("nbf") is not None and _instant(claims, "nbf") > now + terms.skew:
        raise _refused(IdentityReason.CLOCK_SKEW, "the token is not valid yet")


def _instant(claims: Mapping[str, Any], name: str) -> datetime:
    value = claims.get(name)
    # A bool is an int to Python, and a NaN compares as false with everything.
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _refused(IdentityReason.NOT_A_TOKEN, f"the token's {name} is no instant")
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise _refused(IdentityReason.NOT_A_TOKEN, f"the token's {name} is no instant") from error


def _check_at_hash(said: object, access_token: str, algorithm: str) -> None:
    size = algorithm[2:]
    if size not in ("256", "384", "512"):
        return
    digest = hashlib.new(f"sha{size}", access_token.encode()).digest()
    half = base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()
    if not isinstance(said, str) or not _same(said, half):
        raise _refused(IdentityReason.WRONG_SIGNATURE, "the access token is not this log-in's")


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode())


def _refused(reason: IdentityReason, message: str) -> IdentityError:
    return IdentityError(reason, message)
