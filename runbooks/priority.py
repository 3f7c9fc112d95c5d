"""What is taken up first among cases of one severity, by the matrix of the runbook."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

from runbooks.asking import counted
from runbooks.grammar.priority import Priority, priority_table
from runbooks.runbook import Runbook
from runbooks.tables import shown


class Prioritised(BaseModel):
    """A priority, and the pair of answers that gave it."""

    model_config = ConfigDict(frozen=True)

    priority: Priority
    because: str


def prioritise(runbook: Runbook, answers: Mapping[str, str]) -> Prioritised | None:
    """The priority these answers give; None where the runbook has no matrix."""
    matrix = runbook.document.priority
    if matrix is None:
        return None
    table = priority_table(matrix, runbook.document.intake)
    values = table.read(counted(runbook.document.plans, answers))
    decision = table.decide(values)
    return Prioritised(priority=Priority(decision.outputs[0]), because=shown(values))
