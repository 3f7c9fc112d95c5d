"""Sensitive cases that stay guarded: backups who can vote, call-backs no silence stands for."""

from collections.abc import Iterator

from runbooks.grammar.gates import counted
from runbooks.plan import StageKind
from runbooks.planner import APPROVED, Hand, moves
from runbooks.quorums import roles_named
from runbooks.rules.finding import Finding, Subject


def backups(subject: Subject) -> Iterator[Finding]:
    """Pages in place of a role the gate does not wait for, or at a stage without a gate."""
    document = subject.document
    for index, stage in enumerate(document.stages):
        approving = roles_named(counted(stage.approve or {}))
        for position, step in enumerate(stage.late):
            if step.instead_of is not None and step.instead_of not in approving:
                yield subject.finding(
                    "RB101",
                    ("stages", index, "late", position, "instead-of"),
                    f'"{stage.stage}" does not wait for "{step.instead_of}" to agree',
                )
    for name, clock in document.clocks.items():
        for position, step in enumerate(clock.late):
            if step.instead_of is not None:
                yield subject.finding(
                    "RB101",
                    ("clocks", name, "late", position, "instead-of"),
                    f"{name} is a clock and waits for nobody to agree",
                )


def call_backs(subject: Subject) -> Iterator[Finding]:
    """Call-backs that silence would have to make, or that keep a gate from being rejected."""
    index = {stage.stage: number for number, stage in enumerate(subject.document.stages)}
    for stage in subject.pathway.stages:
        for move in moves(stage):
            if stage.next[move.outcome].call_back is None:
                continue
            path = ("stages", index[stage.name], "next", move.outcome, "call-back")
            if move.hand is not Hand.PERSON or (stage.skip_when_done and move.outcome == "done"):
                yield subject.finding(
                    "RB102", path, f'"{stage.name}" can take "{move.outcome}" without a person'
                )
            if stage.kind is StageKind.GATE and move.outcome != APPROVED:
                yield subject.finding(
                    "RB103", path, f'"{stage.name}" cannot be answered {move.outcome} at once'
                )
