"""One case on a table: what each role sees and owes, what can be done, and time that can pass.

The same theatre, door and people as a whole simulation; only the choosing is left to whoever sits
at the table.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from cases.permissions import Allowed, Waiting, allowed_acts, next_step, waiting_on
from cases.receipts import ActReceipt
from cases.rules import all_roles, view_of
from cases.state import CasePicture
from runbooks.plan import Pathway, Severity
from workers.simulation import words
from workers.simulation.cast import Cast
from workers.simulation.habits import Habits
from workers.simulation.outside import Placed, Told
from workers.simulation.people import Somebody
from workers.simulation.play import Director
from workers.simulation.table_acts import body_of
from workers.simulation.theatre import MINUTE
from workers.simulation.wants import Want

SEATS = 2
"""People of a role who sit at the table."""
OFTEN = ("complete", "decide", "close", "receipt", "reply", "memo", "answer", "resume")
"""Verbs that move a case; they are offered first."""
ELSEWHERE = ("move", "attach", "assign")
"""What leads out of this one case, or needs a name, is not played at the table."""
EXECUTIVE = "executive"


@dataclass(frozen=True)
class Option:
    """An act somebody at the table can choose."""

    person: Somebody
    allowed: Allowed
    choice: str = ""

    @property
    def said(self) -> str:
        """As it is offered: who does what to what."""
        place = self.allowed.gate or self.allowed.stage or self.allowed.label
        parts = (self.allowed.verb, place or self.allowed.request or "", self.choice)
        return f"{self.person.id}: {' '.join(part for part in parts if part)}"


@dataclass(frozen=True)
class View:
    """What is on the table now."""

    minute: int
    next: str
    severity: str
    waiting: list[Waiting]
    clocks: list[tuple[str, int]]
    """(title, minutes left), the nearest first."""
    told: list[Told]
    """Who was told what since the last look."""
    options: list[Option]
    ended: str = ""
    """How the case ended."""


@dataclass
class Table:
    """A case that is played by hand."""

    director: Director
    placed: Placed
    cast: Cast
    now: int = 0
    _seen: set[tuple[str, str]] = field(default_factory=set)

    @property
    def pathway(self) -> Pathway:
        """The pathway the case walks."""
        return self.director.theatre.pathways[self.placed.case.runbook]

    @property
    def habits(self) -> Habits:
        """The habits of the people, for whose turn it is."""
        return self.cast.habits

    async def look(self) -> View:
        """Everything that can be seen now."""
        theatre = self.director.theatre
        alive = await theatre.rests(self.placed)
        told = self._news()
        if not alive:
            last = max(self.placed.entries, key=lambda entry: entry.sequence)
            ended = str(last.body.get("disposition", "ended"))
            return View(self.now, "Nothing: the case has ended.", "", [], [], told, [], ended)
        picture = theatre.picture(self.placed)
        at = await theatre.now(self.placed)
        clocks = [
            (clock.title, self.placed.minute(due) - self.now)
            for clock in picture.clocks
            if (due := clock.due_at(at)) is not None
        ]
        return View(
            minute=self.now,
            next=next_step(picture, self.pathway, at=at),
            severity=picture.severity.current.value,
            waiting=waiting_on(picture, self.pathway, at=at),
            clocks=sorted(clocks, key=lambda clock: clock[1]),
            told=told,
            options=list(self._options(picture, at=at)),
        )

    async def choose(self, option: Option) -> ActReceipt | None:
        """The act has been done; the case's answer."""
        picture = self.director.theatre.picture(self.placed)
        gate = option.allowed.gate
        want = Want(
            minute=self.now,
            key=option.said,
            person=option.person,
            role=option.allowed.role,
            body=lambda at: body_of(
                option.allowed,
                choice=option.choice,
                answers=self._answers(picture),
                item=words.digest(self.placed.id, at.isoformat()),
                at=at,
            ),
            round=picture.round_of(gate) if gate and option.allowed.round else None,
        )
        receipt = await self.director.theatre.act(self.placed, want)
        picture_ended = option.allowed.verb in ("close", "cancel")
        if picture_ended and receipt is not None and receipt.accepted:
            await self.director.theatre.ended(self.placed)
        return receipt

    async def pass_time(self, minutes: int | None = None) -> None:
        """So many minutes have passed, or as many as it takes until something happens by itself."""
        if minutes is None:
            picture = self.director.theatre.picture(self.placed)
            at = await self.director.theatre.now(self.placed)
            coming = picture.next_instant(at)
            until = self.placed.minute(coming[0]) + 1 if coming is not None else self.now + 60
            minutes = max(until - self.now, 1)
        self.now += minutes
        await self.director.theatre.forward(self.placed, minute=self.now)

    async def others_act(self) -> str:
        """The people of the model have done their next act; what it was, empty if there is none."""
        theatre = self.director.theatre
        picture = theatre.picture(self.placed)
        at = await theatre.now(self.placed)
        want = self.cast.next(picture, at=at, now=self.now)
        if want is None:
            return ""
        self.now = max(self.now, want.minute)
        await theatre.forward(self.placed, minute=self.now)
        receipt = await theatre.act(self.placed, want)
        self.cast.noted(want, receipt, now=self.now)
        if want.key.startswith(("close|", "cancel")) and receipt is not None and receipt.accepted:
            await theatre.ended(self.placed)
        said = want.key.split("|", maxsplit=1)[0]
        return f"{want.person.id}: {said}"

    def _news(self) -> list[Told]:
        new = {key: told for key, told in self.placed.told.items() if key not in self._seen}
        self._seen.update(new)
        return sorted(new.values(), key=lambda told: (told.minute, told.person))

    def _options(self, picture: CasePicture, *, at: datetime) -> Iterator[Option]:
        """What can be done: first what moves the case, by those who owe it."""
        owing = [item.role for item in waiting_on(picture, self.pathway, at=at)]
        found: list[Option] = []
        offered: set[tuple[str, str]] = set()
        for role in dict.fromkeys((*owing, *all_roles(self.pathway))):
            for person in self.habits.asked(role, minute=self.now)[:SEATS]:
                for allowed in allowed_acts(
                    picture, self.pathway, person=person.id, roles=frozenset({role}), at=at
                ):
                    # A verdict is everybody's own; for anything else one person is enough.
                    whose = person.id if allowed.round is not None else ""
                    key = (allowed.verb, f"{whose}{allowed.effect}{allowed.request}{allowed.gate}")
                    if key not in offered and allowed.verb not in ELSEWHERE:
                        offered.add(key)
                        found.extend(_spelled_out(person, allowed, picture))
        first = {verb: place for place, verb in enumerate(OFTEN)}
        yield from sorted(found, key=lambda option: first.get(option.allowed.verb, len(first)))

    def _answers(self, picture: CasePicture) -> dict[str, str]:
        """What is true, for every question that has no such answer yet."""
        case = self.placed.case
        received = self.placed.begun - case.receipt_lag * MINUTE
        answers = {
            name: case.truth.answers.get(name)
            or words.answer_to(
                name, question, case=case.key, received=received, chance=self.habits.chance
            )
            for name, question in self.pathway.questions.items()
        }
        given = {name: answer.value for name, answer in picture.answers.items()}
        asked = view_of(picture, self.pathway).asked(answers)
        return {n: said for n, said in answers.items() if n in asked and given.get(n) != said}


def _spelled_out(person: Somebody, allowed: Allowed, picture: CasePicture) -> Iterator[Option]:
    match allowed.verb:
        case "complete" | "decide" | "close" | "receipt":
            for choice in allowed.choices:
                yield Option(person, allowed, choice)
        case "severity":
            scale = list(Severity)
            now = scale.index(picture.severity.current)
            for place in (now - 1, now + 1):
                if 0 <= place < len(scale):
                    yield Option(person, allowed, scale[place].value)
        case "raise":
            last = EXECUTIVE if EXECUTIVE in allowed.choices else allowed.choices[0]
            yield Option(person, allowed, last)
        case _:
            yield Option(person, allowed)
