"""CyberTipline reports, against a receiver that enforces order, steps and state."""

from datetime import timedelta

import pytest

from cases.drafts.cybertip_xml import Reporter
from integrations._http import new_client
from integrations.cybertipline import CyberTipline, Environment
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
from tests.fakes.cybertipline import PASSWORD, USER, FakeCyberTipline
from tests.integrations.reporting import TIP, KeptInMemory, draft, submission

WHOLE = submission(draft("cybertip", TIP))
REPORTER = Reporter(
    email="safety@example.test", company="Example", service="Chat", legal_url="https://e.test/law"
)


@pytest.fixture
def tipline() -> FakeCyberTipline:
    """A test environment in which it is the morning after."""
    clock = FixedClock()
    clock.move(timedelta(days=3650))
    return FakeCyberTipline(clock)


def connector(
    tipline: FakeCyberTipline, *, password: str = PASSWORD, environment: str = "test"
) -> CyberTipline:
    """The adapter over its network."""
    return CyberTipline(
        new_client(transport=tipline.network),
        user=USER,
        password=password,
        reporter=REPORTER,
        clock=tipline.clock,
        environment=Environment(environment),
        url=tipline.url,
    )


async def test_a_report_is_opened_described_and_finished(tipline: FakeCyberTipline) -> None:
    """Step after step in their order; a file is a reference and a hash, never the file."""
    receipt = await connector(tipline).submit(WHOLE, KeptInMemory())

    each = ["upload", "fileinfo"]
    assert tipline.steps == ["submit", *each, *each, "finish"]
    assert tipline.finished == [receipt.reference]
    kept = tipline.reports[receipt.reference]
    assert [content.decode() for content in kept["files"].values()] == [
        f"Kept at: vault-1\nmd5: {'0' * 32}\n",
        f"Kept at: vault-2\nsha1: {'1' * 40}\n",
    ]
    first = kept["details"][0]
    assert first.find("originalFileHash").attrib == {"hashType": "MD5"}
    assert first.findtext("industryClassification") == "A1"
    assert first.findtext("fileViewedByEsp") == "true"
    assert [child.tag for child in first.find("fileAnnotations")] == ["infant"]
    assert kept["report"].findtext("incidentSummary/escalateToHighPriority")
    assert kept["report"].findtext("reporter/reportingPerson/email") == "safety@example.test"


async def test_nothing_is_real_unless_production_is_asked_for(tipline: FakeCyberTipline) -> None:
    """The default is the test environment, and every receipt of it says so."""
    receipt = await connector(tipline).submit(WHOLE, KeptInMemory())
    real = await connector(tipline, environment="production").submit(WHOLE, KeptInMemory())

    assert receipt.detail.startswith("TEST environment")
    assert "TEST" not in real.detail
    assert Environment.TEST.url == "https://exttest.cybertip.org/ispws"
    assert Environment.PRODUCTION.url == "https://report.cybertip.org/ispws"


@pytest.mark.parametrize("lost_at", range(1, 7))
async def test_one_report_is_filed_whatever_answer_is_lost(
    tipline: FakeCyberTipline, lost_at: int
) -> None:
    """The answer to any one step is lost; the next try ends with exactly one report filed."""
    steps = KeptInMemory()
    calls = 0
    lossy = tipline.network
    original = lossy.handle_async_request

    async def losing(request: object) -> object:
        nonlocal calls
        calls += 1
        if calls == lost_at:
            lossy.lose_answer("POST")
        return await original(request)  # type: ignore[arg-type]

    lossy.handle_async_request = losing  # type: ignore[method-assign, assignment]
    with pytest.raises(OutcomeUnknownError):
        await connector(tipline).submit(WHOLE, steps)

    receipt = await connector(tipline).submit(WHOLE, steps)

    assert tipline.finished == [receipt.reference]


async def test_a_finished_report_is_found_again_not_filed_again(tipline: FakeCyberTipline) -> None:
    """`retract` answers 5102: it was filed, and the second try stops there."""
    steps = KeptInMemory()
    filed = await connector(tipline).submit(WHOLE, steps)
    before = list(tipline.steps)

    again = await connector(tipline).submit(WHOLE, steps)

    assert again.reference == filed.reference
    assert tipline.steps == [*before, "retract"]
    assert "earlier try" in again.detail


async def test_a_report_that_expired_is_opened_anew(tipline: FakeCyberTipline) -> None:
    """A day later the half-open report is gone (5001), and a whole one takes its place."""
    steps = KeptInMemory()
    tipline.code_next("upload", 1000)
    with pytest.raises(OutcomeUnknownError):
        await connector(tipline).submit(WHOLE, steps)
    tipline.clock.move(timedelta(hours=25))

    receipt = await connector(tipline).submit(WHOLE, steps)

    assert tipline.finished == [receipt.reference]
    assert [kept["state"] for kept in tipline.reports.values()] == ["expired", "finished"]


async def test_a_report_gone_before_its_end_is_tried_again(tipline: FakeCyberTipline) -> None:
    """`finish` finds no report: nothing was filed, and the next try files one."""
    steps = KeptInMemory()
    tipline.code_next("finish", 5001)
    with pytest.raises(UnavailableError):
        await connector(tipline).submit(WHOLE, steps)

    receipt = await connector(tipline).submit(WHOLE, steps)

    assert tipline.finished == [receipt.reference]


async def test_a_refused_description_leaves_nothing_half_open(tipline: FakeCyberTipline) -> None:
    """4100 at a file: the report is retracted, and the field is named."""
    tipline.code_next("fileinfo", 4100, "element 'industryClassification' is not facet-valid")

    with pytest.raises(FieldsRefusedError) as caught:
        await connector(tipline).submit(WHOLE, KeptInMemory())

    assert caught.value.fields == ("files",)
    assert [kept["state"] for kept in tipline.reports.values()] == ["retracted"]


async def test_what_happened_in_the_future_is_refused_at_its_field(
    tipline: FakeCyberTipline,
) -> None:
    """The receiver names the element; the person is told the field."""
    late = submission(draft("cybertip", TIP, incident_at="2999-01-01T00:00:00+00:00"))

    with pytest.raises(FieldsRefusedError) as caught:
        await connector(tipline).submit(late, KeptInMemory())

    assert caught.value.fields == ("incident-at",)
    assert not tipline.reports


@pytest.mark.parametrize(
    "code, kind",
    [
        (1000, OutcomeUnknownError),
        (2000, RefusedError),
        (3000, RefusedError),
        (3100, RefusedError),
        (4100, RefusedError),
        (5001, RefusedError),
        (7777, MisansweredError),
    ],
)
async def test_each_code_means_its_error(
    tipline: FakeCyberTipline, code: int, kind: type[VendorError]
) -> None:
    """A code is read although HTTP says 200, and its words are never repeated."""
    tipline.code_next("submit", code, "a secret of the report")

    with pytest.raises(kind) as caught:
        await connector(tipline).submit(WHOLE, KeptInMemory())

    assert type(caught.value) is kind
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "status, kind", [(400, RefusedError), (429, ThrottledError), (503, UnavailableError)]
)
async def test_each_status_means_its_error(
    tipline: FakeCyberTipline, status: int, kind: type[VendorError]
) -> None:
    """What HTTP itself says counts as everywhere."""
    tipline.fail_next(status, Retry_After="3")

    with pytest.raises(kind):
        await connector(tipline).submit(WHOLE, KeptInMemory())


async def test_wrong_credentials_file_nothing(tipline: FakeCyberTipline) -> None:
    """2000 comes with HTTP 200."""
    with pytest.raises(RefusedError):
        await connector(tipline, password="other").submit(WHOLE, KeptInMemory())

    assert not tipline.reports
