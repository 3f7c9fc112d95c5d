"""Who is let in, who is not, what is on record of it, and cases opened in an emergency."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from temporalio.testing import ActivityEnvironment

from activities import Outside
from activities.actions import Performing
from cases.envelope import Act
from cases.journal import Kind
from cases.state import CasePicture
from gateway.access import Apart, Look, may
from integrations.cedar import shipped
from integrations.cedar_folder import installed
from integrations.file_directory import DEMO_FILE, FileDirectory
from integrations.ports.access import Access
from runbooks.plan import Assurance
from store import Store
from tests.cases.house import BEGIN
from tests.fakes.ports import FakeMessaging
from tests.gateway.programs import Person, entries, id_of, reached_by
from tests.gateway.world import MovableClock, World, make_world
from workflows.effects import EffectOrder, EffectState

RESTRICTED = {"id": "cs-1", "subject": "CS-1", "data": {"tags": ["child-safety"]}}
HOUR = timedelta(minutes=60)
LET_IN, KEPT_OUT, AGAIN = (
    Kind.LOOK_ALLOWED.value,
    Kind.LOOK_DENIED.value,
    Kind.LOOK_REPEATED.value,
)


async def test_a_look_at_a_restricted_case_is_on_record_and_the_same_one_again_is_counted(
    world: World,
) -> None:
    """No storm: within minutes one entry, then a count; denials too; ordinary cases leave none."""
    number, ordinary = await world.case(**RESTRICTED), await world.case()
    samir, lena = await Person.of(world, "samir"), await Person.of(world, "lena")
    for _ in range(3):
        assert (await samir.get(f"/api/cases/{number}")).status_code == 200
    assert (await lena.get(f"/api/cases/{number}")).status_code == 404
    assert (await lena.get(f"/api/cases/{ordinary}")).status_code == 200
    looks = await entries(world, number, Kind.LOOK_ALLOWED, Kind.LOOK_DENIED)

    assert [(each["kind"], each["who"], each["what"]) for each in looks] == [
        (Kind.LOOK_ALLOWED, "samir", "read"),
        (Kind.LOOK_DENIED, "lena", "read"),
    ]
    assert looks[0]["policies"] == ["see-when-asked"]
    assert looks[1]["policies"] == ["restricted-needs-clearance"]
    assert looks[0]["policy"] == world.doors.access.digest
    assert not await entries(world, ordinary, Kind.LOOK_ALLOWED, Kind.LOOK_DENIED)

    world.clock.ahead += timedelta(minutes=6)

    async def counted() -> list[dict[str, Any]]:
        return await entries(world, number, Kind.LOOK_REPEATED)

    (again,) = await world.until(counted)
    assert (again["who"], again["times"], again["outcome"]) == ("samir", 2, "allowed")
    log = await samir.get(f"/api/access/cases/{number}/log")
    assert {each["kind"] for each in log.json()["entries"]} >= {LET_IN, KEPT_OUT, AGAIN}
    assert (await lena.get(f"/api/access/cases/{number}/log")).status_code == 404


async def test_a_verdict_is_signed_with_the_policies_that_allowed_it(world: World) -> None:
    """The envelope and the case's own entry name them, and their text is kept under its digest."""
    number = await world.case()
    await world.to_gate(number)
    lena = await Person.of(world, "lena")
    assert (await lena.decide(number, "legal-review")).status_code == 200
    case = await id_of(world, number)
    stream = await world.store.journal.entries(case)
    vote = next(each for each in stream if each.kind is Kind.VOTE_CAST)
    row = await world.store.acts.show(str(vote.body["act"]))
    signed = Act.model_validate_json(row.envelope.payload).authorised

    assert signed is not None
    assert signed.policies == ("see-by-role", "see-when-asked")
    assert vote.body["policies"] == list(signed.policies)
    assert vote.body["policy"] == signed.digest == world.doors.access.digest
    assert await world.store.objects.get(signed.digest) == world.doors.access.written_down


async def test_who_took_part_in_a_stage_cannot_decide_the_one_kept_apart_from_it(
    store: Store, tmp_path: Path
) -> None:
    """Separation of duties is refused at the door, on record, with the policy that says so."""
    both = DEMO_FILE.read_text().replace("roles: [legal, privacy]", "roles: [legal, policy]")
    people = tmp_path / "people.yaml"
    people.write_text(both)
    async with make_world(store, tmp_path, people=people) as house:
        number = await house.case(id="sod", subject="SOD")
        await house.to_gate(number)
        luca = await Person.of(house, "luca")
        assert (await luca.decide(number, "legal-review")).status_code == 200
        refused = await luca.decide(number, "policy-sign-off")

        assert (refused.status_code, refused.json()["error"]) == (403, "same-person")
        assert "ask another holder of the role" in refused.json()["detail"]
        (on_record,) = await entries(house, number, Kind.DOOR_ACT_REFUSED)
        assert (on_record["who"], on_record["why"]) == ("luca", "same-person")
        overseer = await Person.of(house, "imani")
        said = await overseer.get(
            "/api/access/explain", case=number, person="luca", action="decide"
        )
        assert said.json()["explained"]["policies"] == ["separation-of-duties"]


@pytest.mark.hostile(13)
async def test_hostile_13_an_approver_who_lost_the_role_is_refused_and_what_was_signed_stays(
    store: Store, tmp_path: Path
) -> None:
    """Removed while the round is open: refused at the door; removed afterwards: it counts."""
    people = tmp_path / "people.yaml"
    text = DEMO_FILE.read_text().replace("[legal, privacy]", "[legal, policy]")
    people.write_text(text)
    async with make_world(store, tmp_path, people=people) as house:
        number = await house.case(id="h13", subject="H13")
        await house.to_gate(number)
        luca, lena = await Person.of(house, "luca"), await Person.of(house, "lena")
        people.write_text(people.read_text().replace("[legal, policy]", "[policy]"))
        refused = await luca.decide(number, "legal-review", role="legal")

        assert (refused.status_code, refused.json()["error"]) == (403, "role")
        (on_record,) = await entries(house, number, Kind.DOOR_ACT_REFUSED)
        assert (on_record["who"], on_record["why"]) == ("luca", "role")
        assert (await house.picture(number))["stage"] == "legal-review"

        assert (await lena.decide(number, "legal-review")).status_code == 200
        people.write_text(people.read_text().replace("[legal, general-counsel]", "[support]"))
        paula = await Person.of(house, "paula")
        assert (await paula.decide(number, "policy-sign-off")).status_code == 200
        state = CasePicture.of(await house.picture(number))
        assert [vote.person for vote in state.rounds[0].votes] == ["lena"]
        assert [round_.state for round_ in state.rounds] == ["approved", "approved"]


@pytest.mark.hostile(25)
async def test_hostile_25_a_display_name_gives_nobody_a_role(store: Store, tmp_path: Path) -> None:
    """Whoever is called General Counsel is let in for the roles the directory gives, no others."""
    people = tmp_path / "people.yaml"
    people.write_text(DEMO_FILE.read_text().replace("Tariq Sample", "General Counsel"))
    async with make_world(store, tmp_path, people=people) as house:
        number = await house.case(id="h25", subject="H25")
        await house.to_gate(number)
        refused = await (await Person.of(house, "tariq")).decide(number, "legal-review")

        assert (refused.status_code, refused.json()["error"]) == (403, "role")
        overseer = await Person.of(house, "imani")
        said = await overseer.get(
            "/api/access/explain", case=number, person="tariq", action="decide"
        )
        explained = said.json()["explained"]
        assert explained["policies"] == ["only-an-approver-decides"]
        assert explained["roles"] == ["triage"]


@pytest.mark.hostile(63)
async def test_hostile_63_an_emergency_opening_is_one_case_for_an_hour_to_read_and_reviewed(
    world: World,
) -> None:
    """Past 60 minutes, a second case, a write: denied. Unreviewed after 24 hours: an alarm."""
    number, other = (
        await world.case(**RESTRICTED),
        await world.case(id="cs-2", subject="CS-2", data={"tags": ["child-safety"]}),
    )
    weak = await Person.of(world, "lena")
    path = f"/api/access/cases/{number}/emergency"
    said = await weak.post(path, {"reason": "a child may be in danger now"})
    assert (said.status_code, said.json()["error"]) == (403, "assurance")
    lena = await Person.of(world, "lena", proved=True)
    nothing = await lena.post(path, {"reason": "  "})
    assert (nothing.status_code, nothing.json()["error"]) == (422, "emergency-no-reason")
    opened = await lena.post(path, {"reason": "a child may be in danger now"})
    assert opened.status_code == 201, opened.text
    emergency = opened.json()["id"]

    shown = await lena.get(f"/api/cases/{number}")
    assert (shown.status_code, shown.json()["allowed"]) == (200, [])
    assert (await lena.get(f"/api/cases/{other}")).status_code == 404
    second = await lena.post(
        f"/api/access/cases/{other}/emergency", {"reason": "another child as well"}
    )
    assert (second.status_code, second.json()["error"]) == (403, "no-access")
    written = await lena.act(number, {"verb": "raise", "to": "child-safety-lead", "reason": "x"})
    assert (written.status_code, written.json()["error"]) == (403, "no-clearance")
    case = await id_of(world, number)
    for action in (Look.EXPORT, Look.DECODE, "assign", "close", "hold", "evidence"):
        assert not (await may(world.doors, "lena", action, case, assurance=Assurance.L3)).allowed
    assert not (await may(world.doors, "lena", Look.READ_FIELD, case, apart=Apart.REPORTER)).allowed
    looks = await entries(world, number, Kind.LOOK_ALLOWED)
    assert ["read-in-emergency"] in [each["policies"] for each in looks]

    world.clock.ahead += HOUR + timedelta(seconds=1)
    assert (await lena.get(f"/api/cases/{number}")).status_code == 404

    async def over() -> list[dict[str, Any]]:
        return await entries(world, number, Kind.EMERGENCY_ENDED)

    (ended,) = await world.until(over)
    assert ended["how"] == "time-ran-out"

    world.clock.ahead += timedelta(hours=23)

    async def alarms() -> list[str]:
        found = await world.store.health.open_alarms()
        return [alarm.key for alarm in found if alarm.kind == "emergency-unreviewed"]

    assert await world.until(alarms) == [emergency]
    assert len(await entries(world, number, Kind.EMERGENCY_UNREVIEWED)) == 1
    review = f"/api/access/emergencies/{emergency}/review"
    lena = await Person.of(world, "lena", proved=True)
    own = await lena.post(review, {"verdict": "in-order"})
    assert (own.status_code, own.json()["error"]) == (403, "same-person")
    paula = await Person.of(world, "paula")
    listed = (await paula.get("/api/access/emergencies")).json()["emergencies"]
    assert [(each["id"], each["overdue"]) for each in listed] == [(emergency, True)]
    done = await paula.post(review, {"verdict": "misuse", "note": "a colleague was there"})
    assert done.status_code == 200, done.text
    assert not await alarms()
    (reviewed,) = await entries(world, number, Kind.EMERGENCY_REVIEWED)
    assert (reviewed["who"], reviewed["verdict"], reviewed["late"]) == ("paula", "misuse", True)
    again = await paula.post(review, {"verdict": "in-order"})
    assert (again.status_code, again.json()["error"]) == (409, "emergency-reviewed")


async def test_an_emergency_is_opened_on_a_page_with_a_banner_and_given_back(world: World) -> None:
    """Nothing here → confirm → second factor → the case, to read, under a banner, without forms."""
    number = await world.case(**RESTRICTED)
    tariq = await world.browser("tariq")
    assert "/emergency" not in (await tariq.get(f"/cases/{number}")).response.text
    lena = await world.browser("lena")
    nothing, absent = await lena.get(f"/cases/{number}"), await lena.get("/cases/9999")
    # Who may open cases in an emergency is offered to, whether or not there is such a case.
    assert nothing.status == absent.status == 404
    assert nothing.text.replace(number, "9999") == absent.text

    step = await lena.post(nothing.forms()[-1], reason="a child may be in danger now")
    asked = next(form for form in step.forms() if "code" in step.response.text)
    confirm = await lena.post(
        next(form for form in step.forms() if form.action == "/step-up"),
        code=world.code("lena"),
    )
    assert asked is not None
    assert "to read" not in nothing.text or confirm.status == 200, confirm.text
    form = next(each for each in confirm.forms() if each.fields.get("step") == "open")
    assert form.fields["reason"] == "a child may be in danger now"
    case = await lena.post(form)
    assert "Opened in an emergency" in case.text
    assert f"/cases/{number}/acts" not in case.response.text

    given = next(each for each in case.forms() if each.action.endswith("/end"))
    after = await lena.post(given)
    assert "over" in after.text
    assert (await lena.get(f"/cases/{number}")).status == 404
    paula = await world.browser("paula")
    page = await paula.get("/access")
    reviewed = await paula.post(
        next(each for each in page.forms() if each.action.endswith("/review")),
        verdict="in-order",
        note="",
    )
    assert reviewed.status == 200
    assert "none waits for a review" in reviewed.text
    log = await paula.get(f"/cases/{number}/access")
    assert "Somebody opened the case in an emergency" in log.text


async def test_owner_and_data_protection_hear_of_an_emergency_at_once(
    store: Store, tmp_path: Path
) -> None:
    """By mail, without a word of the case; where nobody can be reached, the watch tells of it."""
    mail = FakeMessaging()
    async with make_world(store, tmp_path, outside=reached_by(mail, store)) as world:
        number = await world.case(**RESTRICTED)
        lena = await Person.of(world, "lena", proved=True)
        path = f"/api/access/cases/{number}/emergency"
        assert (await lena.post(path, {"reason": "a secret reason"})).status_code == 201
        snapshot = await world.doors.directory.snapshot()
        owners = {person.email for person in snapshot.holders("child-safety-lead")}
        data_protection = {person.email for person in snapshot.holders("privacy")}

        async def told() -> bool:
            return {each.to for each in mail.sent} >= data_protection

        await world.until(told)
        assert all("a secret reason" not in each.text for each in mail.sent)
        assert not [a for a in await store.health.open_alarms() if a.kind == "emergency-opened"]
        assert owners or data_protection


async def test_nobody_reachable_means_an_alarm(world: World) -> None:
    """Without any channel the opening is told of by the watch."""
    number = await world.case(**RESTRICTED)
    lena = await Person.of(world, "lena", proved=True)
    path = f"/api/access/cases/{number}/emergency"
    assert (await lena.post(path, {"reason": "danger"})).status_code == 201

    async def alarmed() -> list[str]:
        found = await world.store.health.open_alarms()
        return [alarm.text for alarm in found if alarm.kind == "emergency-opened"]

    (text,) = await world.until(alarmed)
    assert number in text


async def test_a_case_about_ones_own_account_is_closed_to_them(
    store: Store, tmp_path: Path
) -> None:
    """Subject and relative stand behind the conflict wall, whatever role they hold."""
    people = tmp_path / "people.yaml"
    text = DEMO_FILE.read_text()
    text = text.replace("  - id: imani\n", '  - id: imani\n    platform-accounts: ["account-9"]\n')
    text = text.replace("  - id: lena\n", '  - id: lena\n    close-accounts: ["account-9"]\n')
    people.write_text(text)
    async with make_world(store, tmp_path, people=people) as house:
        number = await house.case(id="wall", subject="WALL", data={"about": "account-9"})
        for walled in ("imani", "lena"):
            person = await Person.of(house, walled)
            assert (await person.get(f"/api/cases/{number}")).status_code == 404, walled
            case = await id_of(house, number)
            decision = await may(house.doors, walled, Look.READ, case)
            assert decision.policies == ("conflict-wall",), walled
        assert (await (await Person.of(house, "ivar")).get(f"/api/cases/{number}")).is_success


async def test_an_engineer_reads_no_payload_without_having_to_do_with_the_case(
    world: World,
) -> None:
    """The codec server's question: decoding needs a relation, and a proof where restricted."""
    ordinary, restricted = await world.case(), await world.case(**RESTRICTED)
    assert not (await may(world.doors, "erin", Look.DECODE, await id_of(world, ordinary))).allowed
    assert (await may(world.doors, "lena", Look.DECODE, await id_of(world, ordinary))).allowed
    case = await id_of(world, restricted)
    weak = await may(world.doors, "samir", Look.DECODE, case)
    assert weak.policies == ("keys-to-a-restricted-case-need-a-second-factor",)
    assert (await may(world.doors, "samir", Look.DECODE, case, assurance=Assurance.L2)).allowed
    assert not (await may(world.doors, "nobody", Look.DECODE, case)).allowed
    assert not (await may(world.doors, "lena", Look.DECODE, "case/none")).allowed


async def test_a_clearance_can_be_named_in_the_directory(store: Store, tmp_path: Path) -> None:
    """Relation and named clearance together let somebody in; one of the two does not."""
    people = tmp_path / "people.yaml"
    people.write_text(
        DEMO_FILE.read_text().replace(
            "  - id: tessa\n", "  - id: tessa\n    clearances: [child-safety]\n"
        )
    )
    async with make_world(store, tmp_path, people=people) as house:
        number = await house.case(**RESTRICTED)
        assert (await (await Person.of(house, "tessa")).get(f"/api/cases/{number}")).is_error
        elise = await Person.of(house, "imani")
        for name in ("tessa", "tariq"):
            body = {"verb": "assign", "role": "custodian", "person": name, "reason": "help"}
            given = await elise.act(number, body)
            assert given.status_code == 200, given.text
            seen = await (await Person.of(house, name)).get(f"/api/cases/{number}")
            assert seen.is_success is (name == "tessa"), name


@pytest.mark.parametrize("asked", [{"action": "frob"}, {"assurance": "L9"}, {"person": "nobody"}])
async def test_a_question_that_makes_no_sense_says_so(world: World, asked: dict[str, str]) -> None:
    """An unknown action, level or person is named as such, never answered with no."""
    number = await world.case()
    imani = await Person.of(world, "imani")
    query = {"case": number, "person": "lena", "action": "read", **asked}
    said = await imani.get("/api/access/explain", **query)

    (name,) = asked
    expected = {"action": "access-action", "assurance": "access-level", "person": "access-person"}
    assert (said.status_code, said.json()["error"]) == (422, expected[name])


async def test_policies_are_asked_again_before_what_cannot_be_taken_back(
    store: Store, tmp_path: Path
) -> None:
    """In the activity: who decided counts as they signed; today's policies can keep it back."""
    async with make_world(store, tmp_path) as world:
        number = await world.case()
        await world.to_gate(number)
        lena, paula = await Person.of(world, "lena"), await Person.of(world, "paula")
        assert (await lena.decide(number, "legal-review")).status_code == 200
        assert (await paula.decide(number, "policy-sign-off")).status_code == 200
        order = await order_of(world, number, "apply-action", irreversible=True)
        done = await ActivityEnvironment().run(performing(store).perform_effect, order)
        strict = await ActivityEnvironment().run(
            performing(store, access=own_policies(tmp_path)).perform_effect,
            order,
        )

        assert (done.state, done.policies) == (
            EffectState.MANUAL,
            ("perform-what-was-decided",),
        )
        assert done.policy == world.doors.access.digest
        assert (strict.state, strict.policies) == (EffectState.FAILED, ("not-while-frozen",))
        assert "nothing is done for good this week" in strict.detail
        assert await store.objects.get(strict.policy)
        lasting = order.model_copy(update={"irreversible": False})
        plain = await ActivityEnvironment().run(performing(store).perform_effect, lasting)
        assert (plain.policies, plain.policy) == ((), "")


async def test_nothing_is_disclosed_that_no_person_has_decided_on(world: World) -> None:
    """A disclosure that only the runbook ordered is kept back, whatever the runbook says."""
    number = await world.case(**RESTRICTED)
    order = await order_of(world, number, "block-and-quarantine", name="report-canada")
    kept = await ActivityEnvironment().run(performing(world.store).perform_effect, order)

    assert (kept.state, kept.policies) == (EffectState.FAILED, ("disclosure-needs-a-person",))


async def order_of(
    world: World, number: str, known: str, *, name: str = "", irreversible: bool = False
) -> EffectOrder:
    """The order of an effect that the case has on record, handed to a person; perhaps of another.

    `name` is what it is called instead.
    """
    state = CasePicture.of(await world.picture(number))
    effect = next(each for each in state.effects if each.name == known)
    return EffectOrder(
        key=effect.key,
        case=state.case,
        number=number,
        name=name or effect.name,
        title="Do it",
        by="manual",
        stage=effect.stage,
        irreversible=irreversible,
        at=BEGIN,
    )


def performing(store: Store, *, access: Access | None = None) -> Performing:
    """The activity of a worker with these policies."""
    return Performing(
        Outside(
            store=store,
            directory=FileDirectory(DEMO_FILE, clock=MovableClock()),
            channels=[],
            public_url="http://escalate.example",
            mail_domain="escalate.example",
            zone=ZoneInfo("UTC"),
            access=access or shipped(),
        )
    )


def own_policies(folder: Path) -> Access:
    """The policies that ship, and one that freezes everything."""
    own = folder / "policies"
    own.mkdir()
    (own / "freeze.cedar").write_text(
        '@id("not-while-frozen")\n@says("nothing is done for good this week: ask the duty manager")'
        '\nforbid (principal, action == Action::"perform", resource is Effect) '
        "when { resource.irreversible };\n"
    )
    return installed(own)


async def test_restricted_cases_are_counted_for_managers_and_few_are_only_few(
    store: Store, tmp_path: Path
) -> None:
    """Who is not cleared sees class and severity, and no count below five; others see nothing."""
    people = tmp_path / "people.yaml"
    text = DEMO_FILE.read_text()
    people.write_text(text.replace("[engineer, engineering,", "[duty-manager, engineering,"))
    own = tmp_path / "policies"
    own.mkdir()
    (own / "classes.yaml").write_text(
        'classes:\n  child-safety: {says: "x", runbooks: [child-safety-report], '
        "cleared: [child-safety-expert]}\n"
    )
    async with make_world(store, tmp_path, people=people, access=installed(own)) as world:
        for index in range(4):
            await world.case(id=f"k{index}", subject=f"K{index}", data={"tags": ["child-safety"]})
        erin = await Person.of(world, "erin")
        few = (await erin.get("/api/cases")).json()
        await world.case(id="k5", subject="K5", data={"tags": ["child-safety"]})
        many = (await erin.get("/api/cases")).json()
        tariq = (await (await Person.of(world, "tariq")).get("/api/cases")).json()
        samir = (await (await Person.of(world, "samir")).get("/api/cases")).json()

    assert (few["cases"], [each["count"] for each in few["apart"]]) == ([], ["fewer than 5"])
    assert [(e["case_class"], e["count"]) for e in many["apart"]] == [("child-safety", "5")]
    assert (tariq["cases"], tariq["apart"]) == ([], [])
    assert (len(samir["cases"]), samir["apart"]) == (5, [])


async def test_what_is_kept_apart_is_not_shown_to_whoever_only_reads(world: World) -> None:
    """Evidence and victim of a restricted case: that there is something, and nothing of it."""
    number = await world.case(**RESTRICTED)
    samir = await Person.of(world, "samir")
    given = await samir.act(number, {"verb": "answer", "answers": {"account": "account-secret"}})
    assert given.status_code == 200, given.text
    body = {
        "verb": "evidence",
        "label": "chat",
        "reference": "vault://secret",
        "digest": "0" * 64,
    }
    assert (await samir.act(number, body)).status_code == 200
    works = (await samir.get(f"/api/cases/{number}")).text
    reader = await Person.of(world, "duc")
    only_reads = await reader.get(f"/api/cases/{number}")
    timeline = await reader.get(f"/api/cases/{number}/timeline")

    assert "vault://secret" in works
    assert "account-secret" in works
    assert only_reads.status_code == timeline.status_code == 200
    for shown in (only_reads.text, timeline.text):
        assert "vault://secret" not in shown
        assert "account-secret" not in shown
    assert "kept apart" in only_reads.text
    page = await (await world.browser("duc")).get(f"/cases/{number}")
    assert page.status == 200
    assert "vault://secret" not in page.response.text
