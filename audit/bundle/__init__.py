"""What an export holds beside the record itself, so that others can check it with their own tools.

    places       where a file may stand, so that every system and every reader takes it the same way
    tar          the same files in one, spelt one way
    dsse         the signed acts and certificates as DSSE envelopes
    opened       every field of every entry with its salt: what a leaf of the log is made of
    sealed       the events of every run as the exact bytes that were sealed
    code         which code wrote the export and ran the case
    clock_rows   the clocks and calendars the case was bound to
    script       verify.sh: openssl and a POSIX shell
    reading      all of it read, strictly, without Temporal
    checks       whether it holds, without Temporal
    alone        `escalate-verify`: these checks and nothing else installed

Nothing in here imports Temporal or the store: a verifier installs little.
"""
