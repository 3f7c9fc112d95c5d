"""Who may do what, said a second time in plain Python: no policy, no relation, nothing shared.

Written from docs/access.md. It reads the text of the runbook itself, so that it does not even share
the way in which the house finds out whose role is concerned.
"""

from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML

CLASSES = {
    "child-safety-report": "child-safety",
    "non-consensual-intimate-imagery": "intimate-imagery",
    "law-enforcement-request": "law-enforcement",
    "imminent-threat-to-life": "life-at-risk",
    "self-harm-risk": "life-at-risk",
    "terrorist-content-removal-order": "terrorist-content",
}
CLEARED = {
    "child-safety": "child-safety-expert child-safety-lead custodian wellness quality "
    "duty-manager executive incident-manager",
    "intimate-imagery": "reviewer senior-reviewer legal policy policy-lead duty-counsel "
    "deputy-counsel quality duty-manager executive incident-manager triage",
    "law-enforcement": "law-enforcement cleared-counsel legal duty-counsel deputy-counsel quality "
    "duty-manager executive incident-manager triage",
    "life-at-risk": "safety-expert self-harm-expert clinician law-enforcement legal duty-counsel "
    "deputy-counsel policy policy-lead wellness engineering communications quality triage "
    "duty-manager executive incident-manager",
    "terrorist-content": "counter-terror legal duty-counsel deputy-counsel policy policy-lead "
    "quality duty-manager executive incident-manager",
    "staff": "executive legal duty-manager",
}
EMERGENCY = frozenset(
    {
        "incident-manager",
        "duty-manager",
        "executive",
        "privacy",
        "legal",
        "duty-counsel",
        "deputy-counsel",
        "safety-expert",
        "trust-and-safety",
    }
)
KEEPERS = frozenset({"recorder", "witness", "temporal-admin"})
MANAGERS = frozenset({"incident-manager", "duty-manager"})
WALLS = frozenset({"conflicted", "subject", "relative"})
SECOND_FACTOR = 2
OWES = "auditor"
"""Who has something open in the case where its tie is `owes`."""
NAMED = frozenset({"assigned", "claimed", "decided", "told"})


@dataclass(frozen=True)
class Cell:
    """One question."""

    runbook: str
    stage: str
    roles: frozenset[str]
    tie: str
    """What the person has to do with the case by name: `assigned`, `conflicted` … or nothing."""
    action: str
    level: int
    clearances: frozenset[str] = frozenset()
    """Named in the directory."""


class Text:
    """A runbook as it is written."""

    def __init__(self, source: bytes) -> None:
        # The fragments it uses come after it.
        self.whole, *others = list(YAML(typ="safe").load_all(source))
        known = {each["fragment"]: each for each in others}
        self.stages: dict[str, dict[str, Any]] = {}
        for stage in self.whole["stages"]:
            if "stage" in stage:
                self.stages[stage["stage"]] = stage
                continue
            for used in known[stage["fragment"]]["stages"]:
                self.stages[stage["with"].get("stage", "verification")] = used

    @property
    def closes(self) -> dict[str, Any]:
        """The stage in which it is closed."""
        return next(stage for stage in self.stages.values() if "dispositions" in stage)

    def voters(self) -> set[str]:
        """Every role that a gate asks, or lets in when it is silent."""
        found: set[str] = set()
        for stage in self.stages.values():
            if "ask" not in stage:
                continue
            found |= _parties(stage.get("approve", {})) | _parties(stage.get("reject", {}))
            silence = stage.get("silence")
            if isinstance(silence, dict):
                found |= _parties(silence.get("allow", {}))
        return found

    def deciding_in_turn(self) -> set[str]:
        """Every role that may have to decide when those do not."""
        found: set[str] = set()
        for stage in self.stages.values():
            if "ask" not in stage:
                continue
            split, silence = stage.get("split"), stage.get("silence")
            dissent = stage.get("dissent")
            parts = [part for part in (split, dissent) if isinstance(part, dict)]
            found |= {part["to"] for part in parts if "to" in part}
            if isinstance(silence, dict) and "ratify" in silence:
                found.add(silence["ratify"]["by"])
            found |= {step["page"] for step in stage.get("late", ()) if "page" in step}
        return found

    def mentions(self) -> set[str]:
        """Every word of the parts that give people work."""
        parts = ("clocks", "effects", "escalations", "updates", "handover")
        rest = {name: self.whole.get(name) for name in parts}
        return {*_words(self.stages), *_words(rest), *MANAGERS}


def _parties(counts: Any) -> set[str]:
    found: set[str] = set()
    for key, count in counts.items():
        # `2-of: [privacy, ciso]` names them after the number.
        found |= set(count) if isinstance(count, list) else set(str(key).split("|"))
    return found


def _words(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [word for key, item in value.items() for word in (str(key), *_words(item))]
    if isinstance(value, list):
        return [word for item in value for word in _words(item)]
    return [str(value)]


def may(cell: Cell, text: Text) -> bool:
    """Whether the house lets them."""
    if cell.tie in WALLS or cell.roles & KEEPERS:
        return False
    if cell.action == "open-in-emergency":
        return bool(cell.roles & EMERGENCY) and cell.level >= SECOND_FACTOR
    restricted = CLASSES.get(cell.runbook, "")
    cleared = (
        not restricted
        or restricted in cell.clearances
        or bool(cell.roles & set(CLEARED[restricted].split()))
    )
    named = cell.tie in NAMED
    voters = text.voters()
    owner = text.stages[cell.stage]["owner"]
    now = voters | {owner, text.closes["owner"], "duty-manager"}
    owes = cell.tie == "owes" and OWES in cell.roles
    involved = bool(cell.roles & now) or owes
    if text.whole.get("need-to-know"):
        sees = named or involved
    else:
        sees = named or involved or bool(cell.roles & text.mentions())
    decides = bool(cell.roles & (voters | text.deciding_in_turn()))
    reads = sees and cleared
    granted = cell.tie == "granted"
    runs = bool(cell.roles & MANAGERS) and (involved or not text.whole.get("need-to-know"))
    owns = cell.tie == "claimed" or text.closes["owner"] in cell.roles
    return {
        "list": sees or granted or bool(restricted and cell.roles & MANAGERS),
        "read": reads or granted,
        "grant-access": cleared and (owns or runs),
        "decode": reads and (not restricted or cell.level >= SECOND_FACTOR),
        "export": reads and (not restricted or cell.level >= SECOND_FACTOR),
        "evidence-apart": cleared and (named or decides or owes or owner in cell.roles)
        if restricted
        else sees or granted,
        "decide": reads and decides,
    }.get(cell.action, reads)
