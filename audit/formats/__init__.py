"""A case's journal as others' tools take it: rows for people, OCSF for a SIEM, PROV for archives.

    seen      the entries of a case as one reader may see them, in one order
    rows      CSV and JSON lines: everything that the reader may see
    ocsf      OCSF 1.5.0, API Activity: who did what; no prose, because a SIEM has many readers
    prov      W3C PROV-JSON: acts, people, rounds and how they follow from one another; no prose

None of them proves anything: the export does, and every row names the hash of its entry.
"""
