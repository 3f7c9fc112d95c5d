"""Makes the pictures of the documentation from a seeded demo: `python -m docs.make_pictures`.

`--axe FILE` runs that copy of axe-core over every page and prints what it finds; the script ends
with 1 when it finds anything. Nothing of the pages is changed for a picture.
"""

import argparse
import asyncio
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page, async_playwright

from cli.demo.installation import Installation, installation
from cli.demo.play import Told, play
from cli.demo.scenes import SEEDED
from tests.servers.browser import chromium_path
from workers.settings import Settings
from workers.telemetry import configure_telemetry

PICTURES = Path(__file__).parent / "pictures"
DESKTOP = {"width": 1100, "height": 900}
PHONE = {"width": 390, "height": 844}
FLAGS = (
    "--no-sandbox",
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WIDER = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


@dataclass
class Photographer:
    """Takes the pictures, and notes what is wrong with a page."""

    place: Installation
    browser: Browser
    folder: Path
    axe: str | None
    wrong: list[str] = field(default_factory=list)

    async def page(self, person: str, *, phone: bool = False, dark: bool = False) -> Page:
        """A browser of that person's, logged in, without scripts unless axe needs them."""
        context = await self.browser.new_context(
            viewport=PHONE if phone else DESKTOP,  # type: ignore[arg-type]
            device_scale_factor=2 if phone else 1,
            color_scheme="dark" if dark else "light",
            base_url=self.place.base,
            bypass_csp=self.axe is not None,
            java_script_enabled=self.axe is not None,
        )
        page = await context.new_page()
        await page.goto("/login")
        await page.get_by_label("Name").fill(person)
        await page.get_by_label("Password").fill("demo")
        await page.get_by_role("button", name="Log in").click()
        return page

    async def take(self, page: Page, name: str, *, height: int | None = None) -> None:
        """The page as it stands, whole or its upper part."""
        if height is None:
            await page.screenshot(path=self.folder / f"{name}.png", full_page=True)
        else:
            size = page.viewport_size or DESKTOP
            await page.screenshot(
                path=self.folder / f"{name}.png",
                full_page=True,
                clip={"x": 0, "y": 0, "width": size["width"], "height": height},
            )
        await self.look(page, name)

    async def look(self, page: Page, name: str) -> None:
        """What axe and a ruler say of the page."""
        if self.axe is None:
            return
        if await page.evaluate(WIDER):
            self.wrong.append(f"{name}: wider than the screen")
        await page.evaluate(self.axe)
        found: dict[str, Any] = await page.evaluate("axe.run()")
        for violation in found["violations"]:
            for node in violation["nodes"]:
                self.wrong.append(
                    f"{name}: {violation['id']} ({violation['impact']}): "
                    f"{node['html'][:160]} — {node['failureSummary'][:200]}"
                )


async def shoot(camera: Photographer, told: dict[str, str]) -> None:
    """Every picture the documentation shows."""
    place = camera.place
    imani = await camera.page("imani")
    await imani.goto("/")
    await camera.take(imani, "inbox", height=900)
    await imani.goto("/cases")
    await camera.look(imani, "cases")
    await imani.goto(f"/cases/{told['waits on Policy']}")
    await camera.take(imani, "case", height=1350)
    await imani.goto("/demo")
    await camera.take(imani, "outbox", height=900)

    link = await place.theatre.link(told["waits on Legal"], "lena")
    lena = await camera.page("lena")
    await lena.goto(link)
    await camera.take(lena, "decision")
    night = await camera.page("lena", phone=True, dark=True)
    await night.goto(link)
    await camera.take(night, "decision-phone")
    await night.get_by_role("button", name="Lawful", exact=True).click()
    await camera.take(night, "confirm-phone")
    await night.get_by_role("button", name="Lawful").click()
    await camera.take(night, "receipt-phone")
    pocket = await camera.page("imani", phone=True, dark=True)
    await pocket.goto("/")
    await camera.take(pocket, "inbox-phone", height=844)
    await pocket.goto(f"/cases/{told['overdue at Legal']}")
    await camera.look(pocket, "case on a phone")


async def survey(camera: Photographer, told: dict[str, str]) -> None:
    """Pages in no picture are looked at as well: by one at a desk, by others on a phone."""
    for person, phone, paths in (
        ("imani", False, [f"/cases/{number}" for number in told.values()]),
        ("samir", True, [f"/cases/{number}" for number in told.values()]),
        ("paula", True, ["/", "/cases?status=all", "/demo", "/a/nowhere", "/login"]),
    ):
        page = await camera.page(person, phone=phone, dark=phone)
        for path in paths:
            await page.goto(path)
            await camera.look(page, f"{person} {path}")


async def main() -> int:
    """The pictures are made; 1 when a page has something wrong."""
    read = argparse.ArgumentParser(description=__doc__)
    read.add_argument("--out", type=Path, default=PICTURES)
    read.add_argument("--axe", type=Path, help="axe.min.js of axe-core")
    arguments = read.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    quiet = Settings.load({"ESCALATE_TELEMETRY__LOG_LEVEL": "error"})
    configure_telemetry(quiet, process="demo")

    def say(one: Told) -> None:
        print(f"{one.title}: {one.problem or one.number}", file=sys.stderr)

    async with installation(home=None) as place, async_playwright() as playwright:
        account = await play(place, SEEDED, exports=None, progress=say, checked=False)
        told = {one.title: one.number for one in account.told}
        browser = await playwright.chromium.launch(
            executable_path=chromium_path(), args=list(FLAGS)
        )
        axe = arguments.axe.read_text() if arguments.axe else None
        camera = Photographer(place, browser, arguments.out, axe)
        await shoot(camera, told)
        if axe is not None:
            await survey(camera, told)
        await browser.close()
    for line in camera.wrong:
        print(line)
    return 1 if camera.wrong else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
