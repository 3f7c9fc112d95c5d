"""`escalate inbox`: what waits on me, and who owes what by when."""

from datetime import datetime
from typing import Annotated, Any

import typer

from cli.output import AsJson, local, print_json, say, show, table
from cli.reach import gateway

SHADOW = "Shadow: nothing is sent"


def inbox(
    *,
    everything: Annotated[bool, typer.Option("--all", help="Also what waits on others.")] = False,
    json_: AsJson = False,
) -> None:
    """What waits on you is listed: what is overdue, then by severity and priority."""
    said = gateway().get("/api/inbox")
    if json_:
        print_json(said)
        return
    if said["mine"]:
        show(_owed(said["mine"], as_of=said["as_of"]))
    else:
        say("Nothing waits on you.")
    if everything and said["others"]:
        say("\nWaits on others:")
        show(_owed(said["others"], as_of=said["as_of"]))
    say(f"\nAs of {local(said['as_of'])}.")


def _owed(items: list[dict[str, Any]], *, as_of: str) -> Any:
    return table(
        "case", "severity", "priority", "due", "", "stage", "who", "what",
        rows=[
            (
                item["number"],
                item["severity"],
                item["priority"],
                local(item["due_at"]),
                _mark(item, as_of=as_of),
                item["stage"],
                item["person"] or item["role"],
                item["what"],
            )
            for item in items
        ],
    )  # fmt: skip


def _mark(item: dict[str, Any], *, as_of: str) -> str:
    if item["shadow"]:
        return SHADOW
    if item["held"]:
        return "on hold"
    due = item["due_at"]
    late = due and datetime.fromisoformat(due) <= datetime.fromisoformat(as_of)
    return "OVERDUE" if late else ""
