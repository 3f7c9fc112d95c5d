"""A person at each tracker, doing there what makes a ticket differ from its case."""

from typing import Any

from integrations._http import new_client
from integrations.jira import Jira
from integrations.jira_adf import text_of
from integrations.jira_site import JiraSite
from integrations.markers import marker
from integrations.ports.ticketing import Ticketing
from integrations.servicenow import ServiceNow
from integrations.servicenow_reading import PREFIX
from integrations.servicenow_site import ServiceNowSite
from integrations.zendesk import Zendesk
from tests.fakes import jira as fake_jira
from tests.fakes import servicenow as fake_servicenow
from tests.fakes import zendesk as fake_zendesk
from tests.fakes.clock import FixedClock

STRANGE = "a" * 26
"""A mark that no case here has."""


class JiraHand:
    """At a Jira site."""

    system, queue = "jira", "OPS"

    def __init__(self, clock: FixedClock) -> None:
        self.fake = fake_jira.FakeJira(clock)
        self.network = self.fake.network

    def adapter(self) -> Ticketing:
        """Our adapter, connected to it."""
        site = JiraSite(url=self.fake.url, email=fake_jira.EMAIL, token=fake_jira.TOKEN)
        return Jira(new_client(transport=self.network), site, clock=self.fake.clock)

    def status(self, id_: str, word: str) -> None:
        """The ticket has that status: `open`, `solved`, `odd`."""
        names = {"solved": "Done", "open": "In Progress", "odd": "Limbo"}
        self.fake.statuses["Limbo"] = "undefined"
        self.fake.someone_moves(id_, names[word])

    def priority(self, id_: str) -> None:
        """The ticket hurries less."""
        self.fake.someone_sets(id_, "priority", "Low")

    def delete(self, id_: str) -> None:
        """The ticket is deleted."""
        self.fake.someone_deletes(id_)

    def unmark(self, id_: str, mark: str = "") -> None:
        """The mark is gone, or that one is there as well."""
        fields = self.fake.issues[id_]["fields"]
        fields["labels"] = [*fields["labels"], f"escalate-{mark}"] if mark else []

    def clone(self, id_: str) -> str:
        """A second ticket with all its marks."""
        return self.fake.someone_clones(id_)

    def drop_note(self, id_: str, key: str) -> None:
        """The note of that key is gone."""
        issue = self.fake.issues[id_]
        issue["comments"] = [c for c in issue["comments"] if marker(key) not in text_of(c["body"])]

    def double_note(self, id_: str, key: str) -> None:
        """The note of that key stands twice."""
        comments = self.fake.issues[id_]["comments"]
        comments += [c for c in comments if marker(key) in text_of(c["body"])]

    def drop_links(self, id_: str) -> None:
        """Nothing leads to a case any more."""
        self.fake.issues[id_]["links"].clear()

    def move(self, id_: str) -> None:
        """The ticket is in another queue."""
        self.fake.someone_sets(id_, "project", {"key": "RISK"})

    def fail(self, status: int) -> None:
        """The next request meets this status."""
        self.fake.fail_next(status)

    def seen(self, id_: str) -> dict[str, Any]:
        """Notes, whether it is over, and how it hurries."""
        issue = self.fake.issues[id_]
        notes = [text_of(comment["body"]) for comment in issue["comments"]]
        done = self.fake.statuses[issue["fields"]["status"]] == "done"
        return {"notes": notes, "solved": done, "priority": issue["fields"]["priority"]}


class ZendeskHand:
    """At a Zendesk account."""

    system, queue = "zendesk", "General"

    def __init__(self, clock: FixedClock) -> None:
        self.fake = fake_zendesk.FakeZendesk(clock)
        self.network = self.fake.network

    def adapter(self) -> Ticketing:
        """Our adapter, connected to it."""
        return Zendesk(
            new_client(transport=self.network),
            url=self.fake.url,
            email=fake_zendesk.EMAIL,
            token=fake_zendesk.TOKEN,
            clock=self.fake.clock,
            groups={"General": 5, "Other": 6},
        )

    def status(self, id_: str, word: str) -> None:
        """The ticket has that status: `open`, `solved`, `odd`."""
        self.fake.someone_changes(int(id_), status=word)

    def priority(self, id_: str) -> None:
        """The ticket hurries less."""
        self.fake.someone_changes(int(id_), priority="low")

    def delete(self, id_: str) -> None:
        """The ticket is deleted."""
        self.fake.someone_changes(int(id_), status="deleted")

    def unmark(self, id_: str, mark: str = "") -> None:
        """The mark is gone, or that one is there as well."""
        self.fake.tickets[int(id_)]["external_id"] = f"escalate:{mark}" if mark else None

    def clone(self, id_: str) -> str:
        """A second ticket with all its marks."""
        return str(self.fake.someone_opens(external_id=self.fake.tickets[int(id_)]["external_id"]))

    def drop_note(self, id_: str, key: str) -> None:
        """The note of that key is gone."""
        kept = [c for c in self.fake.comments[int(id_)] if marker(key) not in c["body"]]
        self.fake.comments[int(id_)] = kept

    def double_note(self, id_: str, key: str) -> None:
        """The note of that key stands twice."""
        comments = self.fake.comments[int(id_)]
        comments += [c for c in comments if marker(key) in c["body"]]

    def drop_links(self, id_: str) -> None:
        """Nothing leads to a case any more."""
        kept = [c for c in self.fake.comments[int(id_)] if "/cases/" not in c["body"]]
        self.fake.comments[int(id_)] = kept

    def move(self, id_: str) -> None:
        """The ticket is in another queue."""
        self.fake.someone_changes(int(id_), group_id=6)

    def merge(self, id_: str, into: str) -> None:
        """As Zendesk does it: closed, tagged, and a comment that says into which."""
        words = f"This request was closed and merged into request #{into}" if into else "merged"
        self.fake.someone_changes(
            int(id_),
            status="closed",
            tags=["closed_by_merge"],
            comment={"body": words, "public": False},
        )

    def fail(self, status: int) -> None:
        """The next request meets this status."""
        self.fake.fail_next(status)

    def seen(self, id_: str) -> dict[str, Any]:
        """Notes, whether it is over, and how it hurries."""
        shown = self.fake.tickets[int(id_)]
        notes = [comment["body"] for comment in self.fake.comments[int(id_)]]
        done = shown["status"] in ("solved", "closed")
        return {"notes": notes, "solved": done, "priority": shown["priority"]}


class ServiceNowHand:
    """At a ServiceNow instance."""

    system, queue = "servicenow", fake_servicenow.GROUP

    def __init__(self, clock: FixedClock) -> None:
        self.fake = fake_servicenow.FakeServiceNow(clock)
        self.network = self.fake.network

    def adapter(self) -> Ticketing:
        """Our adapter, connected to it."""
        site = ServiceNowSite(
            url=self.fake.url,
            user=fake_servicenow.USER,
            password=fake_servicenow.PASSWORD,
            group=fake_servicenow.GROUP,
        )
        return ServiceNow(new_client(transport=self.network), site, clock=self.fake.clock)

    def status(self, id_: str, word: str) -> None:
        """The ticket has that status: `open`, `solved`, `odd`."""
        states = {"solved": "6", "open": "2", "odd": "42"}
        self.fake.someone_sets(id_, state=states[word])

    def priority(self, id_: str) -> None:
        """The ticket hurries less."""
        self.fake.someone_sets(id_, impact="3", urgency="3")

    def delete(self, id_: str) -> None:
        """The ticket is deleted."""
        self.fake.someone_deletes(id_)

    def unmark(self, id_: str, mark: str = "") -> None:
        """The mark is gone, or that one is there as well."""
        self.fake.someone_sets(id_, correlation_id=PREFIX + mark if mark else "")

    def clone(self, id_: str) -> str:
        """A second ticket with all its marks."""
        return self.fake.someone_opens(correlation=self.fake.records[id_]["correlation_id"])

    def drop_note(self, id_: str, key: str) -> None:
        """The note of that key is gone."""
        self._keep(id_, lambda entry: marker(key) not in entry["value"])

    def double_note(self, id_: str, key: str) -> None:
        """The note of that key stands twice."""
        (text,) = [text for text in self.fake.notes(id_) if marker(key) in text]
        self.fake.someone_sets(id_, work_notes=text)

    def drop_links(self, id_: str) -> None:
        """Nothing leads to a case any more."""
        self._keep(id_, lambda entry: "/cases/" not in entry["value"])

    def move(self, id_: str) -> None:
        """The ticket is in another queue."""
        self.fake.someone_sets(id_, assignment_group="f" * 32)

    def approve(self, id_: str) -> None:
        """A manager of theirs approves in ServiceNow."""
        self.fake.approve(id_, "approved")

    def fail(self, status: int) -> None:
        """The next request meets this status."""
        self.fake.fail_next(status)

    def seen(self, id_: str) -> dict[str, Any]:
        """Notes, whether it is over, and how it hurries."""
        row = self.fake.records[id_]
        return {
            "notes": self.fake.notes(id_),
            "solved": row["state"] in ("6", "7"),
            "priority": row["priority"],
        }

    def _keep(self, id_: str, wanted: Any) -> None:
        table = self.fake.tables["sys_journal_field"]
        self.fake.tables["sys_journal_field"] = {
            key: entry
            for key, entry in table.items()
            if entry["element_id"] != id_ or wanted(entry)
        }


HANDS = {"jira": JiraHand, "zendesk": ZendeskHand, "servicenow": ServiceNowHand}
