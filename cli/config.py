"""`escalate config`: what can be set."""

from typing import Annotated

import typer

from cli.output import AsJson, print_json, say
from workers.settings_reference import reference

app = typer.Typer(help="Say what can be set.", no_args_is_help=True)


@app.callback()
def config() -> None:
    """What can be set."""


@app.command(name="reference")
def reference_(
    *,
    json_: AsJson = False,
    match: Annotated[str, typer.Option("--match", help="Only names that hold these letters.")] = "",
) -> None:
    """Every setting is listed: its name in the environment, its default and what it means."""
    lines = [line for line in reference() if match.upper() in line.name]
    if json_:
        print_json([vars(line) for line in lines])
        return
    for line in lines:
        default = f" [{line.default}]" if line.default else ""
        secret = " (secret; also as a file: …_FILE)" if line.secret else ""
        say(f"{line.name}{default}{secret}")
        say(f"    {line.description}")
