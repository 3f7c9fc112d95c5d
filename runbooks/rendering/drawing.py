"""What pictures are drawn with: text of a known width, shapes, and colours for day and night."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

_NARROW = frozenset("iljtfrI.,:;'|!()[] -·")
_WIDE = frozenset("mwMWQOGD@%—→")

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif"

LANES = 6
"""Colours of lines; neighbours never share one."""

_DAY = {
    "bg": "#ffffff", "card": "#f6f8fa", "edge": "#d0d7de", "ink": "#1c2430", "soft": "#57616f",
    "work": "#4a76a8", "gate": "#a8660b", "closure": "#2b7a4b", "yes": "#2b7a4b",
    "no": "#b42335", "ask": "#0f6f86", "auto": "#8a4b08",
    "sev0": "#8f1420", "sev1": "#b42335", "sev2": "#a8560b", "sev3": "#4a6a1c", "sev4": "#57616f",
    "l0": "#3b5bdb", "l1": "#b0246a", "l2": "#0b7285", "l3": "#7b3fa0", "l4": "#b8510a",
    "l5": "#4f7a0f",
}  # fmt: skip
_NIGHT = {
    "bg": "#0f141a", "card": "#1a212a", "edge": "#3a4552", "ink": "#e8edf3", "soft": "#a9b4c0",
    "work": "#7fa8d6", "gate": "#e0a84a", "closure": "#67c18c", "yes": "#67c18c",
    "no": "#f0808c", "ask": "#5cc3d9", "auto": "#e0a84a",
    "sev0": "#c33a47", "sev1": "#c33a47", "sev2": "#b4661a", "sev3": "#557a26", "sev4": "#5d6875",
    "l0": "#8ea6ff", "l1": "#f08cb8", "l2": "#5cc3d9", "l3": "#cfa0ec", "l4": "#f2a063",
    "l5": "#a5cf5b",
}  # fmt: skip

_RULES = f"""
.rb text {{ font-family: {FONT}; fill: var(--ink); }}
.rb .soft {{ fill: var(--soft); }}
.rb .bold {{ font-weight: 650; }}
.rb .asks {{ font-style: italic; }}
.rb .code {{ font-family: ui-monospace, 'SF Mono', Menlo, Consolas, monospace; }}
.rb .onto {{ fill: #ffffff; }}
.rb .line {{ fill: none; stroke-width: 2; stroke-linejoin: round; }}
.rb .halo {{ fill: none; stroke: var(--bg); stroke-width: 6; }}
.rb .rule {{ stroke-width: 1; }}
.rb .auto {{ stroke-dasharray: 5 4; }}
"""


def style() -> str:
    """The style sheet of a picture, for day and night."""
    day = "".join(f"--{name}:{value};" for name, value in _DAY.items())
    night = "".join(f"--{name}:{value};" for name, value in _NIGHT.items())
    return f".rb{{{day}}}@media (prefers-color-scheme: dark){{.rb{{{night}}}}}" + " ".join(
        _RULES.split()
    )


def width(text: str, size: float, *, bold: bool = False) -> float:
    """How wide the text is at most, in the fonts that pictures ask for."""
    ems = sum(
        0.33 if char in _NARROW else 0.92 if char in _WIDE else 0.7 if char.isupper() else 0.56
        for char in text
    )
    return ems * size * (1.07 if bold else 1.0)


def wrap(text: str, size: float, room: float, *, bold: bool = False) -> list[str]:
    """The text in lines of at most that width; a word longer than a line stands alone."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width(longer, size, bold=bold) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


@dataclass
class Canvas:
    """A picture in the making."""

    parts: list[str] = field(default_factory=list)

    def text(
        self, x: float, y: float, text: str, *, size: float = 13, look: str = "", end: bool = False
    ) -> None:
        """The line of text stands with its foot at y."""
        anchor = ' text-anchor="end"' if end else ""
        looks = f' class="{look}"' if look else ""
        self.parts.append(
            f'<text x="{x:g}" y="{y:g}" font-size="{size:g}"{looks}{anchor}>{escape(text)}</text>'
        )

    def lines(
        self, x: float, y: float, lines: Iterable[str], *, size: float, look: str = "", step: float
    ) -> float:
        """The lines stand one below the other; where the next one would is returned."""
        for line in lines:
            self.text(x, y, line, size=size, look=look)
            y += step
        return y

    def box(
        self,
        x: float,
        y: float,
        wide: float,
        high: float,
        *,
        fill: str = "card",
        edge: str | None = "edge",
        round_: float = 10,
    ) -> None:
        """A box with round corners."""
        stroke = f' stroke="var(--{edge})"' if edge else ""
        self.parts.append(
            f'<rect x="{x:g}" y="{y:g}" width="{wide:g}" height="{high:g}" rx="{round_:g}" '
            f'fill="var(--{fill})"{stroke}/>'
        )

    def dot(self, x: float, y: float, *, fill: str, radius: float = 4.5) -> None:
        """A dot."""
        self.parts.append(f'<circle cx="{x:g}" cy="{y:g}" r="{radius:g}" fill="var(--{fill})"/>')

    def path(self, d: str, *, colour: str, look: str = "line") -> None:
        """A line."""
        self.parts.append(f'<path d="{d}" class="{look}" stroke="var(--{colour})"/>')

    def halo(self, d: str) -> None:
        """Whatever crosses that line keeps its distance from it."""
        self.parts.append(f'<path d="{d}" class="halo"/>')

    def tip(self, x: float, y: float, *, colour: str, towards: str) -> None:
        """The tip of an arrow that has arrived at that point."""
        dx, dy = {"left": (1, 0), "right": (-1, 0), "down": (0, -1)}[towards]
        side = f"{x + 8 * dx - 4.5 * dy:g},{y + 8 * dy - 4.5 * dx:g}"
        other = f"{x + 8 * dx + 4.5 * dy:g},{y + 8 * dy + 4.5 * dx:g}"
        self.parts.append(f'<path d="M{x:g},{y:g} L{side} L{other} Z" fill="var(--{colour})"/>')

    def group(self, parts: "Canvas", *, name: str, label: str) -> None:
        """The other picture's parts are part of this one, under a label."""
        attributes = f"class={quoteattr(name)} aria-label={quoteattr(label)}"
        self.parts.append(f"<g {attributes}>{''.join(parts.parts)}</g>")

    def svg(self, wide: float, high: float, *, name: str, title: str, desc: str) -> str:
        """The whole picture as SVG, with what it shows in words."""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="rb" viewBox="0 0 {wide:g} {high:g}" '
            f'width="{wide:g}" height="{high:g}" style="max-width:100%;height:auto" role="img" '
            f'aria-labelledby="{name}-title {name}-desc">'
            f'<title id="{name}-title">{escape(title)}</title>'
            f'<desc id="{name}-desc">{escape(desc)}</desc><style>{style()}</style>'
            f'<rect width="100%" height="100%" fill="var(--bg)"/>{"".join(self.parts)}</svg>\n'
        )
