"""Small simulations for tests: which runbooks, how many cases, and a model with other numbers."""

from typing import Any

from runbooks import Runbook, library, load_runbook
from workers.simulation.model import Model, load_model
from workers.simulation.simulation import Order

DEFAULT = "user-safety-escalation"
ORDERS = "terrorist-content-removal-order"


def books(*names: str) -> dict[str, Runbook]:
    """The runbooks of the library with these names; all where none is named."""
    return {
        name: load_runbook(text, file=f"{name}.yaml")
        for name, text in library().items()
        if not names or name in names
    }


def model_with(**changed: Any) -> Model:
    """The model that ships, with these parts replaced, written as its file writes them."""
    written = load_model().model_dump(mode="json", by_alias=True)
    for name, value in changed.items():
        key = name.replace("_", "-")
        kept = written[key]
        written[key] = {**kept, **value} if isinstance(kept, dict) else value
    return Model.model_validate(written)


def order(
    *names: str,
    cases: int = 6,
    seed: int = 7,
    faults: tuple[str, ...] = (),
    model: Model | None = None,
) -> Order:
    """What is to be simulated, within two days."""
    return Order(
        runbooks=books(*(names or (DEFAULT,))),
        cases=cases,
        seed=seed,
        days=2,
        faults=frozenset(faults),
        model=model or load_model(),
    )
