"""What can be wrong with a runbook, a routing table or a release, as errors.

Exception
├── RunbookProblems          a text is refused; carries every problem found, nothing of it is used
│     └── .problems          one RunbookError each, in the order of the text
├── RunbookError             one problem at one place; collected, not raised alone
├── MacroError               a macro was asked for something its context does not hold
└── ReleaseRefusedError      a release step that its rules forbid (`runbooks/release.py`)
"""

from collections.abc import Iterable


class RunbookError(Exception):
    """One thing that is wrong, where it is, and how to mend it."""

    def __init__(
        self,
        *,
        file: str,
        line: int,
        column: int,
        rule: str,
        found: str,
        expected: str,
        mend: str,
        used: str = "",
    ) -> None:
        where = f" (used at {used})" if used else ""
        super().__init__(
            f"{file}:{line}:{column}: {rule} found {found}, expected {expected}{where}"
        )
        self.file = file
        self.line = line
        self.column = column
        self.rule = rule
        self.found = found
        self.expected = expected
        self.mend = mend
        self.used = used
        """Where the runbook uses the fragment the problem stands in, as `file:line:column`."""

    def as_record(self) -> dict[str, str | int]:
        """The problem as plain values, for `--json`."""
        return {
            "file": self.file,
            "line": self.line,
            "column": self.column,
            "rule": self.rule,
            "found": self.found,
            "expected": self.expected,
            "mend": self.mend,
            "used": self.used,
        }


class RunbookProblems(Exception):
    """A text is refused: every problem found in it, in the order of the text."""

    def __init__(self, problems: Iterable[RunbookError]) -> None:
        self.problems = tuple(sorted(problems, key=lambda each: (each.line, each.column)))
        super().__init__("\n".join(str(problem) for problem in self.problems))


class MacroError(Exception):
    """A macro cannot be written with the context it was given."""


class ReleaseRefusedError(Exception):
    """A step of a release that the rule of two people, or its state, forbids."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
