"""Payloads and personal signatures, against bytes that were made to break them.

Each good input is altered at random, many times. It is taken only if nothing of it changed, and
otherwise refused in the reader's own words. ESCALATE_HOSTILE_BYTES says how many (acceptance: a
million).
"""

import asyncio
import base64
import json
import os
import random
from collections.abc import Callable

import pytest
from temporalio.api.common.v1 import Payload

from cases.acts import Verdict
from cases.envelope import Act, ActEnvelope, RefusedEnvelope, sign_act, verify_envelope
from gateway.codec_server import payloads_in, written
from integrations.errors import UnreadableBodyError
from tests.cases.house import CASE as HOUSE_CASE
from tests.cases.house import CERTIFICATE, DOOR
from tests.cases.test_personal import TRUSTED, authenticator, envelope, signature
from tests.workflows.test_converter import codec, decision
from workflows.refused import REFUSED

COUNT = int(os.environ.get("ESCALATE_HOSTILE_BYTES", "1500"))
PIECES = (b"\0", b"\xff", b'"', b"{", b"}", b"\\", b"=", b"==", b"-1", b"AAAA", "é".encode())


def altered(good: bytes, rolled: random.Random) -> bytes:
    """The bytes, changed in a few places."""
    data = bytearray(good)
    for _ in range(rolled.randint(1, 3)):
        at = rolled.randrange(len(data) + 1)
        match rolled.randrange(5):
            case 0 if at < len(data):
                data[at] ^= 1 << rolled.randrange(8)
            case 1:
                data[at:at] = rolled.choice(PIECES)
            case 2:
                del data[at : at + rolled.randint(1, 40)]
            case 3:
                data[at:at] = rolled.randbytes(rolled.randint(1, 8))
            case _:
                del data[at:]
    return bytes(data)


async def _sealed() -> Payload:
    (payload,) = await codec().encode([decision(Verdict.APPROVE)])
    return payload


SEALED = asyncio.run(_sealed())
REQUEST = json.dumps({"payloads": [written(SEALED), written(decision(Verdict.REJECT))]}).encode()
SIGNED = Act.model_validate_json(envelope(signature(authenticator())).payload)


@pytest.mark.timeout(3600)
async def test_no_altered_ciphertext_opens(
    record_property: Callable[[str, object], None],
) -> None:
    """The codec refuses every one, whatever is done to data, key id or encoding."""
    rolled, reader = random.Random("codec"), codec()  # noqa: S311 -- the same bytes every time
    for _ in range(COUNT):
        payload = Payload(metadata=dict(SEALED.metadata), data=SEALED.data)
        part = rolled.choice(("data", *SEALED.metadata))
        if part == "data":
            payload.data = altered(payload.data, rolled)
        else:
            payload.metadata[part] = altered(payload.metadata[part], rolled)
        if payload == SEALED:
            continue
        (opened,) = await reader.decode([payload])
        assert opened.metadata["encoding"] == REFUSED
    record_property("inputs", COUNT)


@pytest.mark.timeout(3600)
def test_no_request_breaks_the_codec_server(
    record_property: Callable[[str, object], None],
) -> None:
    """Read as payloads, or refused in its own words."""
    rolled, taken = random.Random("request"), 0  # noqa: S311 -- the same bytes every time
    for _ in range(COUNT):
        try:
            taken += payloads_in(altered(REQUEST, rolled)) is not None
        except UnreadableBodyError:
            continue
    record_property("inputs", COUNT)
    assert taken < COUNT


@pytest.mark.timeout(3600)
def test_no_altered_signature_of_a_person_holds(
    record_property: Callable[[str, object], None],
) -> None:
    """A door that signs the altered act itself gets none of it past the check."""
    rolled = random.Random("personal")  # noqa: S311 -- the same bytes every time
    personal = SIGNED.personal
    assert personal is not None
    verify_envelope(envelope(personal), case=HOUSE_CASE, root=TRUSTED)
    count = COUNT // 5
    for _ in range(count):
        name = rolled.choice(["statement", "authenticator_data", "client_data", "signature"])
        good: str = getattr(personal, name)
        broken = altered(good.encode(), rolled).decode("utf-8", "replace")
        if broken == good or (name != "statement" and _bytes(broken) == _bytes(good)):
            # Some spellings in base64 mean the same bytes, and the signature is over the bytes.
            continue
        with pytest.raises(RefusedEnvelope):
            verify_envelope(_with(name, broken), case=HOUSE_CASE, root=TRUSTED)
    record_property("inputs", count)


def _bytes(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return None


def _with(name: str, text: str) -> ActEnvelope:
    personal = SIGNED.personal
    assert personal is not None
    act = SIGNED.model_copy(update={"personal": personal.model_copy(update={name: text})})
    return sign_act(act, key=DOOR, certificate=CERTIFICATE)
