"""Whether every task a case set was settled by whom it may be, before the case closed."""

from collections.abc import Iterable, Iterator

from cases.journal import Entry, Kind
from cases.tasks import CONDITION, REVIEW

About = tuple[str, int]
"""The gate and the round a task is from."""


class Tasks:
    """The tasks of a case, as its entries tell them."""

    def __init__(self) -> None:
        self._opened: dict[str, Entry] = {}
        self._settled: set[str] = set()

    def about(self, entry: Entry) -> About:
        """The gate and round of the task that the entry is about."""
        opened = self._opened.get(str(entry.body.get("task")), entry)
        number = opened.body.get("round")
        return str(opened.body.get("gate")), number if isinstance(number, int) else 0

    def check(self, entry: Entry, broke: Iterable[str]) -> Iterator[str]:
        """The task is opened or settled; `broke` are those whose deed it would review."""
        task = str(entry.body.get("task"))
        if entry.kind is Kind.TASK_OPENED:
            self._opened[task] = entry
            return
        opened = self._opened.get(task)
        if opened is None or task in self._settled:
            yield f"entry {entry.sequence}: {task} is not open"
            return
        self._settled.add(task)
        origin, by = opened.body.get("origin"), str(entry.body.get("by"))
        state, role = entry.body.get("state"), entry.body.get("role")
        if origin == REVIEW and role != opened.body.get("owner"):
            yield f"entry {entry.sequence}: {task} was not reviewed by {opened.body.get('owner')}"
        if origin == REVIEW and by in set(broke):
            yield f"entry {entry.sequence}: {by} reviewed what {by} did"
        if origin != CONDITION and state == "waived":
            yield f"entry {entry.sequence}: {task} cannot be waived"

    def left_open(self) -> Iterator[str]:
        """What the case closed without."""
        for task in self._opened:
            if task not in self._settled:
                yield f"{task}: the case closed while it was owed"
