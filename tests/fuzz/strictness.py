"""The table of what ours refuses and the vendor's verifier takes, as `docs/` shows it."""

from tests.fuzz.frame import EVERYBODYS
from tests.fuzz.verifiers import VERIFIERS


def table() -> str:
    """One row a class; `python -m tests.fuzz --table` prints it."""
    rows = [
        "| Door | Class | What is refused | Why |",
        "| --- | --- | --- | --- |",
        *(f"| every door | `{each.name}` | {each.what} | {each.why} |" for each in EVERYBODYS),
    ]
    for verifier in VERIFIERS:
        rows += [
            f"| {verifier.name} | `{each.name}` | {each.what} | {each.why} |"
            for each in verifier.stricter
        ]
    return "\n".join(rows) + "\n"


def oracles() -> str:
    """One row a vendor: what ours is held against."""
    rows = ["| Door | Held against |", "| --- | --- |"]
    rows += [f"| {verifier.name} | {verifier.oracle} |" for verifier in VERIFIERS]
    return "\n".join(rows) + "\n"
