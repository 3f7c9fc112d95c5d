"""How a workflow asks for an effect: by its name, under its policy, with a line for the reader."""

from temporalio import workflow
from temporalio.common import Priority
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from workflows.effects import Effect, Order, Result
    from workflows.policies import POLICIES
    from workflows.pulse import Pulse


async def ask(
    effect: Effect[Order, Result],
    order: Order,
    *,
    summary: str,
    pulse: Pulse,
    priority: Priority = Priority.default,
    queue: str | None = None,
) -> Result:
    """The effect's result. ActivityError when its policy gave up on it.

    `queue` is where it is worked on; None: where the workflow itself is.
    """
    policy = POLICIES[effect.name]
    pulse.command()
    try:
        result: Result = await workflow.execute_activity(
            effect.name,
            order,
            result_type=effect.gives,
            start_to_close_timeout=policy.attempt,
            schedule_to_close_timeout=policy.all_attempts,
            retry_policy=policy.retry,
            summary=summary,
            priority=priority,
            task_queue=queue,
        )
    except ActivityError:
        pulse.watch()
        raise
    # Not in a `finally`: a run that is let go is collected at any moment, also while another case
    # is at work on this thread, and must not do anything then.
    pulse.watch()
    return result
