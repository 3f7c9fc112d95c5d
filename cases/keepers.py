"""Who may erase content and end a legal hold: two people, one of each side (facts §3, §5)."""

from collections.abc import Iterable

from cases.envelope import Actor
from cases.house_acts import HouseRefusal
from cases.values import Value
from runbooks.plan import Assurance

_LEVELS = list(Assurance)


class Keepers(Value):
    """The two sides that together may make content unreadable, and who may ask that nothing is."""

    sides: tuple[tuple[str, ...], ...] = (
        ("privacy", "legal", "general-counsel"),
        ("security", "ciso"),
    )
    """One signer is of each, in either order."""
    holding: tuple[str, ...] = (
        "legal",
        "general-counsel",
        "duty-counsel",
        "deputy-counsel",
        "privacy",
        "incident-manager",
        "law-enforcement",
    )
    """Roles that may put a legal hold; it takes one person, since it destroys nothing."""
    assurance: Assurance = Assurance.L2

    def side_of(self, role: str) -> int | None:
        """Which side the role is of."""
        return next((n for n, side in enumerate(self.sides) if role in side), None)

    def role_for(self, roles: Iterable[str], *, other_than: str | None = None) -> str | None:
        """The role in which somebody with these roles can sign, after that one has signed."""
        taken = None if other_than is None else self.side_of(other_than)
        held = set(roles)
        return next(
            (
                role
                for number, side in enumerate(self.sides)
                for role in side
                if role in held and number != taken
            ),
            None,
        )

    def holder(self, roles: Iterable[str]) -> str | None:
        """The role in which somebody with these roles may put a hold."""
        held = set(roles)
        return next((role for role in self.holding if role in held), None)

    def knows(self, roles: Iterable[str]) -> bool:
        """Whether somebody with these roles has to do with what is kept and what is erased."""
        held = tuple(roles)
        return self.role_for(held) is not None or self.holder(held) is not None

    def reaches(self, assurance: Assurance) -> bool:
        """Whether the person has proved enough of who they are."""
        return _LEVELS.index(assurance) >= _LEVELS.index(self.assurance)


def second_signature(
    keepers: Keepers, *, first: frozenset[str], first_role: str, second: Actor, role: str
) -> HouseRefusal | None:
    """Why the second person cannot sign after the first; None when they can.

    `first` are all names of the human who signed first.
    """
    if keepers.side_of(role) is None:
        return HouseRefusal.ROLE
    if second.names & first:
        return HouseRefusal.SAME_PERSON
    if keepers.side_of(role) == keepers.side_of(first_role):
        return HouseRefusal.SAME_SIDE
    return None
