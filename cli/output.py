"""How commands speak: results on stdout, everything else on stderr, four exit codes.

0  done
1  refused or failed; the sentence on stderr says why and what to do
2  used wrongly, or the answer is incomplete
3  the gateway, the store or the engine cannot be reached
"""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console, RenderableType
from rich.markup import escape
from rich.table import Table

from cli.inert import guarded, inert_json

REFUSED, USAGE, UNREACHABLE = 1, 2, 3
_PIPE = 240

AsJson = Annotated[bool, typer.Option("--json", help="One JSON value on stdout.")]

errors = guarded(Console(stderr=True, soft_wrap=True, highlight=False))


def show(part: RenderableType) -> None:
    """Prints a part; in a pipe it is as wide as it needs, so that no name is cut."""
    console = Console(highlight=False, soft_wrap=True)
    if not console.is_terminal:
        console = Console(highlight=False, soft_wrap=True, width=_PIPE)
    guarded(console).print(part)


def say(text: str) -> None:
    """One plain line on stdout, exactly as it is but for what a terminal would obey."""
    guarded(Console(highlight=False, soft_wrap=True, markup=False, emoji=False)).print(text)


def print_json(value: Any) -> None:
    """One JSON value on stdout."""
    typer.echo(inert_json(json.dumps(value, indent=2, ensure_ascii=False)))


def note(message: str) -> None:
    """A line for the person, not for a pipe."""
    errors.print(escape(message))


def stop(message: str, *, mend: str = "", code: int = REFUSED) -> NoReturn:
    """The command ends with that code, having said why and what to do."""
    errors.print(f"[red]{escape(message)}[/]")
    if mend:
        errors.print(escape(mend))
    raise typer.Exit(code)


def table(*columns: str, rows: Iterable[Sequence[object]]) -> Table:
    """Rows under their headings, without a frame; nothing in them is taken for markup."""
    drawn = Table(*columns, box=None, pad_edge=False)
    for row in rows:
        drawn.add_row(*(escape(str(cell) if cell is not None else "") for cell in row))
    return drawn


def local(instant: str | None) -> str:
    """An instant of the API in this machine's zone: `2026-11-22 03:04 GMT`."""
    if not instant:
        return "—"
    return f"{datetime.fromisoformat(instant).astimezone():%Y-%m-%d %H:%M %Z}"


def precise(instant: str) -> str:
    """The same to the second."""
    return f"{datetime.fromisoformat(instant).astimezone():%Y-%m-%d %H:%M:%S %Z}"
