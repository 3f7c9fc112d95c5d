"""`escalate erasure list|agree|withdraw`: what is to be erased, and by whose word."""

from typing import Annotated, Any

import typer

from cli.acting import ActId, Reason
from cli.keeping_acts import Code, post
from cli.output import AsJson, local, print_json, say, show, table
from cli.reach import gateway
from cli.reading_text import prose

app = typer.Typer(
    help="Agree to erasures, withdraw them, see how they stand.", no_args_is_help=True
)

_PATH = "/api/erasures"
Erasure = Annotated[str, typer.Argument(help="Its id, as escalate erasure list names it.")]


@app.command("list")
def list_(
    *,
    every: Annotated[bool, typer.Option("--all", help="Those that are over, too.")] = False,
    json_: AsJson = False,
) -> None:
    """The erasures that are open: proposed, asked for, or agreed to and waiting."""
    said = gateway().get(_PATH, all="1" if every else None)
    if json_:
        print_json(said)
        return
    rows = [_row(each) for each in said["erasures"]]
    if rows:
        show(table(*_COLUMNS, rows=rows))
    else:
        say("No erasure is open.")


@app.command()
def agree(
    erasure: Erasure,
    *,
    reason: Annotated[str, typer.Option("--reason", "-m", help="Why you agree.")] = "",
    code: Code = None,
    act_id: ActId = None,
    json_: AsJson = False,
) -> None:
    """You agree, as the second person: after the time to think the case's key is destroyed."""
    body = {"reason": reason}
    said = post(gateway(), f"{_PATH}/{erasure}/agree", body, act_id=act_id, code=code)
    told(said, json_=json_)


@app.command()
def withdraw(
    erasure: Erasure,
    *,
    reason: Reason = None,
    act_id: ActId = None,
    json_: AsJson = False,
) -> None:
    """It does not happen."""
    body = {"reason": prose(reason, what="the reason")}
    told(post(gateway(), f"{_PATH}/{erasure}/withdraw", body, act_id=act_id), json_=json_)


_COLUMNS = ("case", "state", "ground", "asked for by", "agreed to by", "happens", "against", "id")


def _row(each: dict[str, Any]) -> tuple[str, ...]:
    return (
        each["number"],
        each["state"],
        each["basis"],
        each["asked_by"] or "the retention table",
        each["agreed_by"] or "—",
        local(each["due_at"]),
        ", ".join(block["why"] for block in each["against"]),
        each["id"],
    )


def rows_of(erasures: list[dict[str, Any]]) -> Any:
    """Erasures as a table."""
    return table(*_COLUMNS, rows=[_row(each) for each in erasures])


def told(erasure: dict[str, Any], *, json_: bool) -> None:
    """One erasure, in a sentence."""
    if json_:
        print_json(erasure)
        return
    say(f"Erasure {erasure['id']} of case {erasure['number']}: {erasure['state']}.")
    if erasure["state"] == "asked":
        say(f"Somebody of the other side agrees by: escalate erasure agree {erasure['id']}")
    if erasure["due_at"] and erasure["state"] == "agreed":
        say(f"It happens at {local(erasure['due_at'])}; until then it can be withdrawn.")
