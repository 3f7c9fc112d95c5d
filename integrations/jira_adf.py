"""Jira's document format: our plain words as a document, and a document's text for our marks.

The v3 interface takes no string where it wants a document (400), and no empty text in one.
"""

import re
from typing import Any

_ADDRESS = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:)]")
_DEEPEST = 64


def document(text: str) -> dict[str, Any]:
    """The text as a document: a paragraph a line, addresses as links, nothing of it interpreted."""
    return {"type": "doc", "version": 1, "content": [_paragraph(line) for line in text.split("\n")]}


def text_of(body: Any) -> str:
    """The text of a document, or of the plain string that webhooks and v2 carry instead."""
    if isinstance(body, str):
        return body
    return "".join(_texts(body, depth=0))


def _paragraph(line: str) -> dict[str, Any]:
    content: list[dict[str, Any]] = []
    end = 0
    for found in _ADDRESS.finditer(line):
        content += _plain(line[end : found.start()])
        link = {"type": "link", "attrs": {"href": found[0]}}
        content.append({"type": "text", "text": found[0], "marks": [link]})
        end = found.end()
    content += _plain(line[end:])
    return {"type": "paragraph", "content": content}


def _plain(text: str) -> list[dict[str, Any]]:
    return [{"type": "text", "text": text}] if text else []


def _texts(node: Any, *, depth: int) -> list[str]:
    if not isinstance(node, dict) or depth > _DEEPEST:
        return []
    if isinstance(node.get("text"), str):
        return [node["text"]]
    content = node.get("content")
    inner = [
        text
        for child in (content if isinstance(content, list) else [])
        for text in _texts(child, depth=depth + 1)
    ]
    return [*inner, "\n"] if node.get("type") in {"paragraph", "heading"} else inner
