"""What a case's decisions are called in a taxonomy, as a running case carries it."""

from collections.abc import Mapping

from runbooks.compact import Compact


class TaxonomyPlan(Compact):
    """The taxonomy of a runbook, pinned, and how answers become one of its codes."""

    use: str
    """Name and version: `dsa-categories@2.0.0`."""
    pin: str
    """The beginning of the SHA-256 of its text."""
    question: str
    codes: dict[str, str]
    """By answer."""
    otherwise: str

    def code(self, answers: Mapping[str, str]) -> str:
        """The code of a case with these answers."""
        return self.codes.get(answers.get(self.question, ""), self.otherwise)
