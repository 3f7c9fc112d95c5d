"""Walks any runbook: the outcome of each stage names the next one."""

from workflows.course import MOVED, Course


async def walk_the_graph(case: Course) -> None:
    """Goes from stage to stage until an act closes the case, from wherever the case is."""
    stage = case.resume()
    while True:
        outcome = await case.stage(stage)
        following = case.after(stage, outcome)
        if following.move_to is not None:
            await case.move_to(following.move_to, closes_as=following.closes_as or MOVED)
            stage = case.file.pathway.closure.name
            continue
        if following.then is None:
            message = f"{stage}: {outcome} leads nowhere"
            raise RuntimeError(message)
        stage = following.then
