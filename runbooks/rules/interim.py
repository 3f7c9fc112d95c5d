"""Interim rules within their bounds: issued by those who may, for as long as they may."""

from collections.abc import Iterator
from datetime import timedelta

from runbooks.grammar.stages import Stage
from runbooks.planner import APPROVED, Hand, moves
from runbooks.rules.finding import Finding, Subject, Weight

EXECUTIVE = "policy-executive"
TOGETHER = frozenset({"incident-manager", "policy"})
LONGEST = {True: timedelta(days=30), False: timedelta(hours=72)}
"""How long a rule may hold that the policy executive issued, and one that others did."""


def issued(subject: Subject) -> Iterator[Finding]:
    """Rules that nobody approves, that nobody issues, or that hold longer than they may."""
    document = subject.document
    places = {stage.stage: (index, stage) for index, stage in enumerate(document.stages)}
    ever: set[str] = set()
    for plan in subject.pathway.stages:
        index, stage = places[plan.name]
        for move in moves(plan):
            rules = plan.next[move.outcome].issue
            ever.update(rules)
            path = ("stages", index, "next", move.outcome, "issue")
            if rules and (move.outcome != APPROVED or move.hand is not Hand.PERSON):
                yield subject.finding(
                    "RB134",
                    path,
                    f'"{plan.name}" issues a rule by "{move.outcome}", which nobody approves',
                    evidence=(*subject.way_to(plan.name), str(move)),
                )
                continue
            for position, name in enumerate(rules):
                said = _too_much(subject, stage, name)
                if said:
                    yield subject.finding("RB134", (*path, position), said)
    for name in document.interim_rules:
        if name not in ever:
            yield subject.finding(
                "RB134",
                ("interim-rules", name),
                f'no gate issues "{name}"',
                weight=Weight.WARNING,
                mend="Issue it at an approval, or remove it.",
                at_key=True,
            )


def _too_much(subject: Subject, stage: Stage, name: str) -> str:
    """Why those who approve may not issue the rule; empty when they may."""
    rule = subject.document.interim_rules.get(name)
    if rule is None or stage.approve is None:
        return ""  # A rule nobody described is RB134 by its name.
    by = frozenset(stage.approve)
    executive = EXECUTIVE in by
    if not executive and not by >= TOGETHER:
        return (
            f'"{name}" is issued by {" and ".join(sorted(by))}: it takes {EXECUTIVE}, '
            f"or {' and '.join(sorted(TOGETHER))} together"
        )
    if rule.lasts > LONGEST[executive]:
        most = LONGEST[executive]
        hours = int(most.total_seconds()) // 3600
        return f'"{name}" lasts longer than the {hours} hours that who issues it may say'
    return ""
