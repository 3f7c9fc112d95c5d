"""The ways a case can take: the stage graph of a runbook, or Python over the same stages."""

from collections.abc import Awaitable, Callable, Mapping

from workflows.course import Course
from workflows.pathways.graph import walk_the_graph
from workflows.pathways.user_safety_escalation import user_safety_escalation

Walk = Callable[[Course], Awaitable[None]]

PATHWAYS: Mapping[str, Walk] = {
    "runbook": walk_the_graph,
    "user-safety-escalation": user_safety_escalation,
}
"""By the name a compiled pathway carries in `walk`."""
