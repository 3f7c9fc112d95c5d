"""Effects on many, in words: by whose approval, in which steps, and what stops them."""

from runbooks.plan import BulkGuardPlan, BulkPlan, EffectPlan
from runbooks.rendering.wording import duration, several


def carried_out(effect: EffectPlan) -> tuple[tuple[str, str], ...]:
    """How an effect on many goes, as words and sentences; empty for any other."""
    bulk = effect.bulk
    if bulk is None:
        return ()
    said = [
        ("How many", f"as answered to {bulk.count}; their list is kept where {bulk.listed} says."),
        ("Approval", f"above {bulk.above} only once {bulk.gate} has approved that number."),
        ("Steps", f"{_steps(bulk)}."),
    ]
    if bulk.guard is not None:
        said.append(("Stopped", _guard(bulk.guard)))
    return tuple(said)


def _steps(bulk: BulkPlan) -> str:
    return several(
        (
            f"up to {step.share}, watched for {duration(step.watch)}"
            if step.watch
            else f"up to {step.share}"
            for step in bulk.steps
        ),
        "then",
    )


def _guard(guard: BulkGuardPlan) -> str:
    asked = f"{guard.ask.partition(':')[2]} (connector) is asked, else " if guard.ask else ""
    enough = f" and at least {guard.at_least} were checked" if guard.at_least > 1 else ""
    return (
        f"after every step {asked}{guard.by} looks: {guard.signal}. Above {guard.above} within "
        f"{duration(guard.within)}{enough} it stops, and every step that was done is undone."
    )
