"""A notice that is not pressing goes with the recipient's digest, in the recipient's own hours."""

from datetime import datetime

from activities.hours import awake_now
from activities.outside import Outside
from cases.bundling import leaves_at
from cases.notice import NoticeEnd, NoticeOrder, RecipientOutcome
from integrations.ports.directory import Person
from store import NoticeRow

CHANNEL = "digest"


class Bundling:
    """Puts notices aside for the gateway, which sends them together."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside

    def leaves_at(self, order: NoticeOrder, person: Person) -> datetime | None:
        """When the person's digest takes it along at the latest; None: it goes now, by itself."""
        window = person.digest if person.digest is not None else self._outside.digest
        if not window:
            return None
        at = leaves_at(order, window)
        return at if at is not None and self._is_awake(order, person, at) else None

    async def put(
        self,
        order: NoticeOrder,
        person: Person,
        *,
        due_at: datetime,
        about: str | None,
        detail: str,
        instead_of: str = "",
    ) -> RecipientOutcome:
        """It waits; what becomes of it is recorded when the digest goes, or it is overtaken."""
        row = await self._outside.store.digests.put(
            NoticeRow(
                key=order.key,
                recipient=person.id,
                case=order.case,
                purpose=order.purpose,
                role=order.role,
                channel=CHANNEL,
                end=NoticeEnd.BUNDLED,
                detail=detail,
                at=order.at,
                about=about,
            ),
            order,
            due_at=due_at,
            instead_of=instead_of,
        )
        return RecipientOutcome(
            person=person.id, channel=row.channel, end=row.end, detail=row.detail
        )

    def _is_awake(self, order: NoticeOrder, person: Person, at: datetime) -> bool:
        """Whether it could be told them then: a digest must not run into their night."""
        then = order.model_copy(update={"at": at})
        now, _ = awake_now(then, [person], zone=self._outside.zone)
        return bool(now)
