"""The transparency log over both journal streams, in C2SP's formats (facts/audit-and-security §2).

    leaf         what a leaf commits to: an entry's salted fields, and nothing of their content
    merkle       RFC 6962's tree: hashes, proofs, and their verification
    tiles        C2SP tlog-tiles: the tree and its leaves as tiles and bundles that never change
    note         C2SP signed-note: a text and who signed it
    checkpoint   C2SP tlog-checkpoint: origin, size and root as a note
    proof        C2SP tlog-proof: one leaf's proof in one file
    recorder     the one that writes: leaves first, then tiles and checkpoint in one swap
    directory    tiles and checkpoint as files, where they are not kept in the store
    levelling    store and directory say the same before anything more is signed
    joining      what a spool held while the log could not be written joins it first
    spool        what takes effect without the log, signed line by line into a file
    reader       proofs out of the stored tiles
    whole        a whole log, checked from its files alone
    segments     on which branches an exported stream's entries stand
    part         the log's part of an export, as it is written
    exported     the same as it is read, and whether it holds: without the store

    cosignature  C2SP tlog-cosignature: that a witness saw a checkpoint, and when
    witness      C2SP tlog-witness: the one elsewhere, with its state and its door
    asking       the same from the log's side
    policy       C2SP tlog-policy: which logs are believed, and whose cosignatures are needed
    witnessed    whether an export has them
    timestamp    RFC 3161: asked for, read and verified
    stamped      whether an export has a token, and what it proves
    vouched      which checkpoint is shown to whom: the newest, or the one others vouched for
    keyring_note the root's word on which keys count, and when

The store keeps, the gateway runs the recorder and asks others.
"""
