"""Which models of security keys are believed when they say that a key cannot leave them.

Any program can claim to be any model. A model on this list counts only with its maker's word: an
attestation signed by a certificate that leads to one of the roots named beside it, and that says
the same AAGUID. The list is a file of the team's:

    authenticators:
      - aaguid: ee882879-721c-4913-9775-3dfcce97072a
        name: "YubiKey 5"
        roots: [yubico.pem]
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from pydantic import AfterValidator, Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from cases.values import Inbound

NOBODYS = str(uuid.UUID(int=0))
"""What an authenticator says that does not want to be known."""
_LARGEST = 1024 * 1024


def _a_model(text: str) -> str:
    if str(uuid.UUID(text)) != text or text == NOBODYS:
        raise ValueError("not the AAGUID of a model, in lower case with dashes")
    return text


class _Line(Inbound):
    aaguid: Annotated[str, AfterValidator(_a_model)]
    name: Annotated[str, Field(min_length=1, max_length=80)]
    roots: Annotated[tuple[str, ...], Field(min_length=1)]


class _File(Inbound):
    authenticators: Annotated[tuple[_Line, ...], Field(min_length=1)]


class AuthenticatorsUnreadableError(Exception):
    """The list cannot be used; the message says where."""


@dataclass(frozen=True)
class Model:
    """A model that is listed."""

    aaguid: str
    name: str
    roots: tuple[bytes, ...] = field(repr=False)
    """Its maker's root certificates, PEM."""


@dataclass(frozen=True)
class Authenticators:
    """The models that are listed, by their AAGUID."""

    models: Mapping[str, Model]

    def of(self, aaguid: str) -> Model | None:
        """The model, where it is listed."""
        return self.models.get(aaguid)


def read_authenticators(file: Path) -> Authenticators:
    """The list in the file, its certificates in the files it names beside it."""
    try:
        text = _bounded(file).decode()
        told = _File.model_validate(YAML(typ="safe", pure=True).load(text), strict=False)
    except (UnicodeDecodeError, YAMLError, RecursionError) as error:
        raise AuthenticatorsUnreadableError(f"{file.name} is not YAML") from error
    except ValidationError as error:
        places = ", ".join(".".join(map(str, item["loc"])) for item in error.errors())
        raise AuthenticatorsUnreadableError(f"{file.name} does not fit at {places}") from error
    models = {
        line.aaguid: Model(
            aaguid=line.aaguid,
            name=line.name,
            roots=tuple(pem for name in line.roots for pem in _roots(file.parent / name)),
        )
        for line in told.authenticators
    }
    if len(models) != len(told.authenticators):
        raise AuthenticatorsUnreadableError(f"{file.name} lists a model twice")
    return Authenticators(models)


def _roots(file: Path) -> list[bytes]:
    try:
        found = x509.load_pem_x509_certificates(_bounded(file))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise AuthenticatorsUnreadableError(f"{file.name} holds no certificates") from error
    return [each.public_bytes(Encoding.PEM) for each in found]


def _bounded(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            data = opened.read(_LARGEST + 1)
    except OSError as error:
        raise AuthenticatorsUnreadableError(f"{file.name}: {error.strerror}") from error
    if len(data) > _LARGEST:
        raise AuthenticatorsUnreadableError(f"{file.name} is too large")
    return data
