"""Settings of chats: where roles are told, and who may press buttons."""

from pydantic import AnyHttpUrl, Field, SecretStr, field_validator

from integrations.locales import LocaleTag
from workers._settings_group import Group
from workers._settings_sources import Secrets


def named_as_in_runbooks(value: object) -> object:
    """Runbooks write `duty-counsel`; a shell can only set DUTY_COUNSEL."""
    if not isinstance(value, dict):
        return value
    return {str(name).lower().replace("_", "-"): item for name, item in value.items()}


class RoomSettings(Group):
    """The room of one role."""

    channel: str = Field(
        pattern=r"^[CG][A-Z0-9]{2,30}$", description="id of the Slack channel that role is told in"
    )
    locale: LocaleTag | None = Field(
        None, description="in which locale that channel is told; empty = as the workspace"
    )


class SlackSettings(Group):
    """A Slack workspace. Off until a token is given; buttons act once a signing secret is."""

    token: SecretStr | None = Field(None, description="bot token (xoxb-…); empty = not used")
    signing_secrets: Secrets = Field((), description="the app's signing secrets")
    team: str = Field(
        "",
        pattern=r"^([TE][A-Z0-9]{2,30})?$",
        description="id of the workspace; members of others are refused",
    )
    channel: str = Field(
        "",
        pattern=r"^([CG][A-Z0-9]{2,30})?$",
        description="id of the channel for roles without one of their own",
    )
    locale: LocaleTag | None = Field(
        None, description="in which locale channels are told; empty = en"
    )
    rooms: dict[str, RoomSettings] = Field(
        default_factory=dict, description="role → its channel; _ stands for -"
    )
    api: AnyHttpUrl | None = Field(None, description="another base URL of the Web API, for tests")

    @property
    def on(self) -> bool:
        """Whether roles are told in Slack."""
        return self.token is not None

    _named = field_validator("rooms", mode="before")(named_as_in_runbooks)


class TeamsRoomSettings(Group):
    """The channel of one role."""

    webhook: SecretStr = Field(description="address of that channel's Workflows webhook")
    locale: LocaleTag | None = Field(
        None, description="in which locale that channel is told; empty = as the others"
    )


class TeamsSettings(Group):
    """Channels of Microsoft Teams that hear of notices, beside the people who are told."""

    webhook: SecretStr | None = Field(
        None, description="Workflows webhook of the channel for roles without one of their own"
    )
    locale: LocaleTag | None = Field(
        None, description="in which locale channels are told; empty = en"
    )
    rooms: dict[str, TeamsRoomSettings] = Field(
        default_factory=dict, description="role → its channel's webhook; _ stands for -"
    )

    @property
    def on(self) -> bool:
        """Whether any channel hears of notices."""
        return self.webhook is not None or bool(self.rooms)

    _named = field_validator("rooms", mode="before")(named_as_in_runbooks)
