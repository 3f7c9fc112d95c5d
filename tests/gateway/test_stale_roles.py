"""What a log-in said of somebody's roles counts as long as a log-in, whatever door is used."""

from dataclasses import replace
from datetime import timedelta

import pytest

from cases.acts import Raise
from cases.envelope import Door
from cases.receipts import Reason
from gateway.acting import ActRefusedError, act
from integrations.ports.directory import DirectorySnapshot
from runbooks.plan import Assurance
from tests.gateway.world import World


class Told:
    """The directory, whose roles a provider said so long ago."""

    def __init__(self, world: World, *, ago: timedelta) -> None:
        self._world = world
        self._ago = ago

    async def snapshot(self) -> DirectorySnapshot:
        """Everybody, with when it was said."""
        found = await self._world.doors.directory.snapshot()
        told_at = await self._world.clock.now() - self._ago
        people = tuple(each.model_copy(update={"roles_told_at": told_at}) for each in found.people)
        return found.model_copy(update={"people": people})


@pytest.mark.parametrize("ago,taken", [(timedelta(hours=7), True), (timedelta(hours=9), False)])
async def test_roles_are_no_older_than_a_log_in(
    world: World, *, ago: timedelta, taken: bool
) -> None:
    """A chat has no session that ends: an act through it is refused all the same, on record."""
    number = await world.case()
    view = await world.view(number)
    assert view is not None
    case = await world.store.cases.get(view.line.case)
    at = await world.clock.now()
    new = await world.store.sessions.create(
        person="tessa", assurance=Assurance.L1, at=at, expires_at=at + timedelta(days=9)
    )
    session = await world.store.sessions.find(new.token, at=at)
    assert session is not None
    doors = replace(world.doors, directory=Told(world, ago=ago))  # type: ignore[arg-type]

    async def press() -> None:
        await act(
            doors,
            session=session,
            case=case,
            body=Raise(to="triage", reason="look"),
            role="triage",
            binding=None,
            door=Door.SLACK,
            act_id="6f1d1c1e-0b5e-4b8e-9f55-0f3f6d2c9a12",
        )

    if taken:
        await press()
    else:
        with pytest.raises(ActRefusedError) as refused:
            await press()
        assert refused.value.reason is Reason.STALE_ROLES
