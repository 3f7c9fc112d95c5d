"""A chain of custody holds only where each link was signed, of an item that was acquired."""

import base64
from typing import Any

import pytest

from audit.custody import check_custody, in_order
from cases.envelope import Actor, Door
from cases.house_acts import Custody, CustodyEvent, HouseAct, sign_house_act
from cases.journal import Entry, Journal, Kind, Stream
from runbooks.plan import Assurance
from tests.audit.test_redacted import CERTIFICATE, DOOR, PINNED
from tests.store.building import START

CASE, ITEM, OTHER = "case/a", "a" * 64, "b" * 64
ROOT = next(iter(PINNED))


def streams(*, change: dict[str, Any] | None = None, signed: bool = True) -> Any:
    """An item, acquired and then read; with something about the second entry changed."""
    case = Journal(case=CASE)
    case.record(Kind.EVIDENCE_ADDED, at=START, salt=b"s" * 32, label="chat", digest=ITEM)
    body = Custody(digest=ITEM, event=CustodyEvent.ACCESSED, why="to read it", found=ITEM)
    actor = Actor(
        person="imani",
        roles=("incident-manager",),
        directory_digest="d",
        directory_as_of=START,
    )
    act = HouseAct(
        act="1", case=CASE, actor=actor, role="incident-manager", assurance=Assurance.L1,
        door=Door.CLI, signed_at=START, body=body,
    )  # fmt: skip
    envelope = sign_house_act(act, key=DOOR, certificate=CERTIFICATE).model_dump(mode="json")
    if not signed:
        envelope["signature"] = base64.b64encode(b"x" * 64).decode()
    said = {
        **body.model_dump(mode="json", exclude={"verb"}),
        "who": "imani",
        "envelope": envelope,
        **(change or {}),
    }
    door = Journal(case=CASE, stream=Stream.DOOR)
    door.record(Kind.DOOR_CUSTODY, at=START, salt=b"s" * 32, **said)
    return case.pending, door.pending


def found(entries: list[Entry], door: list[Entry]) -> str:
    """What is wrong."""
    return "; ".join(check_custody(entries, door, case=CASE, root=ROOT))


def test_a_signed_chain_holds() -> None:
    """Acquired and read, both in their order."""
    entries, door = streams()

    assert found(entries, door) == ""
    assert [entry.kind for entry in in_order(entries, door)] == [
        Kind.EVIDENCE_ADDED,
        Kind.DOOR_CUSTODY,
    ]


@pytest.mark.parametrize(
    "change,signed,why",
    [
        ({}, False, "no signed act"),
        ({"envelope": None}, True, "no signed act"),
        ({"why": "another reason"}, True, "something else"),
        ({"who": "somebody"}, True, "something else"),
        ({"found": OTHER}, True, "something else"),
        ({"digest": OTHER}, True, "never acquired"),
    ],
)
def test_a_link_that_was_made_up_is_found(
    change: dict[str, Any], *, signed: bool, why: str
) -> None:
    """Whatever of it was changed, or whoever did not sign it."""
    assert why in found(*streams(change=change, signed=signed))


def test_nothing_is_done_with_what_was_destroyed() -> None:
    """After a disposal the chain has ended."""
    entries, door = streams(change={"event": "disposed"})
    again = [*door, *door]

    assert "had been destroyed" in found(entries, again)
