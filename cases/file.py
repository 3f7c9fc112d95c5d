"""The case file: state, pathway and record together, and what the case wishes to happen outside.

Every function of `stages`, `rounds`, `clocks`, `effects` and the handlers takes the file, changes
its state, records what it did, and leaves wishes. The workflow turns wishes into effects;
nothing here can reach outside.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cases.journal import Entry, Kind
from cases.notice import NoticeEnd, NoticeOrder, Purpose, StepNotice
from cases.recording import Record
from cases.state import CaseState
from cases.ticket_note import TicketLine
from runbooks.asking import asked
from runbooks.plan import AnswerKind, EffectPlan, GateRule, Pathway, StagePlan

INCIDENT_MANAGER = "incident-manager"
DUTY_MANAGER = "duty-manager"
SYSTEM = "escalate"
"""Who acted when nobody did: clocks, rules and tables."""

CALLING = frozenset({Purpose.WORK, Purpose.REMIND, Purpose.PAGE, Purpose.RAISED, Purpose.LAPSED})
"""What somebody who has the work need not hear any more; a question is still asked of everybody."""

EDITION = 8
"""What a case that is opened today does by itself; an earlier one goes on as it began (I14).

1: an acknowledgement is renewed by what is done, and somebody is told when it lapses; what is told
of the gravest cases has a lane of its own.
2: the outcome of a mail waits longer for company in the journal.
3: a case that ends does not wait for company with what its last errands ask for.
4: before anything lapses or a policy takes its next step, acts that wait at the door are fetched;
nobody is paged for what somebody in the same role has; a ticket names no case of need-to-know.
5: a ticket that has been left alone for a while hears news at once, and only what follows waits for
company; the outcome of a page waits for what comes next.
6: while the law lets a clock stand still, nobody is called because of it; where it runs again, what
it escalates comes again; a policy's steps, updates and handover notes are counted from when the one
before was due.
7: no workflow task of a case passes without a command; the outcome of a mail waits for the case's
next instant.
8: who is asked for an update or a handover note may write it, whoever works on the case.
"""

UNHURRIED = 2
"""The first edition in which it does."""

UNDELAYED = 3
"""The first edition in which it does not."""

FETCHED = 4
"""The first edition in which they are."""

NAMELESS = 4
"""The first edition in which a ticket names none."""

PROMPT = 5
"""The first edition in which it does, and in which it waits so."""

SILENT = 6
"""The first edition in which nobody is."""

EVEN = 6
"""The first edition in which they are."""

AUDIBLE = 7
"""The first edition in which none does."""

TOGETHER = 7
"""The first edition in which it does."""

WRITTEN = 8
"""The first edition in which they may."""


@dataclass(frozen=True)
class Tell:
    """Somebody should be told."""

    purpose: Purpose
    role: str
    stage: str | None = None
    round: int | None = None
    person: str | None = None
    step: str = ""
    of_step: StepNotice | None = None
    lapsed: tuple[str, ...] = ()


@dataclass(frozen=True)
class TellKept:
    """A notice that was kept until somebody's hours should be sent now."""

    order: NoticeOrder


@dataclass(frozen=True)
class Hush:
    """Notices that are under way stop, and end so: those of these runs, or of that work."""

    runs: tuple[str, ...]
    how: NoticeEnd
    because: str
    stage: str = ""
    role: str = ""

    def meant(self, order: NoticeOrder) -> bool:
        """Whether the notice is one of them."""
        if order.of_step is not None:
            return order.of_step.run in self.runs
        theirs = bool(self.role) and (order.stage, order.role) == (self.stage, self.role)
        return theirs and order.purpose in CALLING


@dataclass(frozen=True)
class Do:
    """An effect should be attempted."""

    key: str


@dataclass(frozen=True)
class SplitOff:
    """The report that came with this delivery should have a case of its own."""

    delivery: str


@dataclass(frozen=True)
class Note:
    """The ticket should say so; notes of one quiet point become one comment."""

    line: TicketLine | None = None
    status: str | None = None
    now: bool = False
    """Not kept waiting for company: the case opens, ends, stops, or something failed."""

    @classmethod
    def of(cls, text: str, *, now: bool = False) -> "Note":
        """A note that no macro words."""
        return cls(TicketLine(text=text), now=now)


@dataclass(frozen=True)
class Look:
    """Who decided in another case should be looked up."""

    question: str
    number: str


@dataclass(frozen=True)
class TakeIn:
    """Another case should become part of this one."""

    act: str
    case: str
    number: str


@dataclass(frozen=True)
class GiveBack:
    """The case this one was part of should hear that it is none of it any more."""

    act: str
    case: str
    number: str


Wish = Tell | TellKept | Hush | Do | SplitOff | Note | Look | TakeIn | GiveBack


@dataclass
class CaseFile:
    """A case in somebody's hands: the workflow's, or a test's."""

    state: CaseState
    pathway: Pathway
    record: Record
    new_nonce: Callable[[], str]
    edition: int = EDITION
    leaf_first: bool = False
    """What cannot be undone waits until the transparency log has its intent."""
    urgent_queue: str = ""
    """Where what cannot wait is worked on; empty: there is one queue for everything."""
    wishes: list[Wish] = field(default_factory=list)

    def note(self, kind: Kind, at: datetime, **body: Any) -> Entry:
        """The entry is on record."""
        return self.record(kind, at=at, **body)

    def tell(
        self,
        purpose: Purpose,
        role: str,
        *,
        stage: str | None = None,
        round_: int | None = None,
        person: str | None = None,
        step: str = "",
        of_step: StepNotice | None = None,
        lapsed: tuple[str, ...] = (),
    ) -> None:
        """A notice is wished for."""
        self.wishes.append(Tell(purpose, role, stage, round_, person, step, of_step, lapsed))

    @property
    def moved_to(self) -> str:
        """The digest of the version the case was moved to; empty under the one it began with."""
        return self.state.digest if self.state.pathway is not None else ""

    @property
    def stage(self) -> StagePlan | None:
        """The stage the case is in."""
        return self.pathway.stage(self.state.stage) if self.state.stage is not None else None

    def asked(self, new: Mapping[str, str] | None = None) -> tuple[str, ...]:
        """The questions that the answers on record, and `new` ones over them, leave to be asked."""
        given = {name: answer.value for name, answer in self.state.answers.items()}
        return asked(self.pathway.questions, {**given, **(new or {})})

    def cited(self) -> dict[str, str]:
        """What a decision made now is called: the taxonomy with its version, and the code."""
        plan = self.pathway.taxonomy
        if plan is None:
            return {}
        answers = {name: answer.value for name, answer in self.state.answers.items()}
        return {"taxonomy": plan.use, "code": plan.code(answers)}

    def gate_rule(self, gate: str) -> GateRule | None:
        """The rule of the gate called `gate`; None where the runbook has no such gate."""
        for stage in self.pathway.stages:
            if stage.name == gate:
                return stage.gate
        return None

    def effect_plan(self, name: str) -> EffectPlan | None:
        """The plan of the effect called `name`."""
        return next((plan for plan in self.pathway.effects if plan.name == name), None)

    def owner_of(self, role: str) -> str | None:
        """The person the role's work was assigned to."""
        return self.state.assignments.get(role)

    def chosen_answers(self) -> dict[str, str]:
        """Answers that are chosen or refer to something: no prose leaves the case (I13)."""
        structured = (AnswerKind.REFERENCE, AnswerKind.CHOICE, AnswerKind.YES_NO)
        questions = self.pathway.questions
        return {
            name: answer.value
            for name, answer in self.state.answers.items()
            if name in questions and questions[name].kind in structured
        }
