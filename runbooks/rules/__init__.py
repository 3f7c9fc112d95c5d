"""The rules a runbook is held to, one module an idea, and the catalogue that explains each."""
