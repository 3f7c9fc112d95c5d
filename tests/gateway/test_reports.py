"""Reports at the doors: drafts and what they lack, shown to whoever may see the case alone."""

from io import StringIO
from pathlib import Path

import httpx
from rich.console import Console, RenderableType

from cases.rounds import ask
from cases.state import CasePicture
from cli.case_gate import page as gate_page
from cli.case_report import report_page
from tests.gateway.test_threat_to_life import moved
from tests.gateway.world import World
from tests.workflows.stories.imminent_threat_to_life import MEMO

GATE = "legal-review"
WORDS = "words only the record and its readers know"


async def at_the_gate(world: World, **memo: str) -> str:
    """The number of a case whose hard gate is asked with that memo."""
    _, number = await moved(world)
    row = await world.store.cases.by_number(number)
    assert row is not None
    running = world.engine.cases[row.id]
    running.file.state.memos[GATE] = memo
    running.file.state.stage = GATE
    ask(running.file, running.file.pathway.stage(GATE), at=await world.clock.now())
    await world.engine.publish(running)
    return number


async def read(world: World, person: str, number: str, report: str) -> httpx.Response:
    """What the command line is told of the report."""
    async with httpx.AsyncClient(base_url=world.url, timeout=30) as http:
        said = await http.post("/api/login", json={"person": person, "password": "demo"})
        token = said.json()["token"]
        return await http.get(
            f"/api/cases/{number}/reports/{report}", headers={"Authorization": f"Bearer {token}"}
        )


def printed(part: RenderableType) -> str:
    """The part as a terminal shows it."""
    console = Console(width=200, record=True, file=StringIO())
    console.print(part)
    return console.export_text()


async def test_the_case_page_says_what_a_draft_lacks_and_what_fills_it(world: World) -> None:
    """Each gap names its memo field or question; what is written is shown."""
    number = await at_the_gate(world, facts=WORDS)
    diana = await world.browser("diana")

    page = await diana.get(f"/cases/{number}")

    assert "Keep the basis of the disclosure" in page.text
    assert "Law that permits the disclosure is missing (memo:legal-review.legal-basis)" in page.text
    assert "Account concerned is missing (answer:account)" in page.text
    assert WORDS in page.text


async def test_who_decides_reads_the_draft_they_approve(world: World) -> None:
    """The page behind the link shows it with its digest, which the round's facts carry."""
    number = await at_the_gate(world, **{**MEMO, "facts": WORDS})
    diana = await world.browser("diana")
    token = await world.link(number, "diana")

    page = await diana.get(f"/a/{token}")

    state = CasePicture.of(await world.picture(number))
    digest = state.drafts["basis-memo"].digest
    assert page.status == 200
    assert digest in page.text
    assert WORDS in page.text
    assert state.facts()["drafts"] == {"basis-memo": digest}
    told = (await read(world, "diana", number, "emergency-basis")).json()
    assert told["digest"] == digest


async def test_a_draft_is_downloaded_as_a_document(world: World) -> None:
    """A file of its own, with the form's law and the words; a GET changes nothing (I6)."""
    number = await at_the_gate(world, facts=WORDS)
    diana = await world.browser("diana")
    before = await world.picture(number)

    page = await diana.get(f"/cases/{number}/reports/basis-memo")

    assert page.response.headers["Content-Disposition"] == (
        f'attachment; filename="case-{number}-basis-memo.html"'
    )
    assert WORDS in page.text
    assert "18 USC 2702" in page.text
    assert await world.picture(number) == before


async def test_who_may_not_see_the_case_sees_no_draft(world: World) -> None:
    """Neither the page nor the address for the command line says that it exists."""
    number = await at_the_gate(world, facts=WORDS)
    lena = await world.browser("lena")

    assert (await lena.get(f"/cases/{number}/reports/basis-memo")).status == 404
    assert (await read(world, "lena", number, "basis-memo")).status_code == 404
    assert (await read(world, "diana", number, "no-such-report")).status_code == 404


async def test_nothing_of_a_draft_is_in_clear(world: World, tmp_path: Path) -> None:
    """What the case's readers see decrypted lies sealed in every file of the store (I13)."""
    number = await at_the_gate(world, facts=WORDS)
    diana = await world.browser("diana")
    assert WORDS in (await diana.get(f"/cases/{number}")).text

    files = [path for path in tmp_path.rglob("*") if path.is_file()]

    assert any(path.name == "escalate.db" for path in files)
    assert not [path for path in files if WORDS.encode() in path.read_bytes()]


async def test_the_command_line_prints_what_the_page_shows(world: World) -> None:
    """Standing, gaps, fields and digest, and how it reaches the authority by hand."""
    number = await at_the_gate(world, facts=WORDS)

    told = (await read(world, "diana", number, "basis-memo")).json()

    said = printed(report_page(told))
    assert "Not complete yet." in said
    assert "No connector is switched on" in said
    assert "Account concerned is missing (answer:account)" in said
    assert WORDS in said
    assert told["digest"] in said
    assert told["fields"] == {"facts": WORDS}
    assert WORDS in told["document"]


async def test_a_verdict_on_the_command_line_is_signed_on_the_draft(world: World) -> None:
    """What is printed before a verdict is signed has the draft in it."""
    number = await at_the_gate(world, **{**MEMO, "facts": WORDS})
    async with httpx.AsyncClient(base_url=world.url, timeout=30) as http:
        said = await http.post("/api/login", json={"person": "diana", "password": "demo"})
        shown = await http.get(
            f"/api/cases/{number}/rounds/{GATE}",
            headers={"Authorization": f"Bearer {said.json()['token']}"},
        )

    text = printed(gate_page(shown.json()))

    assert "Keep the basis of the disclosure: Basis of an emergency disclosure" in text
    assert "Missing: Account concerned is missing" in text
