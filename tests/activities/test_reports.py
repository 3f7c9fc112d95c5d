"""A report is handed in once and as approved; without a connector it is a person's task."""

from collections.abc import AsyncIterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities import Outside
from activities.actions import Performing
from activities.reports import NOT_SWITCHED_ON, OTHER_DRAFT
from cases.drafts.cybertip_xml import Reporter
from integrations._http import new_client
from integrations.cybertipline import CyberTipline
from integrations.dsa_database import DsaDatabase
from integrations.file_directory import DEMO_FILE, FileDirectory
from integrations.ports.reporting import Reporting
from store import DEMO_KEK, Store
from tests.activities.on_record import ordered
from tests.fakes.clock import START, FixedClock
from tests.fakes.cybertipline import PASSWORD, USER, FakeCyberTipline
from tests.fakes.dsa_database import TOKEN, FakeDsaDatabase
from tests.integrations.reporting import STATEMENT, TIP, draft
from tests.store.building import accepted
from tests.stores import empty_store
from workflows.effects import EffectOrder, EffectResult, EffectState, ReportOrder


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """An open store."""
    url = f"sqlite:///{tmp_path / 'escalate.db'}"
    await empty_store(url)
    async with await Store.open(url, kek=DEMO_KEK) as opened:
        yield opened


def order(
    case: str, form: str, said: dict[str, str], *, digest: str = "", **how: str
) -> EffectOrder:
    """The order to hand in a whole draft of that form."""
    whole = draft(form, said, **how)
    return EffectOrder(
        key="key-1",
        case=case,
        number="1001",
        name="report",
        title="Hand it in",
        by=f"report:{form}",
        stage="filing",
        report=ReportOrder(
            form=form, version=whole.version, fields=whole.fields, digest=digest or whole.digest
        ),
        at=START,
    )


async def performed(store: Store, what: EffectOrder, **connectors: Reporting) -> EffectResult:
    """What came of the order, with these connectors switched on."""
    outside = Outside(
        store=store,
        directory=FileDirectory(DEMO_FILE, clock=FixedClock()),
        channels=(),
        public_url="https://escalate.test",
        mail_domain="escalate.test",
        zone=ZoneInfo("UTC"),
        reporting={name.replace("_", "-"): each for name, each in connectors.items()},
    )
    await ordered(store, what)
    run = ActivityEnvironment().run
    result: EffectResult = await run(Performing(outside).perform_effect, what)
    return result


def dsa(database: FakeDsaDatabase) -> DsaDatabase:
    """The database, switched on."""
    client = new_client(transport=database.network)
    return DsaDatabase(client, url=database.url, token=TOKEN, clock=FixedClock())


def tip(tipline: FakeCyberTipline) -> CyberTipline:
    """The tipline, switched on."""
    return CyberTipline(
        new_client(transport=tipline.network),
        user=USER,
        password=PASSWORD,
        reporter=Reporter(email="safety@example.test"),
        clock=tipline.clock,
        url=tipline.url,
    )


async def test_without_a_connector_it_is_a_persons_task(store: Store) -> None:
    """Nothing is handed in that the installation has not switched on, and that is said."""
    case = (await accepted(store)).case

    result = await performed(store, order(case, "dsa-statement", STATEMENT))

    assert (result.state, result.detail) == (EffectState.MANUAL, NOT_SWITCHED_ON)
    assert result.policies == ("perform-what-was-decided",)


async def test_a_retry_after_a_lost_answer_files_once(store: Store) -> None:
    """The first attempt's answer is lost: it is tried again under the same name."""
    case = (await accepted(store)).case
    database = FakeDsaDatabase()
    what = order(case, "dsa-statement", STATEMENT)
    database.network.lose_answer("POST")
    with pytest.raises(ApplicationError, match="OutcomeUnknown"):
        await performed(store, what, dsa_statement=dsa(database))

    second = await performed(store, what, dsa_statement=dsa(database))
    third = await performed(store, what, dsa_statement=dsa(database))

    assert len(database.statements) == 1
    assert second == third
    assert second.state is EffectState.DONE
    assert database.posts == [1, 1]


async def test_the_name_of_a_statement_tells_nothing_of_the_case(store: Store) -> None:
    """It is made with the case's own secret: the same in every try, another for every item."""
    case = (await accepted(store)).case
    database = FakeDsaDatabase()

    await performed(
        store,
        order(case, "dsa-statement", STATEMENT, items="item-1 item-2"),
        dsa_statement=dsa(database),
    )

    names = list(database.statements)
    assert len(set(names)) == 2
    assert all(len(name) == 40 and "1001" not in name and "item" not in name for name in names)


async def test_a_refused_field_is_a_failure_that_names_it(store: Store) -> None:
    """No attempt without a correction makes sense; corrected, the same report is taken."""
    case = (await accepted(store)).case
    database = FakeDsaDatabase()
    database.unwelcome = {"decision_facts"}
    what = order(case, "dsa-statement", STATEMENT)

    failed = await performed(store, what, dsa_statement=dsa(database))
    database.unwelcome = set()
    again = await performed(store, what, dsa_statement=dsa(database))

    assert (failed.state, failed.detail) == (
        EffectState.FAILED,
        "not taken as filled in: decision-facts",
    )
    assert again.state is EffectState.DONE


async def test_another_draft_than_the_approved_one_is_never_handed_in(store: Store) -> None:
    """The digest that was approved is checked against what is about to leave."""
    case = (await accepted(store)).case
    database = FakeDsaDatabase()

    with pytest.raises(ApplicationError, match=OTHER_DRAFT) as caught:
        await performed(
            store,
            order(case, "dsa-statement", STATEMENT, digest="0" * 64),
            dsa_statement=dsa(database),
        )

    assert caught.value.non_retryable
    assert not database.posts


async def test_a_tip_goes_on_where_a_killed_worker_left_it(store: Store) -> None:
    """The number of the opened report is in the store, sealed; one report is filed."""
    case = (await accepted(store)).case
    tipline = FakeCyberTipline(FixedClock(START))
    what = order(case, "cybertip", TIP)
    tipline.code_next("finish", 1000)
    with pytest.raises(ApplicationError, match="OutcomeUnknown"):
        await performed(store, what, cybertip=tip(tipline))

    result = await performed(store, what, cybertip=tip(tipline))

    assert tipline.finished == [result.reference]
    assert [kept["state"] for kept in tipline.reports.values()] == ["retracted", "finished"]
    written = await store.effects.written(case)
    assert [row.key for row in written] == ["key-1", "key-1/step/0", "key-1/step/1"]
