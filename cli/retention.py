"""`escalate retention list|due`: how long what is kept, and whose time is over."""

from typing import Annotated

import typer

from cli.output import AsJson, local, print_json, say, show, table
from cli.reach import gateway

app = typer.Typer(help="Show how long what is kept, and whose time is over.", no_args_is_help=True)


@app.command("list")
def list_(*, json_: AsJson = False) -> None:
    """The table that holds here: each class, its exceptions, their law and how well it is known."""
    said = gateway().get("/api/retention")
    if json_:
        print_json(said)
        return
    say(f"{said['retention']} {said['version']} — {said['note']}")
    rows = [
        (
            name,
            "every runbook",
            rule["keep"],
            rule["ends"],
            rule["mark"],
            rule["title"],
            rule["law"],
        )
        for name, rule in said["classes"].items()
    ]
    rows += [
        (
            line["class"],
            line["runbook"] + (f", {line['disposition']}" if line["disposition"] else ""),
            line["keep"],
            "at least" if line["at-least"] else "",
            line["mark"],
            "",
            line["law"],
        )
        for line in said["overrides"]
    ]
    show(table("class", "where", "kept", "then", "mark", "what", "law", rows=rows))


@app.command()
def due(
    *,
    every: Annotated[bool, typer.Option("--all", help="Every case that has ended.")] = False,
    json_: AsJson = False,
) -> None:
    """The cases of which some class is over its time, and what stands against erasing them."""
    said = gateway().get("/api/retention/due", all="1" if every else None)
    if json_:
        print_json(said)
        return
    rows = [
        (
            each["number"],
            each["runbook"],
            local(each["ended_at"]),
            ", ".join(item["data"] for item in each["classes"] if item["over"]) or "—",
            local(each["content_over_at"]),
            "erased" if each["erased"] else ("proposed" if each["proposed"] else ""),
            ", ".join(block["why"] for block in each["against"]),
        )
        for each in said["cases"]
    ]
    if rows:
        show(
            table(
                "case", "runbook", "ended", "over", "content until", "state", "against", rows=rows
            )
        )
    else:
        say("No retention time is over.")
