"""A decision that a person signed themselves: through the workflow, the export and the verifier."""

from pathlib import Path
from typing import Any

from audit.verdict import Outcome as Answer
from audit.verify import verify
from cases.acts import Complete, Decide, Verdict
from cases.canonical import canonical
from cases.envelope import Act, sign_act
from cases.personal import PersonalSignature, Statement, challenge_of, written
from cases.receipts import ActReceipt, Outcome, Reason
from runbooks.library import library
from runbooks.plan import Assurance
from store import Store
from tests.audit.casework import PINNED, PINNED_LOG, Matter, office
from tests.audit.scenarios import FRAUD
from tests.cases.test_personal import enrolled
from tests.fakes.authenticator import Authenticator
from tests.workflows.world import CERTIFICATE, DOOR
from workers.engine import Engine

SITE, PAGE = "escalate.example", "https://escalate.example"
APPROVES = Decide(gate="legal-review", verdict=Verdict.APPROVE)


def strict() -> bytes:
    """The usual runbook, whose legal review takes only keys that cannot leave their device."""
    text = library()["user-safety-escalation"].decode()
    gate = "  - stage: legal-review\n"
    return text.replace(gate, f"{gate}    assurance: L3\n    passkeys: device-bound\n").encode()


async def signed(case: Matter, key: Authenticator) -> ActReceipt:
    """Lena's approval, signed with her key, as the door sends it."""
    plain = Act.model_validate_json((await case.envelope(APPROVES, person="lena")).payload)
    text = written(
        Statement(
            act=plain.act,
            case=plain.case,
            person="lena",
            role=plain.role,
            body=plain.body,
            binding=plain.binding,
            issued_at=plain.signed_at,
        )
    )
    proof = key.sign({"challenge": challenge_of(text)})
    del proof["credential"]
    long_ago: dict[str, Any] = {
        "enrolled_at": "2026-01-01T00:00:00Z",
        "confirmed_at": "2026-01-02T00:00:00Z",
    }
    personal = PersonalSignature(
        statement=text.decode(), enrolment=enrolled(key, **long_ago), **proof
    )
    act = plain.model_copy(update={"assurance": Assurance.L3, "personal": personal})
    assert Act.model_validate_json(canonical(act)) == act
    return await case.deliver(sign_act(act, key=DOOR, certificate=CERTIFICATE))


async def test_only_the_persons_own_signature_opens_the_gate_and_anybody_can_check_it(
    engine: Engine, store: Store, tmp_path: Path
) -> None:
    """Refused: the door's word at L2 and at L3, a synced passkey. Then signed, closed, verified."""
    async with office(engine, store) as at_work:
        case = await at_work.open(text=strict(), answers=FRAUD)
        await case.does(Complete(stage="triage", outcome="escalate"), person="tess")
        await case.until(lambda seen: seen.open_round("legal-review") is not None)

        weak = await case.act(APPROVES, person="lena")
        forged = await case.act(APPROVES, person="lena", assurance=Assurance.L3)
        synced = await signed(case, Authenticator(rp_id=SITE, origin=PAGE, synced=True))
        own = await signed(case, Authenticator(rp_id=SITE, origin=PAGE))

        assert weak.reason is Reason.ASSURANCE
        assert forged.reason is Reason.NOT_SIGNED_BY_PERSON
        assert synced.reason is Reason.SYNCED_KEY
        assert own.outcome is Outcome.ACCEPTED, own
        await case.does(Decide(gate="policy-sign-off", verdict=Verdict.APPROVE), person="pia")
        await case.quiet()
        await case.close("actioned")
        await case.handle.result()
        export = await at_work.export(case, tmp_path / "export")

    verdict = await verify(export, pinned=PINNED, logs=PINNED_LOG)
    assert verdict.outcome is Answer.PASS, verdict
    assert (export / "webauthn" / own.act / "key.pem").is_file()
    (export / "webauthn" / own.act / "signed.bin").write_bytes(b"other")
    spoilt = await verify(export, pinned=PINNED, logs=PINNED_LOG, replay=False)
    assert spoilt.outcome is Answer.FAIL
