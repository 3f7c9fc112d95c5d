"""A runbook, rendered for people: pictures, playbook and article, all from the one text."""

from runbooks.rendering.article import article
from runbooks.rendering.html import html
from runbooks.rendering.markdown import markdown
from runbooks.rendering.mermaid import mermaid
from runbooks.rendering.pathway_picture import pathway_picture
from runbooks.rendering.playbook import playbook
from runbooks.rendering.severity_picture import severity_picture

__all__ = [
    "article",
    "html",
    "markdown",
    "mermaid",
    "pathway_picture",
    "playbook",
    "severity_picture",
]
