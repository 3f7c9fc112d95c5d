"""Makes tokens as a provider would, and as somebody who would like to be one."""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt import PyJWS

from integrations.oidc.terms import Terms
from integrations.oidc.token import LOG_OUT_EVENT

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
ISSUER = "https://id.example"
TERMS = Terms(
    issuer=ISSUER,
    client_id="escalate",
    redirect_uri="https://escalate.example/login/callback",
    client_secret="a client secret of a test",
    second_factor_acr=("phr",),
    home_url="https://escalate.example/login",
)
_RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
_OTHER_RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
_EC = ec.generate_private_key(ec.SECP256R1())
_ED = ed25519.Ed25519PrivateKey.generate()


@dataclass
class Signer:
    """A key pair with its name in the provider's set."""

    kid: str
    algorithm: str
    private: Any
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def jwk(self) -> dict[str, Any]:
        """The public half, as it is published."""
        algorithm = jwt.get_algorithm_by_name(self.algorithm)
        public: dict[str, Any] = json.loads(algorithm.to_jwk(self.private.public_key()))
        return {**public, "kid": self.kid, "use": "sig", "alg": self.algorithm, **self.extra}

    def sign(self, claims: dict[str, Any], **header: Any) -> str:
        """The claims as a token."""
        named = {"kid": self.kid, **header}
        # PyJWT's own `encode` would not sign what nobody should: a bad provider does.
        return PyJWS().encode(
            json.dumps(claims).encode(),
            self.private,
            algorithm=self.algorithm,
            headers={name: value for name, value in named.items() if value is not None},
        )


RSA = Signer("rsa-1", "RS256", _RSA)
NEXT = Signer("rsa-2", "RS256", _OTHER_RSA)
EC = Signer("ec-1", "ES256", _EC)
ED = Signer("ed-1", "EdDSA", _ED)
STRANGER = Signer("rsa-1", "RS256", _OTHER_RSA)
"""Another key under the name of ours."""


def published(*signers: Signer) -> dict[str, Any]:
    """The provider's key set."""
    return {"keys": [signer.jwk for signer in signers]}


def claims(**changed: Any) -> dict[str, Any]:
    """What an ID token says; None takes a claim away."""
    at = int(NOW.timestamp())
    usual = {
        "iss": ISSUER,
        "aud": "escalate",
        "sub": "account-7",
        "iat": at,
        "exp": at + 600,
        "nonce": "n-1",
        "auth_time": at - 5,
    }
    return {name: value for name, value in {**usual, **changed}.items() if value is not None}


def log_out_claims(**changed: Any) -> dict[str, Any]:
    """What a log-out token says."""
    events: dict[str, dict[str, str]] = {LOG_OUT_EVENT: {}}
    usual = {"jti": "out-1", "events": events, "sid": "s-1", "nonce": None, "auth_time": None}
    return claims(**{**usual, **changed})


def at(**later: int) -> int:
    """So much after the usual instant, in seconds since 1970."""
    return int((NOW + timedelta(**later)).timestamp())


def unsigned(content: dict[str, Any]) -> str:
    """A token that says `alg: none`."""
    return f"{_part({'alg': 'none', 'typ': 'JWT'})}.{_part(content)}."


def signed_with_public_key(content: dict[str, Any], signer: Signer) -> str:
    """HMAC, with the published key as the secret: the oldest confusion of all."""
    secret = signer.private.public_key().public_bytes(
        Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
    )
    head = {"alg": "HS256", "typ": "JWT", "kid": signer.kid}
    text = f"{_part(head)}.{_part(content)}"
    mac = hmac.new(secret, text.encode(), hashlib.sha256).digest()
    return f"{text}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def _part(content: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()
