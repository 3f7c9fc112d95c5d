"""With server and workers killed, the duty manager has a real mail within three minutes (I17)."""

import asyncio
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from tests.conftest import MakeEngine
from tests.faults.place import place
from tests.faults.process import WATCH, Process
from tests.servers.mail import GreenMail

DUTY_MANAGERS = ("elise@demo.example", "duc@demo.example")
"""Of the demo's directory."""

LIMIT = timedelta(minutes=3)


async def told_after(
    make_engine: MakeEngine, home: Path, greenmail: GreenMail, *, every: str
) -> float:
    """Seconds from the deaths of server and worker to the mail about it."""
    engine = await make_engine(database=home / "engine.db")
    mail = {
        "ESCALATE_SMTP__HOST": greenmail.host,
        "ESCALATE_SMTP__PORT": str(greenmail.smtp_port),
        "ESCALATE_SMTP__TLS": "none",
        "ESCALATE_WATCH__EVERY": every,
    }
    async with place(home / "home", engine=engine, environ=mail) as made:
        gateway, worker = await made.gateway(), await made.worker()
        number = await made.opened_case(tags=["fraud"])
        await made.at(number, stage="triage")
        watch = await Process.start(WATCH, environ=made.environ, log=made.home / "watch.log")
        # One look while all is well.
        await asyncio.sleep(5)
        told = await mails_about_workers(greenmail)

        await asyncio.gather(engine.kill(), worker.kill())
        began = time.monotonic()
        try:
            while not await mails_about_workers(greenmail) - told:
                assert time.monotonic() - began < LIMIT.total_seconds(), "nobody was told"
                await asyncio.sleep(0.5)
            return time.monotonic() - began
        finally:
            await asyncio.gather(gateway.kill(), watch.kill())


async def mails_about_workers(greenmail: GreenMail) -> set[str]:
    """The Message-IDs of what lies with the duty managers about workers that are not there."""
    found: set[str] = set()
    for address in DUTY_MANAGERS:
        for mail in await asyncio.to_thread(greenmail.mail_of, address):
            if "no worker runs" in str(mail["Subject"]):
                found.add(str(mail["Message-ID"]))
    return found


@pytest.mark.mail
async def test_the_duty_manager_hears_of_dead_workers(
    make_engine: MakeEngine, tmp_path: Path, greenmail: GreenMail
) -> None:
    """With a look every five seconds the mail is there well within three minutes."""
    took = await told_after(make_engine, tmp_path, greenmail, every="5s")

    assert took < LIMIT.total_seconds()


@pytest.mark.mail
@pytest.mark.faults
async def test_the_duty_manager_hears_within_three_minutes_with_real_settings(
    make_engine: MakeEngine,
    tmp_path: Path,
    greenmail: GreenMail,
    record_property: Callable[[str, object], None],
) -> None:
    """With the settings of production as well."""
    took = await told_after(make_engine, tmp_path, greenmail, every="30s")

    record_property("seconds_to_mail", round(took))
    assert took < LIMIT.total_seconds()
