"""Which rules a case ran by is proved by two signatures, or by nobody having decided in between."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from audit.acts import Proven, prove, root_of
from audit.came_in import case_input, inputs
from audit.incoming import salt_of
from audit.rules import document, read_rules
from audit.verify import Export, read_export
from cases.envelope import Act
from cases.journal import Entry, Kind
from store import DEMO_KEK, Store
from tests.audit.casework import office
from tests.audit.scenarios import migrated, taken_back
from tests.stores import empty_store
from workers.engine import Engine
from workflows.messages import CaseInput


@dataclass(frozen=True)
class Known:
    """What `read_rules` reads, and may be spoilt."""

    files: Mapping[str, bytes]
    request: CaseInput
    proven: Proven
    entries: list[Entry]

    @classmethod
    def of(cls, export: Export) -> "Known":
        """Out of an export."""
        request = case_input(export.history)
        assert request is not None
        incoming = inputs(export.history, salt=salt_of(request))
        proven = prove(incoming, case=export.manifest.case, root=root_of(request.root_key))
        return cls(export.files, request, proven, list(export.entries))

    def wrong(self) -> list[str]:
        """What speaks against the rules."""
        return read_rules(self.files, self.request, self.proven, self.entries)[1]

    @property
    def moves(self) -> list[Entry]:
        """The entries that say the case was moved."""
        return [entry for entry in self.entries if entry.kind is Kind.CASE_MIGRATED]

    def with_act(self, act: Act) -> "Known":
        """As if that act had been signed instead."""
        acts = {**self.proven.acts, act.act: act}
        return replace(self, proven=replace(self.proven, acts=acts))

    def with_body(self, entry: Entry, **body: object) -> "Known":
        """As if the entry said otherwise."""
        changed = entry.model_copy(update={"body": {**entry.body, **body}})
        return replace(self, entries=[changed if each is entry else each for each in self.entries])


@pytest.fixture(scope="module")
async def exports(
    engine: Engine, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[dict[str, Known]]:
    """A case that was moved, and one that was taken back."""
    folder = tmp_path_factory.mktemp("rules")
    url = f"sqlite+aiosqlite:///{folder / 'store.db'}"
    await empty_store(url)
    async with await Store.open(url, kek=DEMO_KEK) as store, office(engine, store) as at_work:
        found = {}
        for play in (migrated, taken_back):
            export = await at_work.export(await play(at_work), Path(folder, play.__name__))
            found[play.__name__] = Known.of(read_export(export))
        yield found


def test_nothing_speaks_against_rules_that_two_people_signed(exports: dict[str, Known]) -> None:
    """Both versions are compiled again from their documents, and the way back is one."""
    known = exports["migrated"]
    rules, _ = read_rules(known.files, known.request, known.proven, known.entries)

    assert [each.wrong() for each in exports.values()] == [[], []]
    assert rules is not None
    assert rules.first.version == "1.0.0"
    assert [each.version for each in rules.versions.values()] == ["1.0.0", "1.1.0"]


def test_the_document_of_every_version_must_be_there(exports: dict[str, Known]) -> None:
    """A missing one is named, and so is one with other bytes."""
    known = exports["migrated"]
    name = document(str(known.moves[0].body["digest"]))

    gone = replace(known, files={file: data for file, data in known.files.items() if file != name})
    other = replace(known, files={**known.files, name: known.files[name] + b"\n"})

    assert f"{name} is missing" in gone.wrong()
    assert f"{name} is not the document the case was bound to" in other.wrong()


def test_two_people_must_have_signed_the_same_rules(exports: dict[str, Known]) -> None:
    """One person twice, an act that is none, and other rules under the number are all found."""
    known = exports["migrated"]
    [move] = known.moves
    agreed = known.proven.acts[str(move.body["act"])]
    asked = known.proven.acts[str(move.body["asked_act"])]
    [closing] = [act for act in known.proven.acts.values() if act.body.verb == "close"]

    same = known.with_act(agreed.model_copy(update={"actor": asked.actor}))
    none = known.with_body(move, asked_act=closing.act)
    assert agreed.body.verb == "migrate"
    assert agreed.body.pathway is not None
    weaker = agreed.body.pathway.model_copy(update={"title": "Another"})
    body = agreed.body.model_copy(update={"pathway": weaker})

    assert any("one person both asked and agreed" in each for each in same.wrong())
    assert any("its asked act is no signed migration" in each for each in none.wrong())
    assert any(
        "signed other rules" in each
        for each in known.with_act(agreed.model_copy(update={"body": body})).wrong()
    )


def test_a_way_back_is_one_only_before_a_decision(exports: dict[str, Known]) -> None:
    """A case that is taken back after a decision, or to elsewhere, needed two people."""
    known = exports["taken_back"]
    there, back = known.moves
    decided = there.model_copy(update={"kind": Kind.STAGE_LEFT, "body": {"stage": "triage"}})
    at = known.entries.index(back)

    after = replace(known, entries=[*known.entries[:at], decided, *known.entries[at:]])
    elsewhere = known.with_body(there, digest_was="0" * 64)
    alone = exports["migrated"].with_body(exports["migrated"].moves[0], back=True)

    assert [each.wrong() for each in (after, elsewhere, alone)] == [
        [f"entry {back.sequence}: it was no way back any more"],
        [f"entry {back.sequence}: it was no way back any more"],
        [f"entry {exports['migrated'].moves[0].sequence}: it was no way back any more"],
    ]
