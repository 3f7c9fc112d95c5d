"""The group `escalate case`; the modules that import it add its commands."""

import typer

app = typer.Typer(help="Open, read and work on cases.", no_args_is_help=True)

ACTS = "Acts"
GATES = "At a gate"
AFTER = "After closing"
