"""Tasks of a case, and what became of its decisions, on a terminal."""

from typing import Any

from rich.console import RenderableType
from rich.text import Text

from cli.output import local, table


def tasks_part(case: dict[str, Any]) -> list[RenderableType]:
    """Every task of the case, with who owes it and how it ended."""
    rows = [
        (
            each["id"],
            each["what"],
            each["person"] or each["owner"],
            local(each["due"]),
            each["state"],
            _from(each),
        )
        for each in case["state"].get("tasks", [])
    ]
    if not rows:
        return []
    said = table("task", "what", "who", "due", "state", "from", rows=rows)
    return [Text("\nTasks", style="underline"), said]


def _from(task: dict[str, Any]) -> str:
    """What set it, and whether the case waits for it."""
    said = f"set by {task['by']}" if task["origin"] == "person" else str(task["origin"])
    said = f"{said} {task['gate'] or ''}".strip()
    return said if task.get("before_closing", True) else f"{said}; may close without it"


def standing(round_: dict[str, Any]) -> str:
    """Where the round stands, and whether its decision was taken back or came of broken glass."""
    said = str(round_["state"])
    if round_.get("glass"):
        hands = " and ".join(hand["person"] for hand in round_["glass"])
        said += f", glass: {hands}"
    if round_.get("revoked"):
        said += f", taken back by {round_['revoked']['by']}"
    return said


def voter(vote: dict[str, Any]) -> str:
    """Who voted, and for whom."""
    principal = vote.get("acting_for")
    return f"{vote['person']} for {principal}" if principal else str(vote["person"])
