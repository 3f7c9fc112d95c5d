"""One OpenID provider over HTTP: code flow with PKCE, userinfo, log-out, device log-in.

Built on PyJWT and our own `VendorHttp`, not on authlib's client: the flow is four requests, which
so keep the time-outs, the size limits and the typed failures of every other vendor, and the only
cryptography added is the check of a signature.
"""

import base64
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

import httpx

from integrations._http import Answer, VendorHttp
from integrations.errors import IdentityError, IdentityReason, MisansweredError
from integrations.oidc.discovery import Discovery, Endpoints
from integrations.oidc.keys import KeySet
from integrations.oidc.terms import Terms
from integrations.oidc.token import (
    Claims,
    check_access_token,
    check_id_token,
    check_log_out_token,
    proved_at,
    second_factor,
)
from integrations.ports.clock import Clock
from integrations.ports.identity import Bearer, Device, LogOut, Pending, Proof

VENDOR = "log-in provider"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"

_MEGABYTE = 1024 * 1024
_REFUSALS = frozenset({400, 401, 403})
_LONGEST_DEVICE = timedelta(minutes=30)
_USUAL_INTERVAL = 5


class OidcProvider:
    """Sends browsers there and reads what comes back."""

    def __init__(self, client: httpx.AsyncClient, *, terms: Terms, clock: Clock) -> None:
        self._terms = terms
        self._clock = clock
        self._http = VendorHttp(client, vendor=VENDOR, clock=clock, limit=_MEGABYTE)
        self.discovery = Discovery(self._http, issuer=terms.issuer, clock=clock)

    @property
    def issuer(self) -> str:
        """Its name in every token."""
        return self._terms.issuer

    async def ready(self) -> None:
        """The provider's endpoints are known; an error that says what to do otherwise."""
        await self.discovery.endpoints()

    async def log_in_url(self, *, state: str, nonce: str, challenge: str, fresh: bool) -> str:
        """Where the browser is sent; with `fresh` the person proves themselves again there."""
        terms = self._terms
        asked = {
            "response_type": "code",
            "client_id": terms.client_id,
            "redirect_uri": terms.redirect_uri,
            "scope": " ".join(terms.scopes),
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        if fresh:
            asked["prompt"] = "login"
            asked["max_age"] = str(int(terms.step_up_window.total_seconds()))
            if terms.second_factor_acr:
                asked["acr_values"] = " ".join(terms.second_factor_acr)
        return _with((await self.discovery.endpoints()).authorization_endpoint, asked)

    async def redeem(
        self, *, code: str, verifier: str, nonce: str, issuer: str | None, asked_at: datetime
    ) -> Proof:
        """The proof behind a code; `issuer` is who the callback says it came from (RFC 9207)."""
        endpoints = await self.discovery.endpoints()
        silent = issuer is None and endpoints.authorization_response_iss_parameter_supported
        if silent or (issuer is not None and issuer != self._terms.issuer):
            raise IdentityError(
                IdentityReason.WRONG_ISSUER, "the answer came from another provider"
            )
        answer = await self._ask(
            "code",
            endpoints.token_endpoint,
            {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": self._terms.redirect_uri,
                "code_verifier": verifier,
            },
            endpoints,
        )
        if answer.status in _REFUSALS:
            raise _code_refused(answer)
        return await self._proof(answer.object(), endpoints, nonce=nonce, asked_at=asked_at)

    async def log_out_url(self) -> str | None:
        """Where somebody ends their session at the provider, if it has such a page."""
        page = (await self.discovery.endpoints()).end_session_endpoint
        if page is None:
            return None
        return _with(
            page,
            {
                "client_id": self._terms.client_id,
                "post_logout_redirect_uri": self._terms.home_url,
            },
        )

    async def read_log_out(self, token: str) -> LogOut:
        """What a back-channel log-out says, once it is proved to be the provider's."""
        now = await self._clock.now()
        claims = await self._by_its_keys(
            lambda keys: check_log_out_token(token, keys, self._terms, now=now)
        )
        return LogOut(
            id=claims["jti"],
            issuer=self._terms.issuer,
            subject=claims.get("sub"),
            session=claims.get("sid"),
        )

    async def read_access_token(self, token: str, *, audience: str) -> Bearer:
        """Whose token it is, once the provider made it for that audience and no other."""
        now = await self._clock.now()
        claims = await self._by_its_keys(
            lambda keys: check_access_token(token, keys, self._terms, audience=audience, now=now)
        )
        return Bearer(issuer=self._terms.issuer, subject=claims["sub"])

    async def begin_device(self) -> Device | None:
        """A log-in on another device; None where the provider offers none."""
        endpoints = await self.discovery.endpoints()
        page = endpoints.device_authorization_endpoint
        if page is None:
            return None
        asked = {"scope": " ".join(self._terms.scopes)}
        answer = await self._ask("device", page, asked, endpoints)
        if answer.status in _REFUSALS:
            # Offered by the provider, and not to this client.
            return None
        said = answer.object()
        now = await self._clock.now()
        try:
            lifetime = timedelta(seconds=int(said["expires_in"]))
            return Device(
                code=said["device_code"],
                user_code=said["user_code"],
                url=said["verification_uri"],
                complete_url=said.get("verification_uri_complete"),
                every=max(1, int(said.get("interval") or _USUAL_INTERVAL)),
                expires_at=now + min(lifetime, _LONGEST_DEVICE),
            )
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise answer.misanswered("the answer is no device log-in") from error

    async def redeem_device(self, code: str, *, asked_at: datetime) -> Proof | Pending:
        """The proof, once the person has finished there."""
        endpoints = await self.discovery.endpoints()
        asked = {"grant_type": DEVICE_GRANT, "device_code": code}
        answer = await self._ask("device", endpoints.token_endpoint, asked, endpoints)
        if answer.status in _REFUSALS:
            error = _error(answer)
            if error in ("authorization_pending", "slow_down"):
                return Pending(slow_down=error == "slow_down")
            raise _code_refused(answer)
        return await self._proof(answer.object(), endpoints, nonce=None, asked_at=asked_at)

    async def _proof(
        self, said: dict[str, Any], endpoints: Endpoints, *, nonce: str | None, asked_at: datetime
    ) -> Proof:
        token, access = said.get("id_token"), said.get("access_token")
        if not isinstance(token, str):
            raise IdentityError(IdentityReason.NOT_A_TOKEN, "the provider sent no ID token")
        access = access if isinstance(access, str) else None
        now = await self._clock.now()

        def checked(keys: KeySet) -> Claims:
            return check_id_token(
                token,
                keys,
                self._terms,
                nonce=nonce,
                now=now,
                asked_at=asked_at,
                access_token=access,
            )

        claims = await self._by_its_keys(checked)
        told = claims
        if self._terms.wanted - claims.keys() and access and endpoints.userinfo_endpoint:
            more = await self._userinfo(endpoints.userinfo_endpoint, access, claims["sub"])
            # What is signed wins over what is only told.
            told = {**more, **claims}
        sid = claims.get("sid")
        return Proof(
            issuer=self._terms.issuer,
            subject=claims["sub"],
            claims={name: told[name] for name in self._terms.wanted if name in told},
            at=now,
            proved_at=proved_at(claims, self._terms, now=now),
            second_factor=second_factor(claims, self._terms),
            session=sid if isinstance(sid, str) else "",
        )

    async def _by_its_keys(self, check: Callable[[KeySet], Claims]) -> Claims:
        """The check's result; a key nobody knows here is looked for once more at the provider."""
        try:
            return check(await self.discovery.keys())
        except IdentityError as error:
            if error.reason is not IdentityReason.UNKNOWN_KEY:
                raise
            return check(await self.discovery.keys(unknown=True))

    async def _userinfo(self, url: str, access_token: str, subject: str) -> dict[str, Any]:
        answer = await self._http.call(
            "userinfo", "GET", url, headers={"Authorization": f"Bearer {access_token}"}
        )
        said = answer.object()
        if said.get("sub") != subject:
            raise IdentityError(IdentityReason.WRONG_SUBJECT, "userinfo is somebody else's")
        return said

    async def _ask(
        self, operation: str, url: str, fields: dict[str, str], endpoints: Endpoints
    ) -> Answer:
        terms = self._terms
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
        }
        sent = dict(fields)
        secret = terms.client_secret
        methods = endpoints.token_endpoint_auth_methods_supported
        if secret is not None and ("client_secret_basic" in methods or not methods):
            pair = f"{quote(terms.client_id, safe='')}:{quote(secret, safe='')}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        else:
            sent["client_id"] = terms.client_id
            if secret is not None:
                sent["client_secret"] = secret
        return await self._http.call(
            operation,
            "POST",
            url,
            content=urlencode(sent).encode(),
            headers=headers,
            reads=_REFUSALS,
        )


def _with(url: str, query: dict[str, str]) -> str:
    return f"{url}{'&' if '?' in url else '?'}{urlencode(query)}"


def _error(answer: Answer) -> str:
    try:
        said = answer.object().get("error")
    except MisansweredError:
        return ""
    return said if isinstance(said, str) else ""


def _code_refused(answer: Answer) -> IdentityError:
    if _error(answer) in ("invalid_client", "unauthorized_client"):
        return IdentityError(
            IdentityReason.PROVIDER_UNUSABLE,
            "the log-in provider does not know this installation",
            mend="Compare ESCALATE_OIDC__CLIENT_ID and __CLIENT_SECRET with the provider's pages.",
        )
    return IdentityError(IdentityReason.CODE_REFUSED, "the provider does not take the code back")
