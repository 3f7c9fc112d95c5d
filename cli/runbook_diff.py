"""`escalate runbook diff`: what changed in meaning, the most dangerous first."""

from itertools import groupby
from typing import Annotated

import typer

from cli.output import AsJson, print_json, say
from cli.runbook import Folder, chosen
from runbooks.comparing import Change, Comparison, Direction, compare

Which = Annotated[str, typer.Argument(help="A name, name@version, or a file.")]

_SIGNS = {Direction.LOOSER: "!", Direction.TIGHTER: "+", Direction.OTHER: "·"}


def register(app: typer.Typer) -> None:
    """The command stands in `escalate runbook`."""
    app.command()(diff)


def diff(old: Which, new: Which, *, runbooks: Folder = None, json_: AsJson = False) -> None:
    """What NEW means that OLD did not; exit code 0 when both mean the same, 1 when not.

    `!` marks what is looser than before, `+` what is tighter, `·` what is neither.
    """
    found = compare(chosen(old, folder=runbooks), chosen(new, folder=runbooks))
    if json_:
        print_json({"same": found.same, **found.model_dump(mode="json")})
    else:
        tell(found)
    if not found.same:
        raise typer.Exit(1)


def tell(found: Comparison) -> None:
    """The changes are printed by group, the most dangerous first."""
    say(
        f"{found.old.runbook} {found.old.version} ({found.old.digest[:12]}) → "
        f"{found.new.runbook} {found.new.version} ({found.new.digest[:12]})"
    )
    for group, changes in groupby(found.changes, key=lambda each: each.group):
        say(f"\n{group}")
        for change in changes:
            say(f"  {_SIGNS[change.direction]} {_sentence(change)}")
    number = len(found.changes)
    said = "1 change of meaning" if number == 1 else f"{number} changes of meaning"
    say("\nBoth mean the same." if found.same else f"\n{said}")


def _sentence(change: Change) -> str:
    return f"{change} (for example {change.example})" if change.example else str(change)
