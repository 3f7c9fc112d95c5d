"""Which workers did a case's workflow tasks, as its histories name them: a claim of the server."""

from collections.abc import Sequence
from typing import Any

from audit.bundle.code import RanOn
from audit.kinds import EVENT
from audit.runs import Run


def ran_on(runs: Sequence[Run]) -> tuple[RanOn, ...]:
    """Every worker once, in the order they came in; only its first task says which SDK it has."""
    found: dict[tuple[str, str], RanOn] = {}
    for run in runs:
        for event in run.events:
            if event.event_type != EVENT.WORKFLOW_TASK_COMPLETED:
                continue
            said: Any = event.workflow_task_completed_event_attributes
            version, sdk = said.deployment_version, said.sdk_metadata
            build = f"{version.deployment_name}/{version.build_id}" if version.build_id else ""
            named = f"{sdk.sdk_name} {sdk.sdk_version}".strip()
            who = (said.identity, build)
            if who not in found or not found[who].sdk:
                found[who] = RanOn(identity=said.identity, build=build, sdk=named)
    return tuple(found.values())
