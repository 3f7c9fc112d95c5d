"""Who decided in another case, by its own record: names and nothing of the matter."""

from temporalio import activity

from activities.documents import Documents
from activities.failing import told_to_temporal
from activities.outside import Outside
from cases.pinning import people_of
from cases.records import Pinned
from cases.state import CasePicture
from runbooks import compile_runbook
from workflows.effects import LOOK_UP_DECIDERS, DecidersOrder


class LookingUp:
    """Reads another case's picture, by the runbook it is pinned to."""

    def __init__(self, outside: Outside) -> None:
        self._store = outside.store
        self._documents = Documents(outside.store)

    @activity.defn(name=LOOK_UP_DECIDERS.name)
    async def look_up_deciders(self, order: DecidersOrder) -> Pinned:
        """Everybody who decided or led there; why it cannot be known, where it cannot."""
        with told_to_temporal():
            view = await self._store.views.by_number(order.number)
            if view is None:
                return Pinned(number=order.number, failed="no-such-case")
            if view.line.case == order.case:
                return Pinned(number=order.number, failed="the-case-itself")
            state = CasePicture.of(view.state)
            runbook = await self._documents.of(state.digest)
        people = people_of(state, compile_runbook(runbook))
        return Pinned(
            number=order.number,
            case=state.case,
            people=people,
            failed="" if people else "nobody-has-decided-there",
        )
