"""What the house asks of a chat: a card in a room, found again, and changed once it is over."""

from enum import StrEnum
from typing import Annotated, Protocol

from pydantic import Field, StringConstraints

from cases.values import Value
from integrations.ports.messaging import HeaderText

MemberId = Annotated[str, StringConstraints(pattern=r"^[UW][A-Z0-9]{2,30}$")]


class ButtonStyle(StrEnum):
    """How a button looks."""

    PLAIN = "plain"
    PRIMARY = "primary"
    DANGER = "danger"


class Button(Value):
    """A button that tells us who pressed it; what it means is decided by the door."""

    action: Annotated[str, StringConstraints(pattern=r"^[a-z-]{1,40}$")]
    label: Annotated[str, StringConstraints(min_length=1, max_length=75)]
    value: Annotated[str, StringConstraints(max_length=200)]
    style: ButtonStyle = ButtonStyle.PLAIN


class Card(Value):
    """One message: a heading, plain lines, who is meant, buttons, and the link."""

    heading: HeaderText
    lines: tuple[str, ...] = ()
    mention: tuple[MemberId, ...] = ()
    buttons: Annotated[tuple[Button, ...], Field(max_length=5)] = ()
    link: str
    link_label: str = "Open"


class Place(Value):
    """A room, and the thread in it."""

    room: str
    thread: str | None = None


class Chat(Protocol):
    """One chat system."""

    @property
    def name(self) -> str:
        """What the journal calls it."""
        ...

    async def post(self, card: Card, *, place: Place, key: str) -> str:
        """The card stands in the room under the key's mark; the id of the message."""
        ...

    async def find(self, *, place: Place, key: str) -> str | None:
        """The message that bears the key's mark: it was posted, and nobody heard that it was."""
        ...

    async def change(self, card: Card, *, place: Place, message: str) -> None:
        """The message reads as the card now, without the buttons it had; a deleted one is well."""
        ...
