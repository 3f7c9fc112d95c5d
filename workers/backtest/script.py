"""What comes next in a recorded case under another text: what people did, else what is assumed.

An act that people did comes at its recorded time where it fits. Where the case is not there yet it
waits, and comes as long after being asked as it did. Only what the record is silent about is
assumed, and every assumption stands on the case's ledger.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cases.acts import Cancel, Close, Complete, Decide, Memo, Receipt, Reply, Resume
from cases.acts_between_cases import Move
from cases.acts_on_many import Observe
from cases.handover import is_handover
from cases.records import InformationRequest
from cases.state import CasePicture
from cases.updates import update_of
from runbooks.plan import Pathway, StagePlan
from workers.backtest.assumed import Ledger
from workers.backtest.fitting import Place, standing
from workers.backtest.naming import Names
from workers.backtest.recorded import Done, Message, Recorded
from workers.backtest.told import MINUTE, Stay
from workers.simulation.cast import Cast
from workers.simulation.wants import Want
from workers.simulation.work import distance

ENDING = (Close, Cancel, Move)


@dataclass(frozen=True)
class Step:
    """The next thing somebody does, and when: an act of the record, or one that is assumed."""

    at: timedelta
    done: Done | None = None
    message: Message | None = None
    want: Want | None = None
    waited: bool = False
    """A recorded act that comes later than it did."""


@dataclass
class Script:
    """The acts of one case that are still to come."""

    recorded: Recorded
    pathway: Pathway
    ledger: Ledger
    coming: list[Done] = field(default_factory=list)
    waiting: list[Done] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Everything that was done is still to come."""
        self.coming = list(self.recorded.acts)
        self.messages = sorted(self.recorded.messages, key=lambda message: message.at)

    def next(
        self, picture: CasePicture, cast: Cast, *, at: datetime, now: timedelta
    ) -> Step | None:
        """The next act; None when nobody has anything to do."""
        steps = [*self._again(picture, begun=cast.habits.placed.begun, now=now)]
        if self.coming:
            steps.append(Step(self.coming[0].at, done=self.coming[0]))
        if self.messages:
            steps.append(Step(self.messages[0].at, message=self.messages[0]))
        wants = self._assumed(picture, cast, at=at, now=now)
        steps.extend(Step(want.minute * MINUTE, want=want) for want in wants)
        return min(steps, key=lambda step: (step.at, step.want is not None), default=None)

    def taken(self, done: Done) -> None:
        """The act has come, or has no place any more."""
        for acts in (self.coming, self.waiting):
            if done in acts:
                acts.remove(done)
                return

    def sent(self, message: Message) -> None:
        """The message has come."""
        self.messages.remove(message)

    def wait(self, done: Done) -> None:
        """The case is not there yet: the act comes when it is."""
        self.taken(done)
        self.waiting.append(done)

    def _again(self, picture: CasePicture, *, begun: datetime, now: timedelta) -> Iterator[Step]:
        """Acts that waited, and for which the case has come."""
        for done in self.waiting:
            found = standing(done, picture, self.pathway, self.recorded)
            if found.place is Place.HERE:
                asked = found.since - begun if found.since is not None else now
                due = max(asked + (done.at - done.asked), done.at, now)
                yield Step(due, done=done, waited=True)

    # -- what is assumed -----------------------------------------------------------------------

    def _assumed(
        self, picture: CasePicture, cast: Cast, *, at: datetime, now: timedelta
    ) -> Iterator[Want]:
        minute = int(now // MINUTE)
        for want in cast.wants(picture, at=at):
            if want.key in cast.tried:
                continue
            earliest = self._not_before(want, picture)
            if earliest is None:
                continue
            since = cast.habits.placed.begun
            later = max(want.minute, int((earliest - since) // MINUTE) + 1)
            later = cast.habits.clear_of_steps(later, picture=picture, at=at, now=minute)
            yield Want(later, want.key, want.person, want.role, want.body, want.round, want.once)

    def _not_before(self, want: Want, picture: CasePicture) -> datetime | None:
        """From when on the act may be assumed; None while the record speaks of it."""
        begun = picture.opened_at
        if self._over:
            return begun
        kind, _, rest = want.key.partition("|")
        match kind:
            case "work" | "answer" | "memo" | "call-back":
                return self._stage(picture, deciding=kind in ("answer", "call-back"))
            case "vote":
                return self._vote(want, picture)
            case "reply":
                return self._reply(rest, picture)
            case "receipt" | "clear":
                return self._receipt(rest.partition("|")[0], begun)
            case "look":
                return self._look(rest.partition("|")[0], picture)
            case "close" | "cancel" | "supply":
                return None if self._pending(*ENDING) else self._stage(picture)
            case _:
                return None if self._pending(Resume, *ENDING) else begun

    @property
    def _over(self) -> bool:
        """Everything that people did is behind the case, and it still has to end."""
        return self.recorded.closed and not any(done.accepted for done in self.coming)

    def _stage(self, picture: CasePicture, *, deciding: bool = False) -> datetime | None:
        visit = picture.current_visit()
        if visit is None:
            return None
        name = visit.stage
        for done in self._accepted():
            body = done.act.body
            if isinstance(body, Complete) and body.stage == name:
                return None
            if isinstance(body, Memo) and body.gate == name:
                return None
            if deciding and isinstance(body, Decide) and body.gate == name:
                return None
        return _after(self.recorded.visits.get((name, visit.visit)), visit.entered_at)

    def _vote(self, want: Want, picture: CasePicture) -> datetime | None:
        round_ = want.round
        if round_ is None:
            return picture.opened_at
        for done in self._accepted():
            if isinstance(done.act.body, Decide) and done.act.body.gate == round_.gate:
                return None
        return _after(self.recorded.rounds.get((round_.gate, round_.number)), round_.asked_at)

    def _reply(self, request: str, picture: CasePicture) -> datetime | None:
        asked = next((item for item in picture.requests if item.id == request), None)
        there = self.recorded.names.requests.values()
        named = Names.of(picture).requests.get(request)
        if asked is None or self._was_asked(asked):
            # Whether notes and updates were written is known: one that was missed was missed.
            return None
        return None if named in there or self._pending(Reply) else asked.at

    def _was_asked(self, request: InformationRequest) -> bool:
        """Whether the recorded case was asked for such notes or updates too."""
        pathway = self.recorded.request.pathway
        if is_handover(request):
            return pathway.handover is not None
        return update_of(pathway, request) is not None

    def _receipt(self, effect: str, begun: datetime) -> datetime | None:
        for done in self._accepted():
            body = done.act.body
            if isinstance(body, Receipt):
                name, _ = self.recorded.names.effects.get(body.effect, ("", 0))
                if name == effect:
                    return None
        return None if effect in self.recorded.by_hand else begun

    def _look(self, key: str, picture: CasePicture) -> datetime | None:
        effect = picture.effect(key)
        known = {name for name, _ in self.recorded.names.effects.values()}
        if effect is None or effect.name in known or self._pending(Observe):
            # Whether somebody looked is known: a look that was missed was missed.
            return None
        return effect.at

    def _accepted(self) -> Iterator[Done]:
        return (done for done in self.coming if done.accepted)

    def _pending(self, *kinds: type) -> bool:
        return any(isinstance(done.act.body, kinds) for done in self._accepted())


def _after(stay: Stay | None, since: datetime) -> datetime:
    """Nobody is taken to act sooner than the record knows that nobody did."""
    return since if stay is None or stay.length is None else since + stay.length


def outcome_for(recorded: Recorded, pathway: Pathway, stage: StagePlan, outcome: str) -> str:
    """The outcome of the new text in the place of a recorded one."""
    if outcome in stage.next:
        return outcome
    known = {each.name: each for each in recorded.request.pathway.stages}
    before = known[stage.name].next.get(outcome) if stage.name in known else None
    if before is not None:
        for name, step in stage.next.items():
            if (step.then, step.move_to) == (before.then, before.move_to):
                return name
    return min(stage.next, key=lambda name: (distance(pathway, stage, name), name))
