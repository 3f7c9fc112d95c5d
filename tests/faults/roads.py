"""A road to the engine that can be closed, and a clock that stands."""

from datetime import UTC, datetime, timedelta

from cases.envelope import ActEnvelope
from cases.receipts import ActReceipt
from gateway.errors import EngineUnavailableError
from gateway.temporal_engine import TemporalEngine


class StoppedClock:
    """Shows what it is set to; before that, the present."""

    def __init__(self) -> None:
        self.at: datetime | None = None

    async def now(self, case: str | None = None) -> datetime:
        """The instant it was set to."""
        del case
        return self.at or datetime.now(UTC)


class SlowRoad(TemporalEngine):
    """The real engine, behind a road that can be closed: acts then stay on their way."""

    closed = False

    async def deliver(
        self, envelope: ActEnvelope, *, case: str, act_id: str, within: timedelta
    ) -> ActReceipt:
        """As the engine does, if the road is open."""
        if self.closed:
            raise EngineUnavailableError("the road is closed")
        return await super().deliver(envelope, case=case, act_id=act_id, within=within)
