"""`escalate runbook render`: one runbook as a picture, a page or an article."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cli.output import say
from cli.runbook import Folder, chosen
from runbooks import Runbook


class Form(StrEnum):
    """What a runbook can be rendered as."""

    SVG = "svg"
    SEVERITY = "severity-svg"
    MERMAID = "mermaid"
    MARKDOWN = "markdown"
    HTML = "html"
    ARTICLE = "article"


def register(app: typer.Typer) -> None:
    """The command stands in `escalate runbook`."""
    app.command()(render)


def render(
    name: Annotated[str, typer.Argument(help="A name, name@version, or a file.")],
    *,
    as_: Annotated[Form, typer.Option("--as", help="What it becomes.")] = Form.MARKDOWN,
    out: Annotated[
        Path | None, typer.Option(help="Where it is written; default: stdout.", dir_okay=False)
    ] = None,
    runbooks: Folder = None,
) -> None:
    """The runbook is a picture or a page for people, made from the same text the engine walks."""
    written = _rendered(chosen(name, folder=runbooks), as_)
    if out is None:
        typer.echo(written, nl=False)
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(written, encoding="utf-8")
    say(f"{out}: written.")


def _rendered(runbook: Runbook, form: Form) -> str:
    from runbooks import rendering

    match form:
        case Form.SVG:
            return rendering.pathway_picture(runbook)
        case Form.SEVERITY:
            return rendering.severity_picture(runbook)
        case Form.MERMAID:
            return rendering.mermaid(runbook)
        case Form.MARKDOWN:
            return rendering.markdown(rendering.playbook(runbook), runbook=runbook)
        case Form.HTML:
            return rendering.html(rendering.playbook(runbook), runbook=runbook)
        case Form.ARTICLE:
            return rendering.markdown(rendering.article(runbook), runbook=runbook)
