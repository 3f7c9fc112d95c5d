"""Every setting of every process: read once, here. Nothing below `workers/` reads the environment.

Names are `ESCALATE_` and the field, groups with two underscores: `ESCALATE_SMTP__HOST`. A value
may stand in a file instead: `ESCALATE_SMTP__PASSWORD_FILE=/run/secrets/smtp`, or as the file
`escalate_smtp__password` in `ESCALATE_SECRETS_DIR`. An unknown `ESCALATE_` name is an error: a
misspelt setting must not pass as a default. Temporal's own `TEMPORAL_ADDRESS`,
`TEMPORAL_NAMESPACE`, `TEMPORAL_API_KEY` and `TEMPORAL_TLS*` are understood as well; ours win.
"""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AnyHttpUrl, Field, SecretStr, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from workers._settings_chat import SlackSettings, TeamsSettings
from workers._settings_codec import CodecSettings
from workers._settings_grants import GrantSettings
from workers._settings_group import Group
from workers._settings_keeping import KeepingSettings
from workers._settings_log_in import OidcSettings
from workers._settings_mail import ImapSettings
from workers._settings_notices import NoticeSettings
from workers._settings_paging import PagerDutySettings
from workers._settings_reports import ReportSettings
from workers._settings_sources import (
    PREFIX,
    EnvironmentSource,
    Secrets,
    Span,
    default_cache,
    default_home,
    reading,
)
from workers._settings_trackers import (
    JiraSettings,
    RequestTrackerSettings,
    ServiceNowSettings,
    TicketSettings,
    ZendeskSettings,
)
from workers._settings_vouching import TsaSettings, WitnessSettings
from workers._settings_workers import WorkerSettings
from workers._settings_wrapping import WrappingSettings

URGENT = "-urgent"
"""What the name of a queue ends with that only activities of grave cases are put into."""


class EngineSettings(Group):
    """Which Temporal, and how to reach it."""

    address: str | None = Field(
        None, description="host:port of a Temporal frontend; empty = escalate runs its own server"
    )
    namespace: str = Field("escalate", description="Temporal namespace the cases live in")
    api_key: SecretStr | None = Field(None, description="API key (Temporal Cloud); implies TLS")
    tls: bool | None = Field(
        None, description="speak TLS; default: yes if a key or certificate is set"
    )
    tls_server_name: str | None = Field(
        None, description="name expected in the server's certificate"
    )
    tls_ca_file: Path | None = Field(None, description="PEM of the CA that signed the server")
    tls_cert_file: Path | None = Field(None, description="PEM of the client certificate (mTLS)")
    tls_key_file: Path | None = Field(
        None, description="PEM of the client certificate's key (mTLS)"
    )
    retention: Span = Field(
        timedelta(days=30), description="how long Temporal keeps closed histories (≥ 1d)"
    )
    database: Path | None = Field(
        None, description="SQLite file of the own server; default: engine.db in home"
    )
    postgres_url: SecretStr | None = Field(
        None, description="postgresql:// URL of the own server's database, instead of a file"
    )
    port: int | None = Field(
        None, ge=1, le=65535, description="port of the own server; empty = a free one"
    )

    @property
    def uses_tls(self) -> bool:
        """True if the connection is encrypted."""
        if self.tls is not None:
            return self.tls
        return any((self.api_key, self.tls_ca_file, self.tls_cert_file))


class GatewaySettings(Group):
    """The doors."""

    host: str = Field("127.0.0.1", description="address the gateway listens on")
    port: int = Field(
        8080, ge=0, le=65535, description="port the gateway listens on; 0 = a free one"
    )
    max_body_bytes: int = Field(
        262_144, ge=1024, description="larger requests are refused with 413"
    )
    session_lifetime: Span = Field(timedelta(hours=8), description="a log-in ends after this time")
    step_up_window: Span = Field(
        timedelta(minutes=5), description="how long a second factor counts as fresh (assurance L2)"
    )
    bulk_cap: int = Field(
        200, ge=1, description="one order over more cases than this needs a second person"
    )


class WebhookSettings(Group):
    """Who may deliver reports. Several secrets stand side by side while one is being rotated."""

    zendesk_secrets: Secrets = Field((), description="signing secrets of Zendesk webhooks")
    jira_secrets: Secrets = Field((), description="secrets of Jira's admin webhooks")
    standard_secrets: Secrets = Field((), description="secrets of Standard Webhooks (whsec_…)")
    pagerduty_secrets: Secrets = Field((), description="secrets of PagerDuty webhooks (v3)")
    max_age: Span = Field(timedelta(minutes=5), description="older deliveries are refused with 401")


class SmtpSettings(Group):
    """The mail server that notices go out by."""

    host: str | None = Field(None, description="mail server; empty = the local outbox only")
    port: int = Field(587, ge=1, le=65535, description="its port")
    user: str | None = Field(None, description="log-in name")
    password: SecretStr | None = Field(None, description="log-in password")
    sender: str = Field("escalate@localhost", description="From address of every mail")
    tls: Literal["starttls", "implicit", "none"] = Field(
        "starttls", description="starttls | implicit | none (only for a server on this machine)"
    )


class ConnectorSettings(Group):
    """One system that carries out actions, told by signed webhook."""

    url: AnyHttpUrl = Field(description="where the signed request is posted")
    secret: SecretStr = Field(description="Standard Webhooks secret that signs it (whsec_…)")


class ActionSettings(Group):
    """What carries out actions. An action without a connector is a manual task."""

    connectors: dict[str, ConnectorSettings] = Field(
        default_factory=dict, description="connector's name → url and secret; _ stands for -"
    )

    @field_validator("connectors", mode="before")
    @classmethod
    def _named_as_in_runbooks(cls, value: object) -> object:
        # Runbooks write `content-platform`; a shell can only set CONTENT_PLATFORM.
        if not isinstance(value, dict):
            return value
        return {str(name).replace("_", "-"): item for name, item in value.items()}


class WatchSettings(Group):
    """`escalate watch`, the eye that needs neither worker nor Temporal."""

    every: Span = Field(timedelta(seconds=30), description="time between two looks")
    grace: Span = Field(
        timedelta(minutes=2),
        description="how late a due instant may be before the duty manager hears",
    )
    repeat: Span = Field(
        timedelta(minutes=30), description="time between two mails about one thing"
    )


class LedgerSettings(Group):
    """What is kept of deliveries that are done."""

    keep: Span = Field(
        timedelta(days=90), description="calls and delivered events are forgotten after this time"
    )


class TelemetrySettings(Group):
    """What operators see."""

    otlp_endpoint: AnyHttpUrl | None = Field(
        None, description="OTLP/HTTP collector; empty = no traces"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="least level logged"
    )
    log_format: Literal["auto", "json", "console"] = Field(
        "auto", description="json | console | auto (console on a terminal)"
    )
    worker_metrics: str | None = Field(
        None, description="host:port of the Temporal SDK's Prometheus metrics; empty = none"
    )


class Settings(BaseSettings):
    """Everything a process is told at its start; no field shows its value in an error."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )

    home: Path = Field(
        default_factory=default_home, description="folder of this installation's data"
    )
    cache: Path = Field(
        default_factory=default_cache, description="folder of built and fetched tools"
    )
    secrets_dir: Path | None = Field(None, description="folder of files named escalate_<setting>")
    demo: bool = Field(False, description="demo mode: seeded people, demo keys allowed")
    store_url: SecretStr | None = Field(
        None, description="SQLAlchemy URL of the store; default: escalate.db (SQLite) in home"
    )
    task_queue: str = Field("escalate", description="Temporal task queue of the workers")
    urgent_slots: int = Field(
        20, ge=1, description="activities of SEV0/SEV1 cases a worker takes at once, beside others"
    )
    public_url: AnyHttpUrl = Field(
        AnyHttpUrl("http://127.0.0.1:8080"),
        description="address people reach the gateway at; in every link",
    )
    keys_dir: Path | None = Field(None, description="folder of signing keys; default: keys in home")
    kek_file: Path | None = Field(
        None, description="file of the key-encryption key; default: kek in keys_dir"
    )
    log_origin: str | None = Field(
        None, description="name of a log that begins now; default: public URL's host and /log"
    )
    log_directory: Path | None = Field(
        None, description="folder for the log's tiles and checkpoint; default: in the store"
    )
    log_first: bool = Field(
        True, description="decisions and irreversible effects wait until the log has them"
    )
    log_spool_file: Path | None = Field(
        None, description="what is decided while the log cannot be written; default: in home"
    )
    on_call_file: Path | None = Field(
        None, description="YAML of which roles have a rota, and where it stands"
    )
    access_dir: Path | None = Field(
        None, description="a team's own policies of who may do what, beside those that ship"
    )
    authenticators_file: Path | None = Field(
        None, description="YAML of the security keys' models that are believed to be device-bound"
    )
    directory_file: Path | None = Field(None, description="YAML of people, roles and rotas")
    runbooks_dir: Path | None = Field(None, description="a team's own runbooks, beside the library")
    duty_manager: str | None = Field(
        None, description="address told when nobody else can be (and by watch)"
    )
    incident_manager_phone: str | None = Field(
        None, description="number shown on every decision page"
    )
    time_zone: str = Field("UTC", description="IANA zone that pages and mails show times in")
    engine: EngineSettings = Field(default_factory=EngineSettings, description="Temporal")
    gateway: GatewaySettings = Field(default_factory=GatewaySettings, description="the doors")
    codec: CodecSettings = Field(
        default_factory=CodecSettings, description="reading payloads in Temporal's own pages"
    )
    oidc: OidcSettings = Field(
        default_factory=OidcSettings, description="log-in at a provider (OpenID Connect)"
    )
    webhooks: WebhookSettings = Field(
        default_factory=WebhookSettings, description="reports by webhook"
    )
    smtp: SmtpSettings = Field(default_factory=SmtpSettings, description="mail")
    imap: ImapSettings = Field(default_factory=ImapSettings, description="mail that comes in")
    rt: RequestTrackerSettings = Field(
        default_factory=RequestTrackerSettings, description="Request Tracker"
    )
    slack: SlackSettings = Field(default_factory=SlackSettings, description="Slack")
    teams: TeamsSettings = Field(default_factory=TeamsSettings, description="Microsoft Teams")
    zendesk: ZendeskSettings = Field(default_factory=ZendeskSettings, description="Zendesk")
    jira: JiraSettings = Field(default_factory=JiraSettings, description="Jira")
    servicenow: ServiceNowSettings = Field(
        default_factory=ServiceNowSettings, description="ServiceNow"
    )
    tickets: TicketSettings = Field(
        default_factory=TicketSettings, description="tickets kept in step"
    )
    notices: NoticeSettings = Field(
        default_factory=NoticeSettings, description="how people are told"
    )
    pagerduty: PagerDutySettings = Field(
        default_factory=PagerDutySettings, description="PagerDuty: pages and schedules"
    )
    actions: ActionSettings = Field(default_factory=ActionSettings, description="systems that act")
    reports: ReportSettings = Field(
        default_factory=ReportSettings, description="reports to authorities"
    )
    keeping: KeepingSettings = Field(
        default_factory=KeepingSettings, description="erasure, legal holds, retention"
    )
    grants: GrantSettings = Field(
        default_factory=GrantSettings, description="who is let read a case for a time"
    )
    witnesses: WitnessSettings = Field(
        default_factory=WitnessSettings, description="who vouches for the transparency log"
    )
    tsa: TsaSettings = Field(
        default_factory=TsaSettings, description="time stamps on the transparency log"
    )
    ledger: LedgerSettings = Field(
        default_factory=LedgerSettings, description="the delivery ledger"
    )
    watch: WatchSettings = Field(default_factory=WatchSettings, description="escalate watch")
    telemetry: TelemetrySettings = Field(
        default_factory=TelemetrySettings, description="logs and traces"
    )
    workers: WorkerSettings = Field(default_factory=WorkerSettings, description="workers' own keys")
    wrapping: WrappingSettings = Field(
        default_factory=WrappingSettings, description="the key that wraps the keys of cases"
    )

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None) -> Self:
        """The settings that an environment says; the process's own if none is given."""
        with reading(environ):
            return cls()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments first, then our strict reading of the environment."""
        return init_settings, EnvironmentSource(settings_cls)

    @field_validator("time_zone")
    @classmethod
    def _zone_exists(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError("not an IANA time zone") from error
        return value

    @property
    def store(self) -> str:
        """The store's SQLAlchemy URL."""
        if self.store_url is not None:
            return self.store_url.get_secret_value()
        return f"sqlite+aiosqlite:///{self.home / 'escalate.db'}"

    @property
    def urgent_queue(self) -> str:
        """The task queue of what cannot wait in a case of SEV0 or SEV1."""
        return self.task_queue + URGENT

    @property
    def engine_database(self) -> Path:
        """The file of the own Temporal server."""
        return self.engine.database or self.home / "engine.db"

    @property
    def keys(self) -> Path:
        """The folder of signing keys."""
        return self.keys_dir or self.home / "keys"

    @property
    def erased(self) -> Path:
        """The folder that tells a restore what was erased."""
        return self.keeping.erased_dir or self.home / "erased"

    @property
    def log_name(self) -> str:
        """What a log that begins now is called: the address its tiles are read under."""
        return self.log_origin or str(self.public_url).rstrip("/").partition("://")[2] + "/log"

    @property
    def log_spool(self) -> Path:
        """The file of what was decided while the log could not be written."""
        return self.log_spool_file or self.home / "log-spool.jsonl"

    @property
    def kek(self) -> Path:
        """The file of the key-encryption key."""
        return self.kek_file or self.keys / "kek"
