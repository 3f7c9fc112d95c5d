"""Which names are one human's, as the entries of a case say it: four eyes are not two accounts."""

from collections.abc import Iterable

from cases.journal import Entry


class Humans:
    """Accounts that entries have said belong together."""

    def __init__(self) -> None:
        self._known: list[set[str]] = []

    def note(self, entry: Entry, person: str) -> None:
        """The entry may say under which other names the person has accounts."""
        also = entry.body.get("also")
        if isinstance(also, list):
            self._known.append({person, *map(str, also)})

    def of(self, names: Iterable[str]) -> set[str]:
        """The names, and every other one of the same people."""
        asked = set(names)
        return asked.union(*(each for each in self._known if each & asked))
