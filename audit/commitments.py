"""Whether the journal commits to everything that came in: each input and result, by its digest."""

from collections import Counter
from collections.abc import Iterator, Sequence

from audit.came_in import case_input, inputs, results, start_input
from audit.findings import Finding, Rule
from audit.incoming import Incoming, salt_of
from audit.runs import CaseHistory
from cases.journal import Entry, Kind


def check_commitments(
    history: CaseHistory,
    entries: Sequence[Entry],
    *,
    open_case: bool,
    incoming: Sequence[Incoming] | None = None,
) -> Iterator[Finding]:
    """What came in without an entry, and what entries claim that never came in.

    While a case runs its newest entries may not be on their way to the store yet. `incoming` are
    the history's `inputs`, where somebody has read them already.
    """
    request = start_input(history)
    if request is None:
        yield Finding(rule=Rule.INPUT, event_id=1, what="the case's input cannot be read")
        return
    salt = salt_of(request)
    came = inputs(history, salt=salt) if incoming is None else incoming
    uncounted = sum(_number(entry) for entry in entries if entry.kind is Kind.ACTS_REFUSED)
    committed = Counter(value for entry in entries for value in _commitments(entry))
    stopped = _stopped(entries)
    for item in (*came, *results(history, salt=salt)):
        if item.notice in stopped:
            continue
        if committed[item.commitment] > 0:
            committed[item.commitment] -= 1
        elif item.excused or open_case:
            continue
        elif uncounted and item.envelope is not None and not item.accepted:
            uncounted -= 1
        else:
            yield Finding(
                rule=Rule.COMMITMENT,
                run=item.run,
                event_id=item.event_id,
                what=f"no entry commits to this {item.what}",
                expected=item.commitment,
            )
    for entry in entries:
        for value in _commitments(entry):
            if committed[value] > 0:
                committed[value] -= 1
                yield Finding(
                    rule=Rule.COMMITMENT,
                    what=f"entry {entry.sequence} commits to something that never came in",
                    found=value,
                )


def _stopped(entries: Sequence[Entry]) -> set[str]:
    """The keys of notices that the case stopped: what came of them in that moment, it ignored."""
    said = [e for e in entries if e.kind in (Kind.NOTICE_ENDED, Kind.NOTICE_HELD)]
    heard = {str(e.body["key"]) for e in said if "key" in e.body and "result" in e.body}
    return {str(e.body["key"]) for e in said if "key" in e.body} - heard


def _commitments(entry: Entry) -> Iterator[str]:
    """A person's own receipt for an action is committed to as the result it is."""
    for field in ("input", "result"):
        value = entry.body.get(field)
        # A ratification's result is a word, not a commitment.
        if isinstance(value, str) and entry.kind is not Kind.RATIFIED:
            yield value


def _number(entry: Entry) -> int:
    number = entry.body.get("number")
    return number if isinstance(number, int) else 0


__all__ = ["case_input", "check_commitments", "inputs", "start_input"]
