"""What each key of the language is about, how it is said, and when less of it is dangerous."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from runbooks.comparing.change import Direction, Group
from runbooks.comparing.facts import Fact, Path
from runbooks.plan import Severity
from runbooks.rendering.wording import duration, quorum, several

Compared = Callable[[Fact | None, Fact | None], Direction]


@dataclass(frozen=True)
class Meaning:
    """What a fact is about."""

    group: Group
    what: str
    direction: Compared | None = None


def _more_is_tighter(old: Fact | None, new: Fact | None) -> Direction:
    more, less = _more(old, new), _more(new, old)
    if more == less:
        return Direction.OTHER
    return Direction.TIGHTER if more else Direction.LOOSER


def _more_is_looser(old: Fact | None, new: Fact | None) -> Direction:
    return _more_is_tighter(new, old)


def _fewer_is_looser(old: Fact | None, new: Fact | None) -> Direction:
    """Nothing named is everything there is."""
    everything = tuple(Severity)
    return _more_is_tighter(old or everything, new or everything)


def _silence_takes(old: Fact | None, new: Fact | None) -> Direction:
    if "approved" in (old, new):
        return Direction.LOOSER if new == "approved" else Direction.TIGHTER
    return _more_is_looser(old, new)


def _refusing_is_tighter(old: Fact | None, new: Fact | None) -> Direction:
    del old
    return Direction.TIGHTER if new == "refused" else Direction.LOOSER


def _bound_is_tighter(old: Fact | None, new: Fact | None) -> Direction:
    del old
    return Direction.TIGHTER if new == "device-bound" else Direction.LOOSER


def _more_time_is_looser(old: Fact | None, new: Fact | None) -> Direction:
    order = ("runs-on", "pauses", "restarts")
    was, now = (order.index(str(fact or "restarts")) for fact in (old, new))
    if was == now:
        return Direction.OTHER
    return Direction.LOOSER if now > was else Direction.TIGHTER


def _more(old: Fact | None, new: Fact | None) -> bool:
    """Whether something of the second is not in the first, or is less there."""
    if isinstance(old, tuple) or isinstance(new, tuple):
        return bool({*_listed(new)} - {*_listed(old)})
    if _by_severity(old) or _by_severity(new):
        times = zip(_times(old), _times(new), strict=True)
        return any(after > before for before, after in times)
    if isinstance(old, dict) or isinstance(new, dict):
        before, after = _counted(old), _counted(new)
        return any(number > before.get(role, 0) for role, number in after.items())
    return _size(new) > _size(old)


def _by_severity(fact: Fact | None) -> bool:
    return isinstance(fact, dict) and Severity.SEV0 in fact


def _times(fact: Fact | None) -> list[float]:
    """How long at each severity."""
    if isinstance(fact, dict):
        return [_size(fact[name]) for name in Severity]
    return [_size(fact)] * len(Severity)


def _listed(fact: Fact | None) -> tuple[str, ...]:
    return fact if isinstance(fact, tuple) else ()


def _counted(fact: Fact | None) -> Mapping[str, int]:
    people = fact.items() if isinstance(fact, dict) else ()
    return {role: number for role, number in people if isinstance(number, int)}


def _size(fact: Fact | None) -> float:
    """How much there is of it."""
    match fact:
        case None:
            return 0
        case timedelta():
            return fact.total_seconds()
        case "L1" | "L2" | "L3":
            return ("L1", "L2", "L3").index(fact) + 1
        case "blind" | "required":
            return 2
        case _:
            return 1


_GATE = {
    "ask": Meaning(Group.APPROVAL, "the question"),
    "approve": Meaning(Group.APPROVAL, "who must approve", _more_is_tighter),
    "reject.quorum": Meaning(Group.APPROVAL, "who can reject", _more_is_looser),
    "reject.reason": Meaning(Group.APPROVAL, "the reason of a rejection", _more_is_tighter),
    "veto": Meaning(Group.APPROVAL, "who alone can reject", _more_is_tighter),
    "distinct": Meaning(Group.APPROVAL, "what must differ between voters"),
    "not-the-same-person-as": Meaning(
        Group.APPROVAL, "the stages whose deciders may not vote", _more_is_tighter
    ),
    "votes": Meaning(Group.APPROVAL, "whether votes are hidden", _more_is_tighter),
    "assurance": Meaning(Group.APPROVAL, "the proof of person", _more_is_tighter),
    "memo": Meaning(Group.APPROVAL, "what is written first", _more_is_tighter),
    "split.to": Meaning(Group.APPROVAL, "who breaks a tie"),
    "split.go": Meaning(Group.APPROVAL, "that an approval holds, whoever rejects", _more_is_looser),
    "split.within": Meaning(Group.APPROVAL, "the time to break a tie"),
    "dissent.who": Meaning(Group.APPROVAL, "who may object"),
    "dissent.to": Meaning(Group.APPROVAL, "who decides after an objection"),
    "dissent.within": Meaning(Group.APPROVAL, "the time after an objection"),
    "delegation": Meaning(Group.APPROVAL, "whether delegates may vote", _refusing_is_tighter),
    "passkeys": Meaning(Group.APPROVAL, "the keys people may sign with", _bound_is_tighter),
    "break-glass.by": Meaning(Group.APPROVAL, "who may break the glass", _more_is_looser),
    "break-glass.within": Meaning(Group.APPROVAL, "the time for the second hand", _more_is_looser),
    "break-glass.review.by": Meaning(Group.APPROVAL, "who reviews a broken glass"),
    "break-glass.review.within": Meaning(
        Group.TIME, "the time to review a broken glass", _more_is_looser
    ),
    "silence.go": Meaning(Group.SILENCE, "the outcome silence takes", _silence_takes),
    "silence.allow": Meaning(Group.SILENCE, "who may stand in", _more_is_tighter),
    "silence.instead-of": Meaning(Group.SILENCE, "who is stood in for"),
    "silence.only": Meaning(Group.SILENCE, "what a stand-in may say"),
    "silence.ratify.by": Meaning(Group.SILENCE, "who ratifies", _more_is_tighter),
    "silence.ratify.within": Meaning(Group.SILENCE, "the time to ratify", _more_is_looser),
}
_STAGE = {
    **_GATE,
    "title": Meaning(Group.WORDS, "the title"),
    "owner": Meaning(Group.TELLING, "who has it"),
    "within": Meaning(Group.TIME, "the time", _more_is_looser),
    "only-at": Meaning(Group.WAY, "the severities it is for", _fewer_is_looser),
    "do": Meaning(Group.EFFECTS, "what is done first"),
    "needs": Meaning(Group.INTAKE, "what must be answered", _more_is_tighter),
    "independent-of": Meaning(
        Group.APPROVAL, "whose earlier decisions keep them out", _more_is_tighter
    ),
    "reopen.by": Meaning(Group.CLOSING, "who may reopen it", _more_is_looser),
    "reopen.within": Meaning(Group.CLOSING, "how long it can be reopened", _more_is_looser),
    "reopen.most": Meaning(Group.CLOSING, "how often it can be reopened"),
    "reopen.to": Meaning(Group.CLOSING, "the stages it returns to when reopened"),
    "escalate": Meaning(Group.TELLING, "the escalation policy that begins with it"),
    "skip-when-done": Meaning(Group.EFFECTS, "the action that completes it"),
    "approve-as": Meaning(Group.WORDS, "what the approving button says"),
    "reject-as": Meaning(Group.WORDS, "what the rejecting button says"),
}
_NEXT = {
    "do": Meaning(Group.EFFECTS, "what is done"),
    "undo": Meaning(Group.EFFECTS, "what is undone"),
    "suspend": Meaning(Group.CLOCKS, "the clocks that are suspended", _more_is_looser),
    "set-for": Meaning(Group.EFFECTS, "the instant it is set for"),
    "needs": Meaning(Group.INTAKE, "what must be answered", _more_is_tighter),
    "issue": Meaning(Group.CLOSING, "the interim rules it issues", _more_is_looser),
    "only-at": Meaning(Group.WAY, "the severities at which it can be taken"),
    "not-before": Meaning(Group.CLOCKS, "the window that must have opened", _more_is_tighter),
    "then": Meaning(Group.WAY, "where it leads"),
    "move-to": Meaning(Group.WAY, "the runbook it leads to"),
    "clock": Meaning(Group.TIME, "what asking does to the target", _more_time_is_looser),
}
_EFFECT = {
    "title": Meaning(Group.WORDS, "the title"),
    "by": Meaning(Group.EFFECTS, "who or what does it"),
    "owner": Meaning(Group.TELLING, "who owes it"),
    "within": Meaning(Group.TIME, "the time", _more_is_looser),
    "instruction": Meaning(Group.EFFECTS, "the instruction"),
    "compensate": Meaning(Group.EFFECTS, "how it is undone", _more_is_tighter),
    "irreversible": Meaning(Group.EFFECTS, "that it cannot be undone", _more_is_looser),
    "protective": Meaning(Group.EFFECTS, "that it may go ahead on silence", _more_is_looser),
    "discloses": Meaning(Group.EFFECTS, "that it hands over user data", _more_is_tighter),
    "where-due": Meaning(Group.EFFECTS, "that it happens only where a clock waits for it"),
    "gate": Meaning(Group.APPROVAL, "where its draft is approved", _more_is_tighter),
    "bulk.count": Meaning(Group.EFFECTS, "the question how many it concerns"),
    "bulk.list": Meaning(Group.EFFECTS, "the question where their list is kept"),
    "bulk.above": Meaning(Group.APPROVAL, "how many it may concern unapproved", _more_is_looser),
    "bulk.approved-by": Meaning(Group.APPROVAL, "the gate that approves so many"),
    "bulk.steps": Meaning(Group.EFFECTS, "the steps", _more_is_tighter),
    "bulk.guard.signal": Meaning(Group.EFFECTS, "what is looked for after a step"),
    "bulk.guard.above": Meaning(Group.EFFECTS, "the share that stops it"),
    "bulk.guard.within": Meaning(Group.EFFECTS, "how far back looks count", _more_is_tighter),
    "bulk.guard.at-least": Meaning(Group.EFFECTS, "how many must be checked"),
    "bulk.guard.by": Meaning(Group.TELLING, "who looks after a step"),
    "bulk.guard.from": Meaning(Group.EFFECTS, "the connector asked after a step"),
}
_CLOCK = {
    "title": Meaning(Group.WORDS, "the title"),
    "kind": Meaning(Group.CLOCKS, "the kind"),
    "starts": Meaning(Group.CLOCKS, "what it counts from"),
    "starts-after": Meaning(Group.CLOCKS, "the action it starts after"),
    "due-at": Meaning(Group.CLOCKS, "the answer that says when it is due"),
    "starts-at": Meaning(Group.CLOCKS, "the answer it counts from"),
    "within": Meaning(Group.CLOCKS, "the time", _more_is_looser),
    "only-at": Meaning(Group.CLOCKS, "the severities it runs at", _fewer_is_looser),
    "working-days": Meaning(Group.CLOCKS, "how many working days it has", _more_is_looser),
    "calendar": Meaning(Group.CLOCKS, "whose working days it counts"),
    "stops": Meaning(Group.CLOCKS, "what stops it", _more_is_looser),
    "restart": Meaning(Group.CLOCKS, "how it goes on after a suspension"),
    "statutory": Meaning(Group.CLOCKS, "that the law sets it", _more_is_tighter),
    "owner": Meaning(Group.CLOCKS, "who has it"),
    "source": Meaning(Group.CLOCKS, "the source"),
    "mark": Meaning(Group.CLOCKS, "how well the source was read"),
    "review-by": Meaning(Group.CLOCKS, "the day of its review"),
}
_QUESTION = {
    "ask": Meaning(Group.INTAKE, "the question"),
    "answer": Meaning(Group.INTAKE, "what counts as an answer"),
    "choice": Meaning(Group.INTAKE, "the answers to choose from"),
    "material": Meaning(Group.INTAKE, "that a change asks open gates again", _more_is_tighter),
    "help": Meaning(Group.WORDS, "the help"),
    "asked-if": Meaning(Group.INTAKE, "when it is asked"),
}
_FOLLOW_UP = {
    "owner": Meaning(Group.CLOSING, "who owes it"),
    "after": Meaning(Group.CLOSING, "how long after closing", _more_is_looser),
    "for": Meaning(Group.CLOSING, "the endings after which it is owed"),
    "only-at": Meaning(Group.CLOSING, "the severities at which it is owed", _fewer_is_looser),
    "sample": Meaning(Group.CLOSING, "the share of cases in which it is owed"),
    "review": Meaning(Group.CLOSING, "when its owner is asked before"),
    "every": Meaning(Group.CLOSING, "how long until the next turn", _more_is_looser),
    "renewals": Meaning(Group.CLOSING, "how often it can be renewed"),
    "minimum": Meaning(Group.CLOSING, "that it cannot be released before", _more_is_tighter),
    "extend": Meaning(Group.CLOSING, "by how much it can be extended", _more_is_looser),
    "title": Meaning(Group.WORDS, "the title"),
}
_RULE = {
    "title": Meaning(Group.WORDS, "the title"),
    "lasts": Meaning(Group.CLOSING, "how long it holds", _more_is_looser),
    "owner": Meaning(Group.CLOSING, "who watches it"),
    "confirm": Meaning(Group.APPROVAL, "who may make it last"),
    "remind": Meaning(Group.TELLING, "when its owner is told before it expires"),
}
_MACRO = {
    "for": Meaning(Group.TELLING, "who reads it"),
    "title": Meaning(Group.WORDS, "the title"),
    "text": Meaning(Group.WORDS, "the text"),
}
_WHOLE = {
    "runbook": Meaning(Group.OTHER, "the name"),
    "title": Meaning(Group.WORDS, "the title"),
    "summary": Meaning(Group.WORDS, "the summary"),
    "owner": Meaning(Group.OTHER, "the owner of the runbook"),
    "review-by": Meaning(Group.OTHER, "the day of its review"),
    "first": Meaning(Group.WAY, "the stage a case begins in"),
    "hold-at-most": Meaning(Group.TIME, "how long a hold may last", _more_is_looser),
    "law": Meaning(Group.CLOCKS, "what answers mean to the law"),
    "elsewhere": Meaning(Group.CLOCKS, "which runbook runs a row of the law instead"),
    "taxonomy.use": Meaning(Group.CLOSING, "the taxonomy its decisions cite"),
    "taxonomy.question": Meaning(Group.CLOSING, "the question that says the code"),
    "taxonomy.otherwise": Meaning(Group.CLOSING, "the code where no answer says one"),
}
_DISPOSITION = {
    "title": Meaning(Group.WORDS, "the meaning"),
    "requires": Meaning(Group.CLOSING, "what it requires", _more_is_tighter),
}
_GAG = {
    "order": Meaning(Group.INTAKE, "the answer that says whether there is one"),
    "until": Meaning(Group.INTAKE, "the answer that says until when"),
    "suppresses": Meaning(Group.EFFECTS, "what is not done while it stands", _more_is_tighter),
    "review": Meaning(Group.TIME, "how often it is reviewed", _more_is_looser),
}
_POLICY = {
    "title": Meaning(Group.WORDS, "the title"),
    "between": Meaning(Group.TELLING, "the time after the last step", _more_is_looser),
    "repeat": Meaning(Group.TELLING, "how often its steps begin anew"),
    "acknowledged-by": Meaning(Group.TELLING, "how many must have acknowledged"),
    "lease": Meaning(Group.TELLING, "how long an acknowledgement holds", _more_is_looser),
    "pierced-by": Meaning(Group.TELLING, "the severity at which nobody's hours count"),
}
_UPDATE = {
    "to": Meaning(Group.TELLING, "the audience"),
    "by": Meaning(Group.TELLING, "who writes"),
    "every": Meaning(Group.TELLING, "how often", _more_is_looser),
    "only-at": Meaning(Group.TELLING, "the severities at which it is written", _fewer_is_looser),
    "until": Meaning(Group.TELLING, "the stage with which updates end"),
}
_AREAS = {
    "escalations": _POLICY,
    "updates": _UPDATE,
    "gags": _GAG,
    "effects": _EFFECT,
    "clocks": _CLOCK,
    "intake": _QUESTION,
    "after-closing": _FOLLOW_UP,
    "interim-rules": _RULE,
    "macros": _MACRO,
}


def meaning(path: Path) -> tuple[str, Meaning]:
    """What a fact is of, and what it is about."""
    match path:
        case (area, name, "late", action):
            return name, _lateness(action, law=area == "clocks")
        case ("stages", stage, "next", outcome, *key):
            return f"{stage}, {outcome}", _known(_NEXT, key, Group.WAY)
        case ("stages", stage, "dispositions", name, *key):
            return f"{stage}, {name}", _known(_DISPOSITION, key, Group.CLOSING)
        case ("stages", stage, *key):
            return stage, _known(_STAGE, key, Group.OTHER)
        case ("effects", name, "fill", field, *_):
            return name, Meaning(Group.EFFECTS, f"what fills {field}")
        case ("roles", role):
            return role, Meaning(Group.WORDS, "the role")
        case (area, name, *key) if area in _AREAS:
            return name, _part(area, key)
        case _:
            return "", _known(_WHOLE, path, Group.OTHER)


def _part(area: str, key: list[str]) -> Meaning:
    """What a key of a thing with a name is about."""
    match key:
        case ["steps", *_, number]:
            return Meaning(Group.TELLING, f"step {number}")
        case ["locales", tag, words]:
            return Meaning(Group.WORDS, f"the {words} in {tag}")
        case _:
            return _known(_AREAS[area], key, Group.OTHER)


def said(fact: Fact | None) -> str:
    """The fact in words."""
    match fact:
        case None:
            return ""
        case timedelta():
            return duration(fact)
        case date():
            return fact.isoformat()
        case bool():
            return "so"
        case tuple():
            return several(fact)
        case dict() if _by_severity(fact):
            return several(f"{said(time)} at {name}" for name, time in fact.items())
        case dict():
            return quorum(_counted(fact)) or "nobody"
        case _:
            return str(fact)


def _lateness(action: str, *, law: bool) -> Meaning:
    does = action.partition(" ")[0]
    if does in {"go", "do"}:
        return Meaning(Group.SILENCE, f"when nobody acts: {action}", _more_is_looser)
    group = Group.CLOCKS if law else Group.TELLING
    return Meaning(group, f"when late: {action}", _more_is_tighter)


def _known(table: dict[str, Meaning], key: Path | list[str], group: Group) -> Meaning:
    name = ".".join(key)
    return table.get(name) or Meaning(group, name)
