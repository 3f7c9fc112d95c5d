"""What the provider says of itself: its endpoints and its keys, read again as they age."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, ValidationError

from integrations._http import VendorHttp
from integrations.errors import IdentityError, IdentityReason, VendorError
from integrations.oidc.keys import KeySet
from integrations.ports.clock import Clock

WELL_KNOWN = "/.well-known/openid-configuration"
_FRESH = timedelta(hours=1)
# While the provider's page is away its last word still holds: its tokens are checked all the same.
_USABLE = timedelta(hours=24)
# An unknown key may be a new one. Asking each time would let anybody make us ask without end.
_KEYS_AGAIN = timedelta(seconds=30)
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Endpoints(BaseModel):
    """The part of the discovery document that is used here."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    end_session_endpoint: str | None = None
    device_authorization_endpoint: str | None = None
    token_endpoint_auth_methods_supported: list[str] = ["client_secret_basic"]
    code_challenge_methods_supported: list[str] | None = None
    authorization_response_iss_parameter_supported: bool = False


class _Read(NamedTuple):
    value: Any
    at: datetime


class Discovery:
    """The provider's documents, kept for a while."""

    def __init__(self, http: VendorHttp, *, issuer: str, clock: Clock) -> None:
        self._http = http
        self._issuer = issuer
        self._clock = clock
        self._endpoints: _Read | None = None
        self._keys: _Read | None = None

    async def endpoints(self) -> Endpoints:
        """Where everything is; IdentityError when the document is not this provider's."""
        now = await self._clock.now()
        known = self._endpoints
        if known is not None and known.at <= now < known.at + _FRESH:
            return _as_endpoints(known)
        try:
            answer = await self._http.call("discovery", "GET", self._issuer + WELL_KNOWN)
        except VendorError:
            if known is not None and now < known.at + _USABLE:
                return _as_endpoints(known)
            raise
        self._endpoints = _Read(read_endpoints(answer.object(), issuer=self._issuer), now)
        return _as_endpoints(self._endpoints)

    async def keys(self, *, unknown: bool = False) -> KeySet:
        """The published keys; with `unknown` they are read again, unless that was just done."""
        now = await self._clock.now()
        known = self._keys
        if known is not None and known.at <= now < known.at + (_KEYS_AGAIN if unknown else _FRESH):
            return _as_keys(known)
        try:
            answer = await self._http.call("keys", "GET", (await self.endpoints()).jwks_uri)
        except VendorError:
            if known is not None and now < known.at + _USABLE:
                return _as_keys(known)
            raise
        self._keys = _Read(KeySet(answer.object()), now)
        return _as_keys(self._keys)


def read_endpoints(document: dict[str, Any], *, issuer: str) -> Endpoints:
    """The endpoints, when the document is this issuer's and every address is safe to use."""
    try:
        found = Endpoints.model_validate(document)
    except ValidationError as error:
        where = ", ".join(".".join(map(str, item["loc"])) for item in error.errors()[:5])
        raise _unusable(f"its discovery document lacks or misstates {where}") from None
    if found.issuer != issuer:
        raise _unusable("its discovery document names another issuer than the settings")
    methods = found.code_challenge_methods_supported
    if methods is not None and "S256" not in methods:
        raise _unusable("it does not know PKCE with S256")
    # A plain address is read and changed on its way; this machine itself is nobody's way.
    plain = urlsplit(issuer).hostname in _LOOPBACK
    for url in (
        found.authorization_endpoint,
        found.token_endpoint,
        found.jwks_uri,
        found.userinfo_endpoint,
        found.end_session_endpoint,
        found.device_authorization_endpoint,
    ):
        if url is not None and not _safe(url, plain=plain):
            raise _unusable("one of its addresses is not https")
    return found


def _safe(url: str, *, plain: bool) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    if not parts.hostname or parts.fragment:
        return False
    return parts.scheme == "https" or (
        plain and parts.scheme == "http" and parts.hostname in _LOOPBACK
    )


def _as_endpoints(read: _Read) -> Endpoints:
    value: Endpoints = read.value
    return value


def _as_keys(read: _Read) -> KeySet:
    value: KeySet = read.value
    return value


def _unusable(message: str) -> IdentityError:
    return IdentityError(
        IdentityReason.PROVIDER_UNUSABLE,
        f"the log-in provider cannot be used: {message}",
        mend="Compare ESCALATE_OIDC__ISSUER with the provider's own pages; `escalate doctor "
        "--live` looks at all of it.",
    )
