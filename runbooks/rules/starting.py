"""What begins with an answer: the question has one that counts, and somebody gives it."""

from collections.abc import Iterator

from runbooks.plan import AnswerKind
from runbooks.planner import Hand, moves
from runbooks.rules.finding import Finding, Subject


def instants(subject: Subject) -> Iterator[Finding]:
    """Clocks that start at a question whose answer is no instant."""
    document = subject.document
    for name, clock in document.clocks.items():
        question = document.intake.get(clock.starts_at or "")
        if question is not None and question.kind is not AnswerKind.INSTANT:
            yield subject.finding(
                "RB115",
                ("clocks", name, "starts-at"),
                f'"{clock.starts_at}" takes {question.kind}, and {name} starts at its answer',
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
