"""Makes the pictures of runbooks for the documentation: `python -m docs.draw_runbooks`."""

import asyncio
from pathlib import Path

from playwright.async_api import async_playwright

from runbooks import library, load_runbook
from runbooks.rendering import pathway_picture, severity_picture
from tests.servers.browser import chromium_path

PICTURES = Path(__file__).parent / "pictures"
FLAGS = ("--no-sandbox", "--headless", "--disable-gpu", "--no-first-run", "--disable-sync")
SHOWN = "user-safety-escalation"


async def main() -> None:
    """The default pathway and its severity table are drawn, as they look by day."""
    runbook = load_runbook(library()[SHOWN], file=f"{SHOWN}.yaml")
    drawn = {"pathway": pathway_picture(runbook), "severity": severity_picture(runbook)}
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium_path(), args=list(FLAGS)
        )
        page = await browser.new_page(color_scheme="light", device_scale_factor=2)
        for name, svg in drawn.items():
            await page.set_content(svg)
            await page.locator("svg").screenshot(path=PICTURES / f"{name}.png")
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main())
