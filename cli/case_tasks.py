"""`escalate case task|hand-on|finish|tasks`: what people owe a case beside its stages."""

from typing import Annotated

import typer

from cases.acts_on_tasks import Settlement
from cli.acting import ActId, Because, Case, Role, act
from cli.case_group import ACTS, app
from cli.case_standing import tasks_part
from cli.output import AsJson, print_json, say, show
from cli.reach import gateway, path_of
from cli.reading_text import instant, prose

Task = Annotated[str, typer.Argument(help="The task's id, as escalate case tasks names it.")]
Whose = Annotated[
    str | None, typer.Option("--to", help="The role that owes it; default: one of the person's.")
]
Person = Annotated[str | None, typer.Option("--person", help="The person it is meant for.")]


@app.command(rich_help_panel=ACTS)
def task(
    case: Case,
    what: Annotated[str, typer.Argument(help="What has to be done; - reads stdin.")],
    *,
    due: Annotated[str, typer.Option(help="By when: 4h, 2d, or an instant.")],
    to: Whose = None,
    person: Person = None,
    before_closing: Annotated[
        bool, typer.Option("--before-closing", help="The case does not close before it is settled.")
    ] = False,
    role: Role = None,
    act_id: ActId = None,
    json_: AsJson = False,
) -> None:
    """Somebody owes the case something by an instant; they are told, and reminded."""
    door = gateway()
    body = {
        "verb": "task",
        "what": prose(what, what="what has to be done"),
        "owner": to,
        "person": person,
        "due": instant(due, now=door.get(path_of(case))["now"]),
        "before_closing": before_closing,
    }
    act(door, case, body, role=role, act_id=act_id, json_=json_)


@app.command(rich_help_panel=ACTS)
def tasks(case: Case, *, json_: AsJson = False) -> None:
    """Every task of the case: who owes it, by when, and how it ended."""
    picture = gateway().get(path_of(case))
    if json_:
        print_json({"tasks": picture["state"].get("tasks", [])})
        return
    parts = tasks_part(picture)
    if not parts:
        say("The case has no tasks.")
    for part in parts:
        show(part)


@app.command("hand-on", rich_help_panel=ACTS)
def hand_on(
    case: Case,
    task: Task,
    *,
    to: Whose = None,
    person: Person = None,
    reason: Because = None,
    role: Role = None,
    act_id: ActId = None,
    json_: AsJson = False,
) -> None:
    """A task is somebody else's from now on, by the same instant."""
    body = {
        "verb": "hand-on",
        "task": task,
        "owner": to,
        "person": person,
        "reason": prose(reason, what="the reason", required=False),
    }
    act(gateway(), case, body, role=role, act_id=act_id, json_=json_)


@app.command(rich_help_panel=ACTS)
def finish(
    case: Case,
    task: Task,
    settlement: Annotated[
        Settlement, typer.Argument(help="done, waived (need not be done) or overturned (a review).")
    ] = Settlement.DONE,
    *,
    reference: Annotated[str, typer.Option(help="Where it can be seen.")] = "",
    note: Annotated[
        str | None, typer.Option("--note", "-m", help="What was done or found; - reads stdin.")
    ] = None,
    role: Role = None,
    act_id: ActId = None,
    json_: AsJson = False,
) -> None:
    """A task of the case is settled: done, called off, or a broken glass is reviewed."""
    body = {
        "verb": "finish",
        "task": task,
        "settlement": settlement.value,
        "reference": reference,
        "note": prose(note, what="what was done or found", required=not reference),
    }
    act(gateway(), case, body, role=role, act_id=act_id, json_=json_)
