"""What came into a case, run after run."""

from temporalio.api.common.v1 import Payload, Payloads
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent

from audit.came_in import inputs
from audit.runs import CaseHistory, Run
from cases.envelope import ActEnvelope
from workflows.messages import ACT_SIGNAL

ENVELOPE = ActEnvelope(payload='{"an":"act"}')


def begun(event_id: int = 1) -> HistoryEvent:
    """A run's start."""
    event = HistoryEvent(
        event_id=event_id, event_type=EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED
    )
    event.workflow_execution_started_event_attributes.SetInParent()
    return event


def signalled(event_id: int) -> HistoryEvent:
    """The act comes in as a signal."""
    event = HistoryEvent(
        event_id=event_id, event_type=EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED
    )
    said = event.workflow_execution_signaled_event_attributes
    said.signal_name = ACT_SIGNAL
    data = ENVELOPE.model_dump_json().encode()
    said.input.CopyFrom(Payloads(payloads=[Payload(data=data)]))
    return event


def test_an_act_that_came_again_in_a_later_run_needs_no_second_entry() -> None:
    """A case that continues as new remembers its acts: nobody misses an entry of the repetition."""
    runs = [Run(run=name, events=[begun(), signalled(2)]) for name in ("one", "two")]

    found = inputs(CaseHistory(case="case/a", namespace="default", runs=runs), salt=b"s")

    assert [(item.run, item.event_id, item.excused) for item in found] == [
        ("one", 2, False),
        ("two", 2, True),
    ]
