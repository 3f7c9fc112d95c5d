"""A page as one HTML file: no script, nothing loaded, readable by day, by night and on paper."""

from html import escape

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
from runbooks.rendering.pathway_picture import pathway_picture
from runbooks.rendering.severity_picture import severity_picture
from runbooks.runbook import Runbook

_STYLE = """
:root { color-scheme: light dark; --bg: #fff; --ink: #1c2430; --soft: #57616f; --edge: #d0d7de;
  --card: #f6f8fa; }
@media (prefers-color-scheme: dark) { :root { --bg: #0f141a; --ink: #e8edf3; --soft: #a9b4c0;
  --edge: #3a4552; --card: #1a212a; } }
body { margin: 0 auto; padding: 1.25rem; max-width: 58rem; background: var(--bg);
  color: var(--ink); font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, Arial,
  sans-serif; }
h1 { font-size: 1.8rem; line-height: 1.2; }
h2 { margin-top: 2.4rem; border-bottom: 1px solid var(--edge); padding-bottom: .3rem; }
h3 { margin: 1.8rem 0 .4rem; }
ul, ol { padding-left: 1.2rem; }
li { overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .93rem; }
th, td { text-align: left; vertical-align: top; padding: .45rem .6rem;
  border-bottom: 1px solid var(--edge); }
th { color: var(--soft); font-weight: 600; white-space: nowrap; }
blockquote { margin: .6rem 0; padding: .7rem 1rem; background: var(--card);
  border-left: 4px solid var(--edge); border-radius: 6px; white-space: pre-wrap; }
figure { margin: 1rem 0; }
@media (max-width: 40rem) {
  thead { position: absolute; left: -999rem; }
  table, tbody, tr, td { display: block; }
  tr { border: 1px solid var(--edge); border-radius: 8px; margin: .6rem 0; padding: .3rem 0; }
  td { border: 0; padding: .2rem .7rem; display: grid; grid-template-columns: 7.2rem 1fr;
    gap: .6rem; overflow-wrap: anywhere; }
  td::before { content: attr(data-head); color: var(--soft); font-size: .85rem; }
}
@media print { body { max-width: none; } h2, h3 { break-after: avoid; } figure { break-inside: avoid; } }
"""  # noqa: E501 - a style sheet


def html(page: Page, *, runbook: Runbook) -> str:
    """The page as one file that needs nothing else."""
    body = "\n".join(_block(block, runbook) for block in page)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8"/>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1"/>\n'
        f"<title>{escape(runbook.document.title)}</title>\n<style>{_STYLE}</style>\n"
        f"</head>\n<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _block(block: Block, runbook: Runbook) -> str:
    match block:
        case Heading():
            return f"<h{block.level}>{escape(block.text)}</h{block.level}>"
        case Paragraph():
            return f"<p>{escape(block.text)}</p>"
        case Points():
            items = "".join(
                f"<li><strong>{escape(word)}</strong>: {escape(text)}</li>"
                for word, text in block.items
            )
            return f"<ol>{items}</ol>" if block.numbered else f"<ul>{items}</ul>"
        case Grid():
            return _grid(block)
        case Quote():
            title = f"<strong>{escape(block.title)}</strong>\n" if block.title else ""
            return f"<blockquote>{title}{escape(block.text)}</blockquote>"
        case Figure():
            drawn = pathway_picture if block.picture is Picture.PATHWAY else severity_picture
            return f"<figure>{drawn(runbook)}</figure>"


def _grid(grid: Grid) -> str:
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in grid.head)
    rows = "".join(
        "<tr>"
        + "".join(
            f'<td data-head="{escape(name)}">{escape(cell)}</td>'
            for name, cell in zip(grid.head, row, strict=True)
        )
        + "</tr>"
        for row in grid.rows
    )
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    return f'<div class="wide">{table}</div>'
