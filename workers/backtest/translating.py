"""A recorded act as it is signed in another run of its case: its time, and what it is about.

One table says of every verb what in its body points into the case or at an instant, and how that
is said here. A verb that is in neither table is a mistake which a test finds.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cases import acts
from cases.acts_at_gates import BreakGlass, Condition, Revoke
from cases.acts_between_cases import Attach, LinkTo, Merge, Move, Split, Unmerge
from cases.acts_on_many import Observe, RollBack
from cases.acts_on_tasks import Finish, HandOn, SetTask
from cases.acts_on_work import Accept, HandOver
from cases.clock_starts import instant_of
from cases.comments import Comment
from cases.envelope import Act, Actor, RoundBinding
from cases.gate import Round
from cases.state import CasePicture
from cases.values import Inbound
from runbooks.plan import AnswerKind
from workers.backtest.naming import Named, Names, elsewhere
from workers.backtest.recorded import Done, Recorded


@dataclass(frozen=True)
class Terms:
    """Both cases' names for what is in them, and how much later this one is."""

    there: Names
    here: Names
    shift: timedelta
    recorded: Recorded


Turn = Callable[[Any, Terms], Any]
"""A value of a recorded body, as it is here; None where it is about something not there yet."""


def _effect(key: str, terms: Terms) -> str | None:
    return elsewhere(key, terms.there.effects, terms.here.effects)


def _request(name: str, terms: Terms) -> str | None:
    return elsewhere(name, terms.there.requests, terms.here.requests)


def _task(name: str, terms: Terms) -> str | None:
    return elsewhere(name, terms.there.tasks, terms.here.tasks)


def _instant(at: datetime, terms: Terms) -> datetime:
    return at + terms.shift


def _conditions(given: tuple[Condition, ...], terms: Terms) -> tuple[Condition, ...]:
    return tuple(each.model_copy(update={"due": each.due + terms.shift}) for each in given)


def _answers(given: dict[str, str], terms: Terms) -> dict[str, str]:
    return answers_in(given, terms.recorded, shift=terms.shift)


TURNED: Mapping[type[Inbound], Mapping[str, Turn]] = {
    acts.Answer: {"answers": _answers},
    acts.Reply: {"request": _request},
    acts.CallBack: {"called_at": _instant},
    acts.Receipt: {"effect": _effect},
    Observe: {"effect": _effect},
    RollBack: {"effect": _effect},
    acts.Decide: {"conditions": _conditions},
    SetTask: {"due": _instant},
    HandOn: {"task": _task},
    Finish: {"task": _task},
    acts.Hold: {"review_at": _instant},
    acts.Extend: {"until": _instant},
}
"""By body: what of it is said otherwise in another run."""

SAME: frozenset[type[Inbound]] = frozenset(
    {
        acts.Complete,
        acts.Memo,
        acts.Evidence,
        acts.Dissent,
        acts.Withdraw,
        Revoke,
        BreakGlass,
        Comment,
        acts.Acknowledge,
        acts.Claim,
        acts.Assign,
        HandOver,
        Accept,
        acts.Resume,
        acts.ChangeSeverity,
        acts.Raise,
        Move,
        acts.Migrate,
        Attach,
        Split,
        acts.Close,
        acts.Cancel,
        acts.Reopen,
        LinkTo,
        Merge,
        Unmerge,
        acts.Settle,
    }
)
"""Bodies that name stages, roles, people, deliveries and other cases: all called the same here."""


def translated(
    done: Done, picture: CasePicture, recorded: Recorded, *, begun: datetime, at: datetime
) -> Act:
    """The recorded act as it is signed now, in this case's time and about what stands in it.

    What it is about and is not there yet keeps the key it had: nothing here has it.
    """
    act = done.act
    shift = begun - recorded.opened
    terms = Terms(recorded.names, Names.of(picture), shift, recorded)
    turned = {
        name: said
        for name, turn in TURNED.get(type(act.body), {}).items()
        if (said := turn(getattr(act.body, name), terms)) is not None
    }
    return act.model_copy(
        update={
            "case": picture.case,
            "actor": _actor(act.actor, shift=shift, at=at),
            "signed_at": at,
            "body": act.body.model_copy(update=turned),
            "binding": binding(_round(done, picture)),
        }
    )


def subject(body: acts.ActBody, picture: CasePicture, recorded: Recorded) -> str | None:
    """The key here of the effect, request or task the body is about; None while it is not there."""
    terms = Terms(recorded.names, Names.of(picture), timedelta(0), recorded)
    for name in ("effect", "request", "task"):
        turn = TURNED.get(type(body), {}).get(name)
        if turn is not None:
            key: str | None = turn(getattr(body, name), terms)
            return key
    return None


def binding(round_: Round | None) -> RoundBinding | None:
    """What an act at that round is bound to."""
    if round_ is None:
        return None
    return RoundBinding(
        gate=round_.gate,
        round=round_.number,
        revision=round_.revision,
        content_hash=round_.content_hash,
        nonce=round_.nonce,
    )


def answers_in(given: dict[str, str], recorded: Recorded, *, shift: timedelta) -> dict[str, str]:
    """The answers, those that name an instant in another time."""
    asked = recorded.request.pathway.questions
    moved = dict(given)
    for name, said in given.items():
        question = asked.get(name)
        instant = instant_of(said)
        if question is not None and question.kind is AnswerKind.INSTANT and instant is not None:
            moved[name] = (instant + shift).isoformat()
    return moved


def named(key: str, there: Mapping[str, Named]) -> str:
    """The name of what had that key; empty where nothing had it."""
    return there.get(key, ("", 0))[0]


def _actor(actor: Actor, *, shift: timedelta, at: datetime) -> Actor:
    acting = actor.acting_for
    if acting is not None:
        acting = acting.model_copy(
            update={"since": acting.since + shift, "until": acting.until + shift}
        )
    return actor.model_copy(update={"directory_as_of": at, "acting_for": acting})


def _round(done: Done, picture: CasePicture) -> Round | None:
    shown = done.act.binding
    if shown is None:
        return None
    open_ = picture.open_round(shown.gate)
    if done.accepted and open_ is not None:
        return open_
    # What was refused was refused for the round it named.
    same = [r for r in picture.rounds if r.gate == shown.gate and r.number == shown.round]
    return same[0] if same else picture.round_of(shown.gate)
