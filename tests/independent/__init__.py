"""Verifiers of exports that share no code with ours, and what they all have to agree on."""
