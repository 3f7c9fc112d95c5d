"""People are told that somebody has, or wants, a case open for a time: never a word of the case."""

from datetime import datetime

import structlog

from activities.on_record import StoreLedger
from cases.file import INCIDENT_MANAGER
from cases.ids import key_of
from cases.relations import owner_of
from cases.state import CasePicture
from gateway.doors import Doors
from integrations.errors import DirectoryError, VendorError
from integrations.ledger import speaking
from integrations.ports.directory import DirectorySnapshot, Person
from integrations.ports.ledger import Behalf
from integrations.ports.messaging import Message, message_id

log = structlog.get_logger(__name__)


class AccessTelling:
    """Reaches people by the first channel that takes it."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors
        self._ledger = StoreLedger(doors.store)

    async def known(self) -> DirectorySnapshot | None:
        """Who there is; None while nobody can be looked up."""
        try:
            return await self._doors.directory.snapshot()
        except DirectoryError as error:
            log.warning("nobody can be looked up", error=type(error).__name__)
            return None

    async def owners(self, case: str, known: DirectorySnapshot) -> list[Person]:
        """Who has the case: by name where somebody does, else who runs cases."""
        view = await self._doors.store.views.get(case)
        if view is None:
            return list(known.holders(INCIDENT_MANAGER))
        state = CasePicture.of(view.state)
        pathway = (await self._doors.shelf.by_digest(state.digest)).pathway
        named = known.find(owner_of(state, pathway) or "")
        owners = [named] if named is not None else list(known.holders(pathway.closure.owner))
        return [person for person in owners if person.id not in state.conflicts]

    async def claimants(self, case: str, known: DirectorySnapshot, *, at: datetime) -> list[Person]:
        """Who has the work of its stage out of the queue at that instant."""
        view = await self._doors.store.views.get(case)
        if view is None:
            return []
        state = CasePicture.of(view.state)
        claims = [
            each.person for each in state.claims if each.stage == state.stage and at < each.until
        ]
        return [person for name in claims if (person := known.find(name)) is not None]

    async def reach(
        self,
        person: Person,
        *,
        what: str,
        key: str,
        case: str | None,
        says: str,
        number: str,
        **values: str | datetime,
    ) -> bool:
        """Whether one channel has taken it; `what` and `key` make it one message, however often.

        It `says` that message of the catalogues, with these values and the page's link.
        """
        outside = self._doors.outside
        if outside is None:
            return False
        voice = outside.locales.for_person(person, zone=outside.zone)
        text = voice.say(
            f"{says}.text", number=number, link=f"{outside.public_url}/access", **values
        )
        message = Message(
            to=person.email,
            subject=voice.say(f"{says}.subject", number=number),
            text=f"{text}\n",
            language=voice.locale,
            message_id=message_id(domain=outside.mail_domain, key=(what, key, person.id)),
            case_number=number,
        )
        behalf = Behalf(case=case, key=key_of(what, key, person.id))
        for channel in outside.channels:
            try:
                with speaking(self._ledger, behalf):
                    await channel.messaging.send(message)
            except VendorError as error:
                log.warning("access not told", error=type(error).__name__)
            else:
                return True
        return False
