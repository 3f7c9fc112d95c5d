"""One budget: what it is, what was wanted, what came out."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median


@dataclass(frozen=True)
class Line:
    """A row of the table."""

    name: str
    budget: str
    got: str
    passed: bool
    note: str = ""

    @property
    def as_json(self) -> str:
        """The row as one JSON object."""
        fields = asdict(self)
        fields["pass"] = fields.pop("passed")
        return json.dumps(fields, ensure_ascii=False)


def table(lines: Sequence[Line]) -> str:
    """The rows below each other, each with its note."""
    shown = []
    for line in lines:
        mark = "pass" if line.passed else "MISS"
        shown.append(f"{mark}  {line.name}\n      wanted {line.budget}; got {line.got}")
        if line.note:
            shown.append(f"      {line.note}")
    return "\n".join(shown)


def spread(values: Sequence[float], *, digits: int = 1) -> str:
    """The median of the rounds, and from where to where they went."""
    return f"{median(values):.{digits}f} ({min(values):.{digits}f}-{max(values):.{digits}f})"
