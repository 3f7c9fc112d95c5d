"""The journal for other tools: whole, valid to libraries we did not write, and without prose."""

import csv
import io
import json
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from ocsf_emitter._models import ApiActivity
from ocsf_emitter.validate import validate
from prov.model import ProvDocument

from audit.formats.ocsf import SCHEMA, as_ocsf
from audit.formats.prov import as_prov
from audit.formats.rows import as_csv, as_jsonl
from audit.formats.seen import SAFE, Seen, seen
from audit.formats.stored import streams_of
from audit.log.segments import Segment
from cases.journal import Entry, Journal, Kind
from store import Store
from tests.audit.log.building import case_with, door_says
from tests.store.building import batch, chain

AT = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
SECRET = "=canary prose"
WHOLE = (Segment(branch="main", after=0),)


def _entries() -> list[Entry]:
    journal = Journal(case="case/a")
    salt = b"s" * 32

    def record(kind: Kind, **body: object) -> None:
        journal.record(kind, at=AT, salt=salt, **body)

    record(Kind.CASE_OPENED, source="standard", received=AT.isoformat())
    record(Kind.SEVERITY_ASSESSED, severity="SEV1", because=SECRET, row="2")
    record(Kind.ROUND_OPENED, gate="legal-review", round=1, revision=1, content="ab" * 32)
    record(
        Kind.VOTE_CAST,
        gate="legal-review",
        round=1,
        who="lena",
        role="legal",
        verdict="approve",
        reason=SECRET,
        acting_for="luca",
        door="web",
        assurance="L2",
    )
    record(Kind.ACT_REFUSED, who="tess", reason="role", door="api")
    record(Kind.EFFECT_INTENDED, effect="apply-action", by="manual", key="k")
    record(Kind.CASE_CLOSED, disposition="actioned", entries=7, record=SECRET)
    return list(journal.pending)


@pytest.fixture
def rows() -> list[Seen]:
    """A short case, all of it seen."""
    return seen([(_entries(), WHOLE)])


def test_every_entry_is_there_once_and_in_order(rows: Sequence[Seen]) -> None:
    """The same entries out of two overlapping streams are still one row each."""
    twice = seen([(_entries(), WHOLE), (_entries()[:3], WHOLE)])

    assert [row.entry.sequence for row in rows] == [1, 2, 3, 4, 5, 6, 7]
    assert twice == rows
    assert [row.hash for row in rows] == [entry.hash for entry in _entries()]


def test_ocsf_is_valid_and_says_who_did_what(rows: Sequence[Seen]) -> None:
    """Each event is an API Activity of the version we name, to the library of that version."""
    events = [json.loads(line) for line in as_ocsf(rows, number="1001", version="1").splitlines()]

    for event in events:
        validate(ApiActivity.model_validate(event))
    assert {event["metadata"]["version"] for event in events} == {SCHEMA} == {"1.5.0"}
    assert {event["class_uid"] for event in events} == {6003}
    vote = events[3]
    assert vote["actor"]["user"] == {
        "name": "lena", "uid": "lena", "type_id": 1, "groups": [{"name": "legal"}],
    }  # fmt: skip
    assert vote["api"]["operation"] == "gate:vote:cast"
    assert vote["severity_id"] == 4
    assert vote["src_endpoint"] == {"name": "web"}
    assert [event["status_id"] for event in events] == [1, 1, 1, 1, 2, 1, 1]
    assert events[5]["actor"] == {"app_name": "escalate"}


def test_prov_is_valid_and_tells_how_it_came(rows: Sequence[Seen]) -> None:
    """Another library reads it; the vote used the round, by Lena, on behalf of Luca."""
    document = ProvDocument.deserialize(content=as_prov(rows, number="1001"), format="json")
    said = document.get_provn()

    assert len(list(document.get_records())) > 3 * len(rows)
    assert "used(e:entry-case-main-4, e:round-legal-review-1, 2026-11-22T09:00:00+00:00)" in said
    assert "wasAssociatedWith(e:entry-case-main-4, e:person-lena, -)" in said
    assert "actedOnBehalfOf(e:person-lena, e:person-luca, -)" in said
    assert "wasInformedBy(e:entry-case-main-4, e:entry-case-main-3)" in said
    again = ProvDocument.deserialize(content=document.serialize(format="json"), format="json")
    assert again == document


def test_prose_leaves_in_neither(rows: Sequence[Seen]) -> None:
    """What somebody wrote stays in the house: a SIEM has readers of its own."""
    assert SECRET not in as_ocsf(rows, number="1001", version="1")
    assert SECRET not in as_prov(rows, number="1001")
    assert SECRET in as_csv(rows)
    prose = {"reason", "because", "record", "text", "what", "why", "label", "detail", "lessons"}
    assert not prose & set(SAFE)


@pytest.mark.hostile(57)
def test_csv_opens_in_a_spreadsheet_and_runs_nothing(rows: Sequence[Seen]) -> None:
    """One heading, a row an entry; a cell that would be a formula is text."""
    [entry] = [row.entry for row in rows if row.entry.kind is Kind.VOTE_CAST]
    evil = Seen(
        entry=entry.model_copy(update={"body": {"who": "=HYPERLINK(1)", "role": "@x"}}),
        branch="main",
        hash="h",
        held_back=(),
    )
    read = list(csv.DictReader(io.StringIO(as_csv([*rows, evil]))))

    assert len(read) == len(rows) + 1
    assert read[3]["who"] == "lena"
    assert json.loads(read[3]["details"])["reason"] == SECRET
    assert (read[-1]["who"], read[-1]["role"]) == ("'=HYPERLINK(1)", "'@x")


def test_json_lines_are_whole_and_have_no_salt(rows: Sequence[Seen]) -> None:
    """With a salt and a hash, a short value could be guessed."""
    read = [json.loads(line) for line in as_jsonl(rows).splitlines()]

    assert [item["kind"] for item in read] == [row.entry.kind.value for row in rows]
    assert read[3]["body"]["reason"] == SECRET
    for entry in _entries():
        assert entry.salt not in as_jsonl(rows)


def test_what_a_reader_may_not_see_is_in_no_format() -> None:
    """The field is gone everywhere, and the row says that it is."""
    hidden = {"body.reason", "body.who", "body.acting_for"}
    rows = seen([(_entries(), WHOLE)], lambda _, path: path not in hidden)
    written = (
        as_csv(rows),
        as_jsonl(rows),
        as_ocsf(rows, number="1001", version="1"),
        as_prov(rows, number="1001"),
    )

    for text in written:
        assert "lena" not in text
        assert "luca" not in text
    assert json.loads(as_jsonl(rows).splitlines()[3])["held_back"] == [
        "body.acting_for", "body.reason", "body.who",
    ]  # fmt: skip
    assert '"role": "legal"' in as_jsonl(rows)


async def test_every_stream_and_branch_comes_out_of_the_store(store: Store) -> None:
    """Also what a reset left behind, each entry under the branch it was recorded on."""
    case = await case_with(store, "a", "triage", "legal-review", "policy-sign-off")
    await door_says(store, case, 2)
    entries = await store.journal.entries(case)
    other = chain(case, "closure", after=entries[:2])
    await store.append_case(batch(case, other, run="run-2"))

    rows = seen(await streams_of(store, case))

    places = {(row.entry.stream, row.branch, row.entry.sequence) for row in rows}
    assert {("case", "main", 3), ("case", "run-2", 3), ("door", "main", 3)} <= places
    assert len(places) == len(rows) == 3 + 1 + 3
