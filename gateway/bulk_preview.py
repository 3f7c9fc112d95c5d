"""What an order would mean for each of many cases, as one person, before anything is signed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from cases.acts import ActBody
from cases.bulk_orders import MOST, Before, Wish, before, body_for, has_way_back, tried
from cases.envelope import Act, Actor, Authorised, Door
from cases.receipts import Reason
from cases.state import CasePicture
from cases.values import Inbound, Line, Name
from gateway.authorising import authorise, reason_of, stamp
from gateway.bulk_words import PROBLEMS, why_left_out
from gateway.casework import OpenCase, every_line, open_case
from gateway.doors import Doors
from gateway.phrases import title
from gateway.reopening import refused_at_door
from gateway.web import Viewer
from runbooks.plan import Assurance, Severity
from store import CaseFilter, CaseRow, CaseView

_TRIED = "00000000-0000-0000-0000-000000000000"


class BulkRefusedError(Exception):
    """The order was not taken; `name` says why, as `docs/errors.md` does."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name
        self.wording = PROBLEMS[name]


class Choice(Inbound):
    """Which cases are meant: those named, or those that have not ended and fit."""

    numbers: tuple[Line, ...] = ()
    severity: tuple[Severity, ...] = ()
    stage: Name | None = None
    runbook: Name | None = None
    role: Name | None = None
    """Waits on that role."""
    person: Name | None = None
    """Some role's work is that person's."""
    held: bool | None = None
    breached: bool | None = None

    @property
    def chooses(self) -> bool:
        """Whether anything is said at all: nobody means every case by saying nothing."""
        return self != Choice()


@dataclass(frozen=True)
class Planned:
    """One case of an order: what it would get, or why it is left out."""

    number: str
    row: CaseRow | None = None
    """None where the person may not see the case, or there is none."""
    body: ActBody | None = None
    authorised: Authorised | None = None
    role: str = ""
    refused: str = ""
    detail: str = ""
    would: tuple[str, ...] = ()
    before: Before | None = None
    heading: dict[str, str] = field(default_factory=dict)

    @property
    def willing(self) -> bool:
        """Whether the case would take it."""
        return not self.refused

    @property
    def back(self) -> bool:
        """Whether there is a way back."""
        return (
            self.willing
            and self.body is not None
            and self.before is not None
            and has_way_back(self.body, self.before)
        )

    def told(self) -> dict[str, object]:
        """As pages and programs read it."""
        return {
            "number": self.number,
            **self.heading,
            "willing": self.willing,
            "role": self.role,
            "refused": self.refused,
            "says": why_left_out(self.refused) if self.refused else "",
            "detail": self.detail,
            "would": list(self.would),
            "can_be_undone": self.back,
        }


async def chosen(doors: Doors, choice: Choice) -> tuple[str, ...]:
    """The numbers of the cases that are meant, each once; BulkRefusedError where there are none.

    Whether the person may see them is asked later, of each.
    """
    if not choice.chooses:
        raise BulkRefusedError("bulk-no-choice")
    numbers = dict.fromkeys(number.strip() for number in choice.numbers)
    if not numbers:
        status = {None: ("open", "held"), True: ("held",), False: ("open",)}[choice.held]
        which = CaseFilter(
            status=status,
            severity=tuple(each.value for each in choice.severity) or None,
            stage=choice.stage,
            runbook=choice.runbook,
            role=choice.role,
            person=choice.person,
            breached=choice.breached,
            shadow=False,
        )
        async for line in every_line(doors, which):
            numbers[line.number] = None
            if len(numbers) > MOST:
                break
    if len(numbers) > MOST:
        raise BulkRefusedError("bulk-too-many")
    return tuple(numbers)


async def planned(
    doors: Doors, viewer: Viewer, wish: Wish, numbers: Sequence[str]
) -> list[Planned]:
    """What the wish would mean for each of the cases."""
    found = []
    for number in numbers:
        seen = await seen_case(doors, viewer, number)
        if seen is None:
            found.append(Planned(number=number, refused=Reason.NO_SUCH_CASE.value))
            continue
        case, view = seen
        body = body_for(wish, CasePicture.of(view.state))
        if body is None:
            found.append(left_out(case, Reason.CLOSED.value))
        else:
            found.append(await tried_on(doors, viewer, case, view, body))
    return found


async def seen_case(doors: Doors, viewer: Viewer, number: str) -> tuple[OpenCase, CaseView] | None:
    """The case and its whole picture, if the person may see it."""
    view = await doors.store.views.by_number(number)
    if view is None:
        return None
    case = await open_case(doors, view, person=viewer.id, roles=viewer.roles)
    return (case, view) if case is not None else None


def left_out(case: OpenCase, name: str, detail: str = "") -> Planned:
    """The case gets nothing of the order."""
    return Planned(
        number=case.row.number,
        row=case.row,
        refused=name,
        detail=detail,
        heading=_heading(case),
    )


async def tried_on(
    doors: Doors, viewer: Viewer, case: OpenCase, view: CaseView, body: ActBody
) -> Planned:
    """What the case would say to the act, from this person."""
    role = _role(case, viewer, body)
    barred = await refused_at_door(doors, case.row, body, person=viewer.id, role=role, at=case.now)
    if barred is not None:
        return left_out(case, barred.value)
    # The whole picture, not the one with hidden votes: it is tried on, never shown.
    state = CasePicture.of(view.state)
    was = before(state, body)
    answer = tried(
        state, case.pathway, _unsigned(case, viewer, body, role=role, at=case.now), at=case.now
    )
    if answer.refused is not Reason.NONE:
        return left_out(case, answer.refused.value, answer.detail)
    actor = _unsigned(case, viewer, body, role=role, at=case.now).actor
    decision = await authorise(
        doors,
        case.row,
        body,
        actor=actor,
        assurance=Assurance.L1,
        snapshot=await doors.directory.snapshot(),
    )
    if not decision.allowed:
        return left_out(case, reason_of(decision).value)
    return Planned(
        number=case.row.number,
        row=case.row,
        authorised=stamp(decision),
        body=body,
        role=role,
        would=tuple(dict.fromkeys(title(kind) for kind in answer.kinds)),
        before=was,
        heading=_heading(case),
    )


def _role(case: OpenCase, viewer: Viewer, body: ActBody) -> str:
    for allowed in case.allowed():
        if allowed.verb == body.verb and not allowed.acting_for:
            return allowed.role
    # Not allowed in any role: the case says why, in whichever of their roles comes first.
    return next(iter(sorted(viewer.roles)), "")


def _unsigned(case: OpenCase, viewer: Viewer, body: ActBody, *, role: str, at: datetime) -> Act:
    return Act(
        act=_TRIED,
        case=case.row.id,
        actor=Actor(
            person=viewer.id,
            roles=tuple(sorted(viewer.roles)),
            directory_digest="",
            directory_as_of=at,
            accounts=case.standing.accounts,
        ),
        role=role,
        assurance=Assurance.L1,
        door=Door.API,
        signed_at=at,
        body=body,
    )


def _heading(case: OpenCase) -> dict[str, str]:
    state = case.state
    return {
        "title": case.pathway.title,
        "severity": state.severity.current.value,
        "stage": state.stage or "",
        "status": state.status,
    }
