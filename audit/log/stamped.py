"""Whether an authority of time that a verifier trusts stamped an export's checkpoint.

The token says when everything under the checkpoint was there at the latest. So no entry can claim a
later instant, and nobody could have made the log up afterwards, whatever keys they hold.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from audit.log.cosignature import Cosigned
from audit.log.errors import LogError
from audit.log.exported import CHECKPOINT, TOKEN
from audit.log.timestamp import Roots, Stamped, verify_token
from audit.log.witnessed import SKEW
from audit.verdict import Check, judged

NAME = "time"
_SHOWN = 3


class Claim(NamedTuple):
    """When an entry under the checkpoint says that it was recorded."""

    stream: str
    sequence: int
    at: datetime


@dataclass(frozen=True)
class Timed:
    """What was found, for whoever looks at certificates next."""

    check: Check
    stamped: Stamped | None = None


def check_time(
    files: Mapping[str, bytes],
    *,
    roots: Roots | None,
    claims: Iterable[Claim],
    cosigned: Iterable[Cosigned] = (),
    at: datetime,
) -> Timed | None:
    """Whether the token holds for these roots; None where there is none and none is asked for."""
    token, data = files.get(TOKEN), files.get(CHECKPOINT)
    if token is None and roots is None:
        return None
    if token is None or data is None:
        return Timed(judged(NAME, wrong=[], missing=["no time stamp is in it"]))
    if roots is None:
        missing = ["whose time stamps you believe was not said: its token is not checked"]
        return Timed(judged(NAME, wrong=[], missing=missing))
    try:
        stamped = verify_token(token, data, roots=roots)
    except LogError as error:
        return Timed(judged(NAME, wrong=[f"{TOKEN}: {error}"]))
    wrong = []
    if stamped.at > at + SKEW:
        wrong.append(f"{TOKEN}: stamped at {stamped.at:%Y-%m-%d %H:%M:%S} UTC, which is to come")
    late = [
        f"entry {claim.sequence} of the {claim.stream} stream claims {claim.at:%Y-%m-%d %H:%M:%S} "
        f"UTC, and was there at {stamped.at:%Y-%m-%d %H:%M:%S} UTC already"
        for claim in claims
        if claim.at > stamped.at + SKEW
    ]
    # The stamped bytes have the cosignatures in them: none can be younger than the token.
    late += [
        f"{each.key.name} says it vouched at {each.at:%Y-%m-%d %H:%M:%S} UTC, and its line was "
        f"there at {stamped.at:%Y-%m-%d %H:%M:%S} UTC already"
        for each in cosigned
        if each.at > stamped.at + SKEW
    ]
    return Timed(judged(NAME, wrong=[*wrong, *late[:_SHOWN]]), stamped)
