"""`escalate-verify`: an export verified by somebody who has nothing of us but this.

escalate-verify EXPORT --keys FILE [--replay] [--time-limit SECONDS] [--json]
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from audit.bundle.limit import SECONDS, verify_within
from audit.log.errors import LogError
from audit.log.exported import parse_logs
from audit.manifest import parse_keys
from audit.verdict import Verdict

USAGE = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """0 PASS, 1 FAIL, 2 INCOMPLETE; 2 as well for a question that cannot be asked."""
    options = argparse.ArgumentParser(prog="escalate-verify", description=__doc__)
    options.add_argument("export", type=Path, help="a folder, or a tar that escalate wrote")
    options.add_argument("--keys", type=Path, help='{"root": "<base64>", "log": "<note key>"}')
    options.add_argument("--replay", action="store_true", help="needs the whole of escalate")
    options.add_argument("--time-limit", type=float, default=SECONDS, metavar="SECONDS")
    options.add_argument("--json", action="store_true")
    asked = options.parse_args(arguments)
    pinned: frozenset[bytes] = frozenset()
    logs = parse_logs("")
    if asked.keys is not None:
        try:
            text = asked.keys.read_text(encoding="utf-8")
            pinned, logs = parse_keys(text), parse_logs(text)
        except (OSError, ValueError, LogError) as error:
            sys.stderr.write(f"{asked.keys}: {error}\n")
            return USAGE
    how = "replay" if asked.replay else "alone"
    verdict = verify_within(asked.time_limit, asked.export, pinned=pinned, logs=logs, how=how)
    sys.stdout.write(spoken(verdict, as_json=asked.json) + "\n")
    return verdict.exit_code


def spoken(verdict: Verdict, *, as_json: bool) -> str:
    """The verdict for a person, or for a program."""
    if not as_json:
        return "\n".join(verdict.lines())
    written = verdict.model_dump(mode="json")
    return json.dumps({**written, "outcome": verdict.outcome.value}, ensure_ascii=False, indent=2)


if __name__ == "__main__":
    sys.exit(main())
