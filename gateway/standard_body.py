"""What a Standard Webhooks delivery says: a CloudEvents-like JSON object, read strictly.

    {"id": "evt-1", "source": "form", "type": "escalate.report.opened", "subject": "R-17",
     "time": "2026-11-22T10:00:00Z",
     "data": {"tags": ["fraud"],
              "fields": {"form": "removal-order"},
              "about": "account-9",
              "content_ref": "evidence://17",
              "receipt_at": "2026-11-22T09:30:00Z",
              "ticket": {"system": "local", "instance": "desk", "id": "17", "url": ""}}}

`source` and `subject` (or `id` without one) name the case for ever. `about` is whom the report is
about: only a salted digest of it travels. Types are `escalate.report.opened` and
`escalate.report.changed`; any other type is authentic and of no concern to a case. Names we do not
know are kept with the delivery and never interpreted.
"""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from cases.report import TicketRef
from cases.values import Instant, Line
from integrations.errors import UnreadableBodyError
from integrations.wire import read_json

OPENED = "escalate.report.opened"
CHANGED = "escalate.report.changed"

Word = Annotated[str, StringConstraints(min_length=1, max_length=200)]
_MOST = 200


class _Read(BaseModel):
    model_config = ConfigDict(frozen=True, extra="allow")


class StandardData(_Read):
    """The report itself."""

    tags: tuple[Word, ...] = ()
    fields: dict[Word, Line] = {}
    about: Line = ""
    content_ref: Line = ""
    receipt_at: Instant | None = None
    ticket: TicketRef | None = None
    status: Word | None = None


class StandardBody(_Read):
    """The event around it."""

    id: Word
    source: Word
    type: Word
    subject: Word | None = None
    time: Instant | None = None
    data: StandardData = StandardData()

    @property
    def external_id(self) -> str:
        """What the sender calls the report."""
        return self.subject or self.id

    @property
    def unknown(self) -> dict[str, Any]:
        """Whatever else was said."""
        standard = {"specversion", "datacontenttype", "dataschema"}
        extra = {**(self.model_extra or {}), **(self.data.model_extra or {})}
        return {name: value for name, value in extra.items() if name not in standard}


def parse_standard(body: bytes) -> StandardBody:
    """The event in an authentic body, or `UnreadableBodyError`, never another exception."""
    content = read_json(body)
    try:
        event = StandardBody.model_validate(content)
    except ValidationError as error:
        # Only the places, never the values: the body may hold reported text (I13).
        where = ", ".join(".".join(map(str, item["loc"])) for item in error.errors()[:5])
        raise UnreadableBodyError(f"not as agreed: {where}") from error
    if len(event.data.tags) > _MOST or len(event.data.fields) > _MOST:
        raise UnreadableBodyError(f"more than {_MOST} tags or fields")
    return event
