"""The table of seeded faults, read: runbooks in order, and what breaks each of them."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from runbooks import Finding, Runbook, library, lint, load_runbook
from runbooks.roles import STANDARD_ROLES

HERE = Path(__file__).parent / "broken"
TODAY = date(2026, 11, 22)
MARK = "¦"
ENOUGH = 9
BASES = {
    "base": (HERE / "base.yaml").read_text(encoding="utf-8"),
    "default": library()["user-safety-escalation"].decode(),
    "removal": (HERE / "removal.yaml").read_text(encoding="utf-8"),
}


@dataclass(frozen=True)
class Fault:
    """One row: a runbook with one fault, and what a reader must be told about it."""

    name: str
    text: str
    place: tuple[int, int] | None
    rule: str
    says: str
    way: tuple[str, ...]
    directory: dict[str, int] | None

    @property
    def runbook(self) -> Runbook:
        """The runbook with its fault."""
        return load_runbook(self.text.encode(), file=f"{self.name}.yaml")

    def findings(self) -> list[Finding]:
        """Everything lint has to say."""
        return lint(self.runbook, today=TODAY, library={}, directory=self.directory)

    def finding(self) -> Finding:
        """What lint says about the fault."""
        found = self.findings()
        fitting = [
            each
            for each in found
            if each.rule == self.rule and self.place in {None, (each.line, each.column)}
        ]
        assert fitting, [f"{each} {each.evidence}" for each in found]
        return fitting[0]


def faults() -> list[Fault]:
    """Every row of the table, its edits made."""
    rows: list[dict[str, Any]] = YAML(typ="safe", pure=True).load(HERE / "faults.yaml")
    return [_fault(row) for row in rows]


def everybody(**counts: int) -> dict[str, int]:
    """A directory in which every role has people enough, but for those that are counted."""
    return dict.fromkeys((*STANDARD_ROLES, "counter-terror"), ENOUGH) | counts


def _fault(row: dict[str, Any]) -> Fault:
    text = BASES[row["base"]]
    for what, by_what in row["edits"]:
        assert text.replace(MARK, "").count(what) == 1, f"{row['name']}: not found once: {what}"
        text = text.replace(what, by_what)
    before, mark, after = text.partition(MARK)
    place = (before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1) if mark else None
    people = row.get("directory")
    return Fault(
        name=row["name"].replace(" ", "-"),
        text=before + after,
        place=place,
        rule=row["rule"],
        says=row.get("says", ""),
        way=tuple(row.get("way", ())),
        directory=everybody(**people) if people is not None else None,
    )
