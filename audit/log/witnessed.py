"""Whether enough of the witnesses that a verifier trusts vouched for an export's checkpoint."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from audit.log.checkpoint import trusted_checkpoint
from audit.log.cosignature import Cosigned, cosignatures
from audit.log.errors import LogError
from audit.log.exported import CHECKPOINT
from audit.log.note import NoteKey, read_note
from audit.log.policy import Policy
from audit.verdict import Check, judged

NAME = "witnesses"
SKEW = timedelta(minutes=5)
"""Clocks of witnesses, authorities and verifiers differ by less, or one of them is wrong."""


@dataclass(frozen=True)
class Witnessed:
    """What was found, for whoever looks at keys and instants next."""

    check: Check
    cosigned: tuple[Cosigned, ...] = ()


def check_witnesses(
    files: Mapping[str, bytes],
    *,
    policy: Policy,
    logs: Iterable[NoteKey],
    at: datetime,
) -> Witnessed:
    """Whether the quorum is met, at `at`; the lines that nobody asked for say nothing.

    FAIL for a line under a trusted witness's key that does not hold, or that is of the future;
    INCOMPLETE for what is missing.
    """
    data = files.get(CHECKPOINT)
    if data is None:
        missing = ["no checkpoint is in it for anybody to vouch for"] if policy.asks else []
        return Witnessed(judged(NAME, wrong=[], missing=missing))
    known = tuple(logs)
    unknown = [] if known else ["no log key was given: whose checkpoint it is was not checked"]
    try:
        if known:
            trusted_checkpoint(data, known)
        found = tuple(cosignatures(read_note(data), [each.key for each in policy.witnesses]))
    except LogError as error:
        return Witnessed(judged(NAME, wrong=[f"{CHECKPOINT}: {error}"]))
    wrong = [
        f"{each.key.name} vouched for it at {each.at:%Y-%m-%d %H:%M:%S} UTC, which is to come"
        for each in found
        if each.at > at + SKEW
    ]
    lacking = policy.lacking(each.key for each in found)
    if lacking:
        unknown.append(f"not vouched for by enough witnesses; lacking: {', '.join(lacking)}")
    return Witnessed(judged(NAME, wrong=wrong, missing=unknown), found)
