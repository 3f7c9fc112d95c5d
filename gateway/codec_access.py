"""Who asks the codec server, proved by a token that is good for nothing else."""

from datetime import datetime, timedelta

from gateway.doors import CodecParts, Doors
from gateway.web import Viewer
from integrations.errors import IdentityError
from integrations.ports.directory import Person
from runbooks.plan import Assurance
from store import NewSession

DOOR = "codec"
"""The door of a session whose token only decodes."""


class Reader:
    """Somebody who may ask; whether they may read a payload depends on its case."""

    def __init__(self, person: Person, *, by: str) -> None:
        self.person = person
        self.by = by
        """`session` for a token of ours, `provider` for one of the log-in provider's."""

    @property
    def id(self) -> str:
        """The person's id in the directory."""
        return self.person.id

    @property
    def roles(self) -> frozenset[str]:
        """The roles they hold now."""
        return frozenset(self.person.roles)


async def reader_of(doors: Doors, parts: CodecParts, token: str) -> Reader | None:
    """Whose token it is; None unless it was made for the codec server and holds."""
    if not token or len(token) > 16 * 1024 or not token.isascii():
        return None
    directory = await doors.directory.snapshot()
    session = await doors.store.sessions.find(token, at=await doors.clock.now())
    if session is not None:
        person = directory.find(session.person)
        mine = session.door == DOOR and person is not None
        return Reader(person, by="session") if mine and person is not None else None
    if doors.provider is None:
        return None
    try:
        identity = doors.provider.identity
        told = await identity.read_access_token(token, audience=parts.audience)
    except IdentityError:
        return None
    # An account that never logged in here is bound to nobody.
    bound = await doors.store.claimed.of_account(told.issuer, told.subject)
    person = directory.find(bound.person) if bound is not None else None
    return Reader(person, by="provider") if person is not None else None


async def codec_token(
    doors: Doors, viewer: Viewer, *, at: datetime, lifetime: timedelta
) -> NewSession:
    """A token for Temporal's pages and command line: it opens nothing else, and not for long."""
    return await doors.store.sessions.create(
        person=viewer.id,
        assurance=Assurance.L1,
        at=at,
        expires_at=at + lifetime,
        door=DOOR,
        account=viewer.session.account,
    )
