"""Payloads are sealed for one case, and only what was sealed for it opens."""

import zlib

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st
from temporalio.api.common.v1 import Payload
from temporalio.converter import WorkflowSerializationContext

from workflows.converter import ENCODING, KEY_ID, MAX_OPENED, NONCE_SIZE, REFUSED, Codec

CASE, NAMESPACE, KEY = "case/one", "escalate", bytes(range(32))


class OneKey:
    """Every case has the same key: only what is bound in tells them apart."""

    async def key(self, case: str) -> tuple[str, bytes]:
        """The key."""
        return "k1", KEY


def codec(*, case: str = CASE, namespace: str = NAMESPACE) -> Codec:
    """The codec of one case."""
    context = WorkflowSerializationContext(namespace=namespace, workflow_id=case)
    return Codec(OneKey()).with_context(context)


def sealed(plain: bytes) -> Payload:
    """Bytes as somebody who holds the key would seal them, whatever they are."""
    nonce = bytes(NONCE_SIZE)
    bound = f"escalate/1|{NAMESPACE}|{CASE}|k1".encode()
    data = nonce + AESGCM(KEY).encrypt(nonce, plain, bound)
    return Payload(metadata={"encoding": ENCODING, KEY_ID: b"k1"}, data=data)


@given(st.binary(max_size=4096), st.dictionaries(st.text(max_size=8), st.binary(max_size=8)))
async def test_what_was_sealed_opens_as_it_was(data: bytes, metadata: dict[str, bytes]) -> None:
    """Any payload comes back whole, and nothing of a longer one can be read in between."""
    payload = Payload(metadata=metadata, data=data)

    (there,) = await codec().encode([payload])
    (back,) = await codec().decode([there])

    assert back == payload
    assert len(data) < 8 or data not in there.data


@pytest.mark.parametrize(
    "reader", [codec(case="case/two"), codec(namespace="other")], ids=["case", "namespace"]
)
async def test_it_opens_nowhere_else(reader: Codec) -> None:
    """A ciphertext moved to another case or namespace is refused."""
    (there,) = await codec().encode([Payload(data=b"{}")])

    (back,) = await reader.decode([there])

    assert back.metadata["encoding"] == REFUSED


@pytest.mark.parametrize(
    "plain",
    [
        zlib.compress(bytes(MAX_OPENED + 1)),
        zlib.compress(b"whole" * 100)[:-8],
        zlib.compress(b"") + b"more",
        zlib.compress(b"\xff\xff no message"),
        b"never deflated",
    ],
    ids=["larger than any payload", "cut short", "something behind it", "no payload", "plain"],
)
async def test_what_is_not_one_whole_payload_is_refused(plain: bytes) -> None:
    """Even sealed with the right key, nothing unreadable or enormous reaches a workflow."""
    (back,) = await codec().decode([sealed(plain)])

    assert back.metadata["encoding"] == REFUSED
