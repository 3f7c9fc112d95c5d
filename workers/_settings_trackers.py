"""Settings of the ticket systems."""

from datetime import timedelta

from pydantic import AnyHttpUrl, Field, SecretStr

from integrations.locales import LocaleTag
from workers._settings_group import Group
from workers._settings_sources import Span, Words


class RequestTrackerSettings(Group):
    """A Request Tracker 5 that reports are polled from."""

    url: AnyHttpUrl | None = Field(None, description="base URL; empty = not used")
    token: SecretStr | None = Field(None, description="authentication token of the service user")
    user: str | None = Field(None, description="user name, where no token is used")
    password: SecretStr | None = Field(None, description="password, where no token is used")
    queue: str = Field("General", description="queue that reports come from")
    every: Span = Field(timedelta(seconds=30), description="time between two polls")
    locale: LocaleTag | None = Field(
        None, description="in which locale its tickets are written to; empty = en"
    )


class ZendeskSettings(Group):
    """A Zendesk account whose tickets are commented and solved."""

    subdomain: str | None = Field(None, description="account's subdomain; empty = not used")
    base_url: AnyHttpUrl | None = Field(None, description="another base URL, for a test account")
    email: str | None = Field(None, description="e-mail of the agent the token belongs to")
    token: SecretStr | None = Field(None, description="API token")
    actor: str = Field(
        "",
        pattern=r"^\d*$",
        description="user id of that agent: what it does is dropped as our own echo",
    )
    locale: LocaleTag | None = Field(
        None, description="in which locale its tickets are written to; empty = en"
    )


class JiraSettings(Group):
    """A Jira Cloud site, or one service desk of it."""

    url: AnyHttpUrl | None = Field(
        None, description="https://<site>.atlassian.net; empty = not used"
    )
    api_url: AnyHttpUrl | None = Field(
        None, description="where the API is, for scoped tokens: https://api.atlassian.com/ex/jira/…"
    )
    email: str | None = Field(None, description="e-mail the token belongs to; empty = bearer token")
    token: SecretStr | None = Field(None, description="API token")
    account: str = Field(
        "",
        pattern=r"^[A-Za-z0-9:_-]{0,128}$",
        description="account id of that user: what it does is dropped as our own echo",
    )
    project: str = Field("", description="key of the project that cases open issues in")
    projects: Words = Field((), description="projects whose new issues are reports; empty = all")
    issue_type: str = Field("Task", description="type of the issues that cases open")
    fields: dict[str, str] = Field(
        default_factory=dict,
        description="form fields routing may read: name → Jira's id of it; _ stands for -",
    )
    desk: str = Field("", description="id of the service desk; empty = plain issues")
    request_type: str = Field("", description="id of the request type that cases open")
    open_status: Words = Field((), description="names of statuses that mean open, best first")
    pending_status: Words = Field((), description="names of statuses that mean on hold")
    solved_status: Words = Field((), description="names of statuses that mean over")
    poll: bool = Field(False, description="ask for news, where no webhook can reach us")
    every: Span = Field(timedelta(minutes=1), description="time between two polls")
    locale: LocaleTag | None = Field(
        None, description="in which locale its tickets are written to; empty = en"
    )


class ServiceNowSettings(Group):
    """A table of a ServiceNow instance; it is polled."""

    url: AnyHttpUrl | None = Field(
        None, description="https://<instance>.service-now.com; empty = not used"
    )
    user: str | None = Field(None, description="user name of an account that is escalate's alone")
    password: SecretStr | None = Field(None, description="its password")
    token: SecretStr | None = Field(None, description="a bearer token, instead of the password")
    table: str = Field("incident", pattern=r"^[a-z][a-z0-9_]*$", description="the table")
    group: str = Field(
        "", pattern=r"^[0-9a-f]*$", description="sys_id of the assignment group; empty = every one"
    )
    close_code: str = Field("Solved (Permanently)", description="close code of resolved records")
    hold_reason: str = Field("1", description="on-hold reason of records of cases on hold")
    every: Span = Field(timedelta(minutes=1), description="time between two polls")
    locale: LocaleTag | None = Field(
        None, description="in which locale its tickets are written to; empty = en"
    )


class TicketSettings(Group):
    """How tickets are kept in step with their cases."""

    open_in: str | None = Field(
        None, description="system a case opens its ticket in; default: the first that is connected"
    )
    compare_every: Span = Field(
        timedelta(minutes=15), description="how often each case is compared with its ticket"
    )
    compare_after: Span = Field(
        timedelta(days=14), description="how long a case that ended is still compared"
    )
