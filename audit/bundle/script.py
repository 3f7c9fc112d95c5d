"""`verify.sh`: what anybody with openssl and a POSIX shell can check of an export."""

from functools import cache
from pathlib import Path

FILE = "verify.sh"


@cache
def script() -> bytes:
    """The script, as it ships: read it before you run it, or take it from where you trust."""
    return (Path(__file__).parent / FILE).read_bytes()
