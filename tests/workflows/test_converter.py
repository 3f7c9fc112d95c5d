"""Payloads are sealed for one case, and only what was sealed for it opens."""

import itertools
import random
import zlib
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.common import RawValue
from temporalio.converter import (
    ActivitySerializationContext,
    SerializationContext,
    WorkflowSerializationContext,
)
from temporalio.exceptions import ApplicationError

from cases.acts import Decide, Verdict
from cases.acts_at_gates import Condition
from cases.envelope import Act, Actor, Door, RoundBinding, sign_act
from runbooks.plan import Assurance
from tests.cases.house import CERTIFICATE, DOOR
from workflows.converter import (
    ENCODING,
    FORMER,
    KEY_ID,
    MAX_OPENED,
    NONCE_SIZE,
    PLAIN,
    Codec,
    PayloadConverter,
    RefusedPayloadError,
    converter,
    decoded,
)
from workflows.padding import DECISION_STEP, LEAST, STEP, deflated, deflated_and_padded
from workflows.refused import REFUSED

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


def sealed(plain: bytes, *, version: int = 2, encoding: bytes = ENCODING) -> Payload:
    """Bytes as somebody who holds the key would seal them, whatever they are."""
    nonce = bytes(NONCE_SIZE)
    bound = f"escalate/{version}|{NAMESPACE}|{CASE}|k1".encode()
    data = nonce + AESGCM(KEY).encrypt(nonce, plain, bound)
    return Payload(metadata={"encoding": encoding, KEY_ID: b"k1"}, data=data)


def decision(verdict: Verdict, *, number: int = 7, reason: str = "") -> Payload:
    """A verdict as the door hands it to the case."""
    at = datetime(2026, 11, 26, 3, tzinfo=UTC)
    needs = (Condition(what="Ask the partner.", owner="legal", due=at + timedelta(days=1)),)
    act = Act(
        act=f"00000000-0000-4000-8000-{number:012d}",
        case=CASE,
        actor=Actor(
            person="lena",
            roles=("legal",),
            directory_digest="0" * 64,
            directory_as_of=at,
        ),
        role="legal",
        assurance=Assurance.L2,
        door=Door.WEB,
        signed_at=at,
        body=Decide(
            gate="legal-review",
            verdict=verdict,
            reason=reason,
            conditions=needs if verdict is Verdict.CONDITIONS else (),
        ),
        binding=RoundBinding(
            gate="legal-review", round=1, revision=1, content_hash="ab" * 32, nonce="cd" * 16
        ),
    )
    (payload,) = PLAIN.payload_converter.to_payloads(
        [sign_act(act, key=DOOR, certificate=CERTIFICATE)]
    )
    return payload


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
        deflated(Payload(data=bytes(MAX_OPENED)).SerializeToString()),
        deflated(b"whole" * 100)[:-2],
        deflated(b"") + b"more",
        deflated(b"\xff\xff no message"),
        b"never deflated",
        deflated(b"").ljust(60, b"\0") + b"more",
    ],
    ids=[
        "larger than any payload",
        "cut short",
        "something behind it",
        "no payload",
        "plain",
        "something behind the padding",
    ],
)
async def test_what_is_not_one_whole_payload_is_refused(plain: bytes) -> None:
    """Even sealed with the right key, nothing unreadable or enormous reaches a workflow."""
    (back,) = await codec().decode([sealed(plain)])

    assert back.metadata["encoding"] == REFUSED


@pytest.mark.hostile(51)
async def test_a_payload_of_case_a_put_into_case_b_does_not_open() -> None:
    """The case's id is bound in, even where both cases had the same key (hostile case 51)."""
    (of_a,) = await codec(case="case/a").encode([decision(Verdict.APPROVE)])

    (in_b,) = await codec(case="case/b").decode([of_a])
    (owed_by_a,) = await codec(case="case/a/obligation/recheck-7d").decode([of_a])

    assert (in_b.metadata["encoding"], in_b.data) == (REFUSED, b"does not open")
    assert (owed_by_a.metadata["encoding"], owed_by_a.data) == (REFUSED, b"does not open")


@pytest.mark.hostile(52)
async def test_what_is_not_encrypted_is_refused() -> None:
    """A plain payload is never taken for a case's own, whatever it calls itself."""
    for encoding in (b"json/plain", b"binary/plain", b"", b"binary/encrypted", REFUSED):
        (back,) = await codec().decode([Payload(metadata={"encoding": encoding}, data=b"{}")])

        assert (back.metadata["encoding"], back.data) == (REFUSED, b"not encrypted")
        with pytest.raises(RefusedPayloadError):
            PayloadConverter().from_payloads([back], [dict])


async def test_a_key_that_the_case_does_not_have_is_not_tried() -> None:
    """The id of the key is looked at first, and bound in as well."""
    (there,) = await codec().encode([Payload(data=b"{}")])
    there.metadata[KEY_ID] = b"k2"

    (back,) = await codec().decode([there])

    assert (back.metadata["encoding"], back.data) == (REFUSED, b"unknown key")


async def test_no_version_passes_for_another() -> None:
    """Neither a padded payload under the former name opens, nor a former one under the new."""
    (there,) = await codec().encode([Payload(data=b"{}")])
    there.metadata["encoding"] = FORMER
    former = sealed(deflated(Payload(data=b"{}").SerializeToString()), version=1)

    back = await codec().decode([there, former])

    assert [item.data for item in back] == [b"does not open"] * 2


async def test_a_payload_sealed_before_there_was_padding_opens() -> None:
    """Cases that run for years hold both kinds; the golden histories do."""
    plain = Payload(data=b"{}")
    former = sealed(zlib.compress(plain.SerializeToString()), version=1, encoding=FORMER)
    padded = sealed(
        zlib.compress(plain.SerializeToString()) + bytes(20), version=1, encoding=FORMER
    )

    opened, refused = await codec().decode([former, padded])

    assert opened == plain
    assert refused.metadata["encoding"] == REFUSED


async def test_no_verdict_can_be_told_from_the_length_of_its_envelope() -> None:
    """Every verdict text, in twenty acts: one length, whatever was decided."""
    lengths = set()
    for verdict, number in itertools.product(Verdict, range(20)):
        (there,) = await codec().encode([decision(verdict, number=number)])
        lengths.add(len(there.data))

    assert lengths == {LEAST + 28}


async def test_a_short_reason_does_not_give_a_rejection_away() -> None:
    """Approvals seldom have a reason, rejections always: up to some sentences both are as long."""
    sentence = "The account belongs to a business, and the report does not say what it did. "
    (plain,) = await codec().encode([decision(Verdict.APPROVE)])
    (reasoned,) = await codec().encode([decision(Verdict.REJECT, reason=sentence * 3)])

    assert len(plain.data) == len(reasoned.data)


@given(st.binary(max_size=600), st.binary(max_size=600), st.sampled_from(["", "\\", "\\\\\\"]))
def test_siblings_are_of_one_length(before: bytes, behind: bytes, escape: str) -> None:
    """Whatever else stands in the payload: the verdict alone never changes the length."""
    lengths = {
        len(deflated_and_padded(before + spoken(verdict, escape) + behind)) for verdict in Verdict
    }

    assert len(lengths) == 1
    (length,) = lengths
    assert length >= LEAST
    assert length % DECISION_STEP == 0


def test_siblings_are_of_one_length_also_where_a_step_begins() -> None:
    """Beside what deflates to almost a kibibyte, one letter more of a verdict is a step more."""
    filler = random.Random(7).randbytes(1040)  # noqa: S311 - no secret
    for size in range(960, 1040):
        lengths = {
            len(deflated_and_padded(filler[:size] + spoken(verdict, ""))) for verdict in Verdict
        }
        assert len(lengths) == 1, size


def test_a_payload_of_many_verdicts_still_fits() -> None:
    """None of its siblings is as long as it is, since each of those says one thing all over."""
    drawn = random.Random(7).choices(list(Verdict), k=2500)  # noqa: S311 - no secret
    plain = b",".join(spoken(verdict, "") for verdict in drawn)

    padded = deflated_and_padded(plain)

    assert LEAST < len(deflated(plain)) <= len(padded)
    assert len(padded) % DECISION_STEP == 0
    assert padded.startswith(deflated(plain))


def spoken(verdict: Verdict, escape: str) -> bytes:
    """The verdict as JSON, at some depth of strings in strings."""
    return f'{escape}"verdict{escape}":{escape}"{verdict.value}{escape}"'.encode()


@given(st.binary(max_size=2000))
def test_other_payloads_come_in_steps(data: bytes) -> None:
    """Small differences in an answer are not visible; what is sealed still opens."""
    padded = deflated_and_padded(data)

    assert len(padded) % STEP == 0
    assert len(padded) - len(deflated(data)) < STEP or b"verdict" in data


async def test_a_failure_travels_sealed_message_and_trace() -> None:
    """An error may quote what somebody wrote: its text and its trace are payloads too."""
    context = WorkflowSerializationContext(namespace=NAMESPACE, workflow_id=CASE)
    ours, failure = converter(OneKey()).with_context(context), Failure()

    await ours.encode_failure(ApplicationError("a word nobody may read", type="Odd"), failure)

    assert b"a word nobody may read" not in failure.SerializeToString()
    assert failure.encoded_attributes.metadata["encoding"] == ENCODING
    assert str(await ours.decode_failure(failure)).endswith("a word nobody may read")


async def test_each_payload_is_opened_or_refused_by_itself() -> None:
    """One that is not ours, of an unknown key or spoilt keeps nobody else's from opening."""
    plain = Payload(metadata={"a": b"b"}, data=b"{}")
    good, no_key, odd_key, spoilt = await codec().encode([plain] * 4)
    del no_key.metadata[KEY_ID]
    odd_key.metadata[KEY_ID] = b"k\xff1"
    spoilt.data = spoilt.data[:-1] + bytes([spoilt.data[-1] ^ 1])
    foreign = Payload(data=b"{}")
    short = Payload(metadata=good.metadata, data=good.data[:NONCE_SIZE])

    back = await codec().decode([foreign, no_key, odd_key, spoilt, short, good])

    assert [item.data for item in back[:-1]] == [
        b"not encrypted",
        b"unknown key",
        b"unknown key",
        b"does not open",
        b"does not open",
    ]
    assert {item.metadata["encoding"] for item in back[:-1]} == {REFUSED}
    assert back[-1] == plain


async def test_namespace_and_workflow_are_bound_in_as_they_are_called() -> None:
    """Whoever has the key can open it elsewhere, by these words and no others."""
    ours = Codec(OneKey(), workflow_id=CASE)

    (there,) = await ours.encode([Payload(data=b"{}")])

    nonce, data = there.data[:NONCE_SIZE], there.data[NONCE_SIZE:]
    plain = AESGCM(KEY).decrypt(nonce, data, f"escalate/2||{CASE}|k1".encode())
    assert len(nonce) == NONCE_SIZE == 12
    assert plain.startswith(deflated(Payload(data=b"{}").SerializeToString()))
    assert dict(there.metadata) == {"encoding": ENCODING, KEY_ID: b"k1"}
    assert (await ours.encode([Payload(data=b"{}")]))[0].data[:NONCE_SIZE] != nonce


class KeyOfCase:
    """A keyring that says which case it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def key(self, case: str) -> tuple[str, bytes]:
        """The key."""
        self.asked.append(case)
        return "k1", KEY


async def test_what_a_case_owes_has_the_key_of_its_case() -> None:
    """An activity's context says whose it is as well; any other says nothing."""
    keyring = KeyOfCase()
    owed = f"{CASE}/obligation/recheck"
    context = ActivitySerializationContext(
        namespace=NAMESPACE,
        activity_id="1",
        activity_type="notify",
        activity_task_queue="q",
        workflow_id=owed,
        workflow_type="Obligation",
        is_local=False,
    )
    bound = Codec(keyring).with_context(context)

    (there,) = await bound.encode([Payload(data=b"{}")])
    (back,) = await bound.decode([there])

    assert keyring.asked == [CASE, CASE]
    assert back == Payload(data=b"{}")
    assert bound.with_context(SerializationContext()) is bound
    with pytest.raises(RefusedPayloadError, match=r"^a payload that belongs to no case"):
        await Codec(keyring).encode([Payload(data=b"{}")])


def test_a_refused_payload_is_read_only_by_who_asks_for_it_raw() -> None:
    """Its place counts: a handler may ask for one raw and for another not."""
    refused = Payload(metadata={"encoding": REFUSED}, data=b"why")
    good = Payload(metadata={"encoding": b"json/plain"}, data=b"7")
    read = PayloadConverter().from_payloads

    assert read([good, good]) == [7, 7]
    assert read([good], [int]) == [7]
    raw, seven = read([refused, good], [RawValue, int])
    assert (raw.payload, seven) == (refused, 7)
    asked: list[tuple[list[Payload], list[type] | None]] = [
        ([refused], None),
        ([refused], []),
        ([refused], [int]),
        ([good, refused], [int]),
        ([good, refused], [RawValue]),
        ([good, refused], [RawValue, int]),
    ]
    for payloads, hints in asked:
        with pytest.raises(RefusedPayloadError, match=r"^why$"):
            read(payloads, hints)
    assert PayloadConverter() is PayloadConverter()


def test_a_raw_payload_is_read_as_what_it_should_be() -> None:
    """Refused, misshapen or of another kind, it is none."""
    good = Condition(what="Ask.", owner="legal", due=datetime(2026, 11, 26, tzinfo=UTC))
    (payload,) = PLAIN.payload_converter.to_payloads([good])
    null = Payload(metadata={"encoding": b"json/plain"}, data=b"{}")

    assert decoded(RawValue(payload), Condition) == good
    with pytest.raises(RefusedPayloadError, match=r"^why$"):
        decoded(RawValue(Payload(metadata={"encoding": REFUSED}, data=b"why")), Condition)
    with pytest.raises(ValidationError):
        decoded(RawValue(null), Condition)
    with pytest.raises(ValidationError) as caught:
        decoded(RawValue(Payload(metadata={"encoding": b"binary/null"})), Condition)
    assert caught.value.title == "Condition"


async def test_only_the_codec_of_a_converter_depends_on_the_case() -> None:
    """The rest is the same for all; a converter without a codec of ours stays as it is."""
    context = WorkflowSerializationContext(namespace=NAMESPACE, workflow_id=CASE)
    ours = converter(OneKey())

    bound = ours.with_context(context)

    assert bound is not ours
    assert bound.payload_converter is ours.payload_converter
    assert bound.failure_converter is ours.failure_converter
    assert isinstance(bound.payload_codec, Codec)
    (there,) = await bound.payload_codec.encode([Payload(data=b"{}")])
    (back,) = await codec().decode([there])
    assert back == Payload(data=b"{}")
    assert PLAIN.with_context(context) is PLAIN


def words(size: int) -> bytes:
    """So many letters that seldom come back: the size of zlib's tables shows in what it makes."""
    return bytes(random.Random(7).choices(range(64, 128), k=size))  # noqa: S311 - no secret


@pytest.mark.parametrize(
    "size,window,memory", [(8 * 1024, 13, 6), (8 * 1024 + 1, 15, 8), (100_000, 15, 8)]
)
def test_small_payloads_are_deflated_with_tables_of_their_size(
    size: int, window: int, memory: int
) -> None:
    """Up to eight kibibytes; whatever is larger has zlib's own."""

    def made(wbits: int, level: int) -> bytes:
        deflater = zlib.compressobj(wbits=-wbits, memLevel=level)
        return deflater.compress(words(size)) + deflater.flush()

    assert deflated(words(size)) == made(window, memory)
    # Other tables make other bytes of it, so that this says something.
    assert made(13, 6) != made(15, 8)


def test_only_a_payload_of_bounded_size_is_looked_at_for_a_verdict() -> None:
    """A larger one hides its verdict by all else it says."""
    said = b'"verdict":"reject"'
    largest = said + words(64 * 1024 - len(said))

    assert len(deflated_and_padded(largest)) % DECISION_STEP == 0
    assert len(deflated_and_padded(largest)) - len(deflated(largest)) >= STEP
    larger = largest + b"x"
    assert len(deflated_and_padded(larger)) - len(deflated(larger)) < STEP
    assert deflated_and_padded(larger).rstrip(b"\0") == deflated(larger).rstrip(b"\0")
