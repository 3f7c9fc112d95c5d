"""Everything beyond this machine: who may deliver, how people are told, which Temporal, vendors."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime

import aiosmtplib
import httpx

from integrations.errors import UnusableSecretError, VendorError
from integrations.file_directory import FileDirectory
from integrations.imap import ImapInbox
from integrations.jira_webhook import JiraVerifier
from integrations.pagerduty_webhook import PagerDutyVerifier
from integrations.public_secrets import PUBLISHED, weakness
from integrations.standard_webhooks import StandardVerifier
from integrations.zendesk_webhook import ZendeskVerifier
from workers._doctor_chat import live_slack
from workers._doctor_check import Check, fail, fine, warn
from workers._doctor_live import (
    ClockSkew,
    asked,
    basic,
    live_paging,
    live_public_url,
    live_reports,
)
from workers._doctor_trackers import live_trackers
from workers._doctor_vouching import live_vouching
from workers.house import inbox
from workers.settings import Settings
from workers.which_engine import which_engine

_PATIENCE = 10.0


def webhooks(settings: Settings) -> Iterator[Check]:
    """Secrets of the webhook doors protect something."""
    doors = settings.webhooks
    zendesk = [secret.get_secret_value() for secret in doors.zendesk_secrets]
    standard = [secret.get_secret_value() for secret in doors.standard_secrets]
    pagerduty = [secret.get_secret_value() for secret in doors.pagerduty_secrets]
    jira = [secret.get_secret_value() for secret in doors.jira_secrets]
    polled = settings.rt.url is not None or settings.servicenow.url is not None
    if not zendesk and not standard and not jira and not polled and not settings.jira.poll:
        yield warn(
            "webhooks",
            "no webhook secret is set and no tracker is polled: reports come in by hand only",
            mend="Set ESCALATE_WEBHOOKS__ZENDESK_SECRETS or ESCALATE_WEBHOOKS__STANDARD_SECRETS.",
        )
    if jira and not settings.jira.account:
        yield warn(
            "webhooks-jira-echo",
            "our own changes in Jira come back as news of others",
            mend="Set ESCALATE_JIRA__ACCOUNT to the id that `escalate doctor --live` names.",
        )
    used: dict[str, Callable[[], object]] = {
        "jira": lambda: JiraVerifier(jira),
        "pagerduty": lambda: PagerDutyVerifier(pagerduty, demo=settings.demo),
        "standard": lambda: StandardVerifier(standard),
        "zendesk": lambda: ZendeskVerifier(zendesk, demo=settings.demo),
    }
    for name, secrets in (
        ("jira", jira),
        ("pagerduty", pagerduty),
        ("standard", standard),
        ("zendesk", zendesk),
    ):
        if secrets:
            yield _secrets(f"webhooks-{name}", secrets, used[name], demo=settings.demo)


def _secrets(name: str, secrets: list[str], used: Callable[[], object], *, demo: bool) -> Check:
    """How the secrets of one door are; their values are in no word of it."""
    mend = "Make a new one at the sender: `openssl rand -base64 32` where it lets you choose."
    try:
        used()
    except UnusableSecretError as error:
        return fail(name, str(error), mend=error.mend)
    for number, secret in enumerate(secrets, start=1):
        if secret in PUBLISHED and not demo:
            return fail(name, f"secret {number} is a public example", mend=mend)
        weak = weakness(secret)
        if weak is not None:
            return warn(name, f"secret {number} {weak}", mend=mend)
    return fine(name, f"{len(secrets)} secret(s) can be used")


def messages(settings: Settings) -> Iterator[Check]:
    """How people are told by mail."""
    if settings.smtp.host is None:
        yield warn(
            "mail",
            "no mail server: notices stay in the local outbox, where only the demo page shows them",
            mend="Set ESCALATE_SMTP__HOST.",
        )
    else:
        yield fine("mail", f"goes out by {settings.smtp.host}:{settings.smtp.port}")
        if settings.smtp.tls == "none" and settings.smtp.host not in ("127.0.0.1", "localhost"):
            yield warn(
                "mail-tls",
                "mail leaves this machine unencrypted",
                mend="Set ESCALATE_SMTP__TLS=starttls or implicit.",
            )
    imap = settings.imap
    if imap.on:
        yield fine("mail-in", f"replies and bounces are read from {imap.host}:{imap.port}")
    elif settings.smtp.host is not None:
        yield warn(
            "mail-in",
            "no mailbox is read: a bounced notice is noticed by nobody, a reply is lost",
            mend="Set ESCALATE_IMAP__HOST, __USER and __PASSWORD of the sender's mailbox.",
        )


async def engine(settings: Settings) -> AsyncIterator[Check]:
    """Which Temporal, whether it answers, and whether it is set up."""
    answer = await which_engine(settings)
    if answer.reachable is False:
        yield fail(
            "engine",
            f"{answer.why}; it does not answer: {answer.trouble}",
            mend="Start it, or mend ESCALATE_ENGINE__ADDRESS. Acts are recorded meanwhile.",
        )
        return
    yield fine("engine", answer.why)
    if answer.recent_enough is False:
        yield fail(
            "engine-version",
            f"server {answer.server_version} is too old",
            mend="Upgrade the Temporal server to 1.32 or later.",
        )
    if answer.running is False:
        yield warn(
            "engine-running",
            "our own server does not run now",
            mend="`escalate up` starts it, and everything else.",
        )
    if answer.missing_attributes:
        yield fail(
            "engine-attributes",
            f"search attributes are missing: {', '.join(answer.missing_attributes)}",
            mend="`escalate up` adds them where its log-in may; else ask who runs Temporal.",
        )
    if answer.retention_days is not None:
        wanted = settings.engine.retention.total_seconds() / 86_400
        if answer.retention_days < wanted:
            yield warn(
                "engine-retention",
                f"closed histories are kept {answer.retention_days:g} days, not {wanted:g}",
                mend="Raise the namespace's retention: exports of older cases need it.",
            )
    if answer.pollers == 0:
        yield warn(
            "engine-pollers",
            f"no worker polls the task queue {settings.task_queue}",
            mend="Start one: `escalate worker`.",
        )
    elif answer.urgent_pollers == 0:
        yield fail(
            "engine-urgent",
            f"no worker polls {settings.urgent_queue}: what SEV0 and SEV1 cases ask for waits",
            mend="A worker of an earlier release runs: upgrade it, or start another.",
        )


async def live(
    settings: Settings, directory: FileDirectory | None, *, at: datetime
) -> AsyncIterator[Check]:
    """Every configured vendor is asked something that changes nothing."""
    if settings.smtp.host is not None:
        yield await _smtp(settings)
    mailbox = inbox(settings)
    if mailbox is not None:
        yield await _imap(settings, mailbox)
    skew = ClockSkew()
    hooks = {"response": [skew.heard]}
    async with httpx.AsyncClient(trust_env=False, timeout=_PATIENCE, event_hooks=hooks) as http:
        rt, zendesk = settings.rt, settings.zendesk
        if rt.url is not None:
            token = rt.token.get_secret_value() if rt.token else None
            headers = (
                {"Authorization": f"token {token}"}
                if token
                else basic(
                    rt.user or "escalate", rt.password.get_secret_value() if rt.password else ""
                )
            )
            url = f"{str(rt.url).rstrip('/')}/REST/2.0/rt"
            yield await asked(http, "request-tracker", url, headers)
        if zendesk.subdomain is not None and zendesk.email and zendesk.token is not None:
            base = str(zendesk.base_url or f"https://{zendesk.subdomain}.zendesk.com").rstrip("/")
            headers = basic(f"{zendesk.email}/token", zendesk.token.get_secret_value())
            yield await asked(http, "zendesk", f"{base}/api/v2/users/me.json", headers)
        in_slack = await live_slack(settings, http)
        if in_slack is not None:
            yield in_slack
        async for check in live_trackers(settings, http):
            yield check
        async for check in live_paging(settings, directory, http, at=at):
            yield check
        async for check in live_reports(settings, http):
            yield check
        async for check in live_vouching(settings, http, at=at):
            yield check
        yield await live_public_url(settings, http)
    yield skew.check()
    if settings.pagerduty.keys:
        yield await _resolves("pagerduty events", settings.pagerduty.events_url.host or "")
    for name, connector in settings.actions.connectors.items():
        yield await _resolves(f"connector {name}", connector.url.host or "")


async def _smtp(settings: Settings) -> Check:
    smtp = settings.smtp
    connection = aiosmtplib.SMTP(
        hostname=smtp.host,
        port=smtp.port,
        timeout=_PATIENCE,
        use_tls=smtp.tls == "implicit",
        start_tls=smtp.tls == "starttls",
    )
    try:
        async with connection:
            await connection.ehlo()
            if smtp.user is not None and smtp.password is not None:
                await connection.login(smtp.user, smtp.password.get_secret_value())
            await connection.noop()
    except (aiosmtplib.SMTPException, OSError) as error:
        return fail(
            "live mail",
            f"{smtp.host}:{smtp.port} does not take us: {type(error).__name__}",
            mend="Check ESCALATE_SMTP__HOST, __PORT, __TLS, __USER and __PASSWORD.",
        )
    return fine("live mail", f"{smtp.host}:{smtp.port} answers and lets us in")


async def _imap(settings: Settings, mailbox: ImapInbox) -> Check:
    try:
        mails = await mailbox.check()
    except VendorError as error:
        return fail("live mailbox", str(error), mend=error.mend)
    return fine("live mailbox", f"{settings.imap.host} lets us in; {mails} mail(s) lie there")


async def _resolves(name: str, host: str) -> Check:
    try:
        async with asyncio.timeout(_PATIENCE):
            await asyncio.get_running_loop().getaddrinfo(host, None)
    except (OSError, TimeoutError):
        return fail(f"live {name}", f"{host} has no address", mend="Check its URL.")
    return fine(f"live {name}", f"{host} has an address; it is not called, a call would act")
