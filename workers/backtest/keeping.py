"""What a backtest leaves in a folder: the result, every changed case, and a picture."""

import json
from collections.abc import Iterator
from pathlib import Path

from workers.backtest.backtest import Backtest
from workers.backtest.drawing import picture


def keep(found: Backtest, *, out: Path) -> Iterator[Path]:
    """The files have been written."""
    out.mkdir(parents=True, exist_ok=True)
    yield _written(out / "backtest.json", found.as_json)
    doubtful = {each.case: each for each in found.assumptions}
    lines = []
    for change in found.differences.changes:
        line = change.model_dump(mode="json")
        known = doubtful.get(change.case)
        line["assumed"] = list(known.assumed) if known is not None else []
        line["dropped"] = list(known.dropped) if known is not None else []
        lines.append(json.dumps(line, ensure_ascii=False, sort_keys=True))
    yield _written(out / "changes.jsonl", "".join(f"{line}\n" for line in lines))
    yield _written(out / "backtest.svg", picture(found))


def _written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path
