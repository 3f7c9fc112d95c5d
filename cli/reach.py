"""The command line's only way to a case: the gateway's API, as a person who is logged in (I4)."""

import json
from dataclasses import dataclass
from typing import Any, NoReturn
from urllib.parse import quote, urlsplit

import httpx

from cli.kept_session import KeptSession, kept_session
from cli.output import REFUSED, UNREACHABLE, USAGE, stop

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_PATIENCE = httpx.Timeout(30.0, connect=5.0)
_ASK_AGAIN = 3
_SERVER_ERROR, _BAD_GATEWAY, _UNAVAILABLE, _UNKNOWN_TOKEN = 500, 502, 503, 401


class UnreachableError(Exception):
    """The gateway did not answer; `sent` if the request may have reached it."""

    def __init__(self, message: str, *, sent: bool) -> None:
        super().__init__(message)
        self.sent = sent


@dataclass(frozen=True)
class Answer:
    """What the gateway said."""

    status: int
    content: dict[str, Any]

    @property
    def ok(self) -> bool:
        """Whether it did what it was asked."""
        return self.status < 400  # noqa: PLR2004 - HTTP's border between yes and no

    @property
    def says(self) -> str:
        """The sentence for people."""
        detail = self.content.get("detail")
        said = str(self.content.get("says") or self.content.get("error") or "It was refused.")
        return f"{said} ({detail})" if detail else said

    @property
    def mend(self) -> str:
        """What to do about it."""
        return str(self.content.get("mend") or "")


class Gateway:
    """One gateway, asked as one person."""

    def __init__(self, url: str, *, token: str = "") -> None:
        self.url = url.rstrip("/")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        # A proxy out of the environment has no business between this machine and itself.
        own = is_local(self.url)
        self._http = httpx.Client(
            base_url=self.url, headers=headers, timeout=_PATIENCE, trust_env=not own
        )

    def get(self, path: str, **query: str | None) -> dict[str, Any]:
        """What stands there; anything else ends the command with the reason."""
        wanted = {name: value for name, value in query.items() if value is not None}
        return self._or_stop(self.ask("GET", path, query=wanted)).content

    def post(self, path: str, content: dict[str, Any] | None = None) -> dict[str, Any]:
        """What came of it; a refusal ends the command with the reason."""
        return self._or_stop(self.ask("POST", path, content=content or {})).content

    def ask(
        self,
        method: str,
        path: str,
        *,
        content: dict[str, Any] | None = None,
        query: dict[str, str] | None = None,
        again: bool = False,
    ) -> Answer:
        """The answer, whatever it is; a silent gateway ends the command.

        `again` is for requests that carry their own id: they are sent anew when no answer came.
        """
        left = _ASK_AGAIN if again or method == "GET" else 1
        while True:
            try:
                return self._ask(method, path, content=content, query=query)
            except UnreachableError as error:
                left -= 1
                if left and error.sent:
                    continue
                stop(
                    f"{self.url} does not answer: {error}",
                    mend="Is it running (escalate up, escalate gateway)? Another address: "
                    "escalate login --url URL PERSON",
                    code=UNREACHABLE,
                )

    def _ask(
        self,
        method: str,
        path: str,
        *,
        content: dict[str, Any] | None,
        query: dict[str, str] | None,
    ) -> Answer:
        try:
            response = self._http.request(method, path, json=content, params=query)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.UnsupportedProtocol) as error:
            raise UnreachableError(type(error).__name__, sent=False) from error
        except httpx.HTTPError as error:
            raise UnreachableError(type(error).__name__, sent=True) from error
        try:
            said = response.json()
        except (json.JSONDecodeError, UnicodeDecodeError):
            said = None
        if not isinstance(said, dict):
            raise UnreachableError(f"HTTP {response.status_code}, not our gateway", sent=True)
        return Answer(response.status_code, said)

    def _or_stop(self, answer: Answer) -> Answer:
        if not answer.ok:
            refuse(answer)
        return answer


def refuse(answer: Answer) -> NoReturn:
    """The command ends with the gateway's own sentence."""
    down = answer.status in (_BAD_GATEWAY, _UNAVAILABLE)
    stop(answer.says, mend=answer.mend, code=UNREACHABLE if down else REFUSED)


def gateway() -> Gateway:
    """The gateway this user is logged in at."""
    session = kept_session()
    if session is None:
        stop("You are not logged in.", mend="escalate login", code=REFUSED)
    return at(session)


def at(session: KeptSession) -> Gateway:
    """The gateway of a session."""
    return Gateway(session.url, token=session.token)


def path_of(number: str, *more: str) -> str:
    """The address of a case, whatever was typed as its number."""
    return "/".join(["/api/cases", *(quote(part, safe="") for part in (number, *more))])


def is_local(url: str) -> bool:
    """Whether the address is this machine's own."""
    return urlsplit(url).hostname in _LOOPBACK


def checked_url(url: str, *, insecure: bool) -> str:
    """The address, if a password may be sent there."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        stop(f"{url} is not an address", mend="Like https://escalate.example", code=USAGE)
    if parts.scheme == "http" and not is_local(url) and not insecure:
        stop(
            f"{url} is not encrypted: your password would be readable on its way.",
            mend="Use the https address, or --insecure if you know the network.",
            code=USAGE,
        )
    return url.rstrip("/")
