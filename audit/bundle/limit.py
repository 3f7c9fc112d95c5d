"""A verification under a hard limit of time: silence is never taken for a PASS."""

import base64
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from pydantic import ValidationError

from audit.log.note import NoteKey
from audit.verdict import Verdict, judged
from audit.verifying import broken_off

SECONDS = 300.0
"""Without another limit: a case of ten thousand events takes less than a minute."""


def verify_within(
    seconds: float,
    place: Path,
    *,
    pinned: Iterable[bytes],
    logs: Iterable[NoteKey],
    how: str,
    more: Iterable[str] = (),
) -> Verdict:
    """The verdict, or INCOMPLETE when there was none in that time; FAIL when it broke off.

    `more` is what else `audit.verifying` is asked.
    """
    command = [sys.executable, "-P", "-m", "audit.verifying", "--with", how]
    for root in pinned:
        command += ["--root", base64.b64encode(root).decode()]
    for log in logs:
        command += ["--log", str(log)]
    command += more
    try:
        done = subprocess.run(  # noqa: S603 - our own module, and keys that were parsed before
            [*command, "--", str(place.absolute())],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        why = f"no verdict within {seconds:g} s: nothing is said of this export"
        return Verdict(checks=(judged("time limit", wrong=[], missing=[why]),))
    if done.returncode != 0:
        return broken_off(f"the process ended with {done.returncode}")
    try:
        return Verdict.model_validate_json(done.stdout)
    except ValidationError:
        return broken_off("it wrote no verdict")
