"""A lawyer's night: a phone, no JavaScript, a link in a mail (issue 3, item 6)."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright

from docs.make_pictures import FLAGS
from tests.gateway.conftest import store, world
from tests.gateway.world import World

__all__ = ["store", "world"]

pytestmark = pytest.mark.browser

WIDTH = 390
CONTROLS = "input:not([type=hidden]), select, textarea"
UNLABELLED = """
(controls) => controls.filter((one) => !one.labels.length && !one.getAttribute("aria-label"))
    .map((one) => one.outerHTML)
"""
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
# A finger needs 44 CSS pixels; links inside running text are exempt.
SMALL = """
(buttons) => buttons.filter((one) => one.offsetParent && one.getBoundingClientRect().height < 44)
    .map((one) => one.outerHTML)
"""


@pytest.fixture
async def browser(chromium: Path) -> AsyncIterator[Browser]:
    """Chromium, as Debian ships it."""
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield launched
        await launched.close()


async def phone(browser: Browser, world: World, *, dark: bool = True) -> Page:
    """A phone without JavaScript."""
    context = await browser.new_context(
        viewport={"width": WIDTH, "height": 844},
        color_scheme="dark" if dark else "light",
        base_url=world.url,
        java_script_enabled=False,
    )
    return await context.new_page()


async def log_in(page: Page, person: str) -> None:
    """The log-in form, filled in by its labels."""
    await page.get_by_label("Name").fill(person)
    await page.get_by_label("Password").fill("demo")
    await page.get_by_role("button", name="Log in").click()


async def is_fit(page: Page) -> None:
    """Nothing is wider than the phone, every control has a label, every button is big enough."""
    # A form's answer may still be on its way; there is no document to measure in between.
    await page.wait_for_load_state()
    # Playwright's own world evaluates also where the page's scripts are off.
    assert await page.evaluate(OVERFLOW) <= 0, f"{page.url} scrolls sideways"
    assert await page.locator(CONTROLS).evaluate_all(UNLABELLED) == []
    assert await page.locator("button, a.button").evaluate_all(SMALL) == []
    assert await page.locator("h1").count() == 1


async def test_a_link_is_decided_on_a_phone_without_scripts(browser: Browser, world: World) -> None:
    """Link → log-in → question → confirm screen → receipt, at 390 pixels; the vote stands."""
    number = await world.case()
    await world.to_gate(number)
    link = await world.link(number, "lena")
    page = await phone(browser, world)

    await page.goto(f"/a/{link}")
    await is_fit(page)
    await log_in(page, "lena")
    await is_fit(page)
    assert await page.get_by_role("heading", name="Is the proposed action lawful?").count() > 0
    await page.get_by_role("button", name="Lawful", exact=True).click()
    await is_fit(page)
    assert "Nothing has been recorded yet" in await page.inner_text("main")
    assert await page.get_by_role("link", name="+1 555 0100").is_visible()
    await page.get_by_role("button", name="Lawful").click()

    await is_fit(page)
    assert "Your act counts." in await page.inner_text("main")
    assert (await world.picture(number))["stage"] == "policy-sign-off"


@pytest.mark.parametrize("person", ["imani", "tessa", "lena"])
async def test_every_page_of_a_case_fits_a_phone(
    browser: Browser, world: World, person: str
) -> None:
    """Inbox, list and case, for whoever may do most there."""
    number = await world.case()
    page = await phone(browser, world, dark=False)
    await page.goto("/login")
    await is_fit(page)
    await log_in(page, person)
    if person == "lena":
        await world.to_gate(number)

    for path in ("/", "/cases", f"/cases/{number}", "/a/nowhere"):
        await page.goto(path)
        await is_fit(page)
