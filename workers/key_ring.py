"""Which key-encryption keys an installation has, and where they are kept: read from settings."""

import ssl
from collections.abc import Callable

import httpx

from integrations.vault_transit import VaultTransit
from store import DEMO_KEK, HeldKeys, KeyEncryptionKey, KeyRing
from workers.clock import SystemClock
from workers.errors import NotSetUpError
from workers.key_files import KeyFiles
from workers.key_moving import MovingKeys
from workers.key_service import ServiceKeys
from workers.settings import Settings


def key_ring(settings: Settings, *, make: bool = True) -> KeyRing:
    """The keys that wrap all others: the demo's in the demo, else as the settings say.

    With `make` an installation that keeps its key in a file, and has none, gets one. Nothing is
    read and nobody is asked before the first use.
    """
    wrapping = settings.wrapping
    if settings.demo:
        return HeldKeys(DEMO_KEK)
    if wrapping.source == "vault":
        return _after_files(ServiceKeys(vault_of(settings), hold=wrapping.vault_hold), settings)
    if wrapping.source == "env" and wrapping.key is not None:
        keys = [
            KeyEncryptionKey.read(each.get_secret_value().encode())
            for each in (wrapping.key, *wrapping.earlier_keys)
        ]
        if DEMO_KEK in keys:
            raise NotSetUpError(
                "ESCALATE_WRAPPING__KEY is the demo's key, which everyone has",
                mend="Make one: `openssl rand -base64 32`.",
            )
        return _after_files(HeldKeys(keys[0], keys[1:]), settings)
    return KeyFiles(settings.kek, make=make)


def _after_files(ring: KeyRing, settings: Settings) -> KeyRing:
    """With the key files of an installation that began with them, while they are there."""
    if not settings.kek.exists():
        return ring
    return MovingKeys(ring, KeyFiles(settings.kek, make=False, left=True))


def vault_of(settings: Settings) -> VaultTransit:
    """The transit key of the settings' Vault."""
    wrapping = settings.wrapping
    if wrapping.vault_address is None:
        raise NotSetUpError("no Vault is configured", mend="Set ESCALATE_WRAPPING__VAULT_ADDRESS.")
    trust = ssl.create_default_context(
        cafile=str(wrapping.vault_ca_path) if wrapping.vault_ca_path is not None else None
    )
    client = httpx.AsyncClient(
        trust_env=False,
        follow_redirects=False,
        verify=trust,
        # Vault is asked about once an hour: a connection kept for that long is none.
        limits=httpx.Limits(max_keepalive_connections=0),
    )
    return VaultTransit(
        client,
        address=wrapping.vault_address,
        key=wrapping.vault_key,
        token=_token_of(settings),
        clock=SystemClock(),
        mount=wrapping.vault_mount,
        namespace=wrapping.vault_namespace,
    )


def _token_of(settings: Settings) -> Callable[[], str]:
    fixed, path = settings.wrapping.vault_token, settings.wrapping.vault_token_path

    def token() -> str:
        if fixed is not None:
            return fixed.get_secret_value()
        try:
            return path.read_text(encoding="ascii").strip() if path is not None else ""
        except (OSError, UnicodeDecodeError):
            # Vault refuses an empty token, and the refusal says what to look at.
            return ""

    return token
