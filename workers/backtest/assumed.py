"""What is assumed where the record is silent: one list of rules, shown with every result."""

from dataclasses import dataclass, field
from enum import StrEnum


class Rule(StrEnum):
    """The stated rules. Everything else that a backtest shows is known from the record."""

    NEW_ACT = "new-act"
    LATER = "later"
    RENAMED = "renamed"
    ENDING = "ending"
    TOLD = "told"
    DONE = "done"
    SLOW = "slow"
    CALENDAR = "calendar"


SAID: dict[Rule, str] = {
    Rule.NEW_ACT: (
        "Nobody was asked this. Somebody of the role is taken to answer after the time that role "
        "took in these exports (the model's median where it did nothing); a gate says what it said "
        "before, a new one approves; a stage takes the outcome it had, else one that leads on."
    ),
    Rule.LATER: (
        "The case comes to this later than it did. The person is taken to act as long after being "
        "asked as they did. Where it comes sooner, they act when they did: nobody is taken to be "
        "quicker."
    ),
    Rule.RENAMED: (
        "The outcome is not there. The person is taken to choose the one that leads to the same "
        "stage, else the one nearest to the closure."
    ),
    Rule.ENDING: (
        "The disposition is not there, or what it requires is not on record. The person is taken "
        "to close with the possible one that the way of the case speaks for."
    ),
    Rule.TOLD: (
        "This notice was never sent. It is taken as delivered, and nobody acts sooner "
        "because of it."
    ),
    Rule.DONE: ("This action was never ordered. What a system does is taken as done, at once."),
    Rule.SLOW: "A system took longer than a minute for this. It is taken as done at once.",
    Rule.CALENDAR: (
        "This clock counts by a calendar from something that never happened. It is given the "
        "length it has from the case's opening."
    ),
}


@dataclass(frozen=True)
class Assumed:
    """One thing that was assumed of one case."""

    rule: Rule
    what: str

    def __str__(self) -> str:
        """As it is listed: the rule, and what it was applied to."""
        return f"{self.rule.value}: {self.what}"


@dataclass
class Ledger:
    """What was assumed of a case, and which recorded acts found no place."""

    assumed: list[Assumed] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)

    def assume(self, rule: Rule, what: str) -> None:
        """It is on the list, once."""
        found = Assumed(rule, what)
        if found not in self.assumed:
            self.assumed.append(found)

    def drop(self, what: str, why: str) -> None:
        """A recorded act has no place any more: that is known, not assumed."""
        self.dropped.append(f"{what}: {why}")
