"""Each closed case is exported, verified against the pinned root key, and replayed strictly."""

import tempfile
from datetime import timedelta
from importlib import metadata
from pathlib import Path

from audit.export import Seal, export_case
from audit.verdict import Outcome
from audit.verify import verify
from cli.demo.installation import Installation
from gateway.log_key import log_key_in
from workers.vouching import keyring_note_of

REPLAY = "strict replay"
"""The check of a verdict that strict replay answers."""
_PATIENCE = timedelta(seconds=30)
"""For the log: a checkpoint a second comes at most, and later on a busy machine."""


async def check(place: Installation, number: str, *, exports: Path | None) -> tuple[bool, bool]:
    """Whether the case's export verifies, and whether it replays; it stays under `exports`."""
    case = place.theatre.cases[number]
    # The store says closed a moment before the history ends; what is exported is the whole of it.
    await place.client.get_workflow_handle(case).result()
    with tempfile.TemporaryDirectory(prefix="escalate-export-") as scratch:
        folder = exports if exports is not None else Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        at = await place.house.clock.now(case)
        signer = place.signer
        log = log_key_in(place.house.settings.keys)
        out = await export_case(
            case,
            store=place.house.store,
            client=place.client,
            seal=Seal(
                key=signer.door,
                certificate=signer.certificate_at(at),
                root=signer.root_key,
                log=str(log or ""),
                keyring_note=keyring_note_of(place.house.settings),
            ),
            out=folder / f"case-{number}",
            at=at,
            version=metadata.version("escalate"),
            patience=_PATIENCE,
        )
        logs = frozenset({log} if log is not None else ())
        verdict = await verify(out, pinned=frozenset({signer.root_public}), logs=logs)
    replayed = any(item.name == REPLAY and item.outcome is Outcome.PASS for item in verdict.checks)
    if verdict.outcome is not Outcome.PASS:
        place.theatre.deeds.failures.append("\n".join(verdict.lines()))
    return verdict.outcome is Outcome.PASS, replayed
