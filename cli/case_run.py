"""`escalate case assign|hold|close|…`: how a case is run, one command an act."""

from typing import Annotated, Any

import typer

from cli.acting import ActId, Because, Case, Reason, Role, act, allowed, the_stage
from cli.case_group import ACTS, app
from cli.output import USAGE, AsJson, stop
from cli.reach import gateway, path_of
from cli.reading_text import instant, prose
from runbooks.plan import Severity

Stage = Annotated[str | None, typer.Option("--stage", help="Default: the stage the case is in.")]


@app.command(rich_help_panel=ACTS)
def acknowledge(
    case: Case,
    *,
    stage: Stage = None,
    conflicted: Annotated[
        bool, typer.Option("--conflicted", help="You may not decide this: you are taken out.")
    ] = False,
    reason: Because = None,
    role: Role = None,
    act_id: ActId = None,
    json_: AsJson = False,
) -> None:
    """You have it: reminders to your role stop for a while. Or you are conflicted, and out."""
    door = gateway()
    body = {
        "verb": "acknowledge",
        "stage": stage or the_stage(door.get(path_of(case)), None),
        "conflicted": conflicted,
        "reason": prose(reason, what="the reason", required=False),
    }
    act(door, case, body, role=role, act_id=act_id, json_=json_)


@app.command(rich_help_panel=ACTS)
def assign(
    case: Case,
    to_role: Annotated[str, typer.Argument(metavar="ROLE", help="Whose work it is.")],
    person: Annotated[str, typer.Argument(help="The person's id in the directory.")],
    *,
    reason: Because = None,
    role: Role = None,
    act_id: ActId = None,
    json_: AsJson = False,
) -> None:
    """A role's work on this case is given to a person."""
    body = {
        "verb": "assign",
        "role": to_role,
        "person": person,
        "reason": prose(reason, what="the reason", required=False),
    }
    act(gateway(), case, body, role=role, act_id=act_id, json_=json_)


@app.command(rich_help_panel=ACTS)
def hold(
    case: Case,
    *,
    review_at: Annotated[str, typer.Option(help="When it is looked at again: 2d, or an instant.")],
    reason: Reason = None,
    role: Role = None,
    act_id: ActId = None,
    json_: AsJson = False,
) -> None:
    """Work stops until a review date; statutory clocks go on."""
    door = gateway()
    now = door.get(path_of(case))["now"]
    body = {
        "verb": "hold",
        "reason": prose(reason, what="the reason"),
        "review_at": instant(review_at, now=now),
    }
    act(door, case, body, role=role, act_id=act_id, json_=json_)


@app.command(rich_help_panel=ACTS)
def resume(
    case: Case,
    *,
    reason: Because = None,
    role: Role = None,
    act_id: ActId = None,
    json_: AsJson = False,
) -> None:
    """A hold ends and work goes on."""
    body = {"verb": "resume", "reason": prose(reason, what="the reason", required=False)}
    act(gateway(), case, body, role=role, act_id=act_id, json_=json_)


@app.command(rich_help_panel=ACTS)
def severity(
    case: Case,
    level: Annotated[Severity, typer.Argument(help="SEV0 is the worst.")],
    *,
    until: Annotated[
        str | None,
        typer.Option(help="Only so long: 1h, or an instant; then the table's is in force again."),
    ] = None,
    reason: Reason = None,
    role: Role = None,
    act_id: ActId = None,
    json_: AsJson = False,
) -> None:
    """The severity is set by a person; what the table computed stays on record."""
    door = gateway()
    body = {
        "verb": "severity",
        "severity": level.value,
        "reason": prose(reason, what="the reason"),
    }
    if until is not None:
        body["until"] = instant(until, now=door.get(path_of(case))["now"])
    act(door, case, body, role=role, act_id=act_id, json_=json_)


@app.command("raise", rich_help_panel=ACTS)
def raise_(
    case: Case,
    to: Annotated[str, typer.Argument(metavar="ROLE", help="Who is paged.")],
    *,
    reason: Reason = None,
    role: Role = None,
    act_id: ActId = None,
    json_: AsJson = False,
) -> None:
    """A role is paged now, whatever the clocks say."""
    body = {"verb": "raise", "to": to, "reason": prose(reason, what="the reason")}
    act(gateway(), case, body, role=role, act_id=act_id, json_=json_)


@app.command(rich_help_panel=ACTS)
def move(
    case: Case,
    runbook: Annotated[str, typer.Argument(help="The runbook it belongs under.")],
    *,
    reason: Reason = None,
    role: Role = None,
    act_id: ActId = None,
    json_: AsJson = False,
) -> None:
    """The case closes and goes on as a linked case under another runbook."""
    body = {"verb": "move", "runbook": runbook, "reason": prose(reason, what="the reason")}
    act(gateway(), case, body, role=role, act_id=act_id, json_=json_)


@app.command(rich_help_panel=ACTS)
def attach(
    case: Case,
    to: Annotated[str, typer.Argument(metavar="OTHER", help="The other case's number.")],
    *,
    keep_apart: Annotated[
        bool, typer.Option("--keep-apart", help="They stay two cases; the question is settled.")
    ] = False,
    reason: Because = None,
    role: Role = None,
    act_id: ActId = None,
    json_: AsJson = False,
) -> None:
    """The case's report is given to another case about the same subject, or kept apart."""
    body = {
        "verb": "attach",
        "to": to,
        "keep_apart": keep_apart,
        "reason": prose(reason, what="the reason", required=False),
    }
    act(gateway(), case, body, role=role, act_id=act_id, json_=json_)


@app.command(rich_help_panel=ACTS)
def split(
    case: Case,
    *,
    delivery: Annotated[
        str | None, typer.Option(help="Which report; default: the only one that joined.")
    ] = None,
    reason: Reason = None,
    role: Role = None,
    act_id: ActId = None,
    json_: AsJson = False,
) -> None:
    """A report that a rule put into the case gets a case of its own again; nothing is lost."""
    door = gateway()
    body = {
        "verb": "split",
        "delivery": delivery or _joined(door.get(path_of(case))),
        "reason": prose(reason, what="the reason"),
    }
    act(door, case, body, role=role, act_id=act_id, json_=json_)


@app.command(rich_help_panel=ACTS)
def close(
    case: Case,
    *,
    disposition: Annotated[
        str | None, typer.Option(help="How it ends; default: the only one there is.")
    ] = None,
    record: Annotated[
        str | None, typer.Option(help="Facts, rule, decision, in your words; - reads stdin.")
    ] = None,
    lessons: Annotated[str | None, typer.Option(help="What we learned.")] = None,
    linked_case: Annotated[str, typer.Option(help="The case it goes on as.")] = "",
    role: Role = None,
    act_id: ActId = None,
    json_: AsJson = False,
) -> None:
    """The case closes with a disposition, once everything that needs is on record."""
    door = gateway()
    body = {
        "verb": "close",
        "disposition": disposition or _disposition(door.get(path_of(case))),
        "record": prose(record, what="the decision record"),
        "lessons": prose(lessons, what="the lessons", required=False),
        "linked_case": linked_case,
    }
    act(door, case, body, role=role, act_id=act_id, json_=json_)


@app.command(rich_help_panel=ACTS)
def cancel(
    case: Case,
    *,
    leave_sub_cases: Annotated[
        bool, typer.Option("--leave-sub-cases", help="Its sub-cases go on without it.")
    ] = False,
    with_sub_cases: Annotated[
        bool, typer.Option("--with-sub-cases", help="Its open sub-cases are cancelled with it.")
    ] = False,
    reason: Reason = None,
    role: Role = None,
    act_id: ActId = None,
    json_: AsJson = False,
) -> None:
    """The case ends without its runbook: opened by mistake, or a test."""
    if leave_sub_cases and with_sub_cases:
        stop("its sub-cases either go on or end with it", code=USAGE)
    body = {
        "verb": "cancel",
        "reason": prose(reason, what="the reason"),
        "leave_sub_cases": leave_sub_cases,
        "with_sub_cases": with_sub_cases,
    }
    act(gateway(), case, body, role=role, act_id=act_id, json_=json_)


def _joined(picture: dict[str, Any]) -> str:
    choices = [choice for each in allowed(picture, "split") for choice in each["choices"]]
    if not choices:
        stop("No report that you could split off has joined this case.")
    if len(choices) > 1:
        stop("which report?", mend="--delivery " + " | ".join(choices), code=USAGE)
    return str(choices[0])


def _disposition(picture: dict[str, Any]) -> str:
    choices = [choice for each in allowed(picture, "close") for choice in each["choices"]]
    if not choices:
        stop("You cannot close this case now.", mend=f"escalate case show {picture['number']}")
    if len(choices) > 1:
        stop("how does it end?", mend="--disposition " + " | ".join(choices), code=USAGE)
    return str(choices[0])
