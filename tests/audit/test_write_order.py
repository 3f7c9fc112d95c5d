"""Whether the log had decisions and irreversible intents before they took effect, by structure."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.acts import prove, root_of
from audit.bundle.alone import verify_alone
from audit.came_in import case_input, inputs
from audit.incoming import salt_of
from audit.keyring import check_keyring, spool_uses
from audit.log.checkpoint import Checkpoint
from audit.log.exported import proof_file
from audit.log.keyring_note import KeyringNote, Listed, Role, door_key, spool_key
from audit.log.leaf import leaf_of
from audit.log.note import NoteSigner
from audit.log.proof import read_proof
from audit.log.spool import Spool, Spooling
from audit.manifest import CASE_STREAM
from audit.redacted.bundle import write_redacted
from audit.redacted.checking import read_bundle, verify_redacted
from audit.redacted.fields import FieldClass
from audit.redacted.gathering import gather_redacted, shows_classes
from audit.redacted.order import Order, mark_file
from audit.verdict import Outcome
from audit.verify import Export, read_export, verify
from audit.write_order import WriteOrder, performed
from cases.acts import Decide
from cases.envelope import Actor, Certificate, Door, issue_certificate, key_id
from cases.journal import Entry, Kind, Stream
from cases.log_glass import Glass, GlassOrder, GlassVerb, line_hash, sign
from runbooks.library import library
from runbooks.plan import Assurance
from store import DEMO_KEK, MAIN, LogKey, Store
from tests.audit.casework import LOG, MADE_AT, PINNED, PINNED_LOG, SEAL, office
from tests.audit.scenarios import approved
from tests.stores import empty_store
from tests.workflows.world import CERTIFICATE, DOOR, ROOT
from workers.engine import Engine

ROOT_PUBLIC = ROOT.public_key().public_bytes_raw()
IRREVERSIBLE = library()["user-safety-escalation"].replace(
    b'    compensate: "Reverse the action in the same system and record the receipt."\n',
    b"    irreversible: true\n",
)


@dataclass(frozen=True)
class Proof:
    """An export, and what of it says in which order things were written."""

    folder: Path
    order: WriteOrder
    redacted: Path
    """The same case for a reader who may see hardly anything."""

    def check(self, **changed: object) -> tuple[Outcome, str]:
        """What is said of it with that changed."""
        found = replace(self.order, **changed).check()  # type: ignore[arg-type]
        assert found is not None
        return found.outcome, " ".join(found.reasons)

    @property
    def decision(self) -> str:
        """The first decision's act."""
        acts = self.order.proven.acts.items()
        return next(act_id for act_id, act in acts if isinstance(act.body, Decide))

    def marked(self, mark: str) -> dict[str, object]:
        """The first decision, as if it had been delivered with that mark."""
        proven = self.order.proven
        envelope = proven.envelopes[self.decision].model_copy(update={"logged": mark})
        return {"proven": replace(proven, envelopes={**proven.envelopes, self.decision: envelope})}


@pytest.fixture(scope="module")
async def proof(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Proof]:
    """A case that waited for the log at two gates and before an action, exported."""
    folder = tmp_path_factory.mktemp("order")
    url = f"sqlite+aiosqlite:///{folder / 'store.db'}"
    await empty_store(url)
    async with await Store.open(url, kek=DEMO_KEK) as store, office(engine, store) as at_work:
        case = await approved(at_work, leaf_first=True, text=IRREVERSIBLE)
        out = await at_work.export(case, folder / "export")
        record = await gather_redacted(
            store, case.handle.id, shows=shows_classes(frozenset({FieldClass.SKELETON}))
        )
        redacted = write_redacted(
            record, case=case.handle.id, number="1001", reader="auditor", seal=SEAL,
            out=folder / "redacted", at=MADE_AT, version="test",
        )  # fmt: skip
        yield Proof(out, _order(read_export(out)), redacted)


def _order(export: Export) -> WriteOrder:
    request = case_input(export.history)
    assert request is not None
    incoming = inputs(export.history, salt=salt_of(request))
    return WriteOrder(
        request=request,
        history=export.history,
        proven=prove(incoming, case=export.manifest.case, root=root_of(request.root_key)),
        entries=export.entries,
        segments=export.manifest.lineage[CASE_STREAM],
        door=export.door,
        files=export.files,
        keys=PINNED_LOG,
    )


async def test_a_case_that_waited_for_the_log_proves_it(proof: Proof) -> None:
    """The whole export passes, strict replay included, and this check is among the others."""
    verdict = await verify(proof.folder, pinned=PINNED, logs=PINNED_LOG)
    alone = verify_alone(proof.folder, pinned=PINNED, logs=PINNED_LOG)

    assert verdict.outcome is Outcome.PASS, verdict.lines()
    for told in (verdict, alone):
        said = {check.name: check.outcome for check in told.checks}
        assert said["write order"] is Outcome.PASS


async def test_a_case_that_began_before_is_not_asked(
    engine: Engine, store: Store, tmp_path: Path
) -> None:
    """Nothing is said of the order in which a case of before was written."""
    async with office(engine, store) as at_work:
        out = await at_work.export(await approved(at_work), tmp_path / "export")

    verdict = await verify(out, pinned=PINNED, logs=PINNED_LOG, replay=False)

    assert "write order" not in [check.name for check in verdict.checks]


def test_a_decision_without_its_proof_fails(proof: Proof) -> None:
    """It took effect before the log had it, or nobody can say otherwise."""
    outcome, said = proof.check(**proof.marked(""))

    assert outcome is Outcome.FAIL
    assert "took effect before the log had it" in said


def _cut(text: str) -> str:
    return text[:-9]


def _of_another_act(text: str) -> str:
    """The proof's leaf is another entry's."""
    read = read_proof(text.encode())
    return replace(read, index=read.index + 1).data.decode()


def _by_a_stranger(text: str) -> str:
    """The checkpoint was signed by somebody who calls himself as the log does."""
    read = read_proof(text.encode())
    head = Checkpoint(origin=LOG.name, size=1, root=b"x" * 32)
    stranger = NoteSigner(name=LOG.name, private=Ed25519PrivateKey.generate())
    return replace(read, checkpoint=head.signed(stranger).encode()).data.decode()


def _nonsense(text: str) -> str:
    del text
    return "yes, I swear"


@pytest.mark.parametrize("lie", [_cut, _of_another_act, _by_a_stranger, _nonsense])
def test_a_forged_proof_fails(proof: Proof, lie: Callable[[str], str]) -> None:
    """Whatever stands there instead of the log's word."""
    mark = proof.order.proven.envelopes[proof.decision].logged

    outcome, said = proof.check(**proof.marked(lie(mark)))

    assert outcome is Outcome.FAIL, said


def test_another_decisions_proof_fails(proof: Proof) -> None:
    """The proof is of that very act, not of any entry."""
    acts = proof.order.proven.acts.items()
    second = [act_id for act_id, act in acts if isinstance(act.body, Decide)][1]

    outcome, said = proof.check(**proof.marked(proof.order.proven.envelopes[second].logged))

    assert (outcome, "is of something else" in said) == (Outcome.FAIL, True)


def test_an_action_without_its_proof_fails(proof: Proof) -> None:
    """An irreversible order names the entry of its intent, and its result carries the proof."""
    ((order, result),) = [
        each for each in performed(proof.order.history.runs) if each[0].irreversible
    ]
    assert result is not None
    others = [each for each in proof.order.entries if each.sequence != order.entry]
    altered = [
        each.model_copy(update={"body": {"effect": "another"}})
        if each.sequence == order.entry
        else each
        for each in proof.order.entries
    ]

    for entries, why in ((others, "without an intent"), (altered, "of something else")):
        outcome, said = proof.check(entries=entries)
        assert outcome is Outcome.FAIL
        assert f"{order.name}: " in said
        assert why in said


def test_a_decision_in_the_record_before_the_checkpoint_fails(proof: Proof) -> None:
    """The case's own entry has a lower place in the log than the checkpoint that let it go."""
    entry = next(entry for entry in proof.order.entries if entry.body.get("act") == proof.decision)
    name = proof_file(Stream.CASE, MAIN, entry.sequence)
    earlier = replace(read_proof(proof.order.files[name]), index=0)

    outcome, said = proof.check(files={**proof.order.files, name: earlier.data})

    assert (outcome, "before the log had it" in said) == (Outcome.FAIL, True)


def _redacted(proof: Proof, **changed: bytes | None) -> tuple[Outcome, str]:
    """What is said of the redacted bundle with these files changed, or gone."""
    bundle = read_bundle(proof.redacted)
    files = {**bundle.files, **changed}
    kept = {name: data for name, data in files.items() if data is not None}
    check = Order(files=kept, streams=bundle.streams, keys=PINNED_LOG).check()
    return check.outcome, " ".join(check.reasons)


def test_a_redacted_bundle_proves_the_order_as_well(proof: Proof) -> None:
    """Of two decisions and an action, in digests; nothing else is open but content."""
    verdict = verify_redacted(proof.redacted, pinned=PINNED, logs=PINNED_LOG)
    said = {check.name: check.outcome for check in verdict.checks}

    assert said.pop("content") is Outcome.INCOMPLETE
    assert set(said.values()) == {Outcome.PASS}, verdict.lines()
    assert "write order" in said
    marks = [name for name in read_bundle(proof.redacted).files if name.startswith("order/")]
    assert sorted(name.split("/")[1] for name in marks) == ["case", "door", "door"]


def test_a_redacted_bundle_that_leaves_the_order_out_or_lies_is_found_out(proof: Proof) -> None:
    """Without the log's word INCOMPLETE; another entry's, a torn one, a stray, too late: FAIL."""
    entry = next(entry for entry in proof.order.entries if entry.body.get("act") == proof.decision)
    mine = mark_file(Stream.DOOR, MAIN, _door_entry(proof).sequence)
    bundle = read_bundle(proof.redacted)
    (action,) = [name for name in bundle.files if name.startswith("order/case")]
    other = next(
        data
        for name, data in bundle.files.items()
        if name.startswith("order/door") and name != mine
    )
    decided = proof_file(Stream.CASE, MAIN, entry.sequence)
    early = replace(read_proof(bundle.files[decided]), index=0).data

    assert _redacted(proof) == (Outcome.PASS, "")
    outcome, said = _redacted(proof, **{mine: None})
    assert (outcome, "nothing shows that the log had it" in said) == (Outcome.INCOMPLETE, True)
    for changed in (
        {mine: other},
        {mine: bundle.files[mine][:-9]},
        {action: other},
        {"order/door/main/999.tlog-proof": other},
        {decided: early},
    ):
        assert _redacted(proof, **changed)[0] is Outcome.FAIL, changed.keys()


def glass(
    at: datetime,
    *,
    second: str = "dana",
    confirmed: timedelta = timedelta(minutes=1),
    minutes: int = 10,
) -> Glass:
    """Two people's orders."""

    def order(verb: GlassVerb, person: str, when: datetime, confirms: str = "") -> GlassOrder:
        return GlassOrder(
            order="one",
            verb=verb,
            actor=Actor(
                person=person,
                roles=("incident-manager",),
                directory_digest="d",
                directory_as_of=when,
            ),
            role="incident-manager",
            assurance=Assurance.L1,
            door=Door.CLI,
            signed_at=when,
            reason="it cannot wait",
            minutes=minutes,
            confirms=confirms,
        )

    first = order(GlassVerb.OPEN, "ines", at)
    then = order(GlassVerb.CONFIRM, second, at + confirmed, first.digest)
    return Glass(
        opened=sign(first, key=DOOR, certificate=CERTIFICATE),
        confirmed=sign(then, key=DOOR, certificate=CERTIFICATE),
    )


def spool(file: Path, *, use: str = "spool") -> Spool:
    """A spool whose key the root certified, for that use."""
    key = Ed25519PrivateKey.generate()

    def certify(at: datetime) -> Certificate:
        return issue_certificate(
            ROOT,
            key.public_key(),
            use=use,
            not_before=at - timedelta(hours=1),
            not_after=at + timedelta(hours=1),
        )

    return Spool(file=file, key=key, certify=certify)


def _door_entry(proof: Proof) -> Entry:
    return next(
        entry
        for entry in proof.order.door
        if entry.kind is Kind.DOOR_ACT_RECORDED and entry.body["act"] == proof.decision
    )


async def _line(proof: Proof, made: Spool, orders: Glass, *, at: datetime) -> str:
    entry = _door_entry(proof)
    key = LogKey(entry.case, entry.stream, MAIN, entry.sequence)
    (line,) = await made.append([Spooling(key, leaf_of(entry, branch=MAIN))], glass=orders, at=at)
    return line.line.decode()


async def test_what_two_people_let_go_is_incomplete_until_the_log_has_it(
    proof: Proof, tmp_path: Path
) -> None:
    """INCOMPLETE without the late leaf, PASS with it, FAIL when the log names another line."""
    at = _door_entry(proof).at
    line = await _line(proof, spool(tmp_path / "spool"), glass(at), at=at + timedelta(minutes=2))
    entry = _door_entry(proof)
    name = proof_file(Stream.DOOR, MAIN, entry.sequence)
    absent = {each: data for each, data in proof.order.files.items() if each != name}

    def late(of: str) -> dict[str, bytes]:
        leaf = leaf_of(entry, branch=MAIN, late=of)
        return {**absent, name: replace(read_proof(proof.order.files[name]), extra=leaf).data}

    marked = proof.marked(line)
    assert proof.check(**marked, files=absent)[0] is Outcome.INCOMPLETE
    assert proof.check(**marked, files=late(line_hash(line.encode()))) == (Outcome.PASS, "")
    assert proof.check(**marked)[0] is Outcome.PASS
    assert proof.check(**marked, files=late("0" * 64))[0] is Outcome.FAIL


async def test_a_line_of_a_revoked_spool_does_not_count(proof: Proof, tmp_path: Path) -> None:
    """By the root's keyring: listed it counts, unlisted nobody says so, revoked it does not."""
    at = _door_entry(proof).at
    made = spool(tmp_path / "spool")
    line = await _line(proof, made, glass(at), at=at + timedelta(minutes=2))
    keys = {
        role: spelt(each.public_key().public_bytes_raw())
        for role, spelt, each in (
            (Role.BREAK_GLASS, _spool_key, made.key),
            (Role.DOOR, _door_key, DOOR),
        )
    }
    before = at - timedelta(days=1)
    door, own = (Listed(role, keys[role], since=before) for role in (Role.DOOR, Role.BREAK_GLASS))

    def told(*listed: Listed) -> Outcome:
        note = KeyringNote(number=1, at=at, keys=listed)
        return check_keyring(note, spool_uses([line, "c2sp.org/tlog-proof@v1\n"]), logs=()).outcome

    assert told(door, own) is Outcome.PASS
    assert told(door) is told(own) is Outcome.INCOMPLETE
    assert told(door, replace(own, revoked=at)) is Outcome.FAIL
    assert told(replace(door, revoked=at), own) is Outcome.FAIL
    assert told(door, replace(own, revoked=at + timedelta(hours=1))) is Outcome.PASS
    assert list(spool_uses([line[:-9], "{}", ""])) == []


def _spool_key(public: bytes) -> str:
    return spool_key(public, key_id=key_id(public))


def _door_key(public: bytes) -> str:
    return door_key(public, key_id=key_id(public))


@pytest.mark.hostile(64)
async def test_a_line_that_nobody_ordered_fails(proof: Proof, tmp_path: Path) -> None:
    """One person twice, too late, after its time, a key of another use, another entry, a bit."""
    at = _door_entry(proof).at
    soon = at + timedelta(minutes=2)
    good = spool(tmp_path / "good")
    line = await _line(proof, good, glass(at), at=soon)
    lies = {
        "one person": await _line(proof, spool(tmp_path / "a"), glass(at, second="ines"), at=soon),
        "confirmed too late": await _line(
            proof,
            spool(tmp_path / "b"),
            glass(at, confirmed=timedelta(minutes=31)),
            at=at + timedelta(minutes=32),
        ),
        "after its time": await _line(
            proof, spool(tmp_path / "c"), glass(at, minutes=1), at=at + timedelta(minutes=3)
        ),
        "a door's key": await _line(proof, spool(tmp_path / "d", use="door"), glass(at), at=soon),
        "another spelling": line + " ",
        "another number": line.replace('\\"number\\":1', '\\"number\\":2'),
    }

    for name, lie in lies.items():
        assert proof.check(**proof.marked(lie))[0] is Outcome.FAIL, name


async def test_a_spool_is_appended_to_and_steps_over_what_was_torn(
    proof: Proof, tmp_path: Path
) -> None:
    """Each line names the one before; an entry has one line; half a line is none."""
    made = spool(tmp_path / "spool")
    at = _door_entry(proof).at
    entries = [
        Spooling(LogKey("case/x", "door", MAIN, number), b'{"entry":"x","v":1}')
        for number in (1, 2)
    ]
    (first,) = await made.append(entries[:1], glass=glass(at), at=at + timedelta(minutes=2))
    with made.file.open("ab") as file:
        file.write(b'{"payload":"torn')

    both = await made.append(entries, glass=glass(at), at=at + timedelta(minutes=3))

    assert [line.number for line in both] == [1, 2]
    assert both[0] == first
    assert [line.number for line in await made.lines()] == [1, 2]
    assert f'\\"previous\\":\\"{first.hash}\\"'.encode() in both[1].line
