"""Links that people set between cases: what they mean, and what they keep from ending."""

from cases.acts_between_cases import LinkKind
from cases.records import Link
from cases.state import CaseState

KINDS = frozenset(kind.value for kind in LinkKind)
CHOSEN = tuple(kind for kind in LinkKind if kind is not LinkKind.PART_OF)
"""Kinds that a person sets; that a case is part of another is said by that other one."""


def sub_cases(state: CaseState) -> list[Link]:
    """The cases that are part of this one's work: it does not close before they have ended."""
    return [link for link in state.links if link.why == LinkKind.SUB_CASE]


def waited_for(state: CaseState) -> list[Link]:
    """The sub-cases of which the accepted ending has to see first that they have ended."""
    if state.left_sub_cases:
        return []
    along = {each.case for each in state.along.cases} if state.along is not None else set()
    return [link for link in sub_cases(state) if link.case not in along]
