"""Settings of reports to authorities: who hands them in, and which connectors are switched on."""

from typing import Literal

from pydantic import AnyHttpUrl, Field, SecretStr

from runbooks.forms.cybertip import CYBERTIP
from runbooks.forms.dsa_statement import DSA_STATEMENT
from workers._settings_group import Group


class PartySettings(Group):
    """Who hands reports in, as authorities know it."""

    name: str = Field("", description="name of the provider")
    legal_representative: str = Field("", description="its legal representative, if it has one")
    member_state: str = Field("", description="member state of establishment or representative")
    authorised_person: str = Field("", description="who is authorised to hand reports in")
    email: str = Field("", description="contact address on forms")


class DsaSettings(Group):
    """The EU's transparency database. Off until address and token are given."""

    url: AnyHttpUrl | None = Field(None, description="base of its API, sandbox first; empty = off")
    token: SecretStr | None = Field(None, description="API token of the platform")

    @property
    def on(self) -> bool:
        """Whether statements are handed in by us."""
        return self.url is not None and self.token is not None


class CybertipSettings(Group):
    """The CyberTipline. Off until user, password and e-mail are given; a test until told."""

    user: str | None = Field(None, description="log-in name; empty = off")
    password: SecretStr | None = Field(None, description="log-in password")
    environment: Literal["test", "production"] = Field(
        "test", description="test | production (files real reports: counsel first)"
    )
    email: str = Field("", description="e-mail of the reporting person")
    company: str = Field("", description="name of the company template")
    service: str = Field("", description="name of the service that accounts are of")
    legal_url: str = Field("", description="where legal process is to be sent")

    @property
    def on(self) -> bool:
        """Whether reports are handed in by us."""
        return bool(self.user and self.password is not None and self.email)


class ReportSettings(Group):
    """Reports to authorities. What is not switched on is a manual task with a draft."""

    party: PartySettings = Field(default_factory=PartySettings, description="who hands in")
    dsa: DsaSettings = Field(default_factory=DsaSettings, description="statements of reasons")
    cybertip: CybertipSettings = Field(
        default_factory=CybertipSettings, description="CyberTipline reports"
    )

    @property
    def connected(self) -> frozenset[str]:
        """The forms that a connector hands in."""
        on = {DSA_STATEMENT.name: self.dsa.on, CYBERTIP.name: self.cybertip.on}
        return frozenset(form for form, is_on in on.items() if is_on)
