"""Whether every task of a case was settled by whom it may be, before the case closed."""

from collections.abc import Callable, Iterable, Iterator

from cases.file import INCIDENT_MANAGER
from cases.journal import Entry, Kind
from cases.tasks import CONDITION, PERSON, REVIEW

About = tuple[str, int]
"""The gate and the round a task is from."""
SameHuman = Callable[[Iterable[str]], set[str]]
"""Every name of the humans of those names."""


class Tasks:
    """The tasks of a case, as its entries tell them."""

    def __init__(self) -> None:
        self._opened: dict[str, Entry] = {}
        self._owner: dict[str, object] = {}
        self._settled: set[str] = set()

    def about(self, entry: Entry) -> About:
        """The gate and round of the task that the entry is about."""
        opened = self._opened.get(str(entry.body.get("task")), entry)
        number = opened.body.get("round")
        return str(opened.body.get("gate")), number if isinstance(number, int) else 0

    def check(self, entry: Entry, broke: Iterable[str], of: SameHuman) -> Iterator[str]:
        """What is wrong with what happens to the task; `broke` are whose deed it would review."""
        task = str(entry.body.get("task"))
        if entry.kind is Kind.TASK_OPENED:
            self._opened[task] = entry
            self._owner[task] = entry.body.get("owner")
            return
        opened = self._opened.get(task)
        if entry.kind is Kind.TASK_OWED_AGAIN:
            self._settled.discard(task)
            return
        if opened is None or task in self._settled:
            yield f"entry {entry.sequence}: {task} is not open"
            return
        if entry.kind is Kind.TASK_HANDED_ON:
            yield from self._handed_on(entry, opened, task)
        elif entry.kind is Kind.TASK_FELL_AWAY:
            if opened.body.get("optional"):
                self._settled.add(task)
        else:
            self._settled.add(task)
            yield from self._settlement(entry, opened, frozenset(broke), of)

    def _handed_on(self, entry: Entry, opened: Entry, task: str) -> Iterator[str]:
        owner = entry.body.get("owner")
        if opened.body.get("origin") != PERSON and owner != self._owner[task]:
            yield f"entry {entry.sequence}: {task} was given to another role"
        self._owner[task] = owner

    def _settlement(
        self, entry: Entry, opened: Entry, broke: frozenset[str], of: SameHuman
    ) -> Iterator[str]:
        task, origin = entry.body.get("task"), opened.body.get("origin")
        by, role = str(entry.body.get("by")), entry.body.get("role")
        if origin == REVIEW and role != opened.body.get("owner"):
            yield f"entry {entry.sequence}: {task} was not reviewed by {opened.body.get('owner')}"
        if origin == REVIEW and by in broke:
            yield f"entry {entry.sequence}: {by} reviewed what {by} did"
        if entry.body.get("state") != "waived":
            return
        if origin not in (CONDITION, PERSON):
            yield f"entry {entry.sequence}: {task} cannot be waived"
        setter = str(opened.body.get("by"))
        runs_it = origin == PERSON and role == INCIDENT_MANAGER
        if not runs_it and by not in of([setter]):
            yield f"entry {entry.sequence}: {task} was waived by {by}, and set by {setter}"

    def left_open(self) -> Iterator[str]:
        """What the case closed without."""
        for task, opened in self._opened.items():
            if task not in self._settled and not opened.body.get("optional"):
                yield f"{task}: the case closed while it was owed"
