"""What people do about effects on many and set instants: they look, and name an instant ahead."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from cases.acts import Answer
from cases.acts_on_many import Observe
from cases.file import INCIDENT_MANAGER
from cases.gate import RoundState
from cases.records import IN_STEPS
from cases.rules import view_of
from cases.setting import instant_of_answer
from cases.state import CasePicture
from runbooks.plan import Pathway
from workers.simulation.wants import Want

if TYPE_CHECKING:
    from workers.simulation.cast import Cast

CHECKED = 20
"""How many of those a step hit somebody checks; in a simulation the list is right."""

AHEAD = timedelta(days=2)
"""How far ahead an instant is named; an agreed hour of the day, not the middle of a minute."""


def watching(cast: "Cast", picture: CasePicture, *, at: datetime) -> Iterator[Want]:
    """Every look that is owed, and a new instant where the agreed one has come too near."""
    yield from _looks(cast, picture)
    for round_ in picture.rounds:
        step = cast.pathway.stage(round_.gate).next.get("approved")
        if round_.state is not RoundState.OPEN or step is None or step.set_for is None:
            continue
        instant = instant_of_answer(view_of(picture, cast.pathway), step.set_for)
        if instant is not None and instant > at + AHEAD / 2:
            continue
        since = cast.since(round_.asked_at)
        found = cast.somebody(INCIDENT_MANAGER, since=since)
        if found is not None:
            answers = {step.set_for: ahead_of(at)}
            key = f"answer|{step.set_for}|{round_.gate}|{round_.number}"
            yield cast.want(since, key, found, Answer(answers=answers))


def set_questions(pathway: Pathway) -> set[str]:
    """The questions that ask for an instant at which something is to happen."""
    return {
        step.set_for
        for stage in pathway.stages
        for step in stage.next.values()
        if step.set_for is not None
    }


def ahead_of(at: datetime) -> str:
    """A full hour some days ahead."""
    return (at + 2 * AHEAD).replace(minute=0, second=0, microsecond=0).isoformat()


def _looks(cast: "Cast", picture: CasePicture) -> Iterator[Want]:
    for effect in picture.effects:
        plan = next((plan for plan in cast.pathway.effects if plan.name == effect.name), None)
        guard = plan.bulk.guard if plan is not None and plan.bulk is not None else None
        run = effect.run
        if guard is None or run is None or effect.state != IN_STEPS:
            continue
        step = picture.effect_named(f"{effect.name}-step-{run.ordered}")
        if step is None or step.state != "done" or any(s.step == run.ordered for s in run.looks):
            continue
        since = cast.since(step.at)
        found = cast.somebody(guard.by, since=since, picture=picture)
        if found is not None:
            chance = cast.habits.chance.of("look", effect.name, run.ordered)
            minute = since + 1 + cast.habits.handle(found, since=since, chance=chance)
            body = Observe(effect=effect.key, checked=CHECKED, wrong=0)
            yield cast.want(minute, f"look|{effect.key}|{run.ordered}", found, body)
