"""Slack's Web API: cards once, errors by their meaning, blocks within Slack's limits."""

import contextlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View
from slack_sdk.signature import SignatureVerifier
from starlette.responses import HTMLResponse

from integrations.errors import (
    OutcomeUnknownError,
    RefusedError,
    ThrottledError,
    UnavailableError,
    UnreadableBodyError,
    UnusableSecretError,
    VendorError,
    WebhookRefusedError,
)
from integrations.ports.chat import Button, ButtonStyle, Card, Place
from integrations.slack import Slack
from integrations.slack_blocks import blocks_of, fallback, form, notice
from integrations.slack_interaction import SlackVerifier, read_interaction
from tests.fakes.clock import START, FixedClock
from tests.fakes.slack import ROOM, SECRET, TEAM, TOKEN, FakeSlack
from tests.fakes.slack_rules import check_blocks, check_view

CARD = Card(
    heading="[SEV1] Case 1001: your decision is needed",
    lines=("Is it <lawful> & fair?", "Due Sun 22 Nov 12:00 UTC."),
    mention=("U0LENA",),
    buttons=(
        Button(action="decide-approve", label="Lawful", value="card-1", style=ButtonStyle.PRIMARY),
    ),
    link="https://escalate.test/cases/1001",
)
PUBLISHED = (
    "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
    "&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
    "&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmib"
    "IGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
)


@pytest.fixture
def slack() -> FakeSlack:
    """A workspace."""
    return FakeSlack(FixedClock())


def of(slack: FakeSlack, *, token: str = TOKEN) -> Slack:
    """The adapter, in that workspace."""
    return Slack(slack.client(), token=token, clock=slack.clock)


async def test_a_card_stands_in_the_room_and_is_found_by_its_key(slack: FakeSlack) -> None:
    """Under an opaque mark: neither the key nor the case is in the metadata."""
    ts = await of(slack).post(CARD, place=Place(room=ROOM), key="a key of case 1001")

    assert await of(slack).find(place=Place(room=ROOM), key="a key of case 1001") == ts
    assert await of(slack).find(place=Place(room=ROOM), key="another") is None
    assert "1001" not in json.dumps(slack.rooms[ROOM][0]["metadata"])
    assert slack.rooms[ROOM][0]["unfurl_links"] is False


async def test_a_card_in_a_thread_is_found_there(slack: FakeSlack) -> None:
    """Replies are not in a room's own history."""
    root = await of(slack).post(CARD, place=Place(room=ROOM), key="root")
    place = Place(room=ROOM, thread=root)
    ts = await of(slack).post(CARD, place=place, key="reply")

    assert await of(slack).find(place=place, key="reply") == ts
    assert await of(slack).find(place=Place(room=ROOM), key="reply") is None


async def test_a_lost_answer_is_an_unknown_outcome_and_the_card_is_there(slack: FakeSlack) -> None:
    """Search before create: the retry finds what was posted."""
    slack.transport.lose_answer("POST")
    with pytest.raises(OutcomeUnknownError):
        await of(slack).post(CARD, place=Place(room=ROOM), key="k")

    assert await of(slack).find(place=Place(room=ROOM), key="k") == slack.rooms[ROOM][0]["ts"]


async def test_a_card_is_found_many_pages_back(slack: FakeSlack) -> None:
    """Slack shows two hundred messages at a time."""
    ts = await of(slack).post(CARD, place=Place(room=ROOM), key="k")
    slack.rooms[ROOM] += [{"ts": f"{n}.0", "text": "noise"} for n in range(450)]

    assert await of(slack).find(place=Place(room=ROOM), key="k") == ts


async def test_a_changed_card_has_only_the_buttons_it_has_now(slack: FakeSlack) -> None:
    """Blocks are always sent: without them Slack would keep the old ones."""
    place = Place(room=ROOM)
    ts = await of(slack).post(CARD, place=place, key="k")

    await of(slack).change(CARD.model_copy(update={"buttons": ()}), place=place, message=ts)

    assert slack.actions(slack.rooms[ROOM][0]) == ["escalate.open"]


async def test_changing_a_deleted_card_is_well(slack: FakeSlack) -> None:
    """It asks nobody anything any more."""
    await of(slack).change(CARD, place=Place(room=ROOM), message="1.0")

    assert slack.calls == ["chat.update"]


@pytest.mark.parametrize(
    "error,kind",
    [
        ("ratelimited", ThrottledError),
        ("internal_error", OutcomeUnknownError),
        ("fatal_error", OutcomeUnknownError),
        ("service_unavailable", UnavailableError),
        ("request_timeout", UnavailableError),
        ("invalid_auth", RefusedError),
        ("token_revoked", RefusedError),
        ("not_in_channel", RefusedError),
        ("is_archived", RefusedError),
        ("invalid_blocks", RefusedError),
        ("msg_too_long", RefusedError),
        ("an error of tomorrow", RefusedError),
    ],
)
async def test_an_error_under_200_has_its_meaning(
    slack: FakeSlack, error: str, kind: type[VendorError]
) -> None:
    """Slack says 200 also when it refuses."""
    slack.fail_next("chat.postMessage", error)
    with pytest.raises(VendorError) as caught:
        await of(slack).post(CARD, place=Place(room=ROOM), key="k")

    assert type(caught.value) is kind
    assert caught.value.mend
    assert "tomorrow" not in str(caught.value)


async def test_too_many_messages_wait_as_long_as_slack_says(slack: FakeSlack) -> None:
    """About one a second and room; 429 carries Retry-After."""
    for number in range(3):
        await of(slack).post(CARD, place=Place(room=ROOM), key=str(number))
    with pytest.raises(ThrottledError) as caught:
        await of(slack).post(CARD, place=Place(room=ROOM), key="one too many")

    assert caught.value.retry_after is not None
    assert caught.value.retry_after.total_seconds() == 1


async def test_a_body_that_is_no_json_is_a_misanswer(slack: FakeSlack) -> None:
    """A proxy's page under 200 is not taken for a yes."""
    slack.fail_next("chat.postMessage", HTMLResponse("<h1>busy</h1>"))
    with pytest.raises(VendorError, match="not JSON"):
        await of(slack).post(CARD, place=Place(room=ROOM), key="k")


async def test_a_guest_is_known_as_one(slack: FakeSlack) -> None:
    """What Slack says of a member, as far as it decides who may act."""
    slack.join("U0GUEST", is_ultra_restricted=True)
    slack.join("U0LENA")

    assert (await of(slack).member("U0GUEST")).outsider
    lena = await of(slack).member("U0LENA")
    assert (lena.team, lena.active, lena.outsider) == (TEAM, True, False)


@pytest.mark.parametrize(
    "address",
    [
        "https://hooks.slack.com.evil.test/actions/1",
        "http://hooks.slack.com/actions/1",
        "https://evil.test/hooks.slack.com",
        "https://user@hooks.slack.com/actions/1",
        "https://hooks.slack.com:444/actions/1",
    ],
)
async def test_only_slacks_own_address_is_answered(slack: FakeSlack, address: str) -> None:
    """An answer posted elsewhere would tell a stranger what was refused."""
    with pytest.raises(RefusedError):
        await of(slack).whisper("no", address=address)
    assert slack.calls == []


def test_our_blocks_are_taken_by_slacks_own_models() -> None:
    """An independent reading of the same limits: the SDK's."""
    for block in blocks_of(CARD):
        parsed = Block.parse(block)
        assert parsed is not None
        parsed.validate_json()
    View(**form_view()).validate_json()
    View(**notice("Done", "It counts.")).validate_json()


def form_view(**changed: Any) -> dict[str, Any]:
    """A form."""
    fields: dict[str, Any] = {
        "callback": "c",
        "title": "Case 1001",
        "submit": "Lawful",
        "lines": ("Is it lawful?",),
        "private": "{}",
        "asks": "Your reason",
        "optional": True,
    }
    return form(**{**fields, **changed})


LONG = st.text(max_size=4000)
ONE_LINE = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"], exclude_characters="\x85"),
    max_size=900,
)


@pytest.mark.hostile(57)
@given(heading=ONE_LINE, lines=st.lists(LONG, max_size=4), label=st.text(min_size=1, max_size=75))
def test_whatever_a_runbook_says_the_card_fits(heading: str, lines: list[str], label: str) -> None:
    """Too long is cut, never refused by Slack; and no word of it is read as markup."""
    card = Card(
        heading=heading,
        lines=tuple(lines),
        mention=("U0LENA",),
        buttons=(Button(action="x", label=label, value="v"),),
        link="https://escalate.test/",
    )
    blocks = blocks_of(card)
    check_blocks(blocks, surface="message")
    check_view(form_view(title=heading, submit=label, lines=tuple(lines), asks=heading))
    markup = [
        element["text"]
        for block in blocks
        for element in block.get("elements", [])
        if element.get("type") == "mrkdwn"
    ]
    assert markup == ["<@U0LENA>"]
    assert "<" not in fallback(card)


def test_slacks_published_signature_is_believed() -> None:
    """The sample of Slack's documentation."""
    headers = [
        (b"x-slack-request-timestamp", b"1531420618"),
        (
            b"x-slack-signature",
            b"v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
        ),
    ]
    verifier = SlackVerifier(["8f742231b10e8888abcd99yyyzzz85a5"])
    at = datetime.fromtimestamp(1531420618, tz=UTC)
    assert verifier.verify(headers, PUBLISHED.encode(), now=at) == at


@given(
    body=st.binary(max_size=64),
    seconds=st.one_of(
        st.integers(
            min_value=int(START.timestamp()) - 320, max_value=int(START.timestamp()) + 320
        ).map(str),
        st.text(max_size=12),
    ),
    signature=st.one_of(st.none(), st.text(max_size=80)),
)
def test_we_believe_what_slacks_own_verifier_believes(
    body: bytes, seconds: str, signature: str | None
) -> None:
    """Accept if and only if the SDK does; where it raises, we refuse."""

    class Now:
        def now(self) -> float:
            return START.timestamp()

    sdk = SignatureVerifier(SECRET, clock=Now())  # type: ignore[arg-type]
    text = body.decode("latin-1")
    raw = text.encode()
    given_signature = signature
    if given_signature is None:
        given_signature = sdk.generate_signature(timestamp=seconds, body=text) or ""
    try:
        theirs = sdk.is_valid(text, seconds, given_signature)
    except (ValueError, TypeError):
        theirs = False
    headers = [
        (b"x-slack-request-timestamp", seconds.encode()),
        (b"x-slack-signature", given_signature.encode()),
    ]
    try:
        SlackVerifier([SECRET]).verify(headers, raw, now=START)
        ours = True
    except WebhookRefusedError:
        ours = False

    # Stricter only where an integer is written in a way that Slack never does.
    plain = seconds.isascii() and seconds.isdigit() and str(int(seconds)) == seconds
    assert ours == (theirs and plain)


@given(body=st.binary(max_size=200))
def test_no_bytes_break_the_reader(body: bytes) -> None:
    """A typed refusal, or nothing of ours: never another error."""
    with contextlib.suppress(UnreadableBodyError):
        assert read_interaction(b"payload=" + body) is None


def test_a_secret_that_protects_nothing_is_refused() -> None:
    """Empty or short."""
    for secrets in ((), ("short",)):
        with pytest.raises(UnusableSecretError):
            SlackVerifier(secrets)
