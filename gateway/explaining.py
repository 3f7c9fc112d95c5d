"""Why a case is where it is, what it waits for, what comes next, and what keeps it from going on.

Everything but the engine's part comes from the store, so it also answers while all else is down.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from audit.explain import TRANSITIONS, explain_state, lines
from audit.explanation import Coming, Explanation, ForATime, LetIn, Owed, Trouble
from gateway.casework import OpenCase
from gateway.doors import Doors
from gateway.engine_look import EngineLook, LooksIn
from gateway.errors import EngineUnavailableError
from gateway.explaining_kept import explain_erased, kept_in
from gateway.grants_shown import ANSWERS_REQUESTS, SOMEBODY_ASKS
from gateway.pages.owed import owed_in
from gateway.sight import seen_entries
from gateway.times import span
from gateway.wording import LOG_MEND
from store import CaseRow, DeliveryState
from workflows.failures import WAITS_FOR_LOG

_WORKER = "worker"
_SILENT = timedelta(seconds=45)
_PATIENCE = timedelta(minutes=2)


@dataclass(frozen=True)
class Explained:
    """The answer, and why the engine's part of it is missing if it is."""

    explanation: Explanation
    engine: EngineLook | None = None
    engine_silent: str = ""

    @property
    def lines(self) -> list[str]:
        """The answer for people."""
        return lines(self.explanation)


async def explain(doors: Doors, case: OpenCase) -> Explained:
    """The whole answer for a case that runs or has run."""
    look, silent = await _looked(doors, case.row, open_=not case.state.closed)
    said = explain_state(case.state, case.pathway, at=case.now, as_of=case.as_of)
    owed, silent_owed = await _after_closing(doors, case)
    kept, coming = await kept_in(doors, case.row)
    troubles = (*await _stuck(doors, case.row), *silent_owed, *_engine(look))
    return Explained(
        said.model_copy(
            update={
                "owed": (*said.owed, *owed, *await _asked_to_read(doors, case), *kept),
                "coming": (*said.coming, *coming, *await _digests(doors, case.row)),
                "troubles": troubles,
                "looked_at_engine": look is not None,
                "let_in": await _let_in(doors, case),
                "readers": await _readers(doors, case),
            }
        ),
        engine=look,
        engine_silent=silent,
    )


async def _let_in(doors: Doors, case: OpenCase) -> tuple[LetIn, ...]:
    """The newest answers of policies in the case's own record; no vote that is still hidden."""
    entries = await doors.store.journal.entries(case.row.id)
    found = []
    for entry, body in seen_entries(entries, case.hidden, case.unseen):
        policies, digest = body.get("policies"), body.get("policy")
        if not isinstance(policies, list) or "note" in body or not isinstance(digest, str):
            continue
        what = " ".join(
            str(body[name]) for name in ("verdict", "gate", "effect", "state") if name in body
        )
        found.append(
            LetIn(
                at=entry.at,
                what=what,
                who=str(body.get("who", "")),
                policies=tuple(map(str, policies)),
                digest=digest,
            )
        )
    return tuple(found[-TRANSITIONS:])


async def _readers(doors: Doors, case: OpenCase) -> tuple[ForATime, ...]:
    """Who reads the case now without having to do with it."""
    found = [
        ForATime(who=each.person, until=each.until)
        for each in await doors.store.emergencies.of_case(case.row.id)
        if each.open_at(case.now)
    ]
    found += [
        ForATime(who=each.person, until=each.until, by=each.answered_by or "")
        for each in await doors.store.grants.of_case(case.row.id)
        if each.until is not None and each.open_at(case.now)
    ]
    return tuple(found)


async def _asked_to_read(doors: Doors, case: OpenCase) -> list[Owed]:
    """Who wants to read the case and has no answer yet."""
    now = await doors.clock.now()
    return [
        Owed(
            role=ANSWERS_REQUESTS,
            what=f"{SOMEBODY_ASKS} (escalate access requests)",
            due_at=row.expires_at,
        )
        for row in await doors.store.grants.of_case(case.row.id)
        if row.waits_at(now)
    ]


async def _after_closing(doors: Doors, case: OpenCase) -> tuple[list[Owed], list[Trouble]]:
    """What the closed case still owes, and what of it has gone silent."""
    owed: list[Owed] = []
    troubles: list[Trouble] = []
    for line in await owed_in(doors, case):
        if not line.open:
            continue
        when = "after closing" if case.state.closed else "interim rule"
        what = f"{when}, {line.title} ({line.name})"
        owed.append(
            Owed(role=line.owner, what=what, due_at=line.due_at, late=line.due_at < line.as_of)
        )
        expected = line.next_at or line.due_at
        if not line.started or expected + _PATIENCE < line.as_of:
            state = "is silent" if line.started else "is not started yet"
            troubles.append(
                Trouble(what=f"{line.name} {state}", mend="escalate worker, and escalate gateway")
            )
    return owed, troubles


async def _digests(doors: Doors, row: CaseRow) -> list[Coming]:
    """The notices of the case that wait for company, and when they go."""
    return [
        Coming(
            at=each.next_at,
            clock=f"digest for {each.recipient}",
            what="a notice of this case goes with it"
            + (f", tried {each.attempts} times ({each.last_error})" if each.last_error else ""),
        )
        for each in await doors.store.digests.waiting(case=row.id)
    ]


async def explain_unopened(doors: Doors, row: CaseRow) -> Explained:
    """The answer for a case that is recorded and has not begun, or of which little is left."""
    if row.erased:
        return Explained(await explain_erased(doors, row))
    look, silent = await _looked(doors, row, open_=True)
    return Explained(
        Explanation(
            case=row.id,
            number=row.number,
            as_of=await doors.clock.now(),
            status="not begun",
            stage=None,
            severity="not assessed yet",
            next_step="The report is recorded; the case begins when the engine has it.",
            troubles=(*await _stuck(doors, row), *_engine(look)),
            looked_at_engine=look is not None,
        ),
        engine=look,
        engine_silent=silent,
    )


async def _stuck(doors: Doors, row: CaseRow) -> list[Trouble]:
    found: list[Trouble] = []
    now = await doors.clock.now()
    held = {act.id: act for act in await doors.store.acts.held_for_log(case=row.id)}
    for act in await doors.store.acts.pending(row.id):
        if act.id in held:
            found.append(
                Trouble(
                    what=f"{act.verb} by {act.person} is recorded and waits for the transparency "
                    f"log since {span(now - act.signed_at)}: it takes effect once the log has it",
                    mend=LOG_MEND,
                )
            )
            continue
        why = f", last error: {act.last_error}" if act.last_error else ""
        found.append(
            Trouble(
                what=f"{act.verb} by {act.person} is recorded and not applied since "
                f"{span(now - act.signed_at)}{why}",
                mend=f"escalate deliveries redeliver {act.id}",
            )
        )
    for delivery in await doors.store.deliveries.list(case=row.id):
        if delivery.state in (DeliveryState.PENDING, DeliveryState.DEAD):
            why = f", last error: {delivery.last_error}" if delivery.last_error else ""
            found.append(
                Trouble(
                    what=f"a report is {delivery.state}, tried {delivery.attempts} times{why}",
                    mend=f"escalate deliveries redeliver {delivery.key}",
                )
            )
    found += [
        Trouble(
            what=f"{channel.name} is out ({channel.reason}) and people are told by another way",
            since=channel.out_since,
            mend="escalate doctor --live",
        )
        for channel in await doors.store.channels.out()
    ]
    if not await _worker_heard(doors, now):
        found.append(Trouble(what="no worker has been heard of", mend="escalate worker"))
    return found


async def _worker_heard(doors: Doors, now: datetime) -> bool:
    beats = await doors.store.health.beats(_WORKER)
    return any(beat.at > now - _SILENT for beat in beats)


def _engine(look: EngineLook | None) -> list[Trouble]:
    if look is None:
        return []
    found: list[Trouble] = []
    if not look.pollers:
        found.append(Trouble(what="no worker polls for cases", mend="escalate worker"))
    if look.failing_task_attempts:
        found.append(
            Trouble(
                what=f"the case's own code fails, attempt {look.failing_task_attempts}",
                mend="look at the worker's log; the release that began the case can go on with it",
            )
        )
    found.extend(
        Trouble(
            what=f"{call.activity} is in attempt {call.attempt}, last error: {call.last_error}",
            mend=LOG_MEND if WAITS_FOR_LOG in call.last_error else "escalate doctor --live",
        )
        for call in look.calls
        if call.last_error
    )
    return found


async def _looked(doors: Doors, row: CaseRow, *, open_: bool) -> tuple[EngineLook | None, str]:
    if not open_ or not isinstance(doors.engine, LooksIn):
        return None, ""
    try:
        return await doors.engine.look(row.id), ""
    except EngineUnavailableError as error:
        return None, str(error)
