"""The acceptance criteria, one module an idea: how they run, what they are."""
