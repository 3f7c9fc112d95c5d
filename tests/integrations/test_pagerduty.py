"""PagerDuty: what we send it, what its signature proves, and what its events say."""

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from integrations.errors import (
    MisansweredError,
    OutcomeUnknownError,
    RefusalReason,
    RefusedError,
    ThrottledError,
    UnavailableError,
    UnreadableBodyError,
    UnusableSecretError,
    VendorError,
    WebhookRefusedError,
)
from integrations.pagerduty import DEFAULT, EXAMPLE_KEYS, PagerDuty
from integrations.pagerduty_webhook import (
    EXAMPLE_SECRETS,
    PagerDutyVerifier,
    read_event,
    sign_pagerduty,
)
from integrations.ports.paging import LOUDNESS, Page, page_key
from runbooks.plan import Severity
from tests.fakes.clock import START, FixedClock
from tests.fakes.pagerduty import KEY, OWN_KEY, SECRET, FakePagerDuty, signed

CASE = "case/abcdefghijklmnopqrstuvwxyz"
DEDUP = page_key(case=CASE, notice="n-1", service=DEFAULT)


@pytest.fixture
def vendor(clock: FixedClock) -> FakePagerDuty:
    """An account with two integrations."""
    return FakePagerDuty(clock, keys=(KEY, OWN_KEY))


@pytest.fixture
def pager(vendor: FakePagerDuty) -> PagerDuty:
    """The adapter, connected to it."""
    return PagerDuty(
        httpx.AsyncClient(transport=vendor.network),
        keys={DEFAULT: SecretStr(KEY), "duty-counsel": SecretStr(OWN_KEY)},
        clock=vendor.clock,
        events_url=vendor.events_url,
    )


def page(**other: Any) -> Page:
    """A page of a late legal review."""
    whole: dict[str, Any] = {
        "key": DEDUP,
        "service": DEFAULT,
        "summary": "[SEV1] PAGE, case 1042: Legal review is running late (deputy-counsel)",
        "severity": LOUDNESS[Severity.SEV1],
        "number": "1042",
        "role": "deputy-counsel",
        "stage": "legal-review",
        "link": "https://escalate.test/cases/1042",
        "link_title": "Case 1042",
        "at": START,
    }
    return Page(**{**whole, **other})


async def test_a_page_rings_is_acknowledged_and_resolved(
    pager: PagerDuty, vendor: FakePagerDuty
) -> None:
    """Each verb has its effect on the one alert of the key."""
    await pager.trigger(page())
    assert vendor.status(DEDUP) == "triggered"
    await pager.acknowledge(DEDUP, service=DEFAULT)
    assert vendor.status(DEDUP) == "acknowledged"
    await pager.resolve(DEDUP, service=DEFAULT)

    assert vendor.status(DEDUP) == "resolved"
    assert vendor.opened == 1


async def test_a_page_whose_answer_was_lost_rings_once(
    pager: PagerDuty, vendor: FakePagerDuty
) -> None:
    """A second trigger under the same key opens no second alert."""
    vendor.network.lose_answer("POST")
    with pytest.raises(OutcomeUnknownError) as lost:
        await pager.trigger(page())

    await pager.trigger(page())

    assert lost.value.retryable
    assert vendor.opened == 1


async def test_a_role_pages_its_own_service(pager: PagerDuty, vendor: FakePagerDuty) -> None:
    """A role with a key of its own rings there, every other at the default."""
    assert pager.service_for("duty-counsel") == "duty-counsel"
    assert pager.service_for("incident-manager") == DEFAULT

    await pager.trigger(page(service="duty-counsel"))

    assert vendor.status(DEDUP, key=OWN_KEY) == "triggered"


async def test_what_is_sent_says_nothing_that_was_reported(
    pager: PagerDuty, vendor: FakePagerDuty
) -> None:
    """Number, stage, role, severity and link; and the vendor's rules take all of it."""
    await pager.trigger(page())

    [event] = vendor.events
    assert event["payload"]["custom_details"] == {"case": "1042", "role": "deputy-counsel"}
    assert event["links"] == [{"href": "https://escalate.test/cases/1042", "text": "Case 1042"}]
    assert event["payload"]["severity"] == "critical"


@pytest.mark.parametrize("severity", list(Severity))
async def test_every_severity_has_a_loudness(
    pager: PagerDuty, vendor: FakePagerDuty, severity: Severity
) -> None:
    """PagerDuty takes all of ours; the two worst are critical."""
    await pager.trigger(page(severity=LOUDNESS[severity]))

    loud = vendor.events[0]["payload"]["severity"] == "critical"
    assert loud is (severity in (Severity.SEV0, Severity.SEV1))


@pytest.mark.parametrize("as_date", [False, True])
async def test_being_throttled_says_how_long(
    pager: PagerDuty, vendor: FakePagerDuty, *, as_date: bool
) -> None:
    """Both kinds of Retry-After are read."""
    vendor.throttle_next(seconds=40, as_date=as_date)

    with pytest.raises(ThrottledError) as throttled:
        await pager.trigger(page())

    assert throttled.value.retry_after == timedelta(seconds=40)


async def test_the_121st_event_of_a_minute_is_throttled(
    pager: PagerDuty, vendor: FakePagerDuty
) -> None:
    """The fake keeps PagerDuty's limit, so a storm in a test is a storm."""
    for number in range(120):
        await pager.trigger(page(key=page_key(case=CASE, notice=str(number), service=DEFAULT)))

    with pytest.raises(ThrottledError):
        await pager.trigger(page())


@pytest.mark.parametrize("status", [500, 503])
async def test_a_broken_pager_is_asked_again(
    pager: PagerDuty, vendor: FakePagerDuty, status: int
) -> None:
    """5xx is retryable."""
    vendor.fail_next(status)

    with pytest.raises(UnavailableError) as broken:
        await pager.trigger(page())

    assert broken.value.retryable


async def test_a_refused_event_is_not_asked_again_and_tells_no_key(
    vendor: FakePagerDuty,
) -> None:
    """400 is final, and the credential is in no error."""
    stranger = PagerDuty(
        httpx.AsyncClient(transport=vendor.network),
        keys={DEFAULT: SecretStr("f" * 32)},
        clock=vendor.clock,
        events_url=vendor.events_url,
    )

    with pytest.raises(RefusedError) as refused:
        await stranger.trigger(page())

    assert not refused.value.retryable
    assert "f" * 32 not in f"{refused.value!r} {refused.value} {refused.value.mend}"


@pytest.mark.parametrize(
    "body", [{"status": "failure"}, {"status": "success", "dedup_key": "another"}, {}]
)
async def test_a_202_that_says_no_is_no(
    pager: PagerDuty, vendor: FakePagerDuty, body: dict[str, str]
) -> None:
    """Accepted means: under our key."""
    vendor.misanswer_next(body)

    with pytest.raises(MisansweredError):
        await pager.trigger(page())


async def test_a_service_that_is_gone_is_an_error_of_the_vendor(vendor: FakePagerDuty) -> None:
    """A page of a service that was configured once is refused, not lost in a KeyError."""
    none = PagerDuty(
        httpx.AsyncClient(transport=vendor.network),
        keys={"triage": SecretStr(KEY)},
        clock=vendor.clock,
        events_url=vendor.events_url,
    )

    assert none.service_for("legal") is None
    with pytest.raises(VendorError):
        await none.resolve(DEDUP, service="legal")


@pytest.mark.parametrize("key", ["", "short", "a" * 31 + "-", "x" * 33, *sorted(EXAMPLE_KEYS)])
def test_a_key_that_can_page_nobody_is_refused(key: str) -> None:
    """Wrong length, wrong characters, and examples out of documentation."""
    with pytest.raises(UnusableSecretError):
        PagerDuty(httpx.AsyncClient(), keys={DEFAULT: SecretStr(key)}, clock=FixedClock())


def test_the_dedup_key_is_the_steps() -> None:
    """The same step has the same key; another case, notice or service has another."""
    assert page_key(case=CASE, notice="n-1", service=DEFAULT) == DEDUP
    others = {
        page_key(case="case/z", notice="n-1", service=DEFAULT),
        page_key(case=CASE, notice="n-2", service=DEFAULT),
        page_key(case=CASE, notice="n-1", service="triage"),
    }
    assert len(others | {DEDUP}) == 4
    assert CASE not in DEDUP


# What its webhooks prove.

BODY = b'{"event":{"id":"01A","event_type":"pagey.ping"}}'


def raw(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    """Headers as a server hands them over."""
    return [(k.lower().encode(), v.encode()) for k, v in headers.items()]


def reason(header: str | None, body: bytes = BODY) -> RefusalReason:
    """Why the verifier refuses."""
    headers = {"X-PagerDuty-Signature": header} if header is not None else {}
    with pytest.raises(WebhookRefusedError) as caught:
        PagerDutyVerifier([SECRET]).verify(raw(headers), body, now=START)
    return caught.value.reason


def test_the_signature_is_what_openssl_computes() -> None:
    """A vector of its own: `printf 'Hello World!' | openssl dgst -sha256 -hmac …`."""
    secret, body = "It's a Secret to Everybody", b"Hello World!"
    expected = "a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"

    assert sign_pagerduty(secret, body=body) == {"X-PagerDuty-Signature": f"v1={expected}"}
    PagerDutyVerifier([secret]).verify(
        raw({"x-pagerduty-signature": f"v1={expected}"}), body, now=START
    )


def test_one_of_several_signatures_is_enough() -> None:
    """While a secret is rotated there are two; versions we do not know are passed over."""
    mine = signed(BODY)["X-PagerDuty-Signature"]
    headers = {"X-PagerDuty-Signature": f"v2=zz,v1={'0' * 64},{mine}"}

    proved = PagerDutyVerifier(["another secret of theirs", SECRET]).verify(
        raw(headers), BODY, now=START
    )

    assert len(proved.digest) == 64


@pytest.mark.parametrize(
    "header, why",
    [
        (None, RefusalReason.HEADER_MISSING),
        ("", RefusalReason.HEADER_MALFORMED),
        ("v2=" + "0" * 64, RefusalReason.HEADER_MALFORMED),
        ("v1=" + "0" * 63, RefusalReason.HEADER_MALFORMED),
        ("v1=" + "é" * 64, RefusalReason.HEADER_MALFORMED),
        (",".join(["v1=" + "0" * 64] * 17), RefusalReason.HEADER_MALFORMED),
        ("v1=" + "0" * 64, RefusalReason.WRONG_SIGNATURE),
    ],
)
def test_what_is_not_signed_is_refused(header: str | None, why: RefusalReason) -> None:
    """Each with its reason."""
    assert reason(header) is why


def test_an_empty_body_proves_nothing() -> None:
    """Also when it is signed."""
    header = signed(b"")["X-PagerDuty-Signature"]

    assert reason(header, b"") is RefusalReason.WRONG_SIGNATURE


@pytest.mark.parametrize("secret", ["", "too short", *sorted(EXAMPLE_SECRETS)])
def test_a_secret_that_protects_nothing_is_refused(secret: str) -> None:
    """Short ones and published ones."""
    with pytest.raises(UnusableSecretError):
        PagerDutyVerifier([secret])


# What its events say.


def event(**changed: Any) -> bytes:
    """An acknowledgement, as PagerDuty writes it."""
    body, _ = FakePagerDuty().said("incident.acknowledged", DEDUP, **changed)
    return body


def test_an_acknowledgement_names_page_and_person() -> None:
    """And nothing that is written in it is kept."""
    found = read_event(event())

    assert found is not None
    assert (found.kind, found.key, found.person) == ("incident.acknowledged", DEDUP, "PLH1HKV")
    assert "bump" not in found.model_dump_json()


def test_what_a_service_did_is_no_persons() -> None:
    """An integration, or nobody, is not a person: that is also how our own echo looks."""
    by_a_service = {"id": "PF9KMXH", "type": "service_reference"}

    for body in (event(user=None), event(agent=by_a_service)):
        found = read_event(body)
        assert found is not None
        assert found.person is None


def test_an_event_about_a_note_names_its_incident() -> None:
    """There the incident stands inside the data."""
    note = {"id": "N1", "type": "incident_note", "incident": {"id": "Q9"}, "content": "words"}

    found = read_event(event(data=note))

    assert found is not None
    assert (found.incident, found.key) == ("Q9", None)


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"event": []},
        {"event": {"id": 7, "event_type": "incident.acknowledged"}},
        {"event": {"id": "ok", "event_type": "../../etc"}},
        {"event": {"id": "x" * 129, "event_type": "incident.acknowledged"}},
    ],
)
def test_an_authentic_body_may_be_no_event(content: dict[str, Any]) -> None:
    """Then it is None, and no error."""
    assert read_event(json.dumps(content).encode()) is None


def test_a_key_that_is_not_ours_is_no_key() -> None:
    """PagerDuty's own incidents have keys of any form."""
    data = {"id": "Q1", "incident_key": "DISK full on é"}

    found = read_event(event(data=data))

    assert found is not None
    assert found.key is None


def test_a_body_that_is_no_json_is_said_so() -> None:
    """The door answers it; it is not an exception of another kind."""
    with pytest.raises(UnreadableBodyError):
        read_event(b"\xff")
