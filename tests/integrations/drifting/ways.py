"""How each kind of drift is induced, by the name the table gives the way."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any

from cases.gate import Round
from cases.records import HoldRecord, Link, SeverityRecord
from integrations.ports.ticketing import TicketDraft
from runbooks.plan import Severity
from tests.fakes.clock import START
from tests.integrations.drifting.bench import Bench
from tests.integrations.drifting.hands import STRANGE, ServiceNowHand, ZendeskHand

Way = Callable[[Bench, Any], Awaitable[None]]

SAID = "Triage: escalate."
BEFORE = frozenset({"down_at_opening"})
"""Ways that begin before the case has a ticket."""


async def down_at_opening(bench: Bench, hand: Any) -> None:
    """The tracker is down while the case opens."""
    hand.fail(503)
    result = await bench.says(SAID, attempt=5)
    assert result.ticket is None


async def gone(bench: Bench, hand: Any) -> None:
    """Somebody removes the ticket for good."""
    hand.delete(bench.ticket.id)


async def deleted(bench: Bench, hand: Any) -> None:
    """Somebody deletes the ticket and the tracker still shows it."""
    hand.delete(bench.ticket.id)


async def merged(bench: Bench, hand: ZendeskHand) -> None:
    """Somebody merges the ticket into another."""
    into = str(hand.fake.someone_opens(group_id=5))
    hand.merge(bench.ticket.id, into)


async def merged_with_case(bench: Bench, hand: ZendeskHand) -> None:
    """Somebody merges the ticket into the one of another case."""
    other = Bench(**{name: getattr(bench, name) for name in _SHARED})
    await other.open(key="zendesk:2", external_id="ticket-2")
    await other.says("The other case.")
    hand.merge(bench.ticket.id, other.ticket.id)


async def merged_somewhere(bench: Bench, hand: ZendeskHand) -> None:
    """Somebody merges it and the tracker does not say into which."""
    hand.merge(bench.ticket.id, "")


async def cloned(bench: Bench, hand: Any) -> None:
    """Somebody clones the ticket with its mark."""
    hand.clone(bench.ticket.id)


async def disconnected(bench: Bench, hand: Any) -> None:
    """The tracker is taken out of the settings."""
    bench.connected = False


async def ended_unseen(bench: Bench, hand: Any) -> None:
    """The case ends and nobody told the ticket."""
    await bench.publish(status="closed")


async def odd_status(bench: Bench, hand: Any) -> None:
    """The ticket is moved to a status of no meaning."""
    hand.status(bench.ticket.id, "odd")


async def opened_again(bench: Bench, hand: Any) -> None:
    """The case is opened again after its ticket was solved."""
    await bench.says("Case closed.", status="solved")
    await bench.publish(status="open")


async def solved_outside(bench: Bench, hand: Any) -> None:
    """Somebody solves the ticket while the case is open."""
    hand.status(bench.ticket.id, "solved")


async def reopened_outside(bench: Bench, hand: Any) -> None:
    """Somebody opens the ticket after its case has ended."""
    await bench.says("Case closed.", status="solved")
    await bench.publish(status="closed")
    await bench.look()
    hand.status(bench.ticket.id, "open")


async def held(bench: Bench, hand: Any) -> None:
    """The case is put on hold."""
    until = START + timedelta(days=3)
    await bench.publish(
        status="held", hold=HoldRecord(reason="r", by="ines", at=START, review_at=until)
    )


async def resumed(bench: Bench, hand: Any) -> None:
    """The case goes on after a hold."""
    await held(bench, hand)
    await bench.look()
    await bench.publish(status="open", hold=None)


async def more_severe(bench: Bench, hand: Any) -> None:
    """The severity rises."""
    severity = SeverityRecord(current=Severity.SEV1, computed=Severity.SEV1)
    await bench.publish(severity=severity)


async def priority_lowered(bench: Bench, hand: Any) -> None:
    """Somebody lowers the priority."""
    hand.priority(bench.ticket.id)


async def priority_lowered_twice(bench: Bench, hand: Any) -> None:
    """Somebody lowers the priority again."""
    hand.priority(bench.ticket.id)
    await bench.look()
    hand.priority(bench.ticket.id)


async def unmarked(bench: Bench, hand: Any) -> None:
    """Somebody removes the mark."""
    hand.unmark(bench.ticket.id)


async def foreign_mark(bench: Bench, hand: Any) -> None:
    """Somebody puts another case's mark on the ticket."""
    hand.unmark(bench.ticket.id, STRANGE)


async def down_at_note(bench: Bench, hand: Any) -> None:
    """The tracker is down while the case says something."""
    for text in ("Severity is SEV2.", "Work is on hold."):
        hand.fail(503)
        result = await bench.says(text, attempt=5)
        assert result.failed


async def note_removed(bench: Bench, hand: Any) -> None:
    """Somebody deletes a note of the case."""
    hand.drop_note(bench.ticket.id, bench.keys[0])


async def note_doubled(bench: Bench, hand: Any) -> None:
    """A note stands on the ticket twice."""
    hand.double_note(bench.ticket.id, bench.keys[0])


async def link_removed(bench: Bench, hand: Any) -> None:
    """Somebody removes the link to the case's page."""
    hand.drop_links(bench.ticket.id)


async def address_changed(bench: Bench, hand: Any) -> None:
    """The gateway gets another address."""
    bench.public_url = "https://new.example"


async def case_linked(bench: Bench, hand: Any) -> None:
    """Another case is linked to this one."""
    number = await bench.another("user-safety-escalation")
    await bench.publish(links=[Link(number=number, why="same-subject")])


async def moved(bench: Bench, hand: Any) -> None:
    """Somebody moves the ticket to another queue or project."""
    hand.move(bench.ticket.id)


async def case_forgot(bench: Bench, hand: Any) -> None:
    """The case never heard which ticket is its own."""
    await bench.publish(ticket=None)


async def webhook_lost(bench: Bench, hand: Any) -> None:
    """The webhook of a change never came."""
    hand.status(bench.ticket.id, "pending" if bench.system == "zendesk" else "open")


async def approved_there(bench: Bench, hand: ServiceNowHand) -> None:
    """A manager approves in the tracker while our gate is open."""
    asked = Round(
        gate="legal-review",
        number=1,
        revision=1,
        content_hash="c" * 64,
        nonce="n",
        asked_at=START,
        approve={"legal": 1},
        reject={"legal": 1},
    )
    await bench.publish(rounds=[asked])
    hand.approve(bench.ticket.id)


async def not_allowed(bench: Bench, hand: Any) -> None:
    """The workflow lets nobody solve the ticket."""
    del hand.fake.statuses["Done"]
    await bench.publish(status="closed")


async def fought_over(bench: Bench, hand: Any) -> None:
    """A rule of the tracker undoes every change of ours."""
    hand.fake.rule = lambda id_: hand.status(id_, "open")
    await bench.publish(status="closed")
    await bench.look()


async def strange_mark(bench: Bench, hand: Any) -> None:
    """A ticket bears a mark that no case here has."""
    draft = TicketDraft(
        case_number="9", subject="s", body="b", queue=bench.queue, key="open/of-another-store"
    )
    await bench.tickets.open_ticket(draft)


_SHARED = ("store", "clock", "folder", "tickets", "system", "instance", "queue")

WAYS: Mapping[str, Way] = {
    name: way
    for name, way in list(globals().items())
    if callable(way) and getattr(way, "__module__", "") == __name__ and not name.startswith("_")
}
