"""What every test may ask for: a real Temporal, real servers of others, a task queue of its own."""

import os
import sys
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Protocol

import pytest
import structlog
from hypothesis import HealthCheck, Phase, settings
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from tests.hostile_cases import LONG, MARKER
from tests.servers import install
from tests.servers.browser import chromium_path
from tests.servers.mail import GreenMail
from tests.servers.openid import OpenIdProvider
from tests.servers.postgres import PostgresCluster
from tests.servers.request_tracker import RequestTracker
from workers.engine import Engine

# How long an example takes says something of the machine, nothing of the claim.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")
settings.register_profile(
    "full",
    max_examples=2000,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
"""`--hypothesis-profile=full`: every state machine for long."""
settings.register_profile(
    "mutants",
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)
"""`make mutants`: the same few examples each time, and nobody reads the smallest that fails."""

_SUITES = {suite.marker: suite for suite in install.SUITES}
_not_run: dict[str, int] = {}


class MakeEngine(Protocol):
    """Starts an engine that ends with the test; takes what `Engine.start` takes."""

    async def __call__(self, **options: Any) -> Engine:
        """A running engine."""
        ...


@pytest.fixture
def logs_elsewhere() -> Iterator[None]:
    """What the servers in this process log is not taken for what a command printed."""
    # Whoever was told to log as a process does left its processors behind.
    structlog.reset_defaults()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.__stderr__))
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
async def engine() -> AsyncIterator[Engine]:
    """The pinned Temporal server, in memory, able to skip time; one for the session."""
    async with Engine.start(simulation=True, pinned_only=True) as running:
        yield running


@pytest.fixture(scope="session")
async def client(engine: Engine) -> Client:
    """A plain client of the session's engine, without our codec."""
    return await Client.connect(
        engine.address, namespace=engine.namespace, data_converter=pydantic_data_converter
    )


@pytest.fixture
async def make_engine() -> AsyncIterator[MakeEngine]:
    """Engines of the test's own, each gone when the test ends."""
    async with AsyncExitStack() as stack:

        async def make(**options: Any) -> Engine:
            return await stack.enter_async_context(Engine.start(pinned_only=True, **options))

        yield make


@pytest.fixture
def task_queue(request: pytest.FixtureRequest) -> str:
    """A task queue that no other test polls."""
    return f"{request.node.name[:60]}-{uuid.uuid4().hex[:8]}"


@pytest.fixture(scope="session")
def request_tracker() -> Iterator[RequestTracker]:
    """A real Request Tracker 5 with its REST 2 interface."""
    with RequestTracker() as running:
        yield running


@pytest.fixture(scope="session")
def greenmail() -> Iterator[GreenMail]:
    """A real mail server: SMTP in, IMAP out, any address, any password."""
    with GreenMail() as running:
        yield running


@pytest.fixture(scope="session")
def openid_provider() -> Iterator[OpenIdProvider]:
    """A real OpenID provider; register a client for the gateway that uses it."""
    with OpenIdProvider() as running:
        yield running


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[PostgresCluster]:
    """A real Postgres of the session's own; ask it for a fresh database."""
    with PostgresCluster() as running:
        yield running


@pytest.fixture
def postgres_url(postgres_cluster: PostgresCluster) -> str:
    """The SQLAlchemy URL of an empty database."""
    return postgres_cluster.fresh_database()


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The browser's executable."""
    return chromium_path()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What takes many minutes is left out unless asked for, and what lacks its real server.

    With CI set the latter stay, and fail: there nothing may be left out.
    """
    chosen = set(str(config.getoption("-m")).split())
    long = LONG - chosen
    if MARKER in chosen:
        _say_what_is_shown(items)
    left_out = [item for item in items if any(item.get_closest_marker(m) for m in long)]
    _leave_out(config, items, left_out)
    if os.environ.get("CI"):
        return
    missing = {marker for marker, suite in _SUITES.items() if suite.missing() is not None}
    left_out = [item for item in items if any(item.get_closest_marker(m) for m in missing)]
    for item in left_out:
        for marker in sorted(missing):
            if item.get_closest_marker(marker):
                _not_run[marker] = _not_run.get(marker, 0) + 1
    _leave_out(config, items, left_out)


def _say_what_is_shown(items: list[pytest.Item]) -> None:
    """The report names, with each test, the hostile cases it shows: the acceptance counts them."""
    for item in items:
        for mark in item.iter_markers(MARKER):
            item.user_properties += [(f"{MARKER} {number}", item.name) for number in mark.args]


def _leave_out(
    config: pytest.Config, items: list[pytest.Item], left_out: list[pytest.Item]
) -> None:
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        kept = set(items) - set(left_out)
        items[:] = [item for item in items if item in kept]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The last lines say which real-server suites did not run, and how to get them."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        return
    for marker, suite in _SUITES.items():
        why = suite.missing()
        if why is not None and (_not_run.get(marker) or not os.environ.get("CI")):
            terminalreporter.write_line(f"not run: {suite.name} tests ({why}); {suite.how}")
