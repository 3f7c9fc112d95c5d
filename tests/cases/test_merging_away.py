"""What the ticket of a case is told when the case becomes part of another one."""

import pytest

from cases.acts_between_cases import Merge
from cases.file import NAMELESS, Note
from cases.merging import MergeRequest
from cases.merging_away import give_away
from tests.cases.house import CASE, ROOT, House

OTHER = "case/zyxwvutsrqponmlkjihgfedcba"


@pytest.mark.parametrize(
    "few,edition,said",
    [
        (False, NAMELESS, "case 2002"),
        (True, NAMELESS, "another case"),
        (True, NAMELESS - 1, "case 2002"),
    ],
    ids=["open to all", "for few", "as it began"],
)
def test_a_ticket_names_no_case_that_few_may_see(few: bool, edition: int, said: str) -> None:  # noqa: FBT001 - a table
    """Whoever may read the ticket need not know that there is such a case (I13)."""
    house = House.of()
    house.file.edition = edition
    envelope = house.envelope(
        Merge(number="1001", case=CASE, reason="the same matter"),
        person="ines",
        role="incident-manager",
        case=OTHER,
    )
    request = MergeRequest(envelope=envelope, number="2002", need_to_know=few)

    answer = give_away(
        house.file,
        request,
        root=ROOT.public_key().public_bytes_raw(),
        commitment="",
        at=house.now,
    )

    notes = [w.line.text for w in house.file.wishes if isinstance(w, Note) and w.line]
    assert answer.accepted, answer
    assert notes[-1] == f"Case 1001 is part of {said} now."
