"""`escalate case report`: a report to an authority, as it stands, and as a document to keep."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from cli.acting import Case
from cli.case_group import app
from cli.output import AsJson, print_json, say, show, table
from cli.reach import gateway, path_of


@app.command()
def report(
    case: Case,
    kind: Annotated[str, typer.Argument(help="The report's name in the runbook, or its form.")],
    *,
    out: Annotated[
        Path | None, typer.Option(help="Writes the draft there as a document.", dir_okay=False)
    ] = None,
    json_: AsJson = False,
) -> None:
    """A draft as it would be handed in, what it still lacks, and what became of it."""
    found = gateway().get(path_of(case, "reports", kind))
    if out is not None:
        out.write_text(found["document"], encoding="utf-8")
    if json_:
        print_json(found)
        return
    show(report_page(found))
    if out is not None:
        say(f"Written to {out}. To keep it as evidence:")
        say(
            f"  escalate case evidence {found['number']} --label {found['name']} "
            f"--reference WHERE --file {out}"
        )


def report_page(found: dict[str, Any]) -> RenderableType:
    """One report on a terminal."""
    parts: list[RenderableType] = [
        Text(f"{found['number']} · {found['title']}", style="bold"),
        Text(f"{found['form_title']}, to {found['receiver']} ({found['law']})"),
        Text(found["standing"], style="bold"),
    ]
    if found["by_hand"] and found["state"] not in ("done", "skipped"):
        parts.append(Text(found["by_hand"]))
    parts += [Text(f"  missing: {gap}") for gap in found["gaps"]]
    if found["lines"]:
        parts.append(table("field", "says", rows=found["lines"]))
    parts.append(Text(f"SHA-256 {found['digest']}", style="dim"))
    return Group(*parts)
