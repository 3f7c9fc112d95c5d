"""How long what a case has to say waits for company: for others to be said or stored with it.

The history and the ledger of deliveries have every outcome at once. Stored alone, it would cost the
case a timer, an activity and two workflow tasks: a third of all that a case did (measured over a
simulated week).
"""

from datetime import datetime, timedelta

from cases.file import PROMPT, TOGETHER, UNHURRIED, CaseFile

COMPANY = timedelta(minutes=2)
"""How long a ticket note, or the news of an opened ticket, waits for others to go with.

A note waits only where the ticket has been written to within that time: the first after a quiet
while goes at once, since it would mostly wait for nothing, and the waiting costs the case a timer
and a workflow task (measured over a simulated week: four of five notes went alone).
"""

QUIET = timedelta(hours=4)
"""How long the outcome of a mail, or of a note on a ticket, waited for an entry that matters before
`TOGETHER`."""

AT_MOST = timedelta(days=1)
"""How long it waits now, where the case does nothing by itself before: its next instant brings an
entry anyway, and the case's one timer is set for that already."""

PAGED = timedelta(hours=1)
"""How long the outcome of a page at most waits for what the case does next.

Somebody was got up because something is due, so the case mostly does something soon: the outcome
goes with that. One that failed goes at once.
"""


class Company:
    """Until when outcomes wait; what is expected is known beforehand, before `UNHURRIED`."""

    def __init__(self, file: CaseFile) -> None:
        self._file = file
        self._expected: list[datetime] = []

    def next_at(self, at: datetime) -> datetime | None:
        """The next instant for which an outcome is expected.

        The case's one timer is set for it beforehand, so that it need not be set anew when the
        outcome comes.
        """
        self._expected = [instant for instant in self._expected if instant > at]
        return min(self._expected, default=None)

    def expect(self, at: datetime) -> datetime:
        """When the outcome of an errand that begins now is to be stored, before `UNHURRIED`."""
        until = at + COMPANY
        if self._file.edition < UNHURRIED:
            self._expected.append(until)
        return until

    def soon(self, expected: datetime, *, at: datetime) -> datetime:
        """How long an outcome that everybody is to know soon waits."""
        return self._after(expected, COMPANY, at=at)

    def quiet(self, expected: datetime, *, at: datetime) -> datetime:
        """How long an outcome that changes nothing waits."""
        if self._file.edition < TOGETHER:
            return self._after(expected, QUIET, at=at)
        return self._next_instant(at, AT_MOST)

    def paged(self, expected: datetime, *, at: datetime) -> datetime:
        """How long the outcome of a page waits: at most until the next instant of the case."""
        if self._file.edition < PROMPT:
            return self.soon(expected, at=at)
        return self._next_instant(at, PAGED)

    def _next_instant(self, at: datetime, patience: timedelta) -> datetime:
        """When the case next does something by itself, or when nobody waits any longer for that."""
        coming = self._file.state.next_instant(at)
        latest = at + patience
        return min(coming[0], latest) if coming is not None and coming[0] > at else latest

    def _after(self, expected: datetime, patience: timedelta, *, at: datetime) -> datetime:
        if self._file.edition < UNHURRIED:
            return expected if expected > at else at + COMPANY
        return at + patience
