"""A page as Markdown; pictures are Mermaid, which repositories and wikis draw themselves."""

import re

from runbooks.rendering.blocks import (
    Block,
    Figure,
    Grid,
    Heading,
    Page,
    Paragraph,
    Picture,
    Points,
    Quote,
)
from runbooks.rendering.mermaid import mermaid, severity_mermaid
from runbooks.runbook import Runbook

_SPECIAL = re.compile(r"([\\`*_\[\]<>|#])")


def markdown(page: Page, *, runbook: Runbook) -> str:
    """The page in CommonMark with tables."""
    return "\n\n".join(_block(block, runbook) for block in page) + "\n"


def _block(block: Block, runbook: Runbook) -> str:
    match block:
        case Heading():
            return f"{'#' * block.level} {_plain(block.text)}"
        case Paragraph():
            return _plain(block.text)
        case Points():
            return "\n".join(
                f"{f'{number}.' if block.numbered else '-'} "
                + (f"**{_plain(word)}**: {_plain(text)}" if word else _plain(text))
                for number, (word, text) in enumerate(block.items, start=1)
            )
        case Grid():
            rows = [block.head, ("---",) * len(block.head), *block.rows]
            return "\n".join(
                "| " + " | ".join(cell if row[0] == "---" else _plain(cell) for cell in row) + " |"
                for row in rows
            )
        case Quote():
            lines = [f"**{_plain(block.title)}**", ""] if block.title else []
            lines += [_plain(line) for line in block.text.splitlines()]
            return "\n".join(f"> {line}".rstrip() for line in lines)
        case Figure():
            drawn = mermaid if block.picture is Picture.PATHWAY else severity_mermaid
            return f"```mermaid\n{drawn(runbook)}```"


def _plain(text: str) -> str:
    """The text as text: nothing in it is read as Markdown."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))
