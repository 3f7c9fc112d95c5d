"""What a case can have behind it when it comes somewhere: the outcome graph with its memory.

A situation is a stage together with what was ordered on the way to it. Their number is bounded by
`MOST`; past that the exploration says that it is not whole, and nobody may say "never" by it.
"""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from runbooks.plan import Pathway, StagePlan
from runbooks.planner import Trail, moves

MOST = 50_000
"""Situations that are looked at; the runbooks that ship have fewer than five hundred."""

_STRIDE = 1_000

Progress = Callable[[int], None]
"""Is told now and then how many situations have been looked at."""


@dataclass(frozen=True)
class Situation:
    """Where a case stands, and what it has behind it."""

    stage: str
    ordered: frozenset[str]
    """The effects that stages and outcomes ordered on the way, this stage's own among them."""
    memo: bool
    """Whether a gate on the way has asked for a memo."""


@dataclass(frozen=True)
class Exploration:
    """Every situation that was found, with the shortest way to it."""

    trails: Mapping[Situation, Trail]
    whole: bool
    """Whether there is no situation beside these."""

    def at(self, stage: str) -> dict[Situation, Trail]:
        """The situations of that stage, those with the shortest way first."""
        return {each: trail for each, trail in self.trails.items() if each.stage == stage}


def explore(pathway: Pathway, *, most: int = MOST, progress: Progress | None = None) -> Exploration:
    """Everything people and silence can make of the pathway, nearest first."""
    stages = {stage.name: stage for stage in pathway.stages}
    begin = _entered(stages[pathway.first], frozenset(), memo=False)
    trails: dict[Situation, Trail] = {begin: ()}
    queue = deque([begin])
    looked = 0
    while queue:
        here = queue.popleft()
        looked += 1
        if progress is not None and looked % _STRIDE == 0:
            progress(looked)
        for move in moves(stages[here.stage]):
            if move.to is None or move.to not in stages:
                continue
            there = _entered(stages[move.to], here.ordered.union(move.do), memo=here.memo)
            if there in trails:
                continue
            if len(trails) >= most:
                return Exploration(trails=trails, whole=False)
            trails[there] = (*trails[here], move)
            queue.append(there)
    return Exploration(trails=trails, whole=True)


def _entered(stage: StagePlan, ordered: frozenset[str], *, memo: bool) -> Situation:
    return Situation(
        stage=stage.name,
        ordered=ordered.union(stage.enter),
        memo=memo or bool(stage.gate and stage.gate.memo),
    )
