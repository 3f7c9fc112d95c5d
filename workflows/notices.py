"""The order for a notice: to whom, about what, under which key."""

from datetime import datetime

from cases.file import CaseFile, Tell
from cases.ids import key_of
from cases.independence import kept_out
from cases.notice import NoticeOrder


def notice_for(file: CaseFile, wish: Tell, *, at: datetime) -> NoticeOrder:
    """The notice that was wished for, with a key of its own."""
    state = file.state
    stage = file.pathway.stage(wish.stage) if wish.stage else None
    visits = sum(1 for visit in state.visits if visit.stage == wish.stage)
    round_ = next(
        (item for item in state.rounds if item.gate == wish.stage and item.number == wish.round),
        None,
    )
    out = kept_out(file, stage) if stage is not None else frozenset()
    if wish.of_step is not None and not wish.of_step.lapsed:
        # Whoever has it need not be told that nobody has it.
        out |= {lease.person for lease in state.leases if lease.until > at}
    clock = state.stage_clock(wish.stage) if wish.stage else None
    due = clock.due_at(at) if clock is not None else None
    meaning = key_of(
        wish.purpose.value,
        wish.role,
        wish.person or "",
        wish.stage or "",
        str(wish.round or 0),
        str(visits),
        wish.step,
    )
    # The same thing said twice is two notices: the second of two hand tasks is not a repeat.
    state.told[meaning] = state.told.get(meaning, 0) + 1
    return NoticeOrder(
        key=key_of(state.case, meaning, str(state.told[meaning]), *state.life_word()),
        case=state.case,
        number=state.number,
        purpose=wish.purpose,
        role=wish.role,
        person=wish.person or file.owner_of(wish.role),
        except_people=tuple(sorted({*state.conflicts, *out})),
        stage=wish.stage,
        stage_title=(stage.title or stage.name) if stage is not None else "",
        round=wish.round,
        nonce=round_.nonce if round_ is not None else None,
        severity=state.severity.current,
        due_at=due,
        step=wish.step,
        runbook=file.moved_to,
        of_step=wish.of_step,
        lapsed=wish.lapsed,
        at=at,
    )
