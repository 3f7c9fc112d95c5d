"""What only asking shows: PagerDuty and its schedules, authorities, the public URL, the clock.

Everything here reads. An integration key of PagerDuty cannot be tried without paging somebody, a
connector not without acting: of those only the address is looked up.
"""

import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx

from integrations.cybertipline import Environment
from integrations.errors import DirectoryError, VendorError
from integrations.file_directory import FileDirectory
from integrations.on_call import OnCallRotas
from workers._doctor_check import Check, fail, fine, warn
from workers.clock import SystemClock
from workers.house import schedules
from workers.settings import Settings

SKEW, TOO_FAR = timedelta(seconds=30), timedelta(minutes=4)
"""Signatures are believed for five minutes: from four on some are refused."""


class ClockSkew:
    """How far our clock is from those of the servers that were asked, by their Date headers."""

    def __init__(self) -> None:
        self._found: list[timedelta] = []

    async def heard(self, answer: httpx.Response) -> None:
        """One answer's Date is held against our clock."""
        try:
            theirs = parsedate_to_datetime(answer.headers.get("Date", ""))
        except (ValueError, TypeError):
            return
        theirs = theirs if theirs.tzinfo is not None else theirs.replace(tzinfo=UTC)
        self.compare(theirs, await SystemClock().now())

    def compare(self, theirs: datetime, ours: datetime) -> None:
        """A Date says whole seconds: within one there is no difference."""
        apart = ours - theirs
        self._found.append(
            max(apart - timedelta(seconds=1), timedelta()) if apart > timedelta() else apart
        )

    def check(self) -> Check:
        """The middle of what was heard: one server whose own clock is wrong decides nothing."""
        if not self._found:
            return warn(
                "live clock",
                "nobody was asked who says what time it is",
                mend="Compare this machine's clock with a time server: webhooks and codes need it.",
            )
        middle = sorted(self._found)[len(self._found) // 2]
        apart = abs(middle)
        if apart <= SKEW:
            return fine("live clock", f"within {int(SKEW.total_seconds())} seconds of others")
        text = f"this clock is {int(apart.total_seconds())} seconds " + (
            "ahead" if middle > timedelta() else "behind"
        )
        mend = "Let a time service (chrony, systemd-timesyncd) set this machine's clock."
        if apart < TOO_FAR:
            return warn("live clock", text, mend=mend)
        return fail("live clock", f"{text}: signed webhooks are refused", mend=mend)


async def live_paging(
    settings: Settings, directory: FileDirectory | None, http: httpx.AsyncClient, *, at: datetime
) -> AsyncIterator[Check]:
    """PagerDuty's REST API lets us in, and every rota says who is on call now."""
    token = settings.pagerduty.token
    if token is not None:
        yield await asked(
            http,
            "pagerduty",
            f"{str(settings.pagerduty.api_url).rstrip('/')}/abilities",
            {
                "Authorization": f"Token token={token.get_secret_value()}",
                "Accept": "application/vnd.pagerduty+json;version=2",
            },
        )
    if settings.on_call_file is None or directory is None:
        return
    rotas = OnCallRotas(
        settings.on_call_file,
        directory=directory,
        schedule=schedules(settings, http=http, clock=SystemClock()),
    )
    try:
        teams = await rotas.teams()
    except DirectoryError:
        # The same was said of the file without asking anybody.
        return
    for role in sorted(teams):
        yield await _on_call(rotas, role, at)


async def _on_call(rotas: OnCallRotas, role: str, at: datetime) -> Check:
    name = f"live on-call {role}"
    try:
        answer = await rotas.who_is_on_call(role, at)
    except (DirectoryError, VendorError) as error:
        return fail(name, str(error), mend=error.mend)
    if answer.strangers:
        return warn(
            name,
            f"{answer.source}: {answer.strangers} on call are unknown to the directory",
            mend="Give them the e-mail or PagerDuty id that the rota has, in the directory.",
        )
    if not answer.people:
        return warn(
            name,
            f"{answer.source}: nobody is on call now",
            mend="Fill the rota, or name roles after `else`: then the duty manager is told.",
        )
    return fine(name, f"{answer.source}: {', '.join(answer.people)}")


async def live_reports(settings: Settings, http: httpx.AsyncClient) -> AsyncIterator[Check]:
    """Authorities that reports are handed in to answer, and let us in."""
    dsa, tip = settings.reports.dsa, settings.reports.cybertip
    if dsa.on and dsa.url and dsa.token:
        headers = {
            "Authorization": f"Bearer {dsa.token.get_secret_value()}",
            "Accept": "application/json",
        }
        yield await asked(http, "dsa-database", f"{str(dsa.url).rstrip('/')}/ping", headers)
    if tip.on and tip.user and tip.password:
        base = Environment(tip.environment).url.rstrip("/")
        headers = basic(tip.user, tip.password.get_secret_value())
        yield await asked(http, "cybertipline", f"{base}/status", headers)


async def live_public_url(settings: Settings, http: httpx.AsyncClient) -> Check:
    """A gateway answers where every link leads."""
    url = f"{str(settings.public_url).rstrip('/')}/healthz"
    mend = (
        "Start the gateway, and check name, certificate and proxy of ESCALATE_PUBLIC_URL: links in "
        "mails and webhooks of vendors lead there."
    )
    try:
        answer = await http.get(url)
    except httpx.HTTPError as error:
        return fail("live public-url", f"does not answer: {type(error).__name__}", mend=mend)
    if answer.is_success and answer.text.strip() == "ok":
        return fine("live public-url", "a gateway answers there")
    return fail("live public-url", f"answers {answer.status_code}, and is no gateway", mend=mend)


async def asked(http: httpx.AsyncClient, name: str, url: str, headers: dict[str, str]) -> Check:
    """Whether that address answers and lets us in."""
    mend = f"Check the URL and the credentials of {name}."
    try:
        answer = await http.get(url, headers=headers)
    except httpx.HTTPError as error:
        return fail(f"live {name}", f"does not answer: {type(error).__name__}", mend=mend)
    if answer.is_success:
        return fine(f"live {name}", "answers and lets us in")
    return fail(f"live {name}", f"answered {answer.status_code}", mend=mend)


def basic(user: str, password: str) -> dict[str, str]:
    """The header of a log-in by name and password."""
    pair = base64.b64encode(f"{user}:{password}".encode()).decode()
    return {"Authorization": f"Basic {pair}"}
