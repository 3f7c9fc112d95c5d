"""The Zendesk adapter against a stateful fake that judges by Zendesk's own rules."""

from datetime import timedelta

import httpx
import pytest

from integrations._http import new_client
from integrations.errors import (
    OutcomeUnknownError,
    RefusedError,
    ThrottledError,
    UnavailableError,
)
from integrations.ports.ticketing import (
    NewTicket,
    TicketChange,
    TicketRef,
    TicketStatus,
)
from integrations.zendesk import Zendesk
from tests.fakes.clock import FixedClock
from tests.fakes.zendesk import EMAIL, TOKEN, FakeZendesk
from tests.integrations.drafting import draft

DRAFT = draft()


@pytest.fixture
def account(clock: FixedClock) -> FakeZendesk:
    """An empty Zendesk account."""
    return FakeZendesk(clock)


@pytest.fixture
def zendesk(account: FakeZendesk, clock: FixedClock) -> Zendesk:
    """The adapter, connected to the account."""
    return Zendesk(
        new_client(transport=account.network),
        url=account.url,
        email=EMAIL,
        token=TOKEN,
        clock=clock,
        groups={"legal": 5},
        form_fields={360001: "kind"},
    )


async def test_ticket_is_opened_as_drafted(account: FakeZendesk, zendesk: Zendesk) -> None:
    """A draft becomes a ticket whose first comment is internal."""
    ticket = await zendesk.open_ticket(DRAFT)

    assert ticket == TicketRef(
        system="zendesk",
        instance="example.zendesk.test",
        id="1",
        url="https://example.zendesk.test/agent/tickets/1",
    )
    assert account.tickets[1]["priority"] == "urgent"
    assert account.tickets[1]["group_id"] == 5
    assert account.comments[1][0]["public"] is False


async def test_lost_answer_opens_no_second_ticket(account: FakeZendesk, zendesk: Zendesk) -> None:
    """When the answer to the opening is lost, the next try finds the ticket."""
    account.network.lose_answer("POST")

    with pytest.raises(OutcomeUnknownError) as caught:
        await zendesk.open_ticket(DRAFT)
    ticket = await zendesk.open_ticket(DRAFT)

    assert caught.value.retryable
    assert (ticket.id, len(account.tickets)) == ("1", 1)


async def test_vendor_key_guards_when_the_search_misses(
    account: FakeZendesk, zendesk: Zendesk
) -> None:
    """Even if the search does not show the ticket yet, the vendor's key opens no second one."""
    await zendesk.open_ticket(DRAFT)
    account.tickets[1]["external_id"] = None

    ticket = await zendesk.open_ticket(DRAFT)

    assert (ticket.id, len(account.tickets)) == ("1", 1)


async def test_same_key_with_another_draft_finds_the_first_ticket(
    account: FakeZendesk, zendesk: Zendesk
) -> None:
    """A key names its ticket for ever, whatever the draft says later."""
    first = await zendesk.open_ticket(DRAFT)

    assert await zendesk.open_ticket(DRAFT.model_copy(update={"body": "other"})) == first


async def test_unknown_queue_is_refused_before_anything_is_sent(
    account: FakeZendesk, zendesk: Zendesk
) -> None:
    """A queue without a group is a mistake in the settings."""
    with pytest.raises(RefusedError):
        await zendesk.open_ticket(DRAFT.model_copy(update={"queue": "nowhere"}))

    assert account.network.requests == []


async def test_note_stands_once(account: FakeZendesk, zendesk: Zendesk) -> None:
    """A note whose answer was lost is found by its mark, also on a later page."""
    ticket = await zendesk.open_ticket(DRAFT)
    account.network.lose_answer("PUT")

    with pytest.raises(OutcomeUnknownError):
        await zendesk.comment(ticket, "Legal said yes.", key="note-1")
    for _ in range(12):
        account.someone_changes(1, comment={"body": "chatter", "public": False})
    noted = await zendesk.comment(ticket, "Legal said yes.", key="note-1")

    ours = [c for c in account.comments[1] if "Legal said yes." in c["body"]]
    assert noted.already
    assert [c["public"] for c in ours] == [False]


async def test_status_is_set_and_setting_it_again_is_success(
    account: FakeZendesk, zendesk: Zendesk
) -> None:
    """The ticket has the status; a second time nothing is written."""
    ticket = await zendesk.open_ticket(DRAFT)

    first = await zendesk.set_status(ticket, TicketStatus.SOLVED, key="close")
    second = await zendesk.set_status(ticket, TicketStatus.SOLVED, key="close")

    assert (first.already, second.already) == (False, True)
    assert (account.tickets[1]["status"], account.network.count("PUT")) == ("solved", 1)


async def test_rival_update_is_not_overwritten(account: FakeZendesk, zendesk: Zendesk) -> None:
    """When somebody is faster, the ticket is read again before it is changed."""
    ticket = await zendesk.open_ticket(DRAFT)
    account.race_next_update(lambda: account.someone_changes(1, priority="low"))

    await zendesk.set_status(ticket, TicketStatus.PENDING, key="wait")

    assert account.tickets[1]["status"] == "pending"
    assert account.tickets[1]["priority"] == "low"
    assert account.network.count("PUT") == 2


async def test_closed_ticket_counts_as_solved_and_cannot_be_opened(
    account: FakeZendesk, zendesk: Zendesk
) -> None:
    """Closed is where Zendesk ends; a change to it is refused for good."""
    ticket = await zendesk.open_ticket(DRAFT)
    account.someone_changes(1, status="closed")

    assert (await zendesk.set_status(ticket, TicketStatus.SOLVED, key="close")).already
    with pytest.raises(RefusedError) as caught:
        await zendesk.set_status(ticket, TicketStatus.OPEN, key="reopen")
    assert (caught.value.status, caught.value.retryable) == (422, False)


@pytest.mark.parametrize("as_date", [False, True])
async def test_throttling_says_how_long(
    account: FakeZendesk, zendesk: Zendesk, *, as_date: bool
) -> None:
    """Both forms of Retry-After become a duration, from a plain-text answer."""
    account.throttle_next(seconds=41, as_date=as_date)

    with pytest.raises(ThrottledError) as caught:
        await zendesk.open_ticket(DRAFT)

    assert caught.value.retry_after == timedelta(seconds=41)


async def test_thirty_updates_in_ten_minutes_are_the_limit(
    account: FakeZendesk, zendesk: Zendesk
) -> None:
    """The limit of one ticket is met as throttling, and passes."""
    ticket = await zendesk.open_ticket(DRAFT)
    for number in range(30):
        await zendesk.comment(ticket, "note", key=f"note-{number}")

    with pytest.raises(ThrottledError) as caught:
        await zendesk.comment(ticket, "note", key="note-30")
    assert caught.value.retry_after is not None
    account.clock.move(caught.value.retry_after)

    assert not (await zendesk.comment(ticket, "note", key="note-30")).already


@pytest.mark.parametrize(
    "status,kind", [(500, UnavailableError), (503, UnavailableError), (404, RefusedError)]
)
async def test_failures_have_their_kind(
    account: FakeZendesk, zendesk: Zendesk, status: int, kind: type[Exception]
) -> None:
    """A broken vendor is tried again, a refusal is not."""
    account.fail_next(status)

    with pytest.raises(kind):
        await zendesk.open_ticket(DRAFT)


async def test_wrong_token_is_refused_and_names_the_mend(
    account: FakeZendesk, clock: FixedClock
) -> None:
    """Bad credentials are no reason to try again; the error says where to look, and no secret."""
    zendesk = Zendesk(
        new_client(transport=account.network), url=account.url, email=EMAIL, token="no", clock=clock
    )

    with pytest.raises(RefusedError) as caught:
        await zendesk.open_ticket(DRAFT)

    assert caught.value.status == 401
    assert "credentials" in caught.value.mend
    assert EMAIL not in str(caught.value)


async def test_unreachable_vendor_is_unavailable(clock: FixedClock) -> None:
    """Without a connection nothing was done, and it is tried again."""

    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    client = new_client(transport=httpx.MockTransport(refuse))
    zendesk = Zendesk(client, url="https://x.test", email=EMAIL, token=TOKEN, clock=clock)

    with pytest.raises(UnavailableError):
        await zendesk.set_status(
            TicketRef(system="zendesk", instance="x", id="1"), TicketStatus.OPEN, key="k"
        )


async def test_poller_sees_what_others_did_and_not_our_echo(
    account: FakeZendesk, zendesk: Zendesk, clock: FixedClock
) -> None:
    """New tickets and others' changes come, oldest first; our own writes do not."""
    clock.move(timedelta(minutes=10))
    start = clock.at
    ours = await zendesk.open_ticket(DRAFT)
    await zendesk.comment(ours, "note", key="n")
    await zendesk.set_status(ours, TicketStatus.PENDING, key="s")
    new = account.someone_opens(
        tags=["fraud"], group_id=5, custom_fields=[{"id": 360001, "value": "fraud"}]
    )
    account.someone_changes(1, status="open")
    account.someone_changes(new, comment={"body": "hello", "public": True})
    clock.move(timedelta(minutes=2))

    news = await zendesk.changed_since(start)

    first, second, third = news
    assert isinstance(first, NewTicket)
    assert (first.ticket.id, first.tags, first.queue) == (str(new), ("fraud",), "legal")
    assert first.fields == {"kind": "fraud"}
    assert isinstance(second, TicketChange)
    assert (second.ticket.id, second.kind, second.actor) == ("1", "status", "7")
    assert isinstance(third, TicketChange)
    assert (third.ticket.id, third.kind) == (str(new), "reply")
    assert await zendesk.changed_since(clock.at) == []
