"""Which answers settle a turn, and what each of them leads to."""

from dataclasses import dataclass

from cases.file import INCIDENT_MANAGER
from runbooks.plan import FollowUp, OwedKind


@dataclass(frozen=True)
class Answer:
    """One answer, in words for a button, with what it needs and does."""

    label: str
    needs_note: bool = True
    """Only what is plainly in order may go without a word."""
    receipt: bool = False
    """A reference will do instead of a note."""
    again: bool = False
    """Another turn follows."""
    raises: bool = False
    """The incident manager is paged: the matter is not over."""
    when_due: bool = False
    """It can be given only when the turn is due."""
    confirms: bool = False
    """Only who may make an interim rule last can give it."""
    at_once: bool = False
    """Another turn follows, and is due now."""


_QUIET = Answer("Nothing new", needs_note=False)
_ANSWERS: dict[OwedKind, dict[str, Answer]] = {
    OwedKind.RECHECK: {
        "all-quiet": _QUIET,
        "attention": Answer("Not over: page the incident manager", raises=True),
    },
    OwedKind.FOLLOW_UP: {
        "done": Answer("Done", receipt=True),
        "dropped": Answer("Not to be done"),
    },
    OwedKind.HOLD: {
        "renew": Answer("Keep it for another term", again=True),
        "release": Answer("Release the data"),
    },
    OwedKind.APPEAL: {
        "no-appeal": Answer("No appeal came in", needs_note=False, when_due=True),
        "appealed": Answer("There is an appeal", receipt=True, raises=True),
    },
    OwedKind.RULE: {
        "confirmed": Answer("It stays: a standing rule", receipt=True, confirms=True),
        "replaced": Answer("Another rule takes its place", receipt=True, confirms=True),
        "withdrawn": Answer("It holds no longer"),
    },
    OwedKind.SUPPRESSED: {
        "done": Answer("Done: no order stands any more", receipt=True, when_due=True),
        "lifted": Answer("The order was lifted: it is due now", at_once=True),
        "dropped": Answer("Not to be done"),
    },
    OwedKind.PERIODIC: {
        "done": Answer("Done for this time", receipt=True, again=True),
        "stopped": Answer("No longer needed"),
    },
}


def answers_of(plan: FollowUp) -> dict[str, Answer]:
    """The answers that the obligation knows at all, by name."""
    known = dict(_ANSWERS[plan.kind])
    if plan.kind is OwedKind.HOLD:
        if plan.every is None:
            del known["renew"]
        if plan.minimum:
            known["release"] = Answer("Release the data", when_due=True)
    return known


def roles_of(plan: FollowUp) -> tuple[str, ...]:
    """Who may settle or extend it: its owner, the incident manager in their place, who confirms."""
    confirming = (plan.confirm,) if plan.confirm is not None else ()
    return tuple(dict.fromkeys((*confirming, plan.owner, INCIDENT_MANAGER)))


def answers_for(plan: FollowUp, role: str) -> dict[str, Answer]:
    """The answers that somebody in that role can give."""
    return {
        name: answer
        for name, answer in answers_of(plan).items()
        if not answer.confirms or role == plan.confirm
    }


def extends(plan: FollowUp) -> bool:
    """Whether it can be due later: a rule that could be extended would not be an interim one."""
    return plan.kind is not OwedKind.RULE
