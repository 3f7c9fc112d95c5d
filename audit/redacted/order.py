"""Whether the log had decisions and irreversible intents before they took effect, told in digests.

In a whole export the act that was delivered carries the log's word over the door's entry of it, and
an action's result carries it over the intent. A redacted bundle has neither, so it brings the words
themselves: hashes and the log's signature, and nothing that anybody said. A line of a spool names
people and their reason: it stays out, and the log's own leaf says that there was one.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from audit.log.errors import LogError
from audit.log.exported import proof_file
from audit.log.leaf import late_of, made_late
from audit.log.mark import fault_of, was_before
from audit.log.note import NoteKey
from audit.log.proof import read_proof
from audit.manifest import CASE_STREAM, DOOR_STREAM
from audit.redacted.opening import OpenedEntry
from audit.verdict import Check, judged
from cases.acts import BOUND_VERBS
from cases.journal import Kind

NAME = "write order"
FOLDER = "order/"
_SUFFIX = ".tlog-proof"


def mark_file(stream: str, branch: str, sequence: int) -> str:
    """Where the log's word over an entry stands that something waited for."""
    return f"{FOLDER}{stream}/{branch}/{sequence}{_SUFFIX}"


class _Found(NamedTuple):
    wrong: str = ""
    missing: str = ""


@dataclass(frozen=True)
class Order:
    """What of a redacted bundle says in which order things were written."""

    files: Mapping[str, bytes]
    streams: Mapping[str, Sequence[OpenedEntry]]
    keys: frozenset[NoteKey]
    """Of the log: the verifier's, or those that the bundle names."""

    def check(self) -> Check:
        """Every decision waited for the log, and so did every action that left a mark."""
        found = [*self._decisions(), *self._effects(), *self._strays()]
        return judged(
            NAME,
            wrong=[each.wrong for each in found if each.wrong],
            missing=[each.missing for each in found if each.missing],
        )

    def _decisions(self) -> Iterator[_Found]:
        recorded = {
            entry.text("body.act"): entry
            for entry in self.streams.get(DOOR_STREAM, ())
            if entry.kind is Kind.DOOR_ACT_RECORDED
        }
        for act, entry in self._first_entries():
            door = recorded.get(act)
            # That an act came through no door is told of elsewhere.
            if door is None or door.text("body.verb") not in BOUND_VERBS:
                continue
            what = f"{CASE_STREAM}: entry {entry.sequence}: {door.text('body.verb')}"
            yield from self._stood(door, entry, what=what)

    def _first_entries(self) -> Iterator[tuple[str, OpenedEntry]]:
        seen: set[str] = set()
        for entry in self.streams.get(CASE_STREAM, ()):
            act = entry.text("body.act")
            if act and act not in seen and entry.kind not in (Kind.ACT_REFUSED, Kind.ACTS_REFUSED):
                seen.add(act)
                yield act, entry

    def _effects(self) -> Iterator[_Found]:
        entries = self.streams.get(CASE_STREAM, ())
        for place, entry in enumerate(entries):
            if self._mark(entry) is None:
                continue
            key = entry.text("body.key")
            after = (
                each
                for each in entries[place + 1 :]
                if key and each.text("body.key") == key and each.kind is not Kind.EFFECT_INTENDED
            )
            what = f"{CASE_STREAM}: entry {entry.sequence}: {entry.text('body.effect') or 'action'}"
            yield from self._stood(entry, next(after, None), what=what)

    def _stood(
        self, waited_for: OpenedEntry, took_effect: OpenedEntry | None, *, what: str
    ) -> Iterator[_Found]:
        mark = self._mark(waited_for)
        if mark is None:
            yield self._without(waited_for, what=what)
            return

        def leaf(late: str) -> bytes:
            return made_late(waited_for.leaf, late) if late else waited_for.leaf

        fault = fault_of(mark, leaf, keys=self.keys)
        if fault:
            yield _Found(wrong=f"{what}: {fault}")
        proof = self._proof(took_effect) if took_effect is not None else None
        if proof is not None and not was_before(mark, proof, keys=self.keys):
            yield _Found(wrong=f"{what}: was in the case's record before the log had it")

    def _without(self, waited_for: OpenedEntry, *, what: str) -> _Found:
        proof = self._proof(waited_for)
        try:
            late = late_of(read_proof(proof).extra) if proof is not None else ""
        except LogError:
            # Said where the proof itself is held against its entry.
            late = ""
        if late:
            return _Found(missing=f"{what}: two people let it go; their orders are left out")
        return _Found(missing=f"{what}: nothing shows that the log had it before it took effect")

    def _strays(self) -> Iterator[_Found]:
        known = {
            self._file(entry)
            for name in (CASE_STREAM, DOOR_STREAM)
            for entry in self.streams.get(name, ())
        }
        for name in sorted(self.files):
            if name.startswith(FOLDER) and name not in known:
                yield _Found(wrong=f"{name}: is of no entry of this case")

    def _mark(self, entry: OpenedEntry) -> bytes | None:
        return self.files.get(self._file(entry))

    @staticmethod
    def _file(entry: OpenedEntry) -> str:
        return mark_file(entry.text("stream"), entry.text("branch"), entry.sequence)

    def _proof(self, entry: OpenedEntry) -> bytes | None:
        return self.files.get(
            proof_file(entry.text("stream"), entry.text("branch"), entry.sequence)
        )
