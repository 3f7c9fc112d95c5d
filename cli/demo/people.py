"""The people of the demo: each has a browser, a log-in, a second factor and a mailbox."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pyotp

from cli.demo.browser import Browser, Form, Page, PageError

PATIENCE = timedelta(seconds=40)
"""How long a person keeps looking for something that is on its way."""

LOOK = timedelta(milliseconds=150)
PASSWORD = "demo"  # noqa: S105 - the demo's people have it printed on the screen


class PatienceError(Exception):
    """What should have come did not come."""


@dataclass
class Deeds:
    """What happened at the doors, counted."""

    decisions: int = 0
    acts: int = 0
    refusals: int = 0
    failures: list[str] = field(default_factory=list)


class Player:
    """Somebody with roles who works through the pages."""

    def __init__(self, base: str, person: str, *, totp: str, email: str, deeds: Deeds) -> None:
        self.id = person
        self.email = email
        self._totp = pyotp.TOTP(totp)
        self._browser = Browser(base)
        self._deeds = deeds
        self._logging_in = asyncio.Lock()
        self._logged_in = False

    async def log_in(self) -> None:
        """A session with a fresh second factor."""
        async with self._logging_in:
            if self._logged_in:
                return
            page = await self._browser.get("/login")
            answer = await self._browser.submit(
                page,
                page.form(button="Log in"),
                person=self.id,
                password=PASSWORD,
                code=self._totp.now(),
            )
            if any(form.offers("Log in") for form in answer.forms):
                message = f"{self.id} could not log in: {answer.text[:200]}"
                raise PatienceError(message)
            self._logged_in = True

    async def get(self, url: str) -> Page:
        """The page, as the logged-in person sees it."""
        await self.log_in()
        return await self._browser.get(url)

    async def find(self, url: str, offers: Callable[[Page], Form | None]) -> tuple[Page, Form]:
        """The page once it offers the form; people look again when a page is not ready."""
        tries = int(PATIENCE / LOOK)
        for _ in range(tries):
            page = await self.get(url)
            form = offers(page)
            if form is not None:
                return page, form
            await asyncio.sleep(LOOK.total_seconds())
        message = f"{self.id} does not find it on {url}: {page.text[:400]}"
        raise PatienceError(message)

    async def act(
        self, number: str, verb: str, *, button: str | None = None, where: str = "", **fields: str
    ) -> Page:
        """The act has been done through the case's page, confirm screen included.

        `where` names the effect's title, gate or stage when several forms have the verb.
        """

        def offered(page: Page) -> Form | None:
            for form in page.forms:
                if form.values.get("verb") != verb:
                    continue
                if button is not None and not form.offers(button):
                    continue
                if where and where not in (*form.values.values(),):
                    continue
                return form
            return None

        page, form = await self.find(f"/cases/{number}", offered)
        return await self._go_through(page, form, button=button, verb=verb, fields=fields)

    async def decide(self, link: str, button: str, *, reason: str = "") -> Page:
        """The verdict has been given from the link in a notice."""

        def offered(page: Page) -> Form | None:
            try:
                return page.form(button=button)
            except PageError:
                return None

        page, form = await self.find(link, offered)
        return await self._go_through(
            page, form, button=button, verb="decide", fields={"reason": reason}
        )

    async def open(self, link: str) -> Page:
        """The link's page, whatever it says."""
        return await self.get(link)

    async def _go_through(
        self, page: Page, form: Form, *, button: str | None, verb: str, fields: dict[str, str]
    ) -> Page:
        confirm = await self._browser.submit(page, form, button=button, **fields)
        if "code" in {name for item in confirm.forms for name in item.values}:
            asks = next(item for item in confirm.forms if "code" in item.values)
            confirm = await self._browser.submit(confirm, asks, code=self._totp.now())
        final = next((item for item in confirm.forms if item.values.get("step") == "act"), None)
        if final is None:
            self._deeds.refusals += 1
            return confirm
        answer = await self._browser.submit(confirm, final)
        if answer.refused:
            self._deeds.refusals += 1
        elif verb == "decide":
            self._deeds.decisions += 1
        else:
            self._deeds.acts += 1
        return answer

    async def close(self) -> None:
        """The browser is closed."""
        await self._browser.close()
