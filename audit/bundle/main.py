"""`escalate-verify`: an export verified by somebody who has nothing of us but this.

escalate-verify EXPORT --keys FILE [--policy FILE] [--tsa-roots FILE] [--keyring FILE] [--at NOW]
                [--replay] [--time-limit SECONDS] [--json]
"""

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from audit.bundle.limit import SECONDS, verify_within
from audit.log.errors import LogError
from audit.log.exported import parse_logs
from audit.manifest import parse_keys
from audit.verdict import Verdict
from audit.vouchers import brought

USAGE = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """0 PASS, 1 FAIL, 2 INCOMPLETE; 2 as well for a question that cannot be asked."""
    options = argparse.ArgumentParser(prog="escalate-verify", description=__doc__)
    options.add_argument("export", type=Path, help="a folder, or a tar that escalate wrote")
    options.add_argument("--keys", type=Path, help='{"root": "<base64>", "log": "<note key>"}')
    options.add_argument("--policy", type=Path, help="C2SP tlog-policy: whose cosignatures count")
    options.add_argument("--tsa-roots", type=Path, help="PEM of authorities whose time you believe")
    options.add_argument("--keyring", type=Path, help="a keyring note newer than the export's")
    options.add_argument(
        "--at",
        type=_instant,
        metavar="NOW",
        help='your own clock, for --policy, --tsa-roots and --keyring: "$(date -u +%%FT%%TZ)"',
    )
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
    try:
        more = _vouchers(asked)
    except (OSError, LogError, ValueError) as error:
        sys.stderr.write(f"--policy, --tsa-roots, --keyring: {error}\n")
        return USAGE
    how = "replay" if asked.replay else "alone"
    verdict = verify_within(
        asked.time_limit, asked.export, pinned=pinned, logs=logs, how=how, more=more
    )
    sys.stdout.write(spoken(verdict, as_json=asked.json) + "\n")
    return verdict.exit_code


def _vouchers(asked: argparse.Namespace) -> list[str]:
    """What is said to the verification of them; raises for what cannot be used."""
    files = {"policy": asked.policy, "tsa-roots": asked.tsa_roots, "keyring": asked.keyring}
    if asked.at is None:
        if any(files.values()):
            raise ValueError("say with --at what time it is by your clock")
        return []
    policy, roots, keyring = (file.read_bytes() if file else b"" for file in files.values())
    # Read here as well, so that a file which cannot be used is a wrong use and no verdict.
    brought(at=asked.at, policy=policy, roots=roots, keyring=keyring)
    more = ["--at", asked.at.isoformat()]
    for name, file in files.items():
        more += [f"--{name}", str(file.absolute())] if file else []
    return more


def _instant(text: str) -> datetime:
    """An instant with its zone; ValueError otherwise."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(text)
    return found


def spoken(verdict: Verdict, *, as_json: bool) -> str:
    """The verdict for a person, or for a program."""
    if not as_json:
        return "\n".join(verdict.lines())
    written = verdict.model_dump(mode="json")
    return json.dumps({**written, "outcome": verdict.outcome.value}, ensure_ascii=False, indent=2)


if __name__ == "__main__":
    sys.exit(main())
