"""`escalate runbook taxonomies`: what decisions can be called, and where that comes from."""

from typing import Annotated

import typer

from cli.output import USAGE, AsJson, print_json, say, show, stop, table


def register(app: typer.Typer) -> None:
    """The command stands in `escalate runbook`."""
    app.command()(taxonomies)


def taxonomies(
    name: Annotated[str | None, typer.Argument(help="One of them, for its codes.")] = None,
    *,
    json_: AsJson = False,
) -> None:
    """Every taxonomy is listed with its source; with a name, its codes."""
    from runbooks.taxonomies import taxonomies as shipped

    known = shipped()
    if name is not None and name not in known:
        stop(f'no taxonomy is called "{name}"', mend=f"There are: {', '.join(known)}", code=USAGE)
    chosen = [known[name]] if name is not None else list(known.values())
    if json_:
        print_json(
            [
                {**each.document.model_dump(mode="json", by_alias=True), "sha256": each.digest}
                for each in chosen
            ]
        )
        return
    if name is None:
        rows = [
            (each.reference, each.document.title, len(each.document.codes), each.document.mark,
             each.document.source, each.digest[:12])
            for each in chosen
        ]  # fmt: skip
        show(table("taxonomy", "title", "codes", "mark", "source", "sha256", rows=rows))
        return
    document = chosen[0].document
    say(f"{document.title}. {document.source} (mark {document.mark})")
    codes = [
        (code, label.title, ", ".join(f"{other}: {there}" for other, there in label.maps.items()))
        for code, label in document.codes.items()
    ]
    show(table("code", "meaning", "elsewhere", rows=codes))
