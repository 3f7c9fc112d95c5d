"""The canonical case as people live it: report, triage, two approvals, the action, closing."""

from typing import Any

from cases.state import CasePicture
from store import CaseView
from tests.faults.place import Place

RECORD = "Facts: indicators K2 and K5. Rule: account policy 4.1. Decision as recorded."


async def canonical(place: Place, number: str, *, acts: list[str]) -> None:
    """The case has been lived through to its end; the ids of its acts are in `acts`.

    Every step waits until the case rests, so that what happens does not depend on who is faster.
    """
    await place.at(number, stage="triage")
    await step(place, number, acts, "tessa", verb="complete", stage="triage", outcome="escalate")
    await decided(place, number, "legal-review", "lena", acts=acts)
    await decided(place, number, "policy-sign-off", "paula", acts=acts)
    effect = await manual(place, number)
    await step(
        place,
        number,
        acts,
        "imani",
        verb="receipt",
        effect=effect,
        resolution="done",
        reference="console-change-8841",
    )
    await step(place, number, acts, "imani", verb="close", disposition="actioned", record=RECORD)
    await place.at(number, status="closed")


async def step(place: Place, number: str, acts: list[str], person: str, /, **body: Any) -> None:
    """One act, done when the case rests; it rests again afterwards, with the act applied."""
    await place.quiet(number)
    heard = await place.act(person, number, **body)
    acts.append(heard["act_id"])

    async def answered() -> bool:
        return await place.house.store.acts.receipt(heard["act_id"]) is not None

    await place.until(answered, what=f"the receipt of {body['verb']}")


async def decided(
    place: Place,
    number: str,
    gate: str,
    person: str,
    *,
    acts: list[str],
    verdict: str = "approve",
) -> None:
    """The gate has its verdict."""
    await open_round(place, number, gate)
    await step(place, number, acts, person, verb="decide", gate=gate, verdict=verdict)


async def open_round(place: Place, number: str, gate: str) -> CaseView:
    """The gate asks."""

    async def asks() -> CaseView | None:
        view = await place.view(number)
        case = await place.case_of(number)
        rounds = await place.house.store.rounds.of(case)
        return view if any(r.gate == gate and r.open for r in rounds) else None

    return await place.until(asks, what=f"a round of {gate} in case {number}")


async def manual(place: Place, number: str) -> str:
    """The key of the effect that a person has to carry out."""

    async def there() -> str | None:
        view = await place.view(number)
        effects = CasePicture.of(view.state).effects if view is not None else []
        return next((effect.key for effect in effects if effect.state == "manual"), None)

    return await place.until(there, what=f"the manual action of case {number}")
