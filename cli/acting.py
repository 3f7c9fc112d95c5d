"""One act through the gateway, and its receipt in words."""

import time
import uuid
from typing import Annotated, Any

import typer
from pydantic import TypeAdapter, ValidationError

from cases.acts import ActBody
from cli.output import REFUSED, UNREACHABLE, USAGE, note, precise, print_json, say, stop
from cli.reach import Answer, Gateway, path_of, refuse

Case = Annotated[str, typer.Argument(metavar="CASE", help="The case's number.")]
Reason = Annotated[
    str | None, typer.Option("--reason", "-m", help="Why; - reads stdin, without it $EDITOR opens.")
]
Because = Annotated[str | None, typer.Option("--reason", "-m", help="Why; - reads stdin.")]
Role = Annotated[str | None, typer.Option("--role", help="The role you act in, if you hold more.")]
ActId = Annotated[
    str | None,
    typer.Option("--act-id", help="Send an act again that may have arrived: it counts once."),
]

_BODY: TypeAdapter[ActBody] = TypeAdapter(ActBody)
_ANSWERED = "outcome"
_LOOKS, _PAUSE = 20, 0.1


def act(
    door: Gateway,
    case: str,
    body: dict[str, Any],
    *,
    role: str | None = None,
    binding: dict[str, Any] | None = None,
    act_id: str | None = None,
    acting_for: str = "",
    json_: bool = False,
) -> None:
    """The act is recorded and answered; exit code 1 when the answer is no.

    It carries its own id, so a silent gateway is asked again without doing anything twice.
    """
    checked(body)
    own = act_id or str(uuid.uuid4())
    content = {
        "body": body,
        "act_id": own,
        "role": role or "",
        "binding": binding,
        "door": "cli",
    }
    if acting_for:
        content["acting_for"] = acting_for
    try:
        answer = door.ask("POST", path_of(case, "acts"), content=content, again=True)
    except typer.Exit as ended:
        if ended.exit_code == UNREACHABLE:
            note(f"If it may have arrived, send it again with --act-id {own}: it counts once.")
        raise
    if _ANSWERED not in answer.content:
        refuse(answer)
    await_picture(door, case, answer.content.get("receipt"))
    tell(answer, json_=json_)
    if not answer.ok:
        raise typer.Exit(REFUSED)


def await_picture(door: Gateway, case: str, receipt: dict[str, Any] | None) -> None:
    """What is read next shows the act: pages are written a moment after the answer."""
    if receipt is None or not receipt["sequence"]:
        return
    for _ in range(_LOOKS):
        seen = door.ask("GET", path_of(case))
        if not seen.ok or seen.content["sequence"] >= receipt["sequence"]:
            return
        time.sleep(_PAUSE)


def checked(body: dict[str, Any]) -> ActBody:
    """The body as it will be signed; used wrongly, the command ends before anything is sent."""
    try:
        return _BODY.validate_python(body)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"][1:]) or "act"
        stop(f"{where}: {first['msg']}", code=USAGE)


def tell(answer: Answer, *, json_: bool) -> None:
    """The receipt, in words or as JSON."""
    said = answer.content
    if json_:
        print_json(said)
        return
    receipt = said.get("receipt")
    detail = f" ({receipt['detail']})" if receipt and receipt.get("detail") else ""
    say(f"{'Done' if answer.ok else 'Not done'}: {said['says']}{detail}")
    if said.get("mend"):
        say(said["mend"])
    say(f"Signed {precise(said['signed_at'])}; act {said['act_id']}.")


def allowed(picture: dict[str, Any], verb: str) -> list[dict[str, Any]]:
    """What the person may do now under that verb."""
    return [each for each in picture["allowed"] if each["verb"] == verb]


def the_gate(picture: dict[str, Any], verb: str, given: str | None) -> str:
    """The gate that is meant: the one given, else the only one this can be done at now."""
    if given is not None:
        return given
    gates = sorted({each["gate"] for each in allowed(picture, verb) if each["gate"]})
    if len(gates) > 1:
        stop("which gate?", mend="--gate " + " | ".join(gates), code=USAGE)
    if not gates:
        stop(
            f"There is no gate at which you can {verb} now.",
            mend=f"escalate case show {picture['number']}",
        )
    return str(gates[0])


def the_stage(picture: dict[str, Any], given: str | None) -> str:
    """The stage that is meant: the one given, else the one the case is in."""
    if given is not None:
        return given
    stage = picture["state"]["stage"]
    if stage is None:
        stop("The case is in no stage.", mend=f"escalate case show {picture['number']}")
    return str(stage)
