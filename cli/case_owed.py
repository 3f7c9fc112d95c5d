"""`escalate case settle|extend`: what a case owes after closing, on the command line."""

from typing import Annotated, Any

import typer
from rich.console import RenderableType
from rich.text import Text

from cli.acting import ActId, Because, Case, Reason, Role, act
from cli.case_group import AFTER, app
from cli.output import USAGE, AsJson, local, stop, table
from cli.reach import gateway, path_of
from cli.reading_text import instant, prose

Name = Annotated[str, typer.Argument(metavar="OBLIGATION", help="As `case show` calls it.")]


@app.command(rich_help_panel=AFTER)
def settle(
    case: Case,
    obligation: Name,
    answer: Annotated[str, typer.Argument(help="One of its answers.")],
    *,
    reference: Annotated[str, typer.Option(help="A receipt: where it can be seen.")] = "",
    note: Because = None,
    role: Role = None,
    act_id: ActId = None,
    json_: AsJson = False,
) -> None:
    """A turn of what the case owes is settled by one of its answers."""
    door = gateway()
    body = {
        "verb": "settle",
        "obligation": obligation,
        "turn": _owed(door.get(path_of(case)), obligation)["turn"],
        "answer": answer,
        "reference": reference,
        "note": prose(note, what="the note", required=False),
    }
    act(door, case, body, role=role, act_id=act_id, json_=json_)


@app.command(rich_help_panel=AFTER)
def extend(
    case: Case,
    obligation: Name,
    *,
    until: Annotated[str, typer.Option(help="When it is due instead: 2d, or an instant.")],
    reason: Reason = None,
    role: Role = None,
    act_id: ActId = None,
    json_: AsJson = False,
) -> None:
    """What the case owes is due later, within the runbook's maximum."""
    door = gateway()
    owed = _owed(door.get(path_of(case)), obligation)
    body = {
        "verb": "extend",
        "obligation": obligation,
        "turn": owed["turn"],
        "until": instant(until, now=owed["due_at"]),
        "reason": prose(reason, what="the reason"),
    }
    act(door, case, body, role=role, act_id=act_id, json_=json_)


def owed_part(case: dict[str, Any]) -> list[RenderableType]:
    """What the case owes after closing, and the commands that settle it."""
    if not case["owed"]:
        return []
    rows = [
        (
            local(each["due_at"]),
            "settled" if each["done_at"] else "OVERDUE" if each["overdue"] else "owed",
            each["owner"],
            each["name"],
            each["title"],
        )
        for each in case["owed"]
    ]
    said: list[RenderableType] = [
        Text(
            "\nOwed after closing" if case["state"]["closing"] else "\nInterim rules",
            style="underline",
        ),
        table("due", "", "who", "obligation", "what", rows=rows),
    ]
    for each in case["owed"]:
        if each["answers"]:
            answers = " | ".join(answer["name"] for answer in each["answers"])
            said.append(
                Text(f"  escalate case settle {case['number']} {each['name']} ANSWER   ({answers})")
            )
    return said


def _owed(picture: dict[str, Any], name: str) -> dict[str, Any]:
    owed: dict[str, dict[str, Any]] = {each["name"]: each for each in picture["owed"]}
    if name not in owed:
        names = " | ".join(owed) or "nothing"
        stop(f"the case owes nothing called {name}", mend=f"It owes: {names}.", code=USAGE)
    return owed[name]
