"""What the door's policies said is signed with an act: it binds, and older acts need none."""

import base64
import json

import pytest

from cases.acts import Complete, Decide, Verdict
from cases.envelope import Act, ActEnvelope, Authorised, sign_act
from cases.journal import Kind
from cases.receipts import Outcome, Reason
from tests.cases.house import DOOR, OTHER, House, certificate_of

SAID = Authorised(policies=("see-by-role",), digest="d" * 64)


@pytest.fixture
def house() -> House:
    """A case at its first gate."""
    made = House.of()
    made.act(Complete(stage="triage", outcome="escalate", note="x"), person="t", role="triage")
    return made


def verdict(house: House, *, authorised: Authorised | None) -> ActEnvelope:
    """An approval, as the door signs it."""
    body = Decide(gate="legal-review", verdict=Verdict.APPROVE)
    plain = house.envelope(body, person="l", role="legal", binding=house.binding("legal-review"))
    act = Act.model_validate_json(plain.payload).model_copy(update={"authorised": authorised})
    return sign_act(act, key=DOOR, certificate=certificate_of(DOOR))


def test_the_entry_of_a_verdict_names_the_policies_that_were_signed_with_it(house: House) -> None:
    """A replay re-creates them: they come out of the envelope, and no engine is asked."""
    receipt = house.desk.receive(verdict(house, authorised=SAID), at=house.now)
    (cast,) = [e for e in house.state.journal.pending if e.kind is Kind.VOTE_CAST]

    assert receipt.outcome is Outcome.ACCEPTED
    assert (cast.body["policies"], cast.body["policy"]) == (["see-by-role"], "d" * 64)


def test_an_act_of_an_earlier_release_is_valid_and_its_entry_reads_as_it_did(house: House) -> None:
    """Nothing is written where nothing was asked: old histories re-create their journal."""
    envelope = verdict(house, authorised=None)
    receipt = house.desk.receive(envelope, at=house.now)
    (cast,) = [e for e in house.state.journal.pending if e.kind is Kind.VOTE_CAST]

    assert "authorised" not in json.loads(envelope.payload)
    assert receipt.outcome is Outcome.ACCEPTED
    assert not {"policies", "policy"} & cast.body.keys()


@pytest.mark.hostile(47)
def test_hostile_47_an_approval_forged_by_an_admin_of_temporal_is_refused_on_record(
    house: House,
) -> None:
    """Unsigned, altered, or signed by another key: no word about policies makes it count."""
    good = verdict(house, authorised=SAID)
    claimed = json.loads(good.payload)
    claimed["authorised"]["policies"] = ["everything-is-allowed"]
    altered = good.model_copy(update={"payload": json.dumps(claimed, separators=(",", ":"))})
    forger = certificate_of(DOOR)
    act = Act.model_validate_json(good.payload)
    forged = {
        Reason.UNSIGNED: good.model_copy(update={"signature": ""}),
        Reason.BAD_SIGNATURE: altered,
        Reason.UNKNOWN_KEY: good.model_copy(
            update={"certificate": forger.model_copy(update={"signature": _signature(b"x" * 64)})}
        ),
    }
    other = sign_act(act, key=OTHER, certificate=forger)
    for reason, envelope in forged.items():
        assert house.desk.receive(envelope, at=house.now).reason is reason
    assert house.desk.receive(other, at=house.now).reason is Reason.BAD_SIGNATURE

    refused = [e for e in house.state.journal.pending if e.kind is Kind.ACT_REFUSED]
    assert len(refused) == len(forged) + 1
    assert house.state.stage == "legal-review"
    assert house.desk.receive(good, at=house.now).outcome is Outcome.ACCEPTED


def _signature(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
