"""`escalate case answer|complete|…`: the work between two gates, one command an act."""

import hashlib
from pathlib import Path
from typing import Annotated

import typer

from cases.acts import Resolution
from cli.acting import ActId, Because, Case, Role, act, the_gate, the_stage
from cli.case_group import ACTS, app
from cli.output import USAGE, AsJson, stop
from cli.reach import gateway, path_of
from cli.reading_text import instant, pairs, prose
from runbooks.plan import CallBackResult

_BLOCK = 1 << 20

Stage = Annotated[str | None, typer.Option("--stage", help="Default: the stage the case is in.")]


@app.command(rich_help_panel=ACTS)
def answer(
    case: Case,
    answers: Annotated[list[str], typer.Argument(metavar="QUESTION=VALUE...")],
    *,
    role: Role = None,
    act_id: ActId = None,
    json_: AsJson = False,
) -> None:
    """Intake questions are answered; a changed fact that matters opens a new round."""
    body = {"verb": "answer", "answers": pairs(answers, what="QUESTION")}
    act(gateway(), case, body, role=role, act_id=act_id, json_=json_)


@app.command(rich_help_panel=ACTS)
def complete(
    case: Case,
    outcome: Annotated[str, typer.Argument(help="One of the stage's outcomes.")],
    *,
    stage: Stage = None,
    note: Annotated[str | None, typer.Option(help="A word on it; - reads stdin.")] = None,
    role: Role = None,
    act_id: ActId = None,
    json_: AsJson = False,
) -> None:
    """A stage of work ends with one of its outcomes."""
    door = gateway()
    named = stage or the_stage(door.get(path_of(case)), None)
    body = {
        "verb": "complete",
        "stage": named,
        "outcome": outcome,
        "note": prose(note, what="the note", required=False),
    }
    act(door, case, body, role=role, act_id=act_id, json_=json_)


@app.command(rich_help_panel=ACTS)
def reply(
    case: Case,
    request: Annotated[str, typer.Argument(help="The request's id (escalate case show).")],
    text: Annotated[str | None, typer.Argument(help="The answer; - reads stdin.")] = None,
    *,
    role: Role = None,
    act_id: ActId = None,
    json_: AsJson = False,
) -> None:
    """A request for information is answered, and the gate asks again."""
    body = {"verb": "reply", "request": request, "text": prose(text, what="the answer")}
    act(gateway(), case, body, role=role, act_id=act_id, json_=json_)


@app.command(rich_help_panel=ACTS)
def memo(
    case: Case,
    fields: Annotated[list[str], typer.Argument(metavar="FIELD=TEXT...", help="- reads stdin.")],
    *,
    gate: Annotated[str | None, typer.Option(help="Default: the one that has a memo.")] = None,
    role: Role = None,
    act_id: ActId = None,
    json_: AsJson = False,
) -> None:
    """Fields of a gate's memo are written; when the last is, the gate asks."""
    door = gateway()
    body = {
        "verb": "memo",
        "gate": gate or the_gate(door.get(path_of(case)), "memo", None),
        "fields": pairs(fields, what="FIELD"),
    }
    act(door, case, body, role=role, act_id=act_id, json_=json_)


@app.command(rich_help_panel=ACTS)
def evidence(
    case: Case,
    *,
    label: Annotated[str, typer.Option(help="What it is, in a word.")],
    reference: Annotated[str, typer.Option(help="Where it is kept.")],
    digest: Annotated[str | None, typer.Option(help="Its SHA-256 in hex.")] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            help="A copy to take the digest of; it stays here.", exists=True, dir_okay=False
        ),
    ] = None,
    role: Role = None,
    act_id: ActId = None,
    json_: AsJson = False,
) -> None:
    """An item of evidence is on record: a reference and a digest, never the item itself."""
    if (digest is None) == (file is None):
        stop("give --digest or --file, and not both", code=USAGE)
    body = {
        "verb": "evidence",
        "label": label,
        "reference": reference,
        "digest": digest.lower() if digest is not None else _sha256(file or Path()),
    }
    act(gateway(), case, body, role=role, act_id=act_id, json_=json_)


@app.command("call-back", rich_help_panel=ACTS)
def call_back(
    case: Case,
    result: Annotated[CallBackResult, typer.Argument(help="confirmed, refuted or unreached.")],
    *,
    agency: Annotated[str, typer.Option(help="Whom the caller asked for.")],
    number: Annotated[str, typer.Option(help="The number that was called.")],
    source: Annotated[str, typer.Option(help="Where it was found: never in the request.")],
    called_at: Annotated[str, typer.Option(help="When, as an instant.")],
    note: Annotated[str | None, typer.Option(help="What was said; - reads stdin.")] = None,
    role: Role = None,
    act_id: ActId = None,
    json_: AsJson = False,
) -> None:
    """A call to a number we found ourselves is on record, with what came of it."""
    body = {
        "verb": "call-back",
        "agency": agency,
        "number": number,
        "source": source,
        "called_at": instant(called_at),
        "result": result.value,
        "note": prose(note, what="the note", required=False),
    }
    act(gateway(), case, body, role=role, act_id=act_id, json_=json_)


@app.command(rich_help_panel=ACTS)
def receipt(
    case: Case,
    effect: Annotated[str, typer.Argument(help="The action's name or key.")],
    resolution: Annotated[Resolution, typer.Argument(help="done, retry, skip or clear.")],
    *,
    reference: Annotated[str, typer.Option(help="What proves it, when done by hand.")] = "",
    reason: Because = None,
    role: Role = None,
    act_id: ActId = None,
    json_: AsJson = False,
) -> None:
    """An action that the system did not finish is settled: done by hand, tried again, skipped."""
    door = gateway()
    body = {
        "verb": "receipt",
        "effect": _effect(door.get(path_of(case))["state"]["effects"], effect),
        "resolution": resolution.value,
        "reference": reference,
        "reason": prose(reason, what="the reason", required=False),
    }
    act(door, case, body, role=role, act_id=act_id, json_=json_)


@app.command(rich_help_panel=ACTS)
def observe(
    case: Case,
    effect: Annotated[str, typer.Argument(help="The action's name or key.")],
    *,
    checked: Annotated[int, typer.Option(help="How many of those it hit were checked.", min=1)],
    wrong: Annotated[int, typer.Option(help="How many of them were the wrong ones.", min=0)],
    reference: Annotated[str, typer.Option(help="Where the checks can be seen.")] = "",
    role: Role = None,
    act_id: ActId = None,
    json_: AsJson = False,
) -> None:
    """What a step of an action on many did is on record; too many wrong ones roll it back."""
    door = gateway()
    body = {
        "verb": "observe",
        "effect": _effect(door.get(path_of(case))["state"]["effects"], effect),
        "checked": checked,
        "wrong": wrong,
        "reference": reference,
    }
    act(door, case, body, role=role, act_id=act_id, json_=json_)


@app.command("roll-back", rich_help_panel=ACTS)
def roll_back(
    case: Case,
    effect: Annotated[str, typer.Argument(help="The action's name or key.")],
    *,
    reason: Because = None,
    role: Role = None,
    act_id: ActId = None,
    json_: AsJson = False,
) -> None:
    """An action on many stops, and every step that was done is undone."""
    door = gateway()
    body = {
        "verb": "roll-back",
        "effect": _effect(door.get(path_of(case))["state"]["effects"], effect),
        "reason": prose(reason, what="the reason"),
    }
    act(door, case, body, role=role, act_id=act_id, json_=json_)


def _effect(effects: list[dict[str, str]], given: str) -> str:
    named = [each["key"] for each in effects if given in (each["key"], each["name"])]
    if not named:
        known = ", ".join(dict.fromkeys(each["name"] for each in effects)) or "none"
        stop(f'no action of this case is called "{given}"', mend=f"There are: {known}", code=USAGE)
    return named[-1]


def _sha256(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as content:
        while block := content.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
