"""The witness: what it answers, what it never signs, and what it remembers when it is killed."""

import asyncio
import json
import os
import signal
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.log.checkpoint import read_checkpoint, trusted_checkpoint
from audit.log.cosignature import WitnessKey, WitnessSigner, cosignatures
from audit.log.errors import LogUnreadableError, NoteRefusedError
from audit.log.note import NoteKey, read_note, read_signatures
from audit.log.witness import SIZE_TYPE, Answer, Request, Status, Witness, read_request
from audit.log.witness_door import witness_app
from audit.log.witness_state import STATE_FILE, WitnessState, WitnessStateError
from tests.audit.log.growing import Growing
from tests.gateway.world import MovableClock

AT = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
KILLS = int(os.environ.get("ESCALATE_WITNESS_KILLS", "2"))
SIGNER = WitnessSigner(
    name="witness.example/w1", private=Ed25519PrivateKey.from_private_bytes(b"wits" * 8)
)


def witness(folder: Path, *logs: Growing, signer: WitnessSigner = SIGNER) -> Witness:
    """A witness with its state in this folder."""
    state = WitnessState.opened(folder, has_key=False)
    return Witness(signer, logs=[log.signer.key for log in logs], state=state)


def ask(of: Witness, request: Request) -> Answer:
    """What it answers now."""
    return of.add_checkpoint(request.data, at=AT)


def cosigned(answer: Answer, request: Request) -> bool:
    """Whether the answer is this witness's cosignature over the request's checkpoint."""
    note = read_note(request.checkpoint + answer.text.encode())
    return [each.at for each in cosignatures(note, [SIGNER.key])] == [AT]


def test_the_specification_s_own_example_is_read() -> None:
    """C2SP's vector: key id over name, type 0x04 and key; the instant is in the line."""
    (line,) = read_signatures(
        "\u2014 witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dl"
        "rDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
    )

    assert line.name == "witness.example.com/w1"
    assert int.from_bytes(line.signature[:8], "big") == 1679315147
    assert line.line.endswith("fZ+qnA==\n")
    assert WitnessKey.parse(str(SIGNER.key)) == SIGNER.key
    with pytest.raises(LogUnreadableError, match="0x04"):
        WitnessKey.parse(str(Growing().signer.key))
    with pytest.raises(LogUnreadableError, match="0x01"):
        NoteKey.parse(str(SIGNER.key))


def test_a_log_that_grows_is_cosigned_at_every_step(tmp_path: Path) -> None:
    """From nothing, by one, by many, and again at the same size: each a cosignature that holds."""
    log = Growing(leaves=3)
    seen = witness(tmp_path, log)
    size = 0
    for more in (0, 1, 4, 0, 250):
        request = log.grow(more).request(old=size)
        answer = ask(seen, request)
        assert answer.status is Status.COSIGNED
        assert cosigned(answer, request)
        size = len(log.leaves)


def test_what_the_witness_answers_otherwise(tmp_path: Path) -> None:
    """404, 403, 400, 409 with the size it knows, 422: as the specification says."""
    log, stranger = Growing(leaves=5), Growing("example.org/other", leaves=5)
    seen = witness(tmp_path, log)
    forged = log.twin()
    forged.signer = Growing(log.signer.name).signer
    first = ask(seen, log.request(old=0, size=4))
    assert first.status is Status.COSIGNED

    assert ask(seen, stranger.request(old=0)).status is Status.UNKNOWN_LOG
    assert ask(seen, forged.request(old=4)).status is Status.NOT_SIGNED
    assert ask(seen, replace(log.request(old=4), old=9)).status is Status.MALFORMED
    other = ask(seen, log.request(old=2))
    assert (other.status, other.text, other.media_type) == (Status.OTHER_SIZE, "4\n", SIZE_TYPE)
    assert ask(seen, replace(log.request(old=4), proof=())).status is Status.NOT_CONSISTENT
    more = replace(log.request(old=4), proof=(*log.request(old=4).proof, b"x" * 32))
    assert ask(seen, more).status is Status.NOT_CONSISTENT
    assert ask(seen, log.request(old=4)).status is Status.COSIGNED


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"old 0",
        b"old 0\n",
        b"old 00\n\n",
        b"old -1\n\n",
        b"new 0\n\n",
        b"old 0\r\n\r\n",
        b"old 0\nAAAA\n\n",
        b"old 0\n" + b"A" * 44 + b"\n\n",
        "old \u0661\n\n".encode(),
        b"old 0\n" + b"\n".join([b"A" * 43 + b"="] * 64) + b"\n\nx",
        b"x" * 100_000,
        b"old 0\n\n\xff\xfe",
    ],
)
def test_what_cannot_be_read_is_refused(tmp_path: Path, data: bytes) -> None:
    """Two spellings, too many steps, too long, no UTF-8: 400, and nothing is remembered."""
    log = Growing(leaves=2)
    seen = witness(tmp_path, log)

    assert seen.add_checkpoint(data, at=AT).status is Status.MALFORMED
    assert json.loads((tmp_path / STATE_FILE).read_text())["logs"] == {}


def test_a_request_is_read_as_it_is_written() -> None:
    """The two halves agree."""
    log = Growing(leaves=7)
    request = log.request(old=3)

    assert read_request(request.data) == request


def test_a_cosignature_holds_for_one_checkpoint_one_key_and_one_instant() -> None:
    """Moved to another text, under another key, with another time: refused."""
    log = Growing(leaves=4)
    line = SIGNER.cosign(log.head().text, at=AT)
    later = replace(
        line, signature=(int(AT.timestamp()) + 1).to_bytes(8, "big") + line.signature[8:]
    )

    assert SIGNER.key.signed_at(line.signature, log.head().text) == AT
    for signature, text in (
        (line.signature, log.head(3).text),
        (later.signature, log.head().text),
        (line.signature[:-1], log.head().text),
        (line.signature[8:], log.head().text),
    ):
        with pytest.raises(NoteRefusedError):
            SIGNER.key.signed_at(signature, text)


def test_the_state_is_one_process_s_and_belongs_to_its_key(tmp_path: Path) -> None:
    """A second witness in the folder, a lost file beside a key, a file that is none: refused."""
    with (
        WitnessState.opened(tmp_path, has_key=False),
        pytest.raises(WitnessStateError, match="another witness"),
    ):
        WitnessState.opened(tmp_path, has_key=True)
    (tmp_path / STATE_FILE).write_text('{"v": 1, "logs": {"a": {"size": 1}}}')
    with pytest.raises(WitnessStateError, match="cannot be read"):
        WitnessState.opened(tmp_path, has_key=True)
    (tmp_path / STATE_FILE).unlink()
    with pytest.raises(WitnessStateError, match="missing"):
        WitnessState.opened(tmp_path, has_key=True)


@pytest.mark.hostile(35)
def test_two_trees_of_one_size_are_kept_as_proof(tmp_path: Path) -> None:
    """Both were signed by the log: whoever gets the file needs nobody's word."""
    log = Growing(leaves=6)
    fork = log.twin()
    fork.leaves[5] = b"another"
    seen = witness(tmp_path, log)
    ask(seen, log.request(old=0))

    answer = ask(seen, replace(fork.request(old=0), old=6))

    assert (answer.status, answer.text) == (Status.OTHER_SIZE, "6\n")
    (proof,) = tmp_path.glob("fork-6-*.txt")
    one, _, two = proof.read_bytes().partition(b"\n\nexample")
    both = [log.checkpoint().encode(), fork.checkpoint().encode()]
    assert proof.read_bytes() == b"\n".join(both)
    assert len({trusted_checkpoint(each, [log.signer.key]).root for each in both}) == 2
    assert one
    assert two


async def test_over_http_a_body_is_bounded_and_the_type_is_the_size_s(tmp_path: Path) -> None:
    """Status, body and content type as C2SP says; no other method; nothing is cached."""
    log = Growing(leaves=5)
    app = witness_app(witness(tmp_path, log), key=SIGNER.key, clock=MovableClock())
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://witness") as anybody:
        good = await anybody.post("/add-checkpoint", content=log.request(old=0).data)
        again = await anybody.post("/add-checkpoint", content=log.request(old=0).data)
        large = await anybody.post("/add-checkpoint", content=b"x" * 500_000)
        got = await anybody.get("/add-checkpoint")
        key = await anybody.get("/")

    assert good.status_code == 200
    note = read_note(log.checkpoint().encode() + good.content)
    assert [each.key for each in cosignatures(note, [SIGNER.key])] == [SIGNER.key]
    assert (again.status_code, again.text) == (409, "5\n")
    assert again.headers["content-type"] == SIZE_TYPE
    assert again.headers["cache-control"] == "no-store"
    assert large.status_code == 413
    assert got.status_code == 405
    assert WitnessKey.parse(key.text.strip()) == SIGNER.key


async def test_two_who_ask_at_once_are_answered_one_after_the_other(tmp_path: Path) -> None:
    """The race that the specification names: no smaller tree is remembered after a larger one."""
    log = Growing(leaves=40)
    seen = witness(tmp_path, log)
    ask(seen, log.request(old=0, size=10))
    asked = [log.request(old=10, size=size).data for size in range(11, 41)]

    answers = await asyncio.gather(
        *(asyncio.to_thread(seen.add_checkpoint, data, at=AT) for data in asked)
    )

    assert [each.status for each in answers].count(Status.COSIGNED) == 1
    (winner,) = [at for at, each in enumerate(answers, 11) if each.status is Status.COSIGNED]
    assert ask(seen, log.request(old=winner)).status is Status.COSIGNED


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("kill", range(KILLS))
async def test_a_killed_witness_never_signed_what_it_does_not_remember(
    tmp_path: Path, kill: int
) -> None:
    """Signal 9 before or after the state is on the disk: what it signed is in its file, or more."""
    point = ("before", "after")[kill % 2]
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.audit.log.witness_process",
        str(tmp_path),
        point,
        str(2 + kill % 11),
        stdout=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(60):
        out, _ = await child.communicate()

    signed = [int(line) for line in out.split()]
    with WitnessState.opened(tmp_path, has_key=True) as state:
        seen = state.seen("example.org/log")
    assert child.returncode == -signal.SIGKILL
    assert signed
    assert seen is not None
    assert seen.size - signed[-1] == (1 if point == "after" else 0)
    found, _ = read_checkpoint(seen.checkpoint)
    assert (found.size, found.root) == (seen.size, seen.root)


def test_an_instant_too_far_is_no_instant() -> None:
    """A cosignature of the year 300 billion is refused, and does not break the reader."""
    text = Growing(leaves=1).head().text
    far = SIGNER.cosign(text, at=AT)
    stamp = (2**63 - 1).to_bytes(8, "big")
    message = b"cosignature/v1\ntime 9223372036854775807\n" + text.encode()
    forged = stamp + SIGNER.private.sign(message)

    assert far.signature[:8] != stamp
    with pytest.raises(NoteRefusedError, match="no instant"):
        SIGNER.key.signed_at(forged, text)
    late = SIGNER.cosign(text, at=AT + timedelta(days=3650))
    assert SIGNER.key.signed_at(late.signature, text) == AT + timedelta(days=3650)
