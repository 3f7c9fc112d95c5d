"""Every verifier there is; a new door's goes here."""

from tests.fuzz.jira import JIRA
from tests.fuzz.pagerduty import PAGERDUTY
from tests.fuzz.slack import SLACK
from tests.fuzz.standard_webhooks import STANDARD
from tests.fuzz.verifier import Verifier
from tests.fuzz.zendesk import ZENDESK

VERIFIERS: tuple[Verifier, ...] = (JIRA, PAGERDUTY, SLACK, STANDARD, ZENDESK)
