"""A mark: the log's signed word over an entry, from before what the entry tells of took effect."""

from collections.abc import Callable

from audit.log.checkpoint import trusted_checkpoint
from audit.log.errors import LogError
from audit.log.leaf import late_of
from audit.log.note import NoteKey
from audit.log.proof import read_proof


def fault_of(mark: bytes, leaf: Callable[[str], bytes], *, keys: frozenset[NoteKey]) -> str:
    """Why the mark is no word of the log over that leaf; empty when it is.

    `leaf` is asked for the leaf that names this line of a spool, or none.
    """
    try:
        proof = read_proof(mark)
        checkpoint = trusted_checkpoint(proof.checkpoint, keys)
        wanted = leaf(late_of(proof.extra))
    except LogError as error:
        return f"its proof does not hold: {error}"
    if proof.extra != wanted or not proof.holds(wanted, checkpoint):
        return "its proof is of something else"
    return ""


def was_before(mark: bytes, proof: bytes, *, keys: frozenset[NoteKey]) -> bool:
    """Whether the entry of that proof came into the log after the mark's checkpoint was signed.

    True as well where either cannot be read: that is said where it is held against its entry.
    """
    try:
        size = trusted_checkpoint(read_proof(mark).checkpoint, keys).size
        index = read_proof(proof).index
    except LogError:
        return True
    return index >= size
