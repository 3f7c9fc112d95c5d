"""Where a case can go: every stage is reached, every stage leads on, every outcome has a step."""

from collections.abc import Iterator

from runbooks.grammar.stages import Stage
from runbooks.plan import SKIPPED, StageKind
from runbooks.planner import GATE_OUTCOMES, can_end, said
from runbooks.reading import suggestion
from runbooks.rules.catalogue import RULES
from runbooks.rules.finding import Finding, Subject
from runbooks.tree import Step


def reach(subject: Subject) -> Iterator[Finding]:
    """Stages no case comes to, and stages no case leaves."""
    reached = subject.ways
    ending = can_end(subject.pathway)
    for index, stage in enumerate(subject.document.stages):
        if stage.stage not in reached:
            yield subject.finding(
                "RB030", ("stages", index, "stage"), f'no case comes to "{stage.stage}"'
            )
        elif stage.stage not in ending:
            yield subject.finding(
                "RB031",
                ("stages", index, "next"),
                f'from "{stage.stage}" no case can close',
                evidence=said(reached[stage.stage]),
                at_key=True,
            )


def outcomes(subject: Subject) -> Iterator[Finding]:
    """Outcomes without a next step, and next steps without an outcome."""
    for index, stage in enumerate(subject.document.stages):
        path = ("stages", index)
        way = subject.way_to(stage.stage)
        if stage.kind is StageKind.CLOSURE:
            yield from _closure(subject, stage, path)
            continue
        following = stage.next or {}
        taken = _taken(stage, path)
        for outcome, at in taken.items():
            if outcome not in following:
                yield subject.finding(
                    "RB032",
                    at,
                    f'silence takes the outcome "{outcome}", which has no next step',
                    mend=suggestion(outcome, following, otherwise=RULES["RB032"].mend),
                    evidence=way,
                )
        if stage.kind is StageKind.GATE:
            passed = {SKIPPED} if stage.only_at else set()
            for outcome in GATE_OUTCOMES:
                if outcome not in following:
                    yield subject.finding(
                        "RB032",
                        (*path, "next"),
                        f'the gate "{stage.stage}" can be answered {outcome}, with no next step',
                        mend=f"Add `{outcome}: <stage>` under `next`.",
                        evidence=way,
                        at_key=True,
                    )
            for outcome in following:
                if outcome not in {*GATE_OUTCOMES, *taken, *passed}:
                    yield subject.finding(
                        "RB033",
                        (*path, "next", outcome),
                        f'nobody can answer the gate "{stage.stage}" with "{outcome}"',
                        mend=suggestion(outcome, GATE_OUTCOMES, otherwise=RULES["RB033"].mend),
                        evidence=way,
                        at_key=True,
                    )
        if stage.skip_when_done and "done" not in following:
            yield subject.finding(
                "RB032",
                (*path, "skip-when-done"),
                f'"{stage.skip_when_done}" completes the stage as done, which has no next step',
                mend="Add `done: <stage>` under `next`.",
                evidence=way,
            )


def _taken(stage: Stage, path: tuple[Step, ...]) -> dict[str, tuple[Step, ...]]:
    """The outcomes that time takes by itself, and where the runbook says so."""
    taken: dict[str, tuple[Step, ...]] = {
        step.go: (*path, "late", number, "go") for number, step in enumerate(stage.late) if step.go
    }
    if stage.silence and stage.silence.go:
        taken[stage.silence.go] = (*path, "silence", "go")
    return taken


def _closure(subject: Subject, stage: Stage, path: tuple[Step, ...]) -> Iterator[Finding]:
    """Time and effects that would leave the stage in which a case only ends."""
    leaving = [(*path, "late", number, "go") for number, step in enumerate(stage.late) if step.go]
    if stage.skip_when_done:
        leaving.append((*path, "skip-when-done"))
    for at in leaving:
        yield subject.finding(
            "RB032",
            at,
            f'"{stage.stage}" has no outcomes: a case is closed there by a person',
            mend="Remove it; page somebody instead.",
            evidence=subject.way_to(stage.stage),
        )
