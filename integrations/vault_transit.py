"""HashiCorp Vault's transit engine (and OpenBao's, which is the same): seals the keys of epochs.

Vault's key never leaves it. What is sealed reads `vault:v3:…`, where 3 is the version of the key;
`min_decryption_version` says from which version on Vault still opens anything. A Vault that is
sealed answers 503 to everything, and is no different here from one that is away: nothing was done.
No error carries what was sent or received: the plaintext of a call is a key.
"""

import base64
import binascii
import re
from collections.abc import Callable
from typing import Any

import httpx

from integrations._http import VendorHttp
from integrations.errors import MisansweredError, RefusedError
from integrations.ports.clock import Clock

VENDOR = "vault"
_SEALED = re.compile(rb"vault:v([1-9][0-9]{0,8}):[A-Za-z0-9+/=]{16,4096}")
_OK, _NOTHING = 200, 204
_AEAD = frozenset({"aes128-gcm96", "aes256-gcm96", "chacha20-poly1305", "xchacha20-poly1305"})
"""Types of keys that take associated data: the others could not bind a sealed key to its epoch."""


class VaultTransit:
    """One key of one transit engine."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        *,
        address: str,
        key: str,
        token: Callable[[], str],
        clock: Clock,
        mount: str = "transit",
        namespace: str | None = None,
    ) -> None:
        self._http = VendorHttp(client, vendor=VENDOR, clock=clock, limit=64 * 1024)
        self._base = f"{address.rstrip('/')}/v1"
        self._mount = mount.strip("/")
        self._key = key
        # Asked for at each call: an agent writes a new one to its file before the old one ends.
        self._token = token
        self._namespace = namespace

    async def seal(self, secret: bytes, *, bound_to: str) -> bytes:
        """The secret, sealed by the newest version of the key."""
        answer = await self._call(
            "encrypt", {"plaintext": _written(secret), "associated_data": _written(bound_to)}
        )
        sealed = str(answer.get("ciphertext", "")).encode()
        if not _SEALED.fullmatch(sealed):
            raise self._misanswered("encrypt")
        return sealed

    async def open(self, sealed: bytes, *, bound_to: str) -> bytes:
        """The secret; RefusedError if Vault does not open it."""
        _version(sealed)
        answer = await self._call(
            "decrypt", {"ciphertext": sealed.decode(), "associated_data": _written(bound_to)}
        )
        try:
            return base64.b64decode(str(answer.get("plaintext", "")), validate=True)
        except (binascii.Error, ValueError):
            raise self._misanswered("decrypt") from None

    async def rotate(self) -> None:
        """The key has one more version, which seals from now on."""
        await self._post("rotate the key", f"keys/{self._key}/rotate", {})

    async def destroy_before(self, sealed: bytes) -> None:
        """Vault opens nothing that a version older than this one sealed."""
        version = _version(sealed)
        await self._post(
            "raise the least version",
            f"keys/{self._key}/config",
            {"min_decryption_version": version},
        )

    async def look(self) -> str:
        """What the key is, once it fits: its type and newest version; RefusedError otherwise."""
        answer = await self._http.call(
            "read the key", "GET", self._url(f"keys/{self._key}"), headers=self._headers()
        )
        data = _data(answer.object())
        kind, version = str(data.get("type")), data.get("latest_version")
        if kind not in _AEAD or data.get("derived"):
            raise RefusedError(
                f"the key is of type {kind}" + (", derived" if data.get("derived") else ""),
                vendor=VENDOR,
                operation="read the key",
                mend="Use a key of type aes256-gcm96 that is not derived, and is escalate's alone.",
            )
        if data.get("exportable"):
            raise RefusedError(
                "the key can be exported",
                vendor=VENDOR,
                operation="read the key",
                mend="Use a key that is not exportable: its point is that it never leaves Vault.",
            )
        return f"{kind}, version {version}"

    async def _call(self, operation: str, body: dict[str, str]) -> dict[str, Any]:
        return await self._post(operation, f"{operation}/{self._key}", body)

    async def _post(self, operation: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = await self._http.call(
            operation, "POST", self._url(path), json_body=body, headers=self._headers()
        )
        if answer.status == _NOTHING or not answer.body:
            return {}
        return _data(answer.object())

    def _url(self, path: str) -> str:
        return f"{self._base}/{self._mount}/{path}"

    def _headers(self) -> dict[str, str]:
        # Vault refuses what a page of a browser could be tricked into sending without the second.
        headers = {"X-Vault-Token": self._token(), "X-Vault-Request": "true"}
        if self._namespace:
            headers["X-Vault-Namespace"] = self._namespace
        return headers

    def _misanswered(self, operation: str) -> MisansweredError:
        return MisansweredError(
            "the answer holds no result",
            vendor=VENDOR,
            operation=operation,
            status=_OK,
            mend="Check that the address is really Vault's, and the mount a transit engine's.",
        )


def _data(answer: dict[str, Any]) -> dict[str, Any]:
    data = answer.get("data")
    return data if isinstance(data, dict) else {}


def _written(value: bytes | str) -> str:
    return base64.b64encode(value.encode() if isinstance(value, str) else value).decode()


def _version(sealed: bytes) -> int:
    found = _SEALED.fullmatch(sealed)
    if found is None:
        raise RefusedError(
            "these bytes were not sealed by Vault",
            vendor=VENDOR,
            operation="decrypt",
            mend="Restore the store from a backup: somebody changed the list of epochs.",
        )
    return int(found[1])
