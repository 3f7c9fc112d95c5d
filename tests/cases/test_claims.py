"""Work that is claimed: by one person, for as long as they do something about it."""

from datetime import timedelta

from cases.acts import Assign, Claim, Complete, Evidence
from cases.claims import claim_of, lapse
from cases.file import Tell
from cases.journal import Kind
from cases.permissions import allowed_acts
from cases.receipts import Outcome, Reason
from tests.cases.house import House

MINUTE = timedelta(minutes=1)
LEASE = 15 * MINUTE
"""As long as triage may take: no claim outlives the time of its stage."""


def claimed() -> House:
    """Tess has claimed triage."""
    house = House.of()
    assert house.act(Claim(), person="tess", role="triage").outcome is Outcome.ACCEPTED
    return house


def test_a_claim_is_one_person_s() -> None:
    """The second one hears who has it, and until when; nothing has changed."""
    house = claimed()

    receipt = house.act(Claim(), person="tom", role="triage")

    assert (receipt.outcome, receipt.reason) == (Outcome.ALREADY_DECIDED, Reason.CLAIMED)
    assert receipt.detail.startswith("tess has it until ")
    assert house.state.assignments == {"triage": "tess"}


def test_an_abandoned_claim_returns_to_the_queue() -> None:
    """At the end of the lease it is nobody's, on record, and its role is told."""
    house = claimed()
    house.later(LEASE)

    lapse(house.file, at=house.now)

    assert (house.state.claims, house.state.assignments) == ([], {})
    assert house.state.journal.pending[-1].kind is Kind.CLAIM_LAPSED
    told = [wish for wish in house.file.wishes if isinstance(wish, Tell)]
    assert told[-1].step == "claim-lapsed"
    assert house.act(Claim(), person="tom", role="triage").outcome is Outcome.ACCEPTED


def test_the_case_wakes_up_when_a_claim_lapses() -> None:
    """The end of the lease is among what the case does by itself."""
    house = claimed()
    house.state.clocks = []

    assert house.state.next_instant(house.now) == (house.now + LEASE, "claim of triage lapses")


def test_what_one_does_renews_it() -> None:
    """Ten minutes in, something is done: a quarter of an hour from then on."""
    house = claimed()
    house.later(10 * MINUTE)
    item = Evidence(label="screenshot", reference="vault:1", digest="ab" * 32)
    house.act(item, person="tess", role="triage")
    house.later(10 * MINUTE)

    lapse(house.file, at=house.now)

    claim = claim_of(house.state, "triage")
    assert claim is not None
    assert claim.until == house.now + 5 * MINUTE


def test_it_can_be_given_back_and_is_over_with_its_stage() -> None:
    """Given back it is anybody's; when the stage is over nobody has it any more."""
    house = claimed()
    assert house.act(Claim(release=True), person="tess", role="triage").accepted
    assert house.state.assignments == {}
    assert house.act(Claim(), person="tom", role="triage").accepted

    house.act(Complete(stage="triage", outcome="no-violation"), person="tom", role="triage")

    assert (house.state.claims, house.state.assignments) == ([], {})


def test_who_was_assigned_meanwhile_keeps_the_work() -> None:
    """The incident manager gives it to somebody else: the claim's end takes nothing from them."""
    house = claimed()
    house.act(Assign(role="triage", person="tom"), person="ines", role="incident-manager")
    house.later(2 * LEASE)

    lapse(house.file, at=house.now)

    assert house.state.assignments == {"triage": "tom"}


def test_only_what_nobody_has_is_offered() -> None:
    """The one who has it is offered to give it back; another one of the role, nothing."""
    house = claimed()

    def offered(person: str) -> list[tuple[str, ...]]:
        acts = allowed_acts(
            house.state,
            house.file.pathway,
            person=person,
            roles=frozenset({"triage"}),
            at=house.now,
        )
        return [act.choices for act in acts if act.verb == "claim"]

    assert (offered("tess"), offered("tom")) == ([("release",)], [])
