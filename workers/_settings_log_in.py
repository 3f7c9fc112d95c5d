"""Settings of the provider people log in at (OpenID Connect), and of what its claims mean."""

import re
from datetime import timedelta
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, SecretStr, field_validator

from workers._settings_group import Group
from workers._settings_sources import Span

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def _listed(value: object) -> object:
    # Groups have blanks and commas in their names: `CN=Legal, OU=Teams`.
    if isinstance(value, str):
        return tuple(part for each in re.split(r"[;\n]", value) if (part := each.strip()))
    return value


def _words(value: object) -> object:
    if isinstance(value, str):
        return tuple(part for part in re.split(r"[\s,]+", value) if part)
    return value


Listed = Annotated[tuple[str, ...], BeforeValidator(_listed)]
"""Several values, separated by semicolons."""

Words = Annotated[tuple[str, ...], BeforeValidator(_words)]
"""Several words, separated by commas or white space."""


class RoleSettings(Group):
    """What gives one role."""

    groups: Listed = Field(description="values of the roles claim that give it, separated by ;")


class OidcSettings(Group):
    """The provider people log in at. Off until issuer and client id are given."""

    issuer: str | None = Field(
        None, description="the provider's name, exactly as it writes it; empty = off"
    )
    client_id: str = Field("", description="this installation's name at the provider")
    client_secret: SecretStr | None = Field(
        None, description="its secret; empty = a public client, proved by PKCE alone"
    )
    name: str = Field(
        "your organisation", max_length=60, description="what pages call the provider"
    )
    scopes: Words = Field(
        ("openid", "profile", "email"), description="scopes that are asked for; openid is one"
    )
    person_claim: str = Field(
        "preferred_username",
        description="claim that names the person; one that people cannot change themselves",
    )
    roles_claim: str = Field(
        "groups", description="claim with the person's groups; a dot leads inside (realm.roles)"
    )
    roles: dict[str, RoleSettings] = Field(
        default_factory=dict,
        description="role's name → groups that give it; _ stands for -; none = roles of the file",
    )
    second_factor_amr: Words = Field(
        ("mfa",), description="methods (amr) that prove a second factor"
    )
    second_factor_acr: Words = Field(
        (), description="levels (acr) that prove one; the first are asked for at a step-up"
    )
    clock_skew: Span = Field(
        timedelta(seconds=60),
        le=timedelta(minutes=5),
        ge=timedelta(0),
        description="how far the provider's clock may be from ours",
    )
    passwords_too: bool = Field(
        False, description="take the directory file's passwords beside it (the demo always does)"
    )

    @field_validator("roles", mode="before")
    @classmethod
    def _named_as_in_runbooks(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        return {str(name).replace("_", "-"): item for name, item in value.items()}

    @field_validator("issuer")
    @classmethod
    def _an_issuer(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        plain = parts.scheme == "http" and parts.hostname in _LOOPBACK
        if not parts.hostname or parts.query or parts.fragment or parts.username:
            raise ValueError("is not an issuer such as https://id.example")
        if parts.scheme != "https" and not plain:
            raise ValueError("must be https: a token over plain http can be changed on its way")
        return value

    @field_validator("scopes")
    @classmethod
    def _with_openid(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if "openid" not in value:
            raise ValueError("must hold openid, without which nobody is named")
        return value

    @property
    def on(self) -> bool:
        """Whether people log in at a provider."""
        return self.issuer is not None
