"""The kinds of a history's events by name: `EVENT.TIMER_FIRED`.

Protobuf looks a kind up anew each time it is named, which is done for every event many times over;
that alone was a twenty-fifth of a verification (measured with py-spy).
"""

from types import SimpleNamespace

from temporalio.api.enums.v1 import EventType

EVENT = SimpleNamespace(
    **{name.removeprefix("EVENT_TYPE_"): value for name, value in EventType.items()}
)
