"""The one data converter and the codec in it: the same for client, worker, replayer.

Every payload is deflated, padded and encrypted with its case's own key; the namespace and the
workflow id are bound in, so a ciphertext moved to another case does not open. What arrives
unencrypted is never trusted: it is marked as refused, and only a handler that asks for the raw
payload gets to see that mark. So a plain signal from Temporal's command line cannot wedge a case;
it is journalled and refused.
"""

import copy
import secrets  # noqa: TID251 -- the codec runs outside the workflow, see _sealed
import zlib
from collections.abc import Sequence
from typing import Any, ClassVar, Protocol, Self, TypeVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from google.protobuf.message import DecodeError
from pydantic import ValidationError
from temporalio.api.common.v1 import Payload
from temporalio.common import RawValue
from temporalio.contrib.pydantic import PydanticPayloadConverter
from temporalio.converter import (
    ActivitySerializationContext,
    DataConverter,
    DefaultFailureConverterWithEncodedAttributes,
    PayloadCodec,
    SerializationContext,
    WithSerializationContext,
    WorkflowSerializationContext,
)

from cases.ids import case_of
from workflows.padding import deflated_and_padded
from workflows.refused import REFUSED

ENCODING = b"binary/escalate-2"
"""Deflated, padded, AES-256-GCM; short, since every payload of a history says it."""
FORMER = b"binary/escalate-deflate-aes-256-gcm"
"""How payloads were sealed before they were padded: still opened, never written."""
KEY_ID = "escalate-key"
NONCE_SIZE = 12
MAX_OPENED = 16 * 1024 * 1024
"""Bytes: more than any payload Temporal takes, less than what would exhaust a worker."""

_VERSION = {FORMER: 1, ENCODING: 2}
"""The version is bound in: no ciphertext can be passed off as one of the other kind."""

Message = TypeVar("Message")


class RefusedPayloadError(Exception):
    """A payload that was not encrypted for this case; nothing of it is used."""


class CaseKeyring(Protocol):
    """Knows the data key of a case."""

    async def key(self, case: str) -> tuple[str, bytes]:
        """The key's id and its 32 bytes; KeyError when the case has none."""
        ...


class Codec(PayloadCodec, WithSerializationContext):
    """Deflate and pad, then AES-256-GCM under the key of the case the payload belongs to.

    An obligation belongs to its case and has its key: shredding the case's key shreds what it owed.
    The workflow id is bound in whole, so nothing moves from one of the two to the other.

    A journal is mostly the same few words, and every byte of a history is read again at each
    replay. Nobody outside can have a guess put beside a secret and try again, since a payload is
    written once; that its length tells no verdict is what padding is for (`workflows.padding`).
    """

    def __init__(
        self, keyring: CaseKeyring, *, namespace: str = "", workflow_id: str | None = None
    ) -> None:
        self._keyring = keyring
        self._namespace = namespace
        self._workflow_id = workflow_id

    def with_context(self, context: SerializationContext) -> Self:
        """The codec for one workflow: its key, and its ids as associated data."""
        if isinstance(context, WorkflowSerializationContext | ActivitySerializationContext):
            return type(self)(
                self._keyring, namespace=context.namespace, workflow_id=context.workflow_id
            )
        return self

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Each payload, encrypted. Raises when there is no case to encrypt for."""
        key_id, key = await self._key()
        return [self._sealed(payload, key_id, key) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Each payload, opened; one that is not ours comes back as refused."""
        opened: list[Payload] = []
        for payload in payloads:
            encoding = payload.metadata.get("encoding", b"")
            if encoding not in _VERSION:
                opened.append(_refused(b"not encrypted"))
                continue
            key_id, key = await self._key()
            if payload.metadata.get(KEY_ID, b"").decode("ascii", "replace") != key_id:
                opened.append(_refused(b"unknown key"))
                continue
            nonce, sealed = payload.data[:NONCE_SIZE], payload.data[NONCE_SIZE:]
            try:
                plain = AESGCM(key).decrypt(nonce, sealed, self._bound_to(key_id, encoding))
                data = _inflated(plain, padded=encoding == ENCODING)
                opened.append(Payload.FromString(data))
            except (InvalidTag, ValueError, zlib.error, DecodeError):
                opened.append(_refused(b"does not open"))
        return opened

    def _sealed(self, payload: Payload, key_id: str, key: bytes) -> Payload:
        # A codec runs outside the workflow: a fresh random nonce is neither replayed nor recorded.
        nonce = secrets.token_bytes(NONCE_SIZE)
        plain = deflated_and_padded(payload.SerializeToString())
        data = AESGCM(key).encrypt(nonce, plain, self._bound_to(key_id, ENCODING))
        return Payload(metadata={"encoding": ENCODING, KEY_ID: key_id.encode()}, data=nonce + data)

    async def _key(self) -> tuple[str, bytes]:
        if self._workflow_id is None:
            message = "a payload that belongs to no case cannot be encrypted"
            raise RefusedPayloadError(message)
        return await self._keyring.key(case_of(self._workflow_id))

    def _bound_to(self, key_id: str, encoding: bytes) -> bytes:
        version = _VERSION[encoding]
        return f"escalate/{version}|{self._namespace}|{self._workflow_id}|{key_id}".encode()


class PayloadConverter(PydanticPayloadConverter):
    """Pydantic's converter, which will not read a refused payload as anything.

    There is one: the SDK asks for a converter at every activation, and a new one would build every
    type's reader anew. It holds nothing but those readers.
    """

    _one: ClassVar[Any] = None

    def __new__(cls) -> Self:
        """The one there is."""
        if cls._one is None:
            made = super().__new__(cls)
            PydanticPayloadConverter.__init__(made)
            cls._one = made
        one: Self = cls._one
        return one

    def __init__(self) -> None:
        """Nothing: it was made before."""

    def from_payloads(
        self, payloads: Sequence[Payload], type_hints: list[type] | None = None
    ) -> list[Any]:
        """The values; RefusedPayloadError when one was refused and is not asked for raw."""
        hints = type_hints or []
        for index, payload in enumerate(payloads):
            hint = hints[index] if index < len(hints) else None
            if hint is not RawValue and payload.metadata.get("encoding") == REFUSED:
                raise RefusedPayloadError(payload.data.decode())
        return super().from_payloads(payloads, type_hints)


class CaseConverter(DataConverter):
    """Ours: of its parts only the codec depends on the case."""

    def with_context(self, context: SerializationContext) -> Self:
        """The converter for one case.

        The SDK asks for it at every activity and would build all converters anew each time.
        """
        if not isinstance(self.payload_codec, Codec):
            return self
        bound = copy.copy(self)
        object.__setattr__(bound, "payload_codec", self.payload_codec.with_context(context))
        return bound


PLAIN = CaseConverter(payload_converter_class=PayloadConverter)
"""The converter without encryption: for histories that were already opened (strict replay), and for
cases that are made up, on a server that keeps nothing."""


def converter(keyring: CaseKeyring) -> DataConverter:
    """The converter of clients and workers: encrypted payloads, failures included."""
    return CaseConverter(
        payload_converter_class=PayloadConverter,
        payload_codec=Codec(keyring),
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )


def decoded(raw: RawValue, kind: type[Message]) -> Message:
    """The raw payload as `kind`.

    Raises RefusedPayloadError for what was not encrypted, ValidationError for what does not fit.
    """
    values = PLAIN.payload_converter.from_payloads([raw.payload], [kind])
    value = values[0]
    if not isinstance(value, kind):
        raise ValidationError.from_exception_data(kind.__name__, [])
    return value


def _inflated(data: bytes, *, padded: bool) -> bytes:
    """What was deflated; ValueError when it is not whole or larger than any payload may be."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS if padded else zlib.MAX_WBITS)
    opened = inflater.decompress(data, MAX_OPENED)
    behind = inflater.unused_data.strip(b"\0") if padded else inflater.unused_data
    if not inflater.eof or behind:
        message = "not one whole payload"
        raise ValueError(message)
    return opened


def _refused(why: bytes) -> Payload:
    return Payload(metadata={"encoding": REFUSED}, data=why)
