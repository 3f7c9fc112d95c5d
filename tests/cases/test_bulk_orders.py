"""Orders over many cases, without a door: what is signed, what comes back, what is shared."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cases.acts import Acknowledge, ActBody, Assign, ChangeSeverity, Claim, Close, Hold, Resume
from cases.acts_between_cases import Move
from cases.bulk_orders import (
    Before,
    BulkItem,
    BulkOrder,
    NoWayBack,
    OrderEnvelope,
    TakeUp,
    body_for,
    has_way_back,
    read_order,
    shared,
    sign_order,
    way_back,
)
from cases.canonical import canonical
from cases.envelope import Act, Actor, Door, Ordered, RefusedEnvelope, issue_certificate
from cases.journal import Journal
from cases.receipts import Reason
from cases.records import HoldRecord, SeverityRecord
from cases.report import Report, Source
from cases.state import CaseState
from runbooks.plan import Assurance, Severity

AT = datetime(2026, 11, 26, 8, 0, tzinfo=UTC)
REVIEW = AT + timedelta(days=2)
WAS = Before(severity=Severity.SEV3, person="tessa", review_at=REVIEW)
NOTHING = Before(severity=Severity.SEV3)
ACTOR = Actor(person="imani", roles=("incident-manager",), directory_digest="d", directory_as_of=AT)


def order(**said: object) -> BulkOrder:
    """An order over one case."""
    return BulkOrder.model_validate(
        {
            "order": "o",
            "actor": ACTOR,
            "assurance": Assurance.L1,
            "door": Door.API,
            "signed_at": AT,
            "verb": "resume",
            "bodies": (Resume(reason="over"),),
            "items": (BulkItem(case="c", number="1", act="a", role="incident-manager", does=0),),
            **said,
        }
    )


def signed(said: BulkOrder, *, use: str = "door") -> tuple[OrderEnvelope, bytes]:
    """The order's envelope, and the root that vouches for it."""
    root, door = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    certificate = issue_certificate(
        root,
        door.public_key(),
        use=use,
        not_before=AT - timedelta(hours=1),
        not_after=AT + timedelta(hours=1),
    )
    envelope = sign_order(said, key=door, certificate=certificate)
    return envelope, root.public_key().public_bytes_raw()


def test_a_signed_order_is_read_back_as_it_was() -> None:
    """Word for word, and so is its digest."""
    said = order()
    envelope, root = signed(said)

    assert read_order(envelope, root=root) == said
    assert read_order(envelope, root=root).digest == said.digest


def test_no_case_can_be_added_to_a_signed_order() -> None:
    """Nor one left out, nor its act changed: other bytes are not what was signed."""
    envelope, root = signed(order())
    more = order(items=(*order().items, *order().items))
    changed = envelope.model_copy(update={"payload": canonical(more).decode()})

    with pytest.raises(RefusedEnvelope) as refused:
        read_order(changed, root=root)
    assert refused.value.reason is Reason.BAD_SIGNATURE


@pytest.mark.parametrize(
    "use, said, reason",
    [
        ("automation", order(), Reason.UNKNOWN_KEY),
        ("door", order(signed_at=AT + timedelta(hours=2)), Reason.EXPIRED_KEY),
    ],
)
def test_only_a_door_signs_orders_and_only_in_its_time(
    use: str, said: BulkOrder, reason: Reason
) -> None:
    """A key for something else, or after its certificate ran out, proves nothing."""
    envelope, root = signed(said, use=use)

    with pytest.raises(RefusedEnvelope) as refused:
        read_order(envelope, root=root)
    assert refused.value.reason is reason


def test_an_act_that_no_order_gave_is_written_as_before() -> None:
    """Workers of the release before read it; one out of an order names its digest."""
    alone = Act(
        act="a",
        case="c",
        actor=ACTOR,
        role="incident-manager",
        assurance=Assurance.L1,
        door=Door.API,
        signed_at=AT,
        body=Resume(),
    )
    part = Ordered(order="o", digest=order().digest, of=1)

    assert b"ordered" not in canonical(alone)
    assert order().digest.encode() in canonical(alone.model_copy(update={"ordered": part}))


def test_bodies_that_are_the_same_are_written_once() -> None:
    """Five hundred holds are one body, not five hundred."""
    one, other = Resume(reason="a"), Resume(reason="b")

    assert shared([one, one, other, one]) == ((one, other), (0, 0, 1, 0))


@pytest.mark.parametrize(
    "done, was, now, back",
    [
        (
            Hold(reason="r", review_at=REVIEW),
            NOTHING,
            {"hold": HoldRecord(reason="r", by="imani", at=AT, review_at=REVIEW)},
            Resume(reason="undo"),
        ),
        (Resume(), WAS, {}, Hold(reason="undo", review_at=REVIEW)),
        (
            ChangeSeverity(severity=Severity.SEV1, reason="r"),
            WAS,
            {"severity": Severity.SEV1},
            ChangeSeverity(severity=Severity.SEV3, reason="undo"),
        ),
        (
            Assign(role="triage", person="theo"),
            WAS,
            {"assignments": {"triage": "theo"}},
            Assign(role="triage", person="tessa", reason="undo"),
        ),
        (Claim(), WAS, {}, Claim(release=True)),
    ],
)
def test_what_still_stands_is_brought_back(
    done: ActBody, was: Before, now: dict[str, object], back: ActBody
) -> None:
    """To the hold, the severity, the person there was before."""
    assert has_way_back(done, was)
    assert way_back(done, was, state(**now), reason="undo", at=AT) == back


@pytest.mark.parametrize(
    "done, was, now, name",
    [
        (Hold(reason="r", review_at=REVIEW), NOTHING, {}, "bulk-changed-since"),
        (
            ChangeSeverity(severity=Severity.SEV1, reason="r"),
            WAS,
            {"severity": Severity.SEV0},
            "bulk-changed-since",
        ),
        (
            Assign(role="triage", person="theo"),
            WAS,
            {"assignments": {"triage": "uma"}},
            "bulk-changed-since",
        ),
        (Assign(role="triage", person="theo"), NOTHING, {}, "bulk-no-way-back"),
        (Resume(), NOTHING, {}, "bulk-no-way-back"),
        (
            Resume(),
            Before(severity=Severity.SEV3, review_at=AT - timedelta(hours=1)),
            {},
            "bulk-no-way-back",
        ),
        (Close(disposition="actioned", record="r"), WAS, {}, "bulk-no-way-back"),
        (Move(runbook="appeal", reason="r"), WAS, {}, "bulk-no-way-back"),
        (Acknowledge(stage="triage"), WAS, {}, "bulk-no-way-back"),
    ],
)
def test_what_was_changed_since_or_cannot_be_undone_is_left_alone(
    done: ActBody, was: Before, now: dict[str, object], name: str
) -> None:
    """And the reason says which of the two it is."""
    with pytest.raises(NoWayBack) as none:
        way_back(done, was, state(**now), reason="undo", at=AT)
    assert none.value.name == name


def test_i_have_it_is_said_to_the_stage_each_case_is_in() -> None:
    """A case in no stage has nothing to be taken up."""
    assert body_for(TakeUp(), state(stage="triage")) == Acknowledge(stage="triage")
    assert body_for(TakeUp(), state()) is None


def state(**now: object) -> CaseState:
    """A case that runs."""
    severity = Severity(str(now.pop("severity", Severity.SEV3)))
    return CaseState.model_validate(
        {
            "case": "c",
            "number": "1",
            "report": Report(
                source=Source.STANDARD,
                instance="i",
                external_id="e",
                delivery="d",
                received_at=AT,
            ),
            "runbook": "r",
            "version": "1.0.0",
            "digest": "d",
            "opened_at": AT,
            "severity": SeverityRecord(current=severity, computed=severity, because="b"),
            "journal": Journal(case="c"),
            **now,
        }
    )
