"""Interim rules: what holds until policy is decided, for how long, and who makes it last."""

from collections.abc import Mapping

from runbooks.grammar.base import Duration, Name, Prose, Strict
from runbooks.grammar.closing import Durations
from runbooks.plan import FollowUp, OwedKind

PREFIX = "rule"
"""What the obligations of interim rules are called by, so that none is called like another."""


class InterimRule(Strict):
    """A rule that a gate can issue; it expires by itself unless somebody makes it last."""

    title: Prose
    lasts: Duration
    owner: Name
    confirm: Name
    """Who may make it a standing rule, or put another in its place."""
    remind: Durations = ()
    """How long before it expires its owner is told."""


def interim_rules(rules: Mapping[str, InterimRule]) -> tuple[FollowUp, ...]:
    """Each rule as what is owed from the moment it is issued: somebody watches it to its end."""
    return tuple(
        FollowUp(
            name=f"{PREFIX}-{name}",
            owner=rule.owner,
            after=rule.lasts,
            title=rule.title,
            kind=OwedKind.RULE,
            review=tuple(sorted((each for each in rule.remind if each < rule.lasts), reverse=True)),
            confirm=rule.confirm,
        )
        for name, rule in rules.items()
    )
