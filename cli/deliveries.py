"""`escalate deliveries …`: what came in, what was recorded, dead letters, tickets that differ."""

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


@app.command()
def drift(*, json_: AsJson = False) -> None:
    """Cases and tickets that differ: what is being mended, and what a person must do."""
    said = gateway().get("/api/tickets/drift")
    if json_:
        print_json(said)
        return
    rows = [
        (
            row["number"] or "none",
            row["kind"],
            row["subject"],
            row["whose"],
            local(row["found_at"]),
            row["says"],
            row["mend"] or "nothing: it is mended at the next look",
        )
        for row in said["drift"]
    ]
    if rows:
        show(table("case", "kind", "of", "whose", "since", "what", "what to do", rows=rows))
    else:
        say("Every ticket is as its case says.")


@app.command()
def accept(
    case: Annotated[str, typer.Argument(help="The case's number; none for a ticket without one.")],
    kind: Annotated[str, typer.Argument(help="As escalate deliveries drift names it.")],
    subject: Annotated[str, typer.Argument(help="What it is of, where several are alike.")] = "",
    *,
    reason: Annotated[str, typer.Option(help="Why it stays as it is.")],
    json_: AsJson = False,
) -> None:
    """The difference stays as it is, in your name: nobody is told of it again."""
    asked = {"case": case, "kind": kind, "subject": subject, "reason": reason}
    said = gateway().post("/api/tickets/accept", asked)
    if json_:
        print_json(said)
    else:
        say(f"Case {case}: {kind} stays as it is.")
