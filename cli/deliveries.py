"""`escalate deliveries list|mails|show|redeliver`: what came in or was recorded, dead letters."""

from enum import StrEnum
from typing import Annotated

import typer

from cli.output import REFUSED, AsJson, local, note, print_json, say, show, table
from cli.reach import gateway

app = typer.Typer(help="Look at deliveries and acts, and send dead ones again.")

Key = Annotated[str, typer.Argument(help="As escalate deliveries list names it.")]


class State(StrEnum):
    """How far something has come."""

    PENDING = "pending"
    STARTED = "started"
    ATTACHED = "attached"
    ANSWERED = "answered"
    DEAD = "dead"


@app.command("list")
def list_(
    *,
    state: Annotated[State | None, typer.Option(help="Only those.")] = None,
    case: Annotated[str | None, typer.Option(help="Only of that case.")] = None,
    json_: AsJson = False,
) -> None:
    """Deliveries and acts are listed without a word of what they say, the latest first."""
    said = gateway().get("/api/deliveries", state=state.value if state else None, case=case)
    if json_:
        print_json(said)
        return
    rows = [
        (
            row["number"],
            f"report by {row['source']}",
            row["state"],
            local(row["received_at"]),
            row["attempts"],
            row["last_error"],
            row["key"],
        )
        for row in said["deliveries"]
    ]
    rows += [
        (
            row["number"],
            f"{row['verb']} by {row['person']}",
            row["state"],
            local(row["signed_at"]),
            row["attempts"],
            row["last_error"],
            row["id"],
        )
        for row in said["acts"]
    ]
    if rows:
        show(table("case", "what", "state", "at", "tries", "last error", "key", rows=rows))
    else:
        say("There are none.")


@app.command()
def mails(*, json_: AsJson = False) -> None:
    """Mails that came in are listed, dropped ones with their reason, without a word of theirs."""
    said = gateway().get("/api/mails")
    if json_:
        print_json(said)
        return
    rows = [
        (
            local(mail["received_at"]),
            mail["kind"],
            mail["person"] or "—",
            mail["why"],
            mail["key"][:16],
        )
        for mail in said["mails"]
    ]
    if rows:
        show(table("received", "what", "who", "why it was dropped", "key", rows=rows))
    else:
        say("No mail came in.")


@app.command("show")
def show_(key: Key, *, json_: AsJson = False) -> None:
    """One delivery or act: where it stands, how often it was tried, what went wrong."""
    said = gateway().get("/api/deliveries/one", key=key)
    if json_:
        print_json(said)
        return
    row = said.get("delivery") or said["act"]
    show(table("", "", rows=[(name, value) for name, value in row.items() if value is not None]))


@app.command()
def redeliver(key: Key, *, json_: AsJson = False) -> None:
    """It is tried again at once; exit code 1 when it had been done before."""
    said = gateway().post("/api/deliveries/redeliver", {"key": key})
    if json_:
        print_json(said)
    elif said["redelivered"]:
        say(f"{key} is being tried again.")
        note(f"escalate deliveries show {key} tells what came of it.")
    else:
        say(f"{key} was done before: nothing is sent again.")
    if not said["redelivered"]:
        raise typer.Exit(REFUSED)
