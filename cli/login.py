"""`escalate login` and `logout`: who acts from this machine, and which log-ins hold."""

import sys
from typing import Annotated, Any

import typer

from cli.kept_session import KeptSession, forget_session, keep_session, kept_session, session_file
from cli.output import USAGE, AsJson, local, note, print_json, say, show, stop, table
from cli.reach import Gateway, at, checked_url, gateway, refuse

_REFUSED = 401
_DOORS = {"page": "browser", "cli": "terminal", "codec": "Temporal's pages"}


def login(
    person: Annotated[
        str | None,
        typer.Argument(help="Your id in the directory, for a password; without it: a browser."),
    ] = None,
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
    no_browser: Annotated[
        bool,
        typer.Option("--no-browser", help="Finish on another device, or carry a code by hand."),
    ] = False,
    second_factor: Annotated[
        bool,
        typer.Option("--second-factor", help="Prove a second factor in the browser: level L2."),
    ] = False,
    sessions: Annotated[
        bool, typer.Option("--sessions", help="List the log-ins that hold instead.")
    ] = False,
    revoke: Annotated[
        str | None,
        typer.Option(metavar="ID", help="End that log-in instead; `all`: all but this one."),
    ] = None,
    forget: Annotated[
        str | None,
        typer.Option(
            metavar="PERSON",
            help="End all their log-ins, and let the next account of that name be theirs.",
        ),
    ] = None,
    of: Annotated[
        str | None,
        typer.Option(metavar="PERSON", help="Whose log-ins; others' for who runs cases."),
    ] = None,
    codec: Annotated[
        bool,
        typer.Option("--codec", help="Print a token that decodes payloads for Temporal's tools."),
    ] = False,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Allow http to another machine.")
    ] = False,
    json_: AsJson = False,
) -> None:
    """You are logged in at a gateway; commands act in your name until the log-in ends."""
    if codec:
        said = gateway().post("/api/codec/token", {})
        print_json(said) if json_ else say(said["token"])
        return
    if forget is not None:
        said = gateway().post("/api/sessions/forget", {"person": forget})
        print_json(said) if json_ else say(f"{forget} is bound to no account any more.")
        return
    if revoke is not None:
        _revoke(revoke, of=of, json_=json_)
        return
    if sessions:
        _sessions(of=of, json_=json_)
        return
    if of is not None:
        stop("--of goes with --sessions or --revoke", mend="escalate login --help", code=USAGE)
    address = checked_url(url or _usual_url(), insecure=insecure)
    if person is None and not password_stdin:
        from cli.browser_login import by_browser

        said = by_browser(Gateway(address), fresh=second_factor, no_browser=no_browser)
    elif person is None or no_browser or second_factor:
        stop(
            "a password needs PERSON and no browser",
            mend="escalate login PERSON, or escalate login",
            code=USAGE,
        )
    else:
        said = _by_password(address, person, code=code, password_stdin=password_stdin)
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


def _by_password(
    address: str, person: str, *, code: str | None, password_stdin: bool
) -> dict[str, Any]:
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
    return answer.content


def _sessions(*, of: str | None, json_: bool) -> None:
    said = gateway().get("/api/sessions", person=of)
    if json_:
        print_json(said)
        return
    rows = [
        (
            each["id"] + (" (this one)" if each["this"] else ""),
            _DOORS.get(each["door"], each["door"]),
            local(each["created_at"]),
            local(each["expires_at"]),
            local(each["stepped_up_at"]),
        )
        for each in said["sessions"]
    ]
    show(table("log-in", "of a", "since", "until", "second factor", rows=rows))


def _revoke(session: str, *, of: str | None, json_: bool) -> None:
    said = gateway().post("/api/sessions/end", {"session": session, "person": of or ""})
    if json_:
        print_json(said)
    else:
        say(f"{len(said['ended'])} log-ins of {said['person']} have ended.")


def _usual_url() -> str:
    session = kept_session()
    if session is not None:
        return session.url
    from workers.settings import Settings

    return str(Settings.load().public_url)
