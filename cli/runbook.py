"""`escalate runbook`: write, read, check and list runbooks."""

import asyncio
import json
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console, RenderableType
from rich.markup import escape
from rich.table import Table

from cli import release, table_page
from cli.patience import patience
from cli.runbook_folder import ROUTING, text_of, texts_of
from cli.runbook_page import page
from runbooks import (
    Finding,
    Runbook,
    RunbookProblems,
    Weight,
    check_routing,
    compile_runbook,
    lint,
    load_routing,
    load_runbook,
)
from runbooks.library import routing
from runbooks.schema import schema as whole_schema
from runbooks.template import new_runbook
from runbooks.writing import written
from workers.clock import SystemClock

app = typer.Typer(help="Write, read, check and list runbooks.", no_args_is_help=True)


AsJson = Annotated[bool, typer.Option("--json", help="One JSON value on stdout.")]
Folder = Annotated[
    Path | None,
    typer.Option("--runbooks", help="A team's own runbooks, beside the library.", file_okay=False),
]
On = Annotated[
    str | None,
    typer.Option(metavar="DATE", help="The day reviews are compared with; default: today."),
]

_out = Console(soft_wrap=True, highlight=False, emoji=False)
_PIPE = 240
_err = Console(stderr=True, soft_wrap=True, highlight=False, emoji=False)


@app.command()
def new(name: str, *, runbooks: Folder = None, on: On = None) -> None:
    """A new runbook stands in NAME.yaml; it loads and lints clean, ready to be changed."""
    path = (runbooks or Path()) / f"{name}.yaml"
    if path.exists():
        _stop(f"{path} exists already: choose another name, or edit it")
    text = new_runbook(name, review_by=_day(on) + timedelta(days=180))
    try:
        load_runbook(text, file=str(path))
    except RunbookProblems as refused:
        _stop(str(refused.problems[0].expected), code=2)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text)
    _out.print(f"{escape(str(path))}: written. Next: escalate runbook lint {escape(str(path))}")


@app.command(name="list")
def list_(*, runbooks: Folder = None, json_: AsJson = False) -> None:
    """Every runbook of the library and of the team is listed; a refused one says so.

    Whoever is logged in at a gateway also sees how far each version has come there.
    """
    texts = _texts(runbooks)
    loaded, refused = _loaded(texts)
    standing = release.standing()
    rows = [
        {
            "runbook": runbook.name,
            "version": runbook.version,
            "title": runbook.document.title,
            "owner": runbook.document.owner,
            "review_by": runbook.document.review_by.isoformat(),
            "digest": runbook.digest,
            "file": runbook.file,
            "released": release.said(standing, runbook.digest),
        }
        for runbook in loaded.values()
    ]
    if json_:
        _print_json(rows)
    else:
        table = Table(
            "runbook", "version", "title", "owner", "review by", "digest", "released", box=None
        )
        for row in rows:
            table.add_row(
                *(row[key] for key in ("runbook", "version", "title", "owner", "review_by")),
                (row["digest"] or "")[:12],
                row["released"] or "not known here",
            )
        _show(table)
    for problems in refused:
        _err.print(escape(str(problems)))
    if refused:
        raise typer.Exit(1)


@app.command(name="lint")
def lint_(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Runbooks; default: all there are.", exists=True)
    ] = None,
    *,
    runbooks: Folder = None,
    directory: Annotated[
        Path | None,
        typer.Option(help="JSON: how many people hold each role.", exists=True, dir_okay=False),
    ] = None,
    on: On = None,
    json_: AsJson = False,
) -> None:
    """Every finding is printed with its place and mend; exit code 1 when one is an error."""
    texts = _texts(runbooks)
    everything, _ = _loaded(texts)
    chosen = {str(path): text_of(path) for path in files} if files else texts
    loaded, refused = _loaded(chosen)
    people = _directory(directory)
    day = _day(on)
    with patience() as progress:
        findings = [
            finding
            for runbook in loaded.values()
            for finding in lint(
                runbook,
                today=day,
                library=everything | loaded,
                directory=people,
                progress=progress,
            )
        ]
    if not files:
        refused.extend(_routing_problems(runbooks, everything))
    wrong = bool(refused) or any(each.severity is Weight.ERROR for each in findings)
    if json_:
        problems = [problem.as_record() for each in refused for problem in each.problems]
        found = [finding.model_dump(mode="json") for finding in findings]
        _print_json({"ok": not wrong, "refused": problems, "findings": found})
    else:
        _report(findings, refused, checked=len(loaded))
    if wrong:
        raise typer.Exit(1)


@app.command()
def show(
    name: str,
    *,
    runbooks: Folder = None,
    text: Annotated[
        bool, typer.Option("--text", help="Its text, every fragment in its place.")
    ] = False,
    json_: AsJson = False,
) -> None:
    """The runbook NAME (or a file) is printed as it is read aloud; with --json its pathway."""
    runbook = chosen(name, folder=runbooks)
    if text:
        typer.echo(written(runbook.root), nl=False)
    elif json_:
        typer.echo(compile_runbook(runbook).model_dump_json(indent=2))
    else:
        for part in page(runbook):
            _show(part)


@app.command(name="table")
def table_(
    name: str,
    *,
    answers: Annotated[
        list[str] | None, typer.Option(help="An answer, as question=answer; may be repeated.")
    ] = None,
    runbooks: Folder = None,
    json_: AsJson = False,
) -> None:
    """The severity table of NAME (or a file) is printed, the row these answers get, and why."""
    runbook = chosen(name, folder=runbooks)
    given = dict(each.partition("=")[::2] for each in answers or ())
    unknown = [question for question in given if question not in runbook.document.intake]
    if unknown or not all("=" in each for each in answers or ()):
        asked = ", ".join(runbook.document.intake)
        _stop(f"--answers takes question=answer; the questions are: {asked}", code=2)
    if json_:
        _print_json(table_page.record(runbook, given))
    else:
        for part in table_page.page(runbook, given):
            _show(part)


@app.command()
def schema() -> None:
    """The JSON Schema of the language, for editors."""
    _print_json(whole_schema())


def chosen(name: str, *, folder: Path | None) -> Runbook:
    """The runbook of that file, else the one called that in the team's folder or the library.

    `name@version` asks for that version; one that is not here is asked of the gateway.
    """
    path = Path(name)
    if path.is_file():
        loaded, refused = _loaded({name: text_of(path)})
        if refused:
            _stop(str(refused[0]))
        return next(iter(loaded.values()))
    called, _, version = name.partition("@")
    loaded, _ = _loaded(_texts(folder))
    runbook = loaded.get(called)
    if runbook is None or version not in {"", runbook.version}:
        source = release.source_of(called, version) if version else None
        if source is None:
            known = ", ".join(f"{each.name}@{each.version}" for each in loaded.values()) or "none"
            _stop(f'no runbook is called "{name}"; there are: {known}', code=2)
        runbook = load_runbook(source, file=f"{name}.yaml")
    return runbook


def _day(on: str | None) -> date:
    if on is None:
        return asyncio.run(SystemClock().now()).date()
    try:
        return date.fromisoformat(on)
    except ValueError:
        _stop("--on takes a day like 2026-11-22", code=2)


def _directory(path: Path | None) -> Mapping[str, int] | None:
    if path is None:
        return None
    try:
        people = json.loads(path.read_bytes())
    except ValueError:
        people = None
    if not isinstance(people, dict) or not all(type(n) is int for n in people.values()):
        _stop(f'{path}: expected JSON like {{"legal": 3, "policy": 2}}', code=2)
    return {str(role): number for role, number in people.items()}


def _texts(folder: Path | None) -> dict[str, bytes]:
    if folder is not None and not folder.is_dir():
        _stop(f"{folder} is not a folder", code=2)
    return texts_of(folder)


def _loaded(texts: Mapping[str, bytes]) -> tuple[dict[str, Runbook], list[RunbookProblems]]:
    loaded: dict[str, Runbook] = {}
    refused: list[RunbookProblems] = []
    for file, text in texts.items():
        try:
            runbook = load_runbook(text, file=file)
        except RunbookProblems as problems:
            refused.append(problems)
        else:
            loaded[runbook.name] = runbook
    return loaded, refused


def _routing_problems(
    folder: Path | None, everything: Mapping[str, Runbook]
) -> list[RunbookProblems]:
    own = folder / ROUTING if folder else None
    file, text = (str(own), own.read_bytes()) if own and own.is_file() else (ROUTING, routing())
    try:
        check_routing(load_routing(text, file=file), library=everything)
    except RunbookProblems as problems:
        return [problems]
    return []


def _report(findings: list[Finding], refused: list[RunbookProblems], *, checked: int) -> None:
    for problems in refused:
        for problem in problems.problems:
            _out.print(f"[red]{escape(str(problem))}[/]\n    {escape(problem.mend)}")
    for finding in findings:
        colour = "red" if finding.severity is Weight.ERROR else "yellow"
        _out.print(f"[{colour}]{escape(str(finding))}[/] ({finding.severity})")
        _out.print(f"    {escape(finding.why)} {escape(finding.mend)}")
        if finding.evidence:
            _out.print(f"    The way there: {escape(', '.join(finding.evidence))}")
    wrong = sum(finding.severity is Weight.ERROR for finding in findings)
    _out.print(
        f"{checked} read, {len(refused)} refused, {wrong} errors, {len(findings) - wrong} warnings"
    )


def _show(part: RenderableType) -> None:
    """Prints a part; in a pipe it is as wide as it needs, so that no name is cut."""
    wide = Console(highlight=False, width=None if _out.is_terminal else _PIPE)
    wide.print(part)


def _print_json(value: object) -> None:
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))


def _stop(message: str, *, code: int = 1) -> NoReturn:
    _err.print(escape(message))
    raise typer.Exit(code)
