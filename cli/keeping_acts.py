"""Acts about the record through the gateway: each carries its own id, so it counts once."""

import sys
import uuid
from typing import Annotated, Any

import typer

from cli.output import USAGE, stop
from cli.reach import Answer, Gateway, refuse

Code = Annotated[
    str | None, typer.Option(help="Your second factor's code; needed where it is not fresh.")
]
_UNPROVED = "keepers-assurance"


def post(
    door: Gateway, path: str, body: dict[str, Any], *, act_id: str | None, code: str | None = None
) -> dict[str, Any]:
    """What came of it; the second factor is asked for where it is needed."""
    if code is not None:
        door.post("/api/step-up", {"totp": code})
    content = {**body, "act_id": act_id or str(uuid.uuid4())}
    answer = _sent(door, path, content)
    if answer.content.get("error") == _UNPROVED and code is None:
        if not sys.stdin.isatty():
            stop("This needs your second factor.", mend="--code CODE", code=USAGE)
        given = typer.prompt("Code of your second factor", err=True)
        door.post("/api/step-up", {"totp": given})
        answer = _sent(door, path, content)
    if not answer.ok:
        refuse(answer)
    return answer.content


def _sent(door: Gateway, path: str, content: dict[str, Any]) -> Answer:
    return door.ask("POST", f"{path}?door=cli", content=content, again=True)
