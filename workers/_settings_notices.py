"""Settings of how people are told: in company or alone, how fast, and when a channel is out."""

from datetime import timedelta

from pydantic import Field

from integrations.locales import LocaleTag
from workers._settings_group import Group
from workers._settings_sources import Span


class NoticeSettings(Group):
    """How notices go out. SEV0 and SEV1 wait for none of this."""

    digest: Span = Field(
        timedelta(),
        description="how long SEV3/SEV4 notices of one recipient wait for company; 0s = not at all",
    )
    locale: LocaleTag = Field(
        "en", description="in which locale people are told who name none of their own"
    )
    link_life: Span = Field(
        timedelta(hours=72),
        gt=timedelta(0),
        description="how long a link of a message leads somewhere; it dies with its round before",
    )
    person_per_hour: int = Field(
        60, ge=1, description="messages to one person in an hour; more go in company"
    )
    mail_per_minute: int | None = Field(
        None, ge=1, description="mails in a minute; empty = as fast as they come"
    )
    slack_per_minute: int = Field(60, ge=1, description="cards in a minute and room")
    teams_per_minute: int = Field(120, ge=1, description="cards in a minute and channel")
    pagerduty_per_minute: int = Field(120, ge=1, description="events in a minute and service")
    failures: int = Field(
        5, ge=1, description="after so many failures in a row a channel is left alone"
    )
    pause: Span = Field(
        timedelta(seconds=30), description="time between two tries whether it answers again"
    )
