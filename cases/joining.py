"""A report that a rule put into the case: it joins, leaves for a case of its own, or stays."""

from datetime import datetime

from cases.file import CaseFile
from cases.journal import Kind
from cases.records import Link, Offered

JOINED = "joined"
SPLITTING = "splitting"
SPLIT_OFF = "split-off"


def join(file: CaseFile, report: Offered, *, matter: str, commitment: str, at: datetime) -> None:
    """The report is part of the case, once; which rule said so and why is on record."""
    if any(known.delivery == report.delivery for known in file.state.offered):
        return
    file.state.offered.append(report)
    file.note(
        Kind.REPORT_RECEIVED,
        at,
        delivery=report.delivery,
        source=report.source,
        why=report.why,
        because=report.because,
        matter=matter,
        input=commitment,
    )


def joined_reports(file: CaseFile) -> tuple[str, ...]:
    """The deliveries whose reports can be taken out of the case."""
    return tuple(each.delivery for each in file.state.offered if each.why == JOINED)


def split_off(
    file: CaseFile, delivery: str, *, case: str, number: str, commitment: str, at: datetime
) -> None:
    """The report has a case of its own; the two know one another."""
    say(file, delivery, why=SPLIT_OFF, number=number)
    file.state.links.append(Link(number=number, case=case, why=SPLIT_OFF))
    file.note(Kind.CASE_LINKED, at, number=number, why=SPLIT_OFF, result=commitment)


def stays(file: CaseFile, delivery: str, *, because: str, at: datetime) -> None:
    """The report could not be taken out: it is here as before, and may be asked for again."""
    say(file, delivery, why=JOINED)
    file.note(Kind.CASE_LINKED, at, why="split-failed", because=because)


def say(file: CaseFile, delivery: str, *, why: str, number: str = "") -> None:
    """What became of the report."""
    file.state.offered = [
        each.model_copy(update={"why": why, "number": number})
        if each.delivery == delivery
        else each
        for each in file.state.offered
    ]
