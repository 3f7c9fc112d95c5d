"""Whether a glass was broken by two people, in time, in roles that may, and proved to be they."""

from collections.abc import Iterator
from datetime import datetime

from audit.humans import Humans
from cases.journal import Entry
from runbooks.plan import Assurance, BrokenGlass

_LEVELS = tuple(level.value for level in Assurance)
_NEEDS = Assurance.L2.value


def check_hand(entry: Entry, glass: BrokenGlass | None) -> Iterator[str]:
    """What is wrong with one person's word that the gate must be passed."""
    said = entry.body
    if glass is None:
        yield f"entry {entry.sequence}: nobody can break the glass at {said.get('gate')}"
        return
    if said.get("role") not in glass.by:
        yield f"entry {entry.sequence}: {said.get('role')} cannot break the glass"
    if said.get("assurance") not in _LEVELS[_LEVELS.index(_NEEDS) :]:
        yield f"entry {entry.sequence}: breaking the glass needs {_NEEDS}"


def check_glass(
    entry: Entry, hands: list[Entry], glass: BrokenGlass | None, humans: Humans
) -> Iterator[str]:
    """What is wrong with a gate that was passed by the last two of `hands`."""
    if len(hands) < 2 or glass is None:  # noqa: PLR2004 - two people
        yield f"entry {entry.sequence}: the glass was broken without two people"
        return
    first, second = hands[-2:]
    if humans.of([who(first)]) & humans.of([who(second)]):
        yield f"entry {entry.sequence}: the glass was broken by one person"
    until = _instant(first, "until")
    if _instant(second, "signed") > until:
        yield f"entry {entry.sequence}: the second person came after the first had lapsed"
    if until - _instant(first, "signed") != glass.within:
        yield f"entry {entry.sequence}: the first person waited for another time than the rule's"


def who(hand: Entry) -> str:
    """Whose word it is."""
    return str(hand.body.get("who"))


def _instant(entry: Entry, name: str) -> datetime:
    return datetime.fromisoformat(str(entry.body.get(name)))
