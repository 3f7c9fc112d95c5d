"""How a payload is marked that was not encrypted for its case: nothing reads it as anything."""

REFUSED = b"binary/escalate-refused"
"""Its encoding, once it was opened."""
