"""`escalate login` and `logout`: who acts from this machine."""

import sys
from typing import Annotated

import typer

from cli.kept_session import KeptSession, forget_session, keep_session, kept_session, session_file
from cli.output import USAGE, AsJson, local, note, print_json, say, stop
from cli.reach import Gateway, at, checked_url, refuse

_REFUSED = 401


def login(
    person: Annotated[str, typer.Argument(help="Your id in the directory.")],
    *,
    url: Annotated[
        str | None, typer.Option(help="The gateway's address; default: the last one, or settings'.")
    ] = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from stdin's first line.")
    ] = False,
    code: Annotated[
        str | None, typer.Option(help="Your second factor's code: assurance L2 from the start.")
    ] = None,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Allow http to another machine.")
    ] = False,
    json_: AsJson = False,
) -> None:
    """You are logged in at a gateway; commands act in your name until the log-in ends."""
    address = checked_url(url or _usual_url(), insecure=insecure)
    if password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    elif sys.stdin.isatty():
        password = typer.prompt(f"Password of {person} at {address}", hide_input=True, err=True)
    else:
        stop("no password: stdin is not a terminal", mend="Pipe it: --password-stdin", code=USAGE)
    content = {"person": person, "password": password, "totp": code or ""}
    answer = Gateway(address).ask("POST", "/api/login", content=content)
    if not answer.ok:
        refuse(answer)
    said = answer.content
    session = KeptSession(
        url=address, person=said["person"], token=said["token"], expires_at=said["expires_at"]
    )
    keep_session(session)
    if json_:
        print_json({"url": address, "person": session.person, "expires_at": session.expires_at})
    else:
        say(f"Logged in as {session.person} at {address} until {local(session.expires_at)}.")
        note(f"The log-in is kept in {session_file()}; escalate logout ends it.")


def logout() -> None:
    """Nobody is logged in here any more, and the token is worth nothing."""
    session = kept_session()
    if session is None:
        note("Nobody was logged in.")
        return
    # The file goes first: a gateway that is away must not keep anybody logged in here.
    forget_session()
    answer = at(session).ask("POST", "/api/logout")
    if not answer.ok and answer.status != _REFUSED:
        refuse(answer)
    say(f"{session.person} is logged out.")


def _usual_url() -> str:
    session = kept_session()
    if session is not None:
        return session.url
    from workers.settings import Settings

    return str(Settings.load().public_url)
