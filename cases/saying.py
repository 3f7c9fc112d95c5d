"""What a message may say: the strictest of its viewers decides (I13).

A mail goes to one person, whose right to see the case was looked up. A room in a chat, a pager and
a tracker show what they have to whoever is there, also to people who join later and have nothing
to do with the case. This is the one place that decides; every channel asks it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from cases.drafts.draft import reports_of
from runbooks.plan import Assurance, Pathway


class Viewer(StrEnum):
    """Who will read a message."""

    NAMED = "named"
    """One person, who may see the case."""
    ROOM = "room"
    """Whoever is in the room: nobody's right to see was looked up."""
    PAGER = "pager"
    """Whoever sees the service's incidents, and the screen of a telephone at night."""
    TICKET = "ticket"
    """Whoever may look into the tracker."""


UNKNOWN = frozenset({Viewer.ROOM, Viewer.PAGER, Viewer.TICKET})
"""Viewers whose right to see the case nobody has looked up."""


@dataclass(frozen=True)
class Sayable:
    """What may stand in a message beside the case's number, when it is due, and the link."""

    rules: bool
    """The words of the runbook: its title, stages, questions, roles, and what a gate came to."""
    severity: bool
    """How grave it is: in words, as a ticket's priority, or as a page's loudness."""
    own: bool
    """What the runbook's macro says to the person who is asked."""
    others: bool
    """Which other cases belong to it."""


NOTHING = Sayable(rules=False, severity=False, own=False, others=False)
"""Of a case about whose rules nothing is known yet."""


def sayable(pathway: Pathway, viewers: Iterable[Viewer]) -> Sayable:
    """What all of the viewers may read."""
    unknown = bool(UNKNOWN & set(viewers))
    everything = not unknown or not pathway.need_to_know
    return Sayable(
        rules=everything,
        severity=everything,
        own=not unknown,
        others=everything,
    )


def decidable_in_a_room(pathway: Pathway, gate: str) -> bool:
    """Whether a button in a chat may take a verdict at that gate.

    A chat proves no more than a log-in (L1) and shows none of what people wrote. So a gate that
    needs more proof, a memo or a draft to be read, or the need to know, is decided on our page.
    """
    rule = next((stage.gate for stage in pathway.stages if stage.name == gate), None)
    if rule is None or pathway.need_to_know:
        return False
    drafts = any(plan.gate == gate for plan in reports_of(pathway))
    return rule.assurance is Assurance.L1 and not rule.memo and not drafts
