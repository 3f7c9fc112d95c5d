"""A store whose entries wait for the log, a signer, and what a log must hold."""

from datetime import timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.log.checkpoint import trusted_checkpoint
from audit.log.leaf import leaf_of
from audit.log.merkle import leaf_hash
from audit.log.note import NoteSigner
from audit.log.reader import proofs_of
from audit.log.recorder import Recorder
from audit.log.tiles import WIDTH, Place, hashes_in
from cases.journal import Kind, Stream
from store import LogKey, Store
from tests.audit.log import naive
from tests.store.building import START, accepted, batch, chain

SIGNER = NoteSigner(
    name="example.org/log", private=Ed25519PrivateKey.from_private_bytes(b"test" * 8)
)
NO_WAIT = timedelta(0)


def recorder(store: Store, **options: object) -> Recorder:
    """A recorder that need not wait between checkpoints."""
    return Recorder(store, signer=SIGNER, **{"apart": NO_WAIT, **options})  # type: ignore[arg-type]


async def case_with(store: Store, name: str, *words: str) -> str:
    """A case whose door wrote one entry and whose workflow wrote one a word."""
    answer = await accepted(store, key=f"zendesk:{name}", external_id=name)
    if words:
        await store.append_case(batch(answer.case, chain(answer.case, *words)))
    return answer.case


async def door_says(store: Store, case: str, number: int = 1) -> None:
    """The door wrote so many more entries."""
    for at in range(number):
        await store.journal.append_door(case, Kind.DOOR_LINK_OPENED, at=START, by=f"p-{at}")


async def sound(store: Store) -> list[bytes]:
    """The leaves under the checkpoint, once everything about the log has been held to the RFC.

    No gap and no double; checkpoint, tiles and every proof are those of these very leaves.
    """
    head = await store.log.head()
    leaves = await store.log.leaves(0, head.size)
    assert len(leaves) == head.size
    found = trusted_checkpoint(head.checkpoint.encode(), [SIGNER.key])
    assert (found.size, found.root) == (head.size, naive.root(leaves))
    wide = await store.log.tiles(Place(0, at) for at in range(head.size // WIDTH + 1))
    hashes = [each for place in sorted(wide) for each in hashes_in(wide[place])]
    assert hashes == [leaf_hash(leaf) for leaf in leaves]
    return leaves


async def committed(store: Store, *cases: str) -> None:
    """Every entry of both streams of the cases is proven by the log, each exactly once."""
    leaves = await sound(store)
    head = await store.log.head()
    checkpoint = trusted_checkpoint(head.checkpoint.encode(), [SIGNER.key])
    expected = 0
    for case in cases:
        proofs = await proofs_of(store, case, head=head)
        for stream in Stream:
            for entry in await store.journal.entries(case, stream=stream, branch="main"):
                expected += 1
                leaf = leaf_of(entry, branch="main")
                proof = proofs[LogKey(case, stream, "main", entry.sequence)]
                assert proof.holds(leaf, checkpoint)
                assert proof.extra == leaf == leaves[proof.index]
    assert expected == len(leaves)
    assert (await store.log.backlog()).pending == 0
