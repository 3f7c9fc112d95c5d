"""Merging on a real engine with a real store: two cases become one, and two again, for ever."""

from pathlib import Path

import pytest

from audit.verdict import Outcome
from audit.verify import verify
from cases.acts import Cancel, Complete, Evidence, SubCase
from cases.acts_between_cases import LinkKind, LinkTo, Merge
from cases.cancelling import CancelAnswer, CancelRequest
from cases.gate import RoundState
from cases.journal import Kind
from cases.merging import BackRequest, MergeRequest
from cases.receipts import Reason
from cases.state import CasePicture
from store import DEMO_KEK, Store
from tests.audit.casework import HOUR, PINNED, PINNED_LOG, Matter, Office, office
from tests.audit.scenarios import FRAUD, approved_and_closed
from tests.stores import empty_store
from workers.engine import Engine
from workflows.messages import BACK_UPDATE, CANCEL_UPDATE, MERGE_UPDATE


@pytest.fixture
async def store(tmp_path: Path) -> Store:
    """An empty store in a file of its own."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'store.db'}"
    await empty_store(url)
    return await Store.open(url, kek=DEMO_KEK)


def screenshot(where: str, digit: str) -> Evidence:
    """One item of evidence."""
    return Evidence(label="screenshot", reference=where, digest=digit * 64)


async def two(at_work: Office) -> tuple[Matter, Matter]:
    """Two cases under review, each with evidence of its own, one with a clock of severity."""
    cases = []
    for digit in "ab":
        case = await at_work.open(answers=FRAUD)
        await case.does(screenshot(f"vault:{digit}", digit), person="tess")
        await case.does(Complete(stage="triage", outcome="escalate"), person="tess")
        await case.until(lambda seen: seen.open_round("legal-review") is not None)
        cases.append(case)
    return cases[0], cases[1]


async def merged(winner: Matter, loser: Matter) -> None:
    """The second case is part of the first."""
    body = Merge(number=loser.request.number, case=loser.handle.id, reason="one account")
    await winner.does(body, person="ines")
    await winner.until(lambda seen: [item.state for item in seen.taken_in] == ["done"])
    await loser.handle.result()


async def stored(case: Matter) -> CasePicture:
    """The case as its pages show it."""
    view = await case.store.views.get(case.handle.id)
    assert view is not None
    return CasePicture.of(view.state)


def what_it_is(seen: CasePicture) -> dict[str, object]:
    """Everything that a merge and an un-merge together may not change."""
    return {
        "facts": seen.facts(),
        "status": seen.status,
        "stage": seen.stage,
        "answers": seen.answers,
        "severity": seen.severity,
        "assignments": seen.assignments,
        "hold": seen.hold,
        "visits": seen.visits,
        "links": seen.links,
        "ticket": seen.ticket,
        "effects": seen.effects,
        "closing": seen.closing,
        "asked": seen.open_round("legal-review") is not None,
        "clocks": [(run.id, run.within, run.ended, run.breached_at) for run in seen.clocks],
    }


async def test_merge_and_unmerge_return_both_cases_to_what_they_were(
    engine: Engine, store: Store, tmp_path: Path
) -> None:
    """The loser is a pointer, the winner has its evidence; un-merged, neither has changed.

    Both journals keep all of it, and both exports pass with strict replay.
    """
    async with office(engine, store) as at_work:
        winner, loser = await two(at_work)
        before = what_it_is(await winner.picture()), what_it_is(await loser.picture())
        left = (await loser.picture()).stage_clock("legal-review")
        assert left is not None
        had = (left.due_at(await loser.now()) or await loser.now()) - await loser.now()

        await merged(winner, loser)
        one = await winner.picture()
        pointer = await stored(loser)
        await winner.forward(2 * HOUR)
        loser = await loser.unmerge()
        await winner.until(lambda seen: seen.taken_in[0].state == "given-back")
        again = await loser.until(lambda seen: seen.open_round("legal-review") is not None)
        after = what_it_is(await winner.picture()), what_it_is(again)
        clock = again.stage_clock("legal-review")
        assert clock is not None
        now = await loser.now()
        has = (clock.due_at(now) or now) - now

        winner, loser = await approved_and_closed(winner), await approved_and_closed(loser)
        exports = [
            await at_work.export(case, tmp_path / name)
            for case, name in ((winner, "winner"), (loser, "loser"))
        ]

    assert [item.origin for item in one.standing_evidence] == ["", loser.request.number]
    assert (pointer.status, pointer.merged and pointer.merged.number) == (
        "closed",
        winner.request.number,
    )
    assert all(run.ended for run in pointer.clocks)
    assert after == before
    assert abs((has - had).total_seconds()) < 60
    kinds = winner.kinds_stored(await store.journal.entries(winner.handle.id))
    assert [kind for kind in kinds if "merge" in kind] == [
        Kind.CASE_MERGING,
        Kind.CASE_MERGED,
        Kind.MERGE_GIVEN_BACK,
    ]
    kinds = loser.kinds_stored(await store.journal.entries(loser.handle.id))
    assert [kind for kind in kinds if "merge" in kind] == [
        Kind.CASE_MERGED_AWAY,
        Kind.CASE_UNMERGED,
    ]
    for export in exports:
        verdict = await verify(export, pinned=PINNED, logs=PINNED_LOG)
        assert verdict.outcome is Outcome.PASS, "\n".join(verdict.lines())


async def test_an_unmerge_is_possible_when_the_other_has_closed(
    engine: Engine, store: Store
) -> None:
    """For ever: the sealed record of the other keeps what it had, the case goes on as it was.

    The loser's answer was lost twice on the way: it is merged once all the same.
    """
    async with office(engine, store) as at_work:
        winner, loser = await two(at_work)
        at_work.world.lost_answers = 2
        await merged(winner, loser)
        await winner.does(Cancel(reason="a test"), person="ines")
        await winner.handle.result()

        loser = await loser.unmerge()
        await loser.until(lambda seen: seen.open_round("legal-review") is not None)
        await approved_and_closed(loser)

    entries = await store.journal.entries(loser.handle.id)
    left = [item.body for item in entries if item.body.get("why") == "un-merged"]
    assert [body["because"] for body in left] == ["closed"]


async def test_a_case_that_cannot_be_merged_stays_and_both_say_why(
    engine: Engine, store: Store
) -> None:
    """Compensation: the winner is as it was, the incident manager hears of it."""
    async with office(engine, store) as at_work:
        winner = await at_work.open(answers=FRAUD)
        loser = await at_work.open(runbook="terrorist-content-removal-order")
        before = (await winner.picture()).facts()
        body = Merge(number=loser.request.number, case=loser.handle.id, reason="one account")
        await winner.does(body, person="ines")
        seen = await winner.until(lambda seen: seen.taken_in[0].state == "failed")
        stays = await loser.picture()
        for case in (winner, loser):
            await case.handle.terminate()

    assert (seen.facts(), seen.links) == (before, [])
    assert (stays.status, stays.merged) == ("open", None)
    assert seen.taken_in[0].because == Reason.WIDER_CIRCLE


async def test_an_ending_is_taken_back_where_a_sub_case_is_open(
    engine: Engine, store: Store, tmp_path: Path
) -> None:
    """The workflow looks for itself before it ends; once the sub-case has ended, it does."""
    async with office(engine, store) as at_work:
        case, child = await two(at_work)
        number = child.request.number
        link = LinkTo(number=number, case=child.handle.id, kind=LinkKind.SUB_CASE)
        await case.does(link, person="ines")
        at_work.world.open_cases.add(number)
        await case.does(Cancel(reason="a test"), person="ines")
        seen = await case.until(lambda seen: seen.closing_act is None)
        assert (seen.status, seen.stage) == ("open", "legal-review")
        at_work.world.open_cases.clear()
        await case.does(Cancel(reason="a test"), person="ines")
        await case.handle.result()
        export = await at_work.export(case, tmp_path / "export")
        await child.handle.terminate()

    verdict = await verify(export, pinned=PINNED, logs=PINNED_LOG)
    assert verdict.outcome is Outcome.PASS, "\n".join(verdict.lines())
    entries = await store.journal.entries(case.handle.id)
    taken_back = [item.body for item in entries if item.kind is Kind.CLOSING_TAKEN_BACK]
    assert [body["numbers"] for body in taken_back] == [[number]]


async def test_a_case_and_its_sub_cases_are_cancelled_by_one_act(
    engine: Engine, store: Store, tmp_path: Path
) -> None:
    """Each checks it by itself; its gate is asked no more; all three exports pass.

    One that may not be cancelled takes the ending of the case above back, and both say so.
    """
    async with office(engine, store) as at_work:
        case, child = await two(at_work)
        busy = await at_work.open(answers=FRAUD, shadow=True)
        for each in (child, busy):
            link = LinkTo(number=each.request.number, case=each.handle.id, kind=LinkKind.SUB_CASE)
            await case.does(link, person="ines")
        named = tuple(
            SubCase(number=each.request.number, case=each.handle.id) for each in (child, busy)
        )
        cancel = Cancel(reason="a test", with_sub_cases=True, sub_cases=named)
        await case.does(cancel, person="ines")
        await case.until(lambda seen: seen.closing_act is None)
        await child.handle.result()
        stays = await busy.picture()
        await busy.does(Cancel(reason="by itself"), person="ivan")
        await busy.handle.result()

        await case.does(cancel, person="ines")
        await case.handle.result()
        exports = [
            await at_work.export(each, tmp_path / name)
            for each, name in ((case, "case"), (child, "child"))
        ]

    assert (stays.status, stays.closing_act) == ("open", None)
    ended = await stored(child)
    assert (ended.status, ended.rounds[-1].state) == ("cancelled", RoundState.VOIDED)
    assert ended.closing is not None
    assert (ended.closing.by, ended.closing.record) == ("ines", "a test")
    entries = await store.journal.entries(case.handle.id)
    kinds = [entry.kind for entry in entries]
    assert [kind for kind in kinds if "sub-case" in kind] == [
        Kind.SUB_CASE_CANCELLED,
        Kind.SUB_CASE_STAYS,
        Kind.SUB_CASE_CANCELLED,
        Kind.SUB_CASE_CANCELLED,
    ]
    assert (await stored(case)).status == "cancelled"
    for export in exports:
        verdict = await verify(export, pinned=PINNED, logs=PINNED_LOG)
        assert verdict.outcome is Outcome.PASS, "\n".join(verdict.lines())


async def test_a_forged_cancelling_changes_nothing(engine: Engine, store: Store) -> None:
    """An act that names another case, or that nobody signed, cancels nothing here."""
    async with office(engine, store) as at_work:
        case, other = await two(at_work)
        elsewhere = SubCase(number=other.request.number, case=other.handle.id)
        body = Cancel(reason="a test", with_sub_cases=True, sub_cases=(elsewhere,))
        envelope = await other.envelope(body, person="ines")
        altered = envelope.payload.replace(other.request.number, case.request.number).replace(
            f'"case":"{other.handle.id}"}}]', f'"case":"{case.handle.id}"}}]'
        )
        assert altered != envelope.payload
        for each in (envelope, envelope.model_copy(update={"payload": altered})):
            answer = await case.handle.execute_update(
                CANCEL_UPDATE, CancelRequest(envelope=each, number="1"), result_type=CancelAnswer
            )
            assert (answer.accepted, answer.reason) == (False, Reason.BAD_SIGNATURE)
        assert (await case.picture()).closing_act is None
        for each_case in (case, other):
            await each_case.handle.terminate()


async def test_a_forged_merge_changes_nothing_and_is_on_record(
    engine: Engine, store: Store, tmp_path: Path
) -> None:
    """Whoever can send updates and sign nothing merges no case, and takes nothing back."""
    async with office(engine, store) as at_work:
        case, other = await two(at_work)
        body = Merge(number=case.request.number, case=case.handle.id, reason="mine")
        envelope = await other.envelope(body, person="ines")
        altered = envelope.payload.replace("mine", "ours")
        forged = envelope.model_copy(update={"payload": altered})
        await case.handle.execute_update(
            MERGE_UPDATE, MergeRequest(envelope=forged, number=other.request.number)
        )
        await case.handle.execute_update(BACK_UPDATE, BackRequest(envelope=envelope))
        await other.handle.terminate()
        await approved_and_closed(case)
        export = await at_work.export(case, tmp_path / "export")

    verdict = await verify(export, pinned=PINNED, logs=PINNED_LOG)
    assert verdict.outcome is Outcome.PASS, "\n".join(verdict.lines())
    entries = await store.journal.entries(case.handle.id)
    refused = [item.body["why"] for item in entries if item.kind is Kind.ACT_REFUSED]
    assert refused == [Reason.BAD_SIGNATURE, Reason.BAD_SIGNATURE]
