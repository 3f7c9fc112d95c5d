"""The people of one case: given what its record says, what is done next, by whom and when."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from cases.acts import (
    ActBody,
    Answer,
    Cancel,
    Close,
    Complete,
    Evidence,
    Memo,
    Receipt,
    Reply,
    Resolution,
    Resume,
)
from cases.drafts.standing import lacks
from cases.file import INCIDENT_MANAGER, SYSTEM
from cases.receipts import ActReceipt
from cases.records import EffectRecord, InformationRequest, StageVisit
from cases.rounds import memo_missing
from cases.rules import roles_for, unmet, view_of
from cases.state import CasePicture
from runbooks.grammar.document import RunbookDocument
from runbooks.plan import Pathway, StageKind, StagePlan
from workers.simulation import words
from workers.simulation.guarding import calling, guarding
from workers.simulation.habits import Habits
from workers.simulation.notes import notes
from workers.simulation.oracle import Step, Way, disposition_of
from workers.simulation.people import Somebody
from workers.simulation.turns import turns
from workers.simulation.votes import votes
from workers.simulation.wants import Want
from workers.simulation.watching import watching
from workers.simulation.work import missing, outcome_of, seen_answers


@dataclass
class Cast:
    """Everybody who acts in one case."""

    habits: Habits
    pathway: Pathway
    document: RunbookDocument
    tried: set[str] = field(default_factory=set)
    """Keys of what was refused, and of what happens only once."""
    settled: int = 0
    """The minute at which something that closing waits for was last settled."""

    def next(self, picture: CasePicture, *, at: datetime, now: int) -> Want | None:
        """The next act; None when nobody can do anything and only time can help."""
        wanted = [want for want in self.wants(picture, at=at) if want.key not in self.tried]
        if not wanted:
            return None
        first = min(wanted)
        minute = self.habits.clear_of_steps(first.minute, picture=picture, at=at, now=now)
        return Want(
            minute, first.key, first.person, first.role, first.body, first.round, first.once
        )

    def noted(self, want: Want, receipt: ActReceipt | None, *, now: int) -> None:
        """The act was answered: what is settled by it is not wanted again."""
        accepted = receipt is not None and receipt.accepted
        if want.once or not accepted or want.key.startswith("answer|"):
            self.tried.add(want.key)
        if want.key.startswith("receipt|"):
            self.settled = now

    def wants(self, picture: CasePicture, *, at: datetime) -> Iterator[Want]:
        """Everything that somebody is going to do, if nothing comes in between."""
        if picture.hold is not None:
            yield from self._resuming(picture)
            return
        yield from turns(self, picture, at=at)
        yield from votes(self, picture, at=at)
        for request in picture.requests:
            if request.answer is None and request.material:
                yield from self._replying(picture, request)
        yield from notes(self, picture, at=at)
        yield from guarding(self, picture, at=at)
        yield from watching(self, picture, at=at)
        for effect in picture.effects:
            if effect.state in ("manual", "failed") and not lacks(
                picture, self.pathway, effect.name
            ):
                yield from self._settling(effect, at=at)
        visit = picture.current_visit()
        if visit is None or picture.pending_outcome is not None:
            return
        stage = self.pathway.stage(visit.stage)
        match stage.kind:
            case StageKind.WORK:
                yield from self._working(picture, stage, visit, at=at)
            case StageKind.GATE:
                yield from self._writing(picture, stage, visit, at=at)
            case StageKind.CLOSURE:
                yield from self._closing(picture, stage, visit, at=at)

    # -- what a stage asks of its owner -------------------------------------------------------

    def _working(
        self, picture: CasePicture, stage: StagePlan, visit: StageVisit, *, at: datetime
    ) -> Iterator[Want]:
        if any(request.answer is None and request.material for request in picture.requests):
            return
        if _ends_by_itself(picture, stage):
            return
        key = f"work|{stage.name}|{visit.visit}"
        since = self.since(visit.entered_at, *_answered(picture))
        found = self.somebody(stage.owner, since=since, picture=picture)
        if found is None:
            return
        clock = picture.stage_clock(stage.name)
        minute = self.habits.answers_at(found, since=since, clock=clock, at=at, key=key)
        # Whoever is the first to work on it: a stage that time has left has answered nothing.
        passed = [each for each in picture.visits if each.left_at is not None]
        first = visit.visit == 1 and all(each.by == SYSTEM for each in passed)
        answers = self.answers(picture, stage, first=first)
        if answers:
            yield self.want(max(since, minute - 1), f"answer|{key}", found, Answer(answers=answers))
            return
        outcome = outcome_of(self, picture, stage, visit, at=at)
        answers = self._asked(picture, missing(self, picture, stage.next[outcome].needs))
        if answers:
            early = max(since, minute - 1)
            body = Answer(answers=answers)
            yield self.want(early, f"answer|{outcome}|{key}", found, body)
            return
        wanted = stage.next[outcome].call_back
        if wanted is not None:
            call = f"call-back|{key}"
            early = max(since, minute - 1)
            yield from calling(picture, wanted, found, minute=early, key=call)
        window = picture.clock(stage.next[outcome].not_before or "")
        if window is not None and window.opens_at is not None:
            minute = max(minute, self.since(window.opens_at) + 1)
        yield self.want(minute, key, found, Complete(stage=stage.name, outcome=outcome))

    def answers(self, picture: CasePicture, stage: StagePlan, *, first: bool) -> dict[str, str]:
        """What is answered before the stage is completed: all at the first, later what it needs."""
        starting = {at for clock in self.pathway.clocks for at in (clock.starts_at, clock.due_at)}
        # A clock waits for its answer: nobody gives it before it is needed.
        wanted = [name for name in self.pathway.questions if name not in starting] if first else []
        answers = missing(self, picture, (*wanted, *stage.needs))
        if first and f"answer|work|{stage.name}|1" not in self.tried:
            answers |= seen_answers(self, picture, stage.owner)
        return self._asked(picture, answers)

    def _asked(self, picture: CasePicture, answers: dict[str, str]) -> dict[str, str]:
        """The answers to what is asked of this case."""
        asked = view_of(picture, self.pathway).asked(answers)
        return {name: said for name, said in answers.items() if name in asked}

    def _writing(
        self, picture: CasePicture, stage: StagePlan, visit: StageVisit, *, at: datetime
    ) -> Iterator[Want]:
        """The memo a gate waits for."""
        file = view_of(picture, self.pathway)
        if stage.gate is None or picture.open_round(stage.name) is not None:
            return
        missing = memo_missing(file, stage.name, stage.gate)
        if not missing:
            return
        key = f"memo|{stage.name}|{visit.visit}"
        since = self.since(visit.entered_at)
        role = roles_for(file, "memo")[0]
        found = self.somebody(role, since=since, picture=picture)
        if found is None:
            return
        clock = picture.stage_clock(stage.name)
        minute = self.habits.answers_at(found, since=since, clock=clock, at=at, key=key)
        case = self.habits.placed.case.key
        fields = {n: words.memo_field(n, stage.name, self.pathway, case=case) for n in missing}
        yield self.want(minute, key, found, Memo(gate=stage.name, fields=fields))

    def _closing(
        self, picture: CasePicture, stage: StagePlan, visit: StageVisit, *, at: datetime
    ) -> Iterator[Want]:
        if any(effect.open for effect in picture.effects):
            return
        if any(due.settled is None for due in picture.ratifications):
            return
        key = f"close|{visit.visit}"
        since = max(self.since(visit.entered_at), self.settled)
        found = self.somebody(stage.owner, since=since, picture=picture)
        if found is None:
            return
        clock = picture.stage_clock(stage.name)
        minute = self.habits.answers_at(found, since=since, clock=clock, at=at, key=key)
        way = way_of(picture)
        supplied = {"evidence", *(f"answer: {name}" for name in self.pathway.questions)}
        open_ = {
            name: [item for item in unmet(picture, self.pathway, name) if item not in supplied]
            for name in stage.dispositions
        }
        possible = [name for name, missing in open_.items() if not missing]
        if not possible:
            yield from self._cancelling(picture, minute=minute, since=since)
            return
        disposition = disposition_of(self.document, way, self.habits.model, among=possible)
        missing = unmet(picture, self.pathway, disposition)
        if missing:
            body = self._supply(missing[0])
            yield self.want(max(since, minute - 1), f"supply|{missing[0]}|{key}", found, body)
            return
        yield self.want(
            minute,
            key,
            found,
            Close(disposition=disposition, record=words.RECORD, lessons=words.LESSONS),
        )

    def _supply(self, missing: str) -> Evidence | Answer:
        kind, _, name = missing.partition(": ")
        case = self.habits.placed.case
        if kind == "evidence":
            item = words.digest(case.key, "evidence")
            return Evidence(label="indicator-list", reference=f"vault:{item[:8]}", digest=item)
        answer = case.truth.answers.get(name) or words.answer_to(
            name,
            self.pathway.questions[name],
            case=case.key,
            received=self.habits.placed.begun,
            chance=self.habits.chance,
        )
        return Answer(answers={name: answer})

    def _cancelling(self, picture: CasePicture, *, minute: int, since: int) -> Iterator[Want]:
        """No disposition can be met: the case ends without its runbook, and says so."""
        found = self.somebody(INCIDENT_MANAGER, since=since, picture=picture)
        if found is not None:
            yield self.want(minute, "cancel", found, Cancel(reason=words.REASONS["cancel"]))

    # -- what waits beside the stage ----------------------------------------------------------

    def _resuming(self, picture: CasePicture) -> Iterator[Want]:
        hold = picture.hold
        if hold is None:
            return
        since = self.since(hold.review_at)
        found = self.somebody(INCIDENT_MANAGER, since=since, picture=picture)
        if found is not None:
            chance = self.habits.chance.of("resume", since)
            minute = since + self.habits.handle(found, since=since, chance=chance)
            yield self.want(minute, f"resume|{since}", found, Resume())

    def _replying(self, picture: CasePicture, request: InformationRequest) -> Iterator[Want]:
        since = self.since(request.at)
        role = roles_for(view_of(picture, self.pathway), "reply")[0]
        found = self.somebody(role, since=since, picture=picture)
        if found is not None:
            chance = self.habits.chance.of("reply", request.id)
            minute = since + max(1, round(chance.minutes(self.habits.model.reply)))
            body = Reply(request=request.id, text=words.REASONS["reply"])
            yield self.want(minute, f"reply|{request.id}", found, body)

    def _settling(self, effect: EffectRecord, *, at: datetime) -> Iterator[Want]:
        since = self.since(effect.at)
        found = self.somebody(effect.owner, since=since)
        if found is None:
            return
        name = f"{effect.name}|{effect.stage}|{effect.attempt}"
        chance = self.habits.chance.of("effect", name)
        minute = self.habits.answers_at(found, since=since, clock=None, at=at, key=f"effect|{name}")
        resolution = Resolution.DONE
        if effect.state == "failed" and effect.attempt == 1 and chance.happens(0.5):
            resolution = Resolution.RETRY
        body = Receipt(
            effect=effect.key,
            resolution=resolution,
            reference="" if resolution is Resolution.RETRY else f"SIM-{words.digest(name)[:8]}",
        )
        yield self.want(minute, f"receipt|{name}|{since}", found, body)

    # -- what the parts share -----------------------------------------------------------------

    def since(self, *instants: datetime) -> int:
        """The minute of the case since which something waits: the latest of these."""
        return max(self.habits.placed.minute(instant) for instant in instants)

    def somebody(
        self, role: str, *, since: int, picture: CasePicture | None = None
    ) -> Somebody | None:
        """Whose turn it is in that role, who is not out of the case."""
        out = picture.conflicts if picture is not None else {}
        asked = self.habits.asked(role, minute=since)
        return next((person for person in asked if person.id not in out), None)

    def want(self, minute: int, key: str, person: Somebody, body: ActBody) -> Want:
        """The act, by that person in the role they have."""
        return Want(minute, key, person, person.role, lambda _: body)


def way_of(picture: CasePicture) -> Way:
    """The way the case has gone so far."""
    return Way(
        steps=tuple(Step(v.stage, v.outcome) for v in picture.visits if v.outcome is not None),
        effects=tuple(e.name for e in picture.effects if e.state in ("done", "skipped")),
    )


def _ends_by_itself(picture: CasePicture, stage: StagePlan) -> bool:
    """Whether what completes the stage is under way: nobody takes another outcome meanwhile."""
    effect = picture.effect_named(stage.skip_when_done or "")
    return effect is not None and effect.open


def _answered(picture: CasePicture) -> list[datetime]:
    return [r.answered_at for r in picture.requests if r.answered_at is not None and r.material]
