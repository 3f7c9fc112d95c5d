"""One human, whatever names they act under: accounts of theirs, and whoever acts in their place."""

from collections.abc import Iterable

from cases.envelope import Actor
from cases.file import CaseFile
from cases.state import CaseState


def human(state: CaseState, names: Iterable[str]) -> frozenset[str]:
    """The names, and every other account of the same people that the case has heard of."""
    known = set(names)
    for person, accounts in state.accounts.items():
        if known & {person, *accounts}:
            known |= {person, *accounts}
    return frozenset(known)


def remember(file: CaseFile, actor: Actor) -> None:
    """The case knows from now on that these accounts are one human's."""
    if actor.accounts:
        file.state.accounts[actor.person] = sorted(actor.accounts)
    principal = actor.acting_for
    if principal is not None and principal.accounts:
        file.state.accounts[principal.person] = sorted(principal.accounts)


def is_conflicted(state: CaseState, names: Iterable[str]) -> bool:
    """Whether the human of these names has declared a conflict."""
    return bool(human(state, names) & human(state, state.conflicts))
