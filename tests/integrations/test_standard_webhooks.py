"""Standard Webhooks: signing, and a verifier that is never surprised."""

import base64
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from integrations.errors import RefusalReason, UnusableSecretError, WebhookRefusedError
from integrations.standard_webhooks import StandardVerifier, sign_standard, sign_with_all
from integrations.wire import RawHeaders

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_" + base64.b64encode(b"o" * 32).decode()
NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
BODY = b'{"report": "R-1"}'

IDS = st.from_regex(r"[A-Za-z0-9_-]{1,128}", fullmatch=True)


def raw(headers: dict[str, str]) -> RawHeaders:
    """Headers as a server hands them over."""
    return [(k.lower().encode(), v.encode("latin-1")) for k, v in headers.items()]


def signed(body: bytes = BODY, *, at: datetime = NOW, secret: str = SECRET) -> dict[str, str]:
    """The headers of a genuine delivery."""
    return sign_standard(secret, id="msg_1", timestamp=at, body=body)


def reason(headers: RawHeaders, body: bytes = BODY) -> RefusalReason:
    """Why the verifier refuses."""
    with pytest.raises(WebhookRefusedError) as caught:
        StandardVerifier([SECRET]).verify(headers, body, now=NOW)
    return caught.value.reason


def test_published_vector_is_signed_alike() -> None:
    """The specification's own example gives the specification's own signature."""
    headers = sign_standard(
        SECRET,
        id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp=datetime.fromtimestamp(1614265330, tz=UTC),
        body=b'{"test": 2432232314}',
    )

    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_genuine_delivery_is_believed() -> None:
    """A delivery is believed when one of the secrets signed it."""
    delivery = StandardVerifier([OTHER, SECRET]).verify(raw(signed()), BODY, now=NOW)

    assert (delivery.id, delivery.sent_at) == ("msg_1", NOW)


def test_any_signature_of_a_rotation_counts() -> None:
    """While secrets rotate, one matching signature among several is enough."""
    headers = sign_with_all([OTHER, SECRET], id="msg_1", timestamp=NOW, body=BODY)

    assert StandardVerifier([SECRET]).verify(raw(headers), BODY, now=NOW).id == "msg_1"


@pytest.mark.hostile(32)
@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_each_header_is_needed_once(name: str) -> None:
    """A missing header is refused, and so is one that comes twice."""
    headers = raw(signed())
    without = [item for item in headers if item[0] != name.encode()]
    twice = headers + [item for item in headers if item[0] == name.encode()]

    assert reason(without) is RefusalReason.HEADER_MISSING
    assert reason(twice) is RefusalReason.HEADER_REPEATED


@pytest.mark.hostile(32)
@pytest.mark.parametrize(
    "name,value",
    [
        ("webhook-id", b""),
        ("webhook-id", b"a.b"),
        ("webhook-id", b"a" * 129),
        ("webhook-id", b"\xff\xfe"),
        ("webhook-timestamp", b"1.5e9"),
        ("webhook-timestamp", b"nan"),
        ("webhook-timestamp", b"-1"),
        ("webhook-timestamp", b" 1795341600"),
        ("webhook-timestamp", b"99999999999999999999"),
        ("webhook-timestamp", "١٧٩٥٣٤١٦٠٠".encode()),
        ("webhook-signature", b""),
        ("webhook-signature", b"v1"),
        ("webhook-signature", b"v1,"),
        ("webhook-signature", b"v1,%%%"),
        ("webhook-signature", b"v1,a,b"),
        ("webhook-signature", b"v1a,AAAA"),
        ("webhook-signature", b"v1," + b"A" * 5000),
        ("webhook-signature", b"v1,\xc3\xa9"),
    ],
)
def test_malformed_header_is_refused(name: str, value: bytes) -> None:
    """A header that no honest sender writes is refused as malformed, never with another error."""
    headers = [(k, value if k == name.encode() else v) for k, v in raw(signed())]

    assert reason(headers) is RefusalReason.HEADER_MALFORMED


def test_another_base64_of_the_same_signature_is_refused() -> None:
    """Only the canonical text of a signature is one, so a delivery has one form."""
    headers = signed()
    text = headers["webhook-signature"]
    last = chr(ord(text[-2]) + 1)
    changed = raw({**headers, "webhook-signature": text[:-2] + last + "="})

    assert reason(changed) is RefusalReason.HEADER_MALFORMED


def test_changed_body_is_refused() -> None:
    """The signature is over the bytes, not over what they mean."""
    assert reason(raw(signed()), BODY + b" ") is RefusalReason.WRONG_SIGNATURE


def test_foreign_signature_is_refused() -> None:
    """Another secret's signature proves nothing."""
    assert reason(raw(signed(secret=OTHER))) is RefusalReason.WRONG_SIGNATURE


def test_age_is_limited_both_ways() -> None:
    """Five minutes either way are believed; a second more is not."""
    edge, second = timedelta(minutes=5), timedelta(seconds=1)
    verifier = StandardVerifier([SECRET])

    assert verifier.verify(raw(signed(at=NOW - edge)), BODY, now=NOW).sent_at == NOW - edge
    assert verifier.verify(raw(signed(at=NOW + edge)), BODY, now=NOW).sent_at == NOW + edge
    assert reason(raw(signed(at=NOW - edge - second))) is RefusalReason.TOO_OLD
    assert reason(raw(signed(at=NOW + edge + second))) is RefusalReason.FROM_THE_FUTURE


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_short", "whsec_%%%", "whsec_" + "A" * 200])
def test_secret_that_protects_nothing_is_unusable(secret: str) -> None:
    """A secret of fewer than 24 or more than 64 bytes, or no base64, stops the start."""
    with pytest.raises(UnusableSecretError):
        StandardVerifier([secret])
    with pytest.raises(UnusableSecretError):
        StandardVerifier([])


@given(
    headers=st.lists(
        st.tuples(
            st.sampled_from([b"webhook-id", b"Webhook-Timestamp", b"webhook-signature", b"other"]),
            st.one_of(st.binary(max_size=60), st.just(b"v1,"), st.just(b"1795341600")),
        ),
        max_size=6,
    ),
    body=st.binary(max_size=60),
)
def test_garbage_is_refused_and_nothing_else(headers: RawHeaders, body: bytes) -> None:
    """Whatever arrives unsigned, the answer is a typed refusal."""
    with pytest.raises(WebhookRefusedError):
        StandardVerifier([SECRET]).verify(headers, body, now=NOW)


@given(id_=IDS, body=st.text(alphabet=st.characters(codec="utf-8")))
def test_reference_library_believes_what_we_sign(id_: str, body: str) -> None:
    """What we sign, the reference library verifies."""
    headers = sign_standard(SECRET, id=id_, timestamp=datetime.now(tz=UTC), body=body.encode())

    Webhook(SECRET).verify(body.encode(), headers, json_parse=False)


@given(
    id_=st.one_of(IDS, st.text(max_size=5)),
    body=st.text(alphabet=st.characters(codec="utf-8"), max_size=30),
    drift=st.integers(min_value=-400, max_value=400).filter(lambda s: abs(abs(s) - 300) > 5),
    flip=st.booleans(),
    secret=st.sampled_from([SECRET, OTHER]),
    extra=st.sampled_from(["", "v2,AAAA ", "v1a,AAAA ", "v1,AAAA "]),
)
def test_we_believe_only_what_the_reference_library_believes(
    *, id_: str, body: str, drift: int, flip: bool, secret: str, extra: str
) -> None:
    """On what the library signs both agree, but for forbidden ids and malformed entries."""
    now = datetime.now(tz=UTC)
    at = (now + timedelta(seconds=drift)).replace(microsecond=0)
    headers = {
        "webhook-id": id_,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": extra + Webhook(secret).sign(id_, at, body),
    }
    sent = (body + "x" if flip else body).encode()
    theirs = ours = False

    with suppress(WebhookVerificationError):
        Webhook(SECRET).verify(sent, headers, json_parse=False)
        theirs = True
    with suppress(WebhookRefusedError, UnicodeEncodeError):
        encoded = [(k.encode(), v.encode()) for k, v in headers.items()]
        StandardVerifier([SECRET]).verify(encoded, sent, now=now)
        ours = True

    plain = id_.isascii() and id_ != "" and all(c.isalnum() or c in "_-" for c in id_)
    # One signature has one text: what is no base64 of 32 bytes spoils the list.
    well_formed = extra != "v1,AAAA "
    assert ours == (theirs and plain and well_formed)
