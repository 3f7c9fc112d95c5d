"""Wiring only: settings, the engine, the one Temporal plugin, the processes."""
