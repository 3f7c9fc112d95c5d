"""What the ticket is told: our own words, and what a runbook's macro may put in their place.

Names, choices and instants only: what people wrote freely is not here (I13).
"""

import re
from collections.abc import Mapping
from string import Formatter

from cases.values import Instant
from runbooks.compact import Compact

TICKET_OPENED = "ticket-opened"
TICKET_DECIDED = "ticket-decided"
TICKET_CLOSED = "ticket-closed"


class TicketLine(Compact):
    """One thing to say on the ticket."""

    text: str
    """In our own words: said where the runbook has none."""
    macro: str = ""
    """The runbook's macro that says it instead, where there is one."""
    gate: str = ""
    """The gate that was decided."""
    outcome: str = ""
    """What the gate, or the case, came to."""
    at: Instant | None = None
    """When it did."""


class RuleSaid(Compact):
    """An interim rule as a text may name it."""

    said: str
    """Its number, and until when it holds."""
    obligation: str
    """What watches it, and knows whether it still holds."""


class Standing(Compact):
    """Where the case stands when the ticket is written to."""

    stage: str = ""
    """Its title."""
    owner: str = ""
    due_at: Instant | None = None
    clocks: dict[str, Instant] = {}
    """The instant each of the case's own running clocks is due."""
    rules: dict[str, RuleSaid] = {}
    """The newest interim rule of each name that has not expired."""
    answers: dict[str, str] = {}
    """Answers of the kinds that are chosen or referred to, never written."""


class Sentence:
    """One thing that our own words say, in the English that the case has on record.

    What wrote a sentence reads its values back, so that a tracker can be told the same in another
    language: also of a case that said it before there were others.
    """

    def __init__(self, template: str) -> None:
        parts = [(text, field) for text, field, _, _ in Formatter().parse(template)]
        self.fields = tuple(field for _, field in parts if field)
        self._template = template
        self._pattern = re.compile(
            "".join(
                re.escape(text) + (f"(?P<{field}>.+)" if field else "") for text, field in parts
            )
        )

    def __call__(self, **values: str) -> str:
        """The sentence with these values."""
        return self._template.format_map(values)

    def read(self, text: str) -> dict[str, str] | None:
        """The values that make the sentence read so; None where it is another one."""
        found = self._pattern.fullmatch(text)
        return found.groupdict() if found is not None else None


OPENED = Sentence("Case {number} opened: {title}, {severity}.")
LEFT = Sentence("{stage}: {outcome}.")
CLOSED = Sentence("Case {number} closed: {disposition}.")
RULE = Sentence("Interim rule {rule} holds until {until}.")
PART_OF = Sentence("Case {number} is part of case {other} now.")
PART_OF_ANOTHER = Sentence("Case {number} is part of another case now.")
OWN_AGAIN = Sentence("Case {number} is a case of its own again.")
REOPENED = Sentence("Case {number} reopened.")
SEVERITY = Sentence("Severity is {severity}.")
VERSION = Sentence("The case goes on under version {version}.")
HELD = Sentence("Work is on hold.")
RESUMED = Sentence("Work goes on.")
ASKED = Sentence("More information was asked for.")
FAILED = Sentence("Action failed: {action}.")
RECORDED = Sentence("Action recorded: {action}.")
STOPPED = Sentence("Action stopped, and being undone: {action}.")
UNDONE = Sentence("Action undone: {action}.")

SENTENCES: Mapping[str, Sentence] = {
    "opened": OPENED,
    "closed": CLOSED,
    "rule": RULE,
    "part-of": PART_OF,
    "part-of-another": PART_OF_ANOTHER,
    "own-again": OWN_AGAIN,
    "reopened": REOPENED,
    "severity": SEVERITY,
    "version": VERSION,
    "held": HELD,
    "resumed": RESUMED,
    "asked": ASKED,
    "failed": FAILED,
    "recorded": RECORDED,
    "stopped": STOPPED,
    "undone": UNDONE,
    "left": LEFT,
}
"""Everything our own words say on a ticket; the last one could be mistaken for others."""


def understood(line: TicketLine) -> tuple[str, dict[str, str]] | None:
    """Which sentence the line is, and its values; None where no case of ours says that."""
    # What left a stage names it, whatever the stage is called.
    left = bool(line.gate and line.outcome)
    for name, sentence in SENTENCES.items():
        if (sentence is LEFT) is not left:
            continue
        values = sentence.read(line.text)
        if values is not None:
            return name, values
    return None
