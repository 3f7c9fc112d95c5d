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


class Law:
    """What the law asks of a case whose answers stay as they are while this is asked.

    Facts and conflicts of an instant are worked out once, for all clocks that begin then.
    """

    def __init__(self, file: CaseFile) -> None:
        self._file = file
        self._facts: dict[datetime, CaseFacts | None] = {}
        self._decided: dict[datetime, tuple[Consequence, ...]] = {}

    def reasons_for(self, plan: ClockPlan, *, on: datetime) -> tuple[str, ...] | None:
        """Why the clock runs: empty where nothing has to hold, None where it must not."""
        if plan.trigger is None:
            return ()
        facts = self._facts_on(on)
        reasons = why(plan.trigger, facts, on=on)
        if reasons is None or facts is None:
            return None
        # Pathways of releases that decided no conflicts do not say what their rows ask for.
        decided = self._conflicts(facts, on=on) if plan.trigger.does else ()
        mine = [each for each in decided if _row(plan) in each.rows]
        if any(each.effect is Effect.SUPPRESSED for each in mine):
            return None
        return (*reasons, *(f"{each.rule}: {each.because}" for each in mine))

    def _facts_on(self, on: datetime) -> CaseFacts | None:
        if on not in self._facts:
            pathway, state = self._file.pathway, self._file.state
            answers = {name: answer.value for name, answer in state.answers.items()}
            self._facts[on] = facts_of(pathway.law, pathway.questions, answers, at=on)
        return self._facts[on]

    def _conflicts(self, facts: CaseFacts, *, on: datetime) -> tuple[Consequence, ...]:
        """What the conflict rules say among all rows that hold for the case on that day."""
        if on not in self._decided:
            duties = tuple(
                duty_of(_row(each), each.trigger)
                for each in self._file.pathway.clocks
                if each.trigger is not None and each.trigger.does
                if why(each.trigger, facts, on=on) is not None
            )
            self._decided[on] = tuple(consequences(facts, duties))
        return self._decided[on]


def _row(plan: ClockPlan) -> str:
    return plan.row.partition("@")[0]
