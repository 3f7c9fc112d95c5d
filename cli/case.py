"""`escalate case open|list|show|timeline|explain`: getting a case, and reading it."""

import time
import uuid
from enum import StrEnum
from typing import Annotated, Any

import typer

from cli import (
    case_again,
    case_bulk,
    case_comments,
    case_correct,
    case_erase,
    case_gate,
    case_messages,
    case_owed,
    case_past,
    case_report,
    case_rules,
    case_run,
    case_suppressed,
    case_tasks,
    case_work,
)
from cli.acting import Case
from cli.case_group import app
from cli.case_page import case_page
from cli.output import (
    UNREACHABLE,
    AsJson,
    local,
    note,
    precise,
    print_json,
    say,
    show,
    stop,
    table,
)
from cli.reach import gateway, path_of, refuse
from cli.reading_text import instant, pairs

__all__ = [
    "app",
    "case_again",
    "case_bulk",
    "case_comments",
    "case_correct",
    "case_erase",
    "case_gate",
    "case_messages",
    "case_owed",
    "case_past",
    "case_report",
    "case_rules",
    "case_run",
    "case_suppressed",
    "case_tasks",
    "case_work",
]

_OPENED = "escalate.report.opened"
_LOOKS, _PAUSE = 100, 0.1
_NOT_THERE = 404


class Status(StrEnum):
    """Which cases are listed."""

    OPEN = "open"
    HELD = "held"
    CLOSED = "closed"
    SHADOW = "shadow"
    ALL = "all"


@app.command("open")
def open_(
    *,
    id_: Annotated[
        str | None,
        typer.Option("--id", help="Your name for the report: the same id is the same case."),
    ] = None,
    tag: Annotated[list[str] | None, typer.Option(help="A tag that routing reads.")] = None,
    field: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="A form field of the report.")
    ] = None,
    about: Annotated[
        str, typer.Option(help="Whom it is about; only a salted digest of it travels.")
    ] = "",
    content_ref: Annotated[
        str, typer.Option(help="Where the reported content is kept; never the content.")
    ] = "",
    receipt_at: Annotated[
        str | None, typer.Option(help="When it was received, if earlier: statutory clocks count.")
    ] = None,
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Return once the case can be worked on.")
    ] = True,
    json_: AsJson = False,
) -> None:
    """A report opens a case, or reaches the case it belongs to; its number is printed."""
    door = gateway()
    data: dict[str, Any] = {
        "tags": tag or [],
        "fields": pairs(field or [], what="NAME"),
        "about": about,
        "content_ref": content_ref,
    }
    if receipt_at is not None:
        data["receipt_at"] = instant(receipt_at)
    report = {"id": id_ or str(uuid.uuid4()), "source": "cli", "type": _OPENED, "data": data}
    answer = door.ask("POST", "/api/reports", content=report, again=True)
    if answer.ok and "held" in answer.content:
        _held(answer.content, as_json=json_)
        return
    if not answer.ok or "case" not in answer.content:
        refuse(answer)
    number = answer.content["case"]
    if wait:
        for _ in range(_LOOKS):
            seen = door.ask("GET", path_of(number))
            if seen.status != _NOT_THERE:
                break
            time.sleep(_PAUSE)
        else:
            note(
                f"{number} is recorded and not running yet; it starts when the engine and a worker "
                f"are there. escalate case explain {number}"
            )
    if json_:
        print_json({"case": number, "id": report["id"], "known": answer.status == 200})  # noqa: PLR2004 - 202 is a new one
    else:
        say(number)


def _held(said: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(said)
        return
    note(f"Held back by {said['held']} until {said['until']}: no case was opened.")
    note("escalate case suppressed lists it; escalate case release opens its case.")


@app.command("list")
def list_(
    *,
    status: Annotated[Status, typer.Option(help="Which cases.")] = Status.OPEN,
    json_: AsJson = False,
) -> None:
    """The cases you may see are listed, the newest first."""
    said = gateway().get("/api/cases", status=status.value)
    if json_:
        print_json(said)
        return
    rows = [
        (
            line["number"],
            line["severity"],
            line["status"],
            line["stage"] or "",
            line["runbook"],
            local(line["due_at"]),
            "BREACHED" if line["breached"] else "",
            "shadow" if line["shadow"] else "",
        )
        for line in said["cases"]
    ]
    if rows:
        show(table("case", "severity", "status", "stage", "runbook", "due", "", "", rows=rows))
    else:
        say("There are none.")


@app.command("show")
def show_(case: Case, *, json_: AsJson = False) -> None:
    """One case: next step, who owes what, clocks, gates, facts, actions, and what you can do."""
    said = gateway().get(path_of(case))
    if json_:
        print_json(said)
    else:
        show(case_page(said))


@app.command()
def timeline(case: Case, *, json_: AsJson = False) -> None:
    """Everything that happened to the case, in order, from its journal and its doors."""
    said = gateway().get(path_of(case, "timeline"))
    if json_:
        print_json(said)
        return
    rows = [
        (
            precise(entry["at"]),
            f"{'door ' if entry['door'] else ''}{entry['sequence']}",
            entry["title"],
            entry["details"],
        )
        for entry in said["entries"]
    ]
    show(table("when", "entry", "what", "details", rows=rows))


@app.command()
def explain(case: Case, *, json_: AsJson = False) -> None:
    """Why the case is where it is, what it waits for, what happens next, and what is stuck."""
    answer = gateway().ask("GET", path_of(case, "explain"))
    if not answer.ok:
        refuse(answer)
    said = answer.content
    if json_:
        print_json(said["explanation"])
    else:
        for line in said["lines"]:
            say(line)
    if said.get("unreachable"):
        stop(
            f"What the engine knows is missing: {said['unreachable']}",
            mend="escalate doctor",
            code=UNREACHABLE,
        )
