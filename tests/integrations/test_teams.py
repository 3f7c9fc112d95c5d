"""Teams: a card that opens a page and nothing else, and failures that come as a yes."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from integrations.errors import (
    MisansweredError,
    RefusedError,
    ThrottledError,
    UnavailableError,
    UnusableSecretError,
    VendorError,
)
from integrations.ports.chat import Button, Card
from integrations.teams import LARGEST, Teams, check_webhook, message_of
from tests.fakes.clock import FixedClock
from tests.fakes.teams import URL, FakeTeams, is_a_card

CARD = Card(
    heading="[SEV1] Case 1001: your decision is needed",
    lines=("Is it [lawful](https://evil.test)?",),
    buttons=(Button(action="decide-approve", label="Lawful", value="k"),),
    link="https://escalate.test/cases/1001",
)


def of(fake: FakeTeams) -> Teams:
    """The adapter, at that webhook."""
    return Teams(fake.client(), clock=FixedClock())


async def test_a_card_opens_the_page_and_does_nothing_else() -> None:
    """Whatever buttons it has elsewhere: a Workflows card knows no person."""
    fake = FakeTeams()
    await of(fake).post(CARD, webhook=URL)

    (card,) = fake.cards
    assert card["actions"] == [{"type": "Action.OpenUrl", "title": "Open", "url": CARD.link}]
    assert "[lawful]" not in json.dumps(card)


@pytest.mark.parametrize(
    "spoilt",
    [
        {"version": 15},
        {"actions": [{"type": "Action.Decide", "title": "Yes", "url": "https://a.test"}]},
        {"body": [{"type": "Text", "text": "x"}]},
        {"body": [{"type": "TextBlock", "text": "x", "colour": "red"}]},
        {"decision": "approved"},
    ],
    ids=lambda spoilt: next(iter(spoilt)),
)
def test_microsofts_models_know_a_card_from_none(spoilt: dict[str, object]) -> None:
    """They take what we post; what is no card, or has a key that no card has, they do not."""
    (attachment,) = message_of(CARD)["attachments"]

    assert is_a_card(attachment["content"])
    assert not is_a_card(attachment["content"] | spoilt)


@pytest.mark.parametrize(
    "status,text,kind",
    [
        (429, "", ThrottledError),
        (500, "", UnavailableError),
        (400, "Bad payload received", RefusedError),
        (413, "", RefusedError),
        (404, "", RefusedError),
        (
            200,
            "Webhook message delivery failed with error: Teams returned HTTP error 429",
            ThrottledError,
        ),
        (200, "Webhook message delivery failed with error: HTTP error 403", MisansweredError),
    ],
)
async def test_a_failure_is_one_whatever_its_status(
    status: int, text: str, kind: type[VendorError]
) -> None:
    """Also when it says 200; the address, which is a secret, is in no message."""
    fake = FakeTeams()
    fake.answer_next(status, text)
    with pytest.raises(VendorError) as caught:
        await of(fake).post(CARD, webhook=URL)

    assert type(caught.value) is kind
    assert "sig=" not in f"{caught.value} {caught.value.mend}"


@pytest.mark.parametrize("text", ["1", "", "OK"])
async def test_a_plain_yes_is_a_yes(text: str) -> None:
    """200 without a word of failure."""
    fake = FakeTeams()
    fake.answer_next(200, text)
    await of(fake).post(CARD, webhook=URL)

    assert len(fake.asked) == 1


async def test_retry_after_is_what_teams_says() -> None:
    """More than four a second is throttled."""
    fake = FakeTeams()
    fake.answer_next(429, "", **{"Retry-After": "17"})
    with pytest.raises(ThrottledError) as caught:
        await of(fake).post(CARD, webhook=URL)

    assert caught.value.retry_after is not None
    assert caught.value.retry_after.total_seconds() == 17


@given(heading=st.text(max_size=900), lines=st.lists(st.text(max_size=5000), max_size=3))
@example(heading="\U0001f600" * 900, lines=["\U0001f600" * 5000] * 3)
@example(heading="\\" * 900, lines=["\x01\\" * 2500] * 3)
def test_three_lines_always_fit(heading: str, lines: list[str]) -> None:
    """Whatever a runbook says, the message stays below what Teams takes."""
    card = CARD.model_copy(update={"heading": heading, "lines": tuple(lines)})

    assert len(json.dumps(message_of(card), ensure_ascii=False).encode()) <= LARGEST


async def test_a_card_that_is_too_large_is_not_sent() -> None:
    """Refused here, and nobody is asked."""
    fake = FakeTeams()
    with pytest.raises(RefusedError, match="larger"):
        await of(fake).post(CARD.model_copy(update={"lines": ("x" * 2000,) * 20}), webhook=URL)

    assert fake.asked == []


@pytest.mark.parametrize(
    "url",
    [
        "https://example.webhook.office.com/webhookb2/x",
        "https://outlook.office.com/webhook/x",
        "http://prod-01.westeurope.logic.azure.com/x",
        "https://logic.azure.com.evil.test/x",
        "https://evil.test/logic.azure.com",
    ],
)
def test_an_address_that_cannot_work_is_named(url: str) -> None:
    """Connectors are gone since May 2026; anything else would hand cards to strangers."""
    with pytest.raises(UnusableSecretError) as caught:
        check_webhook(url)
    assert url not in str(caught.value)
    check_webhook(URL)
