"""What the transparency log costs: a decision that waits for it, a whole log verified, a proof."""

import asyncio
import contextlib
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from statistics import median, quantiles

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.log.checkpoint import Checkpoint
from audit.log.directory import DirectoryTiles
from audit.log.merkle import Span, inclusion_spans
from audit.log.note import NoteSigner
from audit.log.proof import Proof
from audit.log.tiles import Place as TilePlace
from audit.log.tiles import grown, span_hash
from audit.log.whole import check_folder
from bench.line import Line, spread
from store import Published
from tests.faults.course import open_round, step
from tests.faults.place import Place, place
from workers.engine import Engine
from workers.processes import running_gateway

LATENCY, VERIFIED, PROOF = 1.0, 2.0, 4096
RATE = 20
MILLISECOND = 1000
_SIGNER = NoteSigner(name="bench.example/log", private=Ed25519PrivateKey.generate())
_LEAF = '{{"entry":"{:064x}","v":1}}'


async def log(*, leaves: int) -> list[Line]:
    """A log of so many leaves, verified from its files alone, and the largest proof in it."""
    with tempfile.TemporaryDirectory(prefix="escalate-bench-") as folder:
        held = [_LEAF.format(number).encode() for number in range(leaves)]
        tiles = grown({}, size=0, leaves=held)
        head = Checkpoint(origin=_SIGNER.name, size=leaves, root=span_hash(Span(0, leaves), tiles))
        signed = head.signed(_SIGNER)
        await DirectoryTiles(Path(folder)).ahead(
            Published(
                tiles={(each.level, each.number): data for each, data in tiles.items()},
                leaves=held,
                first=0,
                size=leaves,
                checkpoint=signed,
                seen="",
            )
        )
        took: list[float] = []
        for _ in range(5):
            began = time.perf_counter()
            check_folder(Path(folder), [_SIGNER.key])
            took.append(time.perf_counter() - began)
        largest = max(
            len(_proof(index, leaves, tiles, signed, held[index]).data)
            for index in range(0, leaves, max(1, leaves // 500))
        )
    got = median(took)
    return [
        Line(
            f"a log of {leaves} leaves verified from its files",
            f"<= {VERIFIED:.0f} s",
            f"{got:.2f} s",
            got <= VERIFIED,
            f"{spread(took, digits=2)} s, 5 rounds: every leaf, every tile, root and signature",
        ),
        Line(
            f"one entry's proof in a log of {leaves} leaves",
            f"<= {PROOF} bytes",
            f"{largest} bytes",
            largest <= PROOF,
            "the largest of 500, checkpoint and signature included",
        ),
    ]


def _proof(
    index: int, size: int, tiles: Mapping[TilePlace, bytes], signed: str, leaf: bytes
) -> Proof:
    return Proof(
        index=index,
        hashes=tuple(span_hash(span, tiles) for span in inclusion_spans(index, size)),
        checkpoint=signed.encode(),
        extra=leaf,
    )


async def decisions(*, acts: int) -> list[Line]:
    """From the POST of a decision to the workflow's receipt, with and without the log before it."""
    waiting = await _decided(acts, log_first=True)
    plain = await _decided(acts, log_first=False)
    slow, fast = _p95(waiting), _p95(plain)
    return [
        Line(
            f"decision POST to the workflow's receipt through the log, p95, {RATE} a second",
            f"<= {LATENCY * MILLISECOND:.0f} ms",
            f"{slow:.0f} ms",
            slow <= LATENCY * MILLISECOND,
            f"p50 {median(waiting):.0f} ms against {median(plain):.0f} ms without the log, p95 "
            f"{slow:.0f} against {fast:.0f}: it adds {median(waiting) - median(plain):.0f} ms at "
            f"the median; {acts} decisions of as many cases, SQLite, worker apart",
        )
    ]


async def _decided(acts: int, *, log_first: bool) -> list[float]:
    async with (
        Engine.start(pinned_only=True) as engine,
        _installation(engine, log_first=log_first) as made,
    ):
        numbers = [await made.opened_case(tags=["fraud"]) for _ in range(acts)]
        contents = {}
        for number in numbers:
            await made.at(number, stage="triage")
            await step(
                made, number, [], "tessa", verb="complete", stage="triage", outcome="escalate"
            )
            await open_round(made, number, "legal-review")
            await made.quiet(number)
            contents[number] = await made.content(
                "lena", number, verb="decide", gate="legal-review", verdict="approve"
            )
        began = time.perf_counter()

        async def decide(place_: int, number: str) -> float:
            await asyncio.sleep(max(0.0, began + place_ / RATE - time.perf_counter()))
            posted = time.perf_counter()
            answer = await made.post("lena", number, contents[number])
            took = (time.perf_counter() - posted) * MILLISECOND
            if answer.json()["outcome"] != "accepted":
                message = f"the decision was not accepted: {answer.json()}"
                raise RuntimeError(message)
            return took

        return list(await asyncio.gather(*(decide(at, each) for at, each in enumerate(numbers))))


@contextlib.asynccontextmanager
async def _installation(engine: Engine, *, log_first: bool) -> AsyncIterator[Place]:
    words = {"ESCALATE_LOG_FIRST": "true" if log_first else "false"}
    with tempfile.TemporaryDirectory(prefix="escalate-bench-") as folder:
        async with contextlib.AsyncExitStack() as stack:
            made = await stack.enter_async_context(
                place(Path(folder), engine=engine, environ=words)
            )
            worker = await made.worker()
            stack.push_async_callback(worker.kill)
            await stack.enter_async_context(running_gateway(made.house, engine.address))
            yield made


def _p95(took: list[float]) -> float:
    return quantiles(took, n=20)[-1]
