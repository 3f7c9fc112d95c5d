"""What answers mean to the law, as a running case needs it."""

from datetime import date

from pydantic import JsonValue

from runbooks.compact import Compact


class Meaning(Compact):
    """What holds of a case while the answers match."""

    if_: dict[str, JsonValue] = {}
    """Cells by question, as the runbook writes them; empty: always."""
    says: dict[str, JsonValue]
    """Facts in the law's words, as `runbooks.statutes.facts.CaseFacts` takes them."""


class Trigger(Compact):
    """When a row of the law holds for a case: pinned with the case, like its length."""

    if_: dict[str, JsonValue]
    """The row's own predicate, as `runbooks.statutes.grammar.Predicate` takes it."""
    law_from: date | None = None
    """The first day on which the row is law; None where it always was."""
    law_to: date | None = None
    does: str = ""
    """What the row asks for, in the law's word: conflicts are decided by it. Empty in pathways of
    releases that decided none."""

    def is_law(self, on: date) -> bool:
        """Whether the row is law on that day."""
        return (self.law_from is None or self.law_from <= on) and (
            self.law_to is None or on <= self.law_to
        )
