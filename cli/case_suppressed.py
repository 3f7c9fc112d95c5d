"""`escalate case suppressed|release`: what rules hold back, and the way out of it."""

from typing import Annotated

import typer

from cli.case_group import app
from cli.output import AsJson, local, print_json, say, show, table
from cli.reach import gateway


@app.command()
def suppressed(*, json_: AsJson = False) -> None:
    """Reports that a rule holds back are listed without a word of what they say."""
    said = gateway().get("/api/suppressed")
    if json_:
        print_json(said)
        return
    for rule in said["rules"]:
        state = f"until {rule['until']}" if rule["holds"] else f"not now (until {rule['until']})"
        say(f"{rule['rule']}, {rule['owner']}, {state}, hides {rule['hides']}: {rule['because']}")
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
