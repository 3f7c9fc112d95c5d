"""Short sentences about a gate of two lawyers and one of policy, and the people around it."""

from datetime import datetime, timedelta

from audit.quorum import Count
from cases.acts import Close, Complete, Decide, Verdict
from cases.acts_at_gates import BreakGlass, Condition, Revoke
from cases.acts_on_tasks import Finish, Settlement
from cases.envelope import ActingFor, RoundBinding
from cases.gate import Round
from cases.receipts import ActReceipt
from tests.cases.house import House
from tests.workflows.runbooks import APPROVALS

GATE = "review"


class Asked:
    """A case at the gate, led there by tess of triage."""

    def __init__(self, text: bytes = APPROVALS) -> None:
        self.house = House.of(text=text)
        self.escalate()

    def escalate(self, person: str = "tess") -> None:
        """Triage leads the case to the gate."""
        receipt = self.house.act(
            Complete(stage="triage", outcome="escalate"), person=person, role="triage"
        )
        assert receipt.accepted, receipt

    @property
    def round(self) -> Round:
        """The gate's newest round."""
        round_ = self.house.state.round_of(GATE)
        assert round_ is not None
        return round_

    def decide(
        self,
        person: str,
        role: str,
        verdict: Verdict = Verdict.APPROVE,
        *,
        conditions: tuple[Condition, ...] = (),
        binding: RoundBinding | None = None,
        accounts: tuple[str, ...] = (),
        acting_for: ActingFor | None = None,
        act_id: str | None = None,
    ) -> ActReceipt:
        """The person gives a verdict."""
        return self.house.act(
            Decide(gate=GATE, verdict=verdict, reason="because", conditions=conditions),
            person=person,
            role=role,
            binding=binding,
            accounts=accounts,
            acting_for=acting_for,
            act_id=act_id,
        )

    def approve_all(self) -> None:
        """Everybody the gate asks approves."""
        for person, role in (("lena", "legal"), ("luca", "legal"), ("pia", "policy")):
            receipt = self.decide(person, role)
            assert receipt.accepted, receipt

    def revoke(self, person: str, role: str, *, binding: RoundBinding | None = None) -> ActReceipt:
        """The person takes the decision back that their verdict carried."""
        return self.house.act(
            Revoke(gate=GATE, reason="I was wrong"), person=person, role=role, binding=binding
        )

    def break_glass(self, person: str, role: str, **how: object) -> ActReceipt:
        """The person says that the gate must be passed."""
        body = BreakGlass(gate=GATE, reason="nobody of legal can be reached")
        return self.house.act(body, person=person, role=role, **how)  # type: ignore[arg-type]

    def finish(
        self,
        task: str,
        person: str,
        role: str,
        settlement: Settlement = Settlement.DONE,
        *,
        note: str = "looked at",
    ) -> ActReceipt:
        """The person settles a task."""
        return self.house.act(
            Finish(task=task, settlement=settlement, note=note), person=person, role=role
        )

    def close(self, disposition: str = "done") -> ActReceipt:
        """The incident manager closes the case."""
        return self.house.act(
            Close(disposition=disposition, record="decided"),
            person="ivan",
            role="incident-manager",
        )

    def kinds(self) -> list[str]:
        """The kinds of the journal's entries."""
        return [entry.kind.value for entry in self.house.state.journal.pending]

    def recounted(self) -> list[str]:
        """What an auditor finds wrong, counting again from the journal alone."""
        return list(Count(self.house.file.pathway).check(self.house.state.journal.pending))


def condition(asked: Asked, *, within: timedelta = timedelta(hours=2)) -> Condition:
    """Triage blurs the faces first."""
    return Condition(what="Blur the faces first", owner="triage", due=asked.house.now + within)


def delegated(
    person: str,
    role: str,
    *,
    since: datetime,
    until: datetime,
    accounts: tuple[str, ...] = (),
) -> ActingFor:
    """What a door stamps into a delegate's act."""
    return ActingFor(
        person=person,
        roles=(role,),
        since=since,
        until=until,
        delegation="absence-1",
        accounts=accounts,
    )
