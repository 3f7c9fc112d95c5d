"""Whether every decision rests on a signed act, and every signed act led to what is recorded."""

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from audit.incoming import Incoming
from cases.acts import OBLIGATION_VERBS, Decide
from cases.canonical import commit
from cases.envelope import Act, ActEnvelope, RefusedEnvelope, signing_key, verify_envelope
from cases.journal import Entry, Kind
from cases.receipts import Outcome


@dataclass(frozen=True)
class Proven:
    """Acts whose envelopes hold, by act id, and what was wrong with the others."""

    acts: Mapping[str, Act]
    envelopes: Mapping[str, ActEnvelope]
    wrong: Sequence[str] = field(default_factory=tuple)


def prove(incoming: Sequence[Incoming], *, case: str, root: bytes) -> Proven:
    """Each envelope in the history, checked against the root at its own instant."""
    acts: dict[str, Act] = {}
    envelopes: dict[str, ActEnvelope] = {}
    wrong: list[str] = []
    for item in incoming:
        if item.envelope is None:
            continue
        try:
            act = verify_envelope(item.envelope, case=case, root=root)
        except RefusedEnvelope as refused:
            if item.accepted:
                wrong.append(f"event {item.event_id}: accepted, but {refused.reason.value}")
            continue
        acts.setdefault(act.act, act)
        envelopes.setdefault(act.act, item.envelope)
    return Proven(acts=acts, envelopes=envelopes, wrong=tuple(wrong))


def check_decisions(
    incoming: Sequence[Incoming], proven: Proven, entries: Sequence[Entry], *, open_case: bool
) -> Iterator[str]:
    """What the journal says people did and they did not sign, and the other way round."""
    recorded: set[str] = set()
    revoked: set[str] = set()
    for entry in entries:
        keys = entry.body.get("keys")
        if entry.kind is Kind.KEYS_REVOKED and isinstance(keys, list):
            revoked.update(str(key) for key in keys)
        act_id = entry.body.get("act")
        if not isinstance(act_id, str) or entry.kind in (Kind.ACT_REFUSED, Kind.ACTS_REFUSED):
            continue
        recorded.add(act_id)
        act = proven.acts.get(act_id)
        if act is None:
            yield f"entry {entry.sequence}: no valid envelope of act {act_id} in the history"
            continue
        if signing_key(proven.envelopes[act_id]) in revoked:
            yield f"entry {entry.sequence}: signed with a key that was revoked before"
        yield from _same(entry, act)
    committed = {
        value
        for entry in entries
        for value in (entry.body.get("input"), entry.body.get("result"))
        if isinstance(value, str)
    }
    for item in incoming:
        if item.envelope is None or item.receipt is None or open_case:
            continue
        accepted = item.receipt.outcome is Outcome.ACCEPTED
        if accepted and item.receipt.act not in recorded and item.commitment not in committed:
            yield f"event {item.event_id}: act {item.receipt.act} was accepted and is not recorded"


def check_door(
    door: Sequence[Entry],
    proven: Proven,
    *,
    salt: bytes,
    open_case: bool,
    owed: bool = False,
) -> tuple[list[str], list[str]]:
    """What the doors' stream contradicts, and what it cannot say yet."""
    if not door:
        return [], ["there is no stream of the doors"]
    recorded = {
        act_id: entry
        for act_id, entry in _by_act(door, Kind.DOOR_ACT_RECORDED).items()
        # What is owed after closing has a record of its own, and is checked there.
        if (entry.body.get("verb") in OBLIGATION_VERBS) is owed
    }
    others = _by_act(door, Kind.DOOR_ACT_RECORDED).keys() - recorded.keys()
    answered = _by_act(door, Kind.DOOR_ACT_ANSWERED) | _by_act(door, Kind.DOOR_ACT_LATE)
    wrong = [
        f"door entry {entry.sequence}: act {act_id} was never recorded"
        for act_id, entry in answered.items()
        if act_id not in recorded and act_id not in others
    ]
    unanswered = [act_id for act_id in recorded if act_id not in answered]
    missing = [f"act {act_id} is not answered yet" for act_id in unanswered if open_case]
    wrong.extend(f"act {act_id} was never answered" for act_id in unanswered if not open_case)
    for act_id, act in proven.acts.items():
        entry = recorded.get(act_id)
        if entry is None:
            wrong.append(f"act {act_id} of {act.actor.person} did not come through a door")
            continue
        digest = entry.body.get("digest")
        if digest is not None and digest != commit(salt, proven.envelopes[act_id].payload):
            wrong.append(f"door entry {entry.sequence}: another envelope than the one in history")
        if entry.at != act.signed_at:
            wrong.append(f"door entry {entry.sequence}: signed at another instant")
    return wrong, missing


def _by_act(door: Sequence[Entry], kind: Kind) -> dict[str, Entry]:
    return {
        str(entry.body["act"]): entry
        for entry in door
        if entry.kind is kind and isinstance(entry.body.get("act"), str)
    }


def root_of(text: str) -> bytes:
    """The key's bytes; empty where it is none."""
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return b""


def _same(entry: Entry, act: Act) -> Iterator[str]:
    told = {
        "who": act.actor.person,
        "by": act.actor.person,
        "role": act.role,
        "signed": act.signed_at,
        "assurance": act.assurance.value,
        "door": act.door.value,
    }
    if entry.kind is Kind.EFFECT_INTENDED:
        # `by` is how the action is done here, not who asked for it.
        del told["by"]
    if entry.kind is Kind.ASSIGNED:
        del told["role"]
    if isinstance(act.body, Decide) and entry.kind is Kind.VOTE_CAST:
        told |= {
            "verdict": act.body.verdict.value,
            "gate": act.body.gate,
            "reason": act.body.reason,
            "round": act.binding.round if act.binding is not None else None,
        }
    for name, expected in told.items():
        found: object = entry.body.get(name)
        if isinstance(expected, datetime) and isinstance(found, str):
            found = _instant(found)
        if found is not None and found != expected:
            yield f"entry {entry.sequence}: {name} is not what was signed"


def _instant(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
