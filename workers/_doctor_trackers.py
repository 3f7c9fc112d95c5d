"""Whether Jira and ServiceNow answer, and as whom they know us; nothing is changed there."""

from collections.abc import AsyncIterator

import httpx

from workers._doctor_check import Check, Level, fail, fine
from workers._doctor_live import asked, basic
from workers.settings import Settings


async def live_trackers(settings: Settings, http: httpx.AsyncClient) -> AsyncIterator[Check]:
    """Each that is connected is asked for something that it only shows who may log in."""
    if settings.jira.url is not None and settings.jira.token is not None:
        yield await _jira(settings, http)
    servicenow = settings.servicenow
    if servicenow.url is not None and servicenow.user is not None:
        base = str(servicenow.url).rstrip("/")
        url = f"{base}/api/now/table/{servicenow.table}?sysparm_limit=1&sysparm_fields=sys_id"
        secret = servicenow.token or servicenow.password
        word = secret.get_secret_value() if secret is not None else ""
        bearer = {"Authorization": f"Bearer {word}"}
        headers = bearer if servicenow.token is not None else basic(servicenow.user, word)
        yield await asked(http, "servicenow", url, headers)


async def _jira(settings: Settings, http: httpx.AsyncClient) -> Check:
    """The echo of our own changes is told by the id that Jira knows us by."""
    jira = settings.jira
    token = jira.token.get_secret_value() if jira.token is not None else ""
    headers = basic(jira.email, token) if jira.email else {"Authorization": f"Bearer {token}"}
    url = f"{str(jira.api_url or jira.url).rstrip('/')}/rest/api/3/myself"
    check = await asked(http, "jira", url, headers)
    if check.level is not Level.OK:
        return check
    account = str((await http.get(url, headers=headers)).json().get("accountId", ""))
    if jira.account and account != jira.account:
        return fail(
            "live jira",
            "the account that answers is not the one whose news are taken for our echo",
            mend=f"Set ESCALATE_JIRA__ACCOUNT={account}.",
        )
    return fine("live jira", f"answers and lets us in as {account}")
