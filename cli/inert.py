"""What people wrote is shown on a terminal, and never obeyed by it.

A reporter may write escape sequences that move the cursor, rename the window or hide a line, and
marks that turn the direction of reading. They are seen as signs, so that a reader notices them.
"""

import re
from collections.abc import Iterable

from rich.console import Console, ConsoleOptions, ConsoleRenderable, RenderableType, RenderHook
from rich.measure import Measurement
from rich.segment import Segment

# C0 but tab and line end, DEL, C1, the marks of direction, and the separators that are line ends.
_ACTIVE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_PICTURES = 0x2400
_DELETE = "\x7f"


def inert(text: str) -> str:
    """The text with every sign that a terminal would act on made visible."""
    return _ACTIVE.sub(_shown, text)


def inert_json(text: str) -> str:
    """JSON text that means the same, with those signs spelt as JSON spells them."""
    return _ACTIVE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


class Inert(RenderHook):
    """Whatever a console prints is inert; styles of our own stay."""

    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        """Each of them, wrapped."""
        return [_Wrapped(each) for each in renderables]


def guarded(console: Console) -> Console:
    """The console, which obeys nothing that people wrote."""
    console.push_render_hook(Inert())
    return console


class _Wrapped:
    def __init__(self, inner: RenderableType) -> None:
        self._inner = inner

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterable[Segment]:
        for segment in console.render(self._inner, options):
            if segment.control:
                yield segment
            else:
                yield Segment(inert(segment.text), segment.style)

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement.get(console, options, self._inner)


def _shown(found: re.Match[str]) -> str:
    sign = found[0]
    if sign < " ":
        return chr(_PICTURES + ord(sign))
    return "␡" if sign == _DELETE else f"<U+{ord(sign):04X}>"
