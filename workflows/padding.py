"""How long a sealed payload is: so long that its length does not tell what somebody decided.

Who reads Temporal's database sees how long every ciphertext is. `reject` is one byte shorter than
`approve`, and deflating makes lengths depend on the content in ways nobody foresees. So a payload
that speaks of a verdict is as long as the longest of its siblings, which differ from it in the
verdict alone; every verdict has the same siblings, hence the same length. On top of that such
payloads are a kibibyte long at least, since a rejection has a reason where an approval often has
none, and come in steps of 256 bytes above; the others come in steps of 16, which hides a `true`
from a `false` and costs little.
"""

import re
import zlib

from cases.acts import Verdict

LEAST = 1024
DECISION_STEP = 256
STEP = 16
MAX_LOOKED_AT = 64 * 1024
"""Bytes: a larger payload has no sibling looked for; what it says beside the verdict hides it."""
SMALL = 8 * 1024
SMALL_WINDOW, SMALL_MEMORY = 13, 6
"""For most payloads zlib's tables cost more to clear than the bytes to deflate; 2^13 bytes of
window reach over all of a small one, so that it becomes no longer."""

_VERDICTS = tuple(sorted((verdict.value.encode() for verdict in Verdict), key=len, reverse=True))
# The act is JSON inside the envelope's JSON: its quotes are escaped, in an order even twice.
_SPOKEN = re.compile(rb'(verdict\\*": ?\\*")(?:' + b"|".join(_VERDICTS) + rb')(?=\\*")')


def deflated_and_padded(plain: bytes) -> bytes:
    """The bytes deflated, with zeros behind them up to a length that is worth no guess."""
    data = deflated(plain)
    spoken = len(plain) <= MAX_LOOKED_AT and _SPOKEN.search(plain) is not None
    if not spoken:
        return _up_to(data, len(data), STEP)
    siblings = (_SPOKEN.sub(rb"\g<1>" + verdict, plain) for verdict in _VERDICTS)
    # The payload itself counts as well: it may speak of several verdicts, and has to fit.
    longest = max(len(deflated(sibling)) for sibling in siblings)
    return _up_to(data, max(longest, len(data), LEAST), DECISION_STEP)


def deflated(plain: bytes) -> bytes:
    """The bytes deflated, without header and checksum: what is sealed needs neither."""
    small = len(plain) <= SMALL
    deflater = zlib.compressobj(
        wbits=-SMALL_WINDOW if small else -zlib.MAX_WBITS,
        memLevel=SMALL_MEMORY if small else zlib.DEF_MEM_LEVEL,
    )
    return deflater.compress(plain) + deflater.flush()


def _up_to(data: bytes, length: int, step: int) -> bytes:
    return data.ljust(-(-length // step) * step, b"\0")
