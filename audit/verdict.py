"""What verification says: each check with its outcome and reasons, and all of them together."""

from enum import StrEnum

from cases.values import Value


class Outcome(StrEnum):
    """The three answers."""

    PASS = "PASS"  # noqa: S105 -- not a password
    FAIL = "FAIL"
    INCOMPLETE = "INCOMPLETE"
    """Nothing is wrong with what could be checked, and something could not be."""


EXIT_CODES = {Outcome.PASS: 0, Outcome.FAIL: 1, Outcome.INCOMPLETE: 2}


class Check(Value):
    """One question that was asked of the export."""

    name: str
    outcome: Outcome
    reasons: tuple[str, ...] = ()


class Verdict(Value):
    """The answer to all of them."""

    case: str = ""
    number: str = ""
    shadow: bool = False
    """It ran beside today's process, and nothing of it left the house."""
    checks: tuple[Check, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """FAIL if anything failed, else INCOMPLETE if anything could not be checked."""
        found = {check.outcome for check in self.checks}
        if Outcome.FAIL in found:
            return Outcome.FAIL
        if Outcome.INCOMPLETE in found or not found:
            return Outcome.INCOMPLETE
        return Outcome.PASS

    @property
    def exit_code(self) -> int:
        """0 PASS, 1 FAIL, 2 INCOMPLETE."""
        return EXIT_CODES[self.outcome]

    def lines(self) -> list[str]:
        """The verdict as a person reads it."""
        shadow = ", shadow" if self.shadow else ""
        said = [
            f"case {self.number or '?'} ({self.case or 'unknown'}{shadow}): {self.outcome.value}"
        ]
        for check in self.checks:
            said.append(f"  {check.outcome.value:<10} {check.name}")
            said.extend(f"             {reason}" for reason in check.reasons)
        return said


def judged(name: str, *, wrong: list[str], missing: list[str] | None = None) -> Check:
    """The check that failed for `wrong`, or could not be completed for `missing`."""
    unchecked = missing or []
    if wrong:
        return Check(name=name, outcome=Outcome.FAIL, reasons=(*wrong, *unchecked))
    if unchecked:
        return Check(name=name, outcome=Outcome.INCOMPLETE, reasons=tuple(unchecked))
    return Check(name=name, outcome=Outcome.PASS)
