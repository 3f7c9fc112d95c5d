"""Two people of two sides, whoever they are and whatever else they are called."""

from datetime import UTC, datetime
from itertools import product

import pytest

from cases.envelope import Actor
from cases.house_acts import HouseRefusal
from cases.keepers import Keepers, second_signature
from runbooks.plan import Assurance

KEEPERS = Keepers()
NOW = datetime(2026, 11, 22, tzinfo=UTC)


def actor(person: str, *accounts: str) -> Actor:
    """Somebody."""
    return Actor(
        person=person, roles=(), directory_digest="d", directory_as_of=NOW, accounts=accounts
    )


@pytest.mark.parametrize("first,second", list(product(KEEPERS.sides[0], KEEPERS.sides[1])))
def test_one_of_each_side_may_sign_in_either_order(first: str, second: str) -> None:
    """Whoever begins, the other side completes it."""
    for begins, follows in ((first, second), (second, first)):
        assert (
            second_signature(
                KEEPERS, first=frozenset({"a"}), first_role=begins, second=actor("b"), role=follows
            )
            is None
        )


@pytest.mark.parametrize(
    "person,accounts,role,why",
    [
        ("b", (), "legal", HouseRefusal.SAME_SIDE),
        ("a", (), "security", HouseRefusal.SAME_PERSON),
        ("b", ("a",), "security", HouseRefusal.SAME_PERSON),
        ("b", (), "triage", HouseRefusal.ROLE),
    ],
)
def test_whoever_is_no_second_person_may_not(
    person: str, accounts: tuple[str, ...], role: str, why: HouseRefusal
) -> None:
    """One human under two names, one side twice, or a role of neither."""
    found = second_signature(
        KEEPERS,
        first=frozenset({"a"}),
        first_role="privacy",
        second=actor(person, *accounts),
        role=role,
    )
    assert found is why


def test_a_log_in_alone_signs_no_erasure() -> None:
    """Both prove a second factor; where the house asks for more, more."""
    assert [level for level in Assurance if KEEPERS.reaches(level)] == [Assurance.L2, Assurance.L3]
    strict = KEEPERS.model_copy(update={"assurance": Assurance.L3})
    assert [level for level in Assurance if strict.reaches(level)] == [Assurance.L3]
