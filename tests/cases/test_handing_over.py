"""Work passes from one person to another, and is never between the two."""

from datetime import timedelta

import pytest

from cases import handing_over
from cases.acts import Assign, Claim
from cases.acts_on_work import Accept, HandOver
from cases.file import Tell
from cases.permissions import allowed_acts, waiting_on
from cases.receipts import ActReceipt, Reason
from tests.cases.house import House

OFFER = HandOver(role="triage", person="tom", note="the bank calls at four")


def claimed() -> House:
    """Tess has claimed triage's work."""
    house = House.of()
    assert house.act(Claim(), person="tess", role="triage").accepted
    return house


def offered(house: House, person: str = "tess", role: str = "triage") -> ActReceipt:
    """Tess hands it over to Tom."""
    return house.act(OFFER, person=person, role=role)


def accept(house: House, person: str = "tom", *, decline: bool = False) -> ActReceipt:
    """Tom answers."""
    return house.act(Accept(role="triage", decline=decline), person=person, role="triage")


def told(house: House, step: str) -> list[str | None]:
    """Who is told of it."""
    return [w.person for w in house.file.wishes if isinstance(w, Tell) and w.step == step]


def test_work_stays_where_it_is_until_the_other_accepts() -> None:
    """Then work, notices and claim are theirs, and whoever had it hears so."""
    house = claimed()

    assert offered(house).accepted
    assert house.state.assignments == {"triage": "tess"}
    assert told(house, "hand-over") == ["tom"]
    owed = waiting_on(house.state, house.file.pathway, at=house.now)
    assert ("tom", "accept the work of triage, or decline") in [(w.person, w.what) for w in owed]
    assert accept(house).accepted

    assert house.state.assignments == {"triage": "tom"}
    assert [claim.person for claim in house.state.claims] == ["tom"]
    assert house.state.work_offers == []
    assert told(house, "hand-over accepted") == ["tess"]


@pytest.mark.parametrize("declined", [True, False])
def test_work_that_is_declined_or_not_answered_stays(*, declined: bool) -> None:
    """Nobody believes for longer than an hour that somebody else may have it."""
    house = claimed()
    offered(house)
    if declined:
        assert accept(house, decline=True).accepted
    else:
        house.later(timedelta(hours=1))
        handing_over.lapse(house.file, at=house.now)

    assert house.state.assignments == {"triage": "tess"}
    assert told(house, f"hand-over {'declined' if declined else 'not accepted'}") == ["tess"]
    assert accept(house).reason is Reason.NO_SUCH_REQUEST


def test_only_who_has_the_work_hands_it_over_and_only_who_is_asked_takes_it() -> None:
    """And who runs the case, who can also assign it outright: that ends the offer."""
    house = claimed()

    assert offered(house, "tim", "triage").reason is Reason.ROLE
    assert offered(house, "ivan", "incident-manager").accepted
    assert accept(house, "tim").reason is Reason.NO_SUCH_REQUEST
    assigned = Assign(role="triage", person="tim")
    assert house.act(assigned, person="ivan", role="incident-manager").accepted
    assert accept(house).reason is Reason.NO_SUCH_REQUEST


def test_a_page_offers_it_to_whom_it_is_offered() -> None:
    """The one can hand over what they have, the other can accept or decline."""
    house = claimed()
    offered(house)

    def shown(person: str, role: str) -> list[tuple[str, tuple[str, ...]]]:
        acts = allowed_acts(
            house.state, house.file.pathway, person=person, roles=frozenset({role}), at=house.now
        )
        return [(a.verb, a.choices) for a in acts if a.verb in ("hand-over", "accept")]

    assert shown("tess", "triage") == [("hand-over", ("triage",))]
    assert shown("tom", "triage") == [("accept", ("accept", "decline"))]
    assert shown("lena", "legal") == []
