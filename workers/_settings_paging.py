"""Settings of PagerDuty: which services page, and whose schedules are read."""

from pydantic import AnyHttpUrl, Field, SecretStr, field_validator

from integrations.locales import LocaleTag
from integrations.on_call_sources import API_URL
from integrations.pagerduty import DEFAULT, EVENTS_URL
from workers._settings_group import Group


class PagerService(Group):
    """One service of PagerDuty."""

    key: SecretStr = Field(description="integration key of its Events API v2 integration")
    locale: LocaleTag | None = Field(
        None, description="in which locale it pages; empty = as the others"
    )


class PagerDutySettings(Group):
    """Pages by PagerDuty. Off until a key is given; schedules are read once an API token is."""

    key: SecretStr | None = Field(
        None, description="integration key of the service that pages for every role without its own"
    )
    services: dict[str, PagerService] = Field(
        default_factory=dict, description="role → the service that pages for it; _ stands for -"
    )
    locale: LocaleTag | None = Field(
        None, description="in which locale pages are worded; empty = en"
    )
    token: SecretStr | None = Field(
        None, description="read-only REST API key, for schedules and `doctor --live`"
    )
    events_url: AnyHttpUrl = Field(
        AnyHttpUrl(EVENTS_URL), description="Events API v2; the EU has a host of its own"
    )
    api_url: AnyHttpUrl = Field(AnyHttpUrl(API_URL), description="REST API; the EU has its own")

    @field_validator("services", mode="before")
    @classmethod
    def _named_as_in_runbooks(cls, value: object) -> object:
        # Runbooks write `duty-counsel`; a shell can only set DUTY_COUNSEL.
        if not isinstance(value, dict):
            return value
        return {str(name).replace("_", "-"): item for name, item in value.items()}

    @property
    def keys(self) -> dict[str, SecretStr]:
        """The integration keys by service: a role's own, and the one for all others."""
        own = {role: service.key for role, service in self.services.items()}
        return own if self.key is None else {DEFAULT: self.key, **own}
