"""A directory that knows of people what the log-in provider last said of them.

Claims come when somebody logs in or proves themselves again, so what is said here of a person who
acts is never older than their session, and at a gate that asks for L2 never older than the window
of a fresh proof. The people's file stays beside it: for those who are to be told and have never
logged in, for telephone numbers and time zones, and, where no role is mapped, for the roles.
"""

from datetime import datetime

from cases.canonical import canonical, sha256
from integrations.errors import UnknownPersonError
from integrations.file_directory import FileDirectory
from integrations.oidc.role_map import RoleMap
from integrations.ports.clock import Clock
from integrations.ports.directory import DirectorySnapshot, Person, SecondFactor
from integrations.ports.identity import Claimed, ClaimedPeople


class ClaimsDirectory:
    """The file's people and the provider's, as one."""

    def __init__(
        self,
        file: FileDirectory | None,
        *,
        claimed: ClaimedPeople,
        roles: RoleMap,
        clock: Clock,
    ) -> None:
        self._file = file
        self._claimed = claimed
        self._roles = roles
        self._clock = clock

    async def people_with(self, role: str) -> tuple[Person, ...]:
        """Those who hold the role now, by id; empty when nobody does."""
        return (await self.snapshot()).holders(role)

    async def person(self, person_id: str) -> Person:
        """The person; `UnknownPersonError` when nobody has the id."""
        found = (await self.snapshot()).find(person_id)
        if found is None:
            raise UnknownPersonError(person_id)
        return found

    async def snapshot(self) -> DirectorySnapshot:
        """Everybody; the digest covers the file, the claims with their instants, and the map."""
        as_of = await self._clock.now()
        file = await self._file.snapshot() if self._file is not None else None
        claimed = await self._claimed.all()
        people = {person.id: person for person in (file.people if file is not None else ())}
        for each in claimed:
            person = self._joined(each, people.get(each.person))
            if person is not None:
                people[person.id] = person
        digest = sha256(
            canonical(
                {
                    "file": file.digest if file is not None else "",
                    "claims": [each.model_dump(mode="json") for each in claimed],
                    "roles": {name: sorted(given) for name, given in self._roles.roles.items()},
                }
            )
        )
        return DirectorySnapshot(
            digest=digest, as_of=as_of, people=tuple(people[name] for name in sorted(people))
        )

    async def check_password(self, person_id: str, password: str) -> bool:
        """True when it is theirs in the file; without a file nobody has one."""
        return self._file is not None and await self._file.check_password(person_id, password)

    async def check_second_factor(self, person_id: str, code: str, *, at: datetime) -> int | None:
        """The time step of the file's second factor, None when it is wrong or there is none."""
        if self._file is None:
            return None
        return await self._file.check_second_factor(person_id, code, at=at)

    def _joined(self, claimed: Claimed, listed: Person | None) -> Person | None:
        if listed is None:
            # Without a map the file says who is one of us: who was taken out of it is gone.
            if not self._roles.from_claims:
                return None
            return Person(
                id=claimed.person,
                name=claimed.name,
                email=claimed.email,
                roles=frozenset(claimed.roles),
                second_factor=SecondFactor.PROVIDER,
                roles_told_at=claimed.told_at,
            )
        said: dict[str, object] = {"second_factor": SecondFactor.PROVIDER}
        if self._roles.from_claims:
            said |= {"roles": frozenset(claimed.roles), "roles_told_at": claimed.told_at}
        return listed.model_copy(update=said)
