"""Zendesk's webhooks: the signature, and what the bodies say."""

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.errors import (
    RefusalReason,
    UnreadableBodyError,
    UnusableSecretError,
    WebhookRefusedError,
)
from integrations.wire import RawHeaders
from integrations.zendesk_body import ZendeskEvent, ZendeskNews, parse_zendesk
from integrations.zendesk_webhook import PUBLIC_SECRET, ZendeskVerifier, sign_zendesk

SECRET = "HRkRd4BeOAoUkfZr-mhauJT64rvBASlJRoIyPsd3zeA="
STAMP = "2021-07-25T10:00:00Z"
NOW = datetime(2021, 7, 25, 10, 0, tzinfo=UTC)
BODY = b'{"say": "hello"}'

TRIGGER: dict[str, Any] = {
    "escalate": "1",
    "event": "opened",
    "ticket": {
        "id": "4711",
        "url": "https://example.zendesk.test/agent/tickets/4711",
        "status": "New",
        "priority": "Urgent",
        "tags": "child-safety  vip",
        "external_id": "",
        "via": "Web Form",
        "at": "2026-11-22T10:00:00Z",
    },
    "actor": "900",
    "fields": {"kind": "fraud"},
}
EVENT: dict[str, Any] = {
    "account_id": 12345,
    "id": "2b24d2f4-6f3f-4a27-9d39-d5e8b6a1c001",
    "subject": "zen:ticket:4711",
    "time": "2026-11-22T10:00:00.123456789Z",
    "type": "zen:event-type:ticket.created",
    "zendesk_event_version": "2022-11-06",
    "event": {"comment": {"body": "reported text"}},
    "detail": {
        "id": "4711",
        "status": "NEW",
        "priority": "URGENT",
        "subject": "reported text",
        "description": "reported text",
        "external_id": None,
        "tags": ["child-safety"],
        "actor_id": "7",
        "is_public": True,
        "brand_id": "55",
        "via": {"channel": "web"},
        "requester_note": "a sentence of the reporter",
    },
}


def raw(headers: dict[str, str]) -> RawHeaders:
    """Headers as a server hands them over."""
    return [(k.lower().encode(), v.encode()) for k, v in headers.items()]


def body_of(content: object) -> bytes:
    """The bytes Zendesk would send."""
    return json.dumps(content).encode()


def reason(headers: dict[str, str], body: bytes = BODY, *, now: datetime = NOW) -> RefusalReason:
    """Why the verifier refuses."""
    with pytest.raises(WebhookRefusedError) as caught:
        ZendeskVerifier([SECRET]).verify(raw(headers), body, now=now)
    return caught.value.reason


def test_signature_is_over_timestamp_then_body() -> None:
    """The vector in the current order is believed."""
    headers = sign_zendesk(SECRET, timestamp=STAMP, body=BODY)

    assert headers["X-Zendesk-Webhook-Signature"] == "Rry/4TtIdFyawtXXp8QdI6tlAUUQ/5kL1OTp5qo/ZIk="
    assert ZendeskVerifier([SECRET]).verify(raw(headers), BODY, now=NOW).sent_at == NOW


def test_older_pages_sample_is_refused() -> None:
    """The sample of Zendesk's older page, signed the other way round, is not believed."""
    headers = {
        "X-Zendesk-Webhook-Signature": "tRDSF7URY8BLCDlaBcQ7FHu051Zk+aAB0NKMP53teMw=",
        "X-Zendesk-Webhook-Signature-Timestamp": STAMP,
    }

    assert reason(headers) is RefusalReason.WRONG_SIGNATURE


def test_empty_body_can_be_signed() -> None:
    """A delivery without a body has a signature too."""
    headers = sign_zendesk(SECRET, timestamp=STAMP, body=b"")

    assert ZendeskVerifier([SECRET]).verify(raw(headers), b"", now=NOW).sent_at == NOW


def test_delivery_is_known_by_its_invocation() -> None:
    """The invocation id is the dedup key; without one, what was signed is."""
    headers = sign_zendesk(SECRET, timestamp=STAMP, body=BODY)
    named = {**headers, "X-Zendesk-Webhook-Invocation-Id": "01J0INVOCATION"}
    verifier = ZendeskVerifier([SECRET])

    assert verifier.verify(raw(named), BODY, now=NOW).id == "01J0INVOCATION"
    assert verifier.verify(raw(headers), BODY, now=NOW).id.startswith("signed-")


def test_secrets_rotate() -> None:
    """Any of the configured secrets will do."""
    headers = sign_zendesk(SECRET, timestamp=STAMP, body=BODY)

    verifier = ZendeskVerifier(["another-secret-of-ours", SECRET])

    assert verifier.verify(raw(headers), BODY, now=NOW).sent_at == NOW


@pytest.mark.parametrize(
    "changed,expected",
    [
        ({"X-Zendesk-Webhook-Signature": None}, RefusalReason.HEADER_MISSING),
        ({"X-Zendesk-Webhook-Signature-Timestamp": None}, RefusalReason.HEADER_MISSING),
        ({"X-Zendesk-Webhook-Signature": "not base64"}, RefusalReason.HEADER_MALFORMED),
        ({"X-Zendesk-Webhook-Signature": "AAAA"}, RefusalReason.HEADER_MALFORMED),
        ({"X-Zendesk-Webhook-Signature-Timestamp": "soon"}, RefusalReason.HEADER_MALFORMED),
        (
            {"X-Zendesk-Webhook-Signature-Timestamp": "2021-13-25T10:00:00Z"},
            RefusalReason.HEADER_MALFORMED,
        ),
        (
            {"X-Zendesk-Webhook-Signature-Timestamp": "0001-01-01T00:00:00+14:00"},
            RefusalReason.HEADER_MALFORMED,
        ),
        (
            {"X-Zendesk-Webhook-Signature-Timestamp": "2021-07-25T10:00:01Z"},
            RefusalReason.WRONG_SIGNATURE,
        ),
        ({"X-Zendesk-Webhook-Invocation-Id": "a b"}, RefusalReason.HEADER_MALFORMED),
    ],
)
def test_doubtful_headers_are_refused(
    changed: dict[str, str | None], expected: RefusalReason
) -> None:
    """Missing, malformed or altered headers are refused, each with its reason."""
    headers = sign_zendesk(SECRET, timestamp=STAMP, body=BODY) | changed

    assert reason({k: v for k, v in headers.items() if v is not None}) is expected


def test_age_is_limited() -> None:
    """A delivery older than the limit, or from the future, is refused."""
    headers = sign_zendesk(SECRET, timestamp=STAMP, body=BODY)

    assert reason(headers, now=NOW + timedelta(minutes=6)) is RefusalReason.TOO_OLD
    assert reason(headers, now=NOW - timedelta(minutes=6)) is RefusalReason.FROM_THE_FUTURE


def test_public_secret_is_for_the_demo_only() -> None:
    """The secret everybody can read in Zendesk's documentation opens no production door."""
    with pytest.raises(UnusableSecretError):
        ZendeskVerifier([PUBLIC_SECRET])
    with pytest.raises(UnusableSecretError):
        ZendeskVerifier([""])

    headers = sign_zendesk(PUBLIC_SECRET, timestamp=STAMP, body=BODY)
    verifier = ZendeskVerifier([PUBLIC_SECRET], demo=True)
    assert verifier.verify(raw(headers), BODY, now=NOW).sent_at == NOW


def test_trigger_body_is_read() -> None:
    """Our documented trigger template becomes a typed event."""
    event = parse_zendesk(body_of(TRIGGER))

    assert event == ZendeskEvent(
        news=ZendeskNews.OPENED,
        type="trigger",
        ticket_id="4711",
        at=datetime(2026, 11, 22, 10, 0, tzinfo=UTC),
        status="new",
        priority="urgent",
        tags=("child-safety", "vip"),
        url="https://example.zendesk.test/agent/tickets/4711",
        via="Web Form",
        actor="900",
        fields={"kind": "fraud"},
    )


def test_event_body_is_read_without_the_reported_text() -> None:
    """Zendesk's event becomes a typed event; what was reported stays in the ticket (I13)."""
    event = parse_zendesk(body_of(EVENT))

    assert (event.news, event.ticket_id, event.account) == (ZendeskNews.OPENED, "4711", "12345")
    assert (event.status, event.priority, event.tags) == ("new", "urgent", ("child-safety",))
    assert event.unknown == {
        "is_public": "true",
        "brand_id": "55",
        "requester_note": "(left in the ticket)",
    }
    assert "reported" not in event.model_dump_json()


@pytest.mark.parametrize(
    "kind,news",
    [
        ("zen:event-type:ticket.comment_added", ZendeskNews.COMMENTED),
        ("zen:event-type:ticket.status_changed", ZendeskNews.STATUS),
        ("zen:event-type:ticket.merged", ZendeskNews.CHANGED),
        ("zen:event-type:ticket.csat_requested", ZendeskNews.OTHER),
        ("zen:event-type:user.created", ZendeskNews.OTHER),
    ],
)
def test_event_types_have_their_meaning(kind: str, news: ZendeskNews) -> None:
    """Event types we know mean something; others are authentic and of no concern."""
    assert parse_zendesk(body_of({**EVENT, "type": kind})).news is news


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"null",
        b"{",
        b'{"escalate": NaN}',
        b'{"a": 1, "a": 2}',
        b"[" * 100_000,
        b'{"a":' * 40 + b"1" + b"}" * 40,
        b'{"type": "x", "detail": {}, "y": "\\ud800"}',
        b'{"type": "x", "detail": {}, "y": "\\u0000"}',
        b'{"type": ' + b"9" * 5000 + b"}",
        b"{}",
        body_of({**TRIGGER, "escalate": "2"}),
        body_of({**TRIGGER, "event": "exploded"}),
        body_of({**TRIGGER, "ticket": None}),
        body_of({**TRIGGER, "ticket": {"id": "x"}}),
        body_of({**TRIGGER, "ticket": {"id": True}}),
        body_of({**TRIGGER, "ticket": {"id": "1", "at": "yesterday"}}),
        body_of({**TRIGGER, "ticket": {"id": "1", "tags": 5}}),
        body_of({**TRIGGER, "fields": {"Bad Name": "x"}}),
        body_of({**TRIGGER, "fields": {"kind": "x" * 501}}),
        body_of({**EVENT, "detail": {"id": 0}}),
    ],
)
def test_unreadable_body_is_refused(body: bytes) -> None:
    """A body that is not what was agreed is a typed refusal."""
    with pytest.raises(UnreadableBodyError):
        parse_zendesk(body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@given(body=st.binary(max_size=200))
def test_garbage_bytes_never_surprise_the_parser(body: bytes) -> None:
    """Whatever the bytes, the parser answers with an event or its own refusal."""
    with suppress(UnreadableBodyError):
        parse_zendesk(body)


@given(
    base=st.sampled_from([TRIGGER, EVENT]),
    part=st.sampled_from([None, "ticket", "detail", "fields", "event"]),
    name=st.sampled_from(["id", "tags", "at", "time", "status", "via", "type", "new", "actor"]),
    value=JSON,
)
def test_odd_values_never_surprise_the_parser(
    base: dict[str, Any], part: str | None, name: str, value: Any
) -> None:
    """A genuine body with any value anywhere gives an event that can be stored, or a refusal."""
    content = json.loads(json.dumps(base))
    place = content if part is None else content.get(part)
    if isinstance(place, dict):
        place[name] = value
    else:
        content[part] = value

    with suppress(UnreadableBodyError):
        event = parse_zendesk(json.dumps(content).encode())
        assert ZendeskEvent.model_validate_json(event.model_dump_json().encode()) == event


@given(
    headers=st.lists(
        st.tuples(
            st.sampled_from(
                [b"x-zendesk-webhook-signature", b"x-zendesk-webhook-signature-timestamp"]
            ),
            st.binary(max_size=50) | st.just(STAMP.encode()),
        ),
        max_size=4,
    ),
    body=st.binary(max_size=50),
)
def test_garbage_headers_never_surprise_the_verifier(headers: RawHeaders, body: bytes) -> None:
    """Whatever the headers, the answer is a typed refusal."""
    with pytest.raises(WebhookRefusedError):
        ZendeskVerifier([SECRET]).verify(headers, body, now=NOW)
