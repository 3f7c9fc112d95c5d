"""`escalate case suppressed|release`: what rules hold back, and the way out of it."""

from typing import Annotated

import typer

from cli.case_group import app
from cli.output import AsJson, local, print_json, say, show, table
from cli.reach import gateway

STANDING = {
    "holds": "until {until}",
    "not-yet": "from {since} until {until}",
    "over": "ended {until}",
    "gone": "gone from the table",
}
"""What is said of a rule, by whether it hides reports today."""


@app.command()
def suppressed(*, json_: AsJson = False) -> None:
    """Rules that hold reports back, and what they hold back, without a word of what it says."""
    said = gateway().get("/api/suppressed")
    if json_:
        print_json(said)
        return
    rules = [
        (
            rule["rule"],
            STANDING[rule["standing"]].format(since=rule["since"], until=rule["until"]),
            rule["owner"],
            f"{rule['hides']} held, {rule['released']} let in",
            rule["looks_for"] or "—",
            rule["source"] or "—",
            rule["because"],
        )
        for rule in said["rules"]
    ]
    if rules:
        show(
            table(
                "rule", "stands", "answers for it", "hid", "looks for", "where", "why", rows=rules
            )
        )
    rows = [
        (each["rule"], local(each["received_at"]), each["source"], each["until"], each["key"])
        for each in said["suppressed"]
    ]
    if rows:
        show(table("rule", "received", "source", "hidden until", "key", rows=rows))
    else:
        say("Nothing is held back.")


@app.command()
def release(
    key: Annotated[str, typer.Argument(help="As escalate case suppressed names it.")],
    *,
    json_: AsJson = False,
) -> None:
    """A report that is held back opens its case in your name."""
    answer = gateway().post("/api/suppressed/release", {"key": key})
    if json_:
        print_json(answer)
    else:
        say(answer["case"])
