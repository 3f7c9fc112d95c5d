"""What an explanation says of legal holds and erasures, and what is left of an erased case."""

from audit.explanation import Coming, Explanation, Owed, Transition
from gateway.doors import Doors
from gateway.left import left_of
from store import CaseRow, ErasureState

_LAST = 12


async def kept_in(doors: Doors, row: CaseRow) -> tuple[list[Owed], list[Coming]]:
    """Who has to look at a hold or agree to an erasure, and when content goes by itself."""
    now = await doors.clock.now(row.id)
    owed = [
        Owed(
            role=hold.role or "legal",
            what=f"legal hold {hold.id}: look at it again"
            + (f"; {hold.lift_by} asks for its end" if hold.lift_by else ""),
            due_at=hold.review_at,
            late=hold.review_at is not None and hold.review_at < now,
        )
        for hold in await doors.store.legal_holds.over(row.id)
    ]
    coming: list[Coming] = []
    keepers = doors.settings.keepers
    for erasure in await doors.store.erasures.of_case(row.id):
        if erasure.state is ErasureState.ASKED:
            side = keepers.side_of(erasure.asked_role or "")
            other = next((s for n, s in enumerate(keepers.sides) if n != side), ("keeper",))
            owed.append(Owed(role=other[0], what=f"erasure {erasure.id}: agree, or withdraw it"))
        elif erasure.state is ErasureState.PROPOSED:
            what = f"erasure {erasure.id} is proposed: ask for it, or withdraw it"
            owed.append(Owed(role=keepers.sides[0][0], what=what))
        elif erasure.state is ErasureState.AGREED and erasure.due_at is not None:
            what = "its key is destroyed, unless that is withdrawn or something forbids it"
            coming.append(Coming(at=erasure.due_at, clock="erasure", what=what))
    return owed, coming


async def explain_erased(doors: Doors, row: CaseRow) -> Explanation:
    """Why there is nothing to explain: who asked, who agreed, what is left."""
    left = await left_of(doors, row)
    because: list[Transition] = []
    for erasure in await doors.store.erasures.of_case(row.id):
        if erasure.state is not ErasureState.DONE or erasure.settled_at is None:
            continue
        rule = f"{erasure.basis} {erasure.detail}".strip()
        if erasure.asked_by is not None:
            because.append(
                Transition(
                    at=erasure.asked_at,
                    what="erasure asked for",
                    who=f"{erasure.asked_by} as {erasure.asked_role}",
                    rule=rule,
                )
            )
        if erasure.agreed_by is not None and erasure.agreed_at is not None:
            because.append(
                Transition(
                    at=erasure.agreed_at,
                    what="erasure agreed to",
                    who=f"{erasure.agreed_by} as {erasure.agreed_role}",
                )
            )
        because.append(Transition(at=erasure.settled_at, what="its key was destroyed", rule=rule))
    gone = sum(line.left_out for line in left.lines)
    return Explanation(
        case=row.id,
        number=row.number,
        as_of=await doors.clock.now(row.id),
        status="erased",
        stage=None,
        severity="gone with its content",
        next_step=f"Nothing: {len(left.lines)} entries are left, {gone} of their fields are gone. "
        "`escalate case erasure` lists them.",
        because=tuple(because[-_LAST:]),
    )
