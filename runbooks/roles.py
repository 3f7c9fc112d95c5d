"""The roles every team of this field has; a runbook adds its own under `roles`."""

STANDARD_ROLES: dict[str, str] = {
    "triage": "First look at every report",
    "incident-manager": "Runs the case and owns its end",
    "duty-manager": "Is told when nobody else can be",
    "legal": "Reviews lawfulness",
    "duty-counsel": "Legal, on call at any hour",
    "deputy-counsel": "Stands in for counsel",
    "policy": "Reviews against policy",
    "policy-executive": "Decides what policy is",
    "policy-lead": "Leads policy, stands in for it",
    "safety-expert": "Judges danger to people",
    "executive": "Decides when roles disagree",
    "trust-and-safety": "The team as a whole",
    "quality": "Samples and calibrates decisions",
    "engineering": "Changes and repairs systems",
    "communications": "Speaks to the public",
    "privacy": "Data protection",
    "wellness": "Looks after the people who look at harm",
}
