"""`escalate away list|set|end`: who is away, and who acts in their place."""

from typing import Annotated, Any

import typer

from cli.output import AsJson, local, print_json, say, show, table
from cli.reach import gateway
from cli.reading_text import instant

app = typer.Typer(help="Say that you are away, and who acts for you.", no_args_is_help=True)

_PATH = "/api/absences"


@app.command("list")
def list_(*, json_: AsJson = False) -> None:
    """Your absences, and those of the people you act for; everybody's for incident managers."""
    said = gateway().get(_PATH)
    if json_:
        print_json(said)
        return
    rows = [
        (
            each["person"],
            local(each["since"]),
            local(each["until"]),
            each["delegate"] or "nobody",
            ", ".join(each["roles"]) or "every role",
            ", ".join(each["runbooks"]) or "every runbook",
            each["set_by"] or "the directory",
            each["id"],
        )
        for each in said["absences"]
    ]
    if rows:
        show(table("who", "from", "until", "acts for them", "as", "in", "set by", "id", rows=rows))
    else:
        say("Nobody you have to do with is away.")


@app.command("set")
def set_(
    *,
    until: Annotated[str, typer.Option(help="An instant with its offset, or a local time.")],
    since: Annotated[str, typer.Option("--from", help="Default: now.")] = "",
    delegate: Annotated[
        str | None, typer.Option("--delegate", help="Who gives your verdicts meanwhile.")
    ] = None,
    role: Annotated[
        list[str] | None, typer.Option("--role", help="Only in this role; may be repeated.")
    ] = None,
    runbook: Annotated[
        list[str] | None, typer.Option("--runbook", help="Only in its cases; may be repeated.")
    ] = None,
    person: Annotated[
        str | None,
        typer.Option("--person", help="Somebody else who is away; for incident managers."),
    ] = None,
    json_: AsJson = False,
) -> None:
    """You are away for a time: your delegate is told in your place, and can vote for you."""
    body: dict[str, Any] = {
        "until": instant(until),
        "roles": role or [],
        "runbooks": runbook or [],
    }
    body |= {"since": instant(since)} if since else {}
    body |= {"delegate": delegate} if delegate else {}
    body |= {"person": person} if person else {}
    said = gateway().post(_PATH, body)
    if json_:
        print_json(said)
    else:
        acts = said["delegate"] or "nobody"
        say(f"{said['person']} is away until {local(said['until'])}; {acts} acts for them.")


@app.command()
def end(
    absence: Annotated[str, typer.Argument(help="Its id, as escalate away list names it.")],
    *,
    json_: AsJson = False,
) -> None:
    """The absence is over now; what was done under it stays what it was."""
    said = gateway().post(f"{_PATH}/{absence}/end", {})
    if json_:
        print_json(said)
    else:
        say(f"{said['person']} is back.")
