"""`escalate deliveries …`: what came in and went out, dead letters, receivers, and tickets."""

import re
from enum import StrEnum
from typing import Annotated, Any

import typer

from cli.output import REFUSED, AsJson, local, note, print_json, say, show, table
from cli.reach import gateway
from cli.reading_text import instant

app = typer.Typer(help="Look at what came in and went out, send it again, and subscribe to events.")

Key = Annotated[str, typer.Argument(help="As escalate deliveries list names it.")]
SPAN = re.compile(r"[0-9]{1,6}[smhd]")
Name = Annotated[str, typer.Argument(help="The receiver's name.")]


class Way(StrEnum):
    """Which way it went."""

    IN = "in"
    OUT = "out"


class Outcome(StrEnum):
    """How far something has come, or how a call ended."""

    DEAD = "dead"
    PENDING = "pending"
    STARTED = "started"
    ATTACHED = "attached"
    ANSWERED = "answered"
    DELIVERED = "delivered"
    UNDER_WAY = "under-way"
    REFUSED = "refused"
    CONFLICT = "conflict"
    THROTTLED = "throttled"
    UNAVAILABLE = "unavailable"
    UNKNOWN = "unknown"
    MISANSWERED = "misanswered"
    TAKEN = "taken"
    HELD = "held"
    KNOWN = "known"
    IGNORED = "ignored"
    UNREADABLE = "unreadable"
    FAILED = "failed"


@app.command("list")
def list_(
    *,
    outcome: Annotated[Outcome | None, typer.Option("--outcome", "--state")] = None,
    case: Annotated[str | None, typer.Option(help="Only of that case.")] = None,
    way: Annotated[Way | None, typer.Option("--direction", help="Only in, or only out.")] = None,
    vendor: Annotated[
        str | None, typer.Option(help="Only of that source, vendor or receiver.")
    ] = None,
    since: Annotated[str | None, typer.Option(help="An instant, or a span back: 2h, 3d.")] = None,
    json_: AsJson = False,
) -> None:
    """What came in and went out, without a word of what it says, the latest first."""
    said = gateway().get(
        "/api/deliveries",
        outcome=outcome.value if outcome else None,
        case=case,
        direction=way.value if way else None,
        vendor=vendor,
        since=_since(since) if since else None,
    )
    if json_:
        print_json(said)
        return
    rows = [
        (
            row["number"] or "—",
            row["direction"],
            f"{row['title']} · {row['vendor']}"
            if row["what"] in ("call", "event")
            else row["title"],
            _outcome(row),
            local(row["at"]),
            row["attempts"],
            row["error"],
            row["key"],
        )
        for row in said["deliveries"]
    ]
    if not rows:
        say("There are none.")
        return
    show(table("case", "way", "what", "outcome", "at", "tries", "last error", "key", rows=rows))
    for mend in sorted({row["mend"] for row in said["deliveries"] if row["outcome"] == "dead"}):
        note(mend)


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
    """One delivery and every call made for it: where it stands, how long, what went wrong."""
    said = gateway().get("/api/deliveries/one", key=key)
    if json_:
        print_json(said)
        return
    show(table("", "", rows=_facts(said["delivery"])))
    for call in said["calls"]:
        say(f"Try {call['attempts']}:")
        show(table("", "", rows=_facts(call)))


@app.command()
def redeliver(key: Key, *, json_: AsJson = False) -> None:
    """It is tried again at once under the same key; exit code 1 when nothing was sent."""
    said = gateway().post("/api/deliveries/redeliver", {"key": key})
    if json_:
        print_json(said)
    else:
        say(said["says"])
        note(said["mend"] or f"escalate deliveries show {said['key']} tells what came of it.")
    if not said["redelivered"]:
        raise typer.Exit(REFUSED)


@app.command()
def subscribe(
    name: Name,
    url: Annotated[str, typer.Argument(help="A public https address.")],
    *,
    kind: Annotated[
        list[str] | None,
        typer.Option(help="Only of these kinds, or beginning so: gate, gate:round. Repeatable."),
    ] = None,
    json_: AsJson = False,
) -> None:
    """Events go there from now on; the secret that signs them is said this once."""
    said = gateway().post("/api/subscriptions", {"name": name, "url": url, "kinds": kind or []})
    if json_:
        print_json(said)
        return
    say(said["secret"])
    note(f"{name} is sent events. Give it the secret; it is not shown again.")


@app.command()
def unsubscribe(name: Name, *, json_: AsJson = False) -> None:
    """The receiver and everything that waits for it are gone."""
    said = gateway().post("/api/subscriptions/remove", {"name": name})
    if json_:
        print_json(said)
    else:
        say(f"{name} is sent nothing any more.")


@app.command()
def resume(name: Name, *, json_: AsJson = False) -> None:
    """A receiver that had asked not to be called (410) is called again."""
    said = gateway().post("/api/subscriptions/resume", {"name": name})
    if json_:
        print_json(said)
    else:
        say(f"{name} is sent what waits." if said["resumed"] else f"{name} was not stopped.")


@app.command()
def subscriptions(*, json_: AsJson = False) -> None:
    """Who is sent events of which kinds, and how that goes."""
    said = gateway().get("/api/subscriptions")
    if json_:
        print_json(said)
        return
    rows = [
        (
            each["name"],
            each["state"],
            each["shown"],
            ", ".join(each["kinds"]) or "all",
            each["events"].get("delivered", 0),
            each["events"].get("pending", 0),
            each["events"].get("dead", 0),
            each["because"],
        )
        for each in said["subscriptions"]
    ]
    if rows:
        columns = ("name", "state", "address", "kinds", "delivered", "waiting", "dead", "why")
        show(table(*columns, rows=rows))
    else:
        say("Nobody is sent events.")


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


def _since(text: str) -> str:
    """A span as it is, for the gateway counts it back from its own clock; else an instant."""
    return text if SPAN.fullmatch(text) else instant(text)


def _outcome(row: dict[str, Any]) -> str:
    return f"{row['outcome']} {row['status']}" if row["status"] else str(row["outcome"])


def _facts(line: dict[str, Any]) -> list[tuple[str, object]]:
    facts = {**{name: value for name, value in line.items() if name != "detail"}, **line["detail"]}
    return [(name, value) for name, value in facts.items() if value not in (None, "", {})]
