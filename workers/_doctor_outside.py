"""Everything beyond this machine: who may deliver, how people are told, which Temporal, vendors."""

import asyncio
import base64
from collections.abc import AsyncIterator, Iterator

import aiosmtplib
import httpx

from integrations.errors import UnusableSecretError
from integrations.jira_webhook import JiraVerifier
from integrations.standard_webhooks import decode_secret
from integrations.zendesk_webhook import ZendeskVerifier
from workers._doctor_check import Check, Level, fail, fine, warn
from workers.settings import Settings
from workers.which_engine import which_engine

_PATIENCE = 10.0


def webhooks(settings: Settings) -> Iterator[Check]:
    """Secrets of the webhook doors protect something."""
    zendesk = [secret.get_secret_value() for secret in settings.webhooks.zendesk_secrets]
    standard = [secret.get_secret_value() for secret in settings.webhooks.standard_secrets]
    jira = [secret.get_secret_value() for secret in settings.webhooks.jira_secrets]
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
    for name, secrets in (("zendesk", zendesk), ("jira", jira), ("standard", standard)):
        if not secrets:
            continue
        try:
            if name == "zendesk":
                ZendeskVerifier(secrets, demo=settings.demo)
            elif name == "jira":
                JiraVerifier(secrets)
            else:
                for secret in secrets:
                    decode_secret(secret)
        except UnusableSecretError as error:
            yield fail(f"webhooks-{name}", str(error), mend=error.mend)
        else:
            yield fine(f"webhooks-{name}", f"{len(secrets)} secret(s) can be used")


def messages(settings: Settings) -> Iterator[Check]:
    """How people are told; until there is a pager, that is never more than mail."""
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
    yield warn(
        "pager",
        "pages go out by mail only",
        mend="Nobody is woken by a mail: watch the inbox of the duty roles around the clock.",
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


async def live(settings: Settings) -> AsyncIterator[Check]:
    """Every configured vendor is asked something that changes nothing."""
    if settings.smtp.host is not None:
        yield await _smtp(settings)
    async with httpx.AsyncClient(trust_env=False, timeout=_PATIENCE) as http:
        rt, zendesk = settings.rt, settings.zendesk
        if rt.url is not None:
            token = rt.token.get_secret_value() if rt.token else None
            headers = (
                {"Authorization": f"token {token}"}
                if token
                else _basic(
                    rt.user or "escalate", rt.password.get_secret_value() if rt.password else ""
                )
            )
            url = f"{str(rt.url).rstrip('/')}/REST/2.0/rt"
            yield await _asked(http, "request-tracker", url, headers)
        if zendesk.subdomain is not None and zendesk.email and zendesk.token is not None:
            base = str(zendesk.base_url or f"https://{zendesk.subdomain}.zendesk.com").rstrip("/")
            headers = _basic(f"{zendesk.email}/token", zendesk.token.get_secret_value())
            yield await _asked(http, "zendesk", f"{base}/api/v2/users/me.json", headers)
        if settings.jira.url is not None and settings.jira.token is not None:
            yield await _jira(http, settings)
        servicenow = settings.servicenow
        if servicenow.url is not None and servicenow.user is not None:
            base = str(servicenow.url).rstrip("/")
            url = f"{base}/api/now/table/{servicenow.table}?sysparm_limit=1&sysparm_fields=sys_id"
            secret = servicenow.token or servicenow.password
            word = secret.get_secret_value() if secret is not None else ""
            bearer = {"Authorization": f"Bearer {word}"}
            headers = bearer if servicenow.token is not None else _basic(servicenow.user, word)
            yield await _asked(http, "servicenow", url, headers)
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


async def _jira(http: httpx.AsyncClient, settings: Settings) -> Check:
    """As whom Jira knows us: the echo of our own changes is told by that id."""
    jira = settings.jira
    token = jira.token.get_secret_value() if jira.token is not None else ""
    headers = _basic(jira.email, token) if jira.email else {"Authorization": f"Bearer {token}"}
    base = str(jira.api_url or jira.url).rstrip("/")
    check = await _asked(http, "jira", f"{base}/rest/api/3/myself", headers)
    if check.level is not Level.OK:
        return check
    answer = await http.get(f"{base}/rest/api/3/myself", headers=headers)
    account = str(answer.json().get("accountId", ""))
    if jira.account and account != jira.account:
        return fail(
            "live jira",
            "the account that answers is not the one whose news are taken for our echo",
            mend=f"Set ESCALATE_JIRA__ACCOUNT={account}.",
        )
    return fine("live jira", f"answers and lets us in as {account}")


async def _asked(http: httpx.AsyncClient, name: str, url: str, headers: dict[str, str]) -> Check:
    mend = f"Check the URL and the credentials of {name}."
    try:
        answer = await http.get(url, headers=headers)
    except httpx.HTTPError as error:
        return fail(f"live {name}", f"does not answer: {type(error).__name__}", mend=mend)
    if answer.is_success:
        return fine(f"live {name}", "answers and lets us in")
    return fail(f"live {name}", f"answered {answer.status_code}", mend=mend)


async def _resolves(name: str, host: str) -> Check:
    try:
        async with asyncio.timeout(_PATIENCE):
            await asyncio.get_running_loop().getaddrinfo(host, None)
    except (OSError, TimeoutError):
        return fail(f"live {name}", f"{host} has no address", mend="Check the connector's URL.")
    return fine(f"live {name}", f"{host} has an address; it is not called, a call would act")


def _basic(user: str, password: str) -> dict[str, str]:
    pair = base64.b64encode(f"{user}:{password}".encode()).decode()
    return {"Authorization": f"Basic {pair}"}
