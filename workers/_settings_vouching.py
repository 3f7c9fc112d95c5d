"""Settings of those who vouch for the transparency log: witnesses, and an authority of time."""

from datetime import timedelta
from pathlib import Path

from pydantic import AnyHttpUrl, Field

from workers._settings_group import Group
from workers._settings_sources import Span


class WitnessSettings(Group):
    """Who cosigns checkpoints of the log. Off until a policy names witnesses with their URLs."""

    policy_file: Path | None = Field(
        None, description="C2SP tlog-policy: witnesses, where they are asked, whose word is enough"
    )
    timeout: Span = Field(timedelta(seconds=10), description="how long one is waited for")
    alarm_after: Span = Field(
        timedelta(minutes=15),
        description="the duty manager hears when entries wait so long to be vouched for",
    )


class TsaSettings(Group):
    """An authority that stamps checkpoints with the time (RFC 3161). Off until its URL is given."""

    url: AnyHttpUrl | None = Field(None, description="where tokens are asked for; empty = off")
    roots_file: Path | None = Field(
        None, description="PEM of the certificates its tokens must lead to; `audit verify` too"
    )
    every: Span = Field(timedelta(days=1), description="a log that grew has a token so often")
    apart: Span = Field(
        timedelta(minutes=1), description="closures and actions within this time share a token"
    )
    patience: Span = Field(
        timedelta(seconds=30), description="how long witnesses are waited for before a token"
    )
    timeout: Span = Field(timedelta(seconds=15), description="how long the authority is waited for")
    alarm_after: Span = Field(
        timedelta(hours=26),
        description="the duty manager hears when the log grew and has no token for so long",
    )
