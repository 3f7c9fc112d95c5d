"""What of telling people is under way: a policy's steps, and notices kept until their hours."""

from enum import StrEnum

from cases.notice import NoticeOrder
from cases.values import Instant, Mutable, Value


class RunState(StrEnum):
    """Where an escalation stands."""

    RUNNING = "running"
    """The next step comes at its instant."""
    ACKNOWLEDGED = "acknowledged"
    """Somebody has it: nothing of it is sent while that holds."""
    EXHAUSTED = "exhausted"
    """Every step has come as often as it may; the duty manager has been paged."""
    ENDED = "ended"
    """What it was about is over."""


class Unread(Value):
    """A notice that is looked at again: whoever has not read it is told on their next channel."""

    notice: str
    """The notice's key."""
    step: int
    at: Instant
    way: int
    """How many of a person's channels have been tried."""


class EscalationRun(Mutable):
    """One passage through a policy: which step comes next, and who was told at the last one."""

    key: str
    """`reach-legal#1`: the policy, and its how many-th run in this case."""
    policy: str
    stage: str
    clock: str = ""
    """The clock of the whole case by whose lateness it began; it ends with that one."""
    because: str = ""
    """`asked`, or the late step: `75%`."""
    begun_at: Instant
    state: RunState = RunState.RUNNING
    passage: int = 1
    """Which time through the steps this is."""
    step: int = 0
    """How many steps of this passage have come."""
    next_at: Instant | None = None
    """When the next step comes; None while it waits for somebody's hours, or for nothing."""
    waits_for: str = ""
    """The key of the notice whose recipients' hours the next step waits for."""
    told: list[str] = []
    """Who was told at the step under way, by id."""
    unread: list[Unread] = []
    lapsed: list[str] = []
    """Who has let it lapse, the latest last."""
    exhausted_at: Instant | None = None
    """When every step had come as often as it may."""
    stood_since: Instant | None = None
    """Since when it stands still because the case is on hold."""

    @property
    def active(self) -> bool:
        """Whether anything of it can still come, by itself or when a lease lapses."""
        return self.state is not RunState.ENDED


class HeldNotice(Value):
    """A notice that was ordered, and is kept until the next of its recipients can be told."""

    order: NoticeOrder
    until: Instant
