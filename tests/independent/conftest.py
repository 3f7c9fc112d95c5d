"""The exports that the tests of bundles use, for verifiers that are not ours."""

from tests.audit.bundle.conftest import exports, short, whole

__all__ = ["exports", "short", "whole"]
