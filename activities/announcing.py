"""A role's channel in Teams hears of a notice: beside the people, never instead of them.

Nothing can be looked for there, changed or taken back. So a card is written down before it is
posted, is posted at most once, and says that the page behind it knows better.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import structlog

from activities.guarding import Passing, unguarded, urgency_of
from activities.room_words import announcement
from activities.voices import Locales
from cases.ids import key_of
from cases.notice import NoticeOrder
from integrations.errors import OutcomeUnknownError, VendorError
from integrations.markers import fingerprint
from integrations.teams import Teams
from runbooks import Pathway
from store import Prompt, Store

log = structlog.get_logger(__name__)

ANNOUNCED = "announced"


@dataclass(frozen=True)
class Announcements:
    """Which channel each role hears of its notices in."""

    teams: Teams
    default: str | None = field(default=None, repr=False)
    of_role: Mapping[str, str] = field(default_factory=dict, repr=False)

    def webhook_of(self, role: str) -> str | None:
        """The webhook of the role's own channel, else of the one for all."""
        return self.of_role.get(role) or self.default


class Announcing:
    """Posts cards to channels, at most once each."""

    def __init__(
        self,
        where: Announcements,
        *,
        store: Store,
        public_url: str,
        locales: Locales,
        passing: Passing = unguarded,
    ) -> None:
        self._locales = locales
        self._passing = passing
        self._where = where
        self._store = store
        self._public_url = public_url

    async def announce(self, order: NoticeOrder, pathway: Pathway) -> None:
        """The channel has the card, or the record says why not; nobody waits for it."""
        webhook = self._where.webhook_of(order.role)
        if webhook is None:
            return
        key = fingerprint(key_of("teams", order.key))
        # The address is a secret: the role names the room.
        room = order.role if order.role in self._where.of_role else "all"
        voice = self._locales.for_place(self._where.teams.name, room)
        row = Prompt(
            key=key,
            case=order.case,
            chat=self._where.teams.name,
            room=room,
            role=order.role,
            begun_by=order.key,
            begun_at=order.at,
            locale=voice.locale,
            words=voice.words,
        )
        _, fresh = await self._store.prompts.begin(row)
        if not fresh:
            return
        link = f"{self._public_url}/cases/{order.number}"
        became = ANNOUNCED
        try:
            async with self._passing(row.chat, urgency=urgency_of(order), place=row.room):
                card = announcement(order, pathway, voice, link=link)
                await self._where.teams.post(card, webhook=webhook)
        except OutcomeUnknownError:
            became = "perhaps announced"
        except VendorError as error:
            # The people themselves are told by the channels, whose outcome is the notice's.
            log.warning("channel not told", error=type(error).__name__)
            became = f"not announced: {type(error).__name__}"
        await self._store.prompts.closed(key, became=became, at=order.at)
