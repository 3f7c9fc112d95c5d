"""Runbooks as texts that tests rewrite: one of everything, in any layout."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from runbooks import Runbook, load_runbook

WHOLE = (Path(__file__).parent / "whole.yaml").read_text(encoding="utf-8")
"""A runbook that uses every key of the language."""


def load(text: str) -> Runbook:
    """The runbook in the text."""
    return load_runbook(text.encode(), file="a.yaml")


def written(plain: Any, *, flow: bool = False, width: int = 4096) -> str:
    """The document as YAML in another layout."""
    yaml = YAML(pure=True)
    yaml.default_flow_style = flow
    yaml.width = width
    out = StringIO()
    yaml.dump(plain, out)
    return out.getvalue()


def plain(text: str) -> Any:
    """The document without its places."""
    return json.loads(json.dumps(load(text).root.plain()))
