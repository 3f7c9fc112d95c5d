"""The stories of every shipped runbook, one module a runbook.

A module names its `RUNBOOK` and tells its `STORIES`: together they take every way that runbook
knows. The first ones are also played on the server whenever tests run, all of them for acceptance.
"""

from importlib import import_module
from pkgutil import iter_modules

from tests.workflows.scenarios import Scenario


def told() -> dict[str, dict[str, Scenario]]:
    """Runbook → name of a story → the story, in the order they are told."""
    modules = [import_module(f"{__name__}.{found.name}") for found in iter_modules(__path__)]
    return {module.RUNBOOK: dict(module.STORIES) for module in modules}
