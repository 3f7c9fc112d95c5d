"""Work is handed over: offered, accepted or declined; until then it is whoever's it was."""

from datetime import datetime, timedelta

from cases.claims import claim_of, drop, take
from cases.file import CaseFile
from cases.journal import Kind
from cases.notice import Purpose
from cases.records import WorkOffer

OFFER_LEASE = timedelta(hours=1)
"""How long an offer stands: nobody believes for longer that somebody else may have taken it."""

STEP = "hand-over"


def offer_of(file: CaseFile, role: str) -> WorkOffer | None:
    """The offer of the role's work, if it is being handed over."""
    return next((each for each in file.state.work_offers if each.role == role), None)


def withdraw(file: CaseFile, role: str) -> None:
    """Nobody is offered the role's work any more."""
    file.state.work_offers = [each for each in file.state.work_offers if each.role != role]


def hand_over(file: CaseFile, offer: WorkOffer, *, at: datetime) -> None:
    """The work is the other's; a claim on it goes with it, for a lease of its own."""
    withdraw(file, offer.role)
    claim = claim_of(file.state, offer.role)
    if claim is not None:
        drop(file.state, claim)
        take(file, claim.stage, role=offer.role, person=offer.person, at=at)
    file.state.assignments[offer.role] = offer.person
    tell_giver(file, offer, "accepted")


def tell_giver(file: CaseFile, offer: WorkOffer, became: str) -> None:
    """Whoever wanted to hand it over hears what became of it."""
    file.tell(
        Purpose.INFORMATION,
        offer.role,
        stage=file.state.stage,
        person=offer.by,
        step=f"{STEP} {became}",
    )


def lapse(file: CaseFile, *, at: datetime) -> None:
    """What nobody accepted in time stays where it was, and whoever offered it is told."""
    for offer in [each for each in file.state.work_offers if each.until <= at]:
        withdraw(file, offer.role)
        file.note(
            Kind.WORK_OFFER_LAPSED,
            at,
            role=offer.role,
            person=offer.person,
            by=offer.by,
            until=offer.until.isoformat(),
        )
        tell_giver(file, offer, "not accepted")
