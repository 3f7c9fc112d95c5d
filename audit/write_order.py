"""Whether the log had each decision, and each irreversible intent, before it took effect.

The log's instants are its own word, so order is proven by what contains what: the act that was
delivered carries a signed checkpoint over the door's entry of that very act, and the case's entry
of the decision commits to the act with it. An effect's result carries the same over its intent.
What two people let go without the log carries a signed line of a spool instead, and the log has
it later, marked late.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from audit.acts import Proven, root_of
from audit.incoming import Incoming
from audit.kinds import EVENT
from audit.log.errors import LogError
from audit.log.exported import proof_file
from audit.log.leaf import late_of, leaf_of
from audit.log.mark import fault_of, was_before
from audit.log.note import NoteKey
from audit.log.proof import read_proof
from audit.log.segments import Segment, placed_on
from audit.payloads import only, read
from audit.runs import CaseHistory, Run
from audit.verdict import Check, judged
from cases.acts import BOUND_VERBS
from cases.envelope import RefusedEnvelope
from cases.ids import MAIN
from cases.journal import Entry, Kind
from cases.log_glass import SPOOL_LINE, line_hash, read_line
from workflows.effects import PERFORM, EffectOrder, EffectResult, EffectState
from workflows.messages import CaseInput

NAME = "write order"


class _Found(NamedTuple):
    """What is wrong with one thing, and what is not there yet."""

    wrong: str = ""
    missing: str = ""


@dataclass(frozen=True)
class WriteOrder:
    """What of an export says in which order things were written."""

    request: CaseInput
    history: CaseHistory
    proven: Proven
    entries: Sequence[Entry]
    segments: Sequence[Segment]
    """The branches that the entries were recorded on."""
    door: Sequence[Entry]
    files: Mapping[str, bytes]
    keys: frozenset[NoteKey]
    """Of the log: the verifier's, or those that the export names."""

    def check(self) -> Check | None:
        """None for a case that was begun before its decisions waited for the log."""
        if not self.request.leaf_first:
            return None
        found = [*self._decisions(), *self._effects()]
        return judged(
            NAME,
            wrong=[each.wrong for each in found if each.wrong],
            missing=[each.missing for each in found if each.missing],
        )

    def _decisions(self) -> Iterator[_Found]:
        recorded = {
            str(entry.body.get("act")): entry
            for entry in self.door
            if entry.kind is Kind.DOOR_ACT_RECORDED
        }
        for act_id, entry in self._first_entries():
            act, door = self.proven.acts.get(act_id), recorded.get(act_id)
            # An act that nobody signed, or that no door recorded, is told of elsewhere.
            if act is None or door is None or act.body.verb not in BOUND_VERBS:
                continue
            what = f"entry {entry.sequence}: {act.body.verb} of {act.actor.person}"
            mark = self.proven.envelopes[act_id].logged
            yield self._stands(mark, door, MAIN, what=what)
            yield self._before(mark, entry, what=what)

    def _first_entries(self) -> Iterator[tuple[str, Entry]]:
        seen: set[str] = set()
        for entry in self.entries:
            act_id = entry.body.get("act")
            if entry.kind in (Kind.ACT_REFUSED, Kind.ACTS_REFUSED) or not isinstance(act_id, str):
                continue
            if act_id not in seen:
                seen.add(act_id)
                yield act_id, entry

    def _effects(self) -> Iterator[_Found]:
        placed = dict(placed_on(self.entries, self.segments))
        by_number = {entry.sequence: entry for entry in self.entries}
        for order, result in performed(self.history.runs):
            if not order.irreversible:
                continue
            entry = by_number.get(order.entry)
            if entry is None:
                yield _Found(wrong=f"{order.name}: ordered without an intent that the log has")
            elif result is not None and (result.logged or result.state is not EffectState.FAILED):
                # An order that a policy kept back waited for nothing, because nothing was done.
                branch = placed.get(entry.sequence, MAIN)
                yield self._stands(result.logged, entry, branch, what=order.name)

    def _stands(self, mark: str, entry: Entry, branch: str, *, what: str) -> _Found:
        """Whether the mark shows that the log, or a spool, had the entry."""
        if not mark:
            return _Found(wrong=f"{what}: took effect before the log had it")
        if mark.startswith(SPOOL_LINE):
            return self._spooled(mark.encode(), entry, branch, what=what)
        fault = fault_of(
            mark.encode(), lambda late: leaf_of(entry, branch=branch, late=late), keys=self.keys
        )
        return _Found(wrong=f"{what}: {fault}") if fault else _Found()

    def _spooled(self, line: bytes, entry: Entry, branch: str, *, what: str) -> _Found:
        try:
            said = read_line(line, root=root_of(self.request.root_key))
            leaf = leaf_of(entry, branch=branch)
        except (RefusedEnvelope, LogError) as error:
            return _Found(wrong=f"{what}: its line in the spool does not hold: {error}")
        place = (entry.case, entry.stream, branch, entry.sequence)
        if (said.case, said.stream, said.branch, said.sequence) != place:
            return _Found(wrong=f"{what}: its line in the spool is of another entry")
        if said.leaf.encode() != leaf:
            return _Found(wrong=f"{what}: its line in the spool says something else")
        data = self.files.get(proof_file(entry.stream, branch, entry.sequence))
        if data is None:
            return _Found(
                missing=f"{what}: let go by two people while the log could not be written, and not "
                "in the log yet"
            )
        try:
            late = late_of(read_proof(data).extra)
        except LogError as error:
            return _Found(wrong=f"{what}: {error}")
        if late not in ("", line_hash(line)):
            return _Found(wrong=f"{what}: the log names another line of a spool")
        return _Found()

    def _before(self, mark: str, entry: Entry, *, what: str) -> _Found:
        """The case's own entry came after the checkpoint that let the decision go."""
        branch = dict(placed_on(self.entries, self.segments)).get(entry.sequence, MAIN)
        data = self.files.get(proof_file(entry.stream, branch, entry.sequence))
        if data is None or not mark or mark.startswith(SPOOL_LINE):
            return _Found()
        if not was_before(mark.encode(), data, keys=self.keys):
            return _Found(wrong=f"{what}: was in the case's record before the log had it")
        return _Found()


def logged_by(incoming: Iterable[Incoming], runs: Iterable[Run]) -> list[str]:
    """What acts and effects carry of the log, or of a spool, having had them before."""
    acts = (item.envelope.logged for item in incoming if item.envelope is not None)
    effects = (result.logged for _, result in performed(runs) if result is not None)
    return [mark for mark in (*acts, *effects) if mark]


def performed(runs: Iterable[Run]) -> Iterator[tuple[EffectOrder, EffectResult | None]]:
    """Every order to do something outside, with what came of it where it came back."""
    for run in runs:
        results: dict[int, EffectResult | None] = {}
        for event in run.events:
            if event.event_type == EVENT.ACTIVITY_TASK_COMPLETED:
                done: Any = event.activity_task_completed_event_attributes
                results[done.scheduled_event_id] = read(only(done.result.payloads), EffectResult)
        for event in run.events:
            if event.event_type != EVENT.ACTIVITY_TASK_SCHEDULED:
                continue
            asked: Any = event.activity_task_scheduled_event_attributes
            if asked.activity_type.name != PERFORM.name:
                continue
            order = read(only(asked.input.payloads), EffectOrder)
            if order is not None:
                yield order, results.get(event.event_id)
