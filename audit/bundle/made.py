"""What an export holds for people, made of the record: page, picture, explanation and script.

Nothing commits to these files, and they say nothing that the record does not. So a verifier makes
them again and compares: a door that signs another page, or none, is found out by whoever has the
code that made it.
"""

import json
from collections.abc import Iterable, Mapping, Sequence

from audit.bundle.code import FILE as BUILD
from audit.bundle.code import Build, source_digest
from audit.bundle.script import FILE as SCRIPT
from audit.bundle.script import script
from audit.pictured import picture_of
from audit.readme import readme
from audit.report import write_report
from audit.runs import CaseHistory
from cases.envelope import Act, ActEnvelope
from cases.journal import Entry
from workflows.messages import CaseInput

README = "README.txt"
PICTURE = "case.json"
REPORT = "report.html"
MADE = (README, PICTURE, REPORT, SCRIPT)


def made_of(
    request: CaseInput,
    history: CaseHistory,
    entries: Sequence[Entry],
    door: Sequence[Entry],
    *,
    runbooks: Mapping[str, bytes],
    acts: Iterable[ActEnvelope],
) -> dict[str, bytes]:
    """The four files, as this code makes them."""
    signed = [Act.model_validate_json(envelope.payload) for envelope in acts]
    picture = picture_of(history)
    return {
        README: readme(request.number).encode(),
        PICTURE: json.dumps(picture, indent=1, ensure_ascii=False, sort_keys=True).encode(),
        REPORT: write_report(
            request, entries, door, runbooks=runbooks, acts={act.act: act for act in signed}
        ).encode(),
        SCRIPT: script(),
    }


def differing_made(
    files: Mapping[str, bytes], made: Mapping[str, bytes], build: Build
) -> tuple[list[str], list[str]]:
    """What is not there, or is not what this code makes; and what other code may have made."""
    wrong = [f"{name}: missing" for name in MADE if name not in files]
    other = [name for name in MADE if name in files and files[name] != made[name]]
    if other and build.source == source_digest():
        return [*wrong, *(f"{name}: is not what is made of the record" for name in other)], []
    missing = [
        f"{name}: is not what this release makes of the record, and {BUILD} names other code "
        f"({build.escalate}): only the door's signature speaks for it"
        for name in other
    ]
    return wrong, missing
