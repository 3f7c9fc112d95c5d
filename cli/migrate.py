"""`escalate runbook migrate`: running cases go on under another version, case by case (I2).

Nothing is sent without `--propose`, `--approve` or `--back`: without them it is the preview.
"""

import uuid
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.console import RenderableType
from rich.markup import escape
from rich.progress import track

from cases.migration_preview import MigrationPreview
from cli.acting import await_picture
from cli.output import REFUSED, USAGE, AsJson, errors, local, note, print_json, show, stop, table
from cli.reach import Gateway, gateway, path_of
from cli.reading_text import prose

_MANY = 5
"""From so many cases on a bar is shown."""


class Step(StrEnum):
    """What is done about the version, case by case."""

    PREVIEW = "preview"
    PROPOSE = "propose"
    APPROVE = "approve"
    BACK = "back"


def register(app: typer.Typer) -> None:
    """The command stands in `escalate runbook`."""
    app.command()(migrate)


def migrate(
    name: Annotated[str, typer.Argument(help="The runbook's name.")],
    *,
    to: Annotated[str, typer.Option("--to", metavar="VERSION", help="The version to go on under.")],
    case: Annotated[
        list[str] | None,
        typer.Option("--case", metavar="CASE", help="Only this case; may be repeated."),
    ] = None,
    propose: Annotated[
        bool, typer.Option("--propose", help="Ask for it, for every case it fits.")
    ] = False,
    approve: Annotated[
        bool, typer.Option("--approve", help="Agree where somebody else has asked: they are moved.")
    ] = False,
    back: Annotated[
        bool,
        typer.Option("--back", help="Take cases back that nobody has decided anything in since."),
    ] = False,
    reason: Annotated[
        str | None, typer.Option("--reason", "-m", help="Why; - reads stdin, else $EDITOR opens.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")] = False,
    json_: AsJson = False,
) -> None:
    """What another version would change in running cases; with an option, they are moved.

    Two people move a case: one asks with --propose, another agrees with --approve. Until somebody
    decides anything in it, one person can take it back with --back. Exit code 1 when a case was
    refused.
    """
    step = _step(propose=propose, approve=approve, back=back)
    door = gateway()
    found = door.get(f"/api/runbooks/{name}/migration", to=to)
    meant = _meant(found, case or [], step)
    if step is Step.PREVIEW:
        if json_:
            print_json({**found, "cases": meant})
        else:
            for part in _page(found, meant):
                show(part)
        return
    if not meant:
        stop(
            f"No case can be moved so: {_NOBODY[step]}",
            mend=f"escalate runbook migrate {name} --to {to}",
        )
    because = prose(reason, what="the reason") if step is not Step.APPROVE else ""
    if not json_:
        for part in _page(found, meant):
            show(part)
    if not yes and not typer.confirm(
        f"{step.value.capitalize()} for {len(meant)} cases?", err=True
    ):
        stop("Nothing was sent.")
    shown = track(meant, description=to, console=errors, disable=len(meant) < _MANY, transient=True)
    answers = [_send(door, each["number"], to, because) for each in shown]
    _tell(answers, name=name, to=to, step=step, json_=json_)


_NOBODY = {
    Step.PROPOSE: "it fits none that has not been asked for",
    Step.APPROVE: "nobody else has asked for it",
    Step.BACK: "none came from that version without a decision since",
}


def _step(*, propose: bool, approve: bool, back: bool) -> Step:
    chosen = [
        step
        for step, given in ((Step.PROPOSE, propose), (Step.APPROVE, approve), (Step.BACK, back))
        if given
    ]
    if len(chosen) > 1:
        stop("one of --propose, --approve, --back", code=USAGE)
    return chosen[0] if chosen else Step.PREVIEW


def _meant(found: dict[str, Any], numbers: list[str], step: Step) -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = found["cases"]
    missing = [number for number in numbers if number not in {each["number"] for each in cases}]
    if missing:
        stop(
            f"No running case {', '.join(missing)} of {found['runbook']} under another version.",
            mend=f"escalate case list --runbook {found['runbook']}",
        )
    return [
        each
        for each in cases
        if (not numbers or each["number"] in numbers) and _applies(each, found["version"], step)
    ]


def _applies(case: dict[str, Any], version: str, step: Step) -> bool:
    asked = case["proposed"] is not None and case["proposed"]["version"] == version
    match step:
        case Step.PREVIEW:
            return True
        case Step.PROPOSE:
            return bool(case["fits"]) and not asked and not case["back"]
        case Step.APPROVE:
            return bool(case["fits"]) and asked
        case Step.BACK:
            return bool(case["fits"] and case["back"])


def _send(door: Gateway, number: str, version: str, reason: str) -> dict[str, Any]:
    body = {"verb": "migrate", "version": version, "reason": reason}
    content = {"body": body, "act_id": str(uuid.uuid4()), "role": "", "door": "cli"}
    answer = door.ask("POST", path_of(number, "acts"), content=content, again=True)
    await_picture(door, number, answer.content.get("receipt"))
    return {"number": number, "ok": answer.ok, "says": answer.says, **_outcome(answer.content)}


def _outcome(content: dict[str, Any]) -> dict[str, Any]:
    receipt = content.get("receipt") or {}
    return {
        "outcome": content.get("outcome") or content.get("error") or "",
        "reason": receipt.get("reason") or "",
        "detail": receipt.get("detail") or "",
    }


def _tell(answers: list[dict[str, Any]], *, name: str, to: str, step: Step, json_: bool) -> None:
    refused = [each for each in answers if not each["ok"]]
    if json_:
        print_json({"runbook": name, "version": to, "step": step.value, "cases": answers})
    else:
        show(
            table(
                "case",
                "answer",
                "why",
                rows=[
                    (each["number"], each["outcome"], each["detail"] or each["reason"])
                    for each in answers
                ],
            )
        )
        if step is Step.PROPOSE:
            note(f"Somebody else agrees: escalate runbook migrate {name} --to {to} --approve")
    if refused:
        raise typer.Exit(REFUSED)


def _page(found: dict[str, Any], cases: list[dict[str, Any]]) -> Iterator[RenderableType]:
    for version, changes in sorted(found["changes"].items()):
        yield f"[bold]{escape(found['runbook'])} {version} → {found['version']}[/]"
        yield from (f"  {escape(change)}" for change in changes or ["means the same"])
        yield ""
    yield table(
        "case",
        "stage",
        "from",
        "asked by",
        "what it changes",
        rows=[
            (
                each["number"],
                each["stage"],
                each["version_was"],
                (each["proposed"] or {}).get("by", ""),
                "\n".join(_changes(each)) or "nothing now",
            )
            for each in cases
        ],
    )
    if found["hidden"]:
        yield f"{found['hidden']} more cases are not yours to see."


def _changes(case: dict[str, Any]) -> Iterator[str]:
    shown = MigrationPreview.model_validate(case)
    for label, text in shown.said(written=lambda at: local(at.isoformat())):
        yield f"{label}: {text}"
