"""`escalate runbook schema`: the language key by key, for editors and for people."""

import json
from enum import StrEnum
from typing import Annotated

import typer


class Form(StrEnum):
    """How the language is told."""

    JSON = "json"
    MARKDOWN = "markdown"


def register(app: typer.Typer) -> None:
    """The command stands in `escalate runbook`."""
    app.command()(schema)


def schema(
    *, as_: Annotated[Form, typer.Option("--as", help="How it is told.")] = Form.JSON
) -> None:
    """The language key by key: JSON Schema for editors, or a reference to read."""
    from runbooks.rendering import reference

    if as_ is Form.MARKDOWN:
        typer.echo(reference.reference(), nl=False)
    else:
        typer.echo(json.dumps(reference.schema(), indent=2, ensure_ascii=False))
