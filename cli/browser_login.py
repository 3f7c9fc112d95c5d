"""Log-in of a terminal by a browser: on this computer, on another device, or by hand.

The browser is logged in at the gateway, which lets the terminal in (`gateway/terminals.py`). The
way back is the loopback address (RFC 8252); where there is no browser here, the provider's device
log-in (RFC 8628) where it has one, else a code that is carried by hand.
"""

import base64
import hashlib
import secrets
import sys
import time
import webbrowser
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import typer

from cli.output import UNREACHABLE, USAGE, note, stop
from cli.reach import Answer, Gateway, refuse

_PATIENCE_SECONDS = 300
_LOOK_SECONDS = 1.0
_ON_A_TERMINAL = frozenset({"www-browser", "links", "elinks", "lynx", "w3m"})
_PENDING, _NO_SUCH_WAY = 202, 404
_DONE = (
    b"<!doctype html><html lang=en><meta charset=utf-8><title>escalate</title>"
    b"<p>The terminal is logged in. You can close this page."
)


@dataclass(frozen=True)
class Secret:
    """What this terminal keeps, and what it shows of it (PKCE, S256)."""

    verifier: str
    state: str

    @classmethod
    def new(cls) -> "Secret":
        """Never used before."""
        return cls(verifier=secrets.token_urlsafe(48), state=secrets.token_urlsafe(24))

    def path(self, *, fresh: bool, port: int) -> str:
        """The gateway's page on which the person lets this terminal in."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        return f"/login/terminal/{'l2' if fresh else 'l1'}/{challenge}/{self.state}/{port}"


def by_browser(door: Gateway, *, fresh: bool, no_browser: bool) -> dict[str, Any]:
    """What the gateway says of the new session, whichever way it came."""
    browser = None if no_browser else _browser()
    if browser is not None:
        return _here(door, browser, fresh=fresh)
    # A device log-in proves what the provider asks for by itself, which may be one factor.
    if not fresh:
        begun = door.ask("POST", "/api/login/device", content={})
        if begun.ok:
            return _elsewhere(door, begun.content)
        if begun.status != _NO_SUCH_WAY:
            refuse(begun)
    return _by_hand(door, fresh=fresh)


def _here(door: Gateway, browser: webbrowser.BaseBrowser, *, fresh: bool) -> dict[str, Any]:
    secret = Secret.new()
    with _Listener(secret.state) as listener:
        url = door.url + secret.path(fresh=fresh, port=listener.server_port)
        note(f"Your browser opens {url}\nNo browser there? escalate login --no-browser")
        browser.open(url)
        code = listener.wait()
    return _entered(door.ask("POST", "/api/login/code", content=_shown(code, secret)))


def _by_hand(door: Gateway, *, fresh: bool) -> dict[str, Any]:
    if not sys.stdin.isatty():
        stop(
            "nobody can be asked for the code: stdin is not a terminal",
            mend="Log in at a terminal; the session is kept for other commands.",
            code=USAGE,
        )
    secret = Secret.new()
    note(f"Open this in any browser:\n\n  {door.url}{secret.path(fresh=fresh, port=0)}\n")
    code = typer.prompt("Code shown there", err=True).strip()
    return _entered(door.ask("POST", "/api/login/code", content=_shown(code, secret)))


def _elsewhere(door: Gateway, begun: dict[str, Any]) -> dict[str, Any]:
    note(f"On any device open\n\n  {begun['url']}\n\nand check the code {begun['user_code']}.")
    handle, pause = {"handle": begun["handle"]}, float(begun["every"])
    while True:
        time.sleep(pause)
        answer = door.ask("POST", "/api/login/device/token", content=handle)
        if answer.status != _PENDING:
            return _entered(answer)
        if answer.content.get("slow_down"):
            pause += float(begun["every"])


def _entered(answer: Answer) -> dict[str, Any]:
    if not answer.ok:
        refuse(answer)
    return answer.content


def _shown(code: str, secret: Secret) -> dict[str, Any]:
    return {"code": code, "verifier": secret.verifier}


def _browser() -> webbrowser.BaseBrowser | None:
    """A browser with a window; one inside the terminal would take it over."""
    try:
        found = webbrowser.get()
    except webbrowser.Error:
        return None
    return None if getattr(found, "name", "") in _ON_A_TERMINAL else found


class _Listener(HTTPServer):
    """Takes the code from this computer's browser, once."""

    def __init__(self, state: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.timeout = _LOOK_SECONDS
        self.state = state
        self.code = ""

    def wait(self) -> str:
        """The code; the command ends when nobody brings it in time."""
        until = time.monotonic() + _PATIENCE_SECONDS
        while not self.code:
            if time.monotonic() > until:
                stop(
                    "nobody finished the log-in in the browser",
                    mend="Run it again, or: escalate login --no-browser",
                    code=UNREACHABLE,
                )
            self.handle_request()
        return self.code


class _Handler(BaseHTTPRequestHandler):
    """Answers the one address that was asked for, and nothing of what else may come."""

    server: _Listener

    def do_GET(self) -> None:
        """The code is taken, if it answers this terminal's own question."""
        asked = urlsplit(self.path)
        query = parse_qs(asked.query)
        code, state = query.get("code", [""])[0], query.get("state", [""])[0]
        right = asked.path == "/" and code and secrets.compare_digest(state, self.server.state)
        self.send_response(200 if right else 404)
        self.send_header("Content-Type", "text/html")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Content-Security-Policy", "default-src 'none'")
        self.end_headers()
        if right:
            self.wfile.write(_DONE)
            self.server.code = code

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Nothing: the address holds the code."""
