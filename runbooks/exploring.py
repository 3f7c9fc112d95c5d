"""What a case can have behind it when it comes somewhere: the outcome graph with its memory.

A situation is a stage together with what was ordered on the way to it. Their number is bounded by
`MOST`; past that the exploration says that it is not whole, and nobody may say "never" by it.
"""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from runbooks.plan import SKIPPED, Pathway, StagePlan
from runbooks.planner import Move, Trail, moves

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
    passed: bool = False
    """Whether the stage is passed over: the case is not as grave as those it is for."""


@dataclass(frozen=True)
class Exploration:
    """Every situation that was found, nearest first, and how a case first comes to it."""

    came: Mapping[Situation, tuple[Situation, Move] | None]
    """From which situation and by which move; None where a case begins."""
    whole: bool
    """Whether there is no situation beside these."""

    def at(self, stage: str) -> list[Situation]:
        """The situations of that stage, those with the shortest way first."""
        return [each for each in self.came if each.stage == stage]

    def way(self, to: Situation) -> Trail:
        """The shortest way to the situation."""
        trail: list[Move] = []
        step = self.came[to]
        while step is not None:
            trail.append(step[1])
            step = self.came[step[0]]
        return tuple(reversed(trail))


def explore(pathway: Pathway, *, most: int = MOST, progress: Progress | None = None) -> Exploration:
    """Everything people and silence can make of the pathway, nearest first."""
    stages = {stage.name: stage for stage in pathway.stages}
    leading = {
        name: [move for move in moves(stage) if move.to in stages] for name, stage in stages.items()
    }
    begin = _entered(stages[pathway.first], frozenset(), memo=False)
    came: dict[Situation, tuple[Situation, Move] | None] = dict.fromkeys(begin)
    queue = deque(begin)
    looked = 0
    while queue:
        here = queue.popleft()
        looked += 1
        if progress is not None and looked % _STRIDE == 0:
            progress(looked)
        for move in leading[here.stage]:
            if (move.outcome == SKIPPED and bool(stages[here.stage].only_at)) != here.passed:
                continue
            ordered = here.ordered.union(move.do)
            for there in _entered(stages[str(move.to)], ordered, memo=here.memo):
                if there in came:
                    continue
                if len(came) >= most:
                    return Exploration(came=came, whole=False)
                came[there] = (here, move)
                queue.append(there)
    return Exploration(came=came, whole=True)


def _entered(stage: StagePlan, ordered: frozenset[str], *, memo: bool) -> tuple[Situation, ...]:
    """The situations at the stage: worked on, and passed over where it is not for every case."""
    worked = Situation(
        stage=stage.name,
        ordered=ordered.union(stage.enter),
        memo=memo or bool(stage.gate and stage.gate.memo),
    )
    if not stage.only_at:
        return (worked,)
    return worked, Situation(stage=stage.name, ordered=ordered, memo=memo, passed=True)
