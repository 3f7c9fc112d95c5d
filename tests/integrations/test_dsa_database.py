"""Statements of reasons, against a database that validates by the Commission's own rules."""

import pytest

from integrations._http import new_client
from integrations.dsa_database import DsaDatabase
from integrations.errors import (
    FieldsRefusedError,
    MisansweredError,
    OutcomeUnknownError,
    RefusedError,
    ThrottledError,
    UnavailableError,
    VendorError,
)
from tests.fakes.clock import FixedClock
from tests.fakes.dsa_database import TOKEN, FakeDsaDatabase
from tests.integrations.reporting import STATEMENT, KeptInMemory, draft, submission

WHOLE = draft("dsa-statement", STATEMENT)


@pytest.fixture
def database() -> FakeDsaDatabase:
    """An empty database."""
    return FakeDsaDatabase()


def connector(database: FakeDsaDatabase, token: str = TOKEN) -> DsaDatabase:
    """The adapter over the database's network."""
    client = new_client(transport=database.network)
    return DsaDatabase(client, url=database.url, token=token, clock=FixedClock())


async def test_a_statement_is_made_in_the_databases_own_words(database: FakeDsaDatabase) -> None:
    """Every field has its code, dates are days, and the receipt is the statement's id."""
    receipt = await connector(database).submit(submission(WHOLE), KeptInMemory())

    kept = database.statements["name-1"]
    assert receipt.reference == kept["uuid"]
    assert kept["decision_visibility"] == [
        "DECISION_VISIBILITY_CONTENT_REMOVED",
        "DECISION_VISIBILITY_CONTENT_LABELLED",
    ]
    assert kept["category_specification"] == ["KEYWORD_PHISHING"]
    assert (kept["content_language"], kept["application_date"]) == ("EN", "2026-11-22")
    assert (kept["automated_detection"], kept["incompatible_content_illegal"]) == ("No", "No")
    assert len(kept["territorial_scope"]) == 30
    assert kept["content_id"] == {"EAN-13": "4006381333931"}


async def test_a_known_statement_is_a_success(database: FakeDsaDatabase) -> None:
    """The answer was lost, the statement was made: the second try finds it and files nothing."""
    database.network.lose_answer("POST")
    with pytest.raises(OutcomeUnknownError):
        await connector(database).submit(submission(WHOLE), KeptInMemory())

    receipt = await connector(database).submit(submission(WHOLE), KeptInMemory())

    assert len(database.statements) == 1
    assert receipt.reference == database.statements["name-1"]["uuid"]
    assert "earlier try" in receipt.detail


async def test_many_items_go_a_hundred_at_a_time(database: FakeDsaDatabase) -> None:
    """Two hundred and one items are three posts, and each item has its statement."""
    names = tuple(f"name-{number}" for number in range(201))

    receipt = await connector(database).submit(submission(WHOLE, names=names), KeptInMemory())

    assert database.posts == [100, 100, 1]
    assert set(database.statements) == set(names)
    assert receipt.detail == "201 in the database"


async def test_a_batch_that_was_made_in_part_is_completed(database: FakeDsaDatabase) -> None:
    """Statements of an earlier try are known by their names; only the others are made."""
    names = ("a", "b", "c")
    await connector(database).submit(submission(WHOLE, names=names[:2]), KeptInMemory())

    receipt = await connector(database).submit(submission(WHOLE, names=names), KeptInMemory())

    assert set(database.statements) == set(names)
    assert receipt.detail == "3 in the database, 2 of them since an earlier try"


async def test_a_batch_that_was_made_whole_is_a_success(database: FakeDsaDatabase) -> None:
    """The lost answer of a batch: every statement is known, and none is made twice."""
    database.network.lose_answer("POST")
    with pytest.raises(OutcomeUnknownError):
        await connector(database).submit(submission(WHOLE, names=("a", "b")), KeptInMemory())

    receipt = await connector(database).submit(submission(WHOLE, names=("a", "b")), KeptInMemory())

    assert len(database.statements) == 2
    assert receipt.reference == "known to the database"


@pytest.mark.parametrize("names", [("a",), ("a", "b")])
async def test_a_refused_field_is_named_as_the_runbook_knows_it(
    database: FakeDsaDatabase, names: tuple[str, ...]
) -> None:
    """422 leads back to the field, one by one or in a batch; what stands in it is not repeated."""
    database.unwelcome = {"decision_facts", "content_type"}

    with pytest.raises(FieldsRefusedError) as caught:
        await connector(database).submit(submission(WHOLE, names=names), KeptInMemory())

    assert set(caught.value.fields) == {"decision-facts", "content-type"}
    assert not caught.value.retryable
    assert "payment" not in str(caught.value)


@pytest.mark.parametrize(
    "status, kind",
    [
        (401, RefusedError),
        (403, RefusedError),
        (404, RefusedError),
        (429, ThrottledError),
        (500, UnavailableError),
        (502, OutcomeUnknownError),
        (503, UnavailableError),
    ],
)
async def test_each_status_means_its_error(
    database: FakeDsaDatabase, status: int, kind: type[VendorError]
) -> None:
    """What can be tried again says so; a throttle says when."""
    database.fail_next(status, Retry_After="7")

    with pytest.raises(kind) as caught:
        await connector(database).submit(submission(WHOLE), KeptInMemory())

    assert type(caught.value) is kind
    if status == 429:
        assert caught.value.retry_after is not None
        assert caught.value.retry_after.total_seconds() == 7


async def test_a_200_is_no_success(database: FakeDsaDatabase) -> None:
    """Only 201 means that the statement was made."""
    database.answer_next(200, {"uuid": "x"})

    with pytest.raises(MisansweredError):
        await connector(database).submit(submission(WHOLE), KeptInMemory())


async def test_a_wrong_token_is_refused_once(database: FakeDsaDatabase) -> None:
    """A wrong token is not tried again."""
    with pytest.raises(RefusedError):
        await connector(database, token="other").submit(submission(WHOLE), KeptInMemory())
