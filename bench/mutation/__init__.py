"""Mutants of the code that decides: how many of them the tests notice, and which they do not."""
