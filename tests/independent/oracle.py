"""The log's part of an export, held by libraries we did not write: pymerkle and cryptography.

It imports nothing of ours, and follows C2SP's specifications and docs/bundle.md. The answer is one
of PASS, FAIL and INCOMPLETE, as the other verifiers give it.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pymerkle import InmemoryTree, InvalidProof
from pymerkle.proof import InclusionProof, verify_inclusion


class _Tree(NamedTuple):
    checkpoint: bytes
    size: int
    root: bytes
    shape: InmemoryTree


class WrongError(Exception):
    """The export's log does not hold."""


def oracle(folder: Path, vkey: str) -> str:
    """PASS, FAIL or INCOMPLETE."""
    try:
        return _judged(folder, vkey)
    except (WrongError, OSError, ValueError, binascii.Error, InvalidProof):
        return "FAIL"


def _judged(folder: Path, vkey: str) -> str:
    checkpoint = (folder / "log" / "checkpoint").read_bytes()
    size, root = _head(checkpoint, vkey)
    leaves = dict(_leaves(folder / "opened"))
    proofs = {
        path.relative_to(folder / "log").as_posix().removesuffix(".tlog-proof"): path
        for path in (folder / "log").rglob("*.tlog-proof")
    }
    # Salts make every leaf its own, and what is in the log went there in the stream's order.
    if (
        proofs.keys() - leaves.keys()
        or len(set(leaves.values())) < len(leaves)
        or any(_withheld(leaves.keys() - proofs.keys(), proof) for proof in proofs)
    ):
        raise WrongError
    # One tree of that size gives every proof its shape: which side each hash stands on.
    shape = InmemoryTree(algorithm="sha256")
    for _ in range(size):
        shape.append_entry(b"")
    for name, path in proofs.items():
        tree = _Tree(checkpoint, size, root, shape)
        _proven(path.read_bytes(), leaves[name], tree)
    return "PASS" if proofs.keys() == leaves.keys() else "INCOMPLETE"


def _withheld(unproven: AbstractSet[str], proof: str) -> bool:
    """Whether an entry before the proven one, in its stream, has no proof."""
    stream, _, sequence = proof.rpartition("/")
    places = (name.rpartition("/") for name in unproven)
    return any(of == stream and int(number) < int(sequence) for of, _, number in places)


def _head(data: bytes, vkey: str) -> tuple[int, bytes]:
    text, _, signatures = data.decode().rpartition("\n\n")
    name, told, key = vkey.split("+", 2)
    raw = base64.b64decode(key, validate=True)
    named = hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4]
    origin, size, root = text.split("\n")
    if raw[:1] != b"\x01" or named.hex() != told or origin != name:
        raise WrongError
    signed = False
    for line in signatures.removesuffix("\n").split("\n"):
        dash, who, encoded = line.split(" ")
        signature = base64.b64decode(encoded, validate=True)
        if dash != "\u2014":
            raise WrongError
        if who == name and signature[:4] == named:
            try:
                Ed25519PublicKey.from_public_bytes(raw[1:]).verify(
                    signature[4:], text.encode() + b"\n"
                )
            except InvalidSignature as error:
                raise WrongError from error
            signed = True
    if not signed or str(int(size)) != size:
        raise WrongError
    return int(size), base64.b64decode(root, validate=True)


def _leaves(folder: Path) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for path in sorted(folder.rglob("*.fields")):
        stream = path.relative_to(folder).as_posix().removesuffix(".fields")
        for block in path.read_bytes().split(b"entry ")[1:]:
            sequence, *lines = block.removesuffix(b"\n").split(b"\n")
            digests = sorted(_digest(line) for line in lines)
            over = hashlib.sha256(b"".join(digests)).hexdigest()
            leaf = f'{{"entry":"{over}","v":1}}'.encode()
            found.append((f"{stream}/{sequence.decode()}", leaf))
    return found


def _digest(line: bytes) -> bytes:
    return hashlib.sha256(line).digest()


def _proven(data: bytes, leaf: bytes, tree: _Tree) -> None:
    checkpoint, size, root, shape = tree
    head, _, under = data.partition(b"\n\n")
    version, extra, index, *path = head.decode().split("\n")
    told = base64.b64decode(extra.removeprefix("extra "), validate=True)
    if re.sub(rb',"late":"[0-9a-f]{64}",', b",", told) == leaf:
        leaf = told
    steps = [base64.b64decode(step, validate=True) for step in path]
    spelt = [base64.b64encode(step).decode() for step in steps] == path
    if (
        version != "c2sp.org/tlog-proof@v1"
        or extra != f"extra {base64.b64encode(leaf).decode()}"
        or not index.startswith("index ")
        or under != checkpoint
        or not spelt
    ):
        raise WrongError
    number = int(index.removeprefix("index "))
    if not 0 <= number < size or index != f"index {number}":
        raise WrongError
    hashed = hashlib.sha256(b"\x00" + leaf).digest()
    like = shape.prove_inclusion(number + 1, size)
    proof = InclusionProof("sha256", True, size, number + 1, like.rule, [hashed, *steps])
    verify_inclusion(hashed, root, proof, index=number + 1, size=size)
