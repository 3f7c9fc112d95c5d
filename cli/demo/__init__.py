"""`escalate demo`: everything on localhost, seeded to be played with, or played by itself."""

from cli.demo.command import app, demo

__all__ = ["app", "demo"]
