"""No door believes what its vendor does not, refuses what it need not, or breaks."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.fuzz.frame import EVERYBODYS, Summary, application, fuzz, post
from tests.fuzz.strictness import oracles, table
from tests.fuzz.verifier import Sent, Verifier
from tests.fuzz.verifiers import VERIFIERS

A_FEW, FULL = 700, 100_000
_DOCUMENT = Path(__file__).parents[2] / "docs" / "webhook-strictness.md"


@pytest.fixture(scope="module")
async def app(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Starlette]:
    """The application with every door open."""
    async with application(VERIFIERS, tmp_path_factory.mktemp("fuzz")) as made:
        yield made


every_verifier = pytest.mark.parametrize("verifier", VERIFIERS, ids=lambda each: each.name)


@every_verifier
async def test_verifier_holds_against_its_vendors(verifier: Verifier, app: Starlette) -> None:
    """Some hundred deliveries, the same each time; `make fuzz` takes a hundred thousand."""
    summary = await fuzz(verifier, app, count=A_FEW)

    assert summary.sound, summary.told()
    assert summary.inputs == A_FEW
    assert summary.vouched > A_FEW / 10, "the vendor's verifier does not believe its own signer"
    assert summary.believed > A_FEW / 20


@pytest.mark.fuzz
@every_verifier
async def test_verifier_holds_for_a_minute(verifier: Verifier, app: Starlette) -> None:
    """As many deliveries as a minute takes; every class that is listed is met."""
    summary = await fuzz(verifier, app, count=FULL, seconds=60, seed=1)

    assert summary.sound, summary.told()
    listed = {each.name for each in (*EVERYBODYS, *verifier.stricter)}
    assert listed - set(summary.stricter) == set()


async def test_fuzzer_finds_a_verifier_that_trusts_too_much(app: Starlette) -> None:
    """Held against one that believes nothing, ours believes too much."""
    summary = await fuzz(replace(VERIFIERS[0], accepts=lambda _: False), app, count=100)

    assert summary.too_trusting
    assert not summary.sound


async def test_fuzzer_finds_a_verifier_that_is_stricter_than_it_says(app: Starlette) -> None:
    """Held against one that believes everything, ours refuses without saying why."""
    summary = await fuzz(replace(VERIFIERS[0], accepts=lambda _: True), app, count=100)

    assert summary.too_strict
    assert not summary.sound


async def test_fuzzer_finds_a_door_that_is_not_there(app: Starlette) -> None:
    """Its 404 is no refusal: a mistyped path must not pass for a verifier that is sound."""
    missing = replace(VERIFIERS[0], path="/webhooks/none")

    assert not (await fuzz(missing, app, count=50)).sound


async def test_fuzzer_finds_what_escapes() -> None:
    """An exception that leaves the application is an error of ours, whatever was answered."""

    async def breaks(request: Request) -> Response:
        raise RuntimeError

    broken = Starlette(routes=[Route("/webhooks/x", breaks, methods=["POST"])])

    assert await post(broken, "/webhooks/x", Sent([], b"", 0.0)) == (500, "RuntimeError")


def test_a_server_error_is_unsound() -> None:
    """Whatever else holds."""
    summary = Summary("x", 0)
    summary.uncaught.append("genuine -> 500")

    assert not summary.sound


def test_document_lists_every_class() -> None:
    """What stands in docs/ is what the fuzzer allows, word for word."""
    text = _DOCUMENT.read_text()

    assert table() in text, "python -m tests.fuzz --table"
    assert oracles() in text, "python -m tests.fuzz --table"


def test_classes_have_names_of_their_own() -> None:
    """A name says one thing at each door."""
    for verifier in VERIFIERS:
        names = [each.name for each in (*EVERYBODYS, *verifier.stricter)]
        assert len(names) == len(set(names))
