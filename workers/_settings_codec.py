"""Settings of the codec server: who may read encrypted payloads in Temporal's own pages."""

import re
from datetime import timedelta
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from workers._settings_group import Group
from workers._settings_sources import Span, Words

_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?|https?://\[[0-9a-f:]+\](:[0-9]{1,5})?")


class CodecSettings(Group):
    """Decoding for Temporal's Web UI and command line. Off until a role is named."""

    roles: Words = Field(
        (), description="roles that may decode payloads of cases they may see; none = off"
    )
    origins: Words = Field(
        (), description="origins of Temporal's Web UI, exactly: http://127.0.0.1:8233"
    )
    audience: str = Field(
        "codec",
        min_length=1,
        description="aud of the provider's access tokens that are taken; never the client id",
    )
    token_lifetime: Span = Field(
        timedelta(minutes=15),
        ge=timedelta(minutes=1),
        le=timedelta(hours=1),
        description="how long a token of `escalate login --codec` holds",
    )
    per_minute: int = Field(3000, ge=1, description="payloads one person may decode in a minute")

    @field_validator("origins")
    @classmethod
    def _exact(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            if not _ORIGIN.fullmatch(origin) or urlsplit(origin).port == 0:
                raise ValueError("must be origins such as https://temporal.example, no wildcard")
        return value

    @property
    def on(self) -> bool:
        """Whether anybody may decode anything."""
        return bool(self.roles)
