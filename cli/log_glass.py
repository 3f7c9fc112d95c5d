"""`escalate log break-glass …`: two people let decisions go on while the log cannot be written."""

import uuid
from typing import Annotated, Any

import typer

from cli.output import AsJson, local, note, print_json, say, show, table
from cli.reach import gateway
from cli.reading_text import prose

app = typer.Typer(
    help="Go on while the transparency log cannot be written: two people, an hour at most.",
    no_args_is_help=True,
)
_PATH = "/api/log/break-glass"

Order = Annotated[int, typer.Argument(metavar="ORDER", help="The order's number.")]
Because = Annotated[str | None, typer.Option("--reason", "-m", help="Why; - reads stdin.")]


@app.command("list")
def list_(*, json_: AsJson = False) -> None:
    """What waits for the log, and every order, the latest first."""
    said = gateway().get(_PATH)
    if json_:
        print_json(said)
        return
    waiting, spool = said["waiting"], said["spool"]
    if waiting["acts"] or waiting["effects"]:
        say(
            f"{waiting['acts']} decisions and {waiting['effects']} irreversible actions wait for "
            f"the log since {local(waiting['since'])}."
        )
    else:
        say("Nothing waits for the log.")
    if spool["waiting"]:
        say(f"{spool['waiting']} lines of the spool are not in the log yet.")
    rows = [
        (
            each["order"],
            each["state"],
            each["asked_by"],
            each["confirmed_by"] or "",
            local(each["until"]) if each["until"] else "",
            each["reviewed_by"] or "",
        )
        for each in said["orders"]
    ]
    if rows:
        show(table("order", "state", "asked by", "confirmed by", "until", "reviewed by", rows=rows))


@app.command("open")
def open_(
    *,
    reason: Because = None,
    minutes: Annotated[int, typer.Option(min=1, max=60, help="For how long at most.")] = 60,
    json_: AsJson = False,
) -> None:
    """Ask a second person to confirm that decisions go on without the log."""
    content = {
        "id": str(uuid.uuid4()),
        "reason": prose(reason, what="the reason", required=True),
        "minutes": minutes,
    }
    _tell(_send(_PATH, content), json_=json_)


@app.command()
def confirm(order: Order, *, reason: Because = None, json_: AsJson = False) -> None:
    """You are the second person: what waits goes on, signed into the spool."""
    _step(order, "confirm", reason, json_=json_)


@app.command()
def end(order: Order, *, reason: Because = None, json_: AsJson = False) -> None:
    """It is over before its time, or is not wanted any more."""
    _step(order, "end", reason, json_=json_)


@app.command()
def review(order: Order, *, reason: Because = None, json_: AsJson = False) -> None:
    """You had no part in it, and have looked at what was let go."""
    _step(order, "review", reason, json_=json_)


def _step(order: int, step: str, reason: str | None, *, json_: bool) -> None:
    content = {"reason": prose(reason, what="the reason", required=True)}
    _tell(_send(f"{_PATH}/{order}/{step}", content), json_=json_)


def _send(path: str, content: dict[str, Any]) -> dict[str, Any]:
    return gateway().post(f"{path}?door=cli", content)


def _tell(said: dict[str, Any], *, json_: bool) -> None:
    if json_:
        print_json(said)
        return
    say(f"Order {said['order']}: {said['state'].replace('-', ' ')}.")
    if said["state"] == "waits":
        note(f"A second person: escalate log break-glass confirm {said['order']} --reason …")
    elif said["state"] == "to-review":
        note(f"Somebody else: escalate log break-glass review {said['order']} --reason …")
