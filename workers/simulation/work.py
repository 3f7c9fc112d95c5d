"""How a stage of work ends: as it should, as well as its owner sees, and never in a circle."""

from collections import deque
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from cases.dual_control import orderable
from cases.records import StageVisit
from cases.rules import outcomes_now, view_of
from cases.state import CasePicture
from runbooks.grammar.stages import Stage
from runbooks.plan import ClockKind, Pathway, StagePlan
from workers.simulation import oracle, words
from workers.simulation.seeing import right_outcome, seen_by
from workers.simulation.watching import ahead_of, set_questions

if TYPE_CHECKING:
    from workers.simulation.cast import Cast

MOST_VISITS = 3
FAR = 10**6


def outcome_of(
    cast: "Cast", picture: CasePicture, stage: StagePlan, visit: StageVisit, *, at: datetime
) -> str:
    """The outcome the owner chooses; after a few passages the one that leads to the closure."""
    options = _options(cast, picture, stage)
    file = view_of(picture, cast.pathway)
    # Whoever is refused one outcome takes another: too many, or nobody has approved so many.
    options = [name for name in options if orderable(file, stage, name, at=at)] or options
    passed = visit.visit
    if passed > MOST_VISITS:
        return min(options, key=lambda name: (distance(cast.pathway, stage, name), name))
    model = cast.habits.model
    chance = cast.habits.chance.of("outcome", stage.name, passed)
    truth = cast.habits.placed.case.truth
    written = _written(cast, stage.name)
    passages = [step.outcome for step in truth.way.steps if step.stage == stage.name]
    if passed <= len(passages):
        right = passages[passed - 1]
    else:
        right = right_outcome(model, written, truth.answers, passed=1, chance=chance.of("right"))
    tier = model.tier(stage.owner)
    seen = tier.sensitivity if _asks(cast.pathway, stage, right) else tier.specificity
    if right in options and chance.happens(seen):
        return right
    # Nobody takes another path for another runbook's by mistake.
    others = [n for n in options if n != right and stage.next[n].move_to is None]
    weights = {
        name: model.outcomes.get(name, 1.0) * model.back ** _been(picture, stage, name)
        for name in others or options
    }
    return chance.of("wrong").pick(weights)


def _options(cast: "Cast", picture: CasePicture, stage: StagePlan) -> list[str]:
    """What can be chosen at the case's severity, by a person, and without waiting for a hold."""
    holds = {clock.id for clock in cast.pathway.clocks if clock.kind is ClockKind.MIN_HOLD}
    return [
        name
        for name in outcomes_now(view_of(picture, cast.pathway), stage)
        if not (stage.skip_when_done and name == "done")
        and stage.next[name].not_before not in holds
    ]


def seen_answers(cast: "Cast", picture: CasePicture, role: str) -> dict[str, str]:
    """What the first owner corrects of what was reported."""
    case = cast.habits.placed.case
    corrected: dict[str, str] = {}
    for name in oracle.asked_by_table(cast.document):
        if name not in case.truth.answers:
            continue
        seen = seen_by(
            cast.habits.model,
            role,
            cast.document,
            name,
            case.truth.answers[name],
            chance=cast.habits.chance.of("looked"),
        )
        given = picture.answers.get(name)
        if given is None or given.value != seen:
            corrected[name] = seen
    return corrected


def distance(pathway: Pathway, stage: StagePlan, outcome: str) -> int:
    """How many stages lie between that outcome and the closure."""
    following = stage.next[outcome].then
    if following is None:
        return 0
    waiting = deque([(following, 1)])
    been: set[str] = set()
    while waiting:
        name, steps = waiting.popleft()
        if name == pathway.closure.name:
            return steps
        if name in been:
            continue
        been.add(name)
        for after in pathway.stage(name).next.values():
            if after.then is not None:
                waiting.append((after.then, steps + 1))
    return FAR


def _asks(pathway: Pathway, stage: StagePlan, outcome: str) -> bool:
    """Whether that outcome sends the case on, instead of ending it."""
    return stage.next[outcome].then != pathway.closure.name


def _been(picture: CasePicture, stage: StagePlan, outcome: str) -> int:
    following = stage.next[outcome].then
    return sum(visit.stage == following for visit in picture.visits)


def _written(cast: "Cast", name: str) -> Stage:
    return next(stage for stage in cast.document.stages if stage.stage == name)


def missing(cast: "Cast", picture: CasePicture, asked: Iterable[str]) -> dict[str, str]:
    """Answers to those of the questions that have none."""
    case = cast.habits.placed.case
    begun = cast.habits.placed.begun
    received = begun - timedelta(minutes=case.receipt_lag)
    starting = {clock.starts_at for clock in cast.pathway.clocks}
    agreed = set_questions(cast.pathway)
    return {
        name: ahead_of(received)
        if name in agreed
        else case.truth.answers.get(name)
        or words.number_for(name, cast.pathway)
        or words.answer_to(
            name,
            cast.pathway.questions[name],
            case=case.key,
            received=received,
            begins=name in starting,
            chance=cast.habits.chance,
        )
        for name in dict.fromkeys(asked)
        if name not in picture.answers
    }
