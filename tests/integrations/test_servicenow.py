"""The ServiceNow adapter against a stateful fake with the Table API's documented quirks."""

from datetime import timedelta
from typing import Any

import pytest

from integrations._http import new_client
from integrations.errors import (
    ConflictError,
    MisansweredError,
    OutcomeUnknownError,
    RefusedError,
    ThrottledError,
    UnavailableError,
)
from integrations.markers import fingerprint, marker
from integrations.ports.ticketing import (
    NewTicket,
    TicketChange,
    TicketLink,
    TicketPriority,
    TicketStatus,
)
from integrations.servicenow import ServiceNow
from integrations.servicenow_site import ServiceNowSite
from tests.fakes.clock import FixedClock
from tests.fakes.servicenow import GROUP, PASSWORD, USER, FakeServiceNow
from tests.integrations.drafting import draft

DRAFT = draft(priority=TicketPriority.HIGH)


@pytest.fixture
def instance(clock: FixedClock) -> FakeServiceNow:
    """An instance without incidents."""
    return FakeServiceNow(clock)


def adapter(instance: FakeServiceNow, **changed: Any) -> ServiceNow:
    """An adapter, connected to the instance."""
    fields = {"url": instance.url, "user": USER, "password": PASSWORD, "group": GROUP, **changed}
    return ServiceNow(
        new_client(transport=instance.network), ServiceNowSite(**fields), clock=instance.clock
    )


@pytest.fixture
def servicenow(instance: FakeServiceNow) -> ServiceNow:
    """The adapter."""
    return adapter(instance)


async def test_ticket_is_opened_as_drafted(
    instance: FakeServiceNow, servicenow: ServiceNow
) -> None:
    """A draft becomes an incident of our group that bears its mark; strings throughout."""
    ticket = await servicenow.open_ticket(DRAFT)

    row = instance.records[ticket.id]
    assert row["correlation_id"] == f"escalate:{fingerprint(DRAFT.key)}"
    assert (row["priority"], row["assignment_group"]) == ("2", GROUP)
    assert ticket.url == f"{instance.url}/incident.do?sys_id={ticket.id}"


async def test_lost_answer_opens_no_second_ticket(
    instance: FakeServiceNow, servicenow: ServiceNow
) -> None:
    """When the answer to the opening is lost, the next try finds the record."""
    instance.network.lose_answer("POST")

    with pytest.raises(OutcomeUnknownError):
        await servicenow.open_ticket(DRAFT)
    ticket = await servicenow.open_ticket(DRAFT)

    assert list(instance.records) == [ticket.id]


async def test_an_ignored_query_term_is_never_taken_for_an_answer(
    instance: FakeServiceNow, servicenow: ServiceNow
) -> None:
    """Where our account may not read the mark, everything comes back: nothing is opened then."""
    instance.someone_opens()
    instance.hidden = {"correlation_id"}

    with pytest.raises(MisansweredError) as caught:
        await servicenow.open_ticket(DRAFT)

    assert "returns_no_rows" in caught.value.mend
    assert len(instance.records) == 1


async def test_200_with_an_error_inside_is_an_error(
    instance: FakeServiceNow, servicenow: ServiceNow
) -> None:
    """The status says yes, the body says no: the body is believed."""
    ticket = await servicenow.open_ticket(DRAFT)
    instance.fail_inside_next()

    with pytest.raises(MisansweredError):
        await servicenow.set_status(ticket, TicketStatus.SOLVED, key="s")

    assert instance.records[ticket.id]["state"] == "1"


async def test_note_stands_once(instance: FakeServiceNow, servicenow: ServiceNow) -> None:
    """A work note whose answer was lost is found in the journal, on a later page as well."""
    ticket = await servicenow.open_ticket(DRAFT)
    instance.network.lose_answer("PATCH")

    with pytest.raises(OutcomeUnknownError):
        await servicenow.comment(ticket, "Legal said yes.", key="note-1")
    for _ in range(3):
        instance.someone_sets(ticket.id, work_notes="chatter")
    noted = await servicenow.comment(ticket, "Legal said yes.", key="note-1")

    ours = [text for text in instance.notes(ticket.id) if "Legal said yes." in text]
    assert noted.already
    assert len(ours) == 1
    assert marker("note-1") in ours[0]


@pytest.mark.parametrize(
    "status,state", [(TicketStatus.OPEN, "1"), (TicketStatus.PENDING, "3"), ("solved", "6")]
)
async def test_state_is_set_with_what_it_demands(
    instance: FakeServiceNow, servicenow: ServiceNow, status: TicketStatus, state: str
) -> None:
    """Resolving takes a close code and notes, a hold its reason; new counts as open."""
    ticket = await servicenow.open_ticket(DRAFT)

    await servicenow.set_status(ticket, TicketStatus(status), key="s")
    again = await servicenow.set_status(ticket, TicketStatus(status), key="s")

    row = instance.records[ticket.id]
    assert again.already
    assert row["state"] == state
    assert bool(row.get("close_code") and row.get("close_notes")) is (state == "6")


async def test_a_rule_that_refuses_silently_is_found_out(
    instance: FakeServiceNow, servicenow: ServiceNow
) -> None:
    """200 with the record as it was, and nobody else was there: it will not take it."""
    ticket = await servicenow.open_ticket(DRAFT)
    instance.abort_next()

    with pytest.raises(MisansweredError) as caught:
        await servicenow.set_status(ticket, TicketStatus.SOLVED, key="s")

    assert not caught.value.retryable


async def test_a_change_that_came_between_is_looked_at_again(
    instance: FakeServiceNow, servicenow: ServiceNow
) -> None:
    """sys_mod_count shows that somebody was faster: ours is brought about all the same."""
    ticket = await servicenow.open_ticket(DRAFT)

    def undo_once(id_: str) -> None:
        instance.rule = None
        instance.someone_sets(id_, state="2")

    instance.rule = undo_once
    done = await servicenow.set_status(ticket, TicketStatus.SOLVED, key="s")

    assert not done.already
    assert instance.records[ticket.id]["state"] == "6"


async def test_others_that_never_stop_are_a_conflict(
    instance: FakeServiceNow, servicenow: ServiceNow
) -> None:
    """A state that is always put back by others is told as a conflict, and tried again later."""
    ticket = await servicenow.open_ticket(DRAFT)
    instance.rule = lambda id_: instance.someone_sets(id_, author="a rule", state="2")

    with pytest.raises(ConflictError):
        await servicenow.set_status(ticket, TicketStatus.SOLVED, key="s")


async def test_priority_is_what_the_instance_reckons(
    instance: FakeServiceNow, servicenow: ServiceNow
) -> None:
    """Impact and urgency are written; having it already writes nothing."""
    ticket = await servicenow.open_ticket(DRAFT)

    changed = await servicenow.set_priority(ticket, TicketPriority.URGENT, key="p")
    again = await servicenow.set_priority(ticket, TicketPriority.URGENT, key="p")

    row = instance.records[ticket.id]
    assert (changed.already, again.already) == (False, True)
    assert (row["impact"], row["urgency"], row["priority"]) == ("1", "1", "1")


async def test_a_look_shows_all_of_it(instance: FakeServiceNow, servicenow: ServiceNow) -> None:
    """State, priority, mark, notes, links and the vendor's own approvals, which are hints."""
    ticket = await servicenow.open_ticket(DRAFT)
    page = TicketLink(url="https://escalate.example/cases/1042", title="Case 1042")
    await servicenow.link(ticket, page)
    await servicenow.link(ticket, page)
    await servicenow.comment(ticket, "One.", key="n1", also=["n2"])
    instance.approve(ticket.id, "approved")

    seen = await servicenow.look(ticket)

    assert seen is not None
    assert (seen.status, seen.priority) == (TicketStatus.OPEN, TicketPriority.HIGH)
    assert seen.marks == (fingerprint(DRAFT.key),)
    assert seen.notes[1:] == (fingerprint("n1"), fingerprint("n2"))
    assert len(instance.notes(ticket.id)) == 2
    assert [each.verdict for each in seen.approvals] == ["approved"]
    instance.someone_deletes(ticket.id)
    assert await servicenow.look(ticket) is None


async def test_a_lost_mark_is_put_back(instance: FakeServiceNow, servicenow: ServiceNow) -> None:
    """The record is found by its mark again."""
    ticket = await servicenow.open_ticket(DRAFT)
    instance.someone_sets(ticket.id, correlation_id="")

    await servicenow.remark(ticket, key=DRAFT.key)

    assert [each.id for each in await servicenow.find(DRAFT.key)] == [ticket.id]


@pytest.mark.parametrize("as_date", [False, True])
async def test_throttling_says_how_long(
    instance: FakeServiceNow, servicenow: ServiceNow, *, as_date: bool
) -> None:
    """Both forms of Retry-After become a duration."""
    instance.throttle_next(seconds=41, as_date=as_date)

    with pytest.raises(ThrottledError) as caught:
        await servicenow.open_ticket(DRAFT)

    assert caught.value.retry_after == timedelta(seconds=41)


@pytest.mark.parametrize(
    "status,kind", [(500, UnavailableError), (503, UnavailableError), (403, RefusedError)]
)
async def test_failures_have_their_kind(
    instance: FakeServiceNow, servicenow: ServiceNow, status: int, kind: type[Exception]
) -> None:
    """A broken instance is tried again, a refusal is not."""
    instance.fail_next(status)

    with pytest.raises(kind):
        await servicenow.open_ticket(DRAFT)


async def test_poller_sees_what_others_did_and_not_our_echo(
    instance: FakeServiceNow, servicenow: ServiceNow, clock: FixedClock
) -> None:
    """New records of our group and others' changes come, oldest first; our writes do not."""
    clock.move(timedelta(minutes=10))
    start = clock.at
    ours = await servicenow.open_ticket(DRAFT)
    await servicenow.comment(ours, "note", key="n")
    await servicenow.set_status(ours, TicketStatus.PENDING, key="s")
    new = instance.someone_opens()
    instance.someone_opens(group="another-group")
    instance.someone_sets(ours.id, state="6")
    instance.someone_sets(new, comments="hello")

    news = await servicenow.changed_since(start)

    first = news[0]
    assert isinstance(first, NewTicket)
    assert (first.ticket.id, first.queue) == (new, GROUP)
    changes = [each for each in news if isinstance(each, TicketChange)]
    assert [(each.ticket.id, each.kind, each.actor) for each in changes] == [
        (ours.id, "status", "beth.anglin"),
        (new, "reply", "beth.anglin"),
    ]
    assert changes[0].status == "resolved"
    assert await servicenow.changed_since(clock.at + timedelta(seconds=1)) == []
    assert {each.ticket.id for each in await servicenow.marked_since(start)} == {ours.id}


async def test_wrong_password_is_refused_and_shows_no_secret(instance: FakeServiceNow) -> None:
    """Bad credentials are no reason to try again; the error says where to look."""
    with pytest.raises(RefusedError) as caught:
        await adapter(instance, password="no-such").open_ticket(DRAFT)

    assert caught.value.status == 401
    assert "no-such" not in f"{caught.value!r}"
