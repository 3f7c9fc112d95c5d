"""What the things of a case are called by in every run of it: their keys are another in each.

An effect's key follows from the case's id, a request's number from everything that was asked
before it. A thing is the same one in another run when it has the same name and is as many-th of
that name.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from cases.journal import Entry, Kind
from cases.state import CasePicture

Named = tuple[str, int]
"""A name, and which of that name it is, from one on."""

_SHORT = 16
"""So many characters of an effect's key are in the ids of its clocks."""
_KEYED = re.compile(r"\b(clear|watch|order)/([0-9a-f]{16})[0-9a-f]*")
_SAID = {"clear": "clearance", "watch": "watching", "order": "order"}


@dataclass
class Names:
    """The names of everything in one case that an act can be about by a key or a number."""

    effects: dict[str, Named] = field(default_factory=dict)
    requests: dict[str, Named] = field(default_factory=dict)
    tasks: dict[str, Named] = field(default_factory=dict)

    @classmethod
    def told(cls, entries: Iterable[Entry]) -> "Names":
        """The names that a journal gives."""
        names = cls()
        for entry in entries:
            names.take(entry)
        return names

    @classmethod
    def of(cls, picture: CasePicture) -> "Names":
        """The names of what stands in the case."""
        names = cls()
        for effect in picture.effects:
            names._effect(effect.key, effect.name)
        for request in picture.requests:
            names._request(request.id, request.gate)
        for task in picture.tasks:
            names._task(task.id, task.origin, task.gate, task.what)
        return names

    def take(self, entry: Entry) -> None:
        """Whatever the entry is the first to tell of has a name."""
        body = {name: str(value) for name, value in entry.body.items()}
        if entry.kind.value.startswith("effect:"):
            self._effect(body["key"], body["effect"])
        elif entry.kind in (Kind.INFORMATION_ASKED, Kind.HANDOVER_ASKED, Kind.UPDATE_ASKED):
            self._request(body["request"], body.get("gate", ""))
        elif entry.kind is Kind.TASK_OPENED:
            self._task(body["task"], body["origin"], body.get("gate"), body["what"])

    def clock(self, name: str) -> str:
        """What the clock is called by: with the name of its effect in the place of a key."""
        found = _KEYED.search(name)
        if found is None:
            return name
        known = {key[:_SHORT]: named for key, named in self.effects.items()}
        effect, turn = known.get(found[2], (found[2], 0))
        return name.replace(found[0], f"{_SAID[found[1]]}/{effect}/{turn}")

    def _effect(self, key: str, name: str) -> None:
        self._name(self.effects, key, name)

    def _request(self, request: str, gate: str) -> None:
        self._name(self.requests, request, f"{request.rpartition('-')[0]}|{gate}")

    def _task(self, task: str, origin: str, gate: str | None, what: str) -> None:
        self._name(self.tasks, task, f"{origin}|{gate or ''}|{what}")

    def _name(self, known: dict[str, Named], key: str, name: str) -> None:
        if key not in known:
            known[key] = name, 1 + sum(other == name for other, _ in known.values())


def elsewhere(key: str, there: Mapping[str, Named], here: Mapping[str, Named]) -> str | None:
    """The key here of what had that key there; None where there is no such thing yet.

    What had no name there either was a slip of whoever wrote it, and is the same slip here.
    """
    named = there.get(key)
    if named is None:
        return key
    return next((mine for mine, other in here.items() if other == named), None)


def unkeyed(text: str) -> str:
    """The words without the keys in them, for whoever compares two runs."""
    return _KEYED.sub(lambda found: _SAID[found[1]], text)
