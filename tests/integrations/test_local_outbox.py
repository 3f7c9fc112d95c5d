"""The local outbox of the demo."""

from integrations.local_outbox import LocalOutbox, MemoryMailStore
from integrations.ports.messaging import Message, message_id
from tests.fakes.clock import FixedClock


async def test_message_is_kept_once(clock: FixedClock) -> None:
    """A message that is sent again is the message that is there already."""
    store = MemoryMailStore()
    outbox = LocalOutbox(store, clock=clock)
    id_ = message_id(domain="demo.example", key="one")
    message = Message(to="lena@demo.example", subject="s", text="t", message_id=id_)

    first = await outbox.send(message)
    second = await outbox.send(message)

    assert first == second
    assert [m.message for m in await store.mails(to="lena@demo.example")] == [message]
    assert await store.mails(to="luca@demo.example") == []
