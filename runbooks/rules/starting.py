"""What begins with an answer: the question has one that counts, and somebody gives it."""

from collections.abc import Iterator

from runbooks.plan import AnswerKind
from runbooks.planner import Hand, moves
from runbooks.rules.finding import Finding, Subject


def instants(subject: Subject) -> Iterator[Finding]:
    """Clocks that start, or are due, at the answer to a question that takes no instant."""
    document = subject.document
    for name, clock in document.clocks.items():
        for key, asked in (("starts-at", clock.starts_at), ("due-at", clock.due_at)):
            question = document.intake.get(asked or "")
            if question is not None and question.kind is not AnswerKind.INSTANT:
                yield subject.finding(
                    "RB115",
                    ("clocks", name, key),
                    f'"{asked}" takes {question.kind}, and {name} needs an instant',
                )


def answers(subject: Subject) -> Iterator[Finding]:
    """Outcomes that need an answer and that nobody has to be there for."""
    index = {stage.stage: number for number, stage in enumerate(subject.document.stages)}
    for stage in subject.pathway.stages:
        for move in moves(stage):
            by_itself = move.hand is not Hand.PERSON
            if by_itself and stage.next[move.outcome].needs:
                yield subject.finding(
                    "RB116",
                    ("stages", index[stage.name], "next", move.outcome, "needs"),
                    f'"{stage.name}" can take "{move.outcome}" without a person',
                    evidence=(*subject.way_to(stage.name), str(move)),
                )
