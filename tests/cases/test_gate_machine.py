"""A gate under every order of votes, changes of mind and of facts, silence, conflicts and keys."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from audit.quorum import Count
from cases.acts import (
    Acknowledge,
    Complete,
    Decide,
    Dissent,
    Evidence,
    Memo,
    Verdict,
    Withdraw,
)
from cases.acts_on_tasks import Settlement
from cases.correction import uncorrected
from cases.gate import RoundKind, RoundState, still_needed
from cases.journal import check_chain
from cases.outcomes import allow_backup, allow_stand_in
from cases.receipts import ActReceipt, Outcome
from cases.rounds import revoke
from runbooks.quorums import roles_named
from tests.cases.approving import GATE, Asked, condition, delegated
from tests.cases.house import DOOR, OTHER, House
from tests.workflows.runbooks import FOUR_EYES, TWO_OF_THREE

PEOPLE = {
    "lena": "legal",
    "luca": "legal",
    "pia": "policy",
    "paul": "policy",
    "ivan": "incident-manager",
    "eve": "executive",
    "dora": "duty-counsel",
    "tess": "triage",
}
BOTH = ("luca", "policy")

people = st.sampled_from(sorted(PEOPLE))


class Gate(RuleBasedStateMachine):
    """Legal and Policy must both approve; whatever happens, no rule of the gate is bent."""

    @initialize()
    def open_the_gate(self) -> None:
        """The memo is written, so the gate is asked."""
        self.house = House.of("four-eyes", text=FOUR_EYES)
        self.facts = 0
        self.outcomes: list[str] = []
        self.house.act(Memo(gate="review", fields={"facts": "known"}), person="lena", role="legal")

    @property
    def reviewing(self) -> bool:
        """Whether the case is still at the gate."""
        return self.house.state.stage == "review"

    def _took(self, receipt: ActReceipt) -> None:
        assert receipt.outcome is not Outcome.DUPLICATE

    @rule(
        person=people,
        verdict=st.sampled_from(list(Verdict)),
        old=st.booleans(),
        key=st.sampled_from([DOOR, OTHER]),
    )
    def vote(self, *, person: str, verdict: Verdict, old: bool, key: object) -> None:
        """Somebody votes, perhaps on what an earlier round showed."""
        house = self.house
        binding = house.binding("review")
        rounds = [item for item in house.state.rounds if item.gate == "review"]
        if old and len(rounds) > 1 and binding is not None:
            first = rounds[0]
            binding = binding.model_copy(
                update={
                    "round": first.number,
                    "nonce": first.nonce,
                    "revision": first.revision,
                    "content_hash": first.content_hash,
                }
            )
        before = [len(item.votes) for item in rounds]
        receipt = house.act(
            Decide(gate="review", verdict=verdict, reason="for this reason"),
            person=person,
            role=PEOPLE[person],
            binding=binding,
            key=key,  # type: ignore[arg-type]
        )
        self._took(receipt)
        if old and len(rounds) > 1:
            assert not receipt.accepted or rounds[0].state is RoundState.OPEN
            assert len(rounds[0].votes) == before[0] or rounds[0].state is RoundState.OPEN

    @rule(verdict=st.sampled_from([Verdict.APPROVE, Verdict.REJECT]))
    def vote_in_the_other_role(self, verdict: Verdict) -> None:
        """Somebody with two roles votes in the second one."""
        self._took(
            self.house.act(
                Decide(gate="review", verdict=verdict, reason="for this reason"),
                person=BOTH[0],
                role=BOTH[1],
            )
        )

    @rule(person=people)
    def withdraw(self, person: str) -> None:
        """Somebody takes a vote back."""
        self._took(self.house.act(Withdraw(gate="review"), person=person, role=PEOPLE[person]))

    @rule(person=people)
    def dissent(self, person: str) -> None:
        """Somebody objects."""
        self._took(
            self.house.act(
                Dissent(gate="review", reason="too broad"), person=person, role=PEOPLE[person]
            )
        )

    @rule()
    def facts_change(self) -> None:
        """New evidence: the open round is void."""
        open_before = self.house.state.open_round("review")
        self.facts += 1
        receipt = self.house.act(
            Evidence(label=f"item-{self.facts}", reference="store", digest=f"{self.facts:064x}"),
            person="ines",
            role="incident-manager",
        )
        assert receipt.accepted
        if open_before is not None:
            assert open_before.state is RoundState.SUPERSEDED
            asked = self.house.state.open_round("review")
            assert asked is not None
            assert asked.changed
            assert not asked.votes

    @precondition(lambda self: self.reviewing)
    @rule()
    def nobody_decided_in_time(self) -> None:
        """The stage's target passes: the stand-in may vote from now on."""
        self.house.later(timedelta(hours=2))
        round_ = self.house.state.open_round("review")
        if round_ is not None:
            allow_stand_in(self.house.file, round_, at=self.house.now)

    @precondition(lambda self: self.reviewing)
    @rule(person=st.sampled_from(["lena", "pia"]))
    def conflicted(self, person: str) -> None:
        """Somebody is out, and so is their vote."""
        self.house.act(
            Acknowledge(stage="review", conflicted=True), person=person, role=PEOPLE[person]
        )
        round_ = self.house.state.open_round("review")
        if person in self.house.state.conflicts and round_ is not None:
            assert round_.vote_of(person) is None

    @rule()
    def a_key_is_revoked(self) -> None:
        """One door's key is lost: rounds that hold a vote under it are asked again."""
        from cases.envelope import key_id  # noqa: PLC0415 -- the one place that needs it

        lost = key_id(OTHER.public_key().public_bytes_raw())
        revoke(self.house.file, [lost], at=self.house.now, reason="lost")
        for round_ in self.house.state.rounds:
            if round_.state is RoundState.OPEN:
                assert all(vote.key != lost for vote in round_.votes)

    @invariant()
    def an_approval_has_its_quorum(self) -> None:
        """Approved means: distinct people, each in a role that owed a vote, nobody against."""
        if not hasattr(self, "house"):
            return
        for round_ in self.house.state.rounds:
            if round_.state is not RoundState.APPROVED:
                continue
            approvals = [vote for vote in round_.votes if vote.verdict.approves]
            assert len({vote.person for vote in round_.votes}) == len(round_.votes)
            for role, number in round_.approve.items():
                holders = {
                    vote.person for vote in approvals if (vote.instead_of or vote.role) == role
                }
                assert len(holders) >= number
            assert not any(vote.verdict is Verdict.REJECT for vote in round_.votes)
            for vote in approvals:
                assert vote.role == PEOPLE.get(vote.person) or (vote.person, vote.role) == BOTH
                if vote.instead_of is not None:
                    assert round_.stand_in_from is not None
                    assert vote.at >= round_.stand_in_from

    @invariant()
    def a_tie_is_broken_by_somebody_else(self) -> None:
        """Who voted on the question does not decide it again in a higher role."""
        if not hasattr(self, "house"):
            return
        asked = [item for item in self.house.state.rounds if item.gate == "review"]
        for later in asked:
            if later.kind is RoundKind.ASK:
                continue
            earlier = {
                vote.person
                for item in asked
                if item.number < later.number and item.state is not RoundState.SUPERSEDED
                for vote in item.votes
            }
            assert not earlier & {vote.person for vote in later.votes}

    @invariant()
    def there_is_one_question_and_one_outcome(self) -> None:
        """At most one round is open; a gate that was left was left once per visit."""
        if not hasattr(self, "house"):
            return
        state = self.house.state
        assert sum(item.state is RoundState.OPEN for item in state.rounds) <= 1
        visits = [visit for visit in state.visits if visit.stage == "review" and visit.outcome]
        assert len({visit.visit for visit in visits}) == len(visits)
        if any(visit.outcome == "approved" for visit in visits):
            assert any(item.state is RoundState.APPROVED for item in state.rounds)

    @invariant()
    def the_journal_is_whole(self) -> None:
        """Every entry follows the one before."""
        if hasattr(self, "house"):
            journal = self.house.state.journal
            assert check_chain(journal.pending) == journal.head


TestGate = pytest.mark.timeout(1800)(Gate.TestCase)
if settings.get_current_profile_name() != "full":
    TestGate.settings = settings(
        max_examples=25,
        stateful_step_count=20,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


VOICES = ("privacy", "legal", "policy")
SEATS = {
    "petra": "privacy",
    "priya": "privacy",
    "lena": "legal",
    "pia": "policy",
    "dan": "deputy-counsel",
    "eve": "executive",
    "quinn": "quality",
    "tess": "triage",
}


class Several(RuleBasedStateMachine):
    """The executive and two of three roles approve, two of the three reject; nobody bends it."""

    @initialize()
    def open_the_gate(self) -> None:
        """The memo is written, so the gate is asked."""
        self.house = House.of("two-of-three", text=TWO_OF_THREE)
        self.house.act(Memo(gate="review", fields={"facts": "known"}), person="lena", role="legal")

    @rule(person=st.sampled_from(sorted(SEATS)), verdict=st.sampled_from(list(Verdict)))
    def vote(self, *, person: str, verdict: Verdict) -> None:
        """Somebody votes, or votes otherwise than before."""
        self.house.act(
            Decide(gate="review", verdict=verdict, reason="for this reason"),
            person=person,
            role=SEATS[person],
        )

    @rule(person=st.sampled_from(sorted(SEATS)))
    def withdraw(self, person: str) -> None:
        """Somebody takes a vote back."""
        self.house.act(Withdraw(gate="review"), person=person, role=SEATS[person])

    @rule()
    def counsel_is_silent(self) -> None:
        """The deputy was paged, and may vote in counsel's place."""
        round_ = self.house.state.open_round("review")
        if round_ is not None and round_.kind is RoundKind.ASK:
            allow_backup(self.house.file, round_, "deputy-counsel", "legal", at=self.house.now)

    @rule()
    def facts_change(self) -> None:
        """New evidence: the question is asked again, with nobody's vote in it."""
        self.house.later(timedelta(minutes=1))
        label = f"item-{self.house.state.revision}"
        digest = f"{self.house.state.revision:064x}"
        receipt = self.house.act(
            Evidence(label=label, reference="store", digest=digest),
            person="ines",
            role="incident-manager",
        )
        assert receipt.accepted

    @invariant()
    def every_round_stands_where_its_voices_put_it(self) -> None:
        """Counted by another rule, written down from the sentence of the runbook."""
        if not hasattr(self, "house"):
            return
        for round_ in self.house.state.rounds:
            if round_.kind is not RoundKind.ASK or round_.state is RoundState.SUPERSEDED:
                continue
            said: dict[str, set[Verdict]] = {}
            for vote in round_.votes:
                said.setdefault(vote.on_behalf_of or vote.role, set()).add(vote.verdict)
            if any(Verdict.MORE_INFORMATION in verdicts for verdicts in said.values()):
                assert round_.state is RoundState.MORE_INFORMATION
                continue
            counted = {
                role: given & {Verdict.APPROVE, Verdict.REJECT} for role, given in said.items()
            }
            voices = [counted.get(role, set()) for role in VOICES]
            lead = counted.get("executive", set())
            yes, no = voices.count({Verdict.APPROVE}), voices.count({Verdict.REJECT})
            silent = voices.count(set())
            mixed = {Verdict.APPROVE, Verdict.REJECT} <= {
                v for each in counted.values() for v in each
            }
            if no > 1:
                wanted = RoundState.REJECTED
            elif lead == {Verdict.APPROVE} and yes > 1:
                wanted = RoundState.APPROVED
            elif (
                mixed and lead and no + silent < 2 and (Verdict.REJECT in lead or yes + silent < 2)
            ):
                wanted = RoundState.SPLIT
            else:
                wanted = RoundState.OPEN
            assert round_.state is wanted

    @invariant()
    def who_is_asked_next_could_still_approve(self) -> None:
        """Nobody is named as needed who has already been heard for one of several roles."""
        if not hasattr(self, "house"):
            return
        round_ = self.house.state.open_round("review")
        if round_ is None or round_.kind is not RoundKind.ASK:
            return
        heard = {
            vote.on_behalf_of or vote.role
            for vote in round_.votes
            if vote.verdict in (Verdict.APPROVE, Verdict.REJECT)
        }
        for role in roles_named(still_needed(round_)):
            assert role not in heard or role == "executive"

    @invariant()
    def an_auditor_counts_the_same(self) -> None:
        """The votes are counted again from nothing but the journal."""
        if hasattr(self, "house"):
            count = Count(self.house.file.pathway)
            assert list(count.check(self.house.state.journal.pending)) == []


TestSeveral = pytest.mark.timeout(1800)(Several.TestCase)
if settings.get_current_profile_name() != "full":
    TestSeveral.settings = settings(
        max_examples=40,
        stateful_step_count=15,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


SEATED = {
    "lena": "legal",
    "luca": "legal",
    "pia": "policy",
    "paul": "policy",
    "eve": "executive",
    "ivan": "incident-manager",
    "petra": "privacy",
    "tess": "triage",
}
ACCOUNTS = {"lena-admin": "lena", "lena": "lena-admin"}
"""Two accounts of one human."""
HOLDERS = {**SEATED, "lena-admin": "legal"}


class Corrected(RuleBasedStateMachine):
    """Two lawyers and one of policy decide; it is taken back, passed by, reviewed."""

    @initialize()
    def open_the_gate(self) -> None:
        """Triage leads the case to the gate."""
        self.asked = Asked()

    def _accounts(self, person: str) -> tuple[str, ...]:
        return (ACCOUNTS[person],) if person in ACCOUNTS else ()

    @rule(person=st.sampled_from(sorted(HOLDERS)), verdict=st.sampled_from(list(Verdict)))
    def vote(self, *, person: str, verdict: Verdict) -> None:
        """Somebody votes; an approval with conditions names one."""
        conditions = (condition(self.asked),) if verdict is Verdict.CONDITIONS else ()
        self.asked.decide(
            person,
            HOLDERS[person],
            verdict,
            conditions=conditions,
            accounts=self._accounts(person),
        )

    @rule(
        person=st.sampled_from(["tess", "pia", "luca", "dora", "lena-admin"]),
        principal=st.sampled_from(["lena", "paul", "tess"]),
    )
    def a_delegate_votes(self, *, person: str, principal: str) -> None:
        """Somebody votes in the place of whoever is away."""
        now = self.asked.house.now
        role = SEATED[principal] if principal != "tess" else "legal"
        place = delegated(
            principal,
            role,
            since=now - timedelta(hours=1),
            until=now + timedelta(hours=1),
            accounts=self._accounts(principal),
        )
        self.asked.decide(person, role, acting_for=place, accounts=self._accounts(person))

    @rule(person=st.sampled_from(sorted(SEATED)))
    def withdraw(self, person: str) -> None:
        """Somebody takes a verdict back while the gate is open."""
        self.asked.house.act(Withdraw(gate=GATE), person=person, role=SEATED[person])

    @rule(person=st.sampled_from(sorted(SEATED)))
    def revoke(self, person: str) -> None:
        """Somebody takes a decision back after the gate has closed."""
        before = self.asked.round
        receipt = self.asked.revoke(person, SEATED[person])
        if receipt.accepted:
            assert before.revoked is not None
            assert self.asked.round.kind is RoundKind.CORRECTION
            assert self.asked.house.state.stage == GATE

    @rule(person=st.sampled_from(["ivan", "eve", "tess"]))
    def break_the_glass(self, person: str) -> None:
        """Somebody says that the gate must be passed."""
        role = "executive" if person == "tess" else SEATED[person]
        self.asked.break_glass(person, role)

    @rule(
        number=st.integers(1, 4),
        person=st.sampled_from(["petra", "tess", "lena", "ivan"]),
        settlement=st.sampled_from(list(Settlement)),
    )
    def settle(self, *, number: int, person: str, settlement: Settlement) -> None:
        """Somebody settles a task, or tries to."""
        self.asked.finish(f"task-{number}", person, SEATED[person], settlement)

    @rule()
    def time_passes(self) -> None:
        """Long enough for a first hand to lapse."""
        self.asked.house.later(timedelta(minutes=31))

    @rule(disposition=st.sampled_from(["done", "not-done"]))
    def close(self, disposition: str) -> None:
        """The incident manager tries to close; what is owed stands in the way."""
        state = self.asked.house.state
        for effect in state.effects:
            if effect.state == "intended":
                effect.state = "done"
        if state.stage == "after":
            self.asked.house.act(
                Complete(stage="after", outcome="done"), person="tess", role="triage"
            )
        receipt = self.asked.close(disposition)
        if receipt.accepted:
            assert not any(task.open for task in state.tasks)
            assert uncorrected(self.asked.house.file) == []

    @invariant()
    def one_human_has_one_voice(self) -> None:
        """No two votes of a round share a name: neither account, nor delegate, nor principal."""
        if not hasattr(self, "asked"):
            return
        for round_ in self.asked.house.state.rounds:
            names = [name for vote in round_.votes for name in vote.names]
            assert len(names) == len(set(names))
            if round_.state is RoundState.APPROVED:
                assert "tess" not in names

    @invariant()
    def every_version_of_a_decision_is_kept(self) -> None:
        """A decision that was taken back still says who gave it, and a later one corrects it."""
        if not hasattr(self, "asked"):
            return
        rounds = self.asked.house.state.rounds
        for round_ in rounds:
            if round_.revoked is not None:
                assert round_.state in (RoundState.APPROVED, RoundState.REJECTED)
                assert round_.votes or len(round_.glass) > 1
                assert any(later.corrects == round_.number for later in rounds)
        assert sum(item.state is RoundState.OPEN for item in rounds) <= 1

    @invariant()
    def an_auditor_counts_the_same(self) -> None:
        """Votes, hands, tasks and corrections, from nothing but the journal."""
        if hasattr(self, "asked"):
            assert self.asked.recounted() == []


TestCorrected = pytest.mark.timeout(1800)(Corrected.TestCase)
if settings.get_current_profile_name() != "full":
    TestCorrected.settings = settings(
        max_examples=25,
        stateful_step_count=15,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
