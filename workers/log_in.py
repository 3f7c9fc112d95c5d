"""From settings to the provider people log in at, and to the directory its claims fill."""

import httpx

from gateway.doors import ProviderDoor
from gateway.pages.login import CALLBACK
from integrations.authenticators import (
    Authenticators,
    AuthenticatorsUnreadableError,
    read_authenticators,
)
from integrations.claims_directory import ClaimsDirectory
from integrations.file_directory import FileDirectory
from integrations.oidc.provider import OidcProvider
from integrations.oidc.role_map import RoleMap
from integrations.oidc.terms import Terms
from integrations.ports.clock import Clock
from integrations.ports.identity import Claimed
from store import Store
from workers.errors import NotSetUpError
from workers.settings import Settings


class StoreClaims:
    """What the provider said of people, out of the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def all(self) -> tuple[Claimed, ...]:
        """Everybody, by id."""
        rows = await self._store.claimed.all()
        return tuple(Claimed.model_validate(row.model_dump()) for row in rows)


def authenticators_of(settings: Settings) -> Authenticators | None:
    """The models of security keys that are listed; None where no file lists any."""
    if settings.authenticators_file is None:
        return None
    try:
        return read_authenticators(settings.authenticators_file)
    except AuthenticatorsUnreadableError as error:
        raise NotSetUpError(
            f"ESCALATE_AUTHENTICATORS_FILE cannot be used: {error}",
            mend="docs/log-in.md shows one; the certificates stand beside it.",
        ) from error


def directory_of(
    settings: Settings, file: FileDirectory | None, *, store: Store, clock: Clock
) -> FileDirectory | ClaimsDirectory:
    """The file's people, joined by the provider's where one is connected."""
    if settings.oidc.on:
        return ClaimsDirectory(
            file, claimed=StoreClaims(store), roles=role_map(settings), clock=clock
        )
    if file is None:
        message = "no directory of people is configured"
        raise NotSetUpError(message, mend="Set ESCALATE_DIRECTORY_FILE to a YAML file of people.")
    return file


def provider_of(settings: Settings, http: httpx.AsyncClient, *, clock: Clock) -> OidcProvider:
    """The provider of the settings; it is asked nothing yet."""
    return OidcProvider(http, terms=terms_of(settings), clock=clock)


def provider_door(
    settings: Settings, http: httpx.AsyncClient, *, clock: Clock
) -> ProviderDoor | None:
    """What the doors log people in with; None without a provider."""
    if not settings.oidc.on:
        return None
    return ProviderDoor(
        identity=provider_of(settings, http, clock=clock),
        roles=role_map(settings),
        name=settings.oidc.name,
    )


def role_map(settings: Settings) -> RoleMap:
    """What the claims mean here."""
    oidc = settings.oidc
    return RoleMap(
        person_claim=oidc.person_claim,
        roles_claim=oidc.roles_claim,
        roles={name: frozenset(given.groups) for name, given in oidc.roles.items()},
    )


def terms_of(settings: Settings) -> Terms:
    """What this installation and its provider have agreed on."""
    oidc = settings.oidc
    public = str(settings.public_url).rstrip("/")
    if oidc.issuer is None or not oidc.client_id:
        message = "the log-in provider is named, and this installation's client id there is not"
        raise NotSetUpError(message, mend="Set ESCALATE_OIDC__ISSUER and ESCALATE_OIDC__CLIENT_ID.")
    return Terms(
        issuer=oidc.issuer,
        client_id=oidc.client_id,
        client_secret=oidc.client_secret.get_secret_value() if oidc.client_secret else None,
        redirect_uri=public + CALLBACK,
        scopes=oidc.scopes,
        wanted=role_map(settings).wanted,
        second_factor_acr=oidc.second_factor_acr,
        second_factor_amr=frozenset(oidc.second_factor_amr),
        skew=oidc.clock_skew,
        step_up_window=settings.gateway.step_up_window,
        home_url=f"{public}/login",
    )
