"""Settings of the mailbox that replies and bounced notices come to."""

from datetime import timedelta
from typing import Literal

from pydantic import Field, SecretStr

from workers._settings_group import Group
from workers._settings_sources import Span


class ImapSettings(Group):
    """The mailbox of the sender's address. Off until host, user and password are given."""

    host: str | None = Field(None, description="IMAP server; empty = no mail is read")
    port: int = Field(993, ge=1, le=65535, description="its port")
    tls: Literal["starttls", "implicit", "none"] = Field(
        "implicit", description="implicit | starttls | none (only for a server on this machine)"
    )
    user: str | None = Field(None, description="log-in name")
    password: SecretStr | None = Field(None, description="log-in password")
    folder: str = Field("INBOX", pattern=r'^[^"\\\r\n]{1,200}$', description="folder that is read")
    reply_to: str | None = Field(
        None, description="address that replies shall go to, if not the sender's"
    )
    authserv: str | None = Field(
        None, description="your mail server's name in Authentication-Results; empty = none believed"
    )
    every: Span = Field(timedelta(seconds=30), description="time between two looks")

    @property
    def on(self) -> bool:
        """Whether mail is read."""
        return bool(self.host and self.user and self.password is not None)
