"""One way for every act about the record itself: authenticated, looked up, signed, carried out.

The store carries it out in the transaction in which it is signed, so an envelope exists only for
an act that took effect. What is refused stands in the doors' stream of the case (I8).
"""

import re
from collections.abc import Callable
from datetime import datetime

from cases.envelope import ActEnvelope, Actor, Door
from cases.house_acts import HouseAct, HouseBody, HouseRefusal, HouseRefusedError
from cases.journal import Kind
from gateway.acting import assurance_of
from gateway.covering import standing_of
from gateway.doors import Doors
from gateway.web import Viewer
from runbooks.plan import Assurance
from store import CaseRow

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class Hand:
    """A person at a door who is about to sign something about the record."""

    def __init__(
        self, doors: Doors, viewer: Viewer, *, door: Door, actor: Actor, assurance: Assurance
    ) -> None:
        self._doors = doors
        self.viewer = viewer
        self.actor = actor
        self.assurance = assurance
        self._door = door

    def signs(
        self, body: HouseBody, *, case: str, role: str, act_id: str
    ) -> Callable[[datetime], ActEnvelope]:
        """What signs the act at the instant it is carried out."""

        def sign(at: datetime) -> ActEnvelope:
            return self._doors.signer.sign_house(
                HouseAct(
                    act=act_id,
                    case=case,
                    actor=self.actor,
                    role=role,
                    assurance=self.assurance,
                    door=self._door,
                    signed_at=at,
                    body=body,
                )
            )

        return sign


async def hand_of(doors: Doors, viewer: Viewer, *, door: Door, act_id: str) -> Hand:
    """The viewer, as the directory knows them at this moment, with what they have proved."""
    if not _UUID.fullmatch(act_id):
        raise HouseRefusedError(HouseRefusal.ACT_ID)
    # Asked before the directory is read: the answer is at least as new as this instant says.
    as_of = await doors.clock.now()
    snapshot = await doors.directory.snapshot()
    person = snapshot.find(viewer.id)
    if person is None:
        raise HouseRefusedError(HouseRefusal.ROLE)
    standing = await standing_of(doors, person.id, at=as_of, runbook=None, snapshot=snapshot)
    actor = Actor(
        person=person.id,
        roles=tuple(sorted(person.roles)),
        directory_digest=snapshot.digest,
        directory_as_of=as_of,
        accounts=standing.accounts,
    )
    reached = await assurance_of(doors, viewer.session)
    return Hand(doors, viewer, door=door, actor=actor, assurance=reached)


async def refused(
    doors: Doors, case: CaseRow | None, hand: Hand, *, verb: str, why: HouseRefusal
) -> HouseRefusedError:
    """The refusal is in the doors' stream of the case it was about, and is to be raised."""
    if case is not None:
        await doors.store.journal.append_door(
            case.id,
            Kind.DOOR_ACT_REFUSED,
            at=await doors.clock.now(),
            who=hand.actor.person,
            what=verb,
            why=why.value,
        )
    return HouseRefusedError(why)
