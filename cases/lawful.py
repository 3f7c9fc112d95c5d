"""Whether the law asks a case for a clock: its row holds, and no other rule goes before it.

Where rows of one case contradict one another the conflict rules decide (`runbooks/statutes`): an
order of silence suppresses what would tell the user, and nothing else; what may show a child is a
matter of child safety, and its clock says so. Both are read off the pathway the case has pinned.
"""

from datetime import datetime

from cases.file import CaseFile
from runbooks.plan import ClockPlan
from runbooks.statutes.applying import duty_of, facts_of, why
from runbooks.statutes.conflicts import Consequence, Effect, consequences
from runbooks.statutes.facts import CaseFacts


def reasons_for(file: CaseFile, plan: ClockPlan, *, on: datetime) -> tuple[str, ...] | None:
    """Why the clock runs in this case: empty where nothing has to hold, None where it must not."""
    if plan.trigger is None:
        return ()
    answers = {name: answer.value for name, answer in file.state.answers.items()}
    facts = facts_of(file.pathway.law, file.pathway.questions, answers, at=on)
    reasons = why(plan.trigger, facts, on=on)
    if reasons is None or facts is None:
        return None
    decided = _conflicts(file, plan, facts, on=on)
    if any(each.effect is Effect.SUPPRESSED for each in decided):
        return None
    return (*reasons, *(f"{each.rule}: {each.because}" for each in decided))


def _conflicts(
    file: CaseFile, plan: ClockPlan, facts: CaseFacts, *, on: datetime
) -> list[Consequence]:
    """What the conflict rules say of this clock, among all rows that hold for the case.

    Pathways of releases that decided no conflicts do not say what their rows ask for.
    """
    if plan.trigger is None or not plan.trigger.does:
        return []
    duties = tuple(
        duty_of(_row(each), each.trigger)
        for each in file.pathway.clocks
        if each.trigger is not None and each.trigger.does
        if why(each.trigger, facts, on=on) is not None
    )
    return [each for each in consequences(facts, duties) if _row(plan) in each.rows]


def _row(plan: ClockPlan) -> str:
    return plan.row.partition("@")[0]
