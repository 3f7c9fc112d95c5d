"""`escalate case comment|comments`: what people say about a case, to everybody or to some roles."""

from typing import Annotated

import typer

from cli.acting import ActId, Case, Role, act
from cli.case_group import ACTS, app
from cli.output import AsJson, local, print_json, say
from cli.reach import gateway, path_of
from cli.reading_text import prose


@app.command(rich_help_panel=ACTS)
def comment(
    case: Case,
    text: Annotated[
        str | None, typer.Argument(help="What you say; - reads stdin, without it $EDITOR opens.")
    ] = None,
    *,
    restricted_to: Annotated[
        list[str] | None,
        typer.Option("--restricted-to", metavar="ROLE", help="Only they read it; may be repeated."),
    ] = None,
    privileged: Annotated[
        bool, typer.Option("--privileged", help="Between counsel and client: shown as such.")
    ] = False,
    role: Role = None,
    act_id: ActId = None,
    json_: AsJson = False,
) -> None:
    """Something is said about the case; it decides nothing, and leaves by no ticket or notice."""
    body = {
        "verb": "comment",
        "text": prose(text, what="what you say"),
        "restricted_to": restricted_to or [],
        "privileged": privileged,
    }
    act(gateway(), case, body, role=role, act_id=act_id, json_=json_)


@app.command()
def comments(case: Case, *, json_: AsJson = False) -> None:
    """What was said about the case, as far as it is for you."""
    said = gateway().get(path_of(case, "comments"))
    if json_:
        print_json(said)
        return
    for each in said["comments"]:
        named = " and ".join(each["restricted_to"])
        for_whom = f", for {named} only" if named else ""
        mark = ", privileged" if each["privileged"] else ""
        say(f"{each['id']}  {local(each['at'])}  {each['by']} as {each['role']}{for_whom}{mark}")
        say(f"  {each['text']}" if each["text"] is not None else "  (not for you)")
    if not said["comments"]:
        say("Nobody has said anything.")
