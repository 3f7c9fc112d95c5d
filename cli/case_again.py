"""`escalate case claim|hand-over|accept|link|merge|…`: whose a case is, with what, and again."""

from typing import Annotated

import typer

from cases.acts_between_cases import LinkKind
from cli.acting import ActId, Because, Case, Reason, Role, act
from cli.case_group import ACTS, app
from cli.output import AsJson
from cli.reach import gateway
from cli.reading_text import prose


@app.command(rich_help_panel=ACTS)
def claim(
    case: Case,
    *,
    release: Annotated[bool, typer.Option("--release", help="Give it back to the queue.")] = False,
    role: Role = None,
    act_id: ActId = None,
    json_: AsJson = False,
) -> None:
    """You take your role's work out of the queue for an hour; what you do keeps it yours."""
    act(
        gateway(),
        case,
        {"verb": "claim", "release": release},
        role=role,
        act_id=act_id,
        json_=json_,
    )


@app.command("hand-over", rich_help_panel=ACTS)
def hand_over(
    case: Case,
    work_of: Annotated[str, typer.Argument(metavar="ROLE", help="Whose work it is.")],
    person: Annotated[str, typer.Argument(help="Who should have it; their id.")],
    *,
    note: Annotated[
        str | None, typer.Option("--note", "-m", help="What they should know; - reads stdin.")
    ] = None,
    role: Role = None,
    act_id: ActId = None,
    json_: AsJson = False,
) -> None:
    """A role's work is offered to a person; it stays where it is until they accept."""
    body = {
        "verb": "hand-over",
        "role": work_of,
        "person": person,
        "note": prose(note, what="what they should know", required=False),
    }
    act(gateway(), case, body, role=role, act_id=act_id, json_=json_)


@app.command(rich_help_panel=ACTS)
def accept(
    case: Case,
    work_of: Annotated[str, typer.Argument(metavar="ROLE", help="Whose work you are offered.")],
    *,
    decline: Annotated[bool, typer.Option("--decline", help="You cannot take it.")] = False,
    reason: Because = None,
    role: Role = None,
    act_id: ActId = None,
    json_: AsJson = False,
) -> None:
    """Work that somebody hands over to you is yours, or stays with them."""
    body = {
        "verb": "accept",
        "role": work_of,
        "decline": decline,
        "reason": prose(reason, what="the reason", required=False),
    }
    act(gateway(), case, body, role=role, act_id=act_id, json_=json_)


@app.command(rich_help_panel=ACTS)
def link(
    case: Case,
    other: Annotated[str, typer.Argument(metavar="OTHER", help="The other case's number.")],
    *,
    kind: Annotated[
        LinkKind, typer.Option("--as", help="What the other is to this one.")
    ] = LinkKind.RELATED,
    remove: Annotated[bool, typer.Option("--remove", help="The link is taken away.")] = False,
    reason: Because = None,
    role: Role = None,
    act_id: ActId = None,
    json_: AsJson = False,
) -> None:
    """Another case belongs with this one; a case ends only after its sub-cases."""
    body = {
        "verb": "link",
        "number": other,
        "kind": kind.value,
        "remove": remove,
        "reason": prose(reason, what="the reason", required=remove),
    }
    act(gateway(), case, body, role=role, act_id=act_id, json_=json_)


@app.command(rich_help_panel=ACTS)
def reopen(
    case: Case,
    *,
    to: Annotated[
        str | None, typer.Option(help="The stage it goes on in; default: the runbook's.")
    ] = None,
    reason: Reason = None,
    role: Role = None,
    act_id: ActId = None,
    json_: AsJson = False,
) -> None:
    """A case that has ended goes on: same number, same record, fresh targets."""
    body = {"verb": "reopen", "to": to, "reason": prose(reason, what="the reason")}
    act(gateway(), case, body, role=role, act_id=act_id, json_=json_)


@app.command(rich_help_panel=ACTS)
def merge(
    case: Case,
    other: Annotated[
        str, typer.Argument(metavar="OTHER", help="The case that becomes part of it.")
    ],
    *,
    reason: Reason = None,
    role: Role = None,
    act_id: ActId = None,
    json_: AsJson = False,
) -> None:
    """Another case becomes part of this one; `unmerge` makes it a case of its own again."""
    body = {"verb": "merge", "number": other, "reason": prose(reason, what="the reason")}
    act(gateway(), case, body, role=role, act_id=act_id, json_=json_)


@app.command(rich_help_panel=ACTS)
def unmerge(
    case: Case,
    *,
    reason: Reason = None,
    role: Role = None,
    act_id: ActId = None,
    json_: AsJson = False,
) -> None:
    """A case that became part of another one is what it was before; the other gives back."""
    body = {"verb": "unmerge", "reason": prose(reason, what="the reason")}
    act(gateway(), case, body, role=role, act_id=act_id, json_=json_)
