"""What becomes of a worker's key is decided once, and stands in the doors' own record."""

import base64
from datetime import timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cases.journal import Kind
from cases.worker_keys import CertifiedWorker, WorkerRequest, sign_request
from gateway.signer import DoorSigner
from store import Store, WorkerKeyState
from tests.store.building import START

DAY = timedelta(days=1)
ROOT = Ed25519PrivateKey.generate()
SIGNER = DoorSigner(
    door=Ed25519PrivateKey.generate(), root=ROOT, root_public=ROOT.public_key().public_bytes_raw()
)


async def asked(store: Store) -> WorkerRequest:
    """A new key that a door was asked for, twice."""
    private = Ed25519PrivateKey.generate()
    public = base64.b64encode(private.public_key().public_bytes_raw()).decode()
    request = WorkerRequest(public_key=public, build="ab" * 32, asked_at=START)
    for _ in range(2):
        proof = sign_request(request, key=private)
        await store.worker_keys.ask(request, proof=proof, host="machine/1")
    return request


async def certified(store: Store, request: WorkerRequest) -> bool:
    """Whether a door was the first to certify it."""
    worker = CertifiedWorker(
        key_id=request.key_id,
        public_key=request.public_key,
        build=request.build,
        runbooks=(),
        not_before=START,
        not_after=START + DAY,
        issued_at=START,
    )
    return await store.worker_keys.certify(SIGNER.sign_worker(worker), worker, at=START)


async def test_a_key_is_answered_once(store: Store) -> None:
    """Of two doors one certifies it; nobody refuses it any more, and somebody may revoke it."""
    request = await asked(store)
    keys = store.worker_keys
    (row,) = await keys.waiting()

    first, second = await certified(store, request), await certified(store, request)
    refused = await keys.refuse(request.key_id, why="late", at=START)
    counting = [await keys.counting(at) for at in (START, START + DAY)]
    revoked = [
        await keys.revoke(request.key_id, why="lost", by="imani", at=START) for _ in range(2)
    ]

    assert (row.request, row.state) == (request, WorkerKeyState.ASKED)
    assert (first, second, refused) == (True, False, False)
    assert [len(rows) for rows in counting] == [1, 0]
    assert revoked == [True, False]
    assert await keys.waiting() == await keys.counting(START) == []
    assert list(await keys.certificates([request.key_id, "nobody"])) == [request.key_id]
    assert [each.kind for each in await store.door_record.entries()] == [
        Kind.DOOR_WORKER_CERTIFIED,
        Kind.DOOR_WORKER_REVOKED,
    ]


async def test_a_refused_key_has_no_certificate(store: Store) -> None:
    """Its reason stays, and no door certifies it afterwards."""
    request = await asked(store)

    refused = await store.worker_keys.refuse(request.key_id, why="unlisted", at=START)

    assert refused
    assert not await certified(store, request)
    (row,) = await store.worker_keys.all()
    assert (row.state, row.said, row.certificate) == (WorkerKeyState.REFUSED, "unlisted", None)
    assert await store.worker_keys.certificates([request.key_id]) == {}
