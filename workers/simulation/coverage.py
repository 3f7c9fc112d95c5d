"""What of a runbook the played cases went through, and what nobody came to."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from pydantic import BaseModel, ConfigDict

from runbooks import Runbook, compile_runbook
from runbooks.plan import Late, Pathway, StageKind
from workers.simulation.story import Story

LABEL = "{at}:{what}"


class Covered(BaseModel):
    """One thing a runbook says, and how many times it happened."""

    model_config = ConfigDict(frozen=True)

    kind: str
    """`stage`, `outcome`, `gate`, `row`, `clock`, `late`, `effect` or `disposition`."""
    name: str
    times: int


class Coverage(BaseModel):
    """What of one runbook was exercised."""

    model_config = ConfigDict(frozen=True)

    runbook: str
    version: str
    items: tuple[Covered, ...]

    @property
    def missed(self) -> tuple[Covered, ...]:
        """What no case came to."""
        return tuple(item for item in self.items if not item.times)

    @property
    def share(self) -> float:
        """Between nothing and one."""
        return 1 - len(self.missed) / len(self.items) if self.items else 1.0

    def by_kind(self) -> dict[str, tuple[int, int]]:
        """Kind → how many of how many."""
        counted: dict[str, tuple[int, int]] = {}
        for item in self.items:
            met, whole = counted.get(item.kind, (0, 0))
            counted[item.kind] = (met + (item.times > 0), whole + 1)
        return counted


def coverage_of(stories: Sequence[Story], runbooks: Mapping[str, Runbook]) -> list[Coverage]:
    """For every runbook, all it says and how often it happened."""
    return [
        _of(runbook, [s for s in stories if s.played.case.runbook == name])
        for name, runbook in sorted(runbooks.items())
    ]


def _of(runbook: Runbook, stories: Sequence[Story]) -> Coverage:
    pathway = compile_runbook(runbook)
    happened = _happened(stories)
    rows = [str(number) for number in range(1, len(runbook.document.severity) + 1)]
    said = [("row", name) for name in rows] + list(_said(pathway))
    return Coverage(
        runbook=runbook.name,
        version=runbook.version,
        items=tuple(
            Covered(kind=kind, name=name, times=happened[kind, name])
            for kind, name in dict.fromkeys(said)
        ),
    )


def _said(pathway: Pathway) -> Iterable[tuple[str, str]]:
    """Everything the runbook says that can happen."""
    for stage in pathway.stages:
        yield "stage", stage.name
        for outcome in stage.next:
            yield "outcome", f"{stage.name}: {outcome}"
        if stage.kind is StageKind.GATE:
            for state in _states(pathway, stage.name):
                yield "gate", f"{stage.name}: {state}"
        for step in stage.late:
            yield "late", f"{stage.name} {_label(step)}"
        for disposition in stage.dispositions:
            yield "disposition", disposition
    for clock in pathway.clocks:
        yield "clock", f"{clock.id}: ran"
        for step in clock.late:
            yield "late", f"{clock.id} {_label(step)}"
    for effect in pathway.effects:
        yield "effect", effect.name


def _states(pathway: Pathway, gate: str) -> Iterable[str]:
    """The ways a round of that gate can end."""
    rule = pathway.stage(gate).gate
    yield from ("approved", "rejected", "more-information")
    if rule is None:
        return
    if rule.split is not None or rule.dissent is not None:
        yield "split"
    if rule.silence.go is not None:
        yield "silent"


def _happened(stories: Sequence[Story]) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    for story in stories:
        for passage in story.passages:
            found["stage", passage.stage] += 1
            found["outcome", f"{passage.stage}: {passage.outcome}"] += 1
        for (gate, state), count in story.rounds.items():
            found["gate", f"{gate}: {state}"] += count
        for clock in story.clocks:
            found["clock", f"{clock.name}: ran"] += 1
        for (clock_name, label), count in story.steps.items():
            found["late", f"{clock_name} {label}"] += count
        for row, count in story.rows.items():
            found["row", row] += count
        for (effect, _), count in story.effects.items():
            found["effect", effect] += count
        found["disposition", story.disposition] += 1
    return found


def _label(step: Late) -> str:
    what = step.remind or step.page or step.do or step.go or step.escalate or ""
    return LABEL.format(at=step.label, what=what)
