"""`python -m bench.coverage`: what of each runbook its stories try, as a table."""

import asyncio
import json
import sys
from collections import Counter

from runbooks import compile_runbook, library, load_runbook
from tests.workflows.covering import everything, exercised
from tests.workflows.stories import told
from tests.workflows.test_library_at_a_desk import played

PARTS = {
    "stages": ("stage",),
    "outcomes": ("outcome",),
    "gates": ("round", "question"),
    "rows": ("row",),
    "clocks": ("clock",),
    "late steps": ("late",),
    "effects": ("effect", "held back"),
    "endings": ("ending",),
}
"""Columns of the table, and the kinds of lines each counts; `others` is the rest."""


async def coverage(name: str) -> dict[str, str]:
    """The runbook's row: how many of its lines were tried, of how many there are."""
    runbook = load_runbook(library()[name], file=f"{name}.yaml")
    wanted = everything(runbook, compile_runbook(runbook))
    tried = set[tuple[str, ...]]()
    for story in told()[name]:
        case = await played(name, story)
        tried |= exercised(case.world.entries[case.handle.id])
    part_of = {kind: part for part, kinds in PARTS.items() for kind in kinds}
    of = Counter(part_of.get(line[0], "others") for line in wanted)
    got = Counter(part_of.get(line[0], "others") for line in wanted & tried)
    columns = {part: f"{got[part]}/{of[part]}" for part in (*PARTS, "others")}
    share = len(wanted & tried) / len(wanted)
    return {
        "runbook": name,
        "stories": str(len(told()[name])),
        **columns,
        "covered": f"{share:.0%}",
    }


async def table() -> list[dict[str, str]]:
    """Every runbook's row."""
    return [await coverage(name) for name in sorted(told())]


def main() -> int:
    """0 if every line of every runbook is tried."""
    rows = asyncio.run(table())
    if "--json" in sys.argv:
        print(json.dumps(rows))
    else:
        print("| " + " | ".join(rows[0]) + " |")
        print("|" + " --- |" * len(rows[0]))
        for row in rows:
            print("| " + " | ".join(row.values()) + " |")
    return 0 if all(row["covered"] == "100%" for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
