"""`escalate legal-hold set|list|keep|lift|agree`: what may not be deleted."""

from typing import Annotated, Any

import typer

from cli.acting import ActId, Reason
from cli.keeping_acts import Code, post
from cli.output import USAGE, AsJson, local, print_json, say, show, stop, table
from cli.reach import gateway
from cli.reading_text import instant, prose

app = typer.Typer(
    help="Forbid that anything of a case or about a subject is deleted.", no_args_is_help=True
)

_PATH = "/api/legal-holds"
Hold = Annotated[str, typer.Argument(help="Its id, as escalate legal-hold list names it.")]


@app.command("list")
def list_(
    *,
    every: Annotated[bool, typer.Option("--all", help="Those that were lifted, too.")] = False,
    json_: AsJson = False,
) -> None:
    """The holds that stand: over what, for which matter, until which review."""
    said = gateway().get(_PATH, all="1" if every else None)
    if json_:
        print_json(said)
        return
    rows = [
        (
            each["number"] or f"about {each['subject'] or 'a subject'}",
            each["matter"],
            each["set_by"] or "its runbook",
            local(each["set_at"]),
            local(each["review_at"]),
            _standing(each),
            each["id"],
        )
        for each in said["holds"]
    ]
    if rows:
        show(table("over", "matter", "put by", "at", "review", "stands", "id", rows=rows))
    else:
        say("No legal hold stands.")


@app.command("set")
def set_(
    *,
    case: Annotated[str, typer.Option(help="The case's number.")] = "",
    subject: Annotated[
        str, typer.Option(help="Or a subject as reports name it: every case, later ones too.")
    ] = "",
    matter: Annotated[str, typer.Option(help="Reference of the proceedings.")],
    review_at: Annotated[str, typer.Option(help="When it is looked at again: 90d, or an instant.")],
    reason: Reason = None,
    act_id: ActId = None,
    json_: AsJson = False,
) -> None:
    """From now on nothing it covers is erased, released or destroyed."""
    if bool(case) is bool(subject):
        stop("name either a case or a subject", mend="--case 1042, or --subject REF", code=USAGE)
    door = gateway()
    body = {
        "case": case,
        "subject": subject,
        "matter": matter,
        "reason": prose(reason, what="the reason"),
        "review_at": _ahead(door, review_at),
    }
    _told(post(door, _PATH, body, act_id=act_id), json_=json_)


@app.command()
def keep(
    hold: Hold,
    *,
    review_at: Annotated[str, typer.Option(help="When it is looked at again: 90d, or an instant.")],
    reason: Reason = None,
    act_id: ActId = None,
    json_: AsJson = False,
) -> None:
    """It was looked at, and stands until the next review."""
    door = gateway()
    body = {
        "reason": prose(reason, what="what you found"),
        "review_at": _ahead(door, review_at),
    }
    _told(post(door, f"{_PATH}/{hold}/keep", body, act_id=act_id), json_=json_)


@app.command()
def lift(
    hold: Hold,
    *,
    reason: Reason = None,
    code: Code = None,
    act_id: ActId = None,
    json_: AsJson = False,
) -> None:
    """You ask for it to end; it stands until somebody of the other side agrees."""
    body = {"reason": prose(reason, what="the reason")}
    said = post(gateway(), f"{_PATH}/{hold}/lift", body, act_id=act_id, code=code)
    _told(said, json_=json_)


@app.command()
def agree(
    hold: Hold,
    *,
    reason: Annotated[str, typer.Option("--reason", "-m", help="Why you agree.")] = "",
    code: Code = None,
    act_id: ActId = None,
    json_: AsJson = False,
) -> None:
    """You agree that it ends: it is over."""
    body = {"reason": reason}
    said = post(gateway(), f"{_PATH}/{hold}/agree", body, act_id=act_id, code=code)
    _told(said, json_=json_)


def _ahead(door: Any, text: str) -> str:
    now = door.get("/api/cases", status="open")["as_of"]
    return instant(text, now=now)


def _standing(hold: dict[str, Any]) -> str:
    if not hold["stands"]:
        return f"lifted {local(hold['lifted_at'])} by {hold['lift_by']} and {hold['lifted_by']}"
    return f"yes; {hold['lift_by']} asks for its end" if hold["lift_by"] else "yes"


def _told(hold: dict[str, Any], *, json_: bool) -> None:
    if json_:
        print_json(hold)
        return
    over = f"case {hold['number']}" if hold["number"] else f"subject {hold['subject']}"
    say(f"Legal hold {hold['id']} over {over}: stands {_standing(hold)}.")
