"""Connectors to authorities: none of them is there unless the settings switch it on."""

import httpx

from cases.drafts.cybertip_xml import Reporter
from cases.drafts.party import Party
from integrations.cybertipline import CyberTipline, Environment
from integrations.dsa_database import DsaDatabase
from integrations.ports.clock import Clock
from integrations.ports.reporting import Reporting
from runbooks.forms.cybertip import CYBERTIP
from runbooks.forms.dsa_statement import DSA_STATEMENT
from workers.settings import Settings


def reporting(settings: Settings, *, http: httpx.AsyncClient, clock: Clock) -> dict[str, Reporting]:
    """The connectors that are switched on, by the form they hand in."""
    found: dict[str, Reporting] = {}
    dsa, tip = settings.reports.dsa, settings.reports.cybertip
    if dsa.on and dsa.url and dsa.token:
        found[DSA_STATEMENT.name] = DsaDatabase(
            http, url=str(dsa.url), token=dsa.token.get_secret_value(), clock=clock
        )
    if tip.on and tip.user and tip.password:
        found[CYBERTIP.name] = CyberTipline(
            http,
            user=tip.user,
            password=tip.password.get_secret_value(),
            reporter=Reporter(
                email=tip.email,
                company=tip.company,
                service=tip.service,
                legal_url=tip.legal_url,
            ),
            clock=clock,
            environment=Environment(tip.environment),
        )
    return found


def party(settings: Settings) -> Party:
    """Who hands reports in."""
    return Party(**settings.reports.party.model_dump())
