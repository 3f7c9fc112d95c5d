"""Interim rules: issued when a gate has approved them, and watched from then on to their end."""

from datetime import datetime

from cases.file import CaseFile, Note
from cases.gate import RoundKind, RoundState
from cases.ids import key_of
from cases.journal import Kind
from cases.records import IssuedRule
from cases.ticket_note import RULE
from cases.values import spoken
from runbooks.plan import Next, StagePlan


def issue(file: CaseFile, stage: StagePlan, step: Next, *, at: datetime) -> None:
    """The rules of the outcome hold from now on, each under a number of its own.

    Only what people approved is issued: an outcome that silence took issues nothing.
    """
    if not step.issue:
        return
    people = _approved_by(file, stage.name)
    for name in step.issue if people else ():
        plan = next(each for each in file.pathway.interim_rules if each.name == f"rule-{name}")
        earlier = sum(1 for rule in file.state.rules if rule.name == name)
        rule = IssuedRule(
            name=name,
            number=f"{file.state.number}-R{len(file.state.rules) + 1}",
            title=plan.title,
            obligation=plan.name if earlier == 0 else f"{plan.name}-{earlier + 1}",
            gate=stage.name,
            by=people,
            at=at,
            expires_at=at + plan.after,
        )
        file.state.rules.append(rule)
        key = key_of(file.state.case, "obligation", rule.obligation)
        due = rule.expires_at.isoformat()
        file.note(
            Kind.RULE_ISSUED,
            at,
            rule=name,
            number=rule.number,
            title=rule.title,
            gate=stage.name,
            people=list(people),
            obligation=rule.obligation,
            owner=plan.owner,
            due=due,
            key=key,
        )
        file.note(
            Kind.OBLIGATION_SHADOWED if file.state.shadow else Kind.OBLIGATION_RECORDED,
            at,
            obligation=rule.obligation,
            owner=plan.owner,
            due=due,
            key=key,
        )
        until = spoken(rule.expires_at)
        file.wishes.append(Note.of(RULE(rule=rule.number, until=until)))


def _approved_by(file: CaseFile, gate: str) -> tuple[str, ...]:
    """Who decided at the gate, if its newest question was approved."""
    round_ = next(
        (
            item
            for item in reversed(file.state.rounds)
            if item.gate == gate and item.kind is not RoundKind.RATIFY
        ),
        None,
    )
    if round_ is None or round_.state is not RoundState.APPROVED:
        return ()
    voters = tuple(vote.person for vote in round_.votes)
    return (*voters, *(hand.person for hand in round_.glass))
