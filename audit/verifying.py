"""One verification in a process of its own: a verdict as JSON on standard output, exit code 0.

Whoever asks can then set a hard limit: a parser that hangs or takes all memory ends this process
and never gets as far as a verdict, and nobody takes silence for a PASS (`audit.bundle.limit`).
"""

import argparse
import asyncio
import base64
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from audit.bundle.alone import verify_alone
from audit.log.note import NoteKey
from audit.verdict import Verdict, judged
from audit.vouchers import brought

NEEDS_ALL = "replaying needs the whole of escalate; without --replay little is needed"


def main(arguments: Sequence[str] | None = None) -> int:
    """The verdict on one export is written."""
    options = argparse.ArgumentParser(prog="python -m audit.verifying")
    options.add_argument("place", type=Path)
    options.add_argument("--root", action="append", default=[], help="base64; may be repeated")
    options.add_argument("--log", action="append", default=[], help="a note's key; may be repeated")
    options.add_argument("--at", type=datetime.fromisoformat, help="the verifier's own clock")
    options.add_argument("--policy", type=Path)
    options.add_argument("--tsa-roots", type=Path)
    options.add_argument("--keyring", type=Path)
    options.add_argument("--with", dest="how", choices=HOW, default="alone")
    asked = options.parse_args(arguments)
    try:
        verdict = _verdict(asked)
    except Exception as error:  # noqa: BLE001 - the edge of the process: whatever it is, no PASS
        verdict = broken_off(type(error).__name__)
    sys.stdout.write(verdict.model_dump_json())
    return 0


HOW = ("alone", "histories", "replay")
"""Without Temporal's histories, with them, and with strict replay of them."""


def broken_off(why: str) -> Verdict:
    """A verification that did not get to its end by itself."""
    return Verdict(checks=(judged("verification", wrong=[f"broke off: {why}"]),))


def _verdict(asked: argparse.Namespace) -> Verdict:
    pinned = frozenset(base64.b64decode(item, validate=True) for item in asked.root)
    logs = frozenset(NoteKey.parse(item) for item in asked.log)
    vouchers = None
    if asked.at is not None:
        files = (asked.policy, asked.tsa_roots, asked.keyring)
        policy, roots, keyring = (file.read_bytes() if file else b"" for file in files)
        vouchers = brought(at=asked.at, policy=policy, roots=roots, keyring=keyring)
    if asked.how == "alone":
        return verify_alone(asked.place, pinned=pinned, logs=logs, vouchers=vouchers)
    try:
        # Most verifiers have no Temporal installed, and need none until they ask for this.
        from audit.verify import verify  # noqa: PLC0415
    except ImportError:
        return Verdict(checks=(judged("strict replay", wrong=[], missing=[NEEDS_ALL]),))
    replay = asked.how == "replay"
    return asyncio.run(
        verify(asked.place, pinned=pinned, logs=logs, vouchers=vouchers, replay=replay)
    )


if __name__ == "__main__":
    sys.exit(main())
