"""A stateful Vault with a transit engine: it judges requests by HashiCorp's published API.

What stands here is what the pages "Transit secrets engine (API)" and "HTTP API" say: the token and
the request header, base64 of everything secret, versions in the ciphertext, and what a sealed, a
standby or an uninitialised server answers. It encrypts for real: a wrong word does not open.
"""

import base64
import binascii
import json
import re
import secrets
from collections.abc import Callable
from typing import Any

import httpx
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from tests.fakes.transport import LossyTransport

Json = dict[str, Any]
TOKEN = "hvs.CAESIJlWh"
_ENCRYPT = {
    "plaintext",
    "associated_data",
    "context",
    "key_version",
    "nonce",
    "reference",
    "batch_input",
    "type",
    "convergent_encryption",
    "partial_failure_response_code",
}
_DECRYPT = {
    "ciphertext",
    "associated_data",
    "context",
    "nonce",
    "reference",
    "batch_input",
    "partial_failure_response_code",
}
_CONFIG = {
    "min_decryption_version",
    "min_encryption_version",
    "deletion_allowed",
    "exportable",
    "allow_plaintext_backup",
    "auto_rotate_period",
}
_CIPHERTEXT = re.compile(r"vault:v([0-9]+):(.+)")


class FakeVault:
    """One server with one transit engine and one key in it."""

    address = "https://vault.test:8200"

    def __init__(self, *, mount: str = "transit", key: str = "escalate") -> None:
        self.mount, self.key = mount, key
        self.tokens = {TOKEN}
        self.kind = "aes256-gcm96"
        self.exportable = False
        self.versions = {1: secrets.token_bytes(32)}
        self.least = 1
        self.sealed = False
        self.asked: list[str] = []
        """Every path that was asked for, also in vain."""
        self._failures: list[Callable[[], Response]] = []
        base = f"/v1/{mount}"
        self.app = Starlette(
            routes=[
                Route(f"{base}/encrypt/{{name}}", self._let_in(self._encrypt), methods=["POST"]),
                Route(f"{base}/decrypt/{{name}}", self._let_in(self._decrypt), methods=["POST"]),
                Route(f"{base}/keys/{{name}}", self._let_in(self._read), methods=["GET"]),
                Route(f"{base}/keys/{{name}}/rotate", self._let_in(self._rotate), methods=["POST"]),
                Route(f"{base}/keys/{{name}}/config", self._let_in(self._config), methods=["POST"]),
            ]
        )
        self.network = LossyTransport(httpx.ASGITransport(app=self.app))

    # What a test does to it.

    def fail_next(
        self, status: int, *, times: int = 1, headers: dict[str, str] | None = None
    ) -> None:
        """The next requests meet this status."""
        self._failures += [lambda: PlainTextResponse("", status, headers)] * times

    def answer_next(self, body: Json) -> None:
        """The next request is answered 200 with this."""
        self._failures.append(lambda: JSONResponse(body))

    @property
    def latest(self) -> int:
        """The newest version of the key."""
        return max(self.versions)

    def client(self) -> httpx.AsyncClient:
        """A client that reaches it and nothing else."""
        return httpx.AsyncClient(transport=self.network, trust_env=False)

    # What it answers.

    def _let_in(self, handle: Callable[[Request, Json], Response]) -> Callable[[Request], Any]:
        async def answered(request: Request) -> Response:
            self.asked.append(request.url.path)
            if self.sealed:
                return _errors(503, "Vault is sealed")
            if self._failures:
                return self._failures.pop(0)()
            if request.headers.get("x-vault-request") != "true":
                return _errors(400, "missing X-Vault-Request header")
            if request.headers.get("x-vault-token") not in self.tokens:
                return _errors(403, "permission denied", "invalid token")
            if request.path_params["name"] != self.key:
                return _errors(400, "encryption key not found")
            body: Json = {}
            if request.method == "POST":
                try:
                    body = json.loads(await request.body() or b"{}")
                except ValueError:
                    return _errors(400, "failed to parse JSON input")
            return handle(request, body)

        return answered

    def _encrypt(self, request: Request, body: Json) -> Response:
        plain, bound = _bytes(body.get("plaintext")), _bytes(body.get("associated_data", ""))
        if body.keys() - _ENCRYPT or plain is None or bound is None:
            return _errors(400, "failed to base64-decode plaintext")
        nonce = secrets.token_bytes(12)
        sealed = nonce + AESGCM(self.versions[self.latest]).encrypt(nonce, plain, bound)
        text = base64.b64encode(sealed).decode()
        return _data({"ciphertext": f"vault:v{self.latest}:{text}", "key_version": self.latest})

    def _decrypt(self, request: Request, body: Json) -> Response:
        bound = _bytes(body.get("associated_data", ""))
        found = _CIPHERTEXT.fullmatch(str(body.get("ciphertext")))
        sealed = _bytes(found[2]) if found else None
        if body.keys() - _DECRYPT or found is None or sealed is None or bound is None:
            return _errors(400, "invalid ciphertext: no prefix")
        version = int(found[1])
        if version < self.least:
            return _errors(400, "ciphertext or signature version is disallowed by policy (too old)")
        if version not in self.versions:
            return _errors(400, "invalid ciphertext: version is too new")
        try:
            plain = AESGCM(self.versions[version]).decrypt(sealed[:12], sealed[12:], bound)
        except InvalidTag:
            return _errors(400, "cipher: message authentication failed")
        return _data({"plaintext": base64.b64encode(plain).decode()})

    def _read(self, request: Request, body: Json) -> Response:
        return _data(
            {
                "type": self.kind,
                "name": self.key,
                "derived": False,
                "exportable": self.exportable,
                "deletion_allowed": False,
                "allow_plaintext_backup": False,
                "keys": {str(version): 1790000000 for version in self.versions},
                "latest_version": self.latest,
                "min_decryption_version": self.least,
                "min_encryption_version": 0,
                "supports_encryption": True,
                "supports_decryption": True,
            }
        )

    def _rotate(self, request: Request, body: Json) -> Response:
        if body.keys() - {"managed_key_name", "managed_key_id"}:
            return _errors(400, "unknown field")
        self.versions[self.latest + 1] = secrets.token_bytes(32)
        return Response(status_code=204)

    def _config(self, request: Request, body: Json) -> Response:
        least = body.get("min_decryption_version")
        if body.keys() - _CONFIG or type(least) is not int:
            return _errors(400, "error converting input for field min_decryption_version")
        if not 1 <= least <= self.latest:
            return _errors(
                400, f"cannot set min decryption version of {least}, latest is {self.latest}"
            )
        self.least = least
        return Response(status_code=204)


def _bytes(value: object) -> bytes | None:
    if not isinstance(value, str):
        return None
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return None


def _errors(status: int, *texts: str) -> Response:
    return JSONResponse({"errors": list(texts)}, status)


def _data(data: Json) -> Response:
    return JSONResponse(
        {
            "request_id": "f1e2",
            "lease_id": "",
            "renewable": False,
            "lease_duration": 0,
            "data": data,
            "wrap_info": None,
            "warnings": None,
            "auth": None,
        }
    )
