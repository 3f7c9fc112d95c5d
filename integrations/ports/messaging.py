"""What a notice asks of a mail system."""

import base64
import hashlib
import re
from typing import Annotated, Protocol, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from cases.values import Instant, Value

_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
_OWN_HEADERS = re.compile(r"^X-[A-Za-z0-9-]{1,70}$")
_MAX_REFERENCES = 20


def _one_line(value: str) -> str:
    if _CONTROL.search(value):
        raise ValueError("a header holds one line without control characters")
    return value


HeaderText = Annotated[str, StringConstraints(max_length=900), AfterValidator(_one_line)]
"""Text for a header: no line breaks, so nothing can be smuggled in after it."""

Address = Annotated[
    str,
    StringConstraints(max_length=254, pattern=r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+$"),
]
"""One bare ASCII address; one notice, one recipient."""

MessageId = Annotated[
    str,
    StringConstraints(max_length=250, pattern=r"^<[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[^\s<>@]+>$"),
]


class Message(Value):
    """One mail to one person. Plain text comes first; it says all that the HTML says."""

    to: Address
    subject: HeaderText
    text: str
    html: str | None = None
    message_id: MessageId
    in_reply_to: MessageId | None = None
    references: tuple[MessageId, ...] = ()
    reply_to: Address | None = None
    headers: dict[str, HeaderText] = Field(default_factory=dict)
    """Further `X-` headers."""
    language: str | None = None
    """The locale it is worded in."""
    case_number: str | None = None
    """Names the List-Id, by which people file the mails of a case."""

    @model_validator(mode="after")
    def _check_headers(self) -> Self:
        for name in self.headers:
            if not _OWN_HEADERS.fullmatch(name):
                raise ValueError(f"{name!r} is not a header that a notice may set; only X-… are")
        if len(self.references) > _MAX_REFERENCES:
            raise ValueError(f"at most {_MAX_REFERENCES} references")
        return self


class Sent(Value):
    """The mail system took the message over; that somebody read it is another matter."""

    message_id: str
    accepted_at: Instant
    detail: str = ""


class Messaging(Protocol):
    """One way to send a message."""

    async def send(self, message: Message) -> Sent:
        """The message is handed over. Sending it twice shows the receiver the same Message-ID."""
        ...


def message_id(*, domain: str, key: str | tuple[str, ...]) -> str:
    """The Message-ID that belongs to the key, always the same; it shows nothing of the key.

    The key of a notice is `(case number, purpose, recipient)`.
    """
    parts = (key,) if isinstance(key, str) else key
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode()
        digest.update(len(data).to_bytes(4, "big") + data)
    short = base64.b32encode(digest.digest()).decode().lower()[:26]
    return f"<escalate.{short}@{domain}>"
