"""Settings of the key-encryption key: the key that wraps the keys of cases."""

from datetime import timedelta
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from workers._settings_group import Group
from workers._settings_sources import Secrets, Span

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class WrappingSettings(Group):
    """Where the key-encryption key comes from."""

    source: Literal["file", "env", "vault"] = Field(
        "file", description="file (kek_file) | env (key, below) | vault (its transit engine)"
    )
    key: SecretStr | None = Field(
        None, description="the key itself, 32 bytes in base64; only with source=env"
    )
    earlier_keys: Secrets = Field(
        (), description="keys it replaces, until `keys rotate-kek` is done; only with source=env"
    )
    vault_address: str | None = Field(
        None, description="https://… of HashiCorp Vault or OpenBao; only with source=vault"
    )
    vault_mount: str = Field(
        "transit", pattern=r"^[A-Za-z0-9_./-]{1,128}$", description="where its transit engine is"
    )
    vault_key: str = Field(
        "escalate",
        pattern=r"^[A-Za-z0-9_.-]{1,128}$",
        description="name of the transit key; it must be escalate's alone",
    )
    vault_namespace: str | None = Field(None, description="its namespace (Vault Enterprise)")
    vault_token: SecretStr | None = Field(None, description="a token that may use the key")
    vault_token_path: Path | None = Field(
        None, description="file an agent keeps a token in, read anew at each call"
    )
    vault_ca_path: Path | None = Field(
        None, description="PEM of the CA that signed its certificate; empty = public ones"
    )
    vault_hold: Span = Field(
        timedelta(hours=1),
        ge=timedelta(minutes=1),
        description="how long a key may be held without asking Vault again",
    )

    @field_validator("vault_address")
    @classmethod
    def _encrypted_on_its_way(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        plain = parts.scheme == "http" and parts.hostname in _LOOPBACK
        if not parts.hostname or parts.query or parts.fragment or parts.username:
            raise ValueError("is not an address such as https://vault.example:8200")
        if parts.scheme != "https" and not plain:
            raise ValueError("must be https: keys travel to it and back")
        return value

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.source == "env") != (self.key is not None):
            raise ValueError("source=env and key belong together: set both or neither")
        if self.source != "env" and self.earlier_keys:
            raise ValueError("earlier_keys are for source=env")
        if self.source == "vault" and self.vault_address is None:
            raise ValueError("source=vault needs vault_address")
        if self.source == "vault" and (self.vault_token is None) == (self.vault_token_path is None):
            raise ValueError("source=vault needs one of vault_token and vault_token_path")
        return self
