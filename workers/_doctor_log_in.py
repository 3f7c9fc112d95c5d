"""Log-in: who checks people, whether the provider is who it should be, what its groups give."""

from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx

from integrations.errors import IdentityError, IntegrationError
from integrations.oidc.discovery import WELL_KNOWN
from workers._doctor_check import Check, fail, fine, warn
from workers.clock import SystemClock
from workers.errors import NotSetUpError
from workers.log_in import authenticators_of, provider_of, terms_of
from workers.settings import Settings

_NAME = "log-in"


def log_in(settings: Settings) -> Iterator[Check]:
    """Who checks that people are who they say, by the settings alone."""
    yield from _authenticators(settings)
    oidc = settings.oidc
    if not oidc.on:
        if oidc.client_id or oidc.roles:
            yield fail(
                _NAME,
                "a log-in provider is half set up: it has no issuer",
                mend="Set ESCALATE_OIDC__ISSUER, or remove the other ESCALATE_OIDC__ settings.",
            )
        else:
            yield fine(_NAME, "people log in with the passwords of the directory's file")
        return
    try:
        terms = terms_of(settings)
    except NotSetUpError as error:
        yield fail(_NAME, str(error), mend=error.mend)
        return
    yield fine(_NAME, f"people log in at {oidc.name}; the provider must know {terms.redirect_uri}")
    if not oidc.roles:
        yield fine(
            "log-in-roles", "roles come from the directory's file, persons from the provider"
        )
    if not (oidc.second_factor_acr or oidc.second_factor_amr):
        yield warn(
            "log-in-second-factor",
            "nothing the provider says is taken for a second factor: no gate that asks for L2 can "
            "be decided",
            mend="Set ESCALATE_OIDC__SECOND_FACTOR_AMR or __SECOND_FACTOR_ACR.",
        )
    if oidc.passwords_too:
        yield warn(
            "log-in-passwords",
            "passwords of the directory's file are taken beside the provider",
            mend="Unset ESCALATE_OIDC__PASSWORDS_TOO unless it is your way in when the provider "
            "is down.",
        )


def _authenticators(settings: Settings) -> Iterator[Check]:
    try:
        listed = authenticators_of(settings)
    except NotSetUpError as error:
        yield fail("authenticators", str(error), mend=error.mend)
        return
    if listed is not None:
        yield fine("authenticators", f"{len(listed.models)} models of security keys are listed")


def mapped_roles(settings: Settings, known: frozenset[str]) -> Iterator[Check]:
    """Every mapped role is one that somebody asks for: a misspelt one would give nothing."""
    roles = settings.oidc.roles
    if not settings.oidc.on or not roles:
        return
    strange = sorted(set(roles) - known)
    if strange:
        yield warn(
            "log-in-roles",
            f"groups are mapped to roles that no live runbook asks for: {', '.join(strange)}",
            mend="Correct the names ESCALATE_OIDC__ROLES__<ROLE>__GROUPS, or release the runbook.",
        )
    else:
        yield fine("log-in-roles", f"groups give {len(roles)} roles, each of them asked for")


async def provider(settings: Settings, *, at: datetime) -> AsyncIterator[Check]:
    """The provider answers, is who the settings say, publishes keys, and has the same time."""
    if not settings.oidc.on:
        return
    name = "live log-in"
    async with httpx.AsyncClient(trust_env=False, timeout=10.0) as http:
        try:
            identity = provider_of(settings, http, clock=SystemClock())
            await identity.discovery.endpoints()
            keys = await identity.discovery.keys()
            answer = await http.get(f"{settings.oidc.issuer}{WELL_KNOWN}")
        except (IntegrationError, NotSetUpError) as error:
            reason = f" ({error.reason.value})" if isinstance(error, IdentityError) else ""
            yield fail(name, f"{error}{reason}", mend=error.mend)
            return
        except httpx.HTTPError as error:
            yield fail(name, f"does not answer: {type(error).__name__}", mend="Try again.")
            return
    if not len(keys):
        yield fail(name, "publishes no key that could sign", mend="Ask whoever runs the provider.")
        return
    yield fine(name, f"answers as {settings.oidc.issuer}, with {len(keys)} keys")
    apart = _apart(answer.headers.get("date"), at=at)
    if apart is not None and apart > settings.oidc.clock_skew:
        yield fail(
            "live log-in-clock",
            f"its clock and ours are {int(apart.total_seconds())} seconds apart",
            mend="Set this machine's clock (NTP); nobody can log in beyond "
            "ESCALATE_OIDC__CLOCK_SKEW.",
        )


def _apart(date: str | None, *, at: datetime) -> timedelta | None:
    if date is None:
        return None
    try:
        said = parsedate_to_datetime(date)
    except ValueError:
        return None
    return abs(said - at) if said.tzinfo is not None else None
