"""What an installation and its provider have agreed on."""

from dataclasses import dataclass, field
from datetime import timedelta

ALGORITHMS = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
)
"""Signatures by a key pair only: with `none` or a shared secret whoever reads could have signed."""


@dataclass(frozen=True)
class Terms:
    """One client at one provider."""

    issuer: str
    client_id: str
    redirect_uri: str
    client_secret: str | None = field(default=None, repr=False)
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    wanted: frozenset[str] = frozenset()
    """Claims that are needed; what the ID token lacks of them is asked for at userinfo."""
    second_factor_acr: tuple[str, ...] = ()
    second_factor_amr: frozenset[str] = frozenset({"mfa"})
    skew: timedelta = timedelta(seconds=60)
    """How far the provider's clock may be from ours."""
    step_up_window: timedelta = timedelta(minutes=5)
    home_url: str = ""
    """Where the browser comes back to after a log-out at the provider."""
