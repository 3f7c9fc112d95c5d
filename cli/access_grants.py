"""`escalate access ask|requests|grant|refuse|revoke`: who reads a case for a time."""

from typing import Annotated, Any

import typer

from cli.output import USAGE, AsJson, local, print_json, say, show, stop, table
from cli.reach import gateway
from cli.reading_text import prose, span

_PATH = "/api/access"
_MINUTE = 60
_STATES = {
    "asked": "waits for an answer",
    "open": "open",
    "over": "over",
    "refused": "refused",
    "lapsed": "nobody answered",
}

Request = Annotated[str, typer.Argument(help="Its id, as `requests` lists it.")]
Span = Annotated[str | None, typer.Option("--for", help="For how long: 30m, 4h, 2d.")]


def ask(
    number: Annotated[str, typer.Argument(help="The case's number.")],
    *,
    reason: Annotated[
        str | None, typer.Option(help="Why you have to read it; - reads stdin.")
    ] = None,
    wanted: Span = None,
    json_: AsJson = False,
) -> None:
    """Whoever has the case is told that you ask to read it, and lets you for a time, or not.

    The answer says nothing of whether there is such a case.
    """
    content = {"reason": prose(reason, what="the reason"), **_minutes(wanted)}
    said = gateway().post(f"{_PATH}/cases/{number}/requests", content)
    if json_:
        print_json(said)
    else:
        say(
            f"It waits for an answer until {local(said['expires_at'])}. `escalate access requests` "
            "says what comes of it."
        )


def requests(*, json_: AsJson = False) -> None:
    """What you asked for, and what you can answer or end."""
    said = gateway().get(f"{_PATH}/requests")
    if json_:
        print_json(said)
        return
    if not said["requests"]:
        say("You have asked for nothing, and nothing waits for your answer.")
        return
    show(
        table(
            "case", "who", "for", "now", "until", "why", "answer", "id",
            rows=[
                (
                    each["number"],
                    each["person"],
                    _spoken(each["minutes"]),
                    _STATES[each["state"]],
                    local(each["until"] or each["expires_at"]),
                    each["asks"],
                    _answer(each),
                    each["id"],
                )
                for each in said["requests"]
            ],
        )
    )  # fmt: skip


def grant(
    request: Request,
    *,
    wanted: Span = None,
    reason: Annotated[str, typer.Option(help="What you say to it; it is on record.")] = "",
    json_: AsJson = False,
) -> None:
    """Whoever asked can read the case from now on, and no longer than they asked for."""
    content = {"reason": reason, **_minutes(wanted)}
    said = gateway().post(f"{_PATH}/requests/{request}/grant", content)
    if json_:
        print_json(said)
    else:
        say(
            f"{said['person']} can read case {said['number']} until {local(said['until'])}. "
            f"`escalate access revoke {said['id']}` ends it before."
        )


def refuse(
    request: Request,
    *,
    reason: Annotated[
        str | None, typer.Option(help="Why not; whoever asked reads it. - reads stdin.")
    ] = None,
    json_: AsJson = False,
) -> None:
    """Whoever asked does not read the case, and is told why."""
    content = {"reason": prose(reason, what="the reason")}
    said = gateway().post(f"{_PATH}/requests/{request}/refuse", content)
    if json_:
        print_json(said)
    else:
        say(f"{said['person']} is told why not.")


def revoke(
    request: Request,
    *,
    reason: Annotated[str, typer.Option(help="Why; it is on record.")] = "",
    json_: AsJson = False,
) -> None:
    """A grant ends now: you take it back, or need it no more."""
    said = gateway().post(f"{_PATH}/requests/{request}/revoke", {"reason": reason})
    if json_:
        print_json(said)
    else:
        say(f"It is over: {said['person']} does not read case {said['number']} by it any more.")


def _minutes(wanted: str | None) -> dict[str, int]:
    if wanted is None:
        return {}
    minutes, rest = divmod(int(span(wanted).total_seconds()), _MINUTE)
    if not minutes or rest:
        stop(f'"{wanted}" is not whole minutes', mend="Like 30m, 4h, 2d.", code=USAGE)
    return {"minutes": minutes}


def _spoken(minutes: int) -> str:
    hours, rest = divmod(minutes, _MINUTE)
    return f"{minutes}m" if rest else f"{hours}h"


def _answer(each: dict[str, Any]) -> str:
    who = each["answered_by"] or ""
    return f"{who}: {each['says']}" if each["says"] else who
