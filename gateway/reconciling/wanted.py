"""What a case wants its ticket to be like, read from the store's own view of the case."""

from collections.abc import Collection

from activities.ticket_writing import opening, priority_of
from cases.gate import RoundState
from cases.report import TicketRef
from cases.saying import Sayable
from cases.state import CasePicture
from cases.values import Instant, Value
from integrations.markers import fingerprint
from integrations.ports.ticketing import TicketPriority, TicketStatus
from runbooks.plan import Severity
from store import CaseView, KeptTicket, TicketWrite


class Wanted(Value):
    """A case as its ticket should show it; pure, so that comparing needs neither store nor net."""

    kept: KeptTicket
    """As we left the ticket."""
    ended: bool
    solving: bool = False
    """The case has said that it is solved, and the view of it is from before."""
    held: bool = False
    at_gate: bool = False
    """A gate is open: an approval record elsewhere is a hint to it."""
    priority: TicketPriority | None = None
    """What the severity comes to; None where the tracker's readers may not know it."""
    knows: TicketRef | None = None
    """The ticket that the case itself takes for its own."""
    page: str
    related: tuple[str, ...] = ()
    """Pages of the cases that belong to it, as far as the tracker's readers may know of them."""
    said: tuple[str, ...] = ()
    """Marks of the notes that stood on the ticket."""
    owed: bool = False
    """Notes wait whose writer has given up."""
    settled: tuple[tuple[str, str], ...] = ()
    """Differences that were mended before, by kind and subject."""
    shared_with: tuple[str, ...] = ()
    """Tickets that other cases keep."""

    @property
    def mark(self) -> str:
        """The mark of the ticket that the case opened."""
        return fingerprint(opening(self.kept.case))


def wanted(
    kept: KeptTicket,
    view: CaseView,
    *,
    writes: list[TicketWrite],
    settled: list[tuple[str, str]],
    public_url: str,
    stale_before: Instant,
    may: Sayable,
    others: Collection[str] = (),
) -> Wanted:
    """What the case wants; a note that nobody gave up may be on its way until `stale_before`.

    `may` is what the tracker's readers may know of it, `others` the numbers of linked cases that
    they may know of.
    """
    state = CasePicture.of(view.state)
    linked = {link.number for link in state.links if link.number in others and may.others}
    return Wanted(
        kept=kept,
        ended=state.closed,
        solving=solved_since(view.line.as_of, writes),
        held=state.hold is not None,
        at_gate=any(round_.state is RoundState.OPEN for round_ in state.rounds),
        priority=priority_of(Severity(view.line.severity), may),
        knows=state.ticket,
        page=f"{public_url}/cases/{kept.number}",
        related=tuple(sorted(f"{public_url}/cases/{number}" for number in linked)),
        said=tuple(
            fingerprint(write.key) for write in writes if write.done_at is not None and write.note
        ),
        owed=any(
            write.done_at is None and (write.given_up_at is not None or write.at < stale_before)
            for write in writes
        ),
        settled=tuple(settled),
    )


def solved_since(instant: Instant, writes: list[TicketWrite]) -> bool:
    """Whether the last status that the case gave its ticket is solved, and from then or later."""
    said = [write for write in writes if write.status]
    last = max(said, key=lambda write: write.at, default=None)
    return last is not None and last.status == TicketStatus.SOLVED and last.at >= instant
