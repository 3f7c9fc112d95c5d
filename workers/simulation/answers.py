"""Answers as the oracle reads them: what is asked, what counts, and what a cell finds."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation

from runbooks.grammar.cells import Bounds, Test
from runbooks.grammar.document import RunbookDocument
from runbooks.plan import AnswerKind

Answers = dict[str, str]


def known(document: RunbookDocument, answers: Mapping[str, str]) -> Answers:
    """What is known of each question that is asked: its answer, or that nobody knows."""

    def said(name: str) -> str:
        question = document.intake[name]
        if not all(fulfilled(cell, said(n)) for n, cell in (question.asked_if or {}).items()):
            return ""
        nobody_knows = "unknown" if question.kind is AnswerKind.YES_NO_UNKNOWN else ""
        return answers.get(name) or nobody_knows

    return {name: answer for name in document.intake if (answer := said(name))}


def asked_of(document: RunbookDocument, answers: Mapping[str, str]) -> Answers:
    """The answers to what is asked of such a case; others are struck."""
    counted = known(document, answers)
    return {name: said for name, said in answers.items() if name in counted}


def fulfilled(cell: tuple[str, ...] | Test, said: str) -> bool:
    """Whether the cell finds what it looks for; nothing that was not said is found."""
    if isinstance(cell, tuple):
        return said in cell
    if cell.given is not None:
        return cell.given is bool(said)
    if isinstance(cell.not_, tuple):
        return bool(said) and said not in cell.not_
    if not said:
        return False
    try:
        if cell.not_ is not None:
            return not _between(cell.not_, said)
        return _between(cell, said)
    except (InvalidOperation, ValueError):
        # What is no number and no instant lies nowhere.
        return False


def _between(bounds: Bounds, said: str) -> bool:
    """Whether a number or an instant lies between these bounds."""
    at_least, above, at_most, below = (
        None if bound is None else Decimal(str(bound))
        for bound in (bounds.at_least, bounds.above, bounds.at_most, bounds.below)
    )
    if (at_least, above, at_most, below) != (None, None, None, None):
        number = Decimal(said)
        return (
            (at_least is None or number >= at_least)
            and (above is None or number > above)
            and (at_most is None or number <= at_most)
            and (below is None or number < below)
        )
    at = datetime.fromisoformat(said)
    return (
        (bounds.since is None or at >= datetime.fromisoformat(bounds.since))
        and (bounds.after is None or at > datetime.fromisoformat(bounds.after))
        and (bounds.until is None or at <= datetime.fromisoformat(bounds.until))
        and (bounds.before is None or at < datetime.fromisoformat(bounds.before))
    )
