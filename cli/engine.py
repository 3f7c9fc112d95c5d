"""`escalate engine`: which Temporal, and why."""

import asyncio

import typer

from cli.output import UNREACHABLE, AsJson, print_json, say
from workers.settings import Settings

app = typer.Typer(help="Say which Temporal is used, and why.")


@app.callback(invoke_without_command=True)
def engine(*, json_: AsJson = False) -> None:
    """The engine of this installation and the reason for it; nothing is started or fetched."""
    from workers.which_engine import which_engine

    answer = asyncio.run(which_engine(Settings.load()))
    if json_:
        print_json(answer.model_dump(mode="json"))
    else:
        say(f"{answer.kind}: {answer.why}")
        if answer.server_version:
            say(f"server {answer.server_version}, namespace {answer.namespace}")
        if answer.running is not None:
            say("running" if answer.running else "not running: `escalate up` starts it")
        if answer.pollers is not None:
            say(f"{answer.pollers} workers poll")
        if answer.trouble:
            say(f"does not answer: {answer.trouble}")
    if answer.reachable is False:
        raise typer.Exit(UNREACHABLE)
