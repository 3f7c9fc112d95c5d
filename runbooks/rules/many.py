"""What concerns many, and what is set for an instant: approved, counted, undone, called off."""

from collections.abc import Iterator

from runbooks.plan import AnswerKind, StageKind
from runbooks.planner import APPROVED, Hand, moves
from runbooks.rules.finding import Finding, Subject
from runbooks.rules.silence import name_at, ordered_by_time
from runbooks.tree import Step

_EYES = 2


def approvals(subject: Subject) -> Iterator[Finding]:
    """Effects on many that no gate of two roles approves, or one that silence can pass."""
    stages = {stage.name: stage for stage in subject.pathway.stages}
    for effect in subject.pathway.effects:
        gate = stages.get(effect.bulk.gate) if effect.bulk is not None else None
        if effect.bulk is None or gate is None:
            continue  # An unknown stage is RB020.
        path = ("effects", effect.name, "bulk", "approved-by")
        if gate.gate is None:
            yield subject.finding("RB125", path, f'"{gate.name}" is no gate')
            continue
        if len(gate.gate.approve) < _EYES:
            who = ", ".join(gate.gate.approve)
            yield subject.finding("RB125", path, f'"{gate.name}" is approved by {who} alone')
        if any(move.outcome == APPROVED and move.hand is Hand.SILENCE for move in moves(gate)):
            yield subject.finding("RB125", path, f'"{gate.name}" is approved by silence')


def counted(subject: Subject) -> Iterator[Finding]:
    """Effects on many that cannot be undone, or whose number or list the gate does not show."""
    intake = subject.document.intake
    for name, effect in subject.document.effects.items():
        if effect.bulk is None:
            continue
        path: tuple[Step, ...] = ("effects", name, "bulk")
        if effect.compensate is None:
            yield subject.finding(
                "RB126", path, f'"{effect.title}" cannot be rolled back', at_key=True
            )
        for key, asked, kind in (
            ("count", effect.bulk.count, AnswerKind.NUMBER),
            ("list", effect.bulk.list_, AnswerKind.REFERENCE),
        ):
            question = intake.get(asked)
            if question is None:
                continue  # RB023
            if question.kind is not kind:
                said = f'"{asked}" is answered by a {question.kind.value}, not by a {kind.value}'
                yield subject.finding("RB126", (*path, key), said)
            elif not question.material:
                yield subject.finding(
                    "RB126", (*path, key), f'"{asked}" can change while the gate is open'
                )


def set_instants(subject: Subject) -> Iterator[Finding]:
    """Instants nobody was shown, that no gate approves, or that nobody can call off any more."""
    stages = {stage.name: stage for stage in subject.pathway.stages}
    index = {stage.stage: number for number, stage in enumerate(subject.document.stages)}
    for stage in subject.pathway.stages:
        for outcome, step in stage.next.items():
            if step.set_for is None:
                continue
            path = ("stages", index[stage.name], "next", outcome, "set-for")
            question = subject.document.intake.get(step.set_for)
            by_people = stage.kind is StageKind.GATE and outcome == APPROVED
            silent = any(m.outcome == outcome and m.hand is not Hand.PERSON for m in moves(stage))
            if not by_people or silent:
                said = f'"{stage.name}" takes "{outcome}" without the approval of people'
                yield subject.finding("RB127", path, said)
            if question is not None and question.kind is not AnswerKind.INSTANT:
                yield subject.finding("RB127", path, f'"{step.set_for}" asks for no instant')
            elif question is not None and not question.material:
                said = f'"{step.set_for}" can change while the gate is open'
                yield subject.finding("RB127", path, said)
            following = stages.get(step.then or "")
            undone = {
                name
                for after in (following.next.values() if following is not None else ())
                for name in after.undo
            }
            for name in sorted({*step.do} - undone):
                yield subject.finding(
                    "RB128", path, f'no outcome of "{step.then}" calls "{name}" off'
                )


def alone(subject: Subject) -> Iterator[Finding]:
    """Effects on many that begin where no person answers for their number."""
    many = {name for name, effect in subject.document.effects.items() if effect.bulk is not None}
    for path, evidence in ordered_by_time(subject):
        name = name_at(subject, path)
        if name in many:
            said = f'"{name}" concerns many, and time alone would begin it'
            yield subject.finding("RB129", path, said, evidence=evidence)
    for index, stage in enumerate(subject.document.stages):
        for number, name in enumerate(stage.do):
            if name in many:
                yield subject.finding(
                    "RB129",
                    ("stages", index, "do", number),
                    f'"{name}" concerns many, and begins with "{stage.stage}" by itself',
                )
