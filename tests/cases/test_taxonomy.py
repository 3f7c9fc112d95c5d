"""Every decision says what it is called, by the answers of its moment."""

from cases.acts import ActBody, Answer, Cancel, Close, Complete, Decide, Verdict
from cases.journal import Kind
from cases.stages import ask_when_ready, record_closed
from tests.cases.house import House

PEOPLE = {"tess": "triage", "lena": "legal", "ines": "incident-manager"}


def act(house: House, person: str, body: ActBody) -> None:
    """What that person does."""
    assert house.act(body, person=person, role=PEOPLE[person]).accepted


def cited(house: House, kind: Kind) -> list[tuple[object, object]]:
    """What entries of that kind say."""
    entries = [each for each in house.state.journal.pending if each.kind is kind]
    return [(each.body.get("taxonomy"), each.body.get("code")) for each in entries]


def test_a_decided_round_cites_the_taxonomy_with_its_version() -> None:
    """An approval of a case of fraud is counted as one; a round that is asked anew decides none."""
    house = House.of()
    act(house, "tess", Answer(answers={"kind": "fraud", "danger": "no"}))
    house.state.reassess = False
    act(house, "tess", Complete(stage="triage", outcome="escalate"))
    act(house, "tess", Answer(answers={"kind": "harassment"}))
    house.state.reassess = False
    ask_when_ready(house.file, at=house.now)
    act(house, "lena", Decide(gate="legal-review", verdict=Verdict.REJECT, reason="no ground"))

    assert cited(house, Kind.ROUND_SUPERSEDED) == [(None, None)]
    assert cited(house, Kind.ROUND_CLOSED) == [("dsa-categories@2.0.0", "CYBER_VIOLENCE")]


def test_a_closing_cites_it_and_a_cancelled_case_decides_nothing() -> None:
    """The disposition carries the code; a case opened by mistake has none."""
    house = House.of()
    act(house, "tess", Answer(answers={"kind": "self-harm", "danger": "no"}))
    act(house, "tess", Complete(stage="triage", outcome="no-violation"))
    act(house, "ines", Close(disposition="no-violation", record="Nothing was found."))
    record_closed(house.file, at=house.now)
    mistake = House.of()
    act(mistake, "ines", Cancel(reason="a test"))
    mistake.state.status = "cancelled"
    record_closed(mistake.file, at=mistake.now)

    assert cited(house, Kind.CASE_CLOSED) == [("dsa-categories@2.0.0", "SELF_HARM")]
    assert cited(mistake, Kind.CASE_CANCELLED) == [(None, None)]
