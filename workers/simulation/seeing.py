"""What somebody of a role sees of what is true, and which outcome is right."""

from collections.abc import Mapping

from runbooks.grammar.document import RunbookDocument
from runbooks.grammar.stages import Stage
from runbooks.plan import AnswerKind
from workers.simulation.chance import Chance
from workers.simulation.model import Model


def right_outcome(
    model: Model, stage: Stage, answers: Mapping[str, str], *, passed: int, chance: Chance
) -> str:
    """The outcome a stage of work rightly has: what the answers settle, else by weight."""
    automatic = {"done"} if stage.skip_when_done else set()
    automatic |= {"skipped"} if stage.only_at else set()
    outcomes = [name for name in stage.next or {} if name not in automatic]
    if passed == 1:
        for name in outcomes:
            settled = model.follows.get(name)
            if settled and all(answers.get(asked) == said for asked, said in settled.items()):
                return name
    open_ = [
        name
        for name in outcomes
        if not any(asked in answers for asked in model.follows.get(name, {}))
    ]
    weights = {name: model.outcomes.get(name, 1.0) for name in open_ or outcomes}
    return chance.pick(weights)


def seen_by(
    model: Model, role: str, document: RunbookDocument, question: str, true: str, *, chance: Chance
) -> str:
    """The answer as somebody of that role sees it."""
    tier = model.tier(role)
    source = chance.of("seen", role, question)
    asked = document.intake[question]
    right = tier.specificity if true in {"no", "none"} else tier.sensitivity
    if source.happens(right):
        return true
    if asked.kind is AnswerKind.YES_NO_UNKNOWN and true != "unknown":
        return "unknown"
    others = [answer for answer in asked.answers if answer != true]
    return source.of("other").one_of(others) if others else true
