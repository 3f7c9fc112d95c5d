"""`escalate runbook simulate --tabletop`: one case, stepped through by people at a table."""

import asyncio
import sys
import threading
from typing import TYPE_CHECKING

from cli.output import say

if TYPE_CHECKING:
    from workers.simulation.simulation import Order
    from workers.simulation.tabletop import Option, Table, View

HELP = (
    "number or words of an act: do it · t [minutes]: let time pass · p: the others act · q: leave"
)
DAY, HOUR = 24 * 60, 60
SHORTEST = 4
"""Letters of an act: fewer might mean anything."""


async def tabletop(order: "Order") -> int:
    """The case has been played to its end, or left."""
    from cli.simulate import engine
    from workers.simulation.simulation import at_table

    lines = _Lines()
    async with engine() as running, at_table(order, engine=running) as table:
        case = table.placed.case
        say(f"{case.runbook}: a case arrives from {case.arrival.region}.")
        say(f"Reported: {_said(case.reported)}. {HELP}")
        while True:
            view = await table.look()
            _show(view)
            if view.ended:
                say(f"True were {case.truth.severity.value} and {case.truth.disposition}.")
                return 0
            line = await lines.next()
            if line is None or line == "q":
                say("Left.")
                return 0
            await _do(table, view, line)


async def _do(table: "Table", view: "View", line: str) -> None:
    word, _, rest = line.partition(" ")
    if word == "t" and (not rest or rest.isdigit()):
        await table.pass_time(int(rest) if rest else None)
    elif word == "p":
        say(await table.others_act() or "Nobody wants to do anything.")
    elif (option := _chosen(view, line)) is not None:
        receipt = await table.choose(option)
        if receipt is not None:
            why = f" ({receipt.reason.value} {receipt.detail})" if receipt.reason else ""
            say(f"{option.said}: {receipt.outcome.value}{why}")
    else:
        say(HELP)


def _chosen(view: "View", line: str) -> "Option | None":
    """The option of that number, or the first whose words these are: scripts use words."""
    if line.isdigit():
        place = int(line)
        return view.options[place - 1] if 0 < place <= len(view.options) else None
    if len(line) < SHORTEST:
        return None
    return next((option for option in view.options if line in option.said), None)


def _show(view: "View") -> None:
    say(f"\n[{_clock(view.minute)}] {view.severity} {view.next}".rstrip())
    for told in view.told:
        asleep = " (asleep)" if told.night else ""
        say(f"  told: {told.person}{asleep}, {told.purpose}")
    for owed in view.waiting:
        say(f"  owes: {owed.role}: {owed.what}")
    for title, left in view.clocks:
        say(f"  clock: {title}: {_span(left)}")
    if view.ended:
        say(f"  ended: {view.ended}")
    for number, option in enumerate(view.options, start=1):
        say(f"  {number:2} {option.said}")


class _Lines:
    """Lines of standard input, read beside the loop so that an interrupt is heard at once."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._lines: asyncio.Queue[str | None] = asyncio.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    async def next(self) -> str | None:
        """The next line; None when there are no more."""
        return await self._lines.get()

    def _read(self) -> None:
        for line in sys.stdin:
            self._loop.call_soon_threadsafe(self._lines.put_nowait, line.strip())
        self._loop.call_soon_threadsafe(self._lines.put_nowait, None)


def _said(answers: object) -> str:
    pairs = answers.items() if isinstance(answers, dict) else ()
    return ", ".join(f"{name} {answer}" for name, answer in pairs) or "nothing"


def _clock(minute: int) -> str:
    days, rest = divmod(minute, DAY)
    return f"day {days + 1}, {rest // HOUR:02}:{rest % HOUR:02}"


def _span(minutes: int) -> str:
    hours, rest = divmod(abs(minutes), HOUR)
    said = f"{hours} h {rest} m" if hours else f"{rest} m"
    return f"{said} late" if minutes < 0 else f"{said} left"
