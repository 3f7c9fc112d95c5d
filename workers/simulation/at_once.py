"""What a case asks of the world is answered in the very step in which it asks.

The world of a simulation is in memory and answers at once, the same whenever it is asked the same.
As an activity each answer would cost the server two transactions, and the case one more task and
its payloads: half of a simulated week (measured in pairs: 168 cases in 124 s, and in 64 s; what
came of each was the same). Signals, updates, timers and continue-as-new stay the server's. A case
that is recomputed asks again, and is told what it was told before.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from temporalio import activity, workflow
from temporalio.plugin import SimplePlugin
from temporalio.worker import (
    Interceptor,
    StartActivityInput,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
    WorkflowOutboundInterceptor,
)

ANSWERS = "escalate_answers_at_once"
"""Under this name a case finds, outside of its sandbox, who answers."""


def at_once(answers: Sequence[Callable[..., Any]]) -> SimplePlugin:
    """Workers with this plugin carry out none of these activities: they are answered in place."""
    return SimplePlugin("at-once", interceptors=[_AtOnce(answers)])


class _AtOnce(Interceptor):
    def __init__(self, answers: Sequence[Callable[..., Any]]) -> None:
        self._answers = {_name_of(answer): answer for answer in answers}

    def workflow_interceptor_class(
        self,
        input: WorkflowInterceptorClassInput,  # noqa: A002 - the SDK's own name
    ) -> type[WorkflowInboundInterceptor]:
        """Hands the answers to each case."""
        input.unsafe_extern_functions[ANSWERS] = lambda: self._answers
        return _Inbound


class _Inbound(WorkflowInboundInterceptor):
    def init(self, outbound: WorkflowOutboundInterceptor) -> None:
        super().init(_Outbound(outbound))


class _Outbound(WorkflowOutboundInterceptor):
    def start_activity(
        self,
        input: StartActivityInput,  # noqa: A002 - the SDK's own name
    ) -> workflow.ActivityHandle[Any]:
        answers = cast("Mapping[str, Callable[..., Any]]", workflow.extern_functions()[ANSWERS]())
        answer = answers.get(input.activity)
        if answer is None:
            return super().start_activity(input)
        # A task, as a handle is one: it can be awaited and cancelled alike.
        return cast("workflow.ActivityHandle[Any]", asyncio.create_task(answer(*input.args)))


def _name_of(answer: Callable[..., Any]) -> str:
    definition = activity._Definition.must_from_callable(answer)  # noqa: SLF001 - kept nowhere else
    if definition.name is None:
        message = f"{answer} answers under no name"
        raise TypeError(message)
    return definition.name
