"""Which reports are about one matter, by the routing table's own rows: pure, and without content.

Two reports are alike when the same row speaks for both, they go to the same runbook with the same
answers, and everything the row calls `same` is equal. So a report that says something new (harm
that the first did not mention) is never swallowed by a case that does not know it.
"""

from datetime import timedelta

from pydantic import BaseModel, ConfigDict

from runbooks.grammar.routing import SUBJECT
from runbooks.routing import Route, RouteFacts, RoutingTable, matter_table, values_of


class Matter(BaseModel):
    """What a report is about, as far as a row compares it; whoever keeps it hashes the parts."""

    model_config = ConfigDict(frozen=True)

    parts: tuple[str, ...]
    within: timedelta
    joins: bool
    tell_at: int | None
    because: str
    row: int
    """Counted from one."""


def matter(
    table: RoutingTable, facts: RouteFacts, *, route: Route, subject: str | None
) -> Matter | None:
    """The matter of a report; None when no row speaks for it, or it lacks what must be equal.

    `subject` is whom it is about, hashed already.
    """
    decisions = matter_table(table.document)
    row = decisions.decide(values_of(decisions, facts)).row
    if row is None:
        return None
    taken = table.document.matters[row]
    if SUBJECT in taken.same and not subject:
        return None
    if any(not facts.fields.get(name) for name in taken.fields):
        return None
    answers = (f"answer {name} {value}" for name, value in sorted(route.answers.items()))
    fields = (f"field {name} {facts.fields[name]}" for name in taken.fields)
    about = (f"subject {subject}",) if SUBJECT in taken.same else ()
    return Matter(
        parts=(f"runbook {route.runbook}", *about, *answers, *fields),
        within=taken.within,
        joins=taken.then == "join",
        tell_at=taken.tell_at,
        because=taken.because,
        row=row + 1,
    )
