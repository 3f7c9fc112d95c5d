"""RFC 3161: an authority with no part in the log says when a checkpoint was there at the latest.

The token is over the exact bytes of a checkpoint file. Authorities differ in how they write their
certificates into it: DER wants a SET in the order of its members' bytes, openssl keeps the order it
was given, and the strict parser refuses those. The signature does not cover that order, so it is
put right before the token is read; the token itself is kept as it came, for other tools.
"""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from audit.log.errors import LogError, LogUnreadableError

QUERY_TYPE = "application/timestamp-query"
REPLY_TYPE = "application/timestamp-reply"
LONGEST_TOKEN = 64 * 1024
_GRANTED = 0
_CERTIFICATES = 0xA0
"""`[0] IMPLICIT` within the signed data."""
_LONG_FORM, _MOST_LENGTH = 0x80, 4
_HASHES = {
    "2.16.840.1.101.3.4.2.1": hashlib.sha256,
    "2.16.840.1.101.3.4.2.2": hashlib.sha384,
    "2.16.840.1.101.3.4.2.3": hashlib.sha512,
}


class TokenRefusedError(LogError):
    """The token is readable and proves nothing of these bytes."""

    mend = "Check ESCALATE_TSA__URL and ESCALATE_TSA__ROOTS_FILE: `escalate doctor --live`."


@dataclass(frozen=True)
class Roots:
    """The certificates a verifier believes time from: roots, and those between if known."""

    certificates: tuple[x509.Certificate, ...]

    @property
    def digests(self) -> frozenset[str]:
        """The SHA-256 of each."""
        return frozenset(digest_of(each) for each in self.certificates)


@dataclass(frozen=True)
class Stamped:
    """What a token says."""

    at: datetime
    signer: str
    """SHA-256 of the authority's own certificate; empty when the token does not bring it."""


@dataclass(frozen=True)
class Query:
    """What an authority is asked, and the number its answer must repeat."""

    data: bytes
    nonce: int


def digest_of(certificate: x509.Certificate) -> str:
    """How a keyring names a certificate."""
    return hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest()


def read_roots(pem: bytes) -> Roots:
    """The certificates of a PEM file; LogUnreadableError when there are none."""
    try:
        found = tuple(x509.load_pem_x509_certificates(pem))
    except ValueError as error:
        raise LogUnreadableError("no PEM certificates in it") from error
    return Roots(found)


def query(data: bytes) -> Query:
    """The question for a token over these bytes, with the certificates in the answer."""
    request = (
        TimestampRequestBuilder()
        .data(data)
        .hash_algorithm(HashAlgorithm.SHA256)
        .nonce(nonce=True)
        .cert_request(cert_request=True)
        .build()
    )
    nonce = request.nonce
    if nonce is None:
        raise LogUnreadableError("the question has no nonce")
    return Query(data=request.as_bytes(), nonce=nonce)


def read_token(token: bytes, data: bytes, *, nonce: int | None = None) -> Stamped:
    """What the token says of these bytes, whoever signed it: for whoever only keeps it."""
    with _strictly():
        return _read(_decoded(token), data, nonce=nonce)


def _read(found: TimeStampResponse, data: bytes, *, nonce: int | None) -> Stamped:
    said = found.tst_info
    if said.message_imprint.message != _imprint(said.message_imprint.hash_algorithm, data):
        raise TokenRefusedError("the token is over other bytes")
    if nonce is not None and said.nonce != nonce:
        raise TokenRefusedError("the token answers another question")
    return Stamped(at=said.gen_time.astimezone(UTC), signer=_signer(found))


def verify_token(token: bytes, data: bytes, *, roots: Roots, nonce: int | None = None) -> Stamped:
    """When these bytes were there at the latest, on the word of one of these roots.

    Holds afterwards: the authority's certificate leads to a root, was valid then, is for time
    stamps and nothing else decided; it signed this imprint. TokenRefusedError says what does not.
    """
    with _strictly():
        return _verified(_decoded(token), data, roots=roots, nonce=nonce)


def _verified(found: TimeStampResponse, data: bytes, *, roots: Roots, nonce: int | None) -> Stamped:
    stamped = _read(found, data, nonce=nonce)
    builder = VerifierBuilder(roots=list(roots.certificates))
    if not found.signed_data.certificates:
        signer = _own(found, roots.certificates)
        if signer is None:
            raise TokenRefusedError("the token brings no certificate and none of yours signed it")
        builder = builder.tsa_certificate(signer)
        stamped = Stamped(at=stamped.at, signer=digest_of(signer))
    try:
        builder.build().verify_message(found, data)
    except (VerificationError, ValueError) as error:
        raise TokenRefusedError("no authority you trust signed the token") from error
    return stamped


def in_order(token: bytes) -> bytes:
    """The token with its certificates in DER's order; LogUnreadableError where it is no DER."""
    parts = _parts(_body(token))
    if not parts:
        raise LogUnreadableError("not a time stamp as RFC 3161 writes it")
    status, rest = parts[0], parts[1:]
    if len(rest) != 1:
        # Refused by the authority: there is nothing to put in order.
        return token
    kind, wrapped = _two(_parts(_body(rest[0])))
    (signed,) = _one(_parts(_body(wrapped)))
    ordered = [
        _wrapped(_CERTIFICATES, b"".join(sorted(_parts(_body(part)))))
        if part[0] == _CERTIFICATES
        else part
        for part in _parts(_body(signed))
    ]
    again = _wrapped(wrapped[0], _wrapped(signed[0], b"".join(ordered)))
    info = _wrapped(rest[0][0], kind + again)
    return _wrapped(token[0], status + info)


def _decoded(token: bytes) -> TimeStampResponse:
    if len(token) > LONGEST_TOKEN:
        raise LogUnreadableError("a time stamp is not that long")
    found = decode_timestamp_response(in_order(token))
    if found.status != _GRANTED:
        raise TokenRefusedError("the authority gave no token")
    return found


@contextmanager
def _strictly() -> Iterator[None]:
    """What the parsers below stumble over is a token that cannot be read."""
    try:
        yield
    except (ValueError, TypeError, KeyError, x509.InvalidVersion, UnsupportedAlgorithm) as error:
        raise LogUnreadableError("not a time stamp as RFC 3161 writes it") from error


def _imprint(algorithm: x509.ObjectIdentifier, data: bytes) -> bytes:
    hashed = _HASHES.get(algorithm.dotted_string)
    if hashed is None:
        raise TokenRefusedError("the token hashes with something weaker than SHA-256, or unknown")
    return hashed(data).digest()


def _signer(found: TimeStampResponse) -> str:
    own = _own(found, _certificates(found))
    return digest_of(own) if own is not None else ""


def _own(
    found: TimeStampResponse, certificates: Iterable[x509.Certificate]
) -> x509.Certificate | None:
    signers = list(found.signed_data.signer_infos)
    if len(signers) != 1:
        raise TokenRefusedError("the token has more than one signer, or none")
    named = (signers[0].issuer, signers[0].serial_number)
    return next((each for each in certificates if (each.issuer, each.serial_number) == named), None)


def _certificates(found: TimeStampResponse) -> Iterator[x509.Certificate]:
    for raw in found.signed_data.certificates:
        yield x509.load_der_x509_certificate(raw)


def _parts(data: bytes) -> list[bytes]:
    """The values that follow each other, each whole."""
    found = []
    while data:
        end = _end(data)
        found.append(data[:end])
        data = data[end:]
    return found


def _body(value: bytes) -> bytes:
    """What one value holds; nothing follows it."""
    if not value or _end(value) != len(value):
        raise LogUnreadableError("something follows the time stamp, or it is cut off")
    return value[_start(value) :]


def _start(value: bytes) -> int:
    if len(value) < 2:  # noqa: PLR2004 -- a tag and a length
        raise LogUnreadableError("the time stamp is cut off")
    length = value[1]
    return 2 if length < _LONG_FORM else 2 + length - _LONG_FORM


def _end(value: bytes) -> int:
    start = _start(value)
    length = value[1] if start == 2 else int.from_bytes(value[2:start], "big")  # noqa: PLR2004 -- the short form
    if value[1] == _LONG_FORM or start - 2 > _MOST_LENGTH or start + length > len(value):
        raise LogUnreadableError("the time stamp is cut off, or of no length")
    return start + length


def _wrapped(tag: int, body: bytes) -> bytes:
    size = len(body)
    if size < _LONG_FORM:
        return bytes((tag, size)) + body
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, _LONG_FORM + len(length))) + length + body


def _two(parts: list[bytes]) -> tuple[bytes, bytes]:
    if len(parts) != 2:  # noqa: PLR2004 -- a type and what is of it
        raise LogUnreadableError("not a time stamp as RFC 3161 writes it")
    return parts[0], parts[1]


def _one(parts: list[bytes]) -> tuple[bytes]:
    if len(parts) != 1:
        raise LogUnreadableError("not a time stamp as RFC 3161 writes it")
    return (parts[0],)
