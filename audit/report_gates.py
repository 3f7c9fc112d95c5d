"""Who decided what on which facts: every round of every gate, as the readable account tells it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from cases.acts import Answer, Decide, Memo
from cases.envelope import Act
from cases.journal import Entry, Kind
from cases.values import spoken


@dataclass
class Asking:
    """One asking of a gate."""

    gate: str
    round: int
    opened: datetime
    revision: str
    content: str
    wanted: str
    facts: Mapping[str, str]
    """Answers that were on record when it opened."""
    votes: list[tuple[str, ...]] = field(default_factory=list)
    came_of_it: str = "not closed"

    @property
    def title(self) -> str:
        """What it is called."""
        return f"{self.gate}, round {self.round}"


HEADS = ("Who", "Role", "Decided", "Why", "Signed", "Proof")


def askings(
    entries: Sequence[Entry], acts: Mapping[str, Act], answers: Mapping[str, str]
) -> list[Asking]:
    """The rounds in the order they were opened; `answers` are what routing had filled in."""
    known = dict(answers)
    found: dict[tuple[object, object], Asking] = {}
    for entry in entries:
        body = entry.body
        act = acts.get(str(body.get("act")))
        if entry.kind is Kind.INTAKE_ANSWERED and act is not None and isinstance(act.body, Answer):
            known |= act.body.answers
        key = (body.get("gate"), body.get("round"))
        if entry.kind is Kind.ROUND_OPENED:
            found[key] = _opened(entry, known)
        elif key not in found:
            continue
        elif entry.kind in (Kind.VOTE_CAST, Kind.VOTE_WITHDRAWN):
            found[key].votes.append(_vote(entry, act))
        elif entry.kind in (Kind.ROUND_CLOSED, Kind.ROUND_SUPERSEDED):
            state = str(body.get("state") or "asked again: the facts had changed")
            found[key].came_of_it = f"{state}, {spoken(entry.at)}"
    return list(found.values())


def memos(acts: Mapping[str, Act]) -> Iterator[tuple[str, str, str]]:
    """Gate, field and text of every memo, by whom it was written last."""
    latest: dict[tuple[str, str], str] = {}
    for act in sorted(acts.values(), key=lambda item: item.signed_at):
        if isinstance(act.body, Memo):
            latest |= {(act.body.gate, name): text for name, text in act.body.fields.items()}
    for (gate, name), text in latest.items():
        yield gate, name, text


def _opened(entry: Entry, known: Mapping[str, str]) -> Asking:
    body = entry.body
    wanted = body.get("approve")
    number = body.get("round")
    return Asking(
        gate=str(body.get("gate")),
        round=number if isinstance(number, int) else 0,
        opened=entry.at,
        revision=str(body.get("revision", "")),
        content=str(body.get("content", "")),
        wanted=", ".join(f"{count} of {role}" for role, count in wanted.items())
        if isinstance(wanted, dict)
        else "",
        facts=dict(known),
    )


def _vote(entry: Entry, act: Act | None) -> tuple[str, ...]:
    body = entry.body
    reason = str(body.get("reason") or "")
    if not reason and act is not None and isinstance(act.body, Decide):
        on = "; ".join(item.what for item in act.body.conditions)
        reason = act.body.reason + (f" On conditions: {on}" if on else "")
    decided = "withdrew" if entry.kind is Kind.VOTE_WITHDRAWN else str(body.get("verdict", ""))
    signed = spoken(act.signed_at) if act is not None else str(body.get("signed", ""))
    proof = ", ".join(
        str(body[name]) for name in ("assurance", "door", "key") if body.get(name) is not None
    )
    return (
        str(body.get("who") or body.get("by") or ""),
        str(body.get("role", "")),
        decided,
        reason,
        signed,
        proof,
    )
